"""Owns the results of the satisfaction survey: by service and month, never of so few that one could be known."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from tracker.charter.words import Language, Opinion, SurveyQuestion
from tracker.models.cases import Case
from tracker.models.directory import Service
from tracker.models.messages import Message
from tracker.models.survey import SurveyAsked, SurveyReply

FEWEST = 5
"""Of fewer replies nothing is shown: whoever knows the files could tell who said what."""
MOST_REMARKS = 50

Opinions = Mapping[SurveyQuestion, Mapping[Opinion, int]]


@dataclass(frozen=True, slots=True)
class Result:
    """What was asked in one month about the answers of one service, and what came back; or of all months shown."""

    month: date | None
    """Its first day; none: the months together of which there are figures."""
    asked: int
    replies: int | None
    """None: too few to be shown."""
    opinions: Opinions
    """Empty where there are too few."""

    @property
    def rate(self) -> float | None:
        """Return how many of those who were asked replied, 0 to 1; none: too few to be shown."""
        return None if self.replies is None else self.replies / self.asked


@dataclass(frozen=True, slots=True)
class OfService:
    """The results of one service: its months, the newest first, and those of them together that have figures."""

    code: str
    name: str
    months: tuple[Result, ...]
    together: Result | None


@dataclass(frozen=True, slots=True)
class Remark:
    """What somebody wrote, without the name, and the month in which they were asked."""

    month: date
    text: str


_COUNTED = [(question, opinion) for question in SurveyQuestion for opinion in Opinion]


def results(
    session: Session, *, since: date, language: Language, service_code: str | None = None
) -> tuple[OfService, ...]:
    """Return the results since a Brussels day, of one service or of all, by name (two statements).

    A question counts in the month in which it was asked, once the message that asked has left and was not sent back.
    """
    columns = [getattr(SurveyReply, question.value) for question, _ in _COUNTED]
    counted = [func.count().filter(column == one[1]) for column, one in zip(columns, _COUNTED, strict=True)]
    arrived = or_(
        SurveyAsked.message_id.is_(None),
        and_(Message.left_on.is_not(None), Message.voided_at.is_(None)),
        SurveyReply.asked_id.is_not(None),  # whoever replied got it, whatever is recorded of its leaving
    )
    query = (
        select(
            SurveyAsked.service_code, SurveyAsked.asked_on, func.count(), func.count(SurveyReply.asked_id), *counted
        )
        .outerjoin(SurveyReply, SurveyReply.asked_id == SurveyAsked.id)
        .outerjoin(Message, Message.id == SurveyAsked.message_id)
        .where(SurveyAsked.asked_on >= since, SurveyAsked.service_code.is_not(None), arrived)
        .group_by(SurveyAsked.service_code, SurveyAsked.asked_on)
    )
    if service_code is not None:
        query = query.where(SurveyAsked.service_code == service_code)
    sums: dict[str, dict[date, Counter[int]]] = {}
    for code, asked_on, *figures in session.execute(query):
        month = sums.setdefault(str(code), {}).setdefault(asked_on.replace(day=1), Counter())
        month.update(dict(enumerate(figures)))
    rows = session.execute(select(Service.code, Service.names).where(Service.code.in_(sums)))
    names = {code: str(told[language.value]) for code, told in rows}
    found = [_of_service(code, names.get(code, code), months) for code, months in sums.items()]
    return tuple(sorted(found, key=lambda one: one.name.casefold()))


def _of_service(code: str, name: str, months: Mapping[date, Counter[int]]) -> OfService:
    shown = [figures for figures in months.values() if figures[1] >= FEWEST]
    together: Counter[int] = Counter()
    for figures in shown:
        together.update(figures)
    return OfService(
        code=code,
        name=name,
        months=tuple(_result(month, months[month]) for month in sorted(months, reverse=True)),
        together=_result(None, together) if len(shown) > 1 else None,
    )


def _result(month: date | None, figures: Counter[int]) -> Result:
    if figures[1] < FEWEST:
        return Result(month, figures[0], None, {})
    opinions: dict[SurveyQuestion, dict[Opinion, int]] = {question: {} for question in SurveyQuestion}
    for place, (question, opinion) in enumerate(_COUNTED):
        opinions[question][opinion] = figures[2 + place]
    return Result(month, figures[0], figures[1], opinions)


def remarks(session: Session, *, service_code: str, since: date) -> tuple[Remark, ...]:
    """Return the newest remarks on the answers of a service since a Brussels day, without names (one statement).

    Nothing of a case that has become sensitive since.
    """
    query = (
        select(SurveyAsked.asked_on, SurveyReply.remark, Case.requester_name)
        .join(SurveyReply, SurveyReply.asked_id == SurveyAsked.id)
        .join(Case, Case.id == SurveyAsked.case_id)
        .where(
            SurveyAsked.service_code == service_code, SurveyAsked.asked_on >= since,
            SurveyReply.remark.is_not(None), Case.sensitive.is_(False),
        )
        .order_by(SurveyReply.replied_at.desc(), SurveyReply.asked_id.desc())
        .limit(MOST_REMARKS)
    )  # fmt: skip
    return tuple(
        Remark(asked_on.replace(day=1), _without(name.split(), text or ""))
        for asked_on, text, name in session.execute(query)
    )


def _without(names: Iterable[str], text: str) -> str:
    """Return a remark with the requester's own name, as on file, blotted out."""
    for name in names:
        text = re.sub(rf"(?i)\b{re.escape(name)}\b", "…", text) if len(name) > 2 else text
    return text
