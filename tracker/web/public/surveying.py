"""Owns the pages of the satisfaction survey: the way in by a code, the questions, what an unhappy reply does.

A link or a code opens the questions about one answer, and shows nothing of the file but its reference.
"""

from collections.abc import Callable
from datetime import UTC, datetime

from flask import Response, current_app, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse
from wtforms import RadioField
from wtforms.validators import ValidationError

from tracker.casework import surveys, throttle
from tracker.casework.house import CITIZEN
from tracker.casework.surveys import Given, SurveyOver, UnknownSurvey, Wish
from tracker.charter.errors import CharterError
from tracker.charter.words import Channel, Opinion, SurveyQuestion
from tracker.correspondence.explanation import label, refusal
from tracker.models.cases import Case
from tracker.models.survey import SurveyAsked, SurveyReply
from tracker.web import fields
from tracker.web.languages import language
from tracker.web.networks import network_of
from tracker.web.public.blueprint import IN_LANGUAGE, public
from tracker.web.public.forms import CODE_LENGTH, REFERENCE_LENGTH, reference_shape
from tracker.web.public.limits import busy
from tracker.web.site import site

REMARK_LENGTH = 2000
TRIES = 30
"""Failed tries in a quarter of an hour from one address on the network; a code has fifty bits."""

CHOOSE = _l("Choose one of the three answers.")


class CodeForm(fields.TokenForm):
    """The way in from a letter."""

    reference = fields.line(REFERENCE_LENGTH, missing=_l("Write the reference of your file."))
    code = fields.line(CODE_LENGTH, missing=_l("Write the code that stands on our letter."))

    validate_reference = reference_shape


class SurveyForm(fields.TokenForm):
    """Three questions and a remark."""

    answered = RadioField(validate_choice=False, validators=[fields.required(CHOOSE)])
    clear = RadioField(validate_choice=False, validators=[fields.required(CHOOSE)])
    in_time = RadioField(validate_choice=False, validators=[fields.required(CHOOSE)])
    remark = fields.paragraphs(REMARK_LENGTH)

    def offer(self) -> None:
        """Put the choices into words."""
        for question in SurveyQuestion:
            field = self[question.value]
            field.choices = [(one.value, label(one, language())) for one in Opinion]
            if field.errors:
                field.errors = [_("Choose an answer: %(question)s", question=label(question, language()))]

    def validate_answered(self, field: RadioField) -> None:
        """Refuse an answer that the page does not offer."""
        if field.data not in list(Opinion):
            raise ValidationError(str(CHOOSE))

    validate_clear = validate_in_time = validate_answered

    def given(self) -> Given:
        """Return what was replied, of a form that was found whole."""
        opinions = {question: Opinion(self[question.value].data) for question in SurveyQuestion}
        return Given(opinions, self.remark.data or "")


@public.route(f"{IN_LANGUAGE}/survey", methods=["GET", "POST"])
def survey_door() -> AnyResponse:
    """Ask for the reference and the code that stand on a letter, and lead on to the questions."""
    if request.method != "POST":
        return _door(CodeForm(formdata=None, reference=request.args.get("reference", "")[:REFERENCE_LENGTH]), 200)
    form = CodeForm()
    if not form.validate():
        if form.stale:
            form.code.errors = [*form.code.errors, _("The page was open for a long time: send it once more.")]
            form.csrf_token.errors = []
        return _door(form, 400)
    where = {"reference": form.reference.data, "code": form.code.data}
    return _with_survey(where, _lead_on)


def _lead_on(db: Session, asked: SurveyAsked) -> AnyResponse:
    case = db.get_one(Case, asked.case_id)
    code = surveys.code_of(site().house, case, asked.number)
    return redirect(url_for("public.survey", reference=case.reference, code=code), 303)


def _door(form: CodeForm, status: int) -> Response:
    return make_response(render_template("public/survey_door.html", form=form), status)


@public.route(f"{IN_LANGUAGE}/survey/<reference>/<code>", methods=["GET", "POST"])
def survey(reference: str, code: str) -> AnyResponse:
    """Ask the three questions about one answer; what was replied before may be changed until the last day."""
    return _with_survey({"reference": reference, "code": code}, _take if request.method == "POST" else _ask)


def _ask(db: Session, asked: SurveyAsked) -> AnyResponse:
    before = db.get(SurveyReply, asked.id)
    known = {one.value: getattr(before, one.value).value for one in SurveyQuestion} if before else {}
    form = SurveyForm(formdata=None, remark=before.remark if before else None, **known)
    return _questions(form, asked, 200, again=before is not None)


