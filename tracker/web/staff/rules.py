"""Owns the pages of the rules of routing: written, tried on a text and on past files, put in force, switched off."""

from collections.abc import Sequence
from datetime import date
from functools import partial
from typing import Any

from flask import Response, abort, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.exc import OperationalError
from wtforms import IntegerField
from wtforms.validators import NumberRange

from tracker.casework import routing_rules
from tracker.casework.routing_rules import RuleText
from tracker.casework.trying_rules import MOST_DAYS, Trial, rules_without_target, try_rule
from tracker.charter.counting import brussels_day
from tracker.charter.errors import CharterError
from tracker.charter.words import Channel, Language, Nature, RuleState
from tracker.insight.choices import bodies
from tracker.insight.rules import Rule, Step, one_rule, rules, steps
from tracker.web.countries import countries
from tracker.web.fields import NAME_LENGTH, TEXT_LENGTH, clean_text
from tracker.web.filters import day, label_in_words
from tracker.web.languages import NAMES, language
from tracker.web.site import router, site
from tracker.web.staff.accounts import me, now
from tracker.web.staff.acts import busy, problems_of
from tracker.web.staff.blueprint import needs_rules, staff
from tracker.web.staff.fields import (
    REASON_LENGTH,
    DayField,
    Lines,
    Pick,
    StaffForm,
    one_line,
    several_lines,
    words_of,
)

WORDS_LENGTH = 10_000
DAYS = 90
PATTERNS = _l("One line for each way of saying it; one of them is enough.")


class RuleForm(StaffForm):
    """What a rule asks for, where it sends, and why."""

    name = one_line(_l("Name of the rule"), NAME_LENGTH, _l("Give the rule a name by which colleagues know it."))
    service = Pick(_l("Choose where the files go."), needed=True, label=_l("Where the files go"))
    words_fr = several_lines(_l("Words in French"), WORDS_LENGTH, description=PATTERNS)
    words_nl = several_lines(_l("Words in Dutch"), WORDS_LENGTH, description=PATTERNS)
    words_de = several_lines(_l("Words in German"), WORDS_LENGTH, description=PATTERNS)
    words_en = several_lines(_l("Words in English"), WORDS_LENGTH, description=PATTERNS)
    place = Pick(_l("Choose a place of the list."), label=_l("Where the person is or where it happened"))
    nature = Pick(_l("Choose a nature of the list."), label=_l("Nature"))
    channel = Pick(_l("Choose a way of the list."), label=_l("Came by"))
    language = Pick(_l("Choose a language of the list."), label=_l("Language of the file"))
    first_day, last_day = _l("First day on which it counts"), _l("Last day on which it counts")
    valid_from = DayField(label=first_day, description=_l("Empty: at once."))
    valid_to = DayField(label=last_day, description=_l("Empty: until it is switched off."))
    note = several_lines(_l("Why this rule"), REASON_LENGTH, _l("Write why there is this rule."))
    sample = Lines(
        _l("A text to try the words on"), filters=[clean_text], limit=TEXT_LENGTH, description=_l("It is not kept.")
    )

    def prepare(self, rule: Rule | None) -> None:
        """Offer the lists, and show what is kept."""
        self.service.choices = [("", _("Choose")), *_everywhere()]
        self.place.choices = [
            ("", _("Anywhere, or not known")), ("abroad", _("Abroad")), ("in_belgium", _("In Belgium")),
            *countries(language())[1:],
        ]  # fmt: skip
        self.nature.choices, self.channel.choices = (
            [("", _("All natures")), *words_of(Nature)],
            [("", _("All ways")), *words_of(Channel)],
        )
        self.language.choices = [("", _("All languages")), *NAMES.items()]
        if not self.is_submitted():
            self.seen.data = str(rule.version) if rule else "0"
            for name in ("place", "nature", "channel", "language"):
                self[name].data = str((rule and getattr(rule, name)) or "")
        if rule is not None and not self.is_submitted():
            self.name.data, self.note.data, self.service.data = rule.name, rule.note, rule.service_code
            self.valid_from.data, self.valid_to.data = rule.valid_from, rule.valid_to
            for code in NAMES:
                self[f"words_{code}"].data = "\n".join(rule.words.get(code, ()))

    @property
    def patterns(self) -> dict[str, tuple[str, ...]]:
        """The words that were typed, by language."""
        written = {code: (self[f"words_{code}"].data or "").splitlines() for code in NAMES}
        return {code: tuple(line.strip() for line in lines if line.strip()) for code, lines in written.items()}

    @property
    def text(self) -> RuleText:
        """What was typed, in a form that was found to be whole."""
        return RuleText(
            name=self.name.data,
            note=self.note.data,
            service_code=self.service.data,
            words=self.patterns,
            place=self.place.data or None,
            nature=Nature(self.nature.data) if self.nature.data else None,
            channel=Channel(self.channel.data) if self.channel.data else None,
            language=Language(self.language.data) if self.language.data else None,
            valid_from=self.valid_from.data,
            valid_to=self.valid_to.data,
        )


