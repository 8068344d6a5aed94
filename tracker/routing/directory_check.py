"""Owns the check of the directory: what is missing, contradicts itself or leads nowhere, each with its place."""

import itertools
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from datetime import date

from tracker.charter.words import ServiceKind
from tracker.routing.directory import CHANNELS, Certainty, Directory, Entry, Fact, Source, Texts
from tracker.routing.text import LANGUAGES


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong: whose entry, where in it, and what, in one sentence."""

    code: str
    place: str
    problem: str

    def __str__(self) -> str:
        return f"{self.code}: {self.problem}"

    def to_json(self) -> dict[str, str]:
        """Return the problem as plain JSON values."""
        return asdict(self)


Found = Iterable[tuple[str, str]]
"""Problems of one entry: the place and the sentence."""


def check(directory: Directory) -> list[Problem]:
    """Return what is wrong with a directory, in its order; an empty list when nothing is."""
    problems = [
        Problem(entry.code, place, problem)
        for entry in directory.entries
        for look in (_texts, _services, _sources, _contact, _validity)
        for place, problem in look(entry, directory)
    ]
    for code in directory.codes:
        problems += [Problem(code, *found) for found in _periods(directory.versions(code))]
        problems += [Problem(code, *found) for found in _circles(code, directory)]
    for number, fact in enumerate(directory.facts, start=1):
        problems += [Problem(fact.code, f"fact {number}", problem) for problem in _fact(fact, directory)]
    return problems


def _texts(entry: Entry, _: Directory) -> Found:
    texts: list[tuple[str, Texts]] = [
        ("names", entry.names),
        ("competence", entry.competence),
        ("not_competent", entry.not_competent),
    ]
    for part in entry.parts:
        texts.append((f"part {part.key}", part.names))
        if part.mandate:
            texts.append((f"mandate of part {part.key}", part.mandate))
    texts += [(f"former name {number}", names) for number, names in enumerate(entry.former_names, start=1)]
    for what, by_language in texts:
        if missing := _missing(by_language):
            yield what, f"{what} is missing in {missing}."
    for language in entry.unofficial:
        if language not in LANGUAGES:
            yield "unofficial", f"unofficial names {language!r}, which is none of {', '.join(LANGUAGES)}."


def _missing(texts: Texts) -> str:
    return ", ".join(language for language in LANGUAGES if not texts.get(language, "").strip())


def _services(entry: Entry, directory: Directory) -> Found:
    for what, codes in (
        ("associated", entry.associated),
        ("parent", (entry.parent,)),
        ("successor", (entry.successor,)),
    ):
        for code in codes:
            if code is None:
                continue
            if code == entry.code:
                yield what, f"{what} service is the service itself."
            elif not directory.versions(code):
                yield what, f"{what} service {code} is not in the directory."
    for code in entry.associated:
        kinds = {other.kind for other in directory.versions(code)}
        if entry.kind is ServiceKind.INTERNAL and kinds - {ServiceKind.INTERNAL}:
            yield "associated", f"associated service {code} is an outside body: it gets a case by transmission only."


def _sources(entry: Entry, _: Directory) -> Found:
    if not entry.sources:
        yield "sources", "no source is given."
    for source in entry.sources:
        if problem := _source(source):
            yield "sources", problem


def _source(source: Source) -> str | None:
    if not source.title.strip():
        return "a source has no title."
    if not isinstance(source.read_on, date):
        return f"the source {source.title!r} does not say on which day it was read."
    return None


def _contact(entry: Entry, _: Directory) -> Found:
    if entry.channel not in CHANNELS:
        yield "channel", f"channel {entry.channel!r} is none of email, post, web."
    needs = {"email": entry.email, "post": entry.postal_address, "web": entry.website}
    if entry.channel in needs and not needs[entry.channel]:
        yield "channel", f"it is reached by {entry.channel}, but no such address is given."
    if entry.kind is ServiceKind.INTERNAL:
        if not entry.postal_address:
            yield "postal_address", "an internal service needs a postal address: letters carry it."
        if not entry.phone:
            yield "phone", "an internal service needs a phone number: letters carry it."


def _validity(entry: Entry, _: Directory) -> Found:
    if entry.valid_from and entry.valid_to and entry.valid_from >= entry.valid_to:
        yield "valid_to", "valid_to is not after valid_from."


def _periods(versions: tuple[Entry, ...]) -> Found:
    ordered = sorted(versions, key=lambda entry: entry.valid_from or date.min)
    for earlier, later in itertools.pairwise(ordered):
        if earlier.valid_to is None or (later.valid_from or date.min) < earlier.valid_to:
            yield "valid_from", "two entries are valid on the same day."
        elif later.valid_from and later.valid_from > earlier.valid_to and earlier.successor is None:
            yield "valid_from", f"nothing stands for it from {earlier.valid_to} until {later.valid_from}."
    last = ordered[-1]
    if last.valid_to is not None and last.successor is None:
        yield "successor", f"it ends on {last.valid_to} and names no successor."


def _circles(code: str, directory: Directory) -> Found:
    steps: dict[str, Callable[[Entry], str | None]] = {
        "parent": lambda entry: entry.parent,
        "successor": lambda entry: entry.successor,
    }
    for what, step in steps.items():
        seen, at = [code], code
        while (versions := directory.versions(at)) and (after := step(versions[-1])) is not None:
            if after == code and len(seen) > 1:
                yield what, f"{what} leads in a circle: {', '.join([*seen, code])}."
            if after in seen:
                break
            seen.append(after)
            at = after


def _fact(fact: Fact, directory: Directory) -> Iterable[str]:
    if not directory.versions(fact.code):
        yield "a fact is told of a service that is not in the directory."
    if missing := _missing(fact.texts):
        yield f"a fact is missing in {missing}."
    if fact.source is None and fact.certainty is not Certainty.UNVERIFIED:
        yield "a fact has no source: give one, or mark it unverified."
    if fact.source is not None and (problem := _source(fact.source)):
        yield problem
