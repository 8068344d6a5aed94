"""Owns the small pages by which a complaint is judged and acted on: finding, corrective actions, their effect."""

from collections.abc import Callable
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Session

from tracker.casework import complaints, corrective
from tracker.casework.complaints import Found
from tracker.charter.complaints import Analysis, Word
from tracker.charter.counting import brussels_day
from tracker.charter.words import Effect, Inadmissible, Outcome, Verb
from tracker.insight.casefacts import Header
from tracker.insight.choices import everybody
from tracker.insight.complaints import Action, actions_of, finding_of
from tracker.web.filters import long_day
from tracker.web.languages import language
from tracker.web.site import site
from tracker.web.staff.accounts import now
from tracker.web.staff.acts import Page, act, nothing_chosen
from tracker.web.staff.fields import (
    EVIDENCE_LENGTH,
    REASON_LENGTH,
    Choice,
    DayField,
    Pick,
    StaffForm,
    person_in_words,
    several_lines,
    words_of,
)

WHICH = _l("Choose the corrective action.")
NOT_DONE, DONE = "not done", "done"


class FindingForm(StaffForm):
    """What is found of the complaint."""

    ground = Choice(_l("Say whether the complaint is admissible."), label=_l("Is it admissible?"))
    note = several_lines(
        _l("Why it is, or is not, admissible"), EVIDENCE_LENGTH, description=_l("Needed where it is not admissible.")
    )
    outcome = Choice(_l("Say what was found, or that it is still looked into."), label=_l("Is it founded?"))
    reasons = several_lines(
        _l("Reasons of the finding"),
        EVIDENCE_LENGTH,
        description=_l("Needed as soon as it is founded, partly founded or unfounded."),
    )
    theme = Pick(_l("Choose a theme of the list."), label=_l("What it is about"))
    cause = Pick(
        _l("Choose a cause of the list."),
        label=_l("What lay behind it"),
        description=_l("Needed where it is founded, or partly."),
    )


def _finding(form: FindingForm, case: Header) -> None:
    with site().database.reading() as db:
        kept = finding_of(db, case.id)
    lists = Analysis.shipped()
    inadmissible = [(code, _l("No: %(ground)s", ground=_inside(words))) for code, words in words_of(Inadmissible)]
    form.ground.choices = [("", _l("Yes, it is admissible")), *inadmissible]
    form.outcome.choices = [("", _l("It is still looked into")), *words_of(Outcome)]
    form.theme.choices = _words(lists.themes.values(), kept and kept.theme)
    form.cause.choices = _words(lists.causes.values(), kept and kept.cause)
    if kept is not None and not form.is_submitted():
        form.ground.data, form.outcome.data = str(kept.ground or ""), str(kept.outcome or "")
        form.note.data, form.reasons.data = kept.note, kept.reasons
        form.theme.data, form.cause.data = kept.theme or "", kept.cause or ""


def _inside(words: str) -> str:
    """Return a label as it stands inside a sentence: German keeps its capital after a colon."""
    return words if language() == "de" else words[0].lower() + words[1:]


def _words(words: Any, kept: str | None) -> list[tuple[str, str]]:
    """Return a list to choose from, in the reader's language; what is no longer chosen stays where it stands."""
    offered: list[Word] = [word for word in words if word.until is None or word.code == kept]
    return [("", nothing_chosen()), *((word.code, word.names[language()]) for word in offered)]


@act("finding", Verb.WRITE, FindingForm, Page(
    _l("What was found of the complaint"), _l("Record it"), _l("The finding is recorded."),
    _l("A complaint closes only once this is on record. Whoever it is about sees none of it."),
), prepare=_finding)  # fmt: skip
def finding(db: Session, form: FindingForm, case: dict[str, Any]) -> None:
    found = Found(
        ground=Inadmissible(form.ground.data) if form.ground.data else None, note=form.note.data or "",
        outcome=Outcome(form.outcome.data) if form.outcome.data else None, reasons=form.reasons.data or "",
        theme=form.theme.data or None, cause=form.cause.data or None,
    )  # fmt: skip
    complaints.record_finding(db, site().house, found=found, **case)


def _what() -> Any:
    return several_lines(
        _l("What is to be done"), REASON_LENGTH, _l("Write what is to be done so that it does not happen again.")
    )


def _owner() -> Pick:
    return Pick(_l("Choose who does it."), needed=True, label=_l("Who does it"))


def _due_on() -> DayField:
    return DayField(_l("Write the day by which it is done."), label=_l("To be done by"))


class ActionForm(StaffForm):
    """What is to be done, by whom and by when."""

    what, owner, due_on = _what(), _owner(), _due_on()


