"""Owns the pages that only tell: the choice of language, home, the promises, privacy, accessibility."""

from dataclasses import dataclass
from datetime import UTC, date, datetime

from babel.numbers import format_percent
from flask import g, render_template
from flask_babel import gettext as _

from tracker.charter.counting import brussels_day
from tracker.charter.rules import RuleBook, RuleStatus
from tracker.charter.words import Channel, Language
from tracker.correspondence.explanation import counted, label, rule_source
from tracker.web.languages import NAMES, language
from tracker.web.public.blueprint import IN_LANGUAGE, public
from tracker.web.public.kept import kept_figures
from tracker.web.public.periods import periods
from tracker.web.site import site


@public.get("/")
def choose_language() -> str:
    """Ask in which language to go on."""
    g.language = Language.EN
    return render_template("public/choose_language.html", names=NAMES)


@public.get(f"{IN_LANGUAGE}/")
def home() -> str:
    """Say what this is and what is promised."""
    return render_template("public/home.html", days=periods(datetime.now(UTC)))


@public.get(f"{IN_LANGUAGE}/commitments")
def commitments() -> str:
    """Say each promise in plain words, from the rules in force today, and how it was kept."""
    rules, today = site().house.rules, brussels_day(datetime.now(UTC))
    promises = promises_on(today, rules, language())
    sources = dict.fromkeys((promise.source, promise.address) for promise in promises)
    return render_template(
        "public/commitments.html",
        promises=promises,
        sources=list(sources),
        found=kept_figures(),
        percent=lambda share: format_percent(
            share, "#,##0.0%" if language() == Language.EN else "#,##0.0 %", language()
        ),
    )


@dataclass(frozen=True, slots=True)
class Promise:
    """One line of the table of promises, in the reader's words."""

    natures: str
    channels: str
    promise: str
    period: str
    source: str
    address: str


def promises_on(day: date, rules: RuleBook, language: Language) -> list[Promise]:
    """What is promised for a request received on a day (Brussels), one line for each rule and period."""
    lines = []
    for rule in rules.rules:
        if rule.status is not RuleStatus.IN_FORCE or not rule.valid_on(day):
            continue
        for days in sorted(set(rule.days.values())):
            channels = [channel for channel in Channel if rule.days.get(channel) == days]
            lines.append(
                Promise(
                    natures=", ".join(label(nature, language) for nature in rule.natures),
                    channels=_("Any way") if len(channels) == len(Channel) else _listed(channels, language),
                    promise=label(rule.kind, language),
                    period=counted("calendar_day", days, language),
                    source=rule_source(rule.id, language),
                    address=rule.address,
                )
            )
    return lines


def _listed(channels: list[Channel], language: Language) -> str:
    return ", ".join(label(channel, language) for channel in channels)


@public.get(f"{IN_LANGUAGE}/privacy")
def privacy() -> str:
    """Say what is done with personal data."""
    return render_template("public/privacy.html")


@public.get(f"{IN_LANGUAGE}/accessibility")
def accessibility() -> str:
    """Say how far these pages are open to everybody, and whom to tell when they are not."""
    return render_template("public/accessibility.html")
