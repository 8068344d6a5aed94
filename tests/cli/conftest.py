"""The command line as people call it: a process of its own, with settings for the test's own database."""

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.cli import loaded
from tests.conftest import SECRET_KEY
from tests.processes import FORKING

TRACKER = Path(sys.executable).with_name("tracker")
Told = subprocess.CompletedProcess[str]


def call(
    *words: str, given: str | bytes | None = "", settings: Mapping[str, str] | None = None, anew: bool = False
) -> Told:
    """Run one command and return what it said; never with the settings of whoever runs the tests.

    With None given, its standard input is closed. ``anew``: by the program that was installed, with an interpreter of
    its own, which takes most of a second.
    """
    environment = {"PATH": os.environ["PATH"], "PYTHONWARNINGS": "error", **(settings or {})}
    as_bytes = given.encode() if isinstance(given, str) else given
    if not anew and as_bytes is not None:
        return _call_loaded(words, as_bytes, environment)
    command = [TRACKER, *words] if as_bytes is not None else ["sh", "-c", '"$0" "$@" <&-', TRACKER, *words]
    done = subprocess.run(command, input=as_bytes, env=environment, capture_output=True, timeout=120)
    return Told(done.args, done.returncode, done.stdout.decode(), done.stderr.decode())


def _call_loaded(words: tuple[str, ...], given: bytes, environment: Mapping[str, str]) -> Told:
    with TemporaryDirectory() as name:
        folder = Path(name)
        for stream in loaded.STREAMS:
            (folder / stream).write_bytes(given if stream == "stdin" else b"")
        process = FORKING.Process(target=loaded.begin, args=(words, environment, folder))
        process.start()
        process.join(120)
        if process.exitcode is None:
            process.kill()
            raise AssertionError(f"{words} did not end")
        out, complaint = ((folder / stream).read_text() for stream in ("stdout", "stderr"))
        return Told(words, process.exitcode, out, complaint)


@pytest.fixture
def tracker(database_url: str, tmp_path: Path) -> Callable[..., Told]:
    """Return a way to run commands on the test's own database."""
    settings = {"SECRET_KEY": SECRET_KEY, "DATABASE_URL": database_url, "VAR_DIR": str(tmp_path / "var")}
    return lambda *words, **more: call(*words, settings=settings, **more)


def assert_one_sentence(told: Told, code: int) -> None:
    """A refusal is one sentence on stderr, nothing else."""
    assert told.returncode == code, told
    assert told.stdout == ""
    assert told.stderr.startswith("tracker")
    assert told.stderr.count("\n") == 1
    assert "Traceback" not in told.stderr
