"""Owns what changes a promise other than a message: nature, receipt, follow-ups, returns, extension, waiver."""

from datetime import date

from tracker.charter.counting import brussels_day
from tracker.charter.draft import Draft, FollowUp
from tracker.charter.entries import (
    Extended,
    FollowedUp,
    NatureSet,
    ReceiptCorrected,
    Recounted,
    Returned,
    Waived,
    WaiverVoided,
    WithinPeriod,
)
from tracker.charter.errors import CharterError
from tracker.charter.leaving import EvidenceMissing, settle_by_what_left
from tracker.charter.obligations import Obligation, receipt, without_decide_by
from tracker.charter.promising import ReasonMissing
from tracker.charter.steps import Step, StepCode
from tracker.charter.words import Act, Nature, ObligationKind, ObligationState


class ReceivedInFuture(CharterError):
    """A receipt after the day on which it is recorded."""

    code = "received_in_future"

    def __init__(self, received_on: date, today: date) -> None:
        super().__init__(
            f"It cannot have been received on {received_on}: give a day up to today, {today}.",
            received_on=received_on.isoformat(),
            today=today.isoformat(),
        )


class NothingToKeepShort(CharterError):
    """The note that a request will be answered within the ordinary period, where no interim letter is owed."""

    code = "nothing_to_keep_short"

    def __init__(self) -> None:
        super().__init__("No interim letter is owed on this case, so there is nothing to keep short: answer it.")


class TooLateToKeepShort(CharterError):
    """The note that a request will be answered within the ordinary period, after the interim letter was due."""

    code = "too_late_to_keep_short"

    def __init__(self, due_on: date) -> None:
        super().__init__(
            f"The interim letter was due on {due_on}, so this can no longer be recorded: send the interim letter.",
            due_on=due_on.isoformat(),
        )


class ExtensionNotAllowed(CharterError):
    """An extension of a promise for which no rule allows one."""

    code = "extension_not_allowed"

    def __init__(self, nature: Nature) -> None:
        super().__init__(
            "Only an open request for access to a document can be extended, and only once:"
            f" this case ({nature.value}) has none.",
            nature=nature,
        )


class TooLateToExtend(CharterError):
    """An extension after the due date."""

    code = "too_late_to_extend"

    def __init__(self, due_on: date) -> None:
        super().__init__(
            f"The answer was due on {due_on} and can no longer be extended: answer it.", due_on=due_on.isoformat()
        )


class UnknownObligation(CharterError):
    """A number that no open obligation of the case has."""

    code = "unknown_obligation"

    def __init__(self, number: int) -> None:
        super().__init__(f"There is no open promise number {number} on this case: choose an open one.", number=number)


class NotWaived(CharterError):
    """A number that no waived obligation of the case has, or one whose promise never reached the citizen."""

    code = "not_waived"

    def __init__(self, number: int) -> None:
        super().__init__(
            f"Promise number {number} of this case was not waived, so nothing is taken back: choose a waived one.",
            number=number,
        )


class NotTransmitted(CharterError):
    """A case that comes back without having been transmitted."""

    code = "not_transmitted"

    def __init__(self) -> None:
        super().__init__("This case was not forwarded to another body, so it cannot come back: add a follow-up.")


def nature_set(draft: Draft, entry: NatureSet) -> None:
    """Apply that a person confirmed or changed the nature.

    "Open obligations are replaced, counted from the original receipt. Breaches stay; so does any date promised to
    the citizen." A promised date covers the reply, and nothing else: a transmission, or the answer that the law
    wants on a request for a document, is owed beside it. A case that owes nothing still owes nothing.
    """
    before, draft.nature = draft.nature, entry.nature
    draft.nature_confirmed = True
    owed = draft.open_of()
    if before is not entry.nature:
        because = Step(StepCode.NATURE_CHANGED, {"before": before.value, "after": entry.nature.value})
        for obligation in owed:
            draft.recount(obligation, because)
        promised = [o for o in draft.open_of() if o.kind is ObligationKind.PROMISED_REPLY]
        uncovered = entry.nature in (Nature.MISDIRECTED, Nature.DOCUMENT_ACCESS)
        if promised and uncovered and len(promised) == len(draft.open_of()):
            draft.owe(receipt(StepCode.RECEIVED, draft.received_on, draft.channel), because)
    settle_by_what_left(draft)
    for obligation in draft.open_of():
        draft.obligations[obligation.number - 1] = without_decide_by(obligation)


def within_period(draft: Draft, entry: WithinPeriod) -> None:
    """Apply that a complex request will be answered within the ordinary period.

    P3: an interim letter within 15 days, "unless the handler records in time that it will be answered within P1/P2:
    then ``reply`` is what is due". In time: not later than the day the interim letter is due.
    """
    owed = draft.open_of(ObligationKind.INTERIM)
    if draft.nature is not Nature.COMPLEX or not owed:
        raise NothingToKeepShort
    if late := [o for o in owed if o.due_on < draft.today]:
        raise TooLateToKeepShort(late[0].due_on)
    for obligation in owed:
        draft.recount(obligation, Step(StepCode.WITHIN_PERIOD))


