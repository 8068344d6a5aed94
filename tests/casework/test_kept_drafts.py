"""A message that is being written is kept for its author, seen and taken over by colleagues, gone once it is sent."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from tests.factories import MONDAY, acting, make_case, make_house, make_staff, settle
from tracker.casework import ending, letters
from tracker.casework.drafting import Draft
from tracker.casework.errors import NotPermitted
from tracker.casework.house import Actor
from tracker.casework.kept_drafts import KeptElsewhere, keep_draft, take_over, throw_away
from tracker.charter.words import MessageKind, Role, WaiverGround
from tracker.insight.drafts import begun_on
from tracker.insight.verify import Problem, verify
from tracker.models.database import Database
from tracker.models.drafts import KeptDraft

LATER = MONDAY + timedelta(hours=1)


class House:
    """Two clerks of one service, one of another, and a case of the first."""

    def __init__(self, session: Session) -> None:
        settle(session)
        self.session = session
        self.an, self.bo, self.stranger = (
            acting(make_staff(session, f"{who}@example.org", Role.CLERK, service))
            for who, service in (("an", "ME6"), ("bo", "ME6"), ("cy", "M1"))
        )
        self.case = make_case(session, service="ME6")
        self.told: dict[str, Any] = {"reference": self.case.reference, "kind": MessageKind.ANSWER, "now": MONDAY}

    def keep(self, actor: Actor, text: str, **more: Any) -> KeptDraft | None:
        kept = keep_draft(self.session, actor=actor, **self.told | {"typed": {"text": text}} | more)
        self.session.flush()
        return kept

    def kept(self) -> list[tuple[str, str, str | None]]:
        self.session.flush()
        found = begun_on(self.session, self.case.id, MessageKind.ANSWER)
        return [(one.author, one.words, one.begun_by) for one in found]


@pytest.fixture
def house(database: Database) -> Iterator[House]:
    with database.writing() as session:
        yield House(session)


def test_what_is_typed_is_kept_once_for_each_author_and_message_and_nothing_without_words(house: House) -> None:
    house.keep(house.an, "Dear")
    house.keep(house.an, "Dear Madam", now=LATER)
    house.keep(house.bo, "Good day")
    house.keep(house.an, "Which year?", kind=MessageKind.QUESTION)

    assert house.kept() == [("An", "Dear Madam", None), ("Bo", "Good day", None)]
    with pytest.raises(NotPermitted):
        house.keep(house.stranger, "It is not mine to answer")
    assert house.case.version == 1, "a draft is nobody's act"

    assert house.keep(house.an, "  \n ", typed={"text": " ", "to": "EXT:PENSIONS"}) is None
    throw_away(house.session, reference=house.case.reference, kind=MessageKind.ANSWER, actor=house.bo)
    assert house.kept() == []


def test_a_colleague_takes_a_draft_over_behind_what_they_typed_and_it_says_whose_it_was(house: House) -> None:
    house.keep(house.an, "Dear Madam,", typed={"text": "Dear Madam,", "channel": "post"})
    given = house.told | {"author_id": house.an.staff_id, "now": LATER}

    with pytest.raises(NotPermitted):
        take_over(house.session, actor=house.stranger, typed={}, **given)
    mine = take_over(house.session, actor=house.bo, typed={"text": "Bonjour,", "channel": ""}, **given)

    assert mine is not None
    assert mine.typed == {"text": "Bonjour,\n\nDear Madam,", "channel": "post"}
    assert house.kept() == [("Bo", "Bonjour,\n\nDear Madam,", "An")]
    assert take_over(house.session, actor=house.bo, typed={"text": "x"}, **given) is None, "done once"
    house.keep(house.an, "Dear Madam, I go on.")
    assert len(house.kept()) == 2, "whoever goes on typing loses nothing"


def test_a_draft_goes_with_the_sending_and_with_the_end_of_its_case(house: House) -> None:
    session, case = house.session, house.case
    house.keep(house.an, "Here is your answer.")
    house.keep(house.bo, "Not yet.")
    told: dict[str, Any] = {"reference": case.reference, "now": MONDAY, "seen": None}
    letters.answer(session, make_house(), draft=Draft(text="Here."), actor=house.an, **told)
    assert house.kept() == [("Bo", "Not yet.", None)]

    ending.waive(
        session, make_house(), number=1, ground=WaiverGround.WITHDRAWN, evidence="She rang.", actor=house.an, **told
    )
    ending.close(session, make_house(), actor=house.an, **told)
    assert house.kept() == []
    assert house.keep(house.bo, "Too late") is None
    assert house.keep(house.bo, "Too late", kind=MessageKind.QUESTION) is None


def test_what_arrives_after_it_was_sent_does_not_come_back_and_other_words_do(house: House) -> None:
    told: dict[str, Any] = {"reference": house.case.reference, "actor": house.an, "now": MONDAY, "seen": None}
    letters.answer(house.session, make_house(), draft=Draft(text="Here is  your\nanswer."), **told)

    assert house.keep(house.an, "Here is your", seen=1) is None, "typed before it was sent, arrived after"
    assert house.kept() == []
    house.keep(house.an, "And here is more.", seen=1)
    assert house.kept() == [("An", "And here is more.", None)], "words that were not sent are not lost"
    assert house.keep(house.an, " ", seen=1) is None
    assert house.kept() == [], "what was emptied is gone, whatever was sent before"


def test_words_kept_in_another_window_are_neither_written_over_nor_thrown_away_with_a_sending(house: House) -> None:
    first = house.keep(house.an, "From the first window", over="")
    assert first is not None
    stamp = first.stamp
    for lost in ("Of the second", " "):
        with pytest.raises(KeptElsewhere):
            house.keep(house.an, lost, over="", now=LATER)
    assert house.kept() == [("An", "From the first window", None)]
    house.keep(house.an, "From the first window,  I go on", over="", now=LATER)  # nothing of it is lost
    with pytest.raises(KeptElsewhere):
        house.keep(house.an, "Of the first again", over=stamp)

    told: dict[str, Any] = {"reference": house.case.reference, "actor": house.an, "now": LATER, "seen": None}
    letters.answer(house.session, make_house(), draft=Draft(text="Of the second", kept=stamp), **told)
    assert house.kept() == [("An", "From the first window,  I go on", None)]


def test_what_was_begun_on_a_duplicate_goes_on_with_the_case_that_stays(house: House) -> None:
    other = make_case(house.session, service="ME6")
    house.keep(house.an, "On the duplicate", reference=other.reference)
    house.keep(house.bo, "On the twin as well", reference=other.reference)
    house.keep(house.bo, "On the one that stays")

    ending.merge(
        house.session, make_house(), reference=other.reference, into=house.case.reference, reason="Twice.",
        actor=house.an, now=LATER, seen=None,
    )  # fmt: skip

    both = "On the one that stays\n\nOn the twin as well"
    assert sorted(house.kept()) == [("An", "On the duplicate", None), ("Bo", both, None)], "no words are lost"


def test_a_draft_that_outlived_its_case_or_was_altered_is_found(database: Database) -> None:
    with database.writing() as session:
        house = House(session)
        told: dict[str, Any] = {"reference": house.case.reference, "now": MONDAY, "seen": None, "actor": house.an}
        ground = WaiverGround.WITHDRAWN
        ending.waive(session, make_house(), number=1, ground=ground, evidence="She rang.", **told)
        ending.close(session, make_house(), **told)
        left = KeptDraft(case_id=1, kind=MessageKind.ANSWER, author_id=2, typed={"text": "Dear"}, kept_at=MONDAY)
        session.add(left)
    with database.engine.begin() as connection:
        connection.execute(KeptDraft.__table__.update().values(begun_by="Eve"))  # type: ignore[attr-defined]

    rules, calendar = make_house().rules, make_house().calendar
    assert [one for one in verify(database, rules, calendar) if one.table == "drafts"] == [
        Problem("drafts", "1", "the row was changed: its seal does not fit"),
        Problem("drafts", "1", f"{told['reference']} has ended, and the draft is still there"),
    ]
