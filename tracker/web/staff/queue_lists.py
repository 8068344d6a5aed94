"""Owns the lists that the queue offers: whose cases, which of them, and how many are in each."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from flask import url_for
from flask_babel import gettext as _

from tracker.insight.overview import Count, Overview
from tracker.insight.shown import Show, View
from tracker.web.filters import number
from tracker.web.staff.accounts import Account
from tracker.web.staff.narrowing import Narrowing, list_words, view_words, views_of


@dataclass(frozen=True, slots=True)
class Choice:
    """A link to another list."""

    url: str
    words: str
    current: bool
    count: str = ""
    name: str = ""
    """Of a list, as ``Show`` has it."""


def views(account: Account, asked: Narrowing) -> list[Choice]:
    """Return the links to the same list of others' files: mine, the service's, all."""
    words = view_words()
    return [
        Choice(replace(asked, view=offered).url(), words[offered], offered is asked.view)
        for offered in sorted(views_of(account), key=list(View).index)
    ]


def shows(asked: Narrowing, counts: Mapping[Show, Count]) -> list[Choice]:
    """Return the lists; those that are alarms appear only while there is something in them.

    How many are in each is said of the whole list only: not while it is narrowed to some.
    """
    rare = {Show.URGENT, Show.UNATTENDED, Show.FAILED}
    return [
        Choice(
            replace(asked, show=offered).url(),
            words,
            offered is asked.show,
            "" if asked.filters else counted(counts[offered]),
            offered.value,
        )
        for offered, words in list_words().items()
        if offered not in rare or offered is asked.show or counts[offered].number
    ]


def counted(count: Count) -> str:
    """Return a capped count as a page shows it: 12, or 99+."""
    return f"{number(count.number)}+" if count.more else number(count.number)


def asked_list(above: Overview) -> list[Choice]:
    """Return the list of what colleagues ask of whoever looks, while there is something in it."""
    if not above.asked_of_me:
        return []
    return [Choice(url_for("staff.asked"), _("Asked of me"), False, number(above.asked_of_me))]
