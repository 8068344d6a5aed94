"""Owns the steps of a count: why a date is what it is, as codes and values that any language can say."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class StepCode(StrEnum):
    """What one step says; in brackets the values it carries (days as ISO dates, in Brussels)."""

    # Day 0: the first step of every obligation is one of these four.
    RECEIVED = "received"  # [received_on, channel] the request reached the FPS
    FOLLOW_UP_RECEIVED = "follow_up_received"  # [received_on, channel] a follow-up, when nothing was open
    CAME_BACK = "came_back"  # [received_on, channel] the body it was transmitted to sent it back
    PROMISED = "promised"  # [left_on, promised_on, reason, message, channel] an interim letter stated the date

    # The count.
    COUNTED = "counted"  # [days, due_on, rule, version] so many calendar days later; never moved
    EXTENDED = "extended"  # [days, due_on, reason] the one extension that the law allows
    CLOSED_DAY = "closed_day"  # [due_on, why] the due date is a closed day, and stays; why: code of the calendar
    WORK_BY = "work_by"  # [work_by] the last open day before it
    PROVISIONAL = "provisional"  # [work_by, known_until] the closing days are not known that far
    DECIDE_BY = "decide_by"  # [decide_by, days] until the nature is confirmed: it may prove complex or misdirected

    # Why it arose other than at receipt, and what happened to it.
    NATURE_CHANGED = "nature_changed"  # [before, after]
    RECEIPT_CORRECTED = "receipt_corrected"  # [before, after]
    WITHIN_PERIOD = "within_period"  # [] it will be answered within the ordinary period: no interim letter
    RENEWED = "renewed"  # [before] the date promised first
    RECOUNTED = "recounted"  # [recounted_on] a rule or a closing day changed
    BORN_LATE = "born_late"  # [recorded_on] already past due when it arose
    WAIVER_VOIDED = "waiver_voided"  # [reopened_on] it had been waived, and that was taken back
    REOPENED = "reopened"  # [message, reopened_on] the message that had settled it never arrived


BASES = (StepCode.RECEIVED, StepCode.FOLLOW_UP_RECEIVED, StepCode.CAME_BACK, StepCode.PROMISED)


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a count: a code and its values."""

    code: StepCode
    values: Mapping[str, str | int] = field(default_factory=dict, hash=False)

    def to_json(self) -> dict[str, object]:
        """Return the step as plain JSON: ``{"code": …, "values": {…}}``."""
        return {"code": self.code.value, "values": dict(self.values)}


def steps_of(stored: Iterable[Mapping[str, object]]) -> tuple[Step, ...]:
    """Return the steps that were stored by ``Step.to_json``."""
    steps = []
    for entry in stored:
        values = entry["values"]
        assert isinstance(values, Mapping)
        steps.append(Step(StepCode(str(entry["code"])), dict(values)))
    return tuple(steps)
