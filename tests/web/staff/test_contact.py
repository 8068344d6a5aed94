"""How a requester is reached is put right on a page of its own."""

from collections.abc import Callable

import pytest

from tests.web.staff.conftest import Desk, errors_of, fields_of, form_of, soup_of
from tracker.models.cases import Case

File = Callable[..., str]
Row = Callable[[str], Case]


def test_a_wrong_address_is_put_right_and_the_file_tells_it(an: Desk, file: File, row: Row) -> None:
    reference = file(requester_phone="06 12 34 56 78")
    path = f"/staff/cases/{reference}/contact"
    filled = fields_of(form_of(an.page(path)))
    assert (filled["name"], filled["email"], filled["phone"]) == (
        "Claire Dubois", "claire.dubois@example.org", "06 12 34 56 78",
    )  # fmt: skip

    answer = an.send(path, email=" claire@EXAMPLE.com ", reason="The mail came back.")

    assert answer.status_code == 303, errors_of(answer)
    assert (row(reference).requester_email, row(reference).requester_phone) == ("claire@example.com", filled["phone"])
    page = an.page(f"/staff/cases/{reference}")
    assert page.select_one("a[href$='/contact']") is not None
    assert page.select_one("a[href='tel:0612345678']") is not None, "dialled as typed: nobody knows of which country"
    words = page.get_text(" ", strip=True)
    assert "claire.dubois@example.org → claire@example.com · Reason: The mail came back." in words


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"email": "claire@"}, "Write the e-mail address in full"),
        ({"phone": "call me"}, "Write the telephone number in figures"),
        ({"name": " "}, "Write the name of the requester."),
        ({}, "Nothing is changed here"),
    ],
)
def test_what_is_wrong_comes_back_with_the_reason(
    an: Desk, file: File, row: Row, typed: dict[str, str], sentence: str
) -> None:
    reference = file()

    answer = an.send(f"/staff/cases/{reference}/contact", **{"reason": "She called."} | typed)

    assert answer.status_code == 400
    assert sentence in errors_of(answer)
    assert fields_of(form_of(soup_of(answer)))["reason"] == "She called."
    assert row(reference).version == 1
