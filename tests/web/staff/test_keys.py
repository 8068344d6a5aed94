"""The lists of staff with the comfort of scripts: keys, all ticked at once, counts that keep up, a draft kept."""

from collections.abc import Callable
from typing import Any

from playwright.sync_api import expect

from tests.web.staff.browsing import assert_shown_sound, log_in, window
from tests.web.staff.conftest import Desk
from tests.web.windows import next_page
from tracker.models.database import Database
from tracker.models.drafts import KeptDraft

File = Callable[..., str]


def test_the_counts_alone_are_given_as_the_page_shows_them(an: Desk, desk: Callable[[str], Desk], file: File) -> None:
    file()
    counts = an.get("/staff/queue/counts?view=mine").json
    assert counts is not None
    shown = an.page("/staff/queue?view=mine").select("[data-count]")
    assert {str(one["data-count"]): one.get_text() for one in shown}.items() <= counts["counts"].items()
    assert counts["counts"]["everything"] == "1"
    assert desk("gi").get("/staff/queue/counts").status_code == 403


def test_a_clerk_goes_through_the_list_by_keys_and_what_is_typed_is_kept(
    browser: Any, address: str, file: File, database: Database
) -> None:
    file()
    second = file()
    with window(browser, address, "fr") as page:
        log_in(page)
        page.clock.install()
        for key in "jjx":
            page.keyboard.press(key)
        ticks = page.locator(".staff-tick:checked")
        expect(ticks).to_have_count(1)
        assert ticks.get_attribute("value") == second
        expect(page.locator(f"a[href='/staff/cases/{second}']")).to_be_focused()
        page.keyboard.press("d")
        expect(page.locator("#several button").first).to_be_focused()
        expect(page.locator("#several-title")).to_contain_text("(1)")
        page.click("#tick-all")
        expect(ticks).to_have_count(2)
        page.keyboard.press("?")
        expect(page.locator("#keys")).to_be_visible()
        assert_shown_sound(page)
        page.uncheck("#keys-on")
        page.keyboard.press("Escape")
        page.keyboard.press("k")
        expect(page.locator(".suivi-queue a:focus")).to_have_count(0)
        page.reload()
        page.locator("[data-keys] a:visible, a[data-keys]:visible").first.click()
        expect(page.locator("#keys-on")).not_to_be_checked()
        page.check("#keys-on")
        page.keyboard.press("Escape")
        page.keyboard.press("/")
        expect(page.locator("#find")).to_be_focused()
        page.keyboard.type("jx?g")
        assert page.input_value("#find") == "jx?g"

        file()
        page.clock.run_for(61_000)
        expect(page.locator("[data-count=everything]")).to_have_text("3")
        expect(page.locator("#counts-told")).to_contain_text("3")
        page.locator("h1").click()
        with next_page(page):
            page.keyboard.press("g")
            page.keyboard.press("t")
        assert "show=today" in page.url

        page.goto(f"/staff/cases/{second}/answer")
        page.fill("#text", "Bonjour, voici")
        page.clock.run_for(3_000)
        expect(page.locator("#kept")).to_contain_text("Gardé comme brouillon à")
        page.goto(f"/staff/cases/{second}/answer")
        assert page.input_value("#text") == "Bonjour, voici"
    with database.reading() as session:
        assert [one.typed["text"] for one in session.query(KeptDraft)] == ["Bonjour, voici"]
