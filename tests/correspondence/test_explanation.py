"""Every word, date, step, rule and refusal of the charter can be said in the four languages."""

import inspect
import pkgutil
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from enum import StrEnum
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

import tracker.casework
import tracker.charter
from tracker.casework.leaving import BadLeavingDate
from tracker.charter import words
from tracker.charter.calendar import BRIDGE_DAY, WEEKEND, WorkingCalendar
from tracker.charter.counting import NaiveDatetime
from tracker.charter.errors import CharterError
from tracker.charter.obligations import assess
from tracker.charter.promising import PromisedDateWrong
from tracker.charter.reference import BadReference
from tracker.charter.rules import RuleBook
from tracker.charter.steps import Step, StepCode
from tracker.charter.words import CaseState, Channel, Language, Nature, ObligationKind, Verb
from tracker.correspondence.explanation import (
    by_channel,
    by_way_out,
    date_in_words,
    days_left_in_words,
    explain_rule,
    explain_steps,
    label,
    moment_in_words,
    organisation,
    refusal,
    rung_in_words,
    way_out,
)
from tracker.correspondence.files import FileProblem
from tracker.correspondence.gate import Item, Missing, SendRefused
from tracker.correspondence.mime import Damage
from tracker.correspondence.phones import Line
from tracker.correspondence.tables import WordsMissing, read_table, text_of

FR, NL, DE, EN = Language.FR, Language.NL, Language.DE, Language.EN
WORDS = [
    cls for _, cls in inspect.getmembers(words, inspect.isclass) if issubclass(cls, StrEnum) and cls is not StrEnum
]


@pytest.mark.parametrize(
    "word", [member for cls in (*WORDS, Line) for member in cls], ids=lambda m: f"{type(m).__name__}.{m.name}"
)
def test_every_word_of_the_charter_is_said_in_the_four_languages(word: StrEnum) -> None:
    said = [label(word, language) for language in Language]

    assert all(text.strip() == text and text for text in said)


def test_labels_hold_nothing_that_the_charter_does_not_know() -> None:
    known = {cls.__name__: {member.value for member in cls} for cls in (*WORDS, Line, Damage, FileProblem)}
    own = {"by_channel", "by_way_out", "closed", "field", "way_out"}

    labels = {name: set(members) for name, members in read_table("labels").items() if name not in own}

    assert labels == known


@pytest.mark.parametrize("table", ["labels", "note", "phrases", "print", "promises", "refusals", "steps", "missing"])
def test_every_entry_has_exactly_the_four_languages_and_the_same_placeholders(table: str) -> None:
    found = list(_entries(read_table(table)))

    assert found
    for path, entry in found:
        assert {name for name in entry if name != "source"} == {"fr", "nl", "de", "en"}, path
        fields = {language: set(re.findall(r"\{(\w+)", entry[language])) for language in ("fr", "nl", "de", "en")}
        assert len({frozenset(names) for names in fields.values()}) == 1, (path, fields)


def _entries(table: dict[str, object], path: str = "") -> Iterator[tuple[str, dict[str, str]]]:
    for name, value in table.items():
        if isinstance(value, dict):
            if isinstance(value.get("en"), str):
                yield f"{path}.{name}", value
            else:
                yield from _entries(value, f"{path}.{name}")


@pytest.mark.parametrize(
    ("language", "written", "first"),
    [
        (FR, "mardi 20 janvier 2026", "1er mars 2026"),
        (NL, "dinsdag 20 januari 2026", "1 maart 2026"),
        (DE, "Dienstag, 20. Januar 2026", "1. März 2026"),
        (EN, "Tuesday 20 January 2026", "1 March 2026"),
    ],
)
def test_dates_are_written_as_people_write_them(language: Language, written: str, first: str) -> None:
    assert date_in_words(date(2026, 1, 20), language, weekday=True) == written
    assert date_in_words(date(2026, 3, 1), language) == first


@pytest.mark.parametrize(
    ("language", "written"),
    [
        (FR, "1er novembre 2026 à 00\u00a0h\u00a030"),
        (NL, "1 november 2026 om 00.30\u00a0uur"),
        (DE, "1. November 2026 um 00.30\u00a0Uhr"),
        (EN, "1 November 2026 at 00:30"),
    ],
)
def test_a_moment_is_told_in_brussels_time(language: Language, written: str) -> None:
    assert moment_in_words(datetime(2026, 10, 31, 23, 30, tzinfo=UTC), language) == written


def test_a_moment_without_a_time_zone_is_refused() -> None:
    with pytest.raises(NaiveDatetime):
        moment_in_words(datetime(2026, 1, 1), EN)  # noqa: DTZ001 - the naive datetime is what is tested


