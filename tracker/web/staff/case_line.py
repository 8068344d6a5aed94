"""Owns the time line of a case in words: what was said and done, one entry each, in the reader's language."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _

from tracker.charter.words import Language
from tracker.correspondence.explanation import label, rung_in_words
from tracker.insight.casefacts import Broken, Came, CasePage, Done, Said, Told
from tracker.web.languages import language
from tracker.web.staff.mail import lost_in_words
from tracker.web.staff.telling import SHOWN_AS_MESSAGE, told, who


@dataclass(frozen=True, slots=True)
class Item:
    """One step of the line, with the words for it; ``kind``: said, done, told, broken or came."""

    kind: str
    item: Any
    words: str
    who: str = ""


def line_of(page: CasePage) -> list[Item]:
    """Return the steps of the line, the oldest first; what stands there as a message is not told twice."""
    return [item for item in (_item(one, page) for one in page.line) if item is not None]


def _item(item: Said | Done | Told | Broken | Came, page: CasePage) -> Item | None:
    lang = Language(language())
    if isinstance(item, Done):
        if _stands_as_message(item, page.messages):
            return None
        return Item("done", item, told(item, page.names), who(item))
    if isinstance(item, Told):
        return Item("told", item, rung_in_words(item.rung, lang))
    if isinstance(item, Broken):
        return Item("broken", item, _("A promise was not kept in time."))
    if isinstance(item, Came):
        return Item("came", item, label(item.reason, lang), item.sender or "")
    return Item("said", item, lost_in_words(item.lost), item.author or "")


def _stands_as_message(entry: Done, messages: Sequence[Said]) -> bool:
    if entry.verb not in SHOWN_AS_MESSAGE or {"again", "complaint"} & entry.details.keys():
        return False
    return any(message.at == entry.at or message.number == entry.details.get("message") for message in messages)
