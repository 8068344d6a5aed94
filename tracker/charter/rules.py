"""Owns the rules of the house: read from one reviewed file, checked as a whole, looked up by receipt date."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from importlib.resources import files
from importlib.resources.abc import Traversable
from itertools import pairwise
from pathlib import Path

from tracker.charter.datafile import DataFile, RulesFileError, Table
from tracker.charter.rungs import Ladder, read_ladder
from tracker.charter.words import Channel, Nature, ObligationKind

__all__ = ["Rule", "RuleBook", "RuleStatus", "RulesFileError"]

KINDS = {  # what each nature owes first; the promised reply comes from a letter (P4)
    Nature.INFORMATION: ObligationKind.REPLY,
    Nature.COMPLEX: ObligationKind.INTERIM,
    Nature.MISDIRECTED: ObligationKind.TRANSMISSION,
    Nature.COMPLAINT: ObligationKind.REPLY,
    Nature.DOCUMENT_ACCESS: ObligationKind.REPLY,
}


class RuleStatus(StrEnum):
    """Whether we follow a rule, or only know of it."""

    IN_FORCE = "in_force"
    NOTED = "noted"


@dataclass(frozen=True, slots=True, eq=False)
class Rule:
    """One promise: what is owed to which nature of request, in how many calendar days by which channel."""

    id: str
    version: int
    status: RuleStatus
    kind: ObligationKind
    natures: tuple[Nature, ...]
    days: Mapping[Channel, int]  # empty for P4: the letter states the date
    decide: Mapping[Channel, int]  # days until the nature should be confirmed, where it matters
    extension_days: int | None  # one extension of at most so many days
    promise_max_days: int | None  # how far off a promised date may be, from the day its letter leaves
    title: str
    section: str
    address: str
    note: str
    valid_from: date | None  # first day of validity; None: open to the past
    valid_to: date | None  # first day no longer valid; None: no end

    @property
    def source(self) -> str:
        """The source as it is quoted: title, section and public address."""
        return f"{self.title}, {self.section} ({self.address})"

    def valid_on(self, day: date) -> bool:
        """Tell whether the rule is valid for what was received on a day."""
        return (self.valid_from or date.min) <= day < (self.valid_to or date.max)


@dataclass(frozen=True, slots=True, eq=False)
class RuleBook:
    """All rules and the ladder's rungs; a frozen value, compared by identity.

    Whatever the day, exactly one rule in force says what a nature of request by a channel is owed: the file is
    refused otherwise, so a lookup never fails.
    """

    rules: tuple[Rule, ...]
    ladder: Ladder
    _by_subject: Mapping[tuple[Nature, Channel | None], tuple[Rule, ...]]

    @classmethod
    def load(cls, source: str | Path | Traversable, name: str = "rules.toml") -> "RuleBook":
        """Read a rules file (a path, or the text itself).

        Raises RulesFileError, with file and line, for a file that is not consistent: invalid TOML, an unknown word,
        a missing source, one version twice, two rules in force for the same thing on the same day, or none.
        """
        file = DataFile.read(source, name)
        file.only_keys(("rule", "rung"))
        tables = file.tables("rule")
        rules = tuple(_rule(table) for table in tables)
        _refuse_twins(rules, tables)
        return cls(rules, read_ladder(file), _by_subject(file, rules, tables))

    @classmethod
    def shipped(cls) -> "RuleBook":
        """Read the rules that come with the program."""
        return cls.load(files("tracker.charter") / "data" / "rules.toml")

    def owed(self, nature: Nature, channel: Channel, on: date) -> Rule:
        """Return the rule in force for a request of that nature and channel received on a day."""
        return _valid(self._by_subject[nature, channel], on)

    def promised(self, nature: Nature, on: date) -> Rule | None:
        """Return the rule on dates promised by letter (P4) for a case received on a day.

        None when a request of that nature cannot be put off by an interim letter.
        """
        rules = self._by_subject.get((nature, None))
        return _valid(rules, on) if rules else None

    def rule(self, id: str, version: int) -> Rule | None:
        """Return a rule by its name, in force or only noted; None when there is none."""
        return next((rule for rule in self.rules if (rule.id, rule.version) == (id, version)), None)

    @property
    def noted(self) -> tuple[Rule, ...]:
        """The conflicting sources that we know of and do not follow."""
        return tuple(rule for rule in self.rules if rule.status is RuleStatus.NOTED)


def _valid(rules: tuple[Rule, ...], on: date) -> Rule:
    return next(rule for rule in rules if rule.valid_on(on))


def _rule(table: Table) -> Rule:
    table.only_keys(
        *("id", "version", "status", "kind", "natures", "days", "decide", "extension_days", "promise_max_days"),
        *("source", "section", "address", "note", "valid_from", "valid_to"),
    )
    rule = Rule(
        id=table.text("id"),
        version=table.number("version", least=1),
        status=table.word("status", RuleStatus),
        kind=table.word("kind", ObligationKind),
        natures=table.words("natures", Nature),
        days=table.numbers_by("days", Channel, least=1),
        decide=table.numbers_by("decide", Channel, least=1),
        extension_days=table.optional_number("extension_days", 1),
        promise_max_days=table.optional_number("promise_max_days", 1),
        title=table.text("source"),
        section=table.text("section"),
        address=table.text("address"),
        note=table.text("note", ""),
        valid_from=table.day("valid_from"),
        valid_to=table.day("valid_to"),
    )
    _refuse_nonsense(rule, table)
    return rule


def _refuse_nonsense(rule: Rule, table: Table) -> None:
    if not rule.address.startswith("https://"):
        raise table.error("address must be a public address that starts with https://.", "address")
    if rule.valid_from and rule.valid_to and rule.valid_from >= rule.valid_to:
        raise table.error(f"valid_to {rule.valid_to} is not after valid_from {rule.valid_from}.", "valid_to")
    promised = rule.kind is ObligationKind.PROMISED_REPLY
    if promised != (not rule.days) or promised != (rule.promise_max_days is not None):
        raise table.error("a promised_reply has promise_max_days and no days; every other rule has days only.")
    for nature in rule.natures:
        if not promised and rule.status is RuleStatus.IN_FORCE and rule.kind is not KINDS[nature]:
            raise table.error(f"a {nature} request is owed {KINDS[nature]}, not {rule.kind}.", "kind")
    for channel, days in rule.decide.items():
        if days >= rule.days.get(channel, 0):
            raise table.error(f"decide by {channel} must be sooner than its days.", "decide")


def _refuse_twins(rules: tuple[Rule, ...], tables: list[Table]) -> None:
    seen: set[tuple[str, int]] = set()
    for rule, table in zip(rules, tables, strict=True):
        if (rule.id, rule.version) in seen:
            raise table.error(f"rule {rule.id} version {rule.version} is already in the file.", "version")
        seen.add((rule.id, rule.version))


def _by_subject(
    file: DataFile, rules: tuple[Rule, ...], tables: list[Table]
) -> dict[tuple[Nature, Channel | None], tuple[Rule, ...]]:
    """Sort the rules in force by what they are about; refuse a gap or an overlap between them."""
    subjects: dict[tuple[Nature, Channel | None], list[tuple[Rule, Table]]] = {
        (nature, channel): [] for nature in Nature for channel in Channel
    }
    for rule, table in zip(rules, tables, strict=True):
        if rule.status is RuleStatus.IN_FORCE:
            for subject in _subjects(rule):
                subjects.setdefault(subject, []).append((rule, table))
    for (nature, channel), found in subjects.items():
        what = f"a request of nature {nature} by {channel}" if channel else f"a letter on a {nature} request"
        if not found:
            raise file.error(1, f"no rule in force says what is owed for {what}.")
        found.sort(key=lambda pair: pair[0].valid_from or date.min)
        _refuse_gaps(what, found)
    return {subject: tuple(rule for rule, _ in found) for subject, found in subjects.items()}


def _subjects(rule: Rule) -> Iterator[tuple[Nature, Channel | None]]:
    channels: tuple[Channel | None, ...] = tuple(rule.days) or (None,)
    return ((nature, channel) for nature in rule.natures for channel in channels)


def _refuse_gaps(what: str, found: list[tuple[Rule, Table]]) -> None:
    first, table = found[0]
    if first.valid_from is not None:
        raise table.error(f"no rule says what is owed for {what} before {first.valid_from}.", "valid_from")
    for (earlier, _), (later, table) in pairwise(found):
        name, start = f"{earlier.id} version {earlier.version}", later.valid_from
        if start is None or earlier.valid_to is None or start < earlier.valid_to:
            raise table.error(f"overlaps with {name}: both are in force for {what}.", "valid_from")
        if start > earlier.valid_to:
            raise table.error(f"leaves a gap after {name}: no rule from {earlier.valid_to} for {what}.", "valid_from")
    last, table = found[-1]
    if last.valid_to is not None:
        raise table.error(f"no rule says what is owed for {what} from {last.valid_to} on.", "valid_to")
