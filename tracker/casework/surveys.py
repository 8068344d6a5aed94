"""Owns the satisfaction survey (user charter, §5): who is asked when a case closes, and what a reply leads to."""

import hmac
import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from tracker.casework.casefile import CaseFile, check_not_erased, erasure_of, find
from tracker.casework.daybook import Arrival
from tracker.casework.errors import Refused, UnknownReference
from tracker.casework.follow import follow_up, new_question
from tracker.casework.house import CITIZEN, Actor, House
from tracker.casework.register import Registered
from tracker.charter.counting import brussels_day
from tracker.charter.words import (
    PAPER,
    SPOKEN,
    Act,
    CaseState,
    Channel,
    Nature,
    Opinion,
    SurveyQuestion,
    Verb,
)
from tracker.correspondence.survey_links import HIDDEN, holds_code
from tracker.correspondence.tables import fill, text_of
from tracker.correspondence.tracking import is_survey_code, survey_code
from tracker.models.cases import Case
from tracker.models.messages import Message
from tracker.models.survey import SurveyAsked, SurveyReply

OPEN_DAYS = 60
"""How many days after the question a reply is taken, and may be changed."""
MONTH = timedelta(days=30)

Opinions = dict[SurveyQuestion, Opinion]


class UnknownSurvey(Refused):
    """No survey has this reference and this code."""

    code = "survey_unknown"

    def __init__(self) -> None:
        super().__init__("There is no survey with this reference and this code: compare both with the letter.")


class SurveyOver(Refused):
    """The time for a reply is over."""

    code = "survey_over"

    def __init__(self, until: date) -> None:
        super().__init__(f"This survey could be answered until {until}: write by the form.", until=until.isoformat())


class NotAsked(Refused):
    """Nobody is asked about this case."""

    code = "survey_not_asked"

    def __init__(self) -> None:
        super().__init__("Nobody is asked about this case: see who is asked in the decision on the survey.")


class RepliedAlready(Refused):
    """The requester has replied: nobody of ours puts another reply in its place."""

    code = "survey_replied"

    def __init__(self) -> None:
        super().__init__("The requester has replied already: only they may change their reply, by the same code.")


class NothingWrong(Refused):
    """Whoever is content has nothing to reopen or to complain about by a button of the survey."""

    code = "survey_content"

    def __init__(self) -> None:
        super().__init__("Nobody said that something was wrong: answer “partly” or “no” first.")


class Wish(StrEnum):
    """What an unhappy requester may ask for by a button, or by a cross on a slip."""

    REOPEN = "reopen"
    COMPLAIN = "complain"


@dataclass(frozen=True, slots=True)
class Given:
    """What somebody replied: an opinion on each question, and a remark that may be empty."""

    opinions: Opinions
    remark: str = ""


def told(file: CaseFile, channel: Channel) -> dict[str, str | None]:
    """Return what the message that closes a case says of the survey: its address and, on paper, the short code.

    The code itself is put in as the message leaves (``correspondence.survey_links``): no colleague reads it. A survey
    of another house's (``SURVEY_URL``) takes the place of our own.
    """
    if file.house.survey_url:
        return {"survey_url": file.house.survey_in(file.case.language)}
    if channel in SPOKEN or not may_ask(file.session, file.house, file.case, file.now):
        return {}
    page = f"{file.house.base_url}/{file.case.language}/survey"
    if channel in PAPER:
        return {"survey_url": page, "survey_code": HIDDEN}
    return {"survey_url": f"{page}/{file.case.reference}/{HIDDEN}"}


def ask(file: CaseFile, message: Message) -> SurveyAsked | None:
    """Keep that a message just written asks its reader what they thought; none when it does not ask."""
    if not holds_code(message) or not may_ask(file.session, file.house, file.case, file.now):
        return None
    number = next_number(file.session, file.case)
    asked = _row(file.house, file.case, number, message.channel, brussels_day(file.now))
    asked.message_id = message.id
    file.session.add(asked)
    return asked


