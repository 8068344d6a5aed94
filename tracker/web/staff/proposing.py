"""Owns why a case is where it is, as staff read it in their own language: what the router proposed, with reasons."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from babel.numbers import format_percent
from flask import url_for
from flask_babel import gettext as _
from markupsafe import Markup, escape

from tracker.access.permissions import may
from tracker.charter.counting import brussels_day
from tracker.charter.moves import MOVES
from tracker.charter.words import CaseState, Language, Nature, Role, ServiceKind, Verb
from tracker.correspondence.explanation import label
from tracker.insight.casefacts import Header
from tracker.routing.directory import Entry
from tracker.web.languages import language
from tracker.web.site import router
from tracker.web.staff.accounts import me, now
from tracker.web.staff.acts import in_round
from tracker.web.staff.blueprint import facts_of, may_keep

SHOWN, LEAST = 3, 0.05
"""No more than these are shown, and none that is next to nothing."""
LIKELY, POSSIBLE = 0.6, 0.25
"""From which score on (0 to 1) a proposal is called so."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A service or body that may be the right one."""

    code: str
    name: str
    likely: str
    reasons: list[tuple[str, str]]
    """The passages of the request, and what of the service's competence they met."""
    ours: bool
    """It is one of our services, and whoever looks may give it the case."""
    url: str
    """Where a case is transmitted to it, as a body outside; empty for one of ours, and for whoever may not."""


@dataclass(frozen=True, slots=True)
class Why:
    """Why a case is where it is; what was not stored with it is empty."""

    decision: str
    proposals: list[Proposal]
    confirm: bool
    """Whether the first proposal can be confirmed as it stands, by whoever looks."""
    elsewhere: list[tuple[str, str]]
    """Our services by code, by name, for whoever may give it to another one; empty for whoever may not."""
    changes: list[str]
    """What would make another service the first, in words."""
    alarms: list[tuple[str, str, str]]
    """What the text seems to be and the case is not: a sentence, where that is put right, and the link's words."""
    passages: tuple[str, ...]

    def marked(self, text: str) -> Markup:
        """Return a text of the citizen, escaped, with the passages marked that the proposals rest on."""
        return marked(text, self.passages)


def why_here(case: Header, *, asked: bool = False) -> Why | None:
    """Return why a case is where it is; none for one that a person gave to a service from the first.

    ``asked``: somebody was asked where it goes, since it went to and fro: it is not to be confirmed with one key.
    """
    waits = case.state is CaseState.TRIAGE
    if not case.routing and not waits:
        return None
    routing = case.routing or {}
    stored = _worth_showing(routing)
    found = [(entry, one) for one in stored if (entry := _entry(one["code"])) is not None]
    nature = routing.get("nature") or {}
    may_give = waits and may(me().person, Verb.ROUTE, facts_of(case)) and (not asked or decides(case))
    return Why(
        decision=_decision(case, [entry for entry, _one in found], asked=asked) if routing else "",
        proposals=[_proposal(case, entry, one, may_give=may_give) for entry, one in found],
        confirm=may_give and not asked and confirmable(case) is not None,
        elsewhere=_our_services() if may_give else [],
        changes=list(_changes(routing.get("changes", []))),
        alarms=list(_alarms(case)),
        passages=tuple(dict.fromkeys([*_passages(stored[:2]), *nature.get("passages", []),
                                      *nature.get("urgent_passages", [])])),
    )  # fmt: skip


