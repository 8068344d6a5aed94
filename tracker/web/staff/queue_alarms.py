"""Owns the alarms above the queue: what must be seen before anything else."""

from datetime import datetime, timedelta

from babel.dates import format_date
from flask import url_for
from flask_babel import gettext as _

from tracker.charter.counting import brussels_day
from tracker.charter.words import Role
from tracker.insight.overview import Overview
from tracker.insight.shown import Show, View
from tracker.web.filters import number
from tracker.web.languages import language
from tracker.web.site import site
from tracker.web.staff.accounts import Account
from tracker.web.staff.queue_lists import counted

KNOWN_AHEAD = timedelta(days=183)
"""How long before the end of the known closing days those who can add some are told; everybody, a month before."""

_LOCALES = {"en": "en_GB"}


def corrective(account: Account, late: int) -> list[tuple[str, str]]:
    """Return the alarm about corrective actions past their date: to the coordinator everybody's, else one's own."""
    coordinates = account.person.role is Role.COMPLAINTS
    where = url_for("staff.complaints", show="late") if coordinates else url_for("staff.my_corrective_actions")
    words = _("Corrective actions past their date: %(count)s.", count=number(late))
    return [(words, where)] if late else []


def alarms(account: Account, above: Overview, view: View, now: datetime) -> list[tuple[str, str]]:
    """Return what must be seen before anything else: a sentence each, and where to look."""
    found, today = [], brussels_day(now)
    if above.silent(now):
        found.append((_("No reminder has gone out for more than 15 minutes: keep an eye on the dates yourself, and"
                         " tell whoever runs Suivi."), ""))  # fmt: skip
    if above.mail_away(now):
        found.append((_("No mail has come in for more than 15 minutes, because the mailbox does not answer: tell"
                         " whoever runs Suivi."), ""))  # fmt: skip
    if (unattended := above.counts[Show.UNATTENDED]).number:
        found.append((_("Files whose deadline nobody could be told about: %(count)s.", count=counted(unattended)),
                       url_for("staff.queue", view=view.value, show=Show.UNATTENDED.value)))  # fmt: skip
    if (failed := above.counts[Show.FAILED]).number:
        found.append((_("Messages that could not be sent, or came back: %(count)s. The promise is not kept until"
                         " they arrive.", count=counted(failed)),
                       url_for("staff.queue", view=view.value, show=Show.FAILED.value)))  # fmt: skip
    if above.mail_unattended.number:
        found.append((_("Mail that nobody could be told about: %(count)s.", count=counted(above.mail_unattended)),
                       url_for("staff.mails")))  # fmt: skip
    if above.mail_to_decide.number:
        found.append((_("Mail that waits for your decision: %(count)s.", count=counted(above.mail_to_decide)),
                       url_for("staff.mails")))  # fmt: skip
    if above.asked_late:
        found.append((_("Asked of you by a day that is past: %(count)s.", count=number(above.asked_late)),
                       url_for("staff.asked")))  # fmt: skip
    known_until = site().house.calendar.known_until
    told = account.person.role in (Role.HEAD, Role.DIRECTION, Role.DISPATCHER)
    if today > known_until - (KNOWN_AHEAD if told else timedelta(days=31)):
        day = format_date(known_until, "long", locale=_LOCALES.get(language(), language()))
        found.append((_("The closing days of the offices are known until %(day)s only: have the next ones added.",
                         day=day), ""))  # fmt: skip
    return found
