"""The command line: `tracker COMMAND`. Each command's work is loaded only when it is called.

Exit codes: 0 done, 1 problems were found, 2 the command or a setting is wrong. Errors are one sentence on stderr.
"""

from tracker.cli.commands import main

__all__ = ["main"]
