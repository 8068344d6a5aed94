"""The tracking code, the reply address and the Message-ID: derived, known again, and of no use for another case."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.correspondence.letters import REFERENCE
from tracker.correspondence.tracking import (
    MailKind,
    case_of_token,
    is_tracking_code,
    message_id,
    ours,
    reply_token,
    tracking_code,
)

SECRET = b"a secret for tests only, of 32 bytes or more"
AT = datetime(2026, 1, 6, 9, 30, 12, 345678, tzinfo=UTC)


def check(typed: str, *, version: int = 1, reference: str = REFERENCE) -> bool:
    return is_tracking_code(typed, secret=SECRET, reference=reference, version=version)


def test_a_code_has_two_groups_of_five_that_cannot_be_misread() -> None:
    codes = {tracking_code(SECRET, REFERENCE, version) for version in range(500)}

    assert len(codes) == 500
    for code in codes:
        left, dash, right = code.partition("-")
        assert (len(left), dash, len(right)) == (5, "-", 5)
        assert not set(code) & set("ILOU")


@given(st.integers(min_value=1, max_value=10**6))
def test_a_code_is_known_again_however_it_is_typed(version: int) -> None:
    code = tracking_code(SECRET, REFERENCE, version)

    for typed in (code, code.lower(), code.replace("-", ""), f"  {code.replace('-', ' – ')}  "):
        assert check(typed, version=version)
    assert check(code.replace("0", "O").replace("1", "l"), version=version)


@pytest.mark.parametrize("typed", ["", "-", "00000-00000", "é" * 10, "\ud800", "A" * 10_000_000])
def test_anything_else_is_not_the_code(typed: str) -> None:
    assert not check(typed)


def test_a_code_opens_no_other_case_and_no_other_version() -> None:
    code = tracking_code(SECRET, REFERENCE, 1)

    assert check(code)
    assert not check(code, version=2)
    assert not check(code, reference="DOS-2026-0001235-11")
    assert not is_tracking_code(code, secret=b"another secret", reference=REFERENCE, version=1)


def test_a_reply_address_leads_to_its_case_alone() -> None:
    token = reply_token(SECRET, REFERENCE)

    assert token == "dos-2026-0001234-14-" + token[-12:]
    for written in (token, token.upper(), f"suivi+{token}@suivi.example", f"a+b+{token}@SUIVI.example"):
        assert case_of_token(SECRET, written) == REFERENCE
    assert len(f"suivi+{token}") <= 64  # RFC 5321, 4.5.3.1.1
    assert case_of_token(b"another secret", token) is None


def test_a_reply_address_that_somebody_made_up_leads_nowhere() -> None:
    token = reply_token(SECRET, REFERENCE)
    other = reply_token(SECRET, "DOS-2026-0001235-11")

    for place in range(len(token)):
        wrong = "1" if token[place] == "0" else "0"
        assert case_of_token(SECRET, token[:place] + wrong + token[place + 1 :]) is None
    assert case_of_token(SECRET, "dos-2026-0001235-11" + token[-13:]) is None
    assert case_of_token(SECRET, other) == "DOS-2026-0001235-11"


@given(st.text())
def test_any_other_text_is_neither_a_token_nor_an_id_of_ours(text: str) -> None:
    assert case_of_token(SECRET, text) is None
    assert case_of_token(SECRET, text + "@suivi.example") is None
    assert ours(SECRET, text) is None


@pytest.mark.parametrize("text", ["", "@", "+@", "<>", "\ud800", "é" * 10, "a" * 10_000_000, "-" * 10_000_000])
def test_odd_and_huge_texts_are_refused_at_once(text: str) -> None:
    assert case_of_token(SECRET, text) is None
    assert ours(SECRET, text) is None


def an_id(kind: MailKind = MailKind.MESSAGE, number: int = 7, at: datetime = AT) -> str:
    return message_id(SECRET, kind, REFERENCE, number, at, domain="suivi.example")


def test_an_id_of_ours_is_always_the_same_and_is_known_again() -> None:
    written = an_id()

    assert written == an_id()
    assert written.startswith("<dos-2026-0001234-14.m7.")
    assert written.endswith("@suivi.example>")
    for seen in (written, written.strip("<>"), written.upper(), f" {written} "):
        assert ours(SECRET, seen) == (REFERENCE, 7)
    assert len({written, an_id(number=8), an_id(at=AT + timedelta(seconds=1)), an_id(MailKind.NOTICE)}) == 4


def test_an_id_that_is_not_ours_or_not_of_a_message_is_none() -> None:
    written = an_id()
    local = written.strip("<>").partition("@")[0]

    for place in range(len(local)):
        wrong = "1" if local[place] == "0" else "0"
        assert ours(SECRET, f"<{local[:place]}{wrong}{local[place + 1 :]}@suivi.example>") is None
    assert ours(b"another secret", written) is None
    assert ours(SECRET, an_id(MailKind.NOTICE)) is None
    assert ours(SECRET, "<20261122.1234@mail.example.org>") is None