class DecideForm(StaffForm):
    """How far back a rule is tried; why it is switched off."""

    days = IntegerField(
        _l("How many days back"),
        default=DAYS,
        validators=[NumberRange(1, MOST_DAYS, message=_l("Write a number of days from 1 to 365."))],
    )
    reason = one_line(_l("Reason"), REASON_LENGTH)


@staff.get("/rules")
@needs_rules
def rules_of_staff() -> str:
    """Show every rule, and which of them have lost their target."""
    with site().database.reading() as db:
        found = rules(db)
    lost = rules_without_target(router(), now())
    gone = {rule.number for rule in lost}
    return render_template("staff/rules.html", found=found, lost=lost, gone=gone, keeps=True, lang_code=language())


@staff.route("/rules/new", methods=["GET", "POST"])
@needs_rules
def new_rule() -> ResponseReturnValue:
    """Write a rule."""
    return _edit(None)


@staff.route("/rules/<int:number>/change", methods=["GET", "POST"])
@needs_rules
def change_rule(number: int) -> ResponseReturnValue:
    """Change what a rule says: it is a draft until it is tried again."""
    return _edit(_the_rule(number))


@staff.route("/rules/<int:number>", methods=["GET", "POST"])
@needs_rules
def rule_of_staff(number: int) -> ResponseReturnValue:
    """Show a rule with its history; try it on past files, put it in force, switch it off."""
    kept, form = _the_rule(number), DecideForm()
    show = partial(_rule_page, form, kept)
    if not form.is_submitted():
        return show(200)
    if not form.validate():
        return show(400)
    try:
        return _decide(form, kept)
    except OperationalError as error:
        return busy(error, show)
    except CharterError as error:
        return partial(_rule_page, form, _the_rule(number))(409, problems=problems_of(error))


def _the_rule(number: int) -> Rule:
    with site().database.reading() as db:
        found = one_rule(db, number)
    if found is None:
        abort(404)
    return found


def _decide(form: DecideForm, kept: Rule) -> ResponseReturnValue:
    given: dict[str, Any] = {"number": kept.id, "actor": me().actor, "seen": form.version}
    match request.form.get("step"):
        case "try":
            return _try(form, kept)
        case "put":
            asked = router()
            with site().database.writing() as db:
                routing_rules.put_in_force(db, asked, now=now(), **given)
            flash(_("The rule counts from now on."), "success")
        case "off":
            with site().database.writing() as db:
                routing_rules.switch_off(db, reason=form.reason.data or "", now=now(), **given)
            flash(_("The rule is switched off."), "success")
    return redirect(url_for("staff.rule_of_staff", number=kept.id), 303)


def _try(form: DecideForm, kept: Rule) -> Response:
    """Try the rule on past files, keep the figures with it, and show them with a sample of files."""
    with site().database.reading() as db:
        trial = try_rule(db, router(), number=kept.id, days=form.days.data or DAYS, viewer=me().viewer, now=now())
    with site().database.writing() as db:
        routing_rules.keep_trial(db, number=kept.id, tried=trial.to_json(), actor=me().actor, seen=form.version)
    return _rule_page(form, _the_rule(kept.id), 200, trial=trial)


def _rule_page(
    form: DecideForm, kept: Rule, status: int, *, trial: Trial | None = None,
    problems: Sequence[tuple[str, str]] = (),
) -> Response:  # fmt: skip
    with site().database.reading() as db:
        done = steps(db, kept.id)
    lost = kept.id in {rule.number for rule in rules_without_target(router(), now())}
    page = render_template(
        "staff/rule.html", form=form, rule=kept, says=_says(kept, _target(kept)), said=_said, steps=done,
        trial=trial, problems=problems,
        lost=lost, names=dict(_everywhere()), acts=_acts(), in_force=kept.state is RuleState.IN_FORCE,
    )  # fmt: skip
    return make_response(page, status)


