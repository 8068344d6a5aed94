"""Owns the rules of routing: which concepts met together speak for or against a service."""

import tomllib
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass
from importlib.resources import files

from tracker.routing.text import LANGUAGES


class RoutingRulesError(ValueError):
    """The routing rules cannot be used: the message names the rule and what is wrong."""


@dataclass(frozen=True, slots=True)
class Rule:
    """When all of ``every``, one of ``some`` (if any) and none of ``none`` were met, ``add`` is added."""

    name: str
    every: tuple[str, ...]
    some: tuple[str, ...]
    none: tuple[str, ...]
    add: Mapping[str, float]
    why: Mapping[str, str]

    @property
    def passage_from(self) -> str:
        """The concept whose passage is shown as the reason."""
        return self.every[0]

    def holds(self, concepts: Container[str]) -> bool:
        """Tell whether the rule applies to a text in which these concepts were met."""
        return (
            all(concept in concepts for concept in self.every)
            and (not self.some or any(concept in concepts for concept in self.some))
            and not any(concept in concepts for concept in self.none)
        )


def load_rules(codes: Iterable[str], text: str | None = None) -> tuple[Rule, ...]:
    """Read the rules that come with the product, or the given TOML text.

    Raises RoutingRulesError, naming the rule, for an unknown service, a missing language or a rule without condition.
    """
    known = set(codes)
    if text is None:
        text = (files("tracker.routing") / "data" / "rules.toml").read_text(encoding="utf-8")
    rules = []
    for row in tomllib.loads(text).get("rules", []):
        name = row.get("name", "(unnamed)")
        rule = Rule(
            name,
            tuple(row.get("every", ())),
            tuple(row.get("some", ())),
            tuple(row.get("none", ())),
            row.get("add", {}),
            row.get("why", {}),
        )
        if not rule.every:
            raise RoutingRulesError(f"rules.toml: {name}: needs at least one concept in every.")
        for code in rule.add:
            if code not in known:
                raise RoutingRulesError(f"rules.toml: {name}: service {code} is not in the directory.")
        if missing := [language for language in LANGUAGES if not rule.why.get(language)]:
            raise RoutingRulesError(f"rules.toml: {name}: why is missing in {', '.join(missing)}.")
        rules.append(rule)
    return tuple(rules)