def receipt_corrected(draft: Draft, entry: ReceiptCorrected) -> None:
    """Apply that the receipt was recorded wrongly: what is open is counted again; what is settled stays."""
    if not entry.reason.strip():
        raise ReasonMissing("a corrected receipt")
    _refuse_future(draft, received_on := brussels_day(entry.received_at))
    because = Step(
        StepCode.RECEIPT_CORRECTED, {"before": draft.received_on.isoformat(), "after": received_on.isoformat()}
    )
    draft.received_at, draft.channel = entry.received_at, entry.channel
    for obligation in draft.open_of():
        draft.recount(obligation, because)
    settle_by_what_left(draft)


def recounted(draft: Draft, entry: Recounted) -> None:
    """Apply that the open dates are counted again, because a rule or a closing day changed.

    A closing day that is learnt later changes nothing about a date that is over: its breach stays, and is not made
    a second time.
    """
    if not entry.reason.strip():
        raise ReasonMissing("counting again")
    because = Step(StepCode.RECOUNTED, {"recounted_on": draft.today.isoformat()})
    for obligation in draft.open_of():
        draft.recount(obligation, because, closing_days=obligation.due_on >= draft.today)


def extended(draft: Draft, entry: Extended) -> None:
    """Apply the one extension that the law allows (L1), recorded before the answer is due."""
    if not entry.reason.strip():
        raise ReasonMissing("an extension")
    owed = [o for o in draft.open_of(ObligationKind.REPLY) if _extensible(draft, o)]
    if not owed:
        raise ExtensionNotAllowed(draft.nature)
    if owed[0].due_on < draft.today:
        raise TooLateToExtend(owed[0].due_on)
    draft.recount(owed[0], extension=entry.reason.strip())


def _extensible(draft: Draft, o: Obligation) -> bool:
    rule = draft.rules.rule(o.rule_id, o.rule_version)
    return rule is not None and rule.extension_days is not None and o.says(StepCode.EXTENDED) is None


def waived(draft: Draft, entry: Waived) -> None:
    """Apply that a person declared that a promise need not be kept; it never counts as kept."""
    if not any(o.number == entry.number for o in draft.open_of()):
        raise UnknownObligation(entry.number)
    if not entry.evidence.strip():
        raise EvidenceMissing("a waiver")
    draft.change(
        entry.number,
        state=ObligationState.WAIVED,
        settled_at=draft.at,
        settled_on=draft.today,
        waiver_ground=entry.ground,
        waiver_evidence=entry.evidence.strip(),
    )


def waiver_voided(draft: Draft, entry: WaiverVoided) -> None:
    """Apply that a person took a waiver back: the promise is open again, by the same date.

    If the case became something else meanwhile, it is counted again; what left meanwhile and keeps it, keeps it. The
    promise of a letter that never arrived stays waived: what it had put off is owed already.
    """
    waived = [o for o in draft.obligations if o.number == entry.number and o.state is ObligationState.WAIVED]
    if not waived or any(leaving.voided and leaving.opened == entry.number for leaving in draft.leavings):
        raise NotWaived(entry.number)
    if not entry.reason.strip():
        raise ReasonMissing("taking a waiver back")
    because = Step(StepCode.WAIVER_VOIDED, {"reopened_on": draft.today.isoformat()})
    draft.reopen(entry.number, because)
    draft.recount(draft.obligations[entry.number - 1], because)
    settle_by_what_left(draft)


def followed_up(draft: Draft, entry: FollowedUp) -> None:
    """Apply a follow-up: it opens a reply from its own receipt and channel if nothing is open; else it adds none."""
    received_on = brussels_day(entry.received_at)
    _refuse_future(draft, received_on)
    if draft.open_of():
        draft.follow_ups.append(FollowUp(received_on, entry.channel))
    else:
        draft.owe(receipt(StepCode.FOLLOW_UP_RECEIVED, received_on, entry.channel))


def returned(draft: Draft, entry: Returned) -> None:
    """Apply that a transmitted case came back: a new transmission from its return.

    Forwarding and informing are to be done again. If the first transmission was still open, it stays, by its date:
    a return never gives more time.
    """
    received_on = brussels_day(entry.received_at)
    _refuse_future(draft, received_on)
    sent = [n for n, leaving in enumerate(draft.leavings) if leaving.act in (Act.FORWARD, Act.INFORM)]
    used = [n for n in sent if not (draft.leavings[n].voided or draft.leavings[n].spent)]
    if draft.nature is not Nature.MISDIRECTED or not any(draft.leavings[n].act is Act.FORWARD for n in used):
        raise NotTransmitted
    for place in used:
        draft.change_leaving(place, spent=True)
    if not draft.open_of(ObligationKind.TRANSMISSION):
        draft.owe(receipt(StepCode.CAME_BACK, received_on, draft.channel))


def _refuse_future(draft: Draft, received_on: date) -> None:
    if received_on > draft.today:
        raise ReceivedInFuture(received_on, draft.today)


def opened(draft: Draft) -> None:
    """Apply the receipt itself: what the nature is owed from it."""
    _refuse_future(draft, draft.received_on)
    draft.owe(receipt(StepCode.RECEIVED, draft.received_on, draft.channel))
