"""Owns the pages of mail that was held or set aside: its piles, and one mail in plain text."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import cast

from flask import abort, current_app, flash, g, redirect, render_template, request, send_file
from flask import url_for as url
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from tracker.access.permissions import READ, Room, may, reaches
from tracker.casework.mail import holding
from tracker.casework.mail.message import read_mail, said_in
from tracker.casework.mail.store import Mailroom, path_of
from tracker.charter.counting import NaiveDatetime, aware, brussels_day
from tracker.charter.errors import CharterError
from tracker.charter.words import Language, MailOutcome, MailReason, Verb
from tracker.correspondence.explanation import days_left_in_words, label
from tracker.correspondence.files import FileProblem
from tracker.correspondence.mime import Damage
from tracker.insight.casefacts import Lost
from tracker.insight.casepage import case_header
from tracker.insight.mailbox import MOST_COUNTED, MailRow, Pile, Place, counts, mail_page, suggested
from tracker.models.mail import Mail
from tracker.opening import open_mailroom
from tracker.web.filters import number as in_figures
from tracker.web.languages import language
from tracker.web.site import site
from tracker.web.staff.accounts import me, now
from tracker.web.staff.acts import problems_of
from tracker.web.staff.blueprint import facts_of, needs_room, needs_with_mail, staff

MOST_AT_ONCE = 200
MOST_NAMED = 3
"""How many of the files that were not kept are named."""


@dataclass(frozen=True, slots=True)
class Content:
    """What a mail says, in plain text, and what came with it."""

    text: str
    quoted: str
    otherwise: str
    """What its HTML says, where that is something else."""
    files: tuple[tuple[str, int], ...]
    lost: str
    """What could not be read, in words."""
    too_big: bool


def the_mail() -> MailRow:
    """The mail of this request's address, as the guard read it."""
    return cast(MailRow, g.mail)


@staff.route("/mail", methods=["GET", "POST"])
@needs_room(Room.MAIL)
def mails() -> ResponseReturnValue:
    """Show a pile of mail; mark several as seen."""
    pile = Pile(request.args.get("pile", "")) if request.args.get("pile") in list(Pile) else Pile.HELD
    if request.method == "POST":
        return _seen(pile)
    with site().database.reading() as db:
        page = mail_page(db, me().viewer, pile, after=_place(request.args.get("after", "")))
        waiting = counts(db, me().viewer)
    titles = {
        Pile.HELD: _("To decide"),
        Pile.IGNORED: _("Set aside by Suivi"),
        Pile.SETTLED: _("Decided by somebody"),
    }
    piles = [
        (url("staff.mails", pile=each.value), words, each is pile, _counted(waiting.get(each)))
        for each, words in titles.items()
    ]
    after = url("staff.mails", pile=pile.value, after=_written(page.after)) if page.after else ""
    may_mark = pile is Pile.IGNORED and bool(reaches(me().person, Verb.FOLLOW_UP))
    today = brussels_day(now())
    return render_template(
        "staff/mails.html", pile=pile, piles=piles, title=titles[pile], rows=page.rows, after=after,
        may_mark=may_mark, left={row.id: _left(row) for row in page.rows}, today=today,
    )  # fmt: skip


@staff.get("/mail/<int:number>")
@needs_with_mail(READ)
def mail(number: int) -> str:
    """Show one mail: as plain text, nothing loaded, nothing run."""
    row, readable = the_mail(), False
    with site().database.reading() as db:
        content = _content(db)
        offered = suggested(db, me().viewer, row)
        if row.presumed is not None:
            header = case_header(db, row.presumed.reference)
            readable = header is not None and may(me().person, READ, facts_of(header))
    return render_template(
        "staff/mail.html", mail=row, content=content, offered=offered, readable=readable, left=_left(row),
        may_settle=row.open and g.may_settle, why=_why(row),
    )  # fmt: skip


@staff.get("/mail/<int:number>/original")
@needs_with_mail(READ)
def original_mail(number: int) -> ResponseReturnValue:
    """Give the raw mail to be saved, as it reached us; a browser never shows it as a page of ours."""
    path = path_of(site().settings.mail_dir, the_mail().sha256)
    if not path.is_file():
        abort(404)
    name = f"mail-{number}.eml"
    return send_file(path, mimetype="application/octet-stream", as_attachment=True, download_name=name, max_age=0)


