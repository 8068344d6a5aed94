"""Two files become one only when somebody says that two names are one person."""

from collections.abc import Callable

from tests.web.staff.conftest import Desk, errors_of, fields_of, form_of, soup_of
from tracker.models.cases import Case

File = Callable[..., str]
Row = Callable[[str], Case]


def test_files_of_two_names_are_joined_only_on_confirmation(an: Desk, file: File, row: Row) -> None:
    stays, goes = file(requester_name="Jan <b>Claes</b>", requester_email="jan@example.org"), file()
    path = f"/staff/cases/{goes}/merge"
    page = an.page(path)
    assert page.select_one("input[name=same_person]") is None

    asked = an.send_form(page, path, into=stays, reason="Sent twice.")

    assert asked.status_code == 409
    assert "Jan <b>Claes</b> (jan@example.org)" in errors_of(asked)
    assert fields_of(form_of(soup_of(asked)))["reason"] == "Sent twice."
    assert soup_of(asked).select_one("input[name=same_person]:not([checked])") is not None
    again = an.send_form(soup_of(asked), path)  # sent on without a word
    assert (again.status_code, row(goes).merged_into_id) == (409, None)
    done = an.send_form(soup_of(again), path, same_person="y")
    assert (done.status_code, row(goes).merged_into_id) == (303, row(stays).id)


def test_files_of_one_person_are_joined_at_once(an: Desk, file: File, row: Row) -> None:
    stays, goes = file(), file()

    assert an.send(f"/staff/cases/{goes}/merge", into=stays, reason="Sent twice.").status_code == 303
    assert row(goes).merged_into_id == row(stays).id
