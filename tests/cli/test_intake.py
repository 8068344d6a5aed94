"""`tracker intake mail`: any bytes in, one JSON line out, never a traceback, nothing half stored."""

import json
import os
import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path

from sqlalchemy import func, select

from tests.casework.mailing import encrypted, write
from tests.cli.conftest import Told, assert_one_sentence, call
from tests.conftest import SECRET_KEY
from tracker.models.cases import Case
from tracker.models.database import Database
from tracker.models.mail import Mail

Tracker = Callable[..., Told]


def lines(told: Told) -> list[dict[str, object]]:
    """Return what the command said, a JSON object a line."""
    return [json.loads(line) for line in told.stdout.splitlines()]


def test_each_mail_has_one_line_with_what_became_of_it(tracker: Tracker, database_url: str, tmp_path: Path) -> None:
    assert tracker("init").returncode == 0
    (tmp_path / "one.eml").write_bytes(write().as_bytes())
    (tmp_path / "two.eml").write_bytes(write(message_id="<2@e.org>", Auto_Submitted="auto-replied").as_bytes())

    told = tracker(
        "intake", "mail", str(tmp_path / "one.eml"), "-", str(tmp_path / "two.eml"), "--json", given=b"\0",
        anew=database_url.startswith("sqlite"),
    )  # fmt: skip

    assert (told.returncode, told.stderr) == (0, "")
    one, nothing, two = lines(told)
    assert list(one) == ["file", "outcome", "reference", "reason"]
    assert (one["outcome"], one["reason"]) == ("registered", "new_request")
    assert str(one["reference"]).startswith("DOS-")
    assert (nothing["file"], nothing["outcome"], nothing["reference"]) == ("-", "held", None)
    assert (two["outcome"], two["reason"]) == ("ignored", "automatic_reply")
    again = tracker("intake", "mail", str(tmp_path / "one.eml"))
    assert lines(again) == [one]


def odd_mails() -> list[bytes]:
    """Return a hundred odd mails: cut off, turned about, of every kind of nonsense; the same at every run."""
    by_lot = random.Random(7)
    whole = write("Où est mon visa ? \u00e9\u20ac").as_bytes()
    odd = [b"", b"\x00" * 999, b"\n" * 5000, b"From: a@b.c\n", encrypted(), b"PK\x03\x04" + by_lot.randbytes(500)]
    odd += [whole[: by_lot.randrange(len(whole))] for _ in range(30)]
    odd += [by_lot.randbytes(by_lot.randrange(3000)) for _ in range(30)]
    for _ in range(40):
        changed = bytearray(whole)
        for _ in range(by_lot.randrange(1, 30)):
            changed[by_lot.randrange(len(changed))] = by_lot.randrange(256)
        odd.append(bytes(changed))
    return odd


def test_any_bytes_at_all_have_an_outcome_and_are_kept(tracker: Tracker, database: Database, tmp_path: Path) -> None:
    assert tracker("init").returncode == 0
    names = []
    for number, raw in enumerate(odd_mails()):
        names.append(tmp_path / f"{number}.eml")
        names[-1].write_bytes(raw)

    told = tracker("intake", "mail", *map(str, names))

    assert (told.returncode, told.stderr) == (0, "")
    assert [line["file"] for line in lines(told)] == [str(name) for name in names]
    assert {line["outcome"] for line in lines(told)} <= {"registered", "attached", "held", "ignored"}
    with database.reading() as session:
        kept = set(session.scalars(select(Mail.sha256)))
        assert kept == {sha256(name.read_bytes()).hexdigest() for name in names}
        assert session.scalar(select(func.count()).where(Mail.details["error"].as_string().is_not(None))) == 0
        became = session.scalar(select(func.count()).where(Mail.case_message_id.is_not(None)))
        assert session.scalar(select(func.count()).select_from(Case)) == became
    assert tracker("verify").returncode == 0


def test_a_file_that_is_not_there_stops_no_other(tracker: Tracker, tmp_path: Path) -> None:
    assert tracker("init").returncode == 0
    (tmp_path / "one.eml").write_bytes(write().as_bytes())

    told = tracker("intake", "mail", "/not/there.eml", str(tmp_path), str(tmp_path / "one.eml"))

    assert (told.returncode, told.stderr) == (1, "")
    missing, folder, one = lines(told)
    assert "No such file" in str(missing["error"])
    assert "directory" in str(folder["error"])
    assert one["outcome"] == "registered"


def test_what_holds_no_mail_is_told_in_one_line_and_never_waited_for(tracker: Tracker, tmp_path: Path) -> None:
    assert tracker("init").returncode == 0

    told = tracker("intake", "mail", "/dev/zero", "/dev/null", "", "/not/there.eml", str(tmp_path))

    assert (told.returncode, told.stderr) == (1, "")
    assert [sorted(line) for line in lines(told)] == [["error", "file"]] * 5


def test_a_standard_input_that_was_closed_is_no_mail(tracker: Tracker, database: Database) -> None:
    assert tracker("init").returncode == 0

    told = tracker("intake", "mail", "-", given=None)

    assert (told.returncode, told.stderr) == (1, "")
    assert lines(told) == [{"file": "-", "error": "It could not be read or kept: Standard input is closed."}]
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Mail)) == 0


def test_a_pipe_is_read_to_its_end(tracker: Tracker, tmp_path: Path) -> None:
    assert tracker("init").returncode == 0
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    raw = write("Où est mon visa ?" * 10_000).as_bytes()

    with ThreadPoolExecutor(1) as pool:
        writing = pool.submit(pipe.write_bytes, raw)
        told = tracker("intake", "mail", str(pipe))
        writing.result()

    (line,) = lines(told)
    assert (told.returncode, line["outcome"]) == (0, "registered")
    (tmp_path / "file.eml").write_bytes(raw)
    assert lines(tracker("intake", "mail", str(tmp_path / "file.eml"))) == [
        line | {"file": str(tmp_path / "file.eml")}
    ]


def test_without_tables_one_sentence_says_what_to_do(sqlite_url: str, tmp_path: Path) -> None:
    settings = {"SECRET_KEY": SECRET_KEY, "DATABASE_URL": sqlite_url, "VAR_DIR": str(tmp_path)}

    told = call("intake", "mail", "-", given=write().as_bytes(), settings=settings)

    assert_one_sentence(told, 2)
    assert "tracker init" in told.stderr
