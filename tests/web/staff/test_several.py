"""Files ticked in the queue are assigned, handed over and printed at once; each says what came of it."""

from collections.abc import Callable

from bs4 import Tag
from sqlalchemy import func, select

from tests.web.staff.conftest import Desk, email_of, soup_of
from tracker.charter.words import Channel, Verb
from tracker.models.cases import Case
from tracker.models.database import Database
from tracker.models.history import History
from tracker.models.staff import Staff

File = Callable[..., str]
DONE = "/staff/queue/several"


def _asked(desk: Desk, do: str, *references: str) -> Tag:
    """Open the page that asks what has to be known, as the form under the queue does."""
    return desk.page(f"{DONE}?do={do}&" + "&".join(f"file={one}" for one in references))


def _fields(page: Tag, **typed: str) -> list[tuple[str, str]]:
    form = page.select_one("main form")
    assert form is not None
    return [(str(tag["name"]), str(tag["value"])) for tag in form.select("input[type=hidden]")] + list(typed.items())


def _id_of(database: Database, who: str) -> str:
    with database.reading() as session:
        return str(session.scalars(select(Staff.id).where(Staff.email == email_of(who))).one())


def test_ticked_files_are_handed_over_each_by_itself_and_a_second_click_changes_nothing(
    an: Desk, desk: Callable[[str], Desk], file: File, row: Callable[[str], Case], database: Database
) -> None:
    first, second, changed, foreign = file(), file(), file(), file(service="M1")
    bo = _id_of(database, "bo")
    page = _asked(an, "hand-over", first, second, changed, foreign, "DOS-1", "x" * 300)
    assert [link.get_text() for link in page.select("tbody th a")] == [first, second, changed]  # not what is not hers
    with database.writing() as session:
        session.scalars(select(Case).where(Case.reference == changed)).one().version += 1
        session.add(
            History(case_id=3, seq=2, at=row(changed).registered_at, actor="system", verb=Verb.WRITE, details={})
        )

    refused = an.client.post(DONE, data=dict(_fields(page, colleague=bo)))
    assert refused.status_code == 400
    assert "Write why." in refused.text
    fields = _fields(page, colleague=bo, reason="Leave")
    fields += [("file", f"{foreign} 1"), ("file", "DOS-2026-0000999-00 1"), ("file", "nonsense")]
    done = [soup_of(an.client.post(DONE, data=_multi(fields))).get_text(" ", strip=True) for _ in range(2)]

    assert "2 done, 3 not" in done[0]
    assert "Bo Peeters" in done[0]
    assert "0 done, 3 not" in done[1]
    assert f"had them already: {first} , {second}" in done[1]
    assert [row(one).handler_id for one in (first, second)] == [int(bo)] * 2
    assert row(changed).handler_id != int(bo)
    assert row(foreign).handler_id != int(bo)
    with database.reading() as session:
        handed = select(func.count()).select_from(History).where(History.verb == Verb.HAND_OVER)
        assert session.scalar(handed) == 2


def test_nobody_learns_by_ticking_who_has_a_file_they_may_not_see(
    an: Desk, file: File, row: Callable[[str], Case]
) -> None:
    own, foreign = file(), file(service="M1")
    page = _asked(an, "hand-over", own)
    fields = _fields(page, colleague=str(row(own).handler_id), reason="Leave")
    told = [
        soup_of(an.client.post(DONE, data=_multi([*fields, ("file", f"{other} 1")]))).get_text(" ", strip=True)
        for other in (foreign, "DOS-2026-0000999-78")
    ]
    fields = [(name, str(row(foreign).handler_id) if name == "colleague" else value) for name, value in fields]
    who = soup_of(an.client.post(DONE, data=_multi([*fields, ("file", f"{foreign} 1")]))).get_text(" ", strip=True)

    assert f"had them already: {own}" in told[0]
    assert "already" not in who
    assert told[0].replace(foreign, "X") == told[1].replace("DOS-2026-0000999-78", "X"), "as if there were none"


def _multi(fields: list[tuple[str, str]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in fields:
        found.setdefault(name, []).append(value)
    return found


def test_the_queue_offers_what_the_role_may_do_and_ticks_all_without_a_script(
    desk: Callable[[str], Desk], file: File
) -> None:
    file()
    offered = {
        who: [button["value"] for button in desk(who).page("/staff/queue?view=all").select("#several button")]
        for who in ("an", "el")
    }
    assert offered == {"an": ["assign", "hand-over", "later", "letters", "list"], "el": ["list"]}

    page = desk("an").page("/staff/queue?view=service&tick=all")
    link = page.select_one("#tick-all")
    assert link is not None
    assert "view=service" in str(link["href"])
    assert len(desk("an").page("/staff/queue?tick=all").select(".staff-tick[checked]")) == 1
    assert desk("el").get(f"{DONE}?do=assign&file=x").headers["Location"].endswith("/staff/queue")
    assert desk("an").get(f"{DONE}?do=list").status_code == 303, "nothing is ticked"


def test_after_an_act_one_is_back_in_the_list_as_it_was_narrowed(an: Desk, file: File) -> None:
    file()
    page = an.page("/staff/queue?view=mine&channel=web&tick=all&next=https://elsewhere.example")
    back = page.select_one("#several input[name=back]")
    assert back is not None
    asked = an.client.get(DONE, query_string={"do": "list", "file": file(), "back": str(back["value"])})
    link = soup_of(asked).select_one(".staff-strip a")
    assert link is not None
    where = "/staff/queue?view=mine&channel=web&next=https%3A%2F%2Felsewhere.example"
    assert str(link["href"]) == where


def test_a_dispatcher_assigns_what_is_ticked_and_a_list_is_shown_to_be_printed(
    desk: Callable[[str], Desk], file: File, row: Callable[[str], Case], database: Database
) -> None:
    waiting = [file(service=None, subject="???", text="zzz zzz") for _ in range(2)]
    di = desk("di")
    page = _asked(di, "assign", *waiting)
    done = di.client.post(DONE, data=_multi(_fields(page, colleague=_id_of(database, "cy"))))

    assert "2 files done" in done.text
    assert {row(one).service_code for one in waiting} == {"M1"}
    listed = _asked(desk("cy"), "list", *waiting)
    assert listed.select_one("main form") is None
    assert len(listed.select("tbody tr")) == 2


def test_the_letters_of_ticked_files_make_a_run_of_their_own(an: Desk, file: File) -> None:
    by_post = {"channel": Channel.POST, "requester_email": None, "requester_address": "Rue Haute 1\n1000 Bruxelles"}
    one, other = file(**by_post), file(**by_post)
    none = an.client.post(DONE, data=_multi(_fields(_asked(an, "letters", file()))))
    assert none.headers["Location"] == "/staff/queue"

    run = an.client.post(DONE, data=_multi(_fields(_asked(an, "letters", one))))

    assert "/staff/letters/runs/" in run.headers["Location"]
    shown = an.get(run.headers["Location"]).text
    assert one in shown
    assert other not in shown
