"""Owns the commands about promises: what a request is owed, and why; what became of what a case was promised."""

import json
import os
import sys
from argparse import Namespace
from collections.abc import Mapping
from contextlib import closing
from datetime import datetime
from typing import Any

from tracker.charter.calendar import WorkingCalendar
from tracker.charter.counting import aware, brussels_day
from tracker.charter.errors import shortened
from tracker.charter.obligations import Obligation, assess
from tracker.charter.rules import RuleBook
from tracker.charter.words import Channel, Language, Nature
from tracker.cli.failures import DONE, UsageError
from tracker.cli.lines import BadLine, answer_each, word


def deadline(arguments: Namespace) -> int:
    """Count what a request is owed, from its receipt, channel and nature; no database is needed.

    Where there is one, its closing days count.
    """
    rules, calendar, language = RuleBook.shipped(), _calendar(), Language(arguments.language)
    asked = {
        key: value for key in ("received", "channel", "nature") if (value := getattr(arguments, key)) is not None
    }
    if arguments.jsonl:
        if asked:
            raise UsageError(
                "--jsonl reads its requests from standard input: leave out --received, --channel, --nature."
            )
        return answer_each(lambda line: _as_json(*_owed(line, rules, calendar), language))
    if missing := [f"--{key}" for key in ("received", "channel", "nature") if key not in asked]:
        raise UsageError(f"{missing[0]} is missing: write --received ISO --channel C --nature N, or --jsonl.")
    try:
        received, owed = _owed(asked | {"received_at": arguments.received}, rules, calendar)
    except BadLine as error:
        raise UsageError(f"--{error}") from error
    if arguments.json:
        print(json.dumps(_as_json(received, owed, language), ensure_ascii=False))
    else:
        print("\n\n".join(_in_words(promise, language) for promise in owed))
    return DONE


def _calendar() -> WorkingCalendar:
    """Return the closing days of this installation; of the product where there is none, or none can be reached."""
    if "SECRET_KEY" not in os.environ:
        return WorkingCalendar.shipped()  # nobody named an installation: nothing else is even loaded
    from sqlalchemy.exc import DBAPIError

    from config import Settings
    from tracker.opening import clock, is_not_there_yet, open_database, open_house

    settings = Settings.from_env(os.environ)
    if is_not_there_yet(settings):
        return WorkingCalendar.shipped()
    try:
        with closing(open_database(settings)) as database:
            return open_house(settings, database=database).calendar.as_known_on(brussels_day(clock()))
    except DBAPIError:
        print(
            "tracker: The closing days added here could not be read: those of the product are used.", file=sys.stderr
        )
        return WorkingCalendar.shipped()


def _owed(
    given: Mapping[str, Any], rules: RuleBook, calendar: WorkingCalendar
) -> tuple[datetime, tuple[Obligation, ...]]:
    """Return the moment of receipt and what is owed. Raises ``BadLine`` or a refusal of the charter."""
    received = _moment(given.get("received_at"))
    channel, nature = word(Channel, given, "channel"), word(Nature, given, "nature")
    return received, assess(received, channel, nature, rules, calendar)


def _moment(given: Any) -> datetime:
    if isinstance(given, datetime):
        return given
    if given is None:
        raise BadLine("received_at is missing: write it like 2026-03-27T16:30:00+01:00.")
    try:
        return aware(datetime.fromisoformat(given))
    except (TypeError, OverflowError):
        raise BadLine(f"received_at is {shortened(repr(given))}: write it like 2026-03-27T16:30:00+01:00.") from None
    except ValueError as error:
        if isinstance(given, str) and hasattr(error, "values"):
            raise  # the charter's own refusal: no time zone, or a date that cannot be meant
        raise BadLine(f"received_at is {shortened(repr(given))}: write it like 2026-03-27T16:30:00+01:00.") from None


def _as_json(received: datetime, owed: tuple[Obligation, ...], language: Language) -> dict[str, Any]:
    from tracker.correspondence.explanation import explain_steps

    return {
        "received_on": brussels_day(received).isoformat(),
        "obligations": [
            {
                "kind": promise.kind,
                "due_on": promise.due_on.isoformat(),
                "work_by": promise.work_by.isoformat(),
                "provisional": promise.provisional,
                "days": promise.days,
                "rule": promise.rule_id,
                "version": promise.rule_version,
                "source": promise.source,
                "decide_by": promise.decide_by.isoformat() if promise.decide_by else None,
                "steps": [
                    step.to_json() | {"text": text}
                    for step, text in zip(promise.steps, explain_steps(promise.steps, language), strict=True)
                ],
            }
            for promise in owed
        ],
    }


def _in_words(promise: Obligation, language: Language) -> str:
    from tracker.correspondence.explanation import date_in_words, explain_rule, explain_steps, label

    lines = [f"{label(promise.kind, language)}: {date_in_words(promise.due_on, language)}"]
    lines += [f"  {sentence}" for sentence in explain_steps(promise.steps, language)]
    lines.append(f"  {explain_rule(promise.rule_id, days=promise.days, due_on=promise.due_on, language=language)}")
    lines.append(f"  {promise.source}")
    return "\n".join(lines)


def explain(arguments: Namespace) -> int:
    """Tell the story of a stored case's promises, like a clerk's note."""
    from config import Settings
    from tracker.cli.note import note_of
    from tracker.opening import clock, open_database, open_house

    settings = Settings.from_env(os.environ)
    with closing(open_database(settings)) as database, database.reading() as session:
        house, language = open_house(settings, database=database), Language(arguments.language)
        print(note_of(session, house, arguments.reference, now=clock(), language=language))
    return DONE
