"""A survey that opens a file again, by keyboard alone: answered, closed, an unhappy reply, and back in the queue."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.journeys.conftest import Desk, Mails, link_in
from tracker.charter.words import CaseState, Language
from tracker.models.cases import Case

WORDS = {
    "de": ("Sie brauchen eine Apostille.", "Und für Marokko?"),
    "fr": ("Il vous faut une apostille.", "Et pour le Maroc ?"),
}


@pytest.mark.parametrize("language", ["de", "fr"])
def test_an_unhappy_reply_brings_the_file_back(
    at_page: Desk, at_desk: Desk, mails: Mails, file: Callable[..., str], row: Callable[[str], Case], language: str
) -> None:
    answer, remark = WORDS[language]
    reference = file(language=Language(language))
    here = f"/staff/cases/{reference}"

    with at_desk("an", language) as keys:
        keys.enter(f"main table a[href='{here}']")
        keys.enter(f"a[href='{here}/answer']")
        keys.type(text=answer)
        keys.enter("button.govuk-button[value=preview]")
        keys.enter("button[value=send]")
    assert answer in mails()[-1]

    with at_desk("an", language) as keys:
        keys.find(reference)
        keys.enter(f"a[href='{here}/closing']")
        keys.enter("button.govuk-button[value=preview]")
        keys.enter("button[value=send]")
    assert row(reference).state is CaseState.CLOSED

    with at_page(link_in(mails()[-1], "/survey/")) as keys:
        page = keys.page
        assert page.get_attribute("html", "lang") == language
        keys.choose(answered="no", clear="yes", in_time="yes")
        keys.type(remark=remark)
        keys.enter("form button[type=submit]")
        keys.enter("button[value=reopen]")
        expect(page.locator("button[value=reopen]")).to_have_count(0)

    with at_desk("an", language) as keys:
        keys.enter(f"main table a[href='{here}']")
        expect(keys.page.locator(".suivi-line")).to_contain_text(remark)
    case = row(reference)
    assert case.state is CaseState.OPEN
    assert case.next_due_on is not None
