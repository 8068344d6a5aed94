"""Owns what the page of a letter or a note keeps of what is typed, and shows: one's own draft and those of others."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from flask import Response, flash, jsonify, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from tracker.access.permissions import may
from tracker.casework.drafting import VERBS
from tracker.casework.kept_drafts import WORDS, KeptElsewhere, holds, keep_draft, take_over, throw_away
from tracker.charter.counting import brussels_day
from tracker.charter.errors import CharterError
from tracker.charter.words import CaseState, Language, MessageKind
from tracker.correspondence.explanation import refusal
from tracker.correspondence.tables import time_in_words
from tracker.insight.casefacts import Header
from tracker.insight.drafts import Begun, Waiting, begun_on, begun_on_case
from tracker.models.drafts import KeptDraft
from tracker.web.fields import clean_text
from tracker.web.filters import moment as in_words
from tracker.web.languages import language
from tracker.web.site import site
from tracker.web.staff.accounts import me, now
from tracker.web.staff.acts import give_back, the_case
from tracker.web.staff.blueprint import facts_of
from tracker.web.staff.letter_forms import OwnWordsForm


@dataclass(frozen=True, slots=True)
class Drafts:
    """What the page says of drafts: when what stands in the form was kept, and what else was begun."""

    kept: str
    """A sentence; empty: nothing of this is kept yet."""
    begun_by: str
    """The colleague whose draft was taken over into it."""
    others: Sequence[Begun]
    stamp: str
    """Which draft stands in the form: what is kept next takes the place of this one only."""
    apart: int | None
    """Whose draft is kept and does not stand in the form: one's own, of another window; none: there is no such."""


SLUGS = {
    MessageKind.ANSWER: "answer",
    MessageKind.INTERIM: "interim",
    MessageKind.QUESTION: "ask",
    MessageKind.TRANSMISSION: "transmit",
    MessageKind.CLOSING: "closing",
    MessageKind.NOTE: "note",
}
"""The pages on which a message of each kind is written."""


def begun_here(db: Session, case: Header) -> list[tuple[Waiting, str]]:
    """Return what was begun on a case and whoever looks may go on with, each with its page (one statement)."""
    person, facts = me().person, facts_of(case)
    return [
        (one, f"/staff/cases/{case.reference}/{SLUGS[one.kind]}")
        for one in begun_on_case(db, case.id)
        if one.kind in SLUGS and may(person, VERBS[one.kind], facts)
    ]


def shown(form: OwnWordsForm, case: Header, kind: MessageKind) -> Drafts:
    """Return what is kept of a message: one's own as it stands in the form, and the drafts that may be put in."""
    with site().reading() as db:
        found = begun_on(db, case.id, kind)
    own = next((one for one in found if one.author_id == me().id), None)
    apart = own is not None and _apart(own, form)
    return Drafts(
        kept=_kept(own) if own is not None and not apart else "",
        begun_by=(own.begun_by or "") if own is not None else "",
        others=[one for one in found if one is not own or apart],
        stamp=request.form.get("kept", "") if apart else own.stamp if own is not None else "",
        apart=me().id if apart else None,
    )


def _apart(own: Begun, form: OwnWordsForm) -> bool:
    """Say whether other words stand in the form: those of another message, or of another window."""
    if request.method == "GET":
        return "again" in request.args
    stands = {name: form[name].data or "" for name in _names(form) & set(WORDS)}
    return request.form.get("kept") not in (None, own.stamp) and not holds(stands, own.typed)


def fill_in(form: OwnWordsForm, case: Header, kind: MessageKind) -> None:
    """Fill in a letter with what whoever opens it had typed, unless it is opened with the words of another."""
    if "again" in request.args:
        return
    with site().reading() as db:
        own = next((one for one in begun_on(db, case.id, kind) if one.author_id == me().id), None)
    if own is not None:
        stands = {name: form[name].data for name in _names(form) if isinstance(form[name].data, str)}
        form.process(MultiDict(stands | {name: value for name, value in own.typed.items() if name in _names(form)}))


def meanwhile(kind: MessageKind, form: OwnWordsForm, show: Callable[..., Response]) -> ResponseReturnValue | None:
    """Fill in what was kept of a page that does one thing, and do what is asked about drafts, if anything is."""
    if not form.is_submitted():
        fill_in(form, the_case(), kind)
        return None
    if asked_for():
        return put_in(form, kind, show)
    return keep(form, kind, show) if request.form.get("step") == "keep" else None


