"""Owns the proposal of a nature and of urgency, from the words of a text and the model; a person confirms it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from tracker.charter.words import Nature
from tracker.routing.nature_model import Array

NATURE_AT, URGENT_AT = 0.35, 0.25
"""From which score on a text is called so. A missed emergency is worse than one too many: it needs less."""
AT = {"complaint": NATURE_AT, "document_access": NATURE_AT, "urgent": URGENT_AT}
URGENT_NEAR_HOME_AT, URGENT_IN_BELGIUM_AT = 0.95, 0.99
"""The same where nothing is abroad (charter §3: serious trouble abroad) and a Belgian town is named, which may only
be where the writer lives, or it was told that the person is in Belgium."""
IN_DOUBT_FROM = 0.03
"""From which score on a text that is not called urgent is read once more without its first line, the subject of form
and mail: few words in need weigh less beside a dull subject."""
MISDIRECTED_AT = 0.85
"""From which score of an outside body on a request is proposed as one that went to the wrong address."""

CONCEPTS = (
    "complaint", "our_service", "document_access", "trouble", "disaster", "abroad", "in_belgium", "person", "many",
    "urgent", "lost", "identity_document", "repressed", "own_case", "supposed", "long_ago", "studied", "belongings",
)  # fmt: skip
SIGNS = (
    *CONCEPTS, "told_in_belgium", "told_abroad", "rule_urgent", "rule_urgent_in_text", "rule_complaint",
    "rule_document", "nowhere_abroad",
)  # fmt: skip
"""What the words' rules see in a text, and where the person is: the model weighs them beside words and meaning."""


@dataclass(frozen=True, slots=True)
class NatureProposal:
    """What kind of request a text seems to be, and whether somebody is in serious trouble, with what says so.

    ``nature`` is None when nothing points to one: then it is an ordinary request until a person says otherwise.
    Scores run from 0 to 1; passages are exactly as they stand in the text.
    """

    nature: Nature | None = None
    score: float = 0.0
    passages: tuple[str, ...] = ()
    urgent: bool = False
    urgency: float = 0.0
    urgent_passages: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return the proposal as plain JSON values."""
        return {
            "nature": self.nature.value if self.nature else None,
            "score": self.score,
            "passages": list(self.passages),
            "urgent": self.urgent,
            "urgency": self.urgency,
            "urgent_passages": list(self.urgent_passages),
        }


ORDINARY = NatureProposal()
"""Nothing points to anything else."""


def signs_of(concepts: Mapping[str, str]) -> Array:
    """Return ``SIGNS`` as numbers; ``concepts``: what a text names, empty where it was told beside the text."""
    in_text = {name: passage for name, passage in concepts.items() if passage}
    complaint, document = words_say(concepts, "complaint"), words_say(concepts, "document_access")
    seen = [name in in_text for name in CONCEPTS]
    seen += [concepts.get("in_belgium") == "", concepts.get("abroad") == ""]
    seen += [bool(words_say(concepts, "urgent")), bool(words_say(in_text, "urgent"))]
    seen += [bool(complaint) and not document, bool(document), "abroad" not in concepts]
    return np.array(seen, dtype=np.float32)


def urgent_at(concepts: Mapping[str, str], at: float = URGENT_AT) -> float:
    """Return from which score on a text is called urgent, by where it says that the trouble is; ``at``: abroad."""
    if "abroad" in concepts:
        return at
    if concepts.get("in_belgium") == "":
        return max(URGENT_IN_BELGIUM_AT, at)
    return max(URGENT_NEAR_HOME_AT, at) if "belgian_place" in concepts else at


def words_say(concepts: Mapping[str, str], kind: str) -> list[str]:
    """Return the passages by which the words' rules know a kind of request; none: they do not."""
    match kind:
        case "document_access" if "document_access" in concepts:
            return [concepts["document_access"]]
        case "complaint" if "complaint" in concepts and "our_service" in concepts:
            return [concepts["complaint"], concepts["our_service"]]
        case "urgent":
            return _trouble_abroad(concepts)
    return []


def _trouble_abroad(concepts: Mapping[str, str]) -> list[str]:
    """Return the passages of serious trouble abroad (charter §3), or of a document lost there when time is short."""
    if "foreign_place" not in concepts and "abroad" not in concepts:
        return []
    abroad = concepts.get("foreign_place") or concepts.get("abroad", "")
    if "trouble" in concepts and "person" in concepts:
        return [concepts["trouble"], abroad]
    if "disaster" in concepts and ("many" in concepts or "person" in concepts):
        return [concepts["disaster"], abroad]
    if "urgent" in concepts and "lost" in concepts and "identity_document" in concepts:
        return [concepts["lost"], concepts["urgent"], abroad]
    return []
