"""Owns the page on the state of this installation, for administrators: nothing about a case, and no secret."""

from collections.abc import Mapping
from dataclasses import fields
from datetime import UTC, datetime

from flask import render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from config import MEGABYTE, Settings
from tracker.access.permissions import Room
from tracker.casework.closing_days import with_learnt
from tracker.casework.trying_rules import rules_without_target
from tracker.charter.counting import brussels_day
from tracker.charter.rules import Rule, RuleStatus
from tracker.charter.words import Channel, MessageKind
from tracker.correspondence.explanation import label, rule_source
from tracker.correspondence.versions import all_texts
from tracker.insight.heartbeat import SILENCE
from tracker.insight.machinery import jobs
from tracker.web.languages import in_each_language, language
from tracker.web.site import router, site
from tracker.web.staff.accounts import now
from tracker.web.staff.blueprint import needs_room, staff
from tracker.web.staff.closing import SOON

NEVER = datetime.min.replace(tzinfo=UTC)


@staff.get("/admin")
@needs_room(Room.ADMIN)
def administration() -> ResponseReturnValue:
    """Show the jobs, the rules of the charter, the texts of messages, and the settings in force."""
    here = site()
    with here.database.reading() as db:
        found = jobs(db)
        known_until = with_learnt(db, here.house.shipped_calendar).known_until
    return render_template(
        "staff/admin.html",
        jobs=sorted(found, key=lambda job: not job.failing),
        silent=max((job.succeeded_at for job in found if job.succeeded_at), default=NEVER) < now() - SILENCE,
        what_jobs_do=_what_jobs_do(),
        rules=here.house.rules.rules,
        channels=len(Channel),
        texts=all_texts(),
        kinds=_kinds(),
        sources={rule.id: _source(rule) for rule in here.house.rules.rules},
        settings=_settings(here.settings),
        known_until=known_until,
        soon=brussels_day(now()) > known_until - SOON,
        lost=rules_without_target(router(), now()),
        keeps=True,
    )


@in_each_language
def _what_jobs_do() -> Mapping[str, str]:
    """Return what each job does, by the name that it has in the log."""
    return {
        "sweep": _("Reminds of what is due, and escalates"),
        "deliver": _("Sends what waits to leave"),
        "fetch": _("Takes in mail"),
        "figures": _("Counts the figures"),
        "directory": _("Follows the directory from day to day"),
        "calendar": _("Counts working days again after a change"),
        "succession": _("Hands over the files of closed accounts"),
        "ring": _("Tells of mail that waits for a decision"),
        "digest": _("Sums up each one's day by mail"),
        "actions": _("Tells of corrective actions past their date"),
        "purge": _("Tidies up what is no longer needed"),
    }


@in_each_language
def _kinds() -> Mapping[str, str]:
    """Return what each kind of message is called, those to staff included."""
    return {kind.value: label(kind, language()) for kind in MessageKind} | {
        "notice": _("Reminder or escalation"),
        "digest": _("Summary of the day by mail"),
        "staff_notice": _("Notice to a colleague"),
        "mail_notice": _("Mails to be decided"),
        "action_notice": _("Corrective action past its date"),
        "password_link": _("Link for a new password"),
    }


def _source(rule: Rule) -> str:
    """Return where a rule is written, as people are told; what is only noted is never told to them."""
    if rule.status is RuleStatus.NOTED:
        return f"{rule.title}, {rule.section}"
    told = rule_source(rule.id, language())
    return told[:1].upper() + told[1:]


def _settings(settings: Settings) -> list[tuple[str, str | None]]:
    """Return each setting with its value; None for what is a secret or may hold one: it is never shown."""
    return [
        (name_of(field.name), _written(field.name, getattr(settings, field.name)) if field.repr else None)
        for field in fields(settings)
    ]


def name_of(field: str) -> str:
    """Return a setting as it is called outside, where sizes are given in megabytes."""
    return field.replace("_bytes", "_megabytes").upper()


def _written(field: str, value: object) -> str:
    if field.endswith("_bytes") and isinstance(value, int):
        return str(value // MEGABYTE)
    if value is None or value == ():
        return "–"
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)
