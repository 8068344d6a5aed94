"""Training: the same texts give the same model, to the byte; the shipped one is what the texts in the tree give."""

from tracker.routing.directory import load_directory
from tracker.routing.evidence import Reader
from tracker.routing.examples import digest, mark, shipped_examples
from tracker.routing.meaning import Meaning
from tracker.routing.model import Model, shipped_model
from tracker.routing.training import train

AGAIN = "train it anew: tracker route train --shipped"


def test_the_shipped_model_is_trained_on_the_texts_that_stand() -> None:
    about = shipped_model().about
    assert about["trained_on"] == digest(shipped_examples()), f"the examples changed: {AGAIN}"
    assert about["words"] == Reader(load_directory()).fingerprint, f"the words or the directory changed: {AGAIN}"
    assert set(shipped_model().judged) == {mark(one) for one in shipped_examples()}, AGAIN


def test_the_same_texts_give_the_same_model_to_the_byte() -> None:
    some = [one for one in shipped_examples() if one.lang == "nl" and len(one.text) < 120][:60]
    reader, meaning = Reader(load_directory()), Meaning()

    first, second = (train(some, reader, meaning) for _ in range(2))

    assert first.version == second.version
    assert first.to_bytes() == second.to_bytes()
    again = Model.from_bytes(first.to_bytes())
    assert (again.about, again.judged) == (first.about, first.judged)
    assert len(again.judged) == len(some)
