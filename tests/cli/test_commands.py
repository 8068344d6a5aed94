"""Every command: its help, its exit code, and one sentence when something is wrong."""

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta
from importlib import import_module
from pathlib import Path

import pytest
from sqlalchemy import select, update

from tests.cli.conftest import Told, assert_one_sentence, call
from tests.conftest import SECRET_KEY
from tests.factories import make_case, settle
from tracker.charter.counting import BRUSSELS
from tracker.cli.commands import _parser, main
from tracker.models.database import Database
from tracker.models.messages import Outbox
from tracker.models.staff import Staff


def commands(
    parser: argparse.ArgumentParser | None = None,
) -> Iterator[tuple[tuple[str, ...], argparse.ArgumentParser]]:
    """Yield every command with its words."""
    for action in (parser or _parser())._actions:
        if isinstance(action, argparse._SubParsersAction):
            for name, below in action.choices.items():
                deeper = list(commands(below))
                yield from (((name, *words), found) for words, found in deeper)
                if not deeper or below.get_default("does"):
                    yield (name,), below


COMMANDS = dict(commands())


def test_the_commands_are_those_that_scripts_rely_on() -> None:
    assert {" ".join(words) for words in COMMANDS} == {
        "serve", "scheduler", "up", "init", "user add", "deadline", "explain",
        "route", "route train", "route evaluate", "route models", "route use", "directory check",
        "directory posts", "sweep",
        "deliver", "intake mail", "letters", "search rebuild", "seed", "erased", "verify", "bench",
    }  # fmt: skip


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_each_command_is_there_and_explains_itself(words: tuple[str, ...]) -> None:
    module, function = COMMANDS[words].get_default("does")

    assert (import_module(f"tracker.cli.{module}").__dict__[function].__doc__ or "").strip()
    help = COMMANDS[words].format_help()
    assert len(help.split("\n\n")) > 1
    assert all(action.help for action in COMMANDS[words]._actions)


def test_help_is_printed_without_loading_anything_heavy() -> None:
    script = "import sys, tracker.cli\ntry: tracker.cli.main(['sweep', '--help'])\nexcept SystemExit: pass\n"
    script += "sys.exit(len({'sqlalchemy', 'flask', 'babel', 'tracker.charter'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", script], stdout=subprocess.DEVNULL).returncode == 0


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("swep",),
        ("sweep", "--at", "yesterday"),
        ("sweep", "--at", "2026-06-17T09:30:00"),
        ("seed", "--cases", "0"),
        ("seed", "--cases", "10", "--open-share", "1.5"),
        ("route", "--top", "many"),
        ("serve", "--port", "99999"),
        ("explain",),
        ("deadline",),
        ("deadline", "--received", "2026-06-17T09:30:00Z", "--channel", "pigeon", "--nature", "complaint"),
        ("deadline", "--jsonl", "--channel", "web"),
    ],
    ids=" ".join,
)
def test_a_wrong_command_is_told_in_one_sentence(words: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    try:
        code: object = main(words)
    except SystemExit as leaving:
        code = leaving.code

    out, complaint = capsys.readouterr()
    assert_one_sentence(Told(words, code, out, complaint), 2)  # type: ignore[arg-type]


@pytest.mark.parametrize("command", ["serve", "scheduler", "up", "init", "sweep", "deliver", "verify"])
def test_a_missing_setting_is_named(
    command: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SECRET_KEY", raising=False)

    code = main([command])

    out, complaint = capsys.readouterr()
    assert_one_sentence(Told(command, code, out, complaint), 2)
    assert "SECRET_KEY" in complaint


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("DATABASE_URL", "mysql://host/db"),
        ("BASE_URL", "ftp://x"),
        ("DATABASE_URL", "postgresql://127.0.0.1:1/suivi"),
        ("DATABASE_URL", "postgresql://127.0.0.1:1/suivi?nonsense=1"),
        ("DATABASE_URL", f"sqlite:///{__file__}"),
    ],
)
def test_a_wrong_setting_is_named(setting: str, value: str, tmp_path: Path) -> None:
    told = call("sweep", settings={"SECRET_KEY": SECRET_KEY, "VAR_DIR": str(tmp_path), setting: value})

    assert_one_sentence(told, 2)
    assert setting in told.stderr


