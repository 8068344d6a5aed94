"""Owns the meaning of a text as a vector, near to that of a text saying the same in another of our languages.

The sentence encoder (Universal Sentence Encoder, multilingual, in numpy) is loaded with the first text, or before,
where a folder has what it is made of (``laid_down``).
"""

import threading
import unicodedata
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

    from tracker.routing.encoder import Encoder, Read

DIMENSIONS = 512
MOST_WORDS = 160
"""What is told to the encoder of one text: a matter shows in its beginning, and the time stays bounded."""
MOST_CHARACTERS = 1_500
"""The same for what is written without blanks; ten times what a sentence has."""
MOST_READ = 5_000
"""Characters in which those words are looked for at all: blanks are no words, and cost time too."""


class Meaning:
    """Gives the vectors of texts; may be shared by threads."""

    def __init__(self, folder: Path | None = None) -> None:
        """``folder``: where what it is made of is laid down; none: each process makes its own."""
        self._folder = folder
        self._lock = threading.Lock()
        self._encoder: Encoder | None = None

    def vectors(self, texts: Sequence[str]) -> "np.ndarray[Any, np.dtype[np.float32]]":
        """Return one vector of length one for each text, as rows; the work for each text is bounded."""
        return self.load().vectors([_bounded(text) for text in texts])

    def read(self, text: str, like: "Read | None" = None) -> "Read":
        """Return a text as read, with its vector; sooner for one that is ``like`` another but for a passage."""
        return self.load().read(_bounded(text), like)

    def load(self) -> "Encoder":
        """Load the encoder now, and not with the first text."""
        with self._lock:
            if self._encoder is None:
                self._encoder = self._loaded()
        return self._encoder

    def load_if_laid_down(self) -> None:
        """Load the encoder now, if that takes a moment only."""
        from tracker.routing import laid_down
        from tracker.routing.encoder import Encoder

        weights = laid_down.laid_down(self._folder) if self._folder is not None else None
        if weights is not None:
            with self._lock:
                self._encoder = self._encoder or Encoder(weights)

    def _loaded(self) -> "Encoder":
        from tracker.routing import laid_down
        from tracker.routing.encoder import Encoder

        folder = self._folder
        weights = None
        if folder is not None:
            weights = laid_down.laid_down(folder) or laid_down.laid_down_by_another(folder)
        return Encoder(weights or laid_down.of_the_library())


def _bounded(text: str) -> str:
    """Return the beginning of a text: some signs stand for many, and so may be what a text has too many of."""
    told = " ".join(_writable(text[:MOST_READ]).split()[:MOST_WORDS])[:MOST_CHARACTERS]
    spelt_out = unicodedata.normalize("NFKC", told)
    return spelt_out[:MOST_CHARACTERS] if len(spelt_out) > MOST_CHARACTERS else told


def _writable(text: str) -> str:
    """Return the text without the halves of characters that no file could hold."""
    return text.encode("utf-8", "replace").decode("utf-8")
