"""The command line as people call it: a process of its own, with settings for the test's own database."""

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from tests.conftest import SECRET_KEY

TRACKER = Path(sys.executable).with_name("tracker")
Told = subprocess.CompletedProcess[str]


def call(*words: str, given: str | bytes | None = "", settings: Mapping[str, str] | None = None) -> Told:
    """Run one command and return what it said; never with the settings of whoever runs the tests.

    With None given, its standard input is closed.
    """
    environment = {"PATH": os.environ["PATH"], "PYTHONWARNINGS": "error", **(settings or {})}
    command = [TRACKER, *words] if given is not None else ["sh", "-c", '"$0" "$@" <&-', TRACKER, *words]
    as_bytes = given.encode() if isinstance(given, str) else given
    done = subprocess.run(command, input=as_bytes, env=environment, capture_output=True, timeout=120)
    return Told(done.args, done.returncode, done.stdout.decode(), done.stderr.decode())


@pytest.fixture
def tracker(database_url: str, tmp_path: Path) -> Callable[..., Told]:
    """Return a way to run commands on the test's own database."""
    settings = {"SECRET_KEY": SECRET_KEY, "DATABASE_URL": database_url, "VAR_DIR": str(tmp_path / "var")}
    return lambda *words, given="": call(*words, given=given, settings=settings)


def assert_one_sentence(told: Told, code: int) -> None:
    """A refusal is one sentence on stderr, nothing else."""
    assert told.returncode == code, told
    assert told.stdout == ""
    assert told.stderr.startswith("tracker")
    assert told.stderr.count("\n") == 1
    assert "Traceback" not in told.stderr