def _owners(form: Any, case: Header) -> None:
    with site().database.reading() as db:
        found = everybody(db, day=brussels_day(now()))
    form.owner.choices = [
        ("", nothing_chosen()),
        *((str(one.id), person_in_words(one)) for one in found if one.id != case.about_staff_id),
    ]


@act("corrective-action", Verb.WRITE, ActionForm, Page(
    _l("Add a corrective action"), _l("Add it"), _l("The corrective action is on record."),
    _l("Who does it finds it above the queue once its date is past, and so does the complaints coordinator."),
), prepare=_owners)  # fmt: skip
def add_action(db: Session, form: ActionForm, case: dict[str, Any]) -> None:
    corrective.add_action(
        db, site().house, what=form.what.data, owner_id=int(form.owner.data), due_on=form.due_on.day, **case
    )


class ChangeActionForm(StaffForm):
    """Which action is changed, to what, and why."""

    action = Choice(WHICH, label=_l("Corrective action"))
    what, owner, due_on = _what(), _owner(), _due_on()
    reason = several_lines(_l("Reason"), REASON_LENGTH, _l("Write why."))


def _choose(form: Any, case: Header, *, wanted: Callable[[Action], bool]) -> list[Action]:
    """Offer some of the actions of a complaint; the only one is chosen already."""
    with site().database.reading() as db:
        found = [one for one in actions_of(db, case.id) if wanted(one)]
    form.action.choices = [
        (str(one.id), f"{one.what[:120]} · {one.owner} · {long_day(one.due_on)}") for one in found
    ]  # fmt: skip
    if not form.is_submitted() and len(found) == 1:
        form.action.data = str(found[0].id)
    return found


def _changeable(form: ChangeActionForm, case: Header) -> None:
    _owners(form, case)
    found = _choose(form, case, wanted=lambda one: one.done_on is None)
    if len(found) == 1 and not form.is_submitted():
        (one,) = found
        form.what.data, form.owner.data, form.due_on.data = one.what, str(one.owner_id), one.due_on


@act("change-action", Verb.WRITE, ChangeActionForm, Page(
    _l("Change a corrective action"), _l("Change it"), _l("The corrective action is changed."),
    _l("The history keeps what it was before."),
), prepare=_changeable)  # fmt: skip
def change_action(db: Session, form: ChangeActionForm, case: dict[str, Any]) -> None:
    corrective.change_action(
        db, site().house, number=int(form.action.data), what=form.what.data, owner_id=int(form.owner.data),
        due_on=form.due_on.day, reason=form.reason.data, **case,
    )  # fmt: skip


class ActionDoneForm(StaffForm):
    """Which action was done, and when."""

    action = Choice(WHICH, label=_l("Corrective action"))
    done_on = DayField(_l("Write the day on which it was done."), label=_l("Done on"))


def _doable(form: ActionDoneForm, case: Header) -> None:
    _choose(form, case, wanted=lambda one: one.done_on is None)
    if not form.is_submitted():
        form.done_on.data = brussels_day(now())


@act("action-done", Verb.WRITE, ActionDoneForm, Page(
    _l("A corrective action is done"), _l("Record it"), _l("It is on record as done."),
    _l("Its effect is looked at later: whether what was complained of happens less."),
), prepare=_doable)  # fmt: skip
def action_done(db: Session, form: ActionDoneForm, case: dict[str, Any]) -> None:
    corrective.action_done(db, site().house, number=int(form.action.data), done_on=form.done_on.day, **case)


class EffectForm(StaffForm):
    """Which action was looked at, what was looked at, and what was seen."""

    action = Choice(WHICH, label=_l("Corrective action"))
    looked_at = several_lines(
        _l("What was looked at, and what was seen"),
        EVIDENCE_LENGTH,
        _l("Write what you looked at and what you saw."),
        _l("For instance the complaints since, or a test call."),
    )
    effect = Choice(_l("Say what effect it had."), label=_l("Its effect"))
    effect_on = DayField(_l("Write the day on which you looked."), label=_l("Looked at on"))


def _measurable(form: EffectForm, case: Header) -> None:
    _choose(form, case, wanted=lambda one: one.done_on is not None)
    form.effect.choices = words_of(Effect)
    if not form.is_submitted():
        form.effect_on.data = brussels_day(now())


@act("effect", Verb.WRITE, EffectForm, Page(
    _l("The effect of a corrective action"), _l("Record it"), _l("The effect is on record."),
    _l("Does what was complained of happen less than before? The yearly report says so; you may look again later."),
), prepare=_measurable)  # fmt: skip
def effect(db: Session, form: EffectForm, case: dict[str, Any]) -> None:
    corrective.measure_effect(
        db, site().house, number=int(form.action.data), effect=Effect(form.effect.data),
        looked_at=form.looked_at.data, effect_on=form.effect_on.day, **case,
    )  # fmt: skip