@pytest.mark.parametrize(
    ("due", "fr", "nl", "de", "en"),
    [
        ("2026-01-13", "dans 3 jours", "over 3 dagen", "in 3 Tagen", "in 3 days"),
        ("2026-01-11", "demain", "morgen", "morgen", "tomorrow"),
        ("2026-01-10", "aujourd'hui", "vandaag", "heute", "today"),
        ("2026-01-09", "1 jour de retard", "1 dag te laat", "1 Tag überfällig", "1 day late"),
        ("2026-01-08", "2 jours de retard", "2 dagen te laat", "2 Tage überfällig", "2 days late"),
    ],
)
def test_days_left_are_said_in_words(due: str, fr: str, nl: str, de: str, en: str) -> None:
    today = date(2026, 1, 10)

    said = [days_left_in_words(date.fromisoformat(due), today, language) for language in (FR, NL, DE, EN)]

    assert said == [fr, nl, de, en]


@pytest.mark.parametrize("language", Language)
def test_every_rung_of_the_rules_file_has_its_words(language: Language) -> None:
    names = [rung.name for rung in RuleBook.shipped().ladder.rungs]

    more = ["after-15", "after-120", "urgent-1", "urgent-5", "urgent-75"]
    said = {name: rung_in_words(name, language) for name in [*names, *more]}

    assert len(set(said.values())) == len(said)
    assert "150" in said["urgent-5"]
    assert "37" in said["urgent-75"], "37 and a half hours: 2,250 minutes say nothing to anybody"
    assert "120" in said["after-120"]


def test_an_unknown_rung_is_not_guessed_at() -> None:
    with pytest.raises(WordsMissing, match="sideways"):
        rung_in_words("sideways-3", EN)


VALUES: dict[StepCode, dict[str, str | int]] = {
    StepCode.RECEIVED: {"received_on": "2026-01-05", "channel": "post"},
    StepCode.FOLLOW_UP_RECEIVED: {"received_on": "2026-01-05", "channel": "email"},
    StepCode.CAME_BACK: {"received_on": "2026-01-05", "channel": "email"},
    StepCode.PROMISED: {
        "left_on": "2026-01-05",
        "promised_on": "2026-02-02",
        "reason": "{odd}",
        "message": 3,
        "channel": "web",
    },
    StepCode.COUNTED: {"days": 15, "due_on": "2026-01-20", "rule": "P1", "version": 1},
    StepCode.EXTENDED: {"days": 15, "due_on": "2026-02-19", "reason": "Third party asked."},
    StepCode.CLOSED_DAY: {"due_on": "2026-04-06", "why": "easter_monday"},
    StepCode.WORK_BY: {"work_by": "2026-04-03"},
    StepCode.PROVISIONAL: {"work_by": "2027-04-03", "known_until": "2026-12-31"},
    StepCode.DECIDE_BY: {"decide_by": "2026-01-20", "days": 15},
    StepCode.NATURE_CHANGED: {"before": "information", "after": "complex"},
    StepCode.RECEIPT_CORRECTED: {"before": "2026-01-05", "after": "2026-01-03"},
    StepCode.WITHIN_PERIOD: {},
    StepCode.RENEWED: {"before": "2026-02-02"},
    StepCode.RECOUNTED: {"recounted_on": "2026-02-02"},
    StepCode.BORN_LATE: {"recorded_on": "2026-02-02"},
    StepCode.WAIVER_VOIDED: {"reopened_on": "2026-02-02"},
    StepCode.REOPENED: {"message": 3, "reopened_on": "2026-02-02"},
}


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("code", StepCode)
def test_every_step_of_a_count_is_one_sentence_in_each_language(code: StepCode, language: Language) -> None:
    live = explain_steps([Step(code, VALUES[code])], language)
    stored = explain_steps([Step(code, VALUES[code]).to_json()], language)

    assert live == stored
    assert len(live) == 1
    assert live[0].rstrip()
    assert not re.search(r"\{(?!odd\})", live[0])


def test_a_count_reads_like_a_clerks_note() -> None:
    (promise,) = assess(
        datetime(2026, 3, 22, 9, tzinfo=UTC),
        Channel.EMAIL,
        Nature.INFORMATION,
        RuleBook.shipped(),
        WorkingCalendar.shipped(),
    )

    assert explain_steps(promise.steps, EN) == [
        "The request reached us by e-mail on Sunday 22 March 2026: that is day 0 of the period.",
        "Count 15 calendar days (rule P1): the last day is Monday 6 April 2026, until midnight.",
        "Monday 6 April 2026 is a closed day (Easter Monday); the date does not move for that, "
        "since it would take time from the citizen.",
        "So the last working day to meet it is Friday 3 April 2026.",
    ]


@pytest.mark.parametrize("language", Language)
def test_every_reason_for_a_closed_day_has_its_name(language: Language) -> None:
    codes = [closing.code for closing in WorkingCalendar.shipped().closings]

    assert all(text_of("labels", "closed", code, language) for code in (*codes, WEEKEND, BRIDGE_DAY))


