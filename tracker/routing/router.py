"""Owns the router: from a text to the services it may belong to, each with a score and its reasons."""

from collections.abc import Mapping
from copy import copy
from dataclasses import replace
from datetime import date
from functools import cached_property

import numpy as np

from tracker.charter.words import Nature, ServiceKind
from tracker.routing.directory import Directory, Entry
from tracker.routing.encoder import Read
from tracker.routing.evidence import MOST_CHARACTERS, TOLD, Evidence, Reader
from tracker.routing.language import SURE, guess_language
from tracker.routing.meaning import Meaning
from tracker.routing.model import NOBODY, Array, Model, log_shares, shipped_model
from tracker.routing.nature import (
    AT,
    IN_DOUBT_FROM,
    MISDIRECTED_AT,
    URGENT_AT,
    NatureProposal,
    signs_of,
    urgent_at,
    words_say,
)
from tracker.routing.nature_model import KINDS
from tracker.routing.pieces import pieces
from tracker.routing.proposal import ABSTAIN, AUTO, SUGGEST, Routing, Suggestion
from tracker.routing.reasons import Asked, Reason, changes, passages_telling, reasons
from tracker.routing.staff_rules import Met, StaffRules, Told, targets
from tracker.routing.text import LANGUAGES, says_the_same_again, share_of_function_words, tokens

AUTO_AT = 0.8
SUGGEST_AT = 0.25
"""Default thresholds on the score, read off the curve that ``tracker route evaluate`` prints."""

WEAK = 2.5  # below this sum of weights, the words of the other languages are tried too,
WRITTEN_IN = 0.15  # unless this share of function words shows that the text is in the language it is said to be in
UNKNOWN = -12.0  # the logarithm of the chance of a body that came into the directory after the model was trained


