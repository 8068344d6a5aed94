"""Owns the pages that only tell: the choice of language, home, the promises, privacy, accessibility."""

from dataclasses import dataclass
from datetime import UTC, date, datetime

from babel.numbers import format_percent
from flask import g, render_template
from flask_babel import force_locale
from flask_babel import gettext as _

from tracker.charter.counting import brussels_day
from tracker.charter.rules import Rule, RuleBook, RuleStatus
from tracker.charter.words import Channel, Language, Nature, ObligationKind
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
    tongues = []
    for code in NAMES:
        with force_locale(code):
            tongues.append((code, _("Questions and complaints to the FPS Foreign Affairs")))
    return render_template("public/choose_language.html", names=NAMES, tongues=tongues)


@public.get(f"{IN_LANGUAGE}/")
def home() -> str:
    """Say what this is and what is promised."""
    return render_template("public/home.html", days=periods(datetime.now(UTC)))


@public.get(f"{IN_LANGUAGE}/commitments")
def commitments() -> str:
    """Say each promise in plain words, from the rules in force today, and how it was kept."""
    rules, today = site().house.rules, brussels_day(datetime.now(UTC))
    promises = promises_on(today, rules, language())
    sources = dict.fromkeys(source for promise in promises for source in promise.sources)
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
    sources: list[tuple[str, str]]
    """Where it is written: the title and the address of each rule's source."""


def promises_on(day: date, rules: RuleBook, language: Language) -> list[Promise]:
    """What is promised for a request received on a day (Brussels), one line for what is promised in the same way."""
    together: dict[tuple[tuple[Nature, ...], ObligationKind, int], list[Rule]] = {}
    for rule in rules.rules:
        if rule.status is RuleStatus.IN_FORCE and rule.valid_on(day):
            for days in sorted(set(rule.days.values())):
                together.setdefault((tuple(rule.natures), rule.kind, days), []).append(rule)
    return [_in_words(*same, rules=of, language=language) for same, of in together.items()]


def _in_words(
    natures: tuple[Nature, ...], kind: ObligationKind, days: int, *, rules: list[Rule], language: Language
) -> Promise:
    channels = [channel for channel in Channel if any(rule.days.get(channel) == days for rule in rules)]
    what = label(kind, language)
    return Promise(
        natures=", ".join(label(nature, language) for nature in natures),
        channels=_("Any way") if len(channels) == len(Channel) else _listed(channels, language),
        promise=_("%(letter)s: it says when you will have the answer", letter=what)
        if kind is ObligationKind.INTERIM
        else what,
        period=counted("calendar_day", days, language),
        sources=[(rule_source(rule.id, language), rule.address) for rule in rules],
    )


def _listed(channels: list[Channel], language: Language) -> str:
    first, *others = (label(channel, language) for channel in channels)
    if language is not Language.DE:  # where a noun has its capital anywhere
        others = [word[:1].lower() + word[1:] for word in others]
    return ", ".join([first, *others])


@public.get(f"{IN_LANGUAGE}/privacy")
def privacy() -> str:
    """Say what is done with personal data."""
    return render_template("public/privacy.html")


@public.get(f"{IN_LANGUAGE}/accessibility")
def accessibility() -> str:
    """Say how far these pages are open to everybody, and whom to tell when they are not."""
    return render_template("public/accessibility.html")
