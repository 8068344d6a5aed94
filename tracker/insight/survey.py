"""Owns the results of the satisfaction survey: by service and month, never of so few that one could be known."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from tracker.charter.words import Language, Opinion, SurveyQuestion
from tracker.models.cases import Case
from tracker.models.directory import Service
from tracker.models.figures import Figure
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


ASKED, REPLIED = "asked", "replied"
SURVEYED = [
    (ASKED, ASKED), (REPLIED, REPLIED),
    *((question.value, opinion.value) for question in SurveyQuestion for opinion in Opinion),
]  # fmt: skip
"""What is counted ahead of each month of a service, as value and ``counted`` of its figures."""


def results(
    session: Session, *, since: date, language: Language, service_code: str | None = None
) -> tuple[OfService, ...]:
    """Return the results since a Brussels month, of one service or of all, by name (two statements).

    They were counted ahead (``casework.figures``), each question in the month in which it was asked.
    """
    query = select(Figure.service_code, Figure.period, Figure.value, Figure.counted, Figure.number)
    query = query.where(Figure.cut == "survey", Figure.period >= since)
    if service_code is not None:
        query = query.where(Figure.service_code == service_code)
    sums: dict[str, dict[date, Counter[tuple[str, str]]]] = defaultdict(lambda: defaultdict(Counter))
    for code, month, value, counted, number in session.execute(query):
        sums[code][month][value, counted] += number
    rows = session.execute(select(Service.code, Service.names).where(Service.code.in_(sums)))
    names = {code: str(told[language.value]) for code, told in rows}
    found = [_of_service(code, names.get(code, code), months) for code, months in sums.items()]
    return tuple(sorted(found, key=lambda one: one.name.casefold()))


def _of_service(code: str, name: str, months: Mapping[date, Counter[tuple[str, str]]]) -> OfService:
    shown = [counts for counts in months.values() if counts[REPLIED, REPLIED] >= FEWEST]
    return OfService(
        code=code,
        name=name,
        months=tuple(_result(month, months[month]) for month in sorted(months, reverse=True)),
        together=_result(None, sum(shown, Counter())) if len(shown) > 1 else None,
    )


def _result(month: date | None, counts: Counter[tuple[str, str]]) -> Result:
    asked, replies = counts[ASKED, ASKED], counts[REPLIED, REPLIED]
    if replies < FEWEST:
        return Result(month, asked, None, {})
    opinions = {question: {one: counts[question.value, one.value] for one in Opinion} for question in SurveyQuestion}
    return Result(month, asked, replies, opinions)


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
