"""Owns the page that finds files: by reference, name, address, number or words, of all that one may see."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from markupsafe import Markup, escape

from tracker.access.permissions import Room
from tracker.charter.counting import brussels_day
from tracker.charter.words import CaseState, Channel, Language, Nature
from tracker.correspondence.explanation import label
from tracker.correspondence.references import Meant, meant_by
from tracker.insight.choices import bodies
from tracker.insight.overview import Count
from tracker.insight.passages import Pieces
from tracker.insight.search import Hit, named
from tracker.insight.search import search as find
from tracker.insight.searching import FILTERS, Asked
from tracker.models.words import terms_of
from tracker.web.filters import erased_in_words, number, unbroken_day
from tracker.web.languages import language
from tracker.web.site import site
from tracker.web.staff.accounts import me, now
from tracker.web.staff.blueprint import needs_room, staff
from tracker.web.staff.fields import DayField, Pick, StaffForm, one_line, words_of
from tracker.web.staff.queue_lines import short_name

WORDS_LENGTH = 200
_LONGEST_NUMBER = 18


@dataclass(frozen=True, slots=True)
class Line:
    """A file that was found, in words."""

    url: str
    reference: str
    sensitive: bool
    subject: Markup
    requester: Markup
    """Their name, and beside it what else of them was found."""
    passage: Markup
    language: Language
    told: str


class SearchForm(StaffForm):
    """What to look for, and what to narrow it to."""

    q = one_line(
        _l("Reference, name, e-mail, phone, address or words"),
        WORDS_LENGTH,
        description=_l("All the words, in any form; a star stands for any ending: Vandenb*."),
    )
    service = Pick(_l("Choose a service of the list."), label=_l("Service"))
    state = Pick(_l("Choose a state of the list."), label=_l("State"))
    nature = Pick(_l("Choose a nature of the list."), label=_l("Nature"))
    channel = Pick(_l("Choose a way of the list."), label=_l("Channel"))
    language = Pick(_l("Choose a language of the list."), label=_l("Language"))
    since = DayField(label=_l("Received from"))
    until = DayField(label=_l("Received until"))


@staff.get("/search")
@needs_room(Room.SEARCH)
def search() -> ResponseReturnValue:
    """Show what is found, newest first; a whole reference leads straight to its file (user charter §2)."""
    services = _services()
    form = _form(services)
    words = "" if form.q.errors else form.q.data or ""
    meant = meant_by(words, site().house.reference_prefix)
    if meant.reference is not None:
        return redirect(url_for("staff.case", reference=meant.reference))
    asked = _asked(form, words)
    with site().reading() as db:
        near = named(db, me().viewer, meant.corrections, meant.numbers)
        found = find(db, me().viewer, asked, after=_after())
    return render_template(
        "staff/search.html",
        form=form,
        near=_lines(near, services) if _after() is None else [],
        found=_lines(found.hits, services),
        told=_told(found.count, words, asked, meant),
        narrowed=any(getattr(asked, name) for name in (*FILTERS, "since", "until")),
        older=found.older and url_for("staff.search", **_kept(), after=found.older),
        newest=url_for("staff.search", **_kept()) if _after() is not None else None,
    )


def _lines(hits: Sequence[Hit], services: Mapping[str, str]) -> list[Line]:
    lang, received, nowhere = language(), _("received %(when)s"), _("no service yet")
    short: dict[str | None, str] = {code: short_name(name)[0] for code, name in services.items()} | {None: nowhere}
    return [
        Line(
            url=f"/staff/cases/{hit.reference}",
            reference=hit.reference,
            sensitive=hit.sensitive,
            subject=_marked(hit.subject),
            requester=Markup(" · ").join(_marked(one, "bdi") for one in (hit.requester, *hit.details)),
            passage=_marked(hit.passage),
            language=hit.language,
            told="\u00a0· ".join(
                (label(hit.state, lang), label(hit.nature, lang), received % {"when": unbroken_day(hit.received_at)},
                 label(hit.channel, lang), str(short.get(hit.service_code, hit.service_code)), hit.handler)
            ),
        )
        for hit in hits
    ]  # fmt: skip


def _marked(pieces: Pieces, around: str = "") -> Markup:
    """Return a text for the page, with a mark on what was looked for; ``around``: inside that element."""
    said = ((escape(erased_in_words(piece.text)), piece.hit) for piece in pieces)
    texts = (f"<mark>{one}</mark>" if hit else one for one, hit in said)
    text = "".join(texts)
    return Markup(f"<{around}>{text}</{around}>" if around else text)  # noqa: S704 - each piece was escaped


def _services() -> dict[str, str]:
    """Return the names of our own services by code, as they are today."""
    with site().reading() as db:
        found = bodies(db, internal=True, day=brussels_day(now()), language=language())
    return {body.code: body.name for body in found}


def _form(services: Mapping[str, str]) -> SearchForm:
    form = SearchForm(formdata=request.args, meta={"csrf": False})
    choices: Mapping[str, list[tuple[str, str]]] = {
        "service": list(services.items()), "state": words_of(CaseState), "nature": words_of(Nature),
        "channel": words_of(Channel), "language": words_of(Language),
    }  # fmt: skip
    for name, offered in choices.items():
        form[name].choices = [("", _("All")), *offered]
        form[name].data = form[name].data or ""
    if form.validate():
        for field in (form.since, form.until):
            field.raw_data = None  # shown as the field writes it, however it was typed
    return form


def _asked(form: SearchForm, words: str) -> Asked:
    """Return what is looked for; what cannot be read is left aside, and said beside its field."""
    given: dict[str, Any] = {
        name: None if form[name].errors else form[name].data or None for name in (*FILTERS, "since", "until")
    }
    return Asked(terms_of(words), **given)


def _after() -> int | None:
    given = request.args.get("after", "")
    return int(given) if given.isdecimal() and given.isascii() and len(given) <= _LONGEST_NUMBER else None


def _kept() -> dict[str, Any]:
    """Return what is asked for, as it travels in the address of another page."""
    return {name: request.args[name][:WORDS_LENGTH] for name in ("q", *FILTERS, "since", "until")
            if request.args.get(name)}  # fmt: skip


def _told(count: Count | None, words: str, asked: Asked, meant: Meant) -> str:
    """Say how much was found, or what to try when nothing was."""
    if asked.is_empty:
        said = _("These words are in almost every file: write one that says more.") if words else ""
    elif count is None:
        said = _("Older files")
    elif count.more:
        said = _("More than %(count)s files, the newest first", count=number(count.number))
    elif count.number:
        said = ngettext("%(num)s file", "%(num)s files, the newest first", count.number)
    elif meant.corrections or meant.numbers:
        said = _(
            "No file that you may see has this reference or these words: compare it with the letter or the e-mail."
        )
    else:
        said = _("No file that you may see has all of this. Try fewer words, another spelling, or a star for the"
                 " ending.")  # fmt: skip
    return str(said)
