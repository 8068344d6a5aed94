"""Owns what keeps a promise: a message that left, and what follows when it proves not to have arrived.

"Leaving, not writing, discharges." An answer discharges ``reply``, ``interim`` and ``promised_reply``; an interim
letter only ``interim`` (and replaces ``reply`` by the date it promises); forwarding and informing, both,
``transmission``, on the later of their days. Whatever else leaves discharges nothing and is no entry here.
"""

from collections.abc import Sequence
from datetime import date

from tracker.charter.counting import in_range
from tracker.charter.draft import Draft, Leaving
from tracker.charter.entries import LeavingVoided, MessageLeft
from tracker.charter.errors import CharterError
from tracker.charter.obligations import Obligation, receipt
from tracker.charter.promising import ANSWERABLE, promised, touched
from tracker.charter.steps import Step, StepCode
from tracker.charter.words import Act, ObligationKind, ObligationState


class AlreadyLeft(CharterError):
    """The leaving of this message is recorded already: recording it again would change nothing."""

    code = "already_left"

    def __init__(self, message: int) -> None:
        super().__init__(f"It is recorded already that message {message} left: nothing to do.", message=message)


class LeftOnWrongDay(CharterError):
    """A day of leaving in the future, or before the request was received."""

    code = "left_on_wrong_day"

    def __init__(self, left_on: date, earliest: date, latest: date) -> None:
        super().__init__(
            f"The message cannot have left on {left_on}: give a day from {earliest}, when the request was received,"
            f" to {latest}, when this is recorded.",
            left_on=left_on.isoformat(),
            earliest=earliest.isoformat(),
            latest=latest.isoformat(),
        )


class UnknownLeaving(CharterError):
    """A message whose leaving is not recorded, or was voided already."""

    code = "unknown_leaving"

    def __init__(self, message: int) -> None:
        super().__init__(
            f"No leaving of message {message} is recorded that could be taken back: choose another message.",
            message=message,
        )


class EvidenceMissing(CharterError):
    """Something that needs evidence, without any."""

    code = "evidence_missing"

    def __init__(self, what: str) -> None:
        super().__init__(f"Say what shows it: {what} needs evidence.", what=what)


def left(draft: Draft, entry: MessageLeft) -> None:
    """Apply the leaving of a message."""
    in_range(entry.left_on)
    if any(
        known.message == entry.message and known.act is entry.act and not known.voided for known in draft.leavings
    ):
        raise AlreadyLeft(entry.message)
    if not draft.received_on <= entry.left_on <= draft.today:
        raise LeftOnWrongDay(entry.left_on, draft.received_on, draft.today)
    place = len(draft.leavings)
    leaving = Leaving(entry.message, entry.act, entry.left_on, draft.at, settled=(), inform_only=entry.inform_only)
    draft.leavings.append(leaving)
    match entry.act:
        case Act.ANSWER:
            _answered(draft, place)
        case Act.INTERIM:
            promised(draft, place, entry)
        case Act.FORWARD | Act.INFORM:
            complete_transmissions(draft)


def _answered(draft: Draft, place: int) -> None:
    answer = draft.leavings[place]
    owed = touched(draft, answer.left_on)
    for obligation in owed:
        draft.discharge(obligation.number, answer.left_on)
    draft.change_leaving(place, settled=tuple(o.number for o in owed))


def take_up_follow_ups(draft: Draft, before: Sequence[Obligation]) -> None:
    """Open a reply for a follow-up that came after the case had been settled, though that was recorded only now.

    When it came, something seemed to be open; in truth the letter had left. ``before``: the obligations as they stood
    before the entry, of whatever kind, that settled the last of them. What came on the day on which that was settled,
    or on which an answer left, or before, is answered with it; so is what lay there when the last promise was waived,
    by somebody who had read it.
    """
    known = dict(enumerate(before))
    ends = (ObligationState.DISCHARGED, ObligationState.WAIVED)
    settled = [o for place, o in enumerate(draft.obligations) if o != known.get(place) and o.state in ends]
    if not settled or draft.open_of():
        return
    days = [o.settled_on for o in settled if o.settled_on is not None]
    days += [m.left_on for m in draft.leavings if m.act is Act.ANSWER and not m.voided]
    later = min((f for f in draft.follow_ups if f.received_on > max(days)), default=None)
    if later is not None:
        draft.follow_ups.remove(later)
        draft.owe(receipt(StepCode.FOLLOW_UP_RECEIVED, later.received_on, later.channel))


def settle_by_what_left(draft: Draft) -> None:
    """Discharge what arose, or is owed again, after a message that keeps it had left already.

    Only a message that has settled nothing else does: an answer sent while the case was thought misdirected, a
    second copy of an answer that was lost.
    """
    complete_transmissions(draft)
    for obligation in draft.open_of(*ANSWERABLE):
        place = _spare_answer(draft, obligation)
        if place is not None:
            draft.discharge(obligation.number, draft.leavings[place].left_on)
            draft.change_leaving(place, settled=(*draft.leavings[place].settled, obligation.number))


