"""The rules file: what is shipped, how a rule is found, and what is refused, with the line."""

import re
from datetime import date
from importlib.resources import files
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.charter.days import RULES
from tracker.charter.rules import RuleBook, RulesFileError, RuleStatus
from tracker.charter.words import Channel, Nature, ObligationKind

SHIPPED = (files("tracker.charter") / "data" / "rules.toml").read_text(encoding="utf-8")
CHARTER = "https://diplomatie.belgium.be/fr/propos/mission-et-objectifs"


def test_the_rules_of_the_charter_are_in_force_with_their_source() -> None:
    in_force = {rule.id: rule for rule in RULES.rules if rule.status is RuleStatus.IN_FORCE}

    assert sorted(in_force) == ["H1", "L1", "P1", "P2", "P3", "P4", "P5", "P6"]
    assert all(in_force[name].address == CHARTER for name in in_force if name != "L1")
    assert in_force["P1"].source == f"FPS Foreign Affairs, user charter, §2 ({CHARTER})"
    assert in_force["P6"].section == "§6"
    assert in_force["P4"].promise_max_days == 180
    assert in_force["L1"].extension_days == 15
    assert all((rule.version, rule.valid_from, rule.valid_to) == (1, None, None) for rule in in_force.values())


def test_the_forty_days_of_the_complaint_page_are_noted_and_never_counted() -> None:
    (noted,) = RULES.noted

    assert set(noted.days.values()) == {40}
    assert noted.address == "https://diplomatie.belgium.be/fr/contact/formulaire-de-plainte"
    assert {RULES.owed(Nature.COMPLAINT, channel, date(2026, 3, 2)).id for channel in Channel} == {"P6"}
    assert RULES.rule("N1", 1) is noted
    assert RULES.rule("N1", 2) is None


@given(st.sampled_from(Nature), st.sampled_from(Channel), st.dates())
def test_every_request_of_every_day_falls_under_exactly_one_rule(nature: Nature, channel: Channel, on: date) -> None:
    in_force = (rule for rule in RULES.rules if rule.status is RuleStatus.IN_FORCE)

    (rule,) = [r for r in in_force if nature in r.natures and channel in r.days and r.valid_on(on)]

    assert RULES.owed(nature, channel, on) is rule


def test_only_a_complex_request_or_a_complaint_can_be_put_off_by_letter() -> None:
    allowed = {nature for nature in Nature if RULES.promised(nature, date(2026, 3, 2))}

    assert allowed == {Nature.COMPLEX, Nature.COMPLAINT}


SECOND = """
[[rule]]
id = "P1"
version = 2
status = "in_force"
kind = "reply"
natures = ["information"]
days = { web = 10, email = 10 }
source = "FPS Foreign Affairs, user charter"
section = "§2"
address = "https://diplomatie.belgium.be/fr/propos/mission-et-objectifs"
valid_from = 2027-01-01
"""
FIRST_ENDS = SHIPPED.replace('id = "P1"\nversion = 1', 'id = "P1"\nversion = 1\nvalid_to = 2027-01-01')


def test_a_case_follows_the_rules_in_force_on_its_receipt_date() -> None:
    rules = RuleBook.load(FIRST_ENDS + SECOND)

    versions = {
        on: rules.owed(Nature.INFORMATION, Channel.EMAIL, on).version
        for on in (date(1999, 1, 1), date(2026, 12, 31), date(2027, 1, 1), date(2030, 1, 1))
    }

    assert list(versions.values()) == [1, 1, 2, 2]


def changed(old: str, new: str, nth: int = 1) -> str:
    """Return the shipped rules with one place written otherwise."""
    places = [match.start() for match in re.finditer(re.escape(old), SHIPPED)]
    place = places[nth - 1]
    return SHIPPED[:place] + new + SHIPPED[place + len(old) :]


def rung(name: str, anchor: str, working_days: int) -> str:
    """Return one more rung, as the file writes it."""
    return (
        f'\n[[rung]]\nname = "{name}"\nanchor = "{anchor}"\nworking_days = {working_days}\n'
        'at = "08:00"\nto = ["head"]\n'
    )


