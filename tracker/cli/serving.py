"""Owns the commands that keep running: the web side, the scheduler, and both together."""

import gc
import os
import signal
import sys
from argparse import Namespace
from collections.abc import Sequence
from importlib import import_module
from subprocess import Popen, TimeoutExpired
from time import monotonic

from config import Settings
from tracker.cli.failures import PROBLEMS, USAGE, UsageError
from tracker.scheduler.stopping import listening

STOP_SECONDS = 20
"""How long a process may take to end in good order."""
SHORT_LIFE = 5.0
LONGEST_PAUSE = 30.0
MOST_THREADS = 8
"""How many requests one web worker may have in hand at once, where the machine has the cores for it."""


def serve(arguments: Namespace) -> int:
    """Serve citizens and staff until told to stop."""
    Settings.from_env(os.environ)  # a wrong one is told here in one sentence, before any worker starts
    _refuse_taken(arguments.host, arguments.port)
    from granian.constants import Interfaces
    from granian.server import Server

    # Loaded once, before the workers fork off: they start at once, and share the memory of what never changes.
    gc.disable()  # all of it stays: looking through it while it grows, or once at its end, takes a third of the start
    import_module("tracker.wsgi")
    gc.freeze()  # no collection walks through it again, or takes a copy of its pages by doing so
    gc.enable()

    Server(
        "tracker.wsgi:app",
        address=arguments.host,
        port=arguments.port,
        interface=Interfaces.WSGI,
        workers=arguments.workers,
        blocking_threads=min(MOST_THREADS, 2 * (os.cpu_count() or 1) + 1),  # more would only wait for a core
        websockets=False,
        log_access=False,
        respawn_failed_workers=True,
        workers_kill_timeout=10,
    ).serve()
    return 0


def _refuse_taken(host: str, port: int) -> None:
    """Raise ``UsageError`` when the address cannot be listened on."""
    import socket

    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        raise UsageError(
            f"Cannot listen on {host}:{port} ({error.strerror}): give another address with --host and --port."
        ) from error


def scheduler(arguments: Namespace) -> int:
    """Run the jobs until told to stop."""
    settings = Settings.from_env(os.environ)
    from tracker.opening import open_logs, open_machine
    from tracker.scheduler.run import run

    open_logs(settings)
    run(open_machine(settings))
    return 0


def up(arguments: Namespace) -> int:
    """Run the web side and the scheduler as two processes; one that dies is started again."""
    Settings.from_env(os.environ)
    _refuse_taken(arguments.host, arguments.port)
    web = ["serve", "--host", arguments.host, "--port", str(arguments.port), "--workers", str(arguments.workers)]
    with listening(signal.SIGTERM, signal.SIGINT, signal.SIGHUP) as told_to_stop:
        children = [_Child(web), _Child(["scheduler"])]
        print(f"Suivi is starting on http://{arguments.host}:{arguments.port}/ (Ctrl-C stops it)", flush=True)
        try:
            while not told_to_stop(0.2):
                if any(child.look() == USAGE for child in children):
                    return USAGE  # it has said why; starting it again would not mend it
        finally:
            clean = [child.stop() for child in children]
    return 0 if all(clean) else PROBLEMS


class _Child:
    """One `tracker` process, started again when it dies, each time after a longer pause."""

    def __init__(self, command: Sequence[str]) -> None:
        self._command = [sys.executable, "-c", "import sys, tracker.cli; sys.exit(tracker.cli.main())", *command]
        self._pause = 0.5
        self._again_at: float | None = None
        self._start()

    def _start(self) -> None:
        # A session of its own: Ctrl-C reaches the parent alone, which stops the children in order.
        self._process = Popen(self._command, start_new_session=True)  # noqa: S603 - our own command
        self._started = monotonic()

    def look(self) -> int | None:
        """Start the process again if it has died; return the exit code when it just did."""
        if self._again_at is not None:
            if monotonic() >= self._again_at:
                self._again_at = None
                self._start()
            return None
        code = self._process.poll()
        if code is not None:
            self._pause = 0.5 if monotonic() - self._started > SHORT_LIFE else min(2 * self._pause, LONGEST_PAUSE)
            self._again_at = monotonic() + self._pause
            print(f"tracker: {self._command[3]} ended with {code}; starting it again.", file=sys.stderr, flush=True)
        return code

    def stop(self) -> bool:
        """End the process; say whether it ended in good order."""
        if self._process.poll() is not None:
            return True
        self._process.terminate()
        try:
            self._process.wait(STOP_SECONDS)
        except TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            return False
        return True