def _worth_showing(routing: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return what is shown of what the router proposed, the likeliest first."""
    return [one for one in routing.get("suggestions", []) if one["score"] >= LEAST][:SHOWN]


def decides(case: Header) -> bool:
    """Say whether whoever looks may give a case a service, where one person was asked since it went to and fro."""
    return case.handler_id in me().viewer.own or (me().person.role is Role.HEAD and may_keep())


def confirmable(case: Header) -> str | None:
    """Return the service that gets a case in triage when what is proposed first is confirmed; only ours (P13).

    What is too unlikely to be shown is not confirmed either.
    """
    if case.state is not CaseState.TRIAGE or not may(me().person, Verb.ROUTE, facts_of(case)):
        return None
    stored = _worth_showing(case.routing or {})
    entry = _entry(stored[0]["code"]) if stored else None
    return entry.code if entry is not None and entry.kind is ServiceKind.INTERNAL else None


def _our_services() -> list[tuple[str, str]]:
    """Return our services of today, by name in the reader's language."""
    day, directory = brussels_day(now()), router().directory
    found = [entry for code in directory.codes if (entry := directory.get(code, on=day)) is not None]
    named = [(entry.code, entry.names[language()]) for entry in found if entry.kind is ServiceKind.INTERNAL]
    return sorted(named, key=lambda one: one[1].casefold())


def marked(text: str, passages: Iterable[str]) -> Markup:
    """Return a text, escaped, with passages marked wherever they stand in it; those that meet are one mark."""
    shown, end = Markup(""), 0
    for start, stop in _spans(text, passages):
        shown += escape(text[end:start]) + Markup("<mark>{}</mark>").format(text[start:stop])
        end = stop
    return shown + escape(text[end:])


def _spans(text: str, passages: Iterable[str]) -> Iterator[tuple[int, int]]:
    """Yield where passages stand in a text as whole words, in order, those that overlap or follow as one."""
    found = sorted(
        match.span()
        for one in dict.fromkeys(passages)
        if one.strip()
        for match in re.finditer(rf"(?<!\w){re.escape(one)}(?!\w)", text)
    )
    start = stop = -1
    for begins, ends in found:
        if start >= 0 and not text[stop:begins].strip():
            stop = max(stop, ends)
            continue
        if start >= 0:
            yield start, stop
        start, stop = begins, ends
    if start >= 0:
        yield start, stop


def nature_in_words(case: Header) -> list[str]:
    """Return what kind of request the text seems to be, and whether an emergency, each with what says so."""
    stored = (case.routing or {}).get("nature")
    if stored is None:
        return []
    said = []
    if stored["nature"]:
        what = label(Nature(stored["nature"]), Language(language()))
        share = format_percent(stored["score"], locale=language())
        said.append(_because(_("Suivi reads it as: %(nature)s (%(share)s)", nature=what, share=share),
                             stored["passages"]))  # fmt: skip
    else:
        said.append(_("Suivi reads it as an ordinary request."))
    if stored["urgent"]:
        said.append(_because(_("It may be an emergency"), stored["urgent_passages"]))
    return said


def _because(what: str, passages: Iterable[str]) -> str:
    quoted = ", ".join(_("“%(passage)s”", passage=one) for one in passages)
    return str(_("%(what)s, because of %(passages)s.", what=what, passages=quoted)) if quoted else f"{what}."


def _entry(code: Any) -> Entry | None:
    """Return the body that stands for a code today."""
    return router().directory.standing_for(str(code), on=brussels_day(now()))


def _passages(stored: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    for one in stored:
        yield from (str(reason["passage"]) for reason in one["reasons"])


def _proposal(case: Header, entry: Entry, stored: Mapping[str, Any], *, may_give: bool) -> Proposal:
    met: dict[str, list[str]] = {}
    for reason in stored["reasons"]:
        passages = met.setdefault(router().reason_in(str(reason["competence"]), language()), [])
        if not any(reason["passage"] in longer for longer in passages):
            passages.append(str(reason["passage"]))
    ours = entry.kind is ServiceKind.INTERNAL
    return Proposal(
        code=entry.code,
        name=entry.names[language()],
        likely=_likely(float(stored["score"])),
        reasons=[(" … ".join(passages), competence) for competence, passages in met.items()],
        ours=ours and may_give,
        url="" if ours else _where_transmitted(case, entry.code),
    )


def _likely(score: float) -> str:
    share = format_percent(score, locale=language())
    if score >= LIKELY:
        return str(_("likely (%(share)s)", share=share))
    if score >= POSSIBLE:
        return str(_("possible (%(share)s)", share=share))
    return str(_("unsure (%(share)s)", share=share))


def _where_transmitted(case: Header, code: str) -> str:
    """Return the page that transmits a case in triage to a body outside, with the body chosen."""
    waits = case.state is CaseState.TRIAGE and (case.state, Verb.TRANSMIT) in MOVES
    if not waits or not may(me().person, Verb.TRANSMIT, facts_of(case)):
        return ""
    return url_for("staff.transmit", reference=case.reference, to=code, **in_round())


def _decision(case: Header, proposed: list[Entry], *, asked: bool) -> str:
    """Say what the router decided and why it decided no more than that."""
    stored = case.routing or {}
    decision, waits = stored.get("decision"), case.state is CaseState.TRIAGE
    rules = ", ".join(_("“%(passage)s”", passage=one["name"]) for one in stored.get("rules", []))
    if decision == "abstain" or not proposed:
        return str(_("Nobody could tell whose it is: %(reason)s", reason=_reason(stored.get("reason"))))
    service = proposed[0].names[language()]
    if decision == "auto" and case.nature is Nature.COMPLAINT and case.service_code != proposed[0].code:
        return str(_("Suivi reads it as a matter of %(service)s; the complaint itself is the coordinator's.",
                     service=service))  # fmt: skip
    if decision == "auto" and waits and not asked and case.service_code == proposed[0].code:
        return str(_("Suivi gave it to %(service)s by itself, and nobody there could take it: please confirm, or"
                     " choose another.", service=service))  # fmt: skip
    if decision == "auto" and rules:
        return str(_("Suivi gave it to %(service)s by itself, by the rule %(rules)s.", service=service, rules=rules))
    if decision == "auto":
        return str(_("Suivi gave it to %(service)s by itself: what the text says is clear enough.", service=service))
    if rules:
        return str(_("Rules of staff name it: %(rules)s. A person decides.", rules=rules))
    if waits and proposed[0].kind is not ServiceKind.INTERNAL:
        return str(_("Suivi proposes %(service)s, which is not of our house: transmit it there, or choose one of our"
                     " services.", service=service))  # fmt: skip
    if waits:
        return str(_("Suivi proposes %(service)s: please confirm, or choose another.", service=service))
    return str(_("Suivi proposed %(service)s; a person decided.", service=service))


def _reason(stored: Any) -> str:
    """Return why the router abstained, which is stored in English, in the reader's language."""
    known = {
        "The text holds no words.": _("the text holds no words."),
        "No service is in force on that day.": _("no service was in force on that day."),
        "The text seems to be in none of fr, nl, de, en.": _("the text seems to be in none of our four languages."),
        "Nothing in the text points clearly enough to one service.": _("nothing in the text points clearly to one."),
    }
    return str(known.get(str(stored), _("nothing in the text points clearly to one.")))


def _changes(stored: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """Say what would make another service the first."""
    for change in stored:
        entry = _entry(change["code"])
        if entry is None:
            continue
        service = entry.names[language()]
        match change["if"]:
            case "abroad":
                yield str(_("If the person is abroad: %(service)s.", service=service))
            case "in_belgium":
                yield str(_("If the person is in Belgium: %(service)s.", service=service))
            case "without":
                yield str(_("Without “%(passage)s”: %(service)s.", passage=change["passage"], service=service))


def _alarms(case: Header) -> Iterator[tuple[str, str, str]]:
    """Tell of an emergency that is not flagged, and of another nature than the case has until a person confirms."""
    stored = (case.routing or {}).get("nature") or {}
    settled = case.state not in (CaseState.TRIAGE, CaseState.OPEN)
    if settled or not stored:
        return
    if stored["urgent"] and case.urgent_since is None:
        sentence = _because(_("It may be an emergency"), stored["urgent_passages"])
        yield sentence, _where(case, Verb.FLAG, "staff.flag"), _("Flag this file")
    if stored["nature"] and stored["nature"] != case.nature and not case.nature_confirmed:
        what = label(Nature(stored["nature"]), Language(language()))
        share = format_percent(stored["score"], locale=language())
        sentence = _because(_("It may be something else: %(nature)s (%(share)s)", nature=what, share=share),
                            stored["passages"])  # fmt: skip
        yield sentence, _where(case, Verb.CONFIRM_NATURE, "staff.nature"), _("Confirm the nature")


def _where(case: Header, verb: Verb, page: str) -> str:
    allowed = (case.state, verb) in MOVES and may(me().person, verb, facts_of(case))
    return url_for(page, reference=case.reference, **in_round()) if allowed else ""
