"""Owns the page on which it is decided that the personal data of a closed case are erased, for good."""

from collections.abc import Sequence
from functools import partial
from typing import Any

from flask import Response, current_app, flash, make_response, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from tracker.access.permissions import ERASE
from tracker.casework.erasing import Folders, erase, remove_files
from tracker.charter.errors import CharterError
from tracker.charter.words import CaseState, ErasureGround
from tracker.web.site import site
from tracker.web.staff.acts import give_back, not_erased, the_case, with_case
from tracker.web.staff.blueprint import needs, staff
from tracker.web.staff.fields import REASON_LENGTH, Choice, StaffForm, one_line, several_lines, words_of
from tracker.web.staff.once import once


class EraseForm(StaffForm):
    """On what ground, why it is decided, and the reference typed by hand."""

    ground = Choice(_l("Choose the ground."), label=_l("Ground"))
    reason = several_lines(
        _l("Why it is decided"),
        REASON_LENGTH,
        _l("Write why it is decided: it stays on record."),
        _l("This stays: name nobody. For instance the number of the decision, or the line of the selection list."),
    )
    confirmed = one_line(_l("Type the reference of this file to confirm"), 60, _l("Type the reference of this file."))


@staff.route("/cases/<reference>/erase", methods=["GET", "POST"])
@needs(ERASE)
def erase_case(reference: str) -> ResponseReturnValue:
    """Say exactly what goes and what stays; erase it once the reference was typed."""
    if (erased := not_erased()) is not None:
        return erased
    form = EraseForm()
    form.ground.choices = words_of(ErasureGround)
    show = partial(_show, form)
    if not form.is_submitted():
        return show(200)
    if not form.validate():
        return show(400)
    try:
        answer = once(partial(_erase, form))
    except (CharterError, OperationalError) as error:
        return give_back(error, show, form)
    _remove()
    return answer


def _erase(form: EraseForm, db: Session) -> ResponseReturnValue:
    given = {"ground": ErasureGround(form.ground.data), "reason": form.reason.data, "confirmed": form.confirmed.data}
    erase(db, site().house, **given, **with_case(form))
    flash(_("The personal data of this file are erased."), "success")
    return redirect(url_for("staff.case", reference=the_case().reference), 303)


def _remove() -> None:
    """Remove what was erased from the disk; what the disk refuses now, the tidying up comes back to."""
    settings = site().settings
    folders = Folders(attachments=settings.attachments_dir, letters=settings.letters_dir, mail=settings.mail_dir)
    try:
        remove_files(site().database, folders)
    except (OSError, OperationalError) as error:
        current_app.logger.warning("files of an erased file are still there (%s)", type(error).__name__)


def _show(
    form: EraseForm, status: int, *, problems: Sequence[tuple[str, str]] = (), changed: Sequence[Any] = ()
) -> Response:
    page = render_template(
        "staff/erase.html", case=the_case(), form=form, closed=the_case().state is CaseState.CLOSED,
        problems=problems, changed=changed,
    )  # fmt: skip
    return make_response(page, status)