class Router:
    """Proposes services for texts; may be shared by threads."""

    def __init__(
        self,
        directory: Directory,
        *,
        model: Model | None = None,
        meaning: Meaning | None = None,
        auto_at: float = AUTO_AT,
        suggest_at: float = SUGGEST_AT,
        urgent_from: float = URGENT_AT,
    ) -> None:
        """``model``: none, the one that comes with the product. ``meaning``: none, an encoder of its own."""
        self.directory = directory
        self.reader = Reader(directory)
        self.model = model if model is not None else shipped_model()
        self.meaning = meaning if meaning is not None else Meaning()
        self.auto_at = auto_at
        self.suggest_at = suggest_at
        self.urgent_from = urgent_from
        self.staff_rules = StaffRules()
        self._standing: tuple[date, Mapping[str, str | None]] = (date.min, {})

    def with_model(self, model: Model) -> "Router":
        """Return a router that asks another model, with the same words and the same encoder."""
        other = copy(self)
        other.model = model
        return other

    def with_directory(self, directory: Directory) -> "Router":
        """Return a router that goes by another directory, with the same model and the same encoder."""
        other = copy(self)
        other.directory, other.reader, other._standing = directory, Reader(directory), (date.min, {})
        other.__dict__.pop("_reasons_by_words", None)
        return other

    def with_rules(self, rules: StaffRules) -> "Router":
        """Return a router that goes by these rules of staff before anything else."""
        other = copy(self)
        other.staff_rules = rules
        return other

    def read_all(self) -> None:
        """Read the words of every language now, and not with the first text in each."""
        self.reader.read_all()

    def route(
        self,
        text: str,
        *,
        lang: str | None = None,
        country: str | None = None,
        nature: str | None = None,
        channel: str | None = None,
        top: int = 3,
        on: date,
    ) -> Routing:
        """Return the services the text may belong to, best first, and whether to assign, to suggest or to abstain.

        ``lang`` is the language the citizen chose; it is guessed from the text only when none is given. ``country``
        (ISO 3166, two letters) is where the person is or where it happened. ``on`` is the day for which the directory
        is read. ``auto`` is only ever given for our own services. Any string is accepted; the work is bounded.
        What staff wrote a rule for goes by the rule.
        """
        text = text[:MOST_CHARACTERS]
        guessed, sure = (lang, 1.0) if lang in LANGUAGES else guess_language(text)
        weighed = self._weighed(text, guessed, sure, country, nature, top, on)
        found = self._ruled(weighed, text, Told(guessed or "en", country, nature, channel, on), top)
        return replace(found, proposed=self._misdirected(found.proposed, found.suggestions, on))

    def _weighed(
        self,
        text: str,
        guessed: str | None,
        sure: float,
        country: str | None,
        nature: str | None,
        top: int,
        on: date,
    ) -> Routing:
        """Return what words and model say of a text, whatever staff wrote rules for."""
        if not any(map(str.isalpha, text)) or not any(tokens(text, guessed or "en", limit=1)):
            return Routing(guessed, ABSTAIN, (), "The text holds no words.", model=self.model.version)
        asked = Asked(text, guessed or "en", country, nature, on)
        read = self.meaning.read(text)  # the dearest step, done once for service and nature
        weighed = self.model.weighed(pieces(text, asked.language))
        evidence, chances = self.evidence(asked, sure=sure), self._chances(read.vector, weighed)
        proposed = self._proposed(asked, evidence, read.vector, weighed)
        shares = self._shares(evidence, chances, on)
        ranked = _ranked(shares)
        if not ranked:
            none = "No service is in force on that day."
            return Routing(guessed, ABSTAIN, (), none, model=self.model.version, proposed=proposed)
        suggestions = tuple(
            self._suggestion(code, shares[code], ranked[1 if code == ranked[0] else 0], asked, evidence)
            for code in ranked[: max(top, 0)]
        )
        decision, reason = self._decided(guessed, shares, ranked[0], on)
        if decision == AUTO and says_the_same_again(text, asked.language):
            decision = SUGGEST  # whoever stuffs a text with the words of a service does not send it there
        found = changes(self, asked, ranked[0], evidence, chances, read) if decision == SUGGEST else ()
        return Routing(guessed, decision, suggestions, reason, found, self.model.version, proposed=proposed)

    def _ruled(self, weighed: Routing, text: str, told: Told, top: int) -> Routing:
        """Return what the rules of staff make of it. One whose target is gone counts as if it were not there."""
        met = self._met(text, told)
        if not met:
            return weighed
        named = targets(met)
        first = [self._named(code, rules, weighed, told, 1 / len(named)) for code, rules in named.items()]
        others = [one for one in weighed.suggestions if one.code not in named]
        ours = all(self._entry(code, told.on).kind is ServiceKind.INTERNAL for code in named)
        return replace(
            weighed,
            decision=AUTO if ours and len(named) == 1 else SUGGEST,
            suggestions=(*first, *others)[: max(top, len(first))],
            reason=None,
            changes=(),
            rules=tuple(met),
        )

    def met(
        self, text: str, *, lang: str, country: str | None, nature: str | None, channel: str | None, on: date
    ) -> list[Met]:
        """Return the rules of staff that a text meets, those whose target is there on the day."""
        return self._met(text[:MOST_CHARACTERS], Told(lang, country, nature, channel, on))

    def _met(self, text: str, told: Told) -> list[Met]:
        return [
            Met(rule, passage, entry.code)
            for rule, passage in self.staff_rules.met(text, told)
            if (entry := self.directory.standing_for(rule.code, on=told.on)) is not None
        ]

    def _named(self, code: str, rules: list[Met], weighed: Routing, told: Told, share: float) -> Suggestion:
        """Return a body that rules name, as a suggestion: their names are the reason, before any other."""
        entry = self._entry(code, told.on)
        why = [Reason(met.passage, met.rule.name) for met in rules if met.passage]
        why += [reason for one in weighed.suggestions if one.code == code for reason in one.reasons]
        return Suggestion(
            code=code,
            name=entry.names[told.language],
            score=round(share, 4),
            lead=entry.lead,
            associated=entry.associated,
            reasons=tuple(why),
        )

    def evidence(self, asked: Asked, *, sure: float = 1.0) -> Evidence:
        """Return what the words of a text speak for; ``sure``: how sure its language is, 0 to 1."""
        text, country, nature = asked.text, asked.country, asked.nature
        evidence = self.reader.read(text, asked.language, country, nature)
        if sure < SURE or (evidence.best < WEAK and share_of_function_words(text, asked.language) < WRITTEN_IN):
            others = [self.reader.read(text, one, country, nature) for one in LANGUAGES if one != asked.language]
            evidence = max([evidence, *others], key=lambda one: one.best)
        return evidence

    def chances(self, asked: Asked, like: Read) -> dict[str, float]:
        """Return the logarithm of how likely the model holds each body, NOBODY included; ``like``: a text alike."""
        weighed = self.model.weighed(pieces(asked.text, asked.language))
        return self._chances(self.meaning.read(asked.text, like).vector, weighed)

    def _chances(self, vector: Array, weighed: tuple[Array, Array]) -> dict[str, float]:
        told = self.model.log_chances(vector, weighed)
        return dict(zip(self.model.codes, told.tolist(), strict=True))

    def _proposed(
        self, asked: Asked, evidence: Evidence, vector: Array, weighed: tuple[Array, Array]
    ) -> NatureProposal:
        """Return what kind of request the text seems to be: what is likeliest, with the passages that say so."""
        signs = signs_of(evidence.concepts)
        scores = self.model.natures_of(vector, weighed, signs)
        needed = AT | {"urgent": urgent_at(evidence.concepts, self.urgent_from)}
        _subject, _line, rest = asked.text.partition("\n")
        if IN_DOUBT_FROM <= scores["urgent"] < needed["urgent"] and rest.strip():
            weighed = self.model.weighed(pieces(rest, asked.language))
            alone = self.model.natures_of(self.meaning.read(rest).vector, weighed, signs)
            scores |= {"urgent": max(scores["urgent"], alone["urgent"])}
        said = {kind: self._says(kind, asked, evidence) for kind in KINDS if scores[kind] >= needed[kind]}
        likelier = [kind for kind in said if scores[kind] > scores["urgent"]]
        nature = max(likelier, key=lambda kind: scores[kind], default=None)
        return NatureProposal(
            nature=Nature(nature) if nature else None,
            score=round(scores[nature], 4) if nature else 0.0,
            passages=said[nature] if nature else (),
            urgent="urgent" in said,
            urgency=round(scores["urgent"], 4),
            urgent_passages=said.get("urgent", ()),
        )

    def _says(self, kind: str, asked: Asked, evidence: Evidence) -> tuple[str, ...]:
        """Return the passages that say so: those the rules go by, else the words that tell the model most."""
        found = [passage for passage in words_say(evidence.concepts, kind) if passage]
        found += [] if found else passages_telling(asked, lambda words: self.model.words_say(words, kind))
        return tuple(dict.fromkeys(found))

    def _misdirected(self, proposed: NatureProposal, suggestions: tuple[Suggestion, ...], on: date) -> NatureProposal:
        """Return the proposal, or that it went to the wrong address where another body is clearly meant."""
        first = suggestions[0] if suggestions else None
        if first is None or proposed.nature is not None or proposed.urgent or first.score < MISDIRECTED_AT:
            return proposed
        if self._entry(first.code, on).kind is ServiceKind.INTERNAL:
            return proposed
        passages = tuple(dict.fromkeys(reason.passage for reason in first.reasons if reason.passage))
        return replace(proposed, nature=Nature.MISDIRECTED, score=first.score, passages=passages)

    def first(self, evidence: Evidence, chances: Mapping[str, float], on: date) -> str:
        """Return the body that comes first by this evidence and these chances; empty when none is in force."""
        return next(iter(_ranked(self._shares(evidence, chances, on))), "")

    def reason_in(self, competence: str, language: str) -> str:
        """Return the competence that a stored reason names, whichever language it was stored in, in another."""
        return self._reasons_by_words.get(competence, {}).get(language, competence)

    @cached_property
    def _reasons_by_words(self) -> dict[str, Mapping[str, str]]:
        """Every text that a reason can be made of, by its words in each language."""
        texts = [rule.why for rule in self.reader.rules]
        for entry in self.directory.entries:
            texts += [entry.competence, *(part.names for part in entry.parts)]
        return {words: text for text in texts for words in text.values()}

    def _shares(self, evidence: Evidence, chances: Mapping[str, float], on: date) -> dict[str, float]:
        """Return the share of each body in force on the day, what its predecessors would get included."""
        places, mix = self.standing(on), self.model.mix
        logits = [
            mix.model * chances.get(code, UNKNOWN)
            + mix.likeness * evidence.likeness.get(code, 0.0)
            + mix.phrases * evidence.phrases.get(code, 0.0)
            + mix.rules * evidence.rules.get(code, 0.0)
            + TOLD * evidence.told.get(code, 0.0)
            for code in places
        ]
        shares: dict[str, float] = {}
        for place, share in zip(places.values(), np.exp(log_shares(np.array(logits))).tolist(), strict=True):
            if place is not None:
                shares[place] = shares.get(place, 0.0) + share
        return shares

    def standing(self, on: date) -> Mapping[str, str | None]:
        """Return for each code of the directory, and NOBODY, the body that stands for it on a day, if any."""
        day, places = self._standing
        if day != on:
            standing = ((code, self.directory.standing_for(code, on=on)) for code in self.directory.codes)
            places = {**{code: entry.code if entry else None for code, entry in standing}, NOBODY: NOBODY}
            self._standing = (on, places)
        return places

    def _suggestion(self, code: str, share: float, rival: str, asked: Asked, evidence: Evidence) -> Suggestion:
        entry = self._entry(code, asked.on)
        return Suggestion(
            code=code,
            name=entry.names[asked.language],
            score=round(self.model.calibrated(share), 4),
            lead=entry.lead,
            associated=entry.associated,
            reasons=reasons(self, asked, entry, rival, evidence),
        )

    def _entry(self, code: str, on: date) -> Entry:
        entry = self.directory.get(code, on=on)
        assert entry is not None, f"{code} has a share, so it is in force"
        return entry

    def _decided(self, lang: str | None, shares: Mapping[str, float], best: str, on: date) -> tuple[str, str | None]:
        if lang is None:
            return ABSTAIN, "The text seems to be in none of fr, nl, de, en."
        score = self.model.calibrated(shares[best])
        if score < self.suggest_at or shares[NOBODY] > shares[best]:
            return ABSTAIN, "Nothing in the text points clearly enough to one service."
        ours = self._entry(best, on).kind is ServiceKind.INTERNAL
        return (AUTO if ours and score >= self.auto_at else SUGGEST), None


def _ranked(shares: Mapping[str, float]) -> list[str]:
    return sorted((code for code in shares if code != NOBODY), key=lambda code: (-shares[code], code))
