"""Owns the interim letter: when it may put an answer off, and the promise that it makes (P3, P4)."""

from datetime import date, timedelta
from typing import Protocol

from tracker.charter.draft import Draft
from tracker.charter.entries import MessageLeft
from tracker.charter.errors import CharterError
from tracker.charter.obligations import Obligation, work_by
from tracker.charter.rules import RuleBook
from tracker.charter.steps import Step, StepCode
from tracker.charter.words import Nature, ObligationKind

ANSWERABLE = (ObligationKind.REPLY, ObligationKind.INTERIM, ObligationKind.PROMISED_REPLY)


class InterimNotAllowed(CharterError):
    """An interim letter on a request that cannot be put off by one (P4)."""

    code = "interim_not_allowed"

    def __init__(self, nature: Nature) -> None:
        super().__init__(
            f"An interim letter needs a complex request or a complaint, and this is {nature.value}:"
            " answer it, or change its nature first.",
            nature=nature,
        )


class NothingToPutOff(CharterError):
    """An interim letter on a case that owes no reply."""

    code = "nothing_to_put_off"

    def __init__(self) -> None:
        super().__init__("Nothing is owed on this case that an interim letter could put off: send another message.")


class ReasonMissing(CharterError):
    """Something that needs a reason, without one."""

    code = "reason_missing"

    def __init__(self, what: str) -> None:
        super().__init__(f"Give the reason: {what} needs one.", what=what)


class PromisedDateMissing(CharterError):
    """An interim letter without the date by which the answer will come."""

    code = "promised_date_missing"

    def __init__(self) -> None:
        super().__init__("Give the date by which the answer will be sent: an interim letter promises one.")


class PromisedDateWrong(CharterError):
    """A promised date that is not after the letter, or too far off."""

    code = "promised_date_wrong"

    def __init__(self, promised_on: date, earliest: date, latest: date) -> None:
        super().__init__(
            f"The answer cannot be promised for {promised_on}: give a date from {earliest} to {latest}.",
            promised_on=promised_on.isoformat(),
            earliest=earliest.isoformat(),
            latest=latest.isoformat(),
        )


class HeadNeeded(CharterError):
    """A promised date put off again without the head of service."""

    code = "head_needed"

    def __init__(self, due_on: date) -> None:
        super().__init__(
            f"The answer was already promised for {due_on}: only the head of service can promise another date.",
            due_on=due_on.isoformat(),
        )


class Standing(Protocol):
    """What an interim letter is checked against: a ledger, or a draft of one."""

    @property
    def nature(self) -> Nature: ...
    @property
    def received_on(self) -> date: ...
    def open_of(self, *kinds: ObligationKind) -> list[Obligation]: ...


def check_interim(
    standing: Standing,
    promised_on: date | None,
    reason: str | None,
    *,
    on: date,
    by_head: bool,
    rules: RuleBook,
) -> None:
    """Make sure that an interim letter leaving on a day (Brussels) may promise a date; usable before it is written.

    P4: such a letter needs nature complex or complaint, a reason, and a date after its sending and at most
    ``promise_max_days`` off; another date for what was promised already needs the head of service. Raises
    InterimNotAllowed, NothingToPutOff, ReasonMissing, PromisedDateMissing, PromisedDateWrong or HeadNeeded.
    """
    rule = rules.promised(standing.nature, standing.received_on)
    if rule is None or rule.promise_max_days is None:
        raise InterimNotAllowed(standing.nature)
    owed = touched(standing, on)
    if not owed:
        raise NothingToPutOff
    if not (reason or "").strip():
        raise ReasonMissing("an interim letter")
    if promised_on is None:
        raise PromisedDateMissing
    earliest, latest = on + timedelta(days=1), on + timedelta(days=rule.promise_max_days)
    if not earliest <= promised_on <= latest:
        raise PromisedDateWrong(promised_on, earliest, latest)
    promised = next((o for o in owed if o.kind is ObligationKind.PROMISED_REPLY), None)
    if promised is not None and not by_head:
        raise HeadNeeded(promised.due_on)


def touched(standing: Standing, left_on: date) -> list[Obligation]:
    """Return the open obligations that a message to the requester can touch.

    A message that left before a follow-up was received is no answer to that follow-up.
    """
    return [
        o
        for o in standing.open_of(*ANSWERABLE)
        if o.kind is ObligationKind.PROMISED_REPLY or o.counted_from <= left_on
    ]


def promised(draft: Draft, place: int, entry: MessageLeft) -> None:
    """Apply an interim letter: the interim is discharged, the reply replaced by the date promised.

    A date promised earlier is replaced as well: renewed, not kept; renewed after its day, its breach stays.
    Raises what check_interim raises.
    """
    check_interim(draft, entry.promised_on, entry.reason, on=entry.left_on, by_head=entry.by_head, rules=draft.rules)
    assert entry.promised_on is not None  # checked just now
    owed = touched(draft, entry.left_on)
    renewed = [o for o in owed if o.kind is ObligationKind.PROMISED_REPLY]
    promise = _promise(draft, entry, entry.promised_on, renewed)
    draft.obligations.append(promise)
    for obligation in owed:
        if obligation.kind is ObligationKind.INTERIM:
            draft.discharge(obligation.number, entry.left_on)
        else:
            draft.replace(obligation.number, by=promise.number, on=entry.left_on)
    draft.change_leaving(place, settled=tuple(o.number for o in owed), opened=promise.number)


def _promise(draft: Draft, entry: MessageLeft, promised_on: date, renewed: list[Obligation]) -> Obligation:
    rule = draft.rules.promised(draft.nature, draft.received_on)
    assert rule is not None  # checked by check_interim
    last, provisional, more = work_by(promised_on, draft.calendar)
    values: dict[str, str | int] = {
        "left_on": entry.left_on.isoformat(),
        "promised_on": promised_on.isoformat(),
        "reason": (entry.reason or "").strip(),
        "message": entry.message,
        "channel": draft.channel.value,
    }
    steps = [Step(StepCode.PROMISED, values)]
    steps += [Step(StepCode.RENEWED, {"before": old.due_on.isoformat()}) for old in renewed]
    late = draft.today > promised_on
    born_late = [Step(StepCode.BORN_LATE, {"recorded_on": draft.today.isoformat()})] if late else []
    return Obligation(
        number=len(draft.obligations) + 1,
        kind=ObligationKind.PROMISED_REPLY,
        rule_id=rule.id,
        rule_version=rule.version,
        source=rule.source,
        counted_from=entry.left_on,
        days=None,
        due_on=promised_on,
        work_by=last,
        provisional=provisional,
        steps=(*steps, *more, *born_late),
        arose_at=draft.at,
        born_late=late,
    )
