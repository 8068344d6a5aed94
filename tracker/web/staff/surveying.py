"""Owns the pages of the survey for staff: its results by service and month, and what came back on paper or aloud."""

import csv
from datetime import date
from functools import partial
from io import StringIO
from typing import Any

from babel.dates import format_skeleton
from babel.numbers import format_percent
from flask import Response, render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Session

from tracker.access.permissions import Room
from tracker.casework import surveys
from tracker.casework.surveys import Given, Wish
from tracker.charter.counting import brussels_day
from tracker.charter.words import Channel, Language, Opinion, Role, SurveyQuestion, Verb
from tracker.correspondence.explanation import label
from tracker.insight.casefacts import Header
from tracker.insight.survey import FEWEST, OfService, Result, remarks, results
from tracker.web.languages import language
from tracker.web.site import site
from tracker.web.staff.accounts import me, now
from tracker.web.staff.acts import Page, Then, act
from tracker.web.staff.blueprint import needs_room, staff
from tracker.web.staff.deciding import moment_of
from tracker.web.staff.entering import confirm, confirmation
from tracker.web.staff.entry_form import ArrivalForm
from tracker.web.staff.fields import Choice, several_lines, words_of

ON_A_SLIP = (Channel.POST, Channel.FAX, Channel.PHONE, Channel.COUNTER)
REMARK_LENGTH = 2000
NOTHING_MORE = "nothing"


@staff.get("/survey")
@needs_room(Room.SURVEY)
def survey_results() -> ResponseReturnValue:
    """Show the results of the last twelve months: to a head, those of the own service, with the remarks."""
    person, own = me().person, me().person.role is Role.HEAD
    with site().database.reading() as db:
        found = _found(db)
        said = remarks(db, service_code=person.service_code or "", since=_since()) if own else ()
    return render_template(
        "staff/survey.html", services=found, remarks=said, own=own, fewest=FEWEST, questions=list(SurveyQuestion),
        in_month=_month, share=_share, opinions=list(Opinion), part=_part,
    )  # fmt: skip


@staff.get("/survey.csv")
@needs_room(Room.SURVEY)
def survey_csv() -> ResponseReturnValue:
    """Give the same figures as a table; what is withheld is empty."""
    with site().database.reading() as db:
        found = _found(db)
    out = StringIO()
    table = csv.writer(out)
    columns = [f"{question}_{opinion}" for question in SurveyQuestion for opinion in Opinion]
    table.writerow(["service", "month", "asked", "replies", *columns])
    for service in found:
        for result in service.months:
            table.writerow([service.code, _as_month(result), result.asked, *_figures(result, len(columns))])
    headers = {"Content-Disposition": "attachment; filename=survey.csv"}
    return Response(out.getvalue(), mimetype="text/csv; charset=utf-8", headers=headers)


def _found(db: Session) -> tuple[OfService, ...]:
    person = me().person
    own = (person.service_code or "") if person.role is Role.HEAD else None
    return results(db, since=_since(), language=Language(language()), service_code=own)


def _since() -> date:
    """Return the first day of the twelve months that are shown."""
    today = brussels_day(now())
    return date(today.year - (today.month < 12), today.month % 12 + 1, 1)


def _as_month(result: Result) -> str:
    return f"{result.month:%Y-%m}" if result.month else ""


def _figures(result: Result, columns: int) -> list[int | str]:
    if result.replies is None:
        return [""] * (columns + 1)
    counts = [result.opinions[question][opinion] for question in SurveyQuestion for opinion in Opinion]
    return [result.replies, *counts]


def _month(day: date) -> str:
    return str(format_skeleton("yMMMM", day, locale=language()))


def _share(value: float | None) -> str:
    form = "0%" if language() == Language.EN else "0\N{NO-BREAK SPACE}%"
    return "–" if value is None else str(format_percent(value, format=form, locale=language()))


def _part(result: Result, question: SurveyQuestion, opinion: Opinion) -> str:
    """Say how many of those who replied chose an answer, in hundredths."""
    return _share(None if result.replies is None else result.opinions[question][opinion] / result.replies)


class ReplyForm(ArrivalForm):
    """What somebody ticked on a slip, or said by telephone or at the counter."""

    answered = Choice(_l("Choose one of the three answers."))
    clear = Choice(_l("Choose one of the three answers."))
    in_time = Choice(_l("Choose one of the three answers."))
    remark = several_lines(_l("A remark, in the person's words"), REMARK_LENGTH)
    wish = Choice(_l("Choose what the person asks for."), label=_l("The person asks for"))

    def validate(self, extra_validators: object = None) -> bool:
        """Check each field, and the day."""
        sound: bool = super().validate(extra_validators)
        return all((sound, "sure" not in self or self.check_day()))


def _questions(form: ReplyForm, case: Header) -> None:
    form.arrives_today()
    form.channel.choices = words_of(ON_A_SLIP)
    for question in SurveyQuestion:
        form[question.value].choices = words_of(Opinion)
        form[question.value].label.text = label(question, Language(language()))
    form.wish.choices = [
        (NOTHING_MORE, _("Nothing more")),
        (Wish.REOPEN.value, _("The file is opened again; the remark is entered as a message")),
        (Wish.COMPLAIN.value, _("A complaint; the remark is its text")),
    ]
    form.wish.data = form.wish.data or NOTHING_MORE
    del form.files, form.clock
    if not form.unusual:
        del form.sure, form.why


@act("survey", Verb.WRITE, ReplyForm, Page(
    _l("Enter a reply to the survey"), _l("Enter the reply"), _l("The reply is in."),
    _l("From a slip that came back; or read the questions aloud, and say that the answer changes nothing in the dates"
       " we promised."),
), prepare=_questions)  # fmt: skip
def enter_reply(db: Session, form: ReplyForm, case: dict[str, Any]) -> Then | None:
    """Take the reply; a person who is not content gets the file opened again, or a complaint, at once."""
    channel, moment, day = Channel(form.channel.data), case["now"], form.day.day
    asked = surveys.ask_aloud(db, site().house, channel=channel, **case)
    opinions = {question: Opinion(form[question.value].data) for question in SurveyQuestion}
    surveys.reply(
        db, asked, Given(opinions, form.remark.data or ""), channel=channel, actor=case["actor"], now=moment
    )
    came = {
        "channel": channel, "actor": case["actor"], "now": moment, "arrival": form.arrival,
        "received_at": moment if day > brussels_day(moment) else moment_of(channel, day, None, moment),
    }  # fmt: skip
    if form.wish.data == Wish.REOPEN:
        surveys.reopen(db, site().house, asked, **came)
    elif form.wish.data == Wish.COMPLAIN:
        return partial(confirm, confirmation(db, surveys.complain(db, site().house, asked, **came).case))
    return None