def _questions(form: SurveyForm, asked: SurveyAsked, status: int, *, again: bool = False) -> Response:
    form.offer()
    page = render_template(
        "public/survey.html", form=form, asked=asked, again=again, questions=list(SurveyQuestion),
        most=REMARK_LENGTH, reference=(request.view_args or {})["reference"],
    )  # fmt: skip
    return make_response(page, status)


def _take(db: Session, asked: SurveyAsked) -> AnyResponse:
    form = SurveyForm()
    if not form.validate():
        if form.stale:
            form.remark.errors = [_("The page was open for a long time. Nothing is lost: send it once more.")]
            form.csrf_token.errors = []
        return _questions(form, asked, 400)
    now = datetime.now(UTC)
    try:
        surveys.reply(db, asked, form.given(), channel=Channel.WEB, actor=CITIZEN, now=now)
        db.flush()
    except OperationalError as error:
        current_app.logger.warning("a reply to a survey came back: it could not be stored in time", exc_info=error)
        form.remark.errors = [busy()]
        return _questions(form, asked, 503)
    return redirect(url_for("public.survey_thanks", **request.view_args or {}), 303)


@public.route(f"{IN_LANGUAGE}/survey/<reference>/<code>/thanks", methods=["GET", "POST"])
def survey_thanks(reference: str, code: str) -> AnyResponse:
    """Thank; whoever is not content opens the file again, or makes a complaint, by one button."""
    return _with_survey({"reference": reference, "code": code}, _act if request.method == "POST" else _thank)


def _thank(db: Session, asked: SurveyAsked) -> AnyResponse:
    return _thanks(db, asked, fields.TokenForm(formdata=None), 200)


def _thanks(db: Session, asked: SurveyAsked, form: fields.TokenForm, status: int) -> AnyResponse:
    row = db.get(SurveyReply, asked.id)
    if row is None:
        return redirect(url_for("public.survey", **request.view_args or {}), 303)
    done = surveys.came_of(db, asked)
    page = render_template(
        "public/survey_thanks.html", form=form, asked=asked, unhappy=surveys.unhappy(row), remark=row.remark,
        open_again=Wish.REOPEN in done, complaint=done.get(Wish.COMPLAIN), **request.view_args or {},
    )  # fmt: skip
    return make_response(page, status)


def _act(db: Session, asked: SurveyAsked) -> AnyResponse:
    form, now = fields.TokenForm(), datetime.now(UTC)
    wish = request.form.get("wish", "")
    if not form.validate() or wish not in list(Wish):
        flash(_("The page was open for a long time: press the button once more."), "error")
        return _thanks(db, asked, fields.TokenForm(formdata=None), 400)
    if wish == Wish.REOPEN:
        surveys.reopen(db, site().house, asked, now=now)
        flash(_("Your file is open again: we answer you anew."), "success")
    else:
        surveys.complain(db, site().house, asked, now=now)
        flash(_("We have your complaint."), "success")
    return redirect(url_for("public.survey_thanks", **request.view_args or {}), 303)


def _with_survey(where: dict[str, str | None], then: Callable[[Session, SurveyAsked], AnyResponse]) -> AnyResponse:
    """Find the survey of a reference and a code and go on with it; otherwise say what is wrong, at the way in."""
    now, who = datetime.now(UTC), f"from {network_of(request.remote_addr)}"
    form = CodeForm(formdata=None, reference=(where["reference"] or "")[:REFERENCE_LENGTH], code=where["code"])
    with site().database.reading() as db:
        locked = throttle.tried_too_often(db, door="survey", who=who, most=TRIES, now=now)
    if locked:
        form.code.errors = [_("There were too many wrong tries: wait a quarter of an hour, then try again.")]
        return _door(form, 429)
    try:
        with (site().database.writing if request.method == "POST" else site().database.reading)() as db:
            found = surveys.find_survey(
                db, site().house, reference=where["reference"] or "", code=where["code"] or "", now=now
            )
            return then(db, found)
    except UnknownSurvey as error:
        with site().database.writing() as db:
            throttle.note_failure(db, door="survey", who=who, now=now)
        form.code.errors = [refusal(error, language())]
        return _door(form, 404)
    except SurveyOver as error:
        return make_response(render_template("public/survey_over.html", sentence=refusal(error, language())), 410)
    except CharterError as error:
        form.code.errors = [refusal(error, language())]
        return _door(form, 409)
    except OperationalError as error:
        current_app.logger.warning("a survey could not be read in time", exc_info=error)
        form.code.errors = [busy()]
        return _door(form, 503)