def test_an_empty_database_asks_for_init(tmp_path: Path) -> None:
    settings = {"SECRET_KEY": SECRET_KEY, "VAR_DIR": str(tmp_path)}

    for command in ("sweep", "deliver", "verify"):
        told = call(command, settings=settings, anew=command == "sweep")
        assert_one_sentence(told, 2)
        assert "tracker init" in told.stderr


def test_init_may_be_repeated_and_run_twice_at_once(postgres_url: str, sqlite_url: str, tmp_path: Path) -> None:
    for url in (postgres_url, sqlite_url):
        settings = {"SECRET_KEY": SECRET_KEY, "DATABASE_URL": url, "VAR_DIR": str(tmp_path)}
        with ThreadPoolExecutor(2) as hands:
            both = list(hands.map(lambda settings: call("init", settings=settings), [settings] * 2))
        again = call("init", settings=settings)

        assert [(told.returncode, told.stdout, told.stderr) for told in both] == [(0, again.stdout, "")] * 2
        assert "services" in again.stdout


@pytest.fixture
def settled(database_url: str, database: Database, tmp_path: Path) -> Mapping[str, str]:
    """Return the settings of an installation that is ready for accounts."""
    with database.writing() as session:
        settle(session)
    return {"SECRET_KEY": SECRET_KEY, "DATABASE_URL": database_url, "VAR_DIR": str(tmp_path)}


def test_an_account_is_added_once(settled: Mapping[str, str]) -> None:
    words = ("--role", "clerk", "--service", "CONSULAR")
    made = call("user", "add", "An.Peeters@suivi.example", *words, settings=settled)
    again = call("user", "add", "an.peeters@suivi.example", *words, settings=settled)

    assert made.returncode == 0
    assert made.stdout.startswith("an.peeters@suivi.example may log in as clerk, with the password ")
    assert len(made.stdout.split()[-1]) >= 20
    assert_one_sentence(again, 1)


def test_a_password_may_come_by_standard_input_and_is_not_printed(settled: Mapping[str, str]) -> None:
    words = ("user", "add", "a@suivi.example", "--role", "auditor", "--password-stdin")
    short = call(*words, given="short\n", settings=settled)
    none = call(*words, settings=settled)
    told = call(*words, given="a long password\n", settings=settled)

    assert (told.returncode, told.stderr) == (0, "")
    assert "a long password" not in told.stdout
    assert_one_sentence(short, 1)
    assert_one_sentence(none, 2)


def test_an_account_that_makes_no_sense_is_refused(settled: Mapping[str, str]) -> None:
    for words, code in (
        (("nobody", "--role", "admin"), 2),
        (("a@suivi.example", "--role", "king"), 2),
        (("a@suivi.example", "--role", "clerk", "--service", "NOPE"), 1),
        (("a@suivi.example", "--role", "admin", "--language", "it"), 2),
    ):
        assert_one_sentence(call("user", "add", *words, settings=settled), code)


