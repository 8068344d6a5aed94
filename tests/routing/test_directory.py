"""The directory of services: complete, sourced, dated; and its check, which must see each fault."""

import tomllib
from dataclasses import replace
from datetime import date
from importlib.resources import files

import pytest

from tracker.charter.words import ServiceKind
from tracker.routing.directory import Certainty, Directory, DirectoryFileError, Entry, Fact, Source, load_directory
from tracker.routing.directory_check import check
from tracker.routing.source_titles import page_language, title_in
from tracker.routing.text import LANGUAGES

TODAY = date(2026, 11, 22)
INTERNAL = [
    "M0.0",
    "M0.1",
    "M1",
    "M2",
    "M3",
    "M4",
    "M5",
    "ME6",
    "M7",
    "MD8",
    "CONSULAR",
    "EMBASSY",
    "CRISIS",
    "COMPLAINTS",
    "DGD",
    "DGE",
    "DGJ",
    "DGB",
    "PROTOCOL",
    "CARREFOUR",
]
OUTSIDE = [
    "COE-DRE",
    "FR-SSI",
    "NATO-IS",
    "EXT:FPS-FINANCE",
    "EXT:FPS-JUSTICE",
    "EXT:FPS-INTERIOR",
    "EXT:IMMIGRATION-OFFICE",
    "EXT:FPS-MOBILITY",
    "EXT:PENSIONS",
    "EXT:FPS-HEALTH-ENVIRONMENT",
    "EXT:SOCIAL-SECURITY",
    "EXT:FPS-ECONOMY",
    "EXT:FPS-EMPLOYMENT",
    "EXT:FPS-DEFENCE",
    "EXT:REGION",
    "EXT:MUNICIPALITY",
    "EXT:FEDERAL-OMBUDSMAN",
    "EXT:DATA-PROTECTION-AUTHORITY",
    "EXT:ECHR",
    "EXT:FOREIGN-EMBASSY",
    "EXT:OTHER",
]


def entry(code: str) -> Entry:
    found = load_directory().get(code, on=TODAY)
    assert found is not None
    return found


def faults(directory: Directory) -> list[str]:
    return [str(problem) for problem in check(directory)]


def with_entry(changed: Entry) -> Directory:
    return load_directory().with_versions(changed.code, (changed,))


def test_holds_every_code_and_passes_its_own_check() -> None:
    directory = load_directory()
    assert sorted(directory.codes) == sorted([*INTERNAL, *OUTSIDE])
    assert faults(directory) == []


def test_ours_are_internal_and_the_others_are_not() -> None:
    kinds = {code: entry(code).kind for code in [*INTERNAL, *OUTSIDE]}
    assert {code for code, kind in kinds.items() if kind is ServiceKind.INTERNAL} == set(INTERNAL)
    assert {code for code, kind in kinds.items() if kind is ServiceKind.FOREIGN_BODY} == {
        "COE-DRE",
        "FR-SSI",
        "NATO-IS",
        "EXT:ECHR",
        "EXT:FOREIGN-EMBASSY",
    }


def test_shared_competences_name_who_joins() -> None:
    assert (entry("ME6").lead, entry("ME6").associated) == ("ME6", ("DGE",))
    assert (entry("MD8").lead, entry("MD8").associated) == ("MD8", ("DGD",))


def test_signature_block_of_our_own_services_is_complete() -> None:
    for code in INTERNAL:
        assert "1000 Bruxelles / Brussel" in entry(code).postal_address
        assert entry(code).phone.startswith("+32 2 501 ")
    assert entry("CONSULAR").phone == "+32 2 501 32 00"