def _spare_answer(draft: Draft, obligation: Obligation) -> int | None:
    """Return the place of the first answer that settled nothing and left on day 0 or later.

    To a follow-up, only what left after it was known here can be the answer.
    """
    follow_up = obligation.basis is StepCode.FOLLOW_UP_RECEIVED
    for place, leaving in enumerate(draft.leavings):
        spare = leaving.act is Act.ANSWER and not leaving.voided and not leaving.settled
        known = not follow_up or leaving.recorded_at > obligation.arose_at
        if spare and known and leaving.left_on >= obligation.counted_from:
            return place
    return None


def complete_transmissions(draft: Draft) -> None:
    """Discharge each open transmission for which the case was forwarded and the requester informed.

    P5 wants both; the later day counts. For a body that is not a Belgian public service, without the requester's
    consent, telling the requester where to turn is enough (``inform_only``).
    """
    for transmission in draft.open_of(ObligationKind.TRANSMISSION):
        usable = [
            (place, leaving)
            for place, leaving in enumerate(draft.leavings)
            if not leaving.voided and not leaving.spent and leaving.left_on >= transmission.counted_from
        ]
        used = _completing([pair for pair in usable if pair[1].act in (Act.FORWARD, Act.INFORM)])
        if not used:
            continue
        draft.discharge(transmission.number, max(draft.leavings[place].left_on for place in used))
        for place in used:
            draft.change_leaving(place, settled=(*draft.leavings[place].settled, transmission.number))


def _completing(usable: list[tuple[int, Leaving]]) -> tuple[int, ...]:
    """Return the places of the leavings that complete a transmission soonest; none when something is missing."""
    by_day = sorted(usable, key=lambda pair: (pair[1].left_on, pair[0]))
    forward = next((place for place, leaving in by_day if leaving.act is Act.FORWARD), None)
    inform = next((place for place, leaving in by_day if leaving.act is Act.INFORM), None)
    alone = next((place for place, leaving in by_day if leaving.inform_only), None)
    days = {place: leaving.left_on for place, leaving in by_day}
    ways = [(forward, inform)] if forward is not None and inform is not None else []
    pairs: list[tuple[int, ...]] = [(f, i) for f, i in ways if f is not None and i is not None]
    if alone is not None:
        pairs.append((alone,))
    return min(pairs, key=lambda places: max(days[place] for place in places), default=())


def voided(draft: Draft, entry: LeavingVoided) -> None:
    """Apply that a message did not arrive: what it settled is owed again, by the same date.

    The promise that an interim letter made never reached the citizen: it is replaced by what is owed again. When
    another message settled the case meanwhile, that one takes the place of the lost one, on its own day.
    """
    places = [
        n for n, leaving in enumerate(draft.leavings) if leaving.message == entry.message and not leaving.voided
    ]
    if not places:
        raise UnknownLeaving(entry.message)
    if not entry.evidence.strip():
        raise EvidenceMissing("a message that did not arrive")
    for place in places:
        lost = draft.leavings[place]
        draft.change_leaving(place, voided_at=draft.at, evidence=entry.evidence.strip())
        _owe_again(draft, lost)
    settle_by_what_left(draft)


def _owe_again(draft: Draft, lost: Leaving) -> None:
    for place, other in enumerate(draft.leavings):
        if not other.voided and set(other.settled) & set(lost.settled):  # the other half of a transmission
            draft.change_leaving(place, settled=tuple(n for n in other.settled if n not in lost.settled))
    heir = _heir(draft, lost)
    on = None if heir is None else draft.leavings[heir].left_on
    if lost.opened is not None and draft.obligations[lost.opened - 1].state is not ObligationState.WAIVED:
        draft.replace(lost.opened, by=lost.settled[0], on=on)
    reopened = Step(StepCode.REOPENED, {"message": lost.message, "reopened_on": draft.today.isoformat()})
    for number in lost.settled:
        draft.reopen(number, reopened)
        if heir is None:
            draft.recount(draft.obligations[number - 1], reopened)  # the case may have changed meanwhile
    if heir is not None:
        _inherit(draft, heir, lost)


def _heir(draft: Draft, lost: Leaving) -> int | None:
    """Return the place of the message that settled the promise which a lost interim letter had made, if any."""
    if lost.opened is None:
        return None
    places = (n for n, other in enumerate(draft.leavings) if not other.voided and lost.opened in other.settled)
    return next(places, None)


def _inherit(draft: Draft, place: int, lost: Leaving) -> None:
    """Let a message settle what a lost one had settled, instead of the promise that the lost one had made."""
    heir = draft.leavings[place]
    for number in lost.settled:
        if heir.act is Act.ANSWER or draft.obligations[number - 1].kind is ObligationKind.INTERIM:
            draft.discharge(number, heir.left_on)
        else:
            assert heir.opened is not None  # an interim letter always makes a promise
            draft.replace(number, by=heir.opened, on=heir.left_on)
    kept = tuple(number for number in heir.settled if number != lost.opened)
    draft.change_leaving(place, settled=(*kept, *lost.settled))
