"""The wheel: built here, installed in an empty environment elsewhere, it has all it needs and serves its pages."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import SECRET_KEY
from tracker.resources import resource

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from this checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", folder]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (built,) = folder.glob("suivi-*.whl")
    return built


@pytest.fixture(scope="module")
def elsewhere(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty environment with the wheel in it.

    The dependencies are those installed here, lent by a path file: it brings in packages, but not the checkout, since
    path files behind it are not read. So what is found of Suivi itself came with the wheel.
    """
    folder = tmp_path_factory.mktemp("elsewhere")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    python = folder / "bin/python"
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--python", python]
    subprocess.run([*pip, "install", "--quiet", "--no-deps", "--no-index", wheel], check=True, capture_output=True)
    lent = Path(pytest.__file__).parent.parent
    (site_packages,) = folder.glob("lib/python*/site-packages")
    (site_packages / "lent.pth").write_text(f"{lent}\n")
    return folder


def ask(elsewhere: Path, program: str) -> str:
    """What a program prints in that environment, away from the checkout."""
    return subprocess.run(
        [elsewhere / "bin/python", "-I", "-c", program], cwd=elsewhere, check=True, capture_output=True, text=True
    ).stdout.strip()


@pytest.mark.parametrize("name", ["templates", "migrations", "static", "locale", "migrations/env.py"])
def test_a_resource_is_found_in_a_checkout(name: str) -> None:
    assert resource(name).is_relative_to(ROOT)


def test_a_resource_that_did_not_come_along_is_named() -> None:
    with pytest.raises(FileNotFoundError, match="'no-such-thing' did not come with this installation"):
        resource("no-such-thing")


def test_the_wheel_carries_every_file_that_the_checkout_uses(wheel: Path) -> None:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    used = [name for name in listed.split("\0") if name.split("/")[0] in ("tracker", "templates", "migrations")]
    used = [name if name.startswith("tracker/") else f"tracker/{name}" for name in used if (ROOT / name).exists()]
    carried = set(zipfile.ZipFile(wheel).namelist())
    assert len(used) > 50
    assert {*used, "config.py"} - carried == set()
    assert {name.split("/")[0] for name in carried if ".dist-info/" not in name} == {"tracker", "config.py"}
    notices = {name.rpartition("/")[2] for name in carried if ".dist-info/licenses/" in name}
    assert {"LICENSE", "THIRD_PARTY.md"} <= notices


def test_the_wheel_stands_by_itself_and_finds_its_files(elsewhere: Path) -> None:
    program = "import config, tracker, tracker.resources as r; print(config.__file__); print(tracker.__file__)\n"
    program += "for name in ('templates', 'migrations', 'static', 'locale'): print(r.resource(name))"
    for path in ask(elsewhere, program).splitlines():
        assert Path(path).is_relative_to(elsewhere)
        assert Path(path).exists()


@pytest.fixture
def environment(elsewhere: Path, tmp_path: Path) -> dict[str, str]:
    """A bare environment to run the installed commands in."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}
    return {**kept, "SECRET_KEY": SECRET_KEY, "VAR_DIR": str(tmp_path / "var")}


@pytest.fixture
def served(elsewhere: Path, environment: dict[str, str], tmp_path: Path) -> Iterator[str]:
    """The address of a web side that runs from the wheel."""
    tracker = elsewhere / "bin/tracker"
    for _ in range(2):  # safe to repeat
        subprocess.run([tracker, "init"], env=environment, cwd=tmp_path, check=True, capture_output=True, timeout=60)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    with open(tmp_path / "log", "w") as log:
        process = subprocess.Popen(
            [tracker, "serve", "--port", port, "--workers", "1"],
            env=environment,
            cwd=tmp_path,
            stdout=log,
            stderr=log,
        )
    try:
        until = time.monotonic() + 30
        while not listening(int(port)):
            assert process.poll() is None, (tmp_path / "log").read_text()
            assert time.monotonic() < until, (tmp_path / "log").read_text()
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(30)


def listening(port: int) -> bool:
    """Whether somebody answers there."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def fetch(url: str) -> str:
    """The page at an address; an error page raises."""
    with urllib.request.urlopen(url, timeout=10) as answer:
        return str(answer.read().decode())


def test_the_wheel_makes_its_database_and_serves_its_pages(served: str) -> None:
    assert 'lang="nl"' in fetch(f"{served}/nl/")
    assert 'lang="fr"' in fetch(f"{served}/fr/request")
    assert "<form" in fetch(f"{served}/staff/login")
    assert fetch(f"{served}/static/suivi.css")


def test_without_a_secret_key_it_says_so_in_one_sentence(elsewhere: Path, environment: dict[str, str]) -> None:
    del environment["SECRET_KEY"]
    refused = subprocess.run(
        [elsewhere / "bin/tracker", "init"],
        env=environment,
        cwd=elsewhere,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert refused.returncode != 0
    assert refused.stdout == ""
    assert "SECRET_KEY is missing" in refused.stderr
    assert "Traceback" not in refused.stderr
