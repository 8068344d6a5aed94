"""Owns the pages of the rules of routing: written, tried on a text and on past files, put in force, switched off."""

from collections.abc import Mapping, Sequence
from datetime import date
from functools import partial
from typing import Any

from flask import Response, abort, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.exc import OperationalError

from tracker.casework import routing_rules
from tracker.casework.rule_text import RuleText, check_words, passage_in
from tracker.casework.trying_rules import Trial, rules_without_target, try_rule
from tracker.charter.errors import CharterError
from tracker.charter.words import Channel, Language, Nature, RuleState
from tracker.insight.rules import Rule, Step, one_rule, rules, steps
from tracker.web.countries import countries
from tracker.web.fields import TEXT_LENGTH
from tracker.web.filters import day, label_in_words
from tracker.web.languages import NAMES, language
from tracker.web.site import router, site
from tracker.web.staff.accounts import me, now
from tracker.web.staff.acts import beside, busy, problems_of
from tracker.web.staff.blueprint import needs_rules, staff
from tracker.web.staff.rule_forms import DAYS, WORDS, DecideForm, RuleForm, names_everywhere


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
        return partial(_rule_page, form, _the_rule(number))(409, problems=beside(form, error))


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
    names = {kept.service_code: kept.names[language()]} | names_everywhere()
    page = render_template(
        "staff/rule.html", form=form, rule=kept, says=_says(kept, kept.names[language()]),
        said=partial(_said, names=names), steps=done, trial=trial, problems=problems, names=names,
        lost=_is_lost(kept), acts=_acts(), in_force=kept.state is RuleState.IN_FORCE,
    )  # fmt: skip
    return make_response(page, status)


def _is_lost(rule: Rule) -> bool:
    """Say whether a rule in force counts no more, since its service has closed."""
    return rule.id in {one.number for one in rules_without_target(router(), now())}


def _acts() -> dict[str, str]:
    return {"written": _("Written"), "in_force": _("It was put in force"), "off": _("It was switched off")}


def _said(step: Step, *, names: Mapping[str, str]) -> list[str]:
    """Return what a rule said when it was written, line by line; ``names``: of services and bodies, by code."""
    kept = step.said
    words = {code: lines for code, lines in kept["words"].items() if lines}
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
    return [_("%(what)s: %(words)s", what=what, words=value) for what, value in said]


def _says(rule: Rule | RuleText, service: str) -> list[tuple[str, str]]:
    """Return what a rule says, condition by condition, in the reader's language."""
    said = [(str(WORDS[code]), " · ".join(lines)) for code, lines in rule.words.items()]
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
        return show(409, problems=_at_its_words(form, error))
    flash(_("The rule is saved as a draft: try it on past files, then put it in force."), "success")
    return redirect(url_for("staff.rule_of_staff", number=rule), 303)


def _at_its_words(form: RuleForm, error: CharterError) -> list[tuple[str, str]]:
    """Put what is wrong with words at the field where they stand; return what is wrong with no field."""
    wrong = error.values.get("pattern")
    where = next((f"words_{code}" for code, lines in form.patterns.items() if wrong in lines), "")
    if not where:
        return beside(form, error)
    form[where].errors = [sentence for _field, sentence in problems_of(error)]
    return []


def _found(form: RuleForm) -> list[tuple[str, str]]:
    """Return for each language in which the rule has words what of the sample meets them; empty: nothing does.

    Raises what is wrong with the words.
    """
    given = form.patterns
    check_words(given)
    sample = (form.sample.data or "")[:TEXT_LENGTH]
    return [(NAMES[code], passage_in(sample, code, words)) for code, words in given.items() if words]


def _edit_page(
    form: RuleForm, kept: Rule | None, status: int, *, found: list[tuple[str, str]] | None = None,
    problems: Sequence[tuple[str, str]] = (),
) -> Response:  # fmt: skip
    newer = None
    if status == 409 and kept is not None and kept.version != form.version:
        newer, form.seen.data = _says(kept, kept.names[language()]), str(kept.version)
    lost = kept is not None and _is_lost(kept)
    page = render_template(
        "staff/rule_form.html", form=form, kept=kept, newer=newer, found=found, problems=problems, lost=lost
    )
    return make_response(page, status)
