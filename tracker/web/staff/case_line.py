"""Owns the time line of a case in words: what was said and done, in order, all of it or what is asked for."""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby
from typing import Any, TypeAlias

from flask_babel import gettext as _
from flask_babel import ngettext

from tracker.charter.words import Language, NoticeState, Verb
from tracker.correspondence.explanation import label, rung_in_words
from tracker.insight.casefacts import Broken, Came, CasePage, Done, Said, Told
from tracker.insight.caseline import NEWEST
from tracker.web.languages import language
from tracker.web.staff.mail import lost_in_words
from tracker.web.staff.telling import SHOWN_AS_MESSAGE, told, who

Step: TypeAlias = Said | Done | Told | Broken | Came
IN_A_ROW = 4
"""So many notices with nothing else between them are shown one by one."""


class Show(StrEnum):
    """What of the line is shown."""

    ALL = "all"
    MESSAGES = "messages"
    NOTES = "notes"
    DATES = "dates"


OF_DATES = frozenset(
    {
        Verb.REGISTER, Verb.CONFIRM_NATURE, Verb.KEEP_SHORT, Verb.EXTEND, Verb.CORRECT_RECEIPT, Verb.COME_BACK,
        Verb.FOLLOW_UP, Verb.RECORD_LEAVING, Verb.VOID_LEAVING, Verb.WAIVE, Verb.CLOSE, Verb.REOPEN,
    }
)  # fmt: skip
"""What was done that a date comes from, or that ends one."""


TOLD_BESIDE = frozenset({"again", "complaint", "tasks", "link"})
"""What an entry of the history tells that no message does."""


@dataclass(frozen=True, slots=True)
class Item:
    """One step of the line, with its words; ``kind``: said, done, told, broken, came, or hidden: there is more."""

    kind: str
    item: Any
    words: str
    who: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """The steps that are shown, the oldest first; a long line keeps its first and its newest."""

    show: Show
    items: list[Item]
    whole: bool
    """Everything was asked for, however old."""

    @property
    def choices(self) -> list[tuple[Show, str]]:
        """What else of the line can be shown, in words."""
        return [
            (Show.ALL, _("Everything")), (Show.MESSAGES, _("Messages")), (Show.NOTES, _("Notes")),
            (Show.DATES, _("Dates")),
        ]  # fmt: skip


def line_of(page: CasePage, show: Show = Show.ALL, *, whole: bool = False) -> Line:
    """Return the line of a case; what stands there as a message is not told twice."""
    messages = page.messages
    moments, numbers = {message.at for message in messages}, {message.number for message in messages}
    steps = [one for one in page.line if _is_shown(one, show) and not _is_told_twice(one, show, moments, numbers)]
    if whole:
        return Line(show, [in_words(one, page) for one in steps], whole)
    items = [item for told, some in groupby(steps, _is_notice) for item in _in_a_row(list(some), page, told=told)]
    if (older := len(items) - NEWEST) > 0:
        items[1 : older + 1] = [_hidden(_("Show what is older too: %(count)s", count=older))]
    return Line(show, items, whole)


def asked_first(page: CasePage) -> Item | None:
    """Return what the requester wrote first."""
    found = next((one for one in page.messages if not one.outgoing), None)
    return in_words(found, page) if found else None


def in_words(item: Step, page: CasePage) -> Item:
    """Say one step in the words of whoever reads."""
    lang = Language(language())
    if isinstance(item, Done):
        return Item("done", item, told(item, page.names), who(item))
    if isinstance(item, Told):
        return Item("told", item, rung_in_words(item.rung, lang), _whom(item))
    if isinstance(item, Broken):
        kinds = (label(one.kind, lang) for one in page.promises if one.number == item.number)
        return Item("broken", item, _("A promise was not kept in time."), next(kinds, ""))
    if isinstance(item, Came):
        return Item("came", item, label(item.reason, lang), item.sender or "")
    return Item("said", item, lost_in_words(item.lost), item.author or "")


def _whom(item: Told) -> str:
    """Say whom a notice reached, or why it reached nobody."""
    if item.state is NoticeState.SENT and item.names:
        return str(_("Notice sent to %(names)s", names=", ".join(item.names)))
    return label(item.state, Language(language()))


def _is_notice(step: Step) -> bool:
    return isinstance(step, Told)


def _in_a_row(steps: list[Step], page: CasePage, *, told: bool) -> list[Item]:
    """Say steps; of many notices in a row, as while nobody takes what is urgent, the first and the last."""
    between = len(steps) - 2 if told and len(steps) > IN_A_ROW else 0
    if not between:
        return [in_words(one, page) for one in steps]
    more = ngettext("%(num)s more notice in between", "%(num)s more notices in between", between)
    return [in_words(steps[0], page), _hidden(more), in_words(steps[-1], page)]


def _hidden(words: str) -> Item:
    return Item("hidden", None, words)


def _is_shown(step: Step, show: Show) -> bool:
    match show:
        case Show.MESSAGES:
            return isinstance(step, Came) or (isinstance(step, Said) and not step.stays)
        case Show.NOTES:
            return isinstance(step, Said) and step.stays
        case Show.DATES:
            if isinstance(step, Said):
                return step.discharges or step.promised_on is not None
            return isinstance(step, Told | Broken) or (isinstance(step, Done) and step.verb in OF_DATES)
    return True


def _is_told_twice(step: Step, show: Show, moments: Collection[Any], numbers: Collection[int]) -> bool:
    """Say whether what was done stands in the line as the message that it made."""
    if not isinstance(step, Done) or step.verb not in SHOWN_AS_MESSAGE:
        return False
    if TOLD_BESIDE & step.details.keys() or (show is Show.DATES and step.verb is Verb.FOLLOW_UP):
        return False
    return step.at in moments or step.details.get("message") in numbers
