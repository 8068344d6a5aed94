"""Owns what the router says of a text: the services it may belong to, what follows from that, and why."""

from dataclasses import dataclass
from typing import Any

from tracker.routing.nature import ORDINARY, NatureProposal
from tracker.routing.reasons import Change, Reason
from tracker.routing.staff_rules import Met

AUTO, SUGGEST, ABSTAIN = "auto", "suggest", "abstain"


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A service the text may belong to; ``score`` runs from 0 to 1, ``associated`` join the case by themselves."""

    code: str
    name: str
    score: float
    lead: str
    associated: tuple[str, ...]
    reasons: tuple[Reason, ...]

    def to_json(self) -> dict[str, Any]:
        """Return the suggestion as plain JSON values."""
        return {
            "code": self.code,
            "name": self.name,
            "score": self.score,
            "lead": self.lead,
            "associated": list(self.associated),
            "reasons": [reason.to_json() for reason in self.reasons],
        }


@dataclass(frozen=True, slots=True)
class Routing:
    """What the router proposes. ``reason`` says, in English for the log, why it abstains; None when it does not."""

    lang: str | None
    decision: str
    suggestions: tuple[Suggestion, ...]
    reason: str | None = None
    changes: tuple[Change, ...] = ()
    """What would make another service the first; told to whoever decides, so only when somebody does."""
    model: str = ""
    """The version of the model that was asked."""
    rules: tuple[Met, ...] = ()
    """The rules of staff that the text met: they decide; where they contradict each other, a person does."""
    proposed: NatureProposal = ORDINARY
    """What kind of request it seems to be, and whether it is an emergency."""

    def to_json(self) -> dict[str, Any]:
        """Return the decision, the suggestions and what they rest on as plain JSON values."""
        answer: dict[str, Any] = {
            "lang": self.lang,
            "decision": self.decision,
            "suggestions": [suggestion.to_json() for suggestion in self.suggestions],
            "changes": [change.to_json() for change in self.changes],
            "model": self.model,
            "nature": self.proposed.to_json(),
        }
        if self.rules:
            answer["rules"] = [met.to_json() for met in self.rules]
        return answer if self.reason is None else answer | {"reason": self.reason}
