"""Owns the page of one case: what it is, what is promised, what may be done now, and all that was said and done."""

from datetime import date
from typing import Any
from urllib.parse import urlencode

from babel import Locale
from flask import abort, render_template, request, send_file
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from tracker.access.permissions import READ
from tracker.charter.counting import brussels_day
from tracker.charter.words import (
    CaseState,
    Nature,
)
from tracker.correspondence import gate
from tracker.insight.casefacts import CasePage, Done, Header
from tracker.insight.caseline import NEWEST
from tracker.insight.casepage import case_page, stored_file
from tracker.insight.posts import post_for
from tracker.insight.queue import Position
from tracker.insight.to_and_fro import wandering
from tracker.web.languages import language
from tracker.web.site import site
from tracker.web.staff.accounts import me, now
from tracker.web.staff.acts import in_round, the_case
from tracker.web.staff.blueprint import needs, staff
from tracker.web.staff.case_actions import actions, told_apart
from tracker.web.staff.case_line import Show, asked_first, line_of
from tracker.web.staff.case_promises import explained
from tracker.web.staff.complaints import complaint_parts
from tracker.web.staff.kept_drafts import begun_here
from tracker.web.staff.link_words import relations
from tracker.web.staff.proposing import why_here
from tracker.web.staff.queue_places import place_of, written
from tracker.web.staff.readying import ready
from tracker.web.staff.sending_again import links
from tracker.web.staff.tasks import task_parts
from tracker.web.staff.telling import place_in_words
from tracker.web.staff.undelivered import offers
from tracker.web.uploads import path_of


@staff.get("/cases/<reference>")
@needs(READ)
def case(reference: str) -> str:
    """Show one case."""
    header, whole = the_case(), "whole" in request.args
    with site().reading() as db:
        page = case_page(db, header, me().viewer, newest=None if whole else NEWEST)
        interim = ready(db, header, page)
        parts = _parts(db, header, page)
        begun = begun_here(db, header) if header.state is not CaseState.CLOSED else []
    went = wandering(one for one in page.line if isinstance(one, Done))
    groups = actions(header, page, parts["complaint"], asked=went.waiting)
    waits, ahead = header.state is CaseState.TRIAGE, interim is not None
    first, groups = ([], groups) if waits else told_apart(groups, ahead=ahead)
    return render_template(
        "staff/case.html",
        **parts,
        opened=False,
        interim=interim,
        begun=begun,
        came_back=offers(header, page),
        send_again=links(header, page),
        lacking=_lacking(page),
        first=first,
        groups=groups,
        line=line_of(page, _shown(), whole=whole),
        asked=asked_first(page),
        why=why_here(header, asked=went.waiting),
        **_round(header),
        went=went,
    )


@staff.get("/cases/<reference>/whole")
@needs(READ)
def whole_file(reference: str) -> str:
    """Show all of a case in order, with every text open, as it is printed for whoever asks to see the file."""
    header = the_case()
    with site().reading() as db:
        page = case_page(db, header, me().viewer)
        parts = _parts(db, header, page)
    parts["tasks"] |= {"mine": set(), "may_withdraw": False}
    return render_template(
        "staff/case_whole.html", **parts, opened=True, interim=None, why=None, asked=None,
        line=line_of(page, whole=True), printed_at=now(),
    )  # fmt: skip


def _parts(db: Session, header: Header, page: CasePage) -> dict[str, Any]:
    """Return what the page of a case and the whole file both show."""
    today, received_on = brussels_day(now()), brussels_day(header.received_at)
    promises = [explained(promise, today, received_on=received_on) for promise in page.promises]
    return {
        "case": header,
        "page": page,
        "today": today,
        "away": header.handler_away(today),
        "owed": [one for one in promises if one.open],
        "settled": [one for one in promises if not one.open],
        "complaint": complaint_parts(db, header.id) if header.nature is Nature.COMPLAINT else None,
        "tasks": task_parts(db, header, page),
        "relations": relations(),
        "country": _country(header.country),
        "post": post_for(db, header.country, day=today),
        "place": place_in_words,
    }


def _shown() -> Show:
    asked = request.args.get("show", "")
    return Show(asked) if asked in list(Show) else Show.ALL


def _round(header: Header) -> dict[str, Any]:
    """Return where a case stands on the way through triage, and where the way goes on from when it is left.

    ``here`` is empty for an urgent one, which is shown before all others: the way begins anew after it.
    """
    here = in_round().get("triage", written(place_of(header)))
    in_turn = bool(in_round()) and header.state is CaseState.TRIAGE
    return {
        "here": here,
        "next_from": here or written(Position(date.min, 0)),
        "in_turn": in_turn,
        "round": f"?{urlencode(in_round())}" if in_turn else "",
    }


@staff.get("/cases/<reference>/files/<int:number>")
@needs(READ)
def attachment(reference: str, number: int) -> ResponseReturnValue:
    """Give a file of the case to be saved; a browser never shows it as a page of ours."""
    with site().reading() as db:
        found = stored_file(db, the_case().id, number)
    if found is None:
        abort(404)
    path = path_of(site().settings.attachments_dir, found.stored_as)
    if not path.is_file():
        abort(404)
    return send_file(path, mimetype=found.media_type, as_attachment=True, download_name=found.name, max_age=0)


def _lacking(page: CasePage) -> dict[int, list[str]]:
    """Return, by message, what the gate found missing as it was to leave, and where it is mended."""
    found = {
        m.number: [gate.Missing(gate.Item(one)) for one in m.lacks if one in list(gate.Item)] for m in page.stuck
    }
    return {n: [f"{one.what(language())} {one.where(language())}" for one in items] for n, items in found.items()}


def _country(code: str | None) -> str:
    return str(Locale.parse(language()).territories.get(code, code)) if code else ""
