"""A refusal for something that is missing names the field exactly as the page labels it, in each language."""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from babel.support import Translations
from sqlalchemy import select

from tests.web.staff.conftest import Desk, email_of, form_of, soup_of
from tracker.charter.counting import brussels_day
from tracker.charter.words import Channel, Nature
from tracker.correspondence.tables import read_table
from tracker.models.database import Database
from tracker.models.staff import Staff
from tracker.resources import resource

File = Callable[..., str]

QUOTED = {"fr": r"«\s(.+?)\s»", "nl": "“(.+?)”", "de": "„(.+?)“", "en": "“(.+?)”"}
REFUSALS = ("evidence_missing", "reason_missing", "promised_date_missing")


def _named() -> Iterator[tuple[str, dict[str, list[str]]]]:
    """Give the fields that each sentence about a missing thing names, in each language."""
    for name, entry in read_table("labels")["field"].items():
        yield f"field.{name}", {lang: [words] for lang, words in entry.items()}
    for name, entry in read_table("missing").items():
        yield name, {lang: re.findall(QUOTED[lang], entry["mend"][lang]) for lang in QUOTED}
    for code in REFUSALS:
        entry = read_table("refusals")["refusal"][code]
        yield code, {lang: re.findall(QUOTED[lang], entry[lang]) for lang in QUOTED}


NAMED = [(name, fields) for name, fields in _named() if any(fields.values())]


@pytest.mark.parametrize("lang", ["fr", "nl", "de"])
@pytest.mark.parametrize(("name", "fields"), NAMED, ids=[name for name, _ in NAMED])
def test_a_field_is_named_in_each_language_as_its_page_labels_it(
    name: str, fields: dict[str, list[str]], lang: str
) -> None:
    texts = Translations.load(resource("locale"), [lang])

    # On a page „E-Mail“ is never broken over two lines.
    assert fields[lang] == [texts.gettext(label).replace("\u2011", "-") for label in fields["en"]]


def test_the_fields_that_are_named_stand_on_the_pages(
    an: Desk, desk: Callable[[str], Desk], file: File, database: Database
) -> None:
    reference = file(nature=Nature.COMPLEX)
    here = f"/staff/cases/{reference}"
    shown = {tag.get_text(strip=True) for tag in an.page("/staff/profile").select("dt")}
    shown |= {tag.get_text(strip=True) for tag in an.page(here).select("nav a, dt")}
    for path in ("answer", "interim", "transmit", "nature", "receipt", "waive", "contact", "ask"):
        page = an.page(f"{here}/{path}")
        shown |= {tag.get_text(" ", strip=True) for tag in page.select("label, legend, h1")}
    for page in (an.page("/staff/cases/new"), desk("hu").page("/staff/rules/new")):
        shown |= {tag.get_text(" ", strip=True) for tag in page.select("label, legend")}

    with database.reading() as session:
        asked = str(session.scalars(select(Staff.id).where(Staff.email == email_of("cy"))).one())
    assert an.send(f"{here}/ask-colleague", colleague=asked, what="Which form is it?").status_code == 303
    for page in (
        desk("cy").page("/staff/asked/1"),
        desk("gi").page("/staff/closing-days"),
        an.page("/staff/queue/views?view=mine&channel=post"),
    ):
        shown |= {tag.get_text(" ", strip=True) for tag in page.select("label")}

    on_it, co, today = f"/staff/cases/{file(nature=Nature.COMPLAINT)}", desk("co"), brussels_day(datetime.now(UTC))
    owner, due_on = asked, (today + timedelta(days=9)).isoformat()
    assert co.send(f"{on_it}/corrective-action", what="A sign.", owner=owner, due_on=due_on).status_code == 303
    assert co.send(f"{on_it}/action-done", action="1", done_on=today.isoformat()).status_code == 303
    for path in ("finding", "corrective-action", "effect"):
        shown |= {tag.get_text(" ", strip=True) for tag in co.page(f"{on_it}/{path}").select("label, legend")}

    named = {label for _, fields in NAMED for label in fields["en"]}

    assert named <= shown, named - shown


def test_what_makes_it_complex_is_asked_for_by_the_name_of_its_field_and_linked(an: Desk, file: File) -> None:
    path = f"/staff/cases/{file()}/nature"

    refused = an.send(path, nature="complex", ground="")

    (link,) = soup_of(refused).select(".govuk-error-summary a")
    assert refused.status_code == 409
    assert link.get_text() == "A field is empty: fill in “What makes it complex”."
    assert form_of(soup_of(refused)).select_one(str(link["href"])) is not None


def test_a_body_without_an_address_points_to_the_field_for_it(an: Desk, file: File) -> None:
    path = f"/staff/cases/{file(nature=Nature.MISDIRECTED, channel=Channel.EMAIL)}/transmit"
    page = an.page(path)
    options = [str(one["value"]) for one in page.select("select[name=to] option") if one["value"]]
    said = set()
    for code in options:
        answer = an.send_form(page, path, "preview", to=code, text="", to_address="", consent="By mail of today.")
        said |= {item.get_text(strip=True) for item in soup_of(answer).select(".govuk-error-summary li")}

    fill_in = "Fill in the field for its address."
    assert f"The body's address is missing or not valid. {fill_in}" in said
