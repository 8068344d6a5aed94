"""Accounts as administrators see them: added, given a link, changed, closed; and the page of the link itself."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import select

from tests.web.staff.conftest import Desk, email_of, errors_of, soup_of
from tracker.models.cases import Case
from tracker.models.database import Database
from tracker.models.staff import Staff


def number_of(database: Database, email: str) -> int:
    with database.reading() as session:
        return session.scalars(select(Staff.id).where(Staff.email == email)).one()


def test_an_account_is_added_and_its_owner_sets_the_password_by_a_link(
    app: Any, desk: Callable[[str], Desk], database: Database
) -> None:
    gi = desk("gi")
    refused = gi.send("/staff/people/new", name="", email="nobody", phone="")
    assert refused.status_code == 400
    assert all(word in errors_of(refused) for word in ("Write the name", "e-mail address in full", "telephone"))
    assert "<title>Error: Add an account" in refused.get_data(as_text=True), "heard before all else"
    given = {"name": "Ka Novak", "email": "ka.novak@example.org", "phone": "+32 2 501 00 00", "role": "clerk",
             "service": "ME6", "title_fr": "Attachée", "language": "nl"}  # fmt: skip
    assert gi.send("/staff/people/new", **given).status_code == 303
    assert "There is an account for ka.novak@example.org" in errors_of(gi.send("/staff/people/new", **given))
    path = f"/staff/people/{number_of(database, 'ka.novak@example.org')}"
    assert "no password yet" in gi.page(path).get_text()
    added = gi.page(path).select_one(".staff-timeline li")
    assert added is not None
    assert "Language: Dutch" in added.get_text(), "the page of their link is in it, too"

    page = gi.page(path)
    link = soup_of(gi.send_form(page, f"{path}/link")).select_one(".govuk-inset-text code")
    assert link is not None
    address = link.get_text().split("example", 1)[-1]
    address = address[address.index("/staff/") :]
    assert gi.get(f"{path}/link").headers["Location"] == path, "shown this once"
    owner = Desk(app)
    for typed, said in (({"password": "short", "again": "short"}, "8 tekens"),
                        ({"password": "long enough", "again": "other"}, "verschillen")):  # fmt: skip
        answer = owner.send(address, **typed)
        assert answer.status_code in (400, 409)
        assert said in errors_of(answer)
    stale = owner.client.post(address, data={"password": "a secret one", "csrf_token": "x"})
    assert (stale.status_code, stale.headers["Location"]) == (303, address), "not to a login that they do not have"
    done = owner.send(address, password="long enough", again="long enough")
    assert (done.status_code, done.headers["Location"]) == (303, "/staff/login?lang=nl"), "as the page was"
    assert owner.get(address).status_code == 404
    done = owner.send("/staff/login", email="ka.novak@example.org", password="long enough")
    assert done.status_code == 303
    assert owner.get("/staff/queue").status_code == 200

    changed = gi.send(path, role="head", title_fr="Cheffe de service")
    assert changed.status_code == 303
    told = gi.page(path).select_one(".staff-timeline li")
    assert told is not None
    assert "Case handler" in told.get_text()
    assert "Cheffe de service (fr)" in told.get_text()
    at_once = gi.page(path)
    gi.send(path, name="Ka N.")
    assert gi.send_form(at_once, path, name="K. Novak").status_code == 409, "somebody changed it meanwhile"


def test_an_account_is_closed_with_its_files_and_nothing_of_a_file_is_shown(
    desk: Callable[[str], Desk], database: Database, file: Callable[..., str], row: Callable[[str], Case]
) -> None:
    an, gi, reference = desk("an"), desk("gi"), file(subject="Een geheim")
    assert row(reference).handler_id == number_of(database, email_of("an"))
    path = f"/staff/people/{number_of(database, email_of('an'))}"

    page = gi.page(f"{path}/close")
    assert "Open files: 1." in page.get_text()
    assert gi.send(f"{path}/close").status_code == 400, "a reason is asked for"
    bo = number_of(database, email_of("bo"))
    answer = gi.send(f"{path}/close", successor=str(bo), why="Left the service.")
    assert answer.status_code == 303
    assert row(reference).handler_id == bo
    assert an.get("/staff/queue").status_code == 302, "logged out at once"
    shown = gi.page(path).get_text() + page.get_text()
    assert "Files go to: Bo Peeters" in shown
    assert not [one for one in (reference, "geheim") if one in shown]
    assert "An Peeters" not in gi.page("/staff/people?q=me6").get_text()
    assert "An Peeters" in gi.page("/staff/people?q=peeters+me6&closed=1").get_text()
    assert "Bo Peeters" in gi.page("/staff/people?q=external+relations").get_text(), "by what the service is called"
    assert gi.send_form(gi.page(path), f"{path}/close").status_code == 303
    assert "no password yet" in gi.page(path).get_text()

    own = f"/staff/people/{number_of(database, email_of('gi'))}"
    kept = gi.send(f"{own}/close", why="Enough.")
    assert kept.status_code == 409
    assert "last administrator" in errors_of(kept)