def test_renamed_bodies_keep_both_names_and_units_are_listed() -> None:
    (former,) = entry("COE-DRE").former_names
    assert former["fr"] == "Direction des Relations extérieures (DRE)"
    assert former["en"] == "Directorate of External Relations (DER)"
    divisions = [part for part in entry("NATO-IS").parts if "Division" in part.names["en"]]
    assert len(divisions) == 7
    assert all(part.mandate for part in divisions)
    assert {part.key for part in entry("CONSULAR").parts} >= {"emergency", "documents", "persons", "visa"}
    assert entry("CONSULAR").competence_of("visa", "nl") == "Visa"
    assert entry("CONSULAR").competence_of(None, "en") == entry("CONSULAR").competence["en"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_name_missing_in_one_language_is_reported(language: str) -> None:
    names = {key: text for key, text in entry("M1").names.items() if key != language}
    assert faults(with_entry(replace(entry("M1"), names=names))) == [f"M1: names is missing in {language}."]


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"associated": ("NOBODY",)}, "M1: associated service NOBODY is not in the directory."),
        ({"parent": "NOBODY"}, "M1: parent service NOBODY is not in the directory."),
        ({"successor": "NOBODY"}, "M1: successor service NOBODY is not in the directory."),
        ({"associated": ("M1",)}, "M1: associated service is the service itself."),
        ({"sources": ()}, "M1: no source is given."),
        ({"postal_address": ""}, "M1: an internal service needs a postal address: letters carry it."),
        ({"phone": ""}, "M1: an internal service needs a phone number: letters carry it."),
        ({"channel": "email"}, "M1: it is reached by email, but no such address is given."),
        ({"channel": "pigeon"}, "M1: channel 'pigeon' is none of email, post, web."),
        ({"competence": {}}, "M1: competence is missing in fr, nl, de, en."),
        ({"not_competent": {"fr": "x"}}, "M1: not_competent is missing in nl, de, en."),
        ({"former_names": ({"fr": "x", "nl": "x", "en": "x"},)}, "M1: former name 1 is missing in de."),
        ({"unofficial": ("es",)}, "M1: unofficial names 'es', which is none of fr, nl, de, en."),
        (
            {"associated": ("NATO-IS",)},
            "M1: associated service NATO-IS is an outside body: it gets a case by transmission only.",
        ),
        ({"sources": (Source(" ", "", TODAY),)}, "M1: a source has no title."),
        ({"valid_to": date(2026, 1, 1)}, "M1: it ends on 2026-01-01 and names no successor."),
        (
            {"valid_from": date(2026, 1, 1), "valid_to": date(2026, 1, 1), "successor": "M5"},
            "M1: valid_to is not after valid_from.",
        ),
    ],
)
def test_each_fault_is_reported(change: dict[str, object], problem: str) -> None:
    assert faults(with_entry(replace(entry("M1"), **change))) == [problem]  # type: ignore[arg-type]


def test_two_entries_of_a_code_must_not_be_valid_on_one_day() -> None:
    directory = load_directory()
    old = replace(entry("M1"), valid_to=date(2026, 1, 1))
    new = replace(entry("M1"), valid_from=date(2026, 1, 1))
    rest = tuple(one for one in directory.entries if one.code != "M1")
    assert faults(Directory((*rest, old, new))) == []
    late = replace(old, valid_to=date(2026, 1, 2))
    assert faults(Directory((*rest, late, new))) == ["M1: two entries are valid on the same day."]


def test_a_day_on_which_nothing_stands_for_a_code_is_reported_unless_another_does() -> None:
    old = replace(entry("M1"), valid_to=date(2026, 1, 1))
    new = replace(entry("M1"), valid_from=date(2026, 3, 1))
    directory = load_directory()
    assert faults(directory.with_versions("M1", (old, new))) == [
        "M1: nothing stands for it from 2026-01-01 until 2026-03-01."
    ]
    assert faults(directory.with_versions("M1", (replace(old, successor="M5"), new))) == []


def test_successors_and_parents_in_a_circle_are_reported_at_each_of_them() -> None:
    gone = date(2026, 1, 1)
    directory = with_entry(replace(entry("M5"), valid_to=gone, successor="M1"))
    directory = directory.with_versions("M1", (replace(entry("M1"), valid_to=gone, successor="M5"),))
    assert faults(directory) == [
        "M1: successor leads in a circle: M1, M5, M1.",
        "M5: successor leads in a circle: M5, M1, M5.",
    ]
    above = replace(entry("EXT:FOREIGN-EMBASSY"), parent="FR-SSI")
    assert "FR-SSI: parent leads in a circle: FR-SSI, EXT:FOREIGN-EMBASSY, FR-SSI." in faults(with_entry(above))