def may_ask(session: Session, house: House, case: Case, now: datetime) -> bool:
    """Say whether a requester is asked about the answer that a case has had.

    Not about complaints, urgent and sensitive cases: whoever was in trouble is not sent a form. Not twice about the
    same answer, not within the months of the setting when they were asked about another case, and not where another
    survey takes the place of this one.
    """
    if house.survey_url or case.nature is Nature.COMPLAINT or case.sensitive or case.urgent_since is not None:
        return False
    last = session.scalar(_of_case(case).order_by(SurveyAsked.number.desc()).limit(1))
    answers = select(func.max(Message.left_at)).where(
        Message.case_id == case.id, Message.act == Act.ANSWER, Message.left_on.is_not(None),
        Message.voided_at.is_(None),
    )  # fmt: skip
    answered_at = session.scalar(answers)
    if answered_at is None or (last is not None and brussels_day(answered_at) <= last.asked_on):
        return False
    since = brussels_day(now - house.survey_months * MONTH)
    asked = select(SurveyAsked.id).where(
        SurveyAsked.whom == _whom(house, case), SurveyAsked.asked_on > since, SurveyAsked.case_id != case.id
    )
    return session.scalars(asked.limit(1)).first() is None


def next_number(session: Session, case: Case) -> int:
    """Return the number that the next survey on a case takes."""
    return (session.scalar(select(func.max(SurveyAsked.number)).where(SurveyAsked.case_id == case.id)) or 0) + 1


def code_of(house: House, case: Case, number: int) -> str:
    """Return the code of one survey: it opens its questions and nothing else."""
    return survey_code(house.secret, case.reference, number)


def last_code(session: Session, house: House, case_id: int) -> str | None:
    """Return the code of the last survey on a case; none: nobody was asked."""
    case = session.get_one(Case, case_id)
    asked = next_number(session, case) - 1
    return code_of(house, case, asked) if asked else None


def find_survey(session: Session, house: House, *, reference: str, code: str, now: datetime) -> SurveyAsked:
    """Return the survey that a reference and a code lead to. Raises ``UnknownSurvey`` or ``SurveyOver``.

    The code is compared even when there is no such case, so that the time taken tells nothing.
    """
    try:
        case = find(session, reference, as_named=True)
    except UnknownReference:
        is_survey_code(code, secret=house.secret, reference="none", number=0)
        raise UnknownSurvey from None
    if erasure_of(session, case) is not None:
        raise UnknownSurvey
    for asked in session.scalars(_of_case(case).order_by(SurveyAsked.number.desc())):
        if is_survey_code(code, secret=house.secret, reference=case.reference, number=asked.number):
            if brussels_day(now) > asked.until:
                raise SurveyOver(asked.until)
            return asked
    raise UnknownSurvey


def ask_aloud(session: Session, house: House, *, reference: str, actor: Actor, channel: Channel, now: datetime,
              seen: int | None) -> SurveyAsked:  # fmt: skip
    """Return the survey that a reply on a closed case belongs to: the one asked last, or one asked just now.

    By telephone or at the counter somebody asks the questions aloud. Raises ``NotAsked`` or ``SurveyOver``.
    """
    file = CaseFile.take(session, house, reference=reference, verb=Verb.WRITE, actor=actor, now=now, seen=seen)
    today = brussels_day(now)
    last = session.scalar(_of_case(file.case).order_by(SurveyAsked.number.desc()).limit(1))
    if last is not None and not may_ask(session, house, file.case, now):
        if today > last.until:
            raise SurveyOver(last.until)
        asked = last
    elif file.case.state is CaseState.CLOSED and may_ask(session, house, file.case, now):
        asked = _row(house, file.case, next_number(session, file.case), channel, today)
        session.add(asked)
        session.flush()
    else:
        raise NotAsked
    file.done(Verb.WRITE, details={"survey": asked.number, "channel": channel})
    return asked


def reply(
    session: Session, asked: SurveyAsked, given: Given, *, channel: Channel, actor: Actor, now: datetime
) -> SurveyReply:
    """Keep what was replied; the same again changes nothing, something else replaces it.

    What the requester replied by the code is theirs to change, not ours. Raises ``SurveyOver`` or ``RepliedAlready``.
    """
    if brussels_day(now) > asked.until:
        raise SurveyOver(asked.until)
    session.execute(select(SurveyAsked.id).where(SurveyAsked.id == asked.id).with_for_update())
    check_not_erased(session, session.get_one(Case, asked.case_id))
    row = session.get(SurveyReply, asked.id, populate_existing=True)
    values: dict[str, Any] = {question.value: opinion for question, opinion in given.opinions.items()}
    values["remark"] = given.remark.strip() or None
    if row is None:
        row = SurveyReply(asked_id=asked.id, channel=channel, replied_at=now, entered_by=actor.staff_id, **values)
        session.add(row)
    elif any(getattr(row, name) != value for name, value in values.items()):
        if row.entered_by is None and actor.staff_id is not None:
            raise RepliedAlready
        for name, value in values.items():
            setattr(row, name, value)
        row.channel, row.changed_at, row.entered_by = channel, now, actor.staff_id
    session.flush()
    return row


