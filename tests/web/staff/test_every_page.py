"""Every page of the product, by its own list of addresses: axe finds nothing, and at 320 pixels all can be read.

320 pixels are what a screen of 1280 shows at 400 %. A page is opened in one language, wide, with its scripts, its
contrast looked at. In the three others what the server sends is put in its place, narrow: head and style sheets are
the same, and no script touches it. The further states of a page are put in its place narrow in German, and wide in
one of the others.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask import Flask

from config import Settings
from tests.web.axe import at_hand
from tests.web.axe import faults as axe_faults
from tests.web.staff.browsing import LANGUAGES
from tests.web.staff.conftest import Desk, soup_of
from tests.web.staff.everything import furnish
from tests.web.windows import NARROW, NOT_TO_BE_READ, WIDE, open_window
from tracker.models.database import Database

WHO = ("anyone", "an", "co", "bo", "gi", "hu", "cy", "di", "el")
File = Callable[..., str]
DeskOf = Callable[[str], Desk]

NO_PAGES = {
    "health.healthz", "health.metrics", "health.readyz", "public.commitments_csv", "public.commitments_json",
    "staff.attachment", "staff.calendar_feed", "staff.complaints_csv", "staff.complaints_json",
    "staff.complaints_report", "staff.dashboard_table", "staff.original_mail", "staff.paper", "staff.print_run_pdf",
    "staff.queue_counts", "staff.survey_csv", "static",
}  # fmt: skip
"""Files, data and pictures."""
LEAD_ON = {
    "staff.confirm_proposal", "staff.next_file", "staff.one_corrective_action", "staff.own_calendar",
    "staff.password_link", "staff.start", "staff.triage", "staff.withdraw_closing",
}  # fmt: skip
"""Addresses that, when they are only opened, lead on to a page."""
AFTER_A_FORM = {
    "public.follow_case", "public.request_sent", "public.survey_thanks", "staff.entered", "staff.new_password",
}  # fmt: skip
"""Pages that only whoever sent the form before them sees: the tests of these forms look at them, but see below."""
MORE = {
    "anyone": ["/", "/de/request?kind=question", "/de/request?kind=complaint", "/de/request?kind=emergency",
               "/de/no-such-page"],
    "an": ["queue?view=service&nature=complaint&flag=unconfirmed&sort=handler&filter=1", "queue?show=held",
           "queue/views?view=service&nature=complaint", "queue/several?do=later&file={1}",
           "search?q=bonjour&channel=post", "cases/{1}", "cases/{1}/answer", "cases/{1}/interim", "cases/{1}/waive",
           "cases/{near}", "cases/new?channel=post", "cases/new?channel=counter", "register?direction=out",
           "mail?pile=ignored", "mail?pile=settled", "mail/2", "texts?service=all"],
    "bo": ["survey", "texts/1", "cases/{near}/answer", "dashboard"],
    "co": ["complaints?show=late", "actions", "cases/{2}", "cases/{2}/finding"],
    "di": ["queue?show=unassigned", *(f"cases/{{wait{number}}}?triage=" for number in range(3))],
    "el": ["dashboard", "dashboard/files?first=2000-01-01&last=2190-01-01&todo=1"],
    "gi": ["directory/EMBASSY", "directory/NATO-IS", "directory/M1/shipped"],
}  # fmt: skip
"""Pages that look another way there: of other people, with other filters, about other files."""


@pytest.fixture
def ways(database: Database, file: File, desk: DeskOf, settings: Settings) -> dict[str, list[str]]:
    """Something of everything; gives what may stand in the variable parts of addresses."""
    return furnish(database, file, desk, settings)


def test_axe_finds_nothing_on_any_page_in_any_language_and_each_can_be_read_whole_at_320_pixels(
    browser: Any, app: Flask, address: str, ways: dict[str, list[str]], desk: DeskOf
) -> None:
    desks = {who: Desk(app) if who == "anyone" else desk(who) for who in WHO}
    pages, missing = _pages(app, ways, desks)
    faults: dict[str, list[str]] = {}
    for who, at in desks.items():
        with _window(browser, address, at, faults) as page:
            for place, path in enumerate(pages[who]):
                first = ("fr", "nl", "en")[place % 3]
                page.set_viewport_size(WIDE)
                page.goto(_in_language(path, first))
                page.eval_on_selector_all("main details", "all => all.forEach(one => one.open = true)")
                _look(page, faults, f"{path}, {first}", contrast=True)
                page.set_viewport_size(NARROW)
                for language in sorted({*LANGUAGES} - {first}):
                    _look(page, faults, f"{path}, {language}", at.get(_in_language(path, language)).text)
            page.set_viewport_size(NARROW)
            for path in _more(who, ways):
                _go_near(page, path)
                _look(page, faults, path, at.get(_in_language(path, "de")).text, contrast=True)
            page.set_viewport_size(WIDE)
            for place, path in enumerate(_more(who, ways)):
                _go_near(page, path)
                language = ("fr", "nl", "en")[place % 3]
                _look(page, faults, f"{path}, {language}, wide", at.get(_in_language(path, language)).text)
            page.set_viewport_size(NARROW)
            without = list(_with_faults(at, pages[who]))
            for path, html in without:
                _go_near(page, path)
                _look(page, faults, f"{path}, nothing filled in", html)
            faults |= {who: ["no form of theirs says what is wrong"]} if pages[who] and not without else {}
    assert not faults, "\n".join(f"{path}: {found}" for path, found in faults.items())
    assert missing == set()


def _pages(app: Flask, ways: dict[str, list[str]], desks: dict[str, Desk]) -> tuple[dict[str, list[str]], set[str]]:
    """Return an address for each rule, at the first desk that may open it; and the rules that lead to no page."""
    pages, missing = {who: list[str]() for who in desks}, set[str]()
    for rule in app.url_map.iter_rules():
        if "GET" in (rule.methods or ()) and rule.endpoint not in NO_PAGES | LEAD_ON | AFTER_A_FORM:
            tried = ((who, path) for path in _addresses(rule.rule, ways) for who in desks)
            found = next((one for one in tried if desks[one[0]].get(one[1]).status_code == 200), None)
            if found is None:
                missing.add(rule.endpoint)
            else:
                pages[found[0]].append(found[1])
    return pages, missing


def _more(who: str, ways: dict[str, list[str]]) -> list[str]:
    """Return the further pages that somebody looks at, by their addresses."""
    waits = {f"wait{number}": reference for number, reference in enumerate(ways["waits"])}
    paths = [path.format(*ways["reference"], near=ways["near"][0], **waits) for path in MORE.get(who, ())]
    return [path if path.startswith("/") else f"/staff/{path}" for path in paths]


def _look(
    page: Any, faults: dict[str, list[str]], name: str, html: str | None = None, *, contrast: bool = False
) -> None:
    """Note what is wrong with the page that is shown; or with another that is put in its place, its details open."""
    words = page.evaluate(_PUT, html) if html else []
    found = words + axe_faults(page, contrast=contrast)
    if found:
        faults[name] = found


def _go_near(page: Any, path: str) -> None:
    """Open the page where another side's is shown, which has other style sheets."""
    if path.startswith("/staff") != urlsplit(page.url).path.startswith("/staff"):
        page.goto(path)