def test_each_source_has_its_title_in_every_language_and_no_other_is_translated() -> None:
    directory = load_directory()
    sources = {one for entry in directory.entries for one in entry.sources}
    sources |= {fact.source for fact in directory.facts if fact.source is not None}
    told = tomllib.loads((files("tracker.routing") / "data/source_titles.toml").read_text(encoding="utf-8"))
    assert {one.title for one in sources} == set(told)
    assert all(set(titles) == set(LANGUAGES) - {"en"} and all(titles.values()) for titles in told.values())
    assert title_in("Our own note", "fr") == "Our own note"


@pytest.mark.parametrize(
    ("address", "language"),
    [
        ("https://diplomatie.belgium.be/de/ueber-uns/x", "de"),
        ("https://www.coe.int/en/web/DER", "en"),
        ("https://eupen.be/buergerservice", ""),
        ("", ""),
    ],
)
def test_the_language_of_a_page_is_told_by_its_address_or_not_at_all(address: str, language: str) -> None:
    assert page_language(address) == language


def test_each_fact_is_told_in_four_languages_and_from_a_source_or_marked_unverified() -> None:
    directory = load_directory()
    assert {fact.code for fact in directory.facts} >= {f"M{number}" for number in ("0.0", "0.1", 1, 2, 3, 4, 5, 7)}
    assert all((fact.source is None) == (fact.certainty is Certainty.UNVERIFIED) for fact in directory.facts)
    texts = dict.fromkeys(LANGUAGES, "x")
    for fact, problem in (
        (
            Fact("NOBODY", texts, Certainty.UNVERIFIED, None, None),
            "NOBODY: a fact is told of a service that is not in the directory.",
        ),
        (
            Fact("M1", texts, Certainty.STATED, None, None),
            "M1: a fact has no source: give one, or mark it unverified.",
        ),
        (Fact("M1", texts | {"de": " "}, Certainty.UNVERIFIED, None, None), "M1: a fact is missing in de."),
        (Fact("M1", texts, Certainty.OPENING, Source("", "", TODAY), None), "M1: a source has no title."),
    ):
        found = check(Directory(directory.entries, (fact,)))
        assert [(str(one), one.place) for one in found] == [(problem, "fact 1")]


def test_facts_keep_the_date_that_their_source_bears() -> None:
    told = {fact.said_on: fact.texts["en"] for fact in load_directory().facts_of("NATO-IS")}
    assert "seven divisions" not in told[date(2024, 3, 28)]
    assert date(2011, 11, 2) in told


def test_an_entry_is_found_by_day_and_leads_to_its_successor() -> None:
    closed = replace(entry("M5"), valid_to=date(2026, 1, 1), successor="M1")
    directory = with_entry(closed)
    assert directory.get("M5", on=date(2025, 12, 31)) == closed
    assert directory.get("M5", on=date(2026, 1, 1)) is None
    assert directory.standing_for("M5", on=date(2026, 1, 1)) == entry("M1")
    assert directory.standing_for("NOBODY", on=TODAY) is None


def test_successors_in_a_circle_lead_nowhere_and_end() -> None:
    gone = date(2026, 1, 1)
    one = replace(entry("M5"), valid_to=gone, successor="M1")
    other = replace(entry("M1"), valid_to=gone, successor="M5")
    assert Directory((one, other)).standing_for("M5", on=TODAY) is None


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("services = [", "internal.toml: not readable as TOML"),
        ('[[services]]\ncode = "A"\nkind = "internal"', "service A: missing or wrong field: 'names'"),
        ('[[services]]\ncode = "A"\nkind = "odd"', "service A: missing or wrong field: 'odd'"),
        ('[[services]]\nkind = "internal"', "service number 1: missing or wrong field: 'code'"),
        (
            '[[services]]\ncode = "A"\nkind = "internal"\nnames = {}\ncompetence = {}\ncolour = "red"',
            "service A: missing or wrong field: unknown field colour",
        ),
        (
            '[[services]]\ncode = "A"\nkind = "internal"\nnames = {}\ncompetence = {}\nsources = ["x"]',
            "service A: missing or wrong field: 'x'",
        ),
    ],
)
def test_an_unreadable_file_names_file_entry_and_field(text: str, says: str) -> None:
    with pytest.raises(DirectoryFileError) as raised:
        load_directory({"internal.toml": text})
    assert says in str(raised.value)
