"""Owns the text modules beside a letter that is being written: found and put in, and what was typed stays."""

from dataclasses import dataclass
from typing import Any

from flask import request
from flask_babel import gettext as _

from tracker.access.permissions import Room, may_enter
from tracker.charter.words import Language
from tracker.correspondence.placeholders import names
from tracker.insight.casefacts import Header
from tracker.insight.texts import Passage, passages
from tracker.web.fields import clean_line
from tracker.web.site import site
from tracker.web.staff.accounts import me

SHOWN = 20
WORDS_LENGTH = 120


@dataclass(frozen=True, slots=True)
class Beside:
    """What stands beside the letter: the texts that were found, and the words that the file fills in."""

    found: list[Passage]
    more: bool
    words: str
    open: bool
    names: list[str]
    may_write: bool


def asked_for() -> bool:
    """Say whether the form was sent to look for a text or to put one in, rather than to go on with the letter."""
    typed = request.form
    return "insert" in typed or typed.get("step") == "texts" or _words() != typed.get("searched", "")


def beside(case: Header) -> Beside:
    """Return the texts of the services on a case, and of one's own, in its language."""
    found = _passages(case, _words())
    return Beside(
        found=found[:SHOWN],
        more=len(found) > SHOWN,
        words=_words(),
        open=request.method == "POST" and asked_for(),
        names=names(case.language),
        may_write=may_enter(me().person, Room.WRITE_TEXTS),
    )


def put_in(field: Any, case: Header) -> list[tuple[str, str]]:
    """Put the text that was asked for at the end of what is typed; return what is wrong, as (field, sentence)."""
    given = request.form.get("insert")
    if given is None:
        return []
    chosen = next((one for one in _passages(case, "") if str(one.id) == given), None)
    if chosen is None:
        return [("", _("This text is no longer there: choose another."))]
    field.data = "\n\n".join(filter(None, (field.data, chosen.body)))
    return []


def _words() -> str:
    return clean_line(request.form.get("words"))[:WORDS_LENGTH]


def _passages(case: Header, words: str) -> list[Passage]:
    own = me().person.service_code
    services = case.services | ({own} if own else set())
    with site().database.reading() as db:
        return passages(db, services=services, language=Language(case.language), words=words)
