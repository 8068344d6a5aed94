"""Owns the courses that made-up cases take: in triage, open, overdue, put off, answered, transmitted, merged …"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from tracker.casework.house import House
from tracker.casework.seeding.judging import act_on, judge
from tracker.casework.seeding.story import MINUTE, Story, TooYoung, office_hour
from tracker.charter.counting import at_brussels, brussels_day
from tracker.charter.entries import Extended, FollowedUp, LeavingVoided, NatureSet, Waived, WithinPeriod
from tracker.charter.words import (
    PAPER,
    SPOKEN,
    Act,
    Channel,
    Direction,
    MessageKind,
    Nature,
    Verb,
    WaiverGround,
)

QUARTER = timedelta(minutes=15)


@dataclass(frozen=True)
class Course:
    """One way a case can go: how often, at which age in days, for which natures, and what happens."""

    name: str
    weight: int
    live: Callable[[Story], None]
    youngest: int = 0
    oldest: int = 10_000
    natures: tuple[Nature, ...] = tuple(Nature)
    triage: bool = False
    urgent: bool = False
    channels: tuple[Channel, ...] = tuple(Channel)


def live(
    course: Course, house: House, *, day: date, until: datetime, channel: Channel, nature: Nature, minute: int
) -> Story:
    """Return the story of a case received that many minutes after 08:00 on a day. Raises ``TooYoung``."""
    received_at = at_brussels(day, time(8)) + timedelta(minutes=minute)
    story = Story(house, until, received_at, channel, nature, triage=course.triage, urgent=course.urgent)
    course.live(story)
    return story


def _at(story: Story, days: int, hour: int = 10) -> datetime:
    """Return an hour on the n-th open day after receipt, and never before what was done last."""
    last: datetime = story.history[-1]["at"]
    return max(office_hour(story.house, brussels_day(story.received_at), days, hour), last + QUARTER)


def _confirm(story: Story, nature: Nature | None = None) -> None:
    at, before = _at(story, 1, 9), story.ledger.nature
    after = nature or before
    ground = "%(ground)s" if after is Nature.COMPLEX else None
    story.case |= {"nature": after, "nature_ground": ground, "nature_confirmed_at": at}
    story.do(
        Verb.CONFIRM_NATURE, at, NatureSet(at=at, nature=after, ground=ground),
        told={"from": before, "to": after, "ground": ground},
    )  # fmt: skip


def _answer(story: Story, at: datetime, *, close: bool = True) -> int:
    number = story.write(Verb.ANSWER, MessageKind.ANSWER, at, Act.ANSWER, body="%(answer)s")
    story.leave(number, at + MINUTE)
    if close:
        _close(story)
    return number


def _close(story: Story) -> None:
    found = judge(story) if story.ledger.nature is Nature.COMPLAINT else False
    at = story.history[-1]["at"] + QUARTER
    story.do(Verb.CLOSE, at)
    story.case["closed_at"] = at
    if found:
        act_on(story)


def _interim(story: Story, days: int, further: int) -> None:
    at = _at(story, days)
    promised_on = brussels_day(at) + timedelta(days=further)
    number = story.write(
        Verb.SEND_INTERIM, MessageKind.INTERIM, at, Act.INTERIM, body="%(interim)s", promised_on=promised_on,
        reason="%(reason)s",
    )  # fmt: skip
    story.leave(number, at + MINUTE)


def _registered(story: Story) -> None:
    """Nobody has looked at it yet."""


def _urgent(story: Story) -> None:
    at = story.registered_at + MINUTE * 12
    story.case |= {"urgent_since": story.registered_at, "urgent_taken_at": at}
    story.do(Verb.TAKE, at, to="#handler#", name="%(handler_name)s")


def _in_hand(story: Story) -> None:
    _confirm(story)


def _asked(story: Story) -> None:
    _confirm(story)
    number = story.write(Verb.WRITE, MessageKind.QUESTION, _at(story, 2), None, body="%(question)s")
    story.leave(number, _at(story, 2) + MINUTE)


def _written_not_left(story: Story) -> None:
    _confirm(story)
    at = max(_at(story, 2), story.until - timedelta(minutes=45))
    story.write(Verb.ANSWER, MessageKind.ANSWER, at, Act.ANSWER, body="%(answer)s")


def _given_up(story: Story) -> None:
    _confirm(story)
    at = _at(story, 2)
    number = story.write(Verb.ANSWER, MessageKind.ANSWER, at, Act.ANSWER, body="%(answer)s")
    story.outbox[number] |= {
        "state": "failed", "attempts": 1, "settled_at": at + MINUTE,
        "last_error": "the mail server said 550 5.1.1",
    }  # fmt: skip


def _put_off(story: Story) -> None:
    _confirm(story)
    _interim(story, 7, 60)


def _turned_complex(story: Story) -> None:
    _confirm(story, Nature.COMPLEX)
    _interim(story, 6, 45)


def _asked_again(story: Story) -> None:
    _confirm(story)
    _answer(story, _at(story, 3))
    at = _at(story, 6, 14)
    story.case["closed_at"] = None
    number = story._say(MessageKind.FOLLOW_UP, story.channel, at - MINUTE, Direction.IN, body="%(follow_up)s")
    by = "citizen" if story.channel in BY_MAIL else "%(handler_name)s"
    story.do(
        Verb.FOLLOW_UP, at, FollowedUp(at=at, received_at=at - MINUTE, channel=story.channel), by=by, message=number
    )
    story.enter(number, at)


def _answered_to_close(story: Story) -> None:
    _confirm(story)
    _answer(story, _at(story, 4), close=False)


def _same_day(story: Story) -> None:
    at = story.history[-1]["at"] + QUARTER
    if story.ledger.nature in (Nature.COMPLEX, Nature.MISDIRECTED):
        raise TooYoung
    _answer(story, at)


def _answered(days: int) -> Callable[[Story], None]:
    def answered(story: Story) -> None:
        _confirm(story)
        if story.ledger.nature is Nature.COMPLEX:
            at = _at(story, 1, 11)
            story.do(Verb.KEEP_SHORT, at, WithinPeriod(at=at))
        _answer(story, _at(story, days, 14))

    return answered


def _answered_late(story: Story) -> None:
    _confirm(story)
    owed = max(promise.due_on for promise in story.ledger.open_obligations)
    _answer(story, office_hour(story.house, owed, 3, 11))


def _put_off_then_answered(story: Story) -> None:
    _put_off(story)
    _answer(story, _at(story, 25))


def _turned_complex_then_answered(story: Story) -> None:
    _turned_complex(story)
    _answer(story, _at(story, 20))


def _transmitted(story: Story) -> None:
    if story.ledger.nature is not Nature.MISDIRECTED:
        _confirm(story, Nature.MISDIRECTED)
    else:
        _confirm(story)
    at = _at(story, 3)
    forward = story._say(
        MessageKind.TRANSMISSION, Channel.POST, at, Direction.OUT, act=Act.FORWARD, body="%(transmission)s",
        service_code="%(body)s", address="%(body_address)s",
    )  # fmt: skip
    inform = story._say(
        MessageKind.TRANSMISSION_NOTICE, story.reply_by, at, Direction.OUT, act=Act.INFORM, body="%(transmitted)s"
    )
    details = {"messages": [forward, inform], "kind": MessageKind.TRANSMISSION, "channel": story.reply_by}
    entries = []
    if story.reply_by in SPOKEN:
        story._left(inform, at)
        entries = [story._leaving(inform, at)]
    story.do(Verb.TRANSMIT, at, *entries, told=details, to="%(body)s")
    story.leave(inform, at + MINUTE)
    story.leave(forward, at + timedelta(hours=4))
    _close(story)


def _waived(story: Story) -> None:
    _confirm(story)
    at, (promise,) = _at(story, 3), story.ledger.open_obligations
    said = "%(withdrawn)s"
    entry = Waived(at=at, number=promise.number, ground=WaiverGround.WITHDRAWN, evidence=said)
    story.do(Verb.WAIVE, at, entry, number=promise.number, ground=WaiverGround.WITHDRAWN, evidence=said)
    _close(story)


def _returned_then_answered(story: Story) -> None:
    _confirm(story)
    number = _answer(story, _at(story, 2), close=False)
    at, evidence = _at(story, 4), "550 5.1.1"
    story.messages[number - 1] |= {"voided_at": at, "void_evidence": evidence}
    story.do(
        Verb.VOID_LEAVING, at, LeavingVoided(at=at, message=number, evidence=evidence), message=number,
        evidence=evidence,
    )  # fmt: skip
    _answer(story, _at(story, 5))


def _extended_then_answered(story: Story) -> None:
    _confirm(story)
    at = _at(story, 5)
    story.do(Verb.EXTEND, at, Extended(at=at, reason="%(reason)s"), reason="%(reason)s")
    _answer(story, _at(story, 24))


def _joined_by_another(story: Story) -> None:
    _confirm(story)
    at = _at(story, 1, 12)
    story.do(Verb.ABSORB, at, told={"from": "%(next_reference)s"}, reason="%(twice)s")
    _answer(story, _at(story, 3))


def _merged(story: Story) -> None:
    _confirm(story)
    at, (promise,) = _at(story, 1, 12), story.ledger.open_obligations
    entry = Waived(at=at, number=promise.number, ground=WaiverGround.DUPLICATE, evidence="%(previous_reference)s")
    story.case["merged_into_id"] = "%(previous)s"
    story.do(Verb.MERGE, at, entry, into="%(previous_reference)s", reason="%(twice)s")


REPLIED = (Nature.INFORMATION, Nature.COMPLAINT, Nature.DOCUMENT_ACCESS)
BY_MAIL = (Channel.WEB, Channel.EMAIL)

OPEN = (
    Course("in triage", 8, _registered, oldest=8, natures=(Nature.INFORMATION, Nature.COMPLEX), triage=True),
    Course("urgent", 1, _urgent, oldest=3, natures=(Nature.INFORMATION,), urgent=True),
    Course("registered", 14, _registered, oldest=3),
    Course("in hand", 40, _in_hand, youngest=1),
    Course("asked", 8, _asked, youngest=3),
    Course("mail on its way", 5, _written_not_left, youngest=4, oldest=20, natures=REPLIED,
           channels=BY_MAIL),
    Course("letter to post", 16, _written_not_left, youngest=4, oldest=20, natures=REPLIED,
           channels=PAPER),
    Course("given up", 1, _given_up, youngest=4, oldest=20, natures=REPLIED, channels=BY_MAIL),
    Course("put off", 60, _put_off, youngest=12, natures=(Nature.COMPLEX,)),
    Course("turned complex", 6, _turned_complex, youngest=12, natures=(Nature.INFORMATION,)),
    Course("asked again", 6, _asked_again, youngest=10, oldest=40, natures=REPLIED),
)  # fmt: skip

DONE = (
    Course("answered the same day", 6, _same_day, natures=REPLIED),
    Course("answered in two days", 30, _answered(2), natures=(*REPLIED, Nature.COMPLEX)),
    Course("answered in six days", 26, _answered(6), natures=(*REPLIED, Nature.COMPLEX)),
    Course("answered in nine days", 12, _answered(9), natures=(*REPLIED, Nature.COMPLEX)),
    Course("answered late", 5, _answered_late, youngest=40, natures=REPLIED),
    Course("put off, then answered", 60, _put_off_then_answered, youngest=50, natures=(Nature.COMPLEX,)),
    Course("turned complex, then answered", 5, _turned_complex_then_answered, youngest=40,
           natures=(Nature.INFORMATION,)),
    Course("transmitted", 6, _transmitted, natures=(Nature.INFORMATION, Nature.MISDIRECTED)),
    Course("waived", 3, _waived),
    Course("returned, then answered", 2, _returned_then_answered, natures=REPLIED, channels=BY_MAIL),
    Course("extended, then answered", 8, _extended_then_answered, youngest=45, natures=(Nature.DOCUMENT_ACCESS,)),
    Course("answered, to close", 1, _answered_to_close, oldest=40, natures=REPLIED),
)  # fmt: skip

JOINED = Course("joined by another", 0, _joined_by_another, natures=(Nature.INFORMATION,))
MERGED = Course("merged", 0, _merged, natures=(Nature.INFORMATION,))
"""A pair: the second is merged into the first, both of the same day."""
FALLBACK = Course("answered the same day", 0, _same_day, natures=REPLIED)
"""For what must be done with, but is too young for the course it was given."""