_PUT = f"""html => {{
    const come = new DOMParser().parseFromString(html, "text/html"), root = document.documentElement;
    const styles = one => Array.from(one.querySelectorAll("link[rel=stylesheet]"), link => link.getAttribute("href"));
    if (String(styles(come)) !== String(styles(document))) return ["it has other style sheets"];
    root.lang = come.documentElement.lang;
    document.title = come.title;
    document.body.replaceWith(document.adoptNode(come.body));
    document.querySelectorAll("main details").forEach(one => one.open = true);
    return ({NOT_TO_BE_READ})();
}}"""


def _with_faults(at: Desk, paths: list[str]) -> Iterator[tuple[str, str]]:
    """Yield the pages that come back when nothing was filled in; last, since a form that asks for nothing is done."""
    for path in paths:
        for form in soup_of(at.get(path)).select("main form[method=post]")[-1:]:
            hidden = {str(one["name"]): str(one.get("value", "")) for one in form.select("input[type=hidden][name]")}
            answer = at.client.post(str(form.get("action") or path), data=hidden)
            if answer.status_code == 400:
                yield path, answer.text


@contextmanager
def _window(browser: Any, address: str, at: Desk, faults: dict[str, list[str]]) -> Iterator[Any]:
    """Open a window for whoever is at a desk; what it says in its console is a fault."""
    with open_window(browser, address) as page:
        cookie = at.client.get_cookie("suivi")
        if cookie is not None:
            page.context.add_cookies([{"name": "suivi", "value": cookie.value, "url": address}])
        page.on("console", lambda message: faults.setdefault(f"{page.url} says", [message.text]))
        page.on("pageerror", lambda error: faults.setdefault(f"{page.url} says", [str(error)]))
        at_hand(page)
        page.goto("/de/" if at.staff is None else "/staff/profile")
        yield page


def _in_language(path: str, language: str) -> str:
    if not path.startswith("/staff"):
        return path.replace("/de", f"/{language}", 1)
    return f"{path}{'&' if '?' in path else '?'}lang={language}"


def _addresses(rule: str, ways: dict[str, list[str]]) -> Iterator[str]:
    """Yield the addresses that a rule stands for, in German."""
    rule = rule.replace("<any(fr,nl,de,en):lang>", "de")
    if rule == "/staff/queue/several":
        rule = f"{rule}?do=hand-over&file={ways['reference'][1]}"
    if rule == "/staff/dashboard/files":
        rule = f"{rule}?first=2000-01-01&last=2190-01-01&todo=1"
    part = re.search(r"<(?:\w+:)?(\w+)>", rule)
    if part is None:
        yield rule
        return
    for value in ways.get(part[1], ()):
        yield from _addresses(rule.replace(part[0], value, 1), ways)
