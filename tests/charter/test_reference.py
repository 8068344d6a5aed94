"""The public number of a case: how it is printed, read, and checked."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from stdnum.iso7064 import mod_97_10

from tracker.charter.reference import BadReference, Reference, check_digits

REFERENCES = st.builds(
    Reference,
    st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=2, max_size=8),
    st.integers(2000, 2099),
    st.integers(1, 10**9),
)


def test_a_reference_is_printed_with_seven_digits_and_two_check_digits() -> None:
    assert Reference("DOS", 2026, 1234).format() == str(Reference("DOS", 2026, 1234)) == "DOS-2026-0001234-14"
    assert Reference("DOS", 2026, 12345678).format().startswith("DOS-2026-12345678-")


@pytest.mark.parametrize(
    "written",
    [
        "DOS-2026-0001234-14", "dos-2026-0001234-14", " DOS 2026 0001234 14 ", "DOS2026000123414",
        "DOS-2O26-OOO1234-14", "D0S-2026-0001234-14", "DOS–2026–0001234–14", "DOS/2026/0001234/14",
        "dos-2026-000l234-I4", "ＤＯＳ-２０２６-０００１２３４-１４",
    ],
)  # fmt: skip
def test_a_reference_is_read_as_people_write_it(written: str) -> None:
    assert Reference.parse(written) == Reference("DOS", 2026, 1234)


def test_a_number_of_five_digits_is_read() -> None:
    written = f"DOS-2026-01234-{check_digits('DOS202601234')}"

    assert Reference.parse(written) == Reference("DOS", 2026, 1234)


@pytest.mark.parametrize(
    "written",
    ["", "DOS", "DOS-2026-1234-14", "2026-0001234-14", "DOS-26-0001234-14", "DOS-2026-0001234-1x",
     "DOS-2026-0000000-14", "x" * 100_000, "DOS-2026-" + "1" * 50 + "-14", "DOS\x00-2026-0001234-14", "مرجع"],
)  # fmt: skip
def test_what_cannot_be_a_reference_is_refused_for_its_shape(written: str) -> None:
    with pytest.raises(BadReference, match="it should look like DOS-2026-0001234-14") as refused:
        Reference.parse(written)

    assert refused.value.kind == "shape"
    assert len(str(refused.value)) < 200


@pytest.mark.parametrize(
    "written", ["DOS-2026-0001243-14", "DOS-2026-0001234-15", "DOS-2026-0001234", "dos2026001234 14"]
)
def test_a_wrong_digit_is_told_from_a_wrong_shape(written: str) -> None:
    with pytest.raises(BadReference, match="a digit wrong, swapped or missing") as refused:
        Reference.parse(written)

    assert refused.value.kind == "check_digits"


@pytest.mark.parametrize(
    "parts", [("D1S", 2026, 1), ("dos", 2026, 1), ("D", 2026, 1), ("DOS", 26, 1), ("DOS", 2026, 0)]
)
def test_a_reference_is_not_made_of_just_anything(parts: tuple[str, int, int]) -> None:
    with pytest.raises(BadReference):
        Reference(*parts)


@given(REFERENCES)
def test_what_is_printed_is_read_back_and_agrees_with_an_independent_implementation(reference: Reference) -> None:
    printed = reference.format()

    assert Reference.parse(printed) == reference
    assert Reference.parse(printed.replace("-", "").lower()) == reference
    assert mod_97_10.is_valid(printed.replace("-", ""))
    prefix, year, number, check = printed.split("-")
    assert mod_97_10.calc_check_digits(f"{prefix}{year}{number}") == check


@given(REFERENCES, st.data())
def test_one_wrong_digit_is_always_caught(reference: Reference, data: st.DataObject) -> None:
    printed = reference.format()
    start = len(reference.prefix)
    place = data.draw(st.sampled_from([n for n, c in enumerate(printed) if c.isdigit() and n > start]))
    digit = data.draw(st.sampled_from("0123456789").filter(lambda d: d != printed[place]))

    with pytest.raises(BadReference):
        Reference.parse(printed[:place] + digit + printed[place + 1 :])


@given(REFERENCES, st.data())
def test_two_swapped_digits_are_always_caught(reference: Reference, data: st.DataObject) -> None:
    printed = reference.format()
    compact = printed.replace("-", "")
    place = data.draw(st.integers(len(reference.prefix), len(compact) - 2))
    assume(compact[place] != compact[place + 1])
    swapped = compact[:place] + compact[place + 1] + compact[place] + compact[place + 2 :]

    with pytest.raises(BadReference):
        Reference.parse(swapped)


@given(st.text(max_size=40))
def test_any_text_is_a_reference_or_refused(text: str) -> None:
    try:
        reference = Reference.parse(text)
    except BadReference:
        return
    assert Reference.parse(reference.format()) == reference


@pytest.mark.parametrize("written", ["x" * 60_000, "DOS-2026-0001234-15" + "0" * 60_000, "\n'" * 30_000])
def test_what_is_no_reference_is_said_back_shortened(written: str) -> None:
    with pytest.raises(BadReference) as refused:
        Reference.parse(written)

    assert refused.value.values["given"] == written[:80] + "…"
    assert len(str(refused.value)) < 300
