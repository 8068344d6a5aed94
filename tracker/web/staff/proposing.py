"""Owns what the router proposed for a case as a clerk reads it: in their own language, with reasons."""

from dataclasses import dataclass
from typing import Any

from babel.numbers import format_percent
from flask import url_for
from flask_babel import gettext as _

from tracker.access.permissions import may
from tracker.charter.counting import brussels_day
from tracker.charter.moves import MOVES
from tracker.charter.words import CaseState, ServiceKind, Verb
from tracker.insight.casefacts import Header
from tracker.web.languages import language
from tracker.web.site import router
from tracker.web.staff.accounts import me, now
from tracker.web.staff.blueprint import facts_of

SHOWN, LEAST = 3, 0.05
"""No more than these are shown, and none that is next to nothing."""
LIKELY, POSSIBLE = 0.6, 0.25
"""From which score on (0 to 1) a proposal is called so."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A service that may be the right one; ``url``: where it is chosen, empty for whoever may not."""

    name: str
    likely: str
    reasons: list[tuple[str, str]]
    """The passages of the request, and what of the service's competence they met."""
    url: str


def proposals(case: Header) -> list[Proposal]:
    """Return what the router proposed, best first, for a file that nobody has given to a service yet."""
    if case.state is not CaseState.TRIAGE or not case.routing:
        return []
    stored = [one for one in case.routing.get("suggestions", []) if one["score"] >= LEAST]
    return [told for one in stored[:SHOWN] if (told := _proposal(case, one)) is not None]


def _proposal(case: Header, stored: dict[str, Any]) -> Proposal | None:
    entry = router().directory.standing_for(str(stored["code"]), on=brussels_day(now()))
    if entry is None:
        return None
    met: dict[str, list[str]] = {}
    for reason in stored["reasons"]:
        passages = met.setdefault(router().reason_in(str(reason["competence"]), language()), [])
        if not any(reason["passage"] in longer for longer in passages):
            passages.append(str(reason["passage"]))
    return Proposal(
        name=entry.names[language()],
        likely=_likely(float(stored["score"])),
        reasons=[(" … ".join(passages), competence) for competence, passages in met.items()],
        url=_where_chosen(case, entry.code, entry.kind),
    )


def _likely(score: float) -> str:
    share = format_percent(score, locale=language())
    if score >= LIKELY:
        return str(_("likely (%(share)s)", share=share))
    if score >= POSSIBLE:
        return str(_("possible (%(share)s)", share=share))
    return str(_("unsure (%(share)s)", share=share))


def _where_chosen(case: Header, code: str, kind: ServiceKind) -> str:
    """Return the page on which it stands chosen: our own services are given the file, it is transmitted to others."""
    verb = Verb.ROUTE if kind is ServiceKind.INTERNAL else Verb.TRANSMIT
    if (case.state, verb) not in MOVES or not may(me().person, verb, facts_of(case)):
        return ""
    if verb is Verb.ROUTE:
        return url_for("staff.route", reference=case.reference, service=code)
    return url_for("staff.transmit", reference=case.reference, to=code)
