"""The tracking code: derived, typed back forgivingly, and of no use for another case."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.correspondence.letters import REFERENCE
from tracker.correspondence.tracking import is_tracking_code, tracking_code

SECRET = b"a secret for tests only, of 32 bytes or more"


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
