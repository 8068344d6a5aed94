"""Owns the proposal of a nature and of urgency from the words of a text; a person confirms it."""

from collections.abc import Mapping
from dataclasses import dataclass

from tracker.charter.words import Nature
from tracker.routing.evidence import MOST_CHARACTERS, MOST_WORDS
from tracker.routing.language import guess_language
from tracker.routing.text import LANGUAGES, tokens
from tracker.routing.vocabulary import Vocabulary, load_vocabulary

_CONCEPTS: dict[str, Vocabulary] = {}


@dataclass(frozen=True, slots=True)
class NatureProposal:
    """What kind of request a text seems to be, and whether it seems urgent, with the passages that say so.

    ``nature`` is None when nothing in the words points to one: then it is an ordinary request until a person says so.
    """

    nature: Nature | None
    urgent: bool
    passages: tuple[str, ...]


def propose_nature(text: str, lang: str | None = None) -> NatureProposal:
    """Propose complaint or document access, and urgency, from the wording. Any string is accepted."""
    text = text[:MOST_CHARACTERS]
    language = lang if lang in LANGUAGES else guess_language(text)[0]
    if language is None:
        return NatureProposal(None, False, ())
    if language not in _CONCEPTS:
        _CONCEPTS[language] = load_vocabulary(language, (), concepts_only=True)
    found: dict[str, str] = {}
    for match in _CONCEPTS[language].match(list(tokens(text, language, limit=MOST_WORDS)), text):
        found.setdefault(match.phrase.concept, text[match.start : match.end])
    nature, passages = _nature(found)
    urgent = _urgent(found)
    return NatureProposal(nature, bool(urgent), tuple(dict.fromkeys([*passages, *urgent])))


def _nature(found: Mapping[str, str]) -> tuple[Nature | None, list[str]]:
    if "document_access" in found:
        return Nature.DOCUMENT_ACCESS, [found["document_access"]]
    if "complaint" in found and "our_service" in found:
        return Nature.COMPLAINT, [found["complaint"], found["our_service"]]
    return None, []


def _urgent(found: Mapping[str, str]) -> list[str]:
    """Return the passages of serious trouble abroad (charter §3), or of a document lost there when time is short."""
    abroad = found.get("foreign_place") or found.get("abroad")
    if abroad is None:
        return []
    if "trouble" in found and "person" in found:
        return [found["trouble"], abroad]
    if "disaster" in found and ("many" in found or "person" in found):
        return [found["disaster"], abroad]
    if "urgent" in found and "lost" in found and "identity_document" in found:
        return [found["lost"], found["urgent"], abroad]
    return []