def unhappy(row: SurveyReply) -> bool:
    """Say whether something was not as it should be: then the file can be opened again, or a complaint made."""
    return any(getattr(row, question.value) is not Opinion.YES for question in SurveyQuestion)


def reopen(
    session: Session, house: House, asked: SurveyAsked, *, channel: Channel = Channel.WEB,
    received_at: datetime | None = None, arrival: Arrival | None = None, actor: Actor = CITIZEN, now: datetime,
) -> Message:  # fmt: skip
    """Open the case again at the request of an unhappy requester: a follow-up, whose text is the remark.

    A second time changes nothing. Raises ``NothingWrong``.
    """
    case, row = _complainant(session, asked)
    text = row.remark or _said("asks_again", case, row)
    return follow_up(
        session, house, reference=case.reference, text=text, channel=channel, received_at=received_at or now,
        submission_key=_key(asked, Wish.REOPEN), arrival=arrival, actor=actor, now=now,
    )  # fmt: skip


def complain(
    session: Session, house: House, asked: SurveyAsked, *, channel: Channel = Channel.WEB,
    received_at: datetime | None = None, arrival: Arrival | None = None, actor: Actor = CITIZEN, now: datetime,
) -> Registered:  # fmt: skip
    """Make the complaint of an unhappy requester: a new case, linked, whose text is the remark.

    A second time gives the same case. Raises ``NothingWrong``.
    """
    case, row = _complainant(session, asked)
    return new_question(
        session, house, reference=case.reference, nature=Nature.COMPLAINT,
        subject=fill(text_of("print", "survey", "complaint", case.language), {"reference": case.reference},
                     case.language),
        text=row.remark or _said("complains", case, row), channel=channel, received_at=received_at or now,
        submission_key=_key(asked, Wish.COMPLAIN), arrival=arrival, actor=actor, now=now,
    )  # fmt: skip


def came_of(session: Session, asked: SurveyAsked) -> dict[Wish, str]:
    """Return what already came of an unhappy reply, each with the reference of its case."""
    wishes = {_key(asked, wish): wish for wish in Wish}
    made = (
        select(Message.submission_key, Case.reference)
        .join(Case, Case.id == Message.case_id)
        .where(Message.submission_key.in_(wishes))
    )
    return {wishes[key]: reference for key, reference in session.execute(made) if key is not None}


def _key(asked: SurveyAsked, wish: Wish) -> str:
    return f"survey {wish} {asked.id}"


def _complainant(session: Session, asked: SurveyAsked) -> tuple[Case, SurveyReply]:
    case, row = session.get_one(Case, asked.case_id), session.get(SurveyReply, asked.id)
    if row is None or not unhappy(row):
        raise NothingWrong
    return case, row


def _said(entry: str, case: Case, row: SurveyReply) -> str:
    values = {question.value: getattr(row, question.value) for question in SurveyQuestion}
    values["reference"] = case.reference
    return fill(text_of("print", "survey", entry, case.language), values, case.language)


def _of_case(case: Case) -> Select[SurveyAsked]:
    return select(SurveyAsked).where(SurveyAsked.case_id == case.id)


def _row(house: House, case: Case, number: int, channel: Channel, today: date) -> SurveyAsked:
    return SurveyAsked(
        case_id=case.id, number=number, service_code=case.service_code, channel=channel, language=case.language,
        whom=_whom(house, case), asked_on=today, until=today + timedelta(days=OPEN_DAYS),
    )  # fmt: skip


def _whom(house: House, case: Case) -> str:
    return whom(house.secret, case.requester_email, case.requester_phone, case.requester_name, case.requester_address)


def whom(secret: bytes, email: str | None, phone: str | None, name: str, address: str | None) -> str:
    """Return by what the same person is known on another case: what they are reached at, keyed and cut short."""
    reached = email or re.sub(r"\D", "", phone or "") or f"{name}\n{address or ''}"
    said = f"suivi survey\n{' '.join(reached.casefold().split())}"
    return hmac.digest(secret, said.encode("utf-8", "replace"), "sha256").hex()[:32]
