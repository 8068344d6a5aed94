"""The directory of services: complete, sourced, dated; and its check, which must see each fault."""

from dataclasses import replace
from datetime import date

import pytest

from tracker.charter.words import ServiceKind
from tracker.routing.directory import Directory, DirectoryFileError, Entry, check, load_directory
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


def with_entry(changed: Entry) -> Directory:
    rest = tuple(one for one in load_directory().entries if one.code != changed.code)
    return Directory((*rest, changed))


def test_holds_every_code_and_passes_its_own_check() -> None:
    directory = load_directory()
    assert sorted(directory.codes) == sorted([*INTERNAL, *OUTSIDE])
    assert check(directory) == []


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
    assert any("DRE" in name for name in entry("COE-DRE").former_names)
    assert len(entry("NATO-IS").parts) == 7
    assert {part.key for part in entry("CONSULAR").parts} >= {"emergency", "documents", "persons", "visa"}
    assert entry("CONSULAR").competence_of("visa", "nl") == "Visa"
    assert entry("CONSULAR").competence_of(None, "en") == entry("CONSULAR").competence["en"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_name_missing_in_one_language_is_reported(language: str) -> None:
    names = {key: text for key, text in entry("M1").names.items() if key != language}
    assert check(with_entry(replace(entry("M1"), names=names))) == [f"M1: names is missing in {language}."]


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
        (
            {"valid_from": date(2026, 1, 1), "valid_to": date(2026, 1, 1)},
            "M1: valid_to is not after valid_from.",
        ),
    ],
)
def test_each_fault_is_reported(change: dict[str, object], problem: str) -> None:
    assert check(with_entry(replace(entry("M1"), **change))) == [problem]  # type: ignore[arg-type]


def test_two_entries_of_a_code_must_not_be_valid_on_one_day() -> None:
    directory = load_directory()
    old = replace(entry("M1"), valid_to=date(2026, 1, 1))
    new = replace(entry("M1"), valid_from=date(2026, 1, 1))
    rest = tuple(one for one in directory.entries if one.code != "M1")
    assert check(Directory((*rest, old, new))) == []
    late = replace(old, valid_to=date(2026, 1, 2))
    assert check(Directory((*rest, late, new))) == ["M1: two entries are valid on the same day."]


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
