"""Owns the list of commands: what each is called with, and which function does it."""

from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Callable, Sequence
from datetime import datetime
from importlib import import_module
from typing import Any, NoReturn

from tracker.cli.failures import USAGE, guarded

Subparsers = Any  # argparse does not name the type of what add_subparsers returns


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    arguments = _parser().parse_args(argv)
    module, function = arguments.does
    code: int = guarded(lambda: getattr(import_module(f"tracker.cli.{module}"), function)(arguments))
    return code


class _Parser(ArgumentParser):
    """Says what is wrong with a command in one sentence."""

    def error(self, message: str) -> NoReturn:
        """Print the sentence on stderr and leave with exit code 2."""
        message = message.removeprefix("argument ").rstrip(".")
        self.exit(USAGE, f"{self.prog}: {message}; see {self.prog} --help.\n")


def _parser() -> ArgumentParser:
    parser = _Parser(
        prog="tracker",
        description="Keeps a public service's word to citizens.",
        epilog="Settings are environment variables; only SECRET_KEY is required. Exit codes: 0 done,"
        " 1 problems were found, 2 the command or a setting is wrong.",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND", title="commands")
    for add in (_serving, _setting_up, _promises, _routing, _jobs, _searching, _populations):
        add(commands)
    return parser


def _add(commands: Subparsers, name: str, does: str, help: str, more: str = "") -> ArgumentParser:
    """Add a command; `does` names the module of this room and the function in it."""
    parser: ArgumentParser = commands.add_parser(
        name, help=help, description=f"{help[0].upper()}{help[1:]}. {more}".strip()
    )
    parser.set_defaults(does=tuple(does.split(".")))
    return parser


def _json(parser: ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print JSON")


def _moment(text: str) -> datetime:
    """Read a moment with its time zone, as ISO 8601."""
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is no moment: write it like 2026-03-27T16:30:00+01:00") from None
    if moment.utcoffset() is None:
        raise ArgumentTypeError(f"{text!r} has no time zone: write it like 2026-03-27T16:30:00+01:00 or with Z")
    return moment


def _number(least: int, most: int) -> Callable[[str], int]:
    """Return a reader of whole numbers within limits."""

    def whole_number(text: str) -> int:
        if not text.isascii() or not text.isdigit() or len(text) > 12 or not least <= int(text) <= most:
            raise ArgumentTypeError(f"{text!r} is not a whole number from {least} to {most}")
        return int(text)

    return whole_number


def _share(text: str) -> float:
    try:
        share = float(text)
    except ValueError:
        share = -1
    if not 0 <= share <= 1:
        raise ArgumentTypeError(f"{text!r} is not a share from 0 to 1, such as 0.3")
    return share


def _serving(commands: Subparsers) -> None:
    for name, help in (
        ("serve", "serve citizens and staff: the web side"),
        ("up", "run the web side and the scheduler, for one machine"),
    ):
        parser = _add(commands, name, f"serving.{name}", help, "It ends in good order at SIGTERM or Ctrl-C.")
        parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
        parser.add_argument(
            "--port", type=_number(1, 65535), default=8000, help="port to listen on (default: %(default)s)"
        )
        parser.add_argument(
            "--workers", type=_number(1, 64), default=2, help="processes that serve (default: %(default)s)"
        )
    _add(
        commands, "scheduler", "serving.scheduler", "run the jobs: sweep, delivery, tidying up",
        "Any number may run side by side, on one machine or several.",
    )  # fmt: skip


def _setting_up(commands: Subparsers) -> None:
    _add(
        commands, "init", "setting_up.init", "make the database ready",
        "It migrates, checks the rules, loads the directory of services; safe to repeat.",
    )  # fmt: skip
    user = commands.add_parser("user", help="staff accounts", description="Staff accounts.")
    add = _add(user.add_subparsers(required=True, metavar="COMMAND"), "add", "setting_up.user_add", "add an account")
    add.add_argument("email", metavar="EMAIL", help="the address this person logs in with")
    add.add_argument("--role", required=True, help="clerk, dispatcher, head, complaints, direction, auditor or admin")
    add.add_argument(
        "--service", metavar="CODE", help="the service they work in, such as CONSULAR; a clerk or a head needs one"
    )
    add.add_argument("--name", help="as it stands under letters (default: made from the address)")
    add.add_argument(
        "--title", action="append", default=[],
        help="function, as it stands under letters: one text for every language, or one for each, as in"
        " --title fr=Attachée --title nl=Attaché (default, and in any other language: that of the role)",
    )  # fmt: skip
    add.add_argument("--phone", help="as it stands under letters (default: that of the service)")
    add.add_argument("--language", default="fr", help="fr, nl, de or en (default: %(default)s)")
    add.add_argument(
        "--password-stdin", action="store_true",
        help="read the password from standard input; without it one is made and printed once",
    )  # fmt: skip


def _promises(commands: Subparsers) -> None:
    deadline = _add(
        commands, "deadline", "promises.deadline", "count what is owed for a request, with reason and source",
        'With --jsonl, one {"received_at", "channel", "nature"} a line in, one result a line out.',
    )  # fmt: skip
    deadline.add_argument("--received", metavar="ISO", type=_moment, help="moment of receipt, with its time zone")
    deadline.add_argument("--channel", help="web, email, post, fax, phone or counter")
    deadline.add_argument("--nature", help="information, complex, misdirected, complaint or document_access")
    _json(deadline)
    deadline.add_argument(
        "--jsonl", action="store_true", help="read requests from standard input, one JSON object a line"
    )
    _language(deadline)
    explain = _add(
        commands, "explain", "promises.explain", "tell what a case was promised, why, and all that changed since"
    )
    explain.add_argument("reference", metavar="REFERENCE", help="such as DOS-2026-0001234-14")
    _language(explain)


def _language(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--language",
        "--lang",
        choices=["fr", "nl", "de", "en"],
        default="en",
        help="of the sentences (default: %(default)s)",
    )


def _routing(commands: Subparsers) -> None:
    route = _add(
        commands, "route", "routing.route", "propose services for the text on standard input, with score and reasons",
        'With --jsonl, one {"text", "lang"?, "country"?, "nature"?} a line in, one result a line out.',
    )  # fmt: skip
    route.add_argument(
        "--top", metavar="N", type=_number(1, 50), default=3, help="how many at most (default: %(default)s)"
    )
    _json(route)
    route.add_argument("--jsonl", action="store_true", help="read texts from standard input, one JSON object a line")
    _learning(route)
    directory = commands.add_parser(
        "directory", help="the directory of services", description="The directory of services."
    )
    parts = directory.add_subparsers(required=True, metavar="COMMAND")
    check = _add(parts, "check", "directory.check", "check that every entry is whole, sourced and dated without gaps")
    check.add_argument("--shipped", action="store_true", help="as it comes with the product")
    _json(check)
    posts = _add(
        parts, "posts", "directory.posts", "load the list of posts abroad",
        "CSV in UTF-8 with the columns country, city, kind, name_fr, name_nl, name_de, name_en, phone, email,"
        " postal_address, covers, source, read_on, valid_to. All of it is loaded or, when a line is wrong, nothing.",
    )  # fmt: skip
    posts.add_argument("file", metavar="FILE", help="the list")
    _json(posts)


def _learning(route: ArgumentParser) -> None:
    """Add what is done with the router beside asking it."""
    more = route.add_subparsers(required=False, metavar="COMMAND", title="commands", help="none: read a text")
    train = _add(
        more, "train", "models.train", "train a model on the product's texts and on what staff taught",
        "It comes into force at once and everywhere, unless it is worse than the one in force: then that stays, and"
        " the exit code is 1. The earlier ones are kept. Takes minutes.",
    )  # fmt: skip
    train.add_argument("--dry-run", action="store_true", help="train, print how good it is, and keep nothing")
    train.add_argument(
        "--shipped", action="store_true",
        help="train the model that comes with the product anew, from the product's texts alone, and write it there",
    )  # fmt: skip
    _json(train)
    evaluate = _add(
        more, "evaluate", "evaluating.evaluate", "print how good the router in force is on texts whose body is known",
        'One {"text", "expected", "acceptable"?, "lang"?, "country"?, "nature"?} a line. A wrong line is named.',
    )  # fmt: skip
    evaluate.add_argument("file", metavar="FILE", help="the texts, one JSON object a line")
    evaluate.add_argument(
        "--confusions", metavar="N", type=_number(0, 1000), default=20,
        help="how many of the pairs confused most often (default: %(default)s)",
    )  # fmt: skip
    _json(evaluate)
    _json(_add(more, "models", "models.models", "list the models, and how much waits to be learnt"))
    use = _add(more, "use", "models.use", "put an earlier model in force")
    use.add_argument("version", metavar="VERSION", help="as `tracker route models` lists it, or: shipped")


def _jobs(commands: Subparsers) -> None:
    intake = commands.add_parser("intake", help="take in what has come", description="Takes in what has come.")
    mail = _add(
        intake.add_subparsers(required=True, metavar="COMMAND"), "mail", "intake.mail", "take in raw mail",
        "One JSON line each: outcome (registered, attached, held, ignored), reference and reason.",
    )  # fmt: skip
    mail.add_argument("files", metavar="FILE", nargs="+", help="a raw mail (RFC 5322); - is standard input")
    mail.add_argument("--json", action="store_true", help="print JSON (as it always does)")
    sweep = _add(commands, "sweep", "jobs.sweep", "tell whoever must be told about promises, once")
    sweep.add_argument("--at", metavar="ISO", type=_moment, help="as of this moment (default: now)")
    _json(sweep)
    _json(_add(commands, "deliver", "jobs.deliver", "send what waits in the outbox, once"))
    letters = _add(
        commands, "letters", "letters.letters", "print the letters that wait: a PDF of each, one of all, a list",
        "What was printed is not printed again; exit code 1 when a letter could not be.",
    )  # fmt: skip
    letters.add_argument("--out", metavar="DIR", required=True, help="where the folder of the run is made")
    letters.add_argument(
        "--one-side", action="store_true",
        help="the PDF of all letters is for printing on one side; without it, blank pages make each letter begin on a"
        " front side when it is printed on both",
    )  # fmt: skip
    letters.add_argument(
        "--again", metavar="RUN", type=_number(1, 2**31), help="hand out this run once more, and print nothing new"
    )
    _json(letters)
    _json(
        _add(
            commands, "verify", "jobs.verify", "check that history, promises and notices are consistent and unaltered"
        )
    )
    _json(
        _add(
            commands, "erased", "jobs.erased", "list the cases of which the personal data were erased",
            "Keep the list beside your backups: after one is restored, what was erased since is erased again.",
        )
    )  # fmt: skip


def _searching(commands: Subparsers) -> None:
    search = commands.add_parser("search", help="what staff find cases by", description="What staff find cases by.")
    _json(
        _add(
            search.add_subparsers(required=True, metavar="COMMAND"), "rebuild", "searching.rebuild",
            "work out anew what every case is found by", "While others go on working; it says how many were wrong.",
        )
    )  # fmt: skip


def _populations(commands: Subparsers) -> None:
    seed = _add(
        commands, "seed", "populations.seed", "make up cases in every state, channel, nature and language",
        "For demonstrations and measurements: only into a database without cases.",
    )  # fmt: skip
    seed.add_argument("--cases", metavar="N", type=_number(1, 10_000_000), required=True, help="how many")
    seed.add_argument(
        "--open-share", metavar="S", type=_share, default=0.3, help="the share still open (default: %(default)s)"
    )
    seed.add_argument("--at", metavar="ISO", type=_moment, help="as it would stand at this moment (default: now)")
    seed.add_argument(
        "--seed",
        metavar="K",
        type=_number(0, 2**32),
        default=1,
        help="the same number gives the same people (default: 1)",
    )
    bench = _add(commands, "bench", "measuring.bench", "measure this machine: pages, intake, sweep, start and memory")
    bench.add_argument("--cases", metavar="N", type=_number(100, 1_000_000), nargs="+", default=[10_000, 100_000],
                       help="sizes of the populations (default: 10000 100000)")  # fmt: skip
    bench.add_argument("--databases", nargs="+", choices=["postgresql", "sqlite"], default=["postgresql", "sqlite"],
                       help="on which (default: both)")  # fmt: skip
    _json(bench)
