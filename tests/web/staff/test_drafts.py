"""A letter being written is kept as it is typed: offered again, to a colleague too, and gone once it is sent."""

from collections.abc import Callable

from sqlalchemy import func, select

from tests.web.staff.conftest import Desk, fields_of, form_of, soup_of
from tracker.models.database import Database
from tracker.models.drafts import KeptDraft

File = Callable[..., str]


def test_what_is_typed_comes_back_and_a_colleague_takes_it_over(
    desk: Callable[[str], Desk], file: File, database: Database
) -> None:
    reference = file()
    path, an, bo = f"/staff/cases/{reference}/answer", desk("an"), desk("bo")

    kept = an.send(path, "keep", text="Dear Madam,\n<b>x</b>", channel="phone", spoken_on="31/31/2031")
    assert "Kept as a draft at " in soup_of(kept).get_text(" ")
    again = fields_of(form_of(an.page(path)))
    assert (again["text"], again["channel"]) == ("Dear Madam,\n<b>x</b>", "phone")
    fields = again | {"text": "Dear Madam, you need", "step": "keep"}
    alone = an.client.post(path, data=fields, headers={"Accept": "application/json"})
    assert alone.json is not None
    assert alone.json["kept"].startswith("Kept as a draft at ")

    told = bo.page(f"/staff/cases/{reference}").select_one(".staff-begun")
    assert told is not None
    assert "An Peeters began it on " in told.get_text(" ")
    assert told.select_one(f"a[href='{path}']") is not None
    assert desk("el").page(f"/staff/cases/{reference}").select_one(".staff-begun") is None  # who only reads
    page = bo.page(path)
    assert "Begun by An Peeters on " in page.get_text(" ")
    assert fields_of(form_of(page))["text"] == ""
    number = page.select_one("button[name=draft]")
    assert number is not None
    taken = bo.send(path, text="Bonjour,", draft=str(number["value"]))
    assert "Taken over from An Peeters." in soup_of(taken).get_text(" ")
    mine = fields_of(form_of(soup_of(taken)))
    assert mine["text"] == "Bonjour,\n\nDear Madam, you need"
    assert fields_of(form_of(an.page(path)))["text"] == ""
    gone = bo.send_form(soup_of(taken), path, draft=str(number["value"]))
    assert "This draft is no longer there." in gone.text

    assert desk("cy").get(path).status_code == 404
    bo.send(path, "send", channel="email", spoken_on="")
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(KeptDraft)) == 0


def test_a_note_is_kept_as_a_letter_is(desk: Callable[[str], Desk], file: File, database: Database) -> None:
    reference = file()
    path, an, bo = f"/staff/cases/{reference}/note", desk("an"), desk("bo")
    empty = fields_of(form_of(an.page(path)))
    assert "drafts.js" in an.get(path).text

    fields = empty | {"text": "She called, and @", "colleague": "Bo Peeters", "step": "keep"}
    alone = an.client.post(path, data=fields, headers={"Accept": "application/json"})
    assert (alone.json or {})["kept"].startswith("Kept as a draft at ")
    again = fields_of(form_of(an.page(path)))
    assert (again["text"], again["colleague"]) == ("She called, and @", "Bo Peeters")
    told = bo.page(f"/staff/cases/{reference}").select_one(f".staff-begun a[href='{path}']")
    assert told is not None
    page = bo.page(path)
    assert "Begun by An Peeters on " in page.get_text(" ")
    number = page.select_one("button[name=draft]")
    assert number is not None
    taken = soup_of(bo.send(path, text="I spoke to her.", draft=str(number["value"])))
    mine = fields_of(form_of(taken))
    assert mine["text"] == "I spoke to her.\n\nShe called, and @"
    assert bo.send_form(taken, path, text="").status_code == 400  # refused, and nothing is lost
    assert fields_of(form_of(bo.page(path)))["text"] == mine["text"]

    assert bo.send_form(taken, path).status_code == 303
    late = bo.client.post(path, data=mine | {"step": "keep"}, headers={"Accept": "application/json"})
    assert (late.json or {})["kept"] == ""  # what was still on its way as the note was added
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(KeptDraft)) == 0
    assert "has not finished it" not in an.page(f"/staff/cases/{reference}").get_text(" ")


def test_a_draft_is_thrown_away_and_a_preview_keeps_what_it_shows(an: Desk, file: File, database: Database) -> None:
    path = f"/staff/cases/{file()}/answer"

    an.send(path, "preview", text="Seen before it goes")
    assert fields_of(form_of(an.page(path)))["text"] == "Seen before it goes"
    gone = an.send(path, "throw-away")

    assert "The draft is thrown away." in gone.text
    assert fields_of(form_of(soup_of(gone)))["text"] == ""
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(KeptDraft)) == 0


def test_what_a_draft_does_not_hold_stays_as_it_is_offered(an: Desk, file: File, database: Database) -> None:
    path = f"/staff/cases/{file()}/answer"
    usual = fields_of(form_of(an.page(path)))
    an.send(path, "keep", text="Dear Madam,")
    with database.writing() as session:
        session.scalars(select(KeptDraft)).one().typed = {"text": "Dear Madam,"}

    page = an.page(path)

    assert fields_of(form_of(page))["channel"] == usual["channel"]
    assert "Nothing is lacking" in page.get_text(" ")


def test_two_windows_of_one_author_lose_nothing(an: Desk, file: File, database: Database) -> None:
    path = f"/staff/cases/{file()}/answer"
    second = fields_of(form_of(an.page(path)))
    an.send(path, "keep", text="Of the first window")

    fields = second | {"text": "Of the second", "step": "keep"}
    alone = an.client.post(path, data=fields, headers={"Accept": "application/json"})
    assert alone.status_code == 409
    assert "another window" in (alone.json or {})["kept"]
    told = an.client.post(path, data=fields)
    assert told.status_code == 409
    page = soup_of(told)
    assert "You kept these words in another window." in page.get_text(" ")
    mine = fields_of(form_of(page))
    assert (mine["text"], mine["kept"]) == ("Of the second", "")
    number = page.select_one("button[name=draft]")
    assert number is not None

    both = soup_of(an.send_form(page, path, draft=str(number["value"])))
    assert fields_of(form_of(both))["text"] == "Of the second\n\nOf the first window"
    assert "another window" not in both.get_text(" ")

    # What was seen is thrown away, and nothing that took its place meanwhile.
    stale = an.send_form(soup_of(told), path, "throw-other")
    assert (stale.status_code, fields_of(form_of(an.page(path)))["text"]) == (
        409,
        "Of the second\n\nOf the first window",
    )
    an.send_form(soup_of(stale), path, "throw-other")
    assert fields_of(form_of(an.page(path)))["text"] == "Of the second"
    assert an.send_form(both, path, "throw-away").status_code == 409
    assert fields_of(form_of(an.page(path)))["text"] == "Of the second"
