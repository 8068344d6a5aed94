"""Owns the plain lexical likeness of a text to what the directory says of each service (BM25 over stems)."""

import math
from collections import Counter, defaultdict
from dataclasses import dataclass

from tracker.routing.directory import Directory
from tracker.routing.text import Token, tokens
from tracker.routing.vocabulary import Vocabulary

SHARE = 0.35  # how much likeness counts beside the weighed phrases
COMMON = 0.3  # a stem that more than this share of the services have says nothing
SATURATION, LENGTH = 1.2, 0.5  # BM25's k1 and b


@dataclass(frozen=True, slots=True)
class Likeness:
    """For each stem, how much it speaks for each service."""

    postings: dict[str, dict[str, float]]

    @classmethod
    def of(cls, directory: Directory, vocabulary: Vocabulary) -> "Likeness":
        """Weigh the stems of names, competences, parts and phrases of every service in one language."""
        documents = _documents(directory, vocabulary)
        average = sum(counts.total() for counts in documents.values()) / max(len(documents), 1)
        silent = {text for phrase in vocabulary.phrases if phrase.concept == "courtesy" for _, text in phrase.terms}
        holders = Counter(stem for counts in documents.values() for stem in counts)
        postings: dict[str, dict[str, float]] = defaultdict(dict)
        for code, counts in documents.items():
            norm = SATURATION * (1 - LENGTH + LENGTH * counts.total() / average)
            for stem, count in counts.items():
                if stem not in silent and holders[stem] <= COMMON * len(documents):
                    rarity = math.log(1 + (len(documents) - holders[stem] + 0.5) / (holders[stem] + 0.5))
                    postings[stem][code] = SHARE * rarity * count * (SATURATION + 1) / (count + norm)
        return cls(dict(postings))

    def scores(self, words: list[Token]) -> dict[str, float]:
        """Return the likeness of each service that shares a stem with the text; each stem counts once."""
        scores: dict[str, float] = {}
        for stem in {word.stem for word in words}:
            for code, gain in self.postings.get(stem, {}).items():
                scores[code] = scores.get(code, 0.0) + gain
        return scores


def _documents(directory: Directory, vocabulary: Vocabulary) -> dict[str, Counter[str]]:
    language = vocabulary.language
    documents: dict[str, Counter[str]] = defaultdict(Counter)
    for entry in directory.entries:
        texts = [entry.names[language], entry.competence[language], *(part.names[language] for part in entry.parts)]
        for text in texts:
            documents[entry.code].update(word.stem for word in tokens(text, language))
    for phrase in vocabulary.phrases:
        if phrase.code and phrase.weight > 0:
            documents[phrase.code].update(text for kind, text in phrase.terms if kind == "stem")
    return documents
