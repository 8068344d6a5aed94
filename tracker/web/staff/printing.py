"""Owns the pages of letters on paper: what waits, the print runs, a run marked as posted, the PDF as it goes."""

from io import BytesIO
from typing import Any

from flask import abort, flash, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from tracker.access.permissions import READ, Room
from tracker.casework.handing_out import UnknownRun, merged_run
from tracker.casework.paper import shown_letter
from tracker.casework.printing import KeptBack, make_run, post_run
from tracker.charter.counting import brussels_day
from tracker.charter.errors import CharterError
from tracker.correspondence.explanation import refusal
from tracker.correspondence.gate import SendRefused
from tracker.insight.letters import PAGE, count_unprinted, letters_in, newest_runs, void_prints_in, waiting_letters
from tracker.insight.sight import may_print
from tracker.web.languages import language
from tracker.web.site import site
from tracker.web.staff.accounts import me, now
from tracker.web.staff.acts import the_case
from tracker.web.staff.blueprint import needs, needs_room, staff
from tracker.web.staff.fields import DayField, StaffForm

PDF = "application/pdf"


class PostedForm(StaffForm):
    """The day on which a run was posted."""

    left_on: Any = DayField(_l("Write the day on which it left."), label=_l("Posted or faxed on"))


@staff.get("/letters")
@needs_room(Room.LETTERS)
def letters_on_paper() -> str:
    """Show what waits to be posted or faxed, and the print runs."""
    with site().database.reading() as db:
        waiting, runs = waiting_letters(db, me().viewer), newest_runs(db, me().viewer)
        unprinted = count_unprinted(db, me().viewer)
    return render_template(
        "staff/printing.html", waiting=waiting, unprinted=unprinted, runs=runs, form=StaffForm(),
        more=len(waiting) == PAGE, today=brussels_day(now()),
    )  # fmt: skip


@staff.post("/letters")
@needs_room(Room.LETTERS)
def print_letters() -> ResponseReturnValue:
    """Make a run of what has not been printed, on the cases that whoever asks may read."""
    run, kept_back = make_run(
        site().database, site().house, site().cabinet,
        now=now(), actor=me().actor, of=may_print(me().viewer), at_once=True,
    )  # fmt: skip
    _tell(kept_back)
    if run is None:
        if not kept_back:
            flash(_("Nothing waits to be printed."), "info")
        return redirect(url_for("staff.letters_on_paper"), 303)
    return redirect(url_for("staff.print_run", number=run), 303)


@staff.get("/letters/runs/<int:number>")
@needs_room(Room.LETTERS)
def print_run(number: int) -> ResponseReturnValue:
    """Show one run."""
    return _run_page(number, PostedForm(formdata=None))


@staff.post("/letters/runs/<int:number>")
@needs_room(Room.LETTERS)
def mark_posted(number: int) -> ResponseReturnValue:
    """Mark the letters of a run that are still waiting as posted on a day."""
    form = PostedForm()
    if not form.validate():
        return _run_page(number, form)
    try:
        posted = post_run(
            site().database, site().house, run=number, left_on=form.left_on.data, actor=me().actor, now=now(),
            of=may_print(me().viewer),
        )  # fmt: skip
    except UnknownRun:
        abort(404)
    with site().database.reading() as db:  # afterwards: a double click, or a colleague, may have been quicker
        gone = {(line.reference, line.number) for line in letters_in(db, me().viewer, number) if line.left_on}
    kept_back = tuple(one for one in posted.kept_back if (one.reference, one.message) not in gone)
    if kept_back and not posted.posted:
        same = {_said(one.refusal) for one in kept_back}
        form.left_on.errors = list(same) if len(same) == 1 else _reasons(kept_back)
        return _run_page(number, form)
    _tell(kept_back)
    if posted.posted:
        flash(ngettext("%(num)d letter is marked as posted.", "%(num)d letters are marked as posted.", posted.posted),
              "success")  # fmt: skip
    return redirect(url_for("staff.print_run", number=number), 303)


def _run_page(number: int, form: PostedForm) -> ResponseReturnValue:
    with site().database.reading() as db:
        found, lines = newest_runs(db, me().viewer, number), letters_in(db, me().viewer, number)
        void = void_prints_in(db, me().viewer, number)
    if not found:
        abort(404)
    if not form.is_submitted():
        form.left_on.data = brussels_day(now())
    page = render_template("staff/print_run.html", run=found[0], lines=lines, void=void, form=form)
    return page, 422 if form.errors else 200


@staff.get("/letters/runs/<int:number>/letters.pdf")
@needs_room(Room.LETTERS)
def print_run_pdf(number: int) -> ResponseReturnValue:
    """Give the letters of a run as one PDF, with a sheet before each; each begins on a front side, unless asked."""
    both_sides = request.args.get("sides") != "1"
    with site().database.reading() as db:
        try:
            pdf = merged_run(
                db, site().settings.letters_dir, number, of=may_print(me().viewer), both_sides=both_sides
            )  # fmt: skip
        except (UnknownRun, OSError):
            abort(404)
    return send_file(BytesIO(pdf), mimetype=PDF, download_name=f"run-{number:06d}.pdf", max_age=0)


@staff.get("/cases/<reference>/letters/<int:number>.pdf")
@needs(READ)
def paper(reference: str, number: int) -> ResponseReturnValue:
    """Give a letter as it was printed; until then, exactly as it would be printed now."""
    try:
        with site().database.reading() as db:
            pdf = shown_letter(db, site().house, site().cabinet, case_id=the_case().id, number=number,
                               now=now())  # fmt: skip
    except CharterError as refused:
        flash(_said(refused), "error")
        return redirect(url_for("staff.case", reference=the_case().reference), 303)
    if pdf is None:
        abort(404)
    return send_file(BytesIO(pdf), mimetype=PDF, download_name=f"{the_case().reference}-{number}.pdf", max_age=0)


def _tell(kept_back: tuple[KeptBack, ...]) -> None:
    """Name each letter that was left as it is, with the reason."""
    for sentence in _reasons(kept_back):
        flash(sentence, "error")


def _reasons(kept_back: tuple[KeptBack, ...]) -> list[str]:
    return [
        _("%(reference)s, message %(number)s: %(reason)s", reference=one.reference, number=one.message,
          reason=_said(one.refusal))
        for one in kept_back[:20]
    ]  # fmt: skip


def _said(refused: CharterError) -> str:
    if isinstance(refused, SendRefused):
        return " ".join(refused.sentences(language()))
    return refusal(refused, language())
