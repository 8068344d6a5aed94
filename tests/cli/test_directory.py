"""`tracker directory`: its check in words and as JSON, and the list of posts abroad."""

import json
from collections.abc import Callable
from pathlib import Path

from tests.cli.conftest import Told, assert_one_sentence, call
from tests.conftest import SECRET_KEY
from tests.routing.test_posts import BANGKOK, as_csv


def test_the_directory_is_sound() -> None:
    told = call("directory", "check")
    assert (told.returncode, told.stderr) == (0, "")
    assert "41 services and bodies" in told.stdout


def test_the_check_tells_its_problems_as_json() -> None:
    told = call("directory", "check", "--shipped", "--json")
    assert told.returncode == 0
    assert json.loads(told.stdout) == {"bodies": 41, "problems": []}


def test_a_list_of_posts_is_loaded_and_loaded_again(tracker: Callable[..., Told], tmp_path: Path) -> None:
    assert tracker("init").returncode == 0
    path = tmp_path / "posts.csv"
    path.write_text(as_csv(BANGKOK | {"source": "FPS"}), encoding="utf-8")

    first, second = (tracker("directory", "posts", str(path)) for _ in range(2))

    assert (first.returncode, first.stderr) == (0, "")
    assert first.stdout == "1 posts added, 0 changed, 0 as they were.\n"
    assert second.stdout == "0 posts added, 0 changed, 1 as they were.\n"
    told = tracker("directory", "posts", str(path), "--json")
    assert json.loads(told.stdout) == {"added": 0, "changed": 0, "same": 1, "elsewhere": 0}


def test_a_list_with_a_wrong_line_loads_nothing_and_names_it(tracker: Callable[..., Told], tmp_path: Path) -> None:
    assert tracker("init").returncode == 0
    path = tmp_path / "posts.csv"
    path.write_text(as_csv(BANGKOK | {"source": "FPS"}, BANGKOK | {"city": "Phuket", "source": ""}), encoding="utf-8")

    told = tracker("directory", "posts", str(path))

    assert_one_sentence(told, 1)
    assert "line 3: source is empty" in told.stderr
    path.write_text(as_csv(), encoding="utf-8")
    again = tracker("directory", "posts", str(path))
    assert again.stdout == "0 posts added, 0 changed, 0 as they were.\n"


def test_what_is_no_list_is_refused_in_one_sentence(tmp_path: Path) -> None:
    assert_one_sentence(call("directory", "posts", str(tmp_path / "none.csv")), 2)
    (tmp_path / "image.csv").write_bytes(b"\xff\xfe\x00")
    assert_one_sentence(call("directory", "posts", str(tmp_path / "image.csv")), 2)


def test_the_check_makes_no_database_where_there_is_none(tmp_path: Path) -> None:
    told = call("directory", "check", settings={"SECRET_KEY": SECRET_KEY, "VAR_DIR": str(tmp_path / "var")})

    assert (told.returncode, told.stderr) == (0, "")
    assert "the directory is sound" in told.stdout
    assert list(tmp_path.iterdir()) == []
