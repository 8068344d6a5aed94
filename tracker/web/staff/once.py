"""Owns that what staff send twice is done once: the second sending leads where the first led, with what that said.

A double click, a page that is loaded again, a slow network: the same fields of the same person at the same address.
They hold the version of the file that was looked at, or are about what is settled once: never twice by chance.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from hashlib import file_digest, sha256
from typing import Any

from flask import Response, flash, g, make_response, redirect, request, session
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user
from sqlalchemy import exists, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session
from werkzeug.datastructures import FileStorage

from tracker.casework.sent_forms import answer_to, claim, remember
from tracker.models.cases import Case
from tracker.models.history import History
from tracker.web.site import site
from tracker.web.staff.accounts import me, now
from tracker.web.staff.blueprint import staff

NOT_MEANT = frozenset({"csrf_token", "whose", "kept"})
"""What a form sends that may differ between two sendings of one page."""
PERHAPS_SECOND = frozenset({303, 400, 403, 404, 409})
"""How something is answered that can no longer be done, because it was done already."""
FLASHES = "_flashes"


def once(do: Callable[[Session], ResponseReturnValue]) -> ResponseReturnValue:
    """Do what the form of this request asks for, in one commit with the answer to it; or answer as before.

    What ``do`` answers leads on to a page. It reads through ``as_it_stands``. Raises what ``do`` raises.
    """
    digest, before = _digest(), list(session.get(FLASHES, ()))
    try:
        with site().database.writing() as db:
            if not claim(db, digest, now=now()):
                return _as_before(answer_to(db, digest) or {})
            g.doing = db
            answer = make_response(do(db))
            said = [[kind, str(sentence)] for kind, sentence in session.get(FLASHES, ())[len(before) :]]
            remember(db, digest, {"to": answer.location, "said": said, "entered": g.get("entered")})
    except BaseException:
        session[FLASHES] = before  # what was said is not so
        raise
    finally:
        g.pop("doing", None)
    g.done = True
    return answer


@contextmanager
def as_it_stands() -> Iterator[Session]:
    """Give a session that sees what this request has just done, before the commit too."""
    if "doing" in g:
        g.doing.flush()
        yield g.doing
        return
    with site().database.reading() as db:
        yield db


@staff.after_request
def as_the_first_time(response: Response) -> Response:
    """Answer a form that cannot be done any more as it was answered when it was done, if it was."""
    if request.method != "POST" or response.status_code not in PERHAPS_SECOND or not current_user.is_authenticated:
        return response
    if g.get("done") or g.get("cut") is not None:
        return response
    with suppress(OperationalError), site().database.reading() as db:
        answer = answer_to(db, _digest())
        if answer is not None:
            return make_response(_as_before(answer))
    return response


def _digest() -> str:
    """Return what tells the form of this request from every other one."""
    typed = [f"{name}\x1f{value}" for name, value in request.form.items(multi=True) if name not in NOT_MEANT]
    files = [f"{name}\x1f{_content(file)}" for name, file in request.files.items(multi=True) if file.filename]
    said = "\x1e".join([str(me().id), request.full_path.rstrip("?"), *typed, *files])
    return sha256(said.encode("utf-8", "surrogatepass")).hexdigest()


def _changed_since() -> bool:
    """Say whether anybody else has done something to the file since the version that the form was drawn for."""
    case, seen = g.get("case"), request.form.get("seen", "")
    if case is None or case.asked_for != case.reference:  # of the one that it was joined to, it says nothing
        return False
    if not (seen.isascii() and seen.isdecimal() and len(seen) < 10):
        return False
    others = exists().where(
        History.case_id == case.id, History.seq > int(seen), History.actor_id.is_distinct_from(me().id)
    )
    with site().database.reading() as db:
        return bool(db.scalar(select(others)))


def _content(file: FileStorage) -> str:
    """Return the digest of a file that came with the form; whoever took it in has read it to its end."""
    file.stream.seek(0)
    return file_digest(file.stream, "sha256").hexdigest()  # type: ignore[arg-type]  # it is open for reading


def _as_before(answer: Mapping[str, Any]) -> ResponseReturnValue:
    session.pop(FLASHES, None)
    for kind, sentence in answer["said"]:
        flash(sentence, kind)
    if _changed_since():
        flash(_("This was done when you sent it first. The file has changed since then."), "info")
    if answer["entered"] is None:
        return redirect(answer["to"], 303)
    from tracker.web.staff.entering import confirm, confirmation

    with as_it_stands() as db:  # the code of a new file is derived anew, and stored nowhere
        return confirm(confirmation(db, db.scalars(select(Case).where(Case.reference == answer["entered"])).one()))