@pytest.mark.parametrize("language", Language)
def test_every_rule_in_force_explains_its_dates(language: Language) -> None:
    due = date(2026, 3, 2)
    for rule in RuleBook.shipped().rules:
        if rule.status != "in_force":
            continue
        days = None if rule.kind is ObligationKind.PROMISED_REPLY else 30

        said = explain_rule(rule.id, days=days, due_on=due, language=language)

        assert "30" in said or date_in_words(due, language) in said
        assert "None" not in said


def test_a_rule_quotes_its_source() -> None:
    assert explain_rule("P1", days=15, language=EN).endswith("(FPS Foreign Affairs, user charter, §2).")


@pytest.mark.parametrize("language", Language)
def test_only_a_period_that_was_extended_says_so(language: Language) -> None:
    rule = next(rule for rule in RuleBook.shipped().rules if rule.id == "L1")
    usual, extended = 30, 30 + (rule.extension_days or 0)
    said = {"fr": "prolongation", "nl": "verlenging", "de": "Verlängerung", "en": "extension"}[language]
    told = [said in explain_rule("L1", days=days, language=language) for days in (usual, extended)]
    assert told == [False, True]


def _modules(package: ModuleType) -> Iterator[ModuleType]:
    for found in pkgutil.iter_modules(package.__path__, package.__name__ + "."):
        yield import_module(found.name)


def _refusals(kind: type[CharterError]) -> Iterator[type[CharterError]]:
    for below in kind.__subclasses__():
        yield below
        yield from _refusals(below)


def test_every_refusal_is_said_in_the_four_languages() -> None:
    list(_modules(tracker.charter))
    list(_modules(tracker.casework))
    known = {entry.partition(".")[0] for entry in read_table("refusals")["refusal"]}

    codes = {kind.code: kind for kind in _refusals(CharterError) if kind.__module__.startswith("tracker.")}

    assert len(codes) > 20
    assert sorted(set(codes) - known) == []


def test_what_the_use_cases_call_missing_has_its_words() -> None:
    source = "".join(path.read_text() for path in Path(tracker.casework.__path__[0]).glob("*.py"))
    names = set(re.findall(r'raise Missing\("(\w+)"\)', source))

    assert names
    assert names <= set(read_table("labels")["field"])


def test_a_refusal_says_what_to_do_with_its_values_filled_in() -> None:
    error = PromisedDateWrong(date(2027, 1, 1), date(2026, 1, 6), date(2026, 7, 4))

    assert refusal(error, EN) == (
        "The answer cannot be promised for 1 January 2027: give a date from 6 January 2026 to 4 July 2026."
    )
    assert refusal(error, FR) == (
        "La réponse ne peut pas être promise pour le 1er janvier 2027\u00a0: "
        "donnez une date du 6 janvier 2026 au 4 juillet 2026."
    )


@pytest.mark.parametrize("language", Language)
def test_a_day_is_named_once_when_no_other_is_possible(language: Language) -> None:
    day, wrong = date(2026, 11, 22), date(2026, 11, 24)

    for error in (BadLeavingDate(wrong, day, day), PromisedDateWrong(wrong, day, day)):
        said = refusal(error, language)

        assert said.count(date_in_words(day, language)) == 1
        assert date_in_words(wrong, language) in said


@pytest.mark.parametrize("language", Language)
def test_a_refusal_with_several_shapes_has_words_for_each(language: Language) -> None:
    from tracker.charter.moves import MoveNotAllowed

    said = [
        refusal(BadReference("DOS-1", "shape"), language),
        refusal(BadReference("DOS-2026-00001-99", "check_digits"), language),
        *(
            refusal(MoveNotAllowed(state, Verb.ANSWER), language)
            for state in CaseState
            if state is not CaseState.TRIAGE
        ),
    ]

    assert len(set(said)) == len(said)


def test_a_refusal_nobody_translated_is_still_one_sentence() -> None:
    class Odd(CharterError):
        code = "odd"

    assert refusal(Odd("Do something else."), FR) == "Do something else."


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("item", Item)
def test_every_missing_item_is_named_and_says_where_it_is_mended(item: Item, language: Language) -> None:
    missing = Missing(item)

    assert missing.what(language) != missing.where(language)
    assert SendRefused.lacking(item).sentences(language) == [f"{missing.what(language)} {missing.where(language)}"]
    assert set(read_table("missing")) == {one.value for one in Item}


@pytest.mark.parametrize("language", Language)
def test_small_phrases(language: Language) -> None:
    assert len({by_channel(channel, language) for channel in Channel}) == len(Channel)
    assert [channel for channel in Channel if way_out(channel, language) != label(channel, language)] == [Channel.WEB]
    assert [c for c in Channel if by_way_out(c, language) != by_channel(c, language)] == [Channel.WEB]
    assert len(organisation(language, short=True)) < len(organisation(language))
