"""Owns what made-up requesters thought of their answers: the surveys of the last half-year, and what was replied."""

import random
import tomllib
from collections.abc import Iterator
from datetime import timedelta
from importlib.resources import files
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from tracker.casework.house import House
from tracker.casework.seeding.plan import Plan
from tracker.casework.seeding.rows import SEPARATOR
from tracker.casework.surveys import OPEN_DAYS, whom
from tracker.charter.counting import brussels_day
from tracker.charter.words import Act, CaseState, Channel, Nature, Opinion, SurveyQuestion
from tracker.models.base import Base, Sealed, seal_of_text, sealed_text
from tracker.models.cases import Case
from tracker.models.messages import Message
from tracker.models.survey import SurveyAsked, SurveyReply

BACK = timedelta(days=180)
"""Since when requesters have been asked."""
REPLYING = 0.35
REMARKING = 0.2
SHARES = {
    SurveyQuestion.ANSWERED: (78, 14, 8),
    SurveyQuestion.CLEAR: (82, 13, 5),
    SurveyQuestion.IN_TIME: (70, 15, 15),
}
"""Of a hundred, how many think yes, partly and no."""
BLOCK = 20_000

Rows = dict[type[Base], list[str]]


def surveys_of(session: Session, plan: Plan, house: House) -> Iterator[Rows]:
    """Yield the surveys of the cases just written and the replies to them, as rows of text, block by block.

    A made-up case closes without a message, so that none is named as having asked.
    """
    chance = random.Random(plan.seed)  # noqa: S311 - made-up people
    remarks = tomllib.loads((files("tracker.casework.seeding") / "opinions.toml").read_text("utf-8"))
    answer = select(Message.id).where(Message.case_id == Case.id, Message.act == Act.ANSWER)
    query = (
        select(
            Case.id, Case.service_code, Case.language, Case.reply_channel, Case.requester_email, Case.requester_phone,
            Case.requester_name, Case.requester_address, Case.closed_at,
        )
        .where(
            Case.state == CaseState.CLOSED, Case.nature != Nature.COMPLAINT, Case.sensitive.is_(False),
            Case.urgent_since.is_(None), Case.closed_at >= plan.until - BACK, answer.exists(),
        )
        .order_by(Case.id)
    )  # fmt: skip
    rows: Rows = {SurveyAsked: [], SurveyReply: []}
    for case in session.execute(query):
        _survey(case, plan, house, chance, remarks[case.language], rows)
        if len(rows[SurveyAsked]) == BLOCK:
            yield rows
            rows = {SurveyAsked: [], SurveyReply: []}
    yield rows


def _survey(case: Any, plan: Plan, house: House, chance: random.Random, remarks: list[str], rows: Rows) -> None:
    asked_on = brussels_day(case.closed_at)
    known = whom(
        house.secret, case.requester_email, case.requester_phone, case.requester_name, case.requester_address
    )
    asked = {
        "case_id": case.id, "number": 1, "service_code": case.service_code, "channel": case.reply_channel,
        "language": case.language, "whom": known, "asked_on": asked_on, "until": asked_on + timedelta(days=OPEN_DAYS),
    }  # fmt: skip
    rows[SurveyAsked].append(_row(SurveyAsked, asked, case.id))
    replied_at = case.closed_at + timedelta(hours=chance.randrange(2, 200))
    if chance.random() < REPLYING and replied_at <= plan.until:
        reply: dict[str, Any] = {
            question.value: chance.choices(list(Opinion), SHARES[question])[0] for question in SurveyQuestion
        }
        remark = chance.choice(remarks) if chance.random() < REMARKING else None
        reply |= {"asked_id": case.id, "remark": remark, "channel": Channel.WEB, "replied_at": replied_at}
        rows[SurveyReply].append(_row(SurveyReply, reply))


def _row(model: type[Sealed], values: dict[str, Any], *own_id: int) -> str:
    text = sealed_text(model, values)
    return SEPARATOR.join([text, *map(str, own_id), str(seal_of_text(text))])