@pytest.mark.parametrize(
    ("text", "at", "says"),
    [
        (SHIPPED + SECOND, "valid_from = 2027-01-01", "overlaps with P1 version 1"),
        (FIRST_ENDS + SECOND.replace("2027-01-01", "2026-12-31"), "valid_from = 2026-12-31", "overlaps"),
        (FIRST_ENDS + SECOND.replace("2027-01-01", "2027-01-02"), "valid_from = 2027-01-02", "gap after P1"),
        (
            FIRST_ENDS,
            "valid_to = 2027-01-01",
            "no rule says what is owed for a request of nature information by web from",
        ),
        (SHIPPED + SECOND.replace("version = 2", "version = 1"), ("version = 1", 9), "already in the file"),
        (changed('id = "P1"\n', 'id = "P1"\nvalid_from = 2020-01-01\n'), "valid_from = 2020-01-01", "before 2020"),
        (changed('id = "P1"\n', 'id = "P1"\nvalid_from = "soon"\n'), 'valid_from = "soon"', "must be a date"),
        (changed("web = 15", "pigeon = 15"), "pigeon", "'pigeon' is not known; known are web, email, post"),
        (changed("web = 15", "web = 0"), "web = 0", "at least 1"),
        (changed("web = 15", 'web = "15"'), 'web = "15"', "whole number"),
        (changed('natures = ["information"]', 'natures = ["inforation"]'), "inforation", "not known; known are"),
        (changed('natures = ["information"]', "natures = []"), "natures = []", "at least one nature"),
        (changed('natures = ["information"]', 'natures = ["complaint", "complaint"]'), "complaint", "twice"),
        (changed('status = "in_force"', 'status = "proposed"'), "proposed", "known are in_force, noted"),
        (changed('kind = "reply"', 'kind = "call"'), 'kind = "call"', "'call' is not known"),
        (changed('kind = "reply"', 'kind = "interim"'), 'kind = "interim"', "is owed reply, not interim"),
        (changed('source = "FPS Foreign Affairs, user charter"\n', ""), "[[rule]]", "source is missing"),
        (changed('section = "§2"', 'section = " "'), 'section = " "', "section is missing or empty"),
        (changed(f'address = "{CHARTER}"', 'address = "seeds/002"'), "seeds/002", "public address"),
        (changed("decide = { post = 15 }", "decide = { post = 30 }"), "decide = { post = 30 }", "sooner"),
        (changed("promise_max_days = 180", "days = { web = 15 }"), ("[[rule]]", 4), "promise_max_days and no days"),
        (changed("extension_days", "extention_days"), "extention_days", "not known in a rule"),
        (changed('[[rule]]\nid = "P1"', '[[rull]]\nid = "P1"'), "[[rull]]", "rull is not known here"),
        (changed('to = ["handler"]', 'to = ["handlr"]'), "handlr", "'handlr' is not known; known are handler"),
        (changed('name = "before-5"', 'name = "before-6"'), 'name = "before-6"', "6 working days off"),
        (changed('name = "before-5"', 'name = "shortly"'), 'name = "shortly"', "'shortly' is not known"),
        (changed('name = "before-2"', 'name = "before-5"'), ('name = "before-5"', 1), "must be 5 working days off"),
        (SHIPPED + rung("before-5", "work_by", -5), ('name = "before-5"', 1), "already in the file"),
        (SHIPPED + rung("after-20", "due_on", 20), 'name = "after-20"', "a repetition of another rung"),
        (SHIPPED + rung("after-20", "due_on", -20), 'name = "after-20"', "must be 20 working days off"),
        (changed('anchor = "work_by"', 'anchor = "due_on"'), 'anchor = "due_on"', "counted from work_by"),
        (changed('at = "08:00"', 'at = "8 h"'), 'at = "8 h"', "clock time"),
        (changed('at = "24:00"', 'at = "08:00"'), 'name = "breach"', "24:00 of the due date, always"),
        (changed("repeat_working_days = 5", ""), "# The promises of the house", "fall silent"),
        (changed("repeat_minutes = 30", ""), ("[[rung]]", -1), "comes again by minutes"),
        (changed("earlier = { post = 2 }", "earlier = { post = -2 }"), "post = -2", "at least 0"),
        ("rule = 3", "rule = 3", "[[rule]] tables"),
        (SHIPPED + "\n[[rule\n", ("[[rule", -1), "not valid TOML"),
    ],
)
def test_a_file_that_is_not_consistent_is_refused_with_its_line(
    text: str, at: str | tuple[str, int], says: str
) -> None:
    """``at``: what the line named says, and which of the lines that say so it is, when not the first."""
    piece, place = (at, 0) if isinstance(at, str) else at

    with pytest.raises(RulesFileError) as refused:
        RuleBook.load(text)

    assert says in refused.value.problem
    lines = [number for number, line in enumerate(text.splitlines(), 1) if piece in line]
    assert refused.value.line == lines[place]


def test_a_gap_that_no_rule_fills_is_refused() -> None:
    with pytest.raises(
        RulesFileError, match="no rule in force says what is owed for a request of nature information by fax"
    ):
        RuleBook.load(changed("fax = 15, phone = 15, counter = 15", "phone = 15, counter = 15"))


def test_a_ladder_without_a_rung_is_refused() -> None:
    without = re.sub(r"\[\[rung\]\]\nname = \"triage\"\n(.+\n)+", "", SHIPPED)

    with pytest.raises(RulesFileError, match="the ladder has no rung triage"):
        RuleBook.load(without)


def test_the_refusal_names_the_file(tmp_path: Path) -> None:
    broken = tmp_path / "house-rules.toml"
    broken.write_bytes(b"\xff\xfe")

    with pytest.raises(RulesFileError, match=r"^house-rules.toml, line 1: cannot be read"):
        RuleBook.load(broken)
    with pytest.raises(RulesFileError, match=r"^missing.toml, line 1: cannot be read"):
        RuleBook.load(tmp_path / "missing.toml")


def test_a_file_on_disk_is_read_like_the_shipped_one(tmp_path: Path) -> None:
    own = tmp_path / "rules.toml"
    own.write_text(SHIPPED, encoding="utf-8")

    assert [rule.id for rule in RuleBook.load(own).rules] == [rule.id for rule in RULES.rules]
    assert {rule.kind for rule in RULES.rules} == set(ObligationKind)
