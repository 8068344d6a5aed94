"""The commands about the router's learning: how good it is on texts whose body is known, its models, going back."""

import json
import os
import subprocess
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from tests.cli.conftest import TRACKER, Told, assert_one_sentence, call
from tests.conftest import SECRET_KEY
from tests.databases import Run, sqlite_database
from tests.factories import MONDAY
from tracker.models.database import Database
from tracker.models.routing import RoutingModel
from tracker.routing.model import shipped_model

LINES = (
    {"text": "Mijn paspoort is gestolen in Sevilla", "lang": "nl", "expected": "CONSULAR"},
    {"text": "I lost my passport in Spain", "expected": "EMBASSY", "acceptable": ["CONSULAR", "EMBASSY"]},
    {"text": "Je conteste le calcul de ma pension", "lang": "fr", "expected": "EXT:PENSIONS", "country": "BE"},
    {"text": "Wie zeigt mir den Weg zum Mond?", "lang": "de", "expected": ""},
    {"text": "Je conteste le calcul de ma pension", "lang": "fr", "expected": "M7", "urgent": True},
)


def file_of(folder: Path, *lines: object) -> str:
    path = folder / "texts.jsonl"
    path.write_text("\n".join(one if isinstance(one, str) else json.dumps(one) for one in lines), encoding="utf-8")
    return str(path)


def test_figures_are_told_overall_by_language_and_by_body(tmp_path: Path) -> None:
    told = call("route", "evaluate", file_of(tmp_path, *LINES), "--json", "--confusions", "1")

    found = json.loads(told.stdout)
    assert (told.returncode, told.stderr) == (0, "")
    assert found["overall"]["texts"] == 5
    assert found["overall"]["acceptable_first"] == 0.8
    assert set(found["languages"]) == {"fr", "nl", "de", "en"}
    assert found["languages"]["nl"] == {
        **found["languages"]["nl"], "texts": 1, "right_first": 1.0, "among_three": 1.0
    }  # fmt: skip
    assert found["services"]["EXT:PENSIONS"]["acceptable_first"] == 1.0
    assert found["services"]["EMBASSY"]["acceptable_first"] == 1.0
    assert 0 <= found["overall"]["calibration_error"] <= 1
    assert [one["threshold"] for one in found["curve"]][::49] == [0.5, 0.99]
    assert all(one["auto"]["share"] <= one["suggest"]["share"] for one in found["curve"])
    assert found["confusions"] == [{"expected": "M7", "first": "EXT:PENSIONS", "times": 1}]
    assert found["milliseconds"]["mean"] > 0
    assert found["model"] == shipped_model().version
    assert found["natures"] == {}


def test_the_kind_of_request_of_a_line_is_what_is_looked_for_and_not_told_to_the_router(tmp_path: Path) -> None:
    plain, angry = "Comment demander un passeport ?", "Votre guichet du consulat m'a mal reçu : je porte plainte."
    lines = [{"text": plain, "expected": "CONSULAR", "nature": nature} for nature in ("information", "complaint")]
    lines.append({"text": angry, "expected": "COMPLAINTS", "nature": "complaint"})
    found = json.loads(call("route", "evaluate", file_of(tmp_path, *lines), "--json").stdout)

    assert found["natures"] == {"complaint": {"texts": 2, "right": 0.5}, "information": {"texts": 1, "right": 1.0}}
    assert found["services"]["CONSULAR"]["right_first"] == 1.0, "a wrong label leads nowhere else"
    assert "complaint                    2   50.0" in call("route", "evaluate", file_of(tmp_path, *lines)).stdout


def test_the_same_in_words(tmp_path: Path) -> None:
    told = call("route", "evaluate", file_of(tmp_path, *LINES))
    assert told.returncode == 0
    assert "M7 → EXT:PENSIONS  1" in told.stdout
    assert "(nobody can tell)" in told.stdout


def test_a_wrong_line_is_named_and_the_others_count(tmp_path: Path) -> None:
    wrong = ['{"text": 1, "expected": "M1"}', "{", {"text": "x", "expected": "M99"}]
    wrong += [{"text": "x", "expected": "M1", "lang": "it"}, {"text": "x", "expected": "M1", "acceptable": "M2"}]

    told = call("route", "evaluate", file_of(tmp_path, LINES[0], *wrong), "--json")

    found = json.loads(told.stdout)
    assert told.returncode == 1
    assert found["overall"]["texts"] == 1
    assert [one["line"] for one in found["wrong_lines"]] == [2, 3, 4, 5, 6]
    assert "line 4: M99: no such body in the directory" in told.stderr


def test_a_file_that_is_not_there_or_holds_nothing_is_told_in_one_sentence(tmp_path: Path) -> None:
    assert_one_sentence(call("route", "evaluate", str(tmp_path / "none.jsonl")), 2)
    assert_one_sentence(call("route", "evaluate", file_of(tmp_path, "")), 2)


def test_models_are_listed_and_one_goes_to_and_fro(tracker: Callable[..., Told], database: Database) -> None:
    other = replace(shipped_model(), about={**shipped_model().about, "version": "another"})
    with database.writing() as session:
        figures = dict(other.about)
        session.add(RoutingModel(version="another", content=other.to_bytes(), figures=figures, trained_at=MONDAY))

    def in_force() -> list[str]:
        told = json.loads(tracker("route", "models", "--json").stdout)
        assert {one["version"] for one in told["models"]} == {"another", shipped_model().version}
        assert (told["corrections"], told["confirmations"]) == (0, 0)
        return [one["version"] for one in told["models"] if one["in_force"]]

    def asked() -> str:
        return str(json.loads(tracker("route", "--json", given="passport").stdout)["model"])

    assert in_force() == [asked()] == [shipped_model().version]
    assert tracker("route", "use", "another").returncode == 0
    assert in_force() == [asked()] == ["another"]
    assert "another" in tracker("route", "models").stdout
    assert_one_sentence(tracker("route", "use", "another"), 1)
    assert_one_sentence(tracker("route", "use", "nonsense"), 1)
    assert tracker("route", "use", "shipped").returncode == 0
    assert in_force() == [asked()] == [shipped_model().version]


def test_where_nothing_more_can_be_written_the_former_model_stays(run: Run, tmp_path: Path) -> None:
    url = sqlite_database(run, tmp_path / "suivi.db", migrated=True)
    settings = {"SECRET_KEY": SECRET_KEY, "DATABASE_URL": url, "VAR_DIR": str(tmp_path / "var")}
    other = replace(shipped_model(), about={**shipped_model().about, "version": "another"})
    with closing(Database(url)) as database, database.writing() as session:
        session.add(RoutingModel(version="another", content=other.to_bytes(), figures={}, trained_at=MONDAY))

    limited = ["sh", "-c", 'ulimit -f 1; exec "$0" "$@"', TRACKER, "route", "use", "another"]
    environment = {"PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1", **settings}  # it would be cut short
    done = subprocess.run(limited, env=environment, capture_output=True, text=True)

    assert_one_sentence(done, 1)
    assert "make room" in done.stderr
    assert json.loads(call("route", "--json", given="passport", settings=settings).stdout)["model"] != "another"
    assert call("route", "use", "another", settings=settings).returncode == 0


def test_a_database_that_cannot_be_asked_leaves_the_model_of_the_product(tmp_path: Path) -> None:
    (tmp_path / "suivi.db").write_bytes(b"no database")
    told = call("route", "--json", given="passport", settings={"VAR_DIR": str(tmp_path)})
    assert told.returncode == 0
    assert json.loads(told.stdout)["model"] == shipped_model().version
    assert "the model of the product answers" in told.stderr
