"""Owns the pages by which one file is tied to another, untied, or split in two."""

from functools import partial
from hashlib import blake2b
from typing import Any

from flask import request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Session

from tracker.access.permissions import READ, may
from tracker.casework import links, splitting
from tracker.charter.counting import brussels_day
from tracker.charter.words import Nature, Verb
from tracker.insight.casefacts import Header
from tracker.insight.casepage import case_header, incoming
from tracker.insight.choices import bodies
from tracker.insight.linked import tied_by_hand
from tracker.web.fields import SUBJECT_LENGTH, TEXT_LENGTH
from tracker.web.languages import language
from tracker.web.site import site
from tracker.web.staff.accounts import me, now
from tracker.web.staff.acts import Page, Then, act, lead_on, no_longer_seen
from tracker.web.staff.blueprint import facts_of
from tracker.web.staff.fields import (
    REASON_LENGTH,
    Choice,
    Pick,
    StaffForm,
    one_line,
    several_lines,
    words_of,
)
from tracker.web.staff.once import as_it_stands


class LinkForm(StaffForm):
    """Which file, and why."""

    other = one_line(_l("Reference of the other file"), 60, _l("Write the reference of the other file."))
    reason = several_lines(_l("Why they belong together"), REASON_LENGTH, _l("Write why they belong together."))


@act("link", Verb.WRITE, LinkForm, Page(
    _l("Link this file to another"), _l("Link them"), _l("The files are linked."),
    _l("For two files that are one matter and stay two files. Both show the link, to whoever may read them."),
))  # fmt: skip
def link(db: Session, form: LinkForm, case: dict[str, Any]) -> None:
    links.link(db, site().house, other=form.other.data, word=form.reason.data, **case)


class UnlinkForm(StaffForm):
    """Which link."""

    number = Choice(_l("Choose the link."), label=_l("Link"))


def _links(form: UnlinkForm, case: Header) -> None:
    with site().database.reading() as db:
        found = tied_by_hand(db, case.id, me().viewer)
    form.number.choices = [
        (str(number), f"{reference} · {word[:120]}" if word else reference) for number, reference, word in found
    ]
    if not form.is_submitted():
        form.number.data = request.args.get("number") or (str(found[0][0]) if len(found) == 1 else None)


@act("unlink", Verb.WRITE, UnlinkForm, Page(
    _l("Undo a link"), _l("Undo it"), _l("The link is undone."),
    _l("The history of both files keeps that it was there."),
), prepare=_links)  # fmt: skip
def unlink(db: Session, form: UnlinkForm, case: dict[str, Any]) -> None:
    links.unlink(db, site().house, number=int(form.number.data), **case)


class SplitForm(StaffForm):
    """The part, what it is, whose it is, and why it gets a file of its own."""

    text = several_lines(
        _l("The part that gets a file of its own"), TEXT_LENGTH, _l("Leave the part that gets a file of its own."),
        _l("Take out what stays with this file: what you leave stands in the new one, as the requester wrote it."),
    )  # fmt: skip
    subject = one_line(_l("Subject of the new file"), SUBJECT_LENGTH, _l("Write the subject in a few words."))
    nature = Choice(_l("Choose what kind of request this part is."), label=_l("What kind of request this part is"))
    service = Pick(_l("Choose a service."), label=_l("Service"))
    reason = several_lines(_l("Reason"), REASON_LENGTH, _l("Write why."))


def _part(form: SplitForm, case: Header) -> None:
    with site().database.reading() as db:
        found = bodies(db, internal=True, day=brussels_day(now()), language=language())
        asked = [] if form.is_submitted() else incoming(db, case.id)
    form.nature.choices = words_of(nature for nature in Nature if nature is not Nature.COMPLAINT)
    form.service.choices = [("", _("As Suivi proposes")), *((body.code, body.name) for body in found)]
    if not form.is_submitted():
        form.text.data = asked[-1].body if asked else ""
        form.nature.data = Nature.INFORMATION.value


@act("split", Verb.TRANSMIT, SplitForm, Page(
    _l("Split off a part"), _l("Give the part its own file"), _l("The part has a file of its own."),
    _l("For a request that is partly ours, or two in one. The new file has the same receipt, so that its dates count"
       " from the same day, and the requester is told its reference. Files that came with it stay here."),
), prepare=_part)  # fmt: skip
def split(db: Session, form: SplitForm, case: dict[str, Any]) -> Then:
    done = splitting.split(
        db, site().house, subject=form.subject.data, text=form.text.data, nature=Nature(form.nature.data),
        service=form.service.data or None, reason=form.reason.data, submission_key=_once(form, case), **case,
    )  # fmt: skip
    return partial(_lead_on, done.case.reference)


def _lead_on(reference: str) -> ResponseReturnValue:
    """Lead back to the file with the reference of the part, and with who has it, if whoever looks may not read it."""
    with as_it_stands() as db:
        part = case_header(db, reference)
    said = _("The part has a file of its own: %(reference)s.", reference=reference)
    if part is not None and not may(me().person, READ, facts_of(part)):
        said = f"{said} {no_longer_seen(part)}"
    return lead_on(said)


def _once(form: SplitForm, case: dict[str, Any]) -> str:
    """Return what makes two sendings of the same page one file."""
    typed = "\x1f".join(str(field.data) for field in form if field.name not in ("csrf_token", "seen"))
    said = f"split\x1f{case['actor'].staff_id}\x1f{case['reference']}\x1f{typed}"
    return blake2b(said.encode("utf-8", "replace"), digest_size=24).hexdigest()