def _seen(pile: Pile) -> ResponseReturnValue:
    """Mark the chosen mails as seen, or all those of the page."""
    named = request.form.getlist("on_page" if request.form.get("step") == "all" else "mail")[:MOST_AT_ONCE]
    chosen = [int(one) for one in named if one.isascii() and one.isdecimal() and len(one) < 19]
    if not chosen:
        flash(_("Choose the mails that you have looked at."), "error")
        return redirect(url("staff.mails", pile=pile.value), 303)
    try:
        with site().database.writing() as db:
            done = holding.seen(db, mail_ids=chosen, actor=me().actor, now=now())
    except CharterError as error:
        flash(problems_of(error)[0][1], "error")
    else:
        flash(_("Marked as seen: %(count)s.", count=in_figures(done)), "success")
    return redirect(url("staff.mails", pile=pile.value), 303)


def _content(db: Session) -> Content | None:
    """Read a mail from the disk; none when it is not there."""
    try:
        reading = read_mail(mailroom(), db.get_one(Mail, the_mail().id), now=now())
    except OSError as error:
        current_app.logger.error("mail %s cannot be read from the disk: %s", the_mail().id, type(error).__name__)
        return None
    incoming = reading.incoming
    files = tuple((file.name, len(file.content)) for file in incoming.attachments)
    lost = Lost(damaged=incoming.damaged, left_out=())
    words = lost_in_words(lost)
    return Content(said_in(incoming), incoming.quoted, incoming.otherwise, files, words, reading.too_big)


def lost_in_words(lost: Lost | None) -> str:
    """Say what of a mail is not in the message that it became; empty when all of it is."""
    if lost is None:
        return ""
    lang = Language(language())
    said = [label(Damage(one), lang) for one in lost.damaged if one in list(Damage)]
    return " · ".join([*said, *_left_out(lost.left_out, lang)])


def _left_out(files: Sequence[tuple[str, str]], lang: Language) -> list[str]:
    """Say which files were not kept, and why: each of a few; of many how many, and the first of them."""
    if len(files) <= MOST_NAMED:
        return [
            _("“%(name)s” was not kept: %(reason)s", name=name, reason=_reason(why, lang)) if name
            else _("A file without a name was not kept: %(reason)s", reason=_reason(why, lang))
            for name, why in files
        ]  # fmt: skip
    named = dict.fromkeys(
        _("“%(passage)s”", passage=name) if name else _("a file without a name") for name, _w in files
    )
    names, reasons = list(named)[:MOST_NAMED], dict.fromkeys(_reason(why, lang) for _n, why in files)
    return [
        _(
            "%(count)s files were not kept (%(reasons)s), among them %(names)s",
            count=in_figures(len(files)), reasons=", ".join(reasons), names=", ".join(names),
        )
    ]  # fmt: skip


def _reason(why: str, lang: Language) -> str:
    return label(FileProblem(why), lang) if why in list(FileProblem) else str(_("there are too many files"))


def mailroom() -> Mailroom:
    """Return where mail and its files are kept, and what it is judged by."""
    return open_mailroom(site().settings)


def _why(row: MailRow) -> list[str]:
    """Say what leads to the presumed case, and whether the sender fits: what the clerk weighs."""
    said: list[str] = []
    match row.details.get("link"):
        case "token":
            said.append(_("It was sent to the address for replies about this file."))
        case "chain":
            said.append(_("It answers a mail about this file."))
        case "reference":
            said.append(_("It quotes the reference of this file, which anybody may know."))
    if row.presumed is not None and row.outcome is MailOutcome.HELD:
        said.append(_("Its sender gives the requester's address; an address can be made up.") if row.sender_fits else
                    _("Its sender's address is not the requester's."))  # fmt: skip
    if row.reason is MailReason.BOUNCE and row.details.get("status"):
        said.append(_("The mail server said: %(words)s", words=row.details["status"]))
    return said


def _left(row: MailRow) -> str:
    """Say how many days are left until an answer would be due."""
    today = brussels_day(now())
    return days_left_in_words(row.due_on, today, Language(language())) if row.due_on else ""


def _counted(count: int | None) -> str:
    if count is None:
        return ""
    return f"{in_figures(MOST_COUNTED)}+" if count > MOST_COUNTED else in_figures(count)


def _place(written: str) -> Place | None:
    """Return the place a page starts after, as the link to it writes it; none for anything else."""
    at, _dot, number = written.rpartition("_")
    try:
        sound = len(number) < 19 and number.isascii()
        return Place(aware(datetime.fromisoformat(at)).astimezone(UTC), int(number)) if sound else None
    except (ValueError, OverflowError, NaiveDatetime):
        return None


def _written(place: Place) -> str:
    return f"{place.at.isoformat()}_{place.id}"