def _acts() -> dict[str, str]:
    return {"written": _("Written"), "in_force": _("It was put in force"), "off": _("It was switched off")}


def _said(step: Step) -> str:
    """Return what a rule said when it was written, in one line."""
    kept = step.said
    words = {code: lines for code, lines in kept["words"].items() if lines}
    names = dict(_everywhere())
    text = RuleText(
        name=kept["name"], note=kept["note"], service_code=kept["service_code"], words=words, place=kept["place"],
        nature=Nature(kept["nature"]) if kept["nature"] else None,
        channel=Channel(kept["channel"]) if kept["channel"] else None,
        language=Language(kept["language"]) if kept["language"] else None,
    )  # fmt: skip
    days = [
        (str(words_for), day(date.fromisoformat(kept[name])))
        for name, words_for in (("valid_from", RuleForm.first_day), ("valid_to", RuleForm.last_day))
        if kept.get(name)
    ]
    said = [*_says(text, names.get(text.service_code, text.service_code)), *days]
    return " · ".join(_("%(what)s: %(words)s", what=what, words=value) for what, value in said)


def _says(rule: Rule | RuleText, service: str) -> list[tuple[str, str]]:
    """Return what a rule says, condition by condition, in the reader's language."""
    said = [(_("Words: %(language)s", language=NAMES[code]), " · ".join(lines)) for code, lines in rule.words.items()]
    places = {"abroad": _("Abroad"), "in_belgium": _("In Belgium"), **dict(countries(language()))}
    if rule.place:
        said.append((_("Where the person is or where it happened"), str(places.get(rule.place, rule.place))))
    if rule.nature:
        said.append((_("Nature"), label_in_words(rule.nature)))
    if rule.channel:
        said.append((_("Came by"), label_in_words(rule.channel)))
    if rule.language:
        said.append((_("Language of the file"), NAMES[rule.language.value]))
    said.append((_("Where the files go"), service))
    said.append((_("Why this rule"), rule.note))
    return said


def _target(rule: Rule) -> str:
    return _named(rule.service_code, rule.names[language()])


def _edit(kept: Rule | None) -> ResponseReturnValue:
    form = RuleForm()
    form.prepare(kept)
    show = partial(_edit_page, form, kept)
    if not form.is_submitted():
        return show(200)
    try:
        if request.form.get("step") == "test":
            return show(200, found=_found(form))
        if not form.validate():
            return show(400)
        with site().database.writing() as db:
            number = kept.id if kept else None
            seen = form.version if kept else None
            rule = routing_rules.write_rule(
                db, number=number, text=form.text, actor=me().actor, now=now(), seen=seen
            ).id
    except OperationalError as error:
        return busy(error, show)
    except CharterError as error:
        return show(409, problems=problems_of(error))
    flash(_("The rule is saved as a draft: try it on past files, then put it in force."), "success")
    return redirect(url_for("staff.rule_of_staff", number=rule), 303)


def _found(form: RuleForm) -> list[tuple[str, str]]:
    """Return for each language in which the rule has words what of the sample meets them; empty: nothing does.

    Raises what is wrong with the words.
    """
    given = form.patterns
    routing_rules.check_words(given)
    sample = (form.sample.data or "")[:TEXT_LENGTH]
    return [(NAMES[code], routing_rules.passage_in(sample, code, words)) for code, words in given.items() if words]


def _edit_page(
    form: RuleForm, kept: Rule | None, status: int, *, found: list[tuple[str, str]] | None = None,
    problems: Sequence[tuple[str, str]] = (),
) -> Response:  # fmt: skip
    newer = None
    if status == 409 and kept is not None and kept.version != form.version:
        newer, form.seen.data = _says(kept, _target(kept)), str(kept.version)
    page = render_template("staff/rule_form.html", form=form, kept=kept, newer=newer, found=found, problems=problems)
    return make_response(page, status)


def _everywhere() -> list[tuple[str, str]]:
    """Return our own services and then the bodies outside, by code, by name."""
    day = brussels_day(now())
    with site().database.reading() as db:
        found = [body for ours in (True, False) for body in bodies(db, internal=ours, day=day, language=language())]
    return [(one.code, _named(one.code, one.name)) for one in found]


def _named(code: str, name: str) -> str:
    return name if code in name else f"{name} ({code})"
