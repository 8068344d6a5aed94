"""Of every letter, in every language, what its writer wrote is told from the frame around it."""

from dataclasses import asdict

import pytest

from tests.correspondence.letters import LETTERS, SIGNATURE
from tracker.charter.words import Direction, Language, MessageKind
from tracker.correspondence.compose import compose
from tracker.models.messages import Message
from tracker.models.own_words import own_words


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("name", LETTERS)
def test_what_was_written_is_told_from_the_frame_of_the_letter(name: str, language: Language) -> None:
    kind, facts = LETTERS[name]
    letter = compose(kind, facts, language, official_language=Language.NL)
    message = Message(
        kind=kind, direction=Direction.OUT, language=language, subject=letter.subject, body=letter.text,
        template=letter.template, signature=asdict(SIGNATURE),
        reason=facts.reason if kind is MessageKind.INTERIM else None,
    )  # fmt: skip

    assert own_words(message).strip() == (facts.body or facts.reason or "")
    message.reason, message.template = None, None
    assert "Petits Carmes" not in own_words(message), "a letter of no known template goes without its signature"