def test_whoever_stops_reading_early_hears_no_complaint() -> None:
    lines = b'{"received_at":"2026-06-17T09:30:00Z","channel":"web","nature":"information"}\n' * 5000
    with subprocess.Popen(
        [Path(sys.executable).with_name("tracker"), "deadline", "--jsonl"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as process:  # fmt: skip
        assert process.stdin
        assert process.stdout
        assert process.stderr
        process.stdin.write(lines[:1000])
        process.stdin.flush()
        process.stdout.readline()
        process.stdout.close()
        try:
            process.stdin.write(lines)
            process.stdin.close()
        except BrokenPipeError:
            pass
        complaint = process.stderr.read()
    assert b"Traceback" not in complaint
    assert process.returncode == 1


@pytest.mark.parametrize(
    ("words", "closed", "code"),
    [
        ("deadline --jsonl", "<&-", 0),
        ("user add a@suivi.example --role admin --password-stdin", "<&-", 2),
        ("directory check", ">&-", 0),
        ("deadline --jsonl", ">/dev/full", 1),
        ("explain DOS", "2>&-", 1),
    ],
)
def test_a_closed_stream_or_a_full_disk_is_no_fault_of_ours(
    tmp_path: Path, words: str, closed: str, code: int
) -> None:
    program = Path(sys.executable).with_name("tracker")
    told = subprocess.run(
        ["/bin/sh", "-c", f"'{program}' {words} {closed}"],
        env={"PATH": os.environ["PATH"], "SECRET_KEY": SECRET_KEY, "VAR_DIR": str(tmp_path)},
        input=b"{}\n" if "/dev/full" in closed else b"",
        capture_output=True,
        timeout=60,
    )

    assert told.returncode == code, told
    assert b"Traceback" not in told.stderr
    assert told.stderr.count(b"\n") == (1 if code and "2>" not in closed else 0)


def test_what_stands_under_letters_is_one_line_that_can_be_read(settled: Mapping[str, str]) -> None:
    def add(name: str, title: str, phone: str) -> Told:
        words = (
            "zoe@suivi.example",
            "--role",
            "admin",
            "--service",
            "",
            "--name",
            name,
            "--title",
            title,
            "--phone",
            phone,
        )
        return call("user", "add", *words, settings=settled)

    assert_one_sentence(add("x" * 3000, "", ""), 2)
    assert add(os.fsdecode(b"Zo\xff\n\x07e"), "  \u200b ", " ").returncode == 0
    with closing(Database(settled["DATABASE_URL"])) as database, database.reading() as session:
        row = session.scalars(select(Staff).where(Staff.email == "zoe@suivi.example")).one()
    assert (row.name, row.titles) == ("Zo e", None)
    assert row.phone.startswith("+32 2"), "nobody signs without a number"


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (["Attachée"], dict.fromkeys(("fr", "nl", "de", "en"), "Attachée")),
        (["fr=Attachée", "nl=Attaché"], {"fr": "Attachée", "nl": "Attaché"}),
        (["fr=Attachée", "nl="], {"fr": "Attachée"}),
    ],
)
def test_a_title_is_one_text_or_one_for_each_language(
    settled: Mapping[str, str], given: list[str], kept: dict[str, str]
) -> None:
    email = f"title{len(given)}{len(kept)}@suivi.example"
    words = [part for title in given for part in ("--title", title)]

    assert call("user", "add", email, "--role", "admin", *words, settings=settled).returncode == 0

    with closing(Database(settled["DATABASE_URL"])) as database, database.reading() as session:
        assert session.scalars(select(Staff.titles).where(Staff.email == email)).one() == kept


@pytest.mark.parametrize("given", [["it=Addetta"], ["Attachée", "nl=Attaché"]])
def test_a_title_in_a_language_that_is_none_of_ours_is_refused(settled: Mapping[str, str], given: list[str]) -> None:
    words = [part for title in given for part in ("--title", title)]

    assert_one_sentence(call("user", "add", "x@suivi.example", "--role", "admin", *words, settings=settled), 2)


def test_what_another_process_holds_is_told_with_the_moment_it_is_free(
    settled: Mapping[str, str], database: Database
) -> None:
    until = datetime.now(UTC).replace(microsecond=0) + timedelta(minutes=9)
    with database.writing() as session:
        make_case(session, requester_email="claire.dubois@example.org")
        session.execute(update(Outbox).values(lease_owner="dead:1", lease_until=until))

    told, plain = call("deliver", "--json", settings=settled), call("deliver", settings=settled)

    done = json.loads(told.stdout)
    assert (done["sent"], done["held"], datetime.fromisoformat(done["held_until"])) == (0, 1, until)
    moment = until.astimezone(BRUSSELS).strftime("%Y-%m-%d %H:%M:%S")
    assert f"\n1 held by another process, until {moment} at the latest (Brussels).\n" in plain.stdout


def test_a_sweep_of_years_that_have_not_come_is_refused(settled: Mapping[str, str]) -> None:
    assert_one_sentence(call("sweep", "--at", "2199-01-01T00:00:00Z", settings=settled), 2)


@pytest.mark.parametrize("given", ["x" * 60_000, "DOS-2026-" + "1" * 60_000, "\n'\"" * 20_000])
def test_a_reference_however_long_is_refused_in_one_sentence_that_one_can_read(
    tracker: Callable[..., Told], given: str
) -> None:
    told = tracker("explain", given)

    assert_one_sentence(told, 1)
    assert len(told.stderr) < 400
    assert told.stderr.endswith("…': check the reference.\n")
