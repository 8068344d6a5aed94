"""Owns the code of the survey in what we write: kept out of what is stored, and put in as it goes to its reader.

Colleagues read on a file what was written to its requester: whoever reads the link there could reply in their place.
"""

import re

from sqlalchemy import select
from sqlalchemy.orm import Session

from tracker.charter.words import MessageKind
from tracker.correspondence.tracking import survey_code
from tracker.models.messages import Message
from tracker.models.survey import SurveyAsked

HIDDEN = "•••••-•••••"
"""What stands for the code in a message as it is kept."""
_LINK = re.compile(r"(/survey/[A-Za-z]{2,8}-[0-9]{4}-[0-9]{5,18}-[0-9]{2}/)[0-9A-Za-z]{5}-?[0-9A-Za-z]{5}")


def holds_code(message: Message) -> bool:
    """Say whether the code of a survey is to be put into a message of ours."""
    return message.kind is MessageKind.CLOSING and HIDDEN in message.body


def asked_by(session: Session, message: Message) -> int | None:
    """Return the number of the survey that a stored message asks: one that is sent again, the last of its case."""
    of_case = select(SurveyAsked.number).where(SurveyAsked.case_id == message.case_id)
    by_itself = session.scalar(of_case.where(SurveyAsked.message_id == message.id))
    return by_itself or session.scalar(of_case.order_by(SurveyAsked.number.desc()).limit(1))


def with_code(session: Session, secret: bytes, message: Message) -> tuple[str, str | None]:
    """Return text and HTML of a stored message as its reader gets them."""
    number = asked_by(session, message) if holds_code(message) else None
    if number is None:
        return message.body, message.html
    code = survey_code(secret, str((message.signature or {})["reference"]), number)
    return message.body.replace(HIDDEN, code), message.html and message.html.replace(HIDDEN, code)


def hidden(text: str) -> str:
    """Return what somebody wrote, without the codes in the links to surveys that it repeats."""
    return _LINK.sub(rf"\1{HIDDEN}", text)