def keep(form: OwnWordsForm, kind: MessageKind, show: Callable[..., Response]) -> ResponseReturnValue | None:
    """Keep what is typed, as it stands, right or not yet; answers only whoever asked for just that."""
    by_itself = request.accept_mimetypes.best == "application/json"  # the page keeps it, and is not left
    asked = request.form.get("step") == "keep"
    try:
        with site().database.writing() as db:
            draft = _keep(db, form, the_case(), kind)
    except (CharterError, OperationalError) as error:
        if by_itself and isinstance(error, KeptElsewhere):
            return _kept_elsewhere(error)
        if not asked:
            return None  # what is typed comes back with the form that is asked for
        return ("", 503) if by_itself else give_back(error, show)
    if not asked:
        return None
    return _kept_alone(draft, form) if by_itself else show(200)


def _keep(db: Session, form: OwnWordsForm, case: Header, kind: MessageKind) -> KeptDraft | None:
    return keep_draft(
        db, reference=case.reference, kind=kind, typed=_typed(form), actor=me().actor, now=now(),
        seen=form.version, over=request.form.get("kept"),
    )  # fmt: skip


def _kept_alone(draft: KeptDraft | None, form: OwnWordsForm) -> ResponseReturnValue:
    """Answer a page that keeps what is typed by itself, without leaving it."""
    if draft is not None:
        return jsonify(kept=_kept(draft), stamp=draft.stamp)
    closed = the_case().state not in (CaseState.TRIAGE, CaseState.OPEN)
    return jsonify(kept=_("Not kept: this file is closed.") if closed and form.own_words.data else "", stamp="")


def _kept_elsewhere(error: KeptElsewhere) -> ResponseReturnValue:
    """Tell a page that keeps what is typed by itself that other words are kept, which it does not write over."""
    return jsonify(kept=refusal(error, Language(language()))), 409


def put_in(form: OwnWordsForm, kind: MessageKind, show: Callable[..., Response]) -> ResponseReturnValue:
    """Put a draft in, or throw one away, and show the page as it stands then."""
    try:
        _put_in(form, the_case(), kind)
    except (CharterError, OperationalError) as error:
        return give_back(error, show)
    return show(200)


def _put_in(form: OwnWordsForm, case: Header, kind: MessageKind) -> None:
    """Do what the form asks about a draft: put one in, or throw one's own away."""
    mine: dict[str, Any] = {"reference": case.reference, "kind": kind, "actor": me().actor}
    if request.form.get("step") == "throw-away":
        with site().database.writing() as db:
            throw_away(db, over=request.form.get("kept"), **mine)
        for name in _names(form) & {"text", "reason", "consent", "to_address"}:
            form[name].data = ""
        flash(_("The draft is thrown away."), "success")
        return
    if request.form.get("step") == "throw-other":
        with site().database.writing() as db:
            throw_away(db, over=request.form.get("other"), **mine)
            _keep(db, form, case, kind)
        return
    wanted = request.form.get("draft", "")
    if not (wanted.isascii() and wanted.isdecimal() and len(wanted) < 19):
        return
    with site().database.writing() as db:
        draft = take_over(
            db, author_id=int(wanted), typed=_typed(form), now=now(), over=request.form.get("kept"), **mine
        )
    if draft is None:
        flash(_("This draft is no longer there."), "info")
    else:
        form.process(MultiDict(draft.typed | {"seen": form.seen.data or ""}))


def _typed(form: OwnWordsForm) -> dict[str, str]:
    """Return what was typed, field by field, as the form would be sent again."""
    return {name: clean_text(request.form[name]) for name in sorted(_names(form)) if name in request.form}


def _names(form: OwnWordsForm) -> set[str]:
    return {field.name for field in form if field.type not in ("HiddenField", "CSRFTokenField")}


def _kept(draft: Begun | KeptDraft) -> str:
    """Say when a draft was kept: by the clock of today, or with its day."""
    if brussels_day(draft.kept_at) == brussels_day(now()):
        return str(_("Kept as a draft at %(time)s.", time=time_in_words(draft.kept_at, Language(language()))))
    return str(_("Kept as a draft on %(moment)s.", moment=in_words(draft.kept_at)))


def asked_for() -> bool:
    """Say whether the form was sent to put a draft in or to throw one away."""
    return "draft" in request.form or request.form.get("step") in ("throw-away", "throw-other")
