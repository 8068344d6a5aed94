"""What the doors open: the logs, a line each, that say nothing of what we use but its warnings."""

import json
import subprocess
import sys
from datetime import datetime, timedelta

from tests.conftest import SECRET_KEY
from tests.licences import ROOT

PROGRAM = """
import logging, os
from config import Settings
from tracker.opening import open_logs
open_logs(Settings.from_env(os.environ))
logging.getLogger("apscheduler").info("not told")
logging.getLogger("tracker.scheduler.run").debug("not told")
logging.getLogger("tracker.scheduler.run").info("job done", extra={"figures": {"job": "sweep", "notices": 3}})
try:
    raise LookupError("é")
except LookupError:
    logging.getLogger("tracker.correspondence.outbox").exception("row %s", 7)
"""


def told(log_format: str) -> str:
    settings = {"SECRET_KEY": SECRET_KEY, "LOG_FORMAT": log_format}
    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM], cwd=ROOT, env=settings, capture_output=True, text=True, check=True
    )
    return ran.stderr


def test_a_line_of_json_holds_what_happened_with_its_figures() -> None:
    done, failed = (json.loads(line) for line in told("json").splitlines())
    assert datetime.fromisoformat(done.pop("timestamp")).utcoffset() == timedelta(0)
    assert done == {
        "event": "job done", "level": "info", "logger": "tracker.scheduler.run", "job": "sweep", "notices": 3
    }  # fmt: skip
    assert (failed["event"], failed["level"]) == ("row 7", "error")
    assert failed["exception"].endswith("LookupError: é")


def test_a_line_of_text_can_be_read_and_searched() -> None:
    done, failed, *trace = told("text").splitlines()
    assert done.partition(" ")[2] == "info job done job=sweep notices=3"
    assert failed.partition(" ")[2] == "error row 7"
    assert trace[-1] == "LookupError: é"
