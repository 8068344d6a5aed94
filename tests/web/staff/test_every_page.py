"""Every page of the product, by its own list of addresses, on a screen of 320 pixels: all of it can be read.

That is what a screen of 1280 pixels shows at 400 %."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from config import Settings
from tests.casework.mailing import CLAIRE, keyed, send, write
from tests.closing import closed
from tests.factories import acting, make_house
from tests.web.axe import faults as axe_faults
from tests.web.staff.browsing import LANGUAGES
from tests.web.staff.conftest import Desk, errors_of
from tests.web.windows import NARROW, not_to_be_read, open_window
from tracker.casework import surveys
from tracker.casework.figures import count_figures
from tracker.charter.counting import brussels_day
from tracker.charter.words import Channel, Nature
from tracker.models.database import Database
from tracker.models.operations import JobRun
from tracker.models.staff import Staff
from tracker.opening import open_mailroom

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
"""Pages that only whoever sent the form before them sees: the tests of these forms look at them."""
LONG = "Donaudampfschifffahrtsgesellschaftskapitänswitwe " * 2
PAPER = {"channel": Channel.POST, "requester_address": "Rue Haute 1\n1000 Bruxelles"}
NOW = datetime.now(UTC)


@pytest.fixture
def ways(database: Database, file: File, desk: DeskOf, settings: Settings) -> dict[str, list[str]]:
    """Something of everything; gives what may stand in the variable parts of addresses."""
    with database.writing() as session:
        of = {one.email.partition(".")[0]: one for one in session.scalars(select(Staff))}
        done, _ = closed(session, make_house(), acting(of["an"]), now=NOW - timedelta(days=1), service="ME6")
        code = surveys.code_of(make_house(), done, 1)
        session.add(JobRun(job="figures", succeeded_at=NOW))
    lived = file(**PAPER, nature=Nature.COMPLEX, urgent=True, subject=LONG, text=LONG * 3, requester_name=LONG)
    complaint = file(nature=Nature.COMPLAINT, subject=LONG)
    astray = file(nature=Nature.MISDIRECTED)
    an, co, gi = desk("an"), desk("co"), desk("gi")

    def do(at: Desk, path: str, button: str | None = None, **typed: str) -> None:
        answer = at.send(f"/staff/{path}", button, **typed)
        assert answer.status_code == 303, (path, errors_of(answer))

    def write_to(reference: str, kind: str, **typed: str) -> None:
        do(an, f"cases/{reference}/{kind}", "send", **typed)

    day = brussels_day(NOW)
    write_to(lived, "answer", text=LONG * 4)
    write_to(astray, "transmit", to="EXT:PENSIONS", text=LONG)
    do(an, f"cases/{lived}/ask-colleague", colleague=str(of["cy"].id), what=LONG)
    do(co, f"cases/{complaint}/finding", ground="", outcome="founded", reasons=LONG, theme="phone", cause="workload")
    for owner in ("an", "cy"):
        do(co, f"cases/{complaint}/corrective-action", what=LONG, owner=str(of[owner].id),
           due_on=(day + timedelta(days=9)).isoformat())  # fmt: skip
    do(co, f"cases/{complaint}/action-done", action="1", done_on=day.isoformat())
    do(an, f"cases/{file()}/link", other=lived, reason=LONG)
    do(an, f"cases/{file()}/waive", ground="withdrawn", evidence=LONG)
    do(an, "queue/views?view=service&nature=complex", name=LONG[:40])
    do(gi, "rules/new", name=LONG[:60], service="M5", words_de="trawler*", note=LONG)
    do(gi, "texts/new", title=LONG[:60], body=LONG, language="de", service="ME6")
    do(gi, "directory/M3/parts/new", why=LONG, **{f"name_{lang}": LONG[:60] for lang in LANGUAGES})
    do(gi, "directory/M3/facts/new", why=LONG, read_on=day.isoformat(), source="https://example.org",
       **{f"text_{lang}": LONG for lang in LANGUAGES})  # fmt: skip
    details = str(gi.page("/staff/directory/M3"))
    do(an, "letters")
    mail = send(database, open_mailroom(settings), write(LONG, sender=f"x <{'y' * 60}@example.net>",
                to=keyed(file(requester_email=CLAIRE))), now=NOW)  # fmt: skip
    count_figures(database, make_house().calendar, now=NOW)
    return {
        "reference": [done.reference, lived, complaint, astray, *(file(**more) for more in (
            {"nature": Nature.DOCUMENT_ACCESS}, {"nature": Nature.COMPLEX},
        ))],
        "number": [str(mail.mail_id), *map(str, range(1, 12))],
        "code": [code, "M3"],
        "mark": re.findall(r"/facts/([^/]+)/change", details),
        "key": re.findall(r"/parts/([^/]+)/change", details),
    }  # fmt: skip


def test_every_page_can_be_read_whole_at_320_pixels_without_scripts_and_axe_finds_nothing(
    browser: Any, app: Flask, address: str, ways: dict[str, list[str]], desk: DeskOf
) -> None:
    missing, pages = set(), list[tuple[str, str]]()
    desks = {
        who: Desk(app) if who == "anyone" else desk(who) for who in ("anyone", "an", "co", "bo", "gi", "hu", "cy")
    }
    for rule in app.url_map.iter_rules():
        if "GET" in (rule.methods or ()) and rule.endpoint not in NO_PAGES | LEAD_ON | AFTER_A_FORM:
            tried = ((who, path) for path in _addresses(rule.rule, ways) for who in desks)
            found = next((one for one in tried if desks[one[0]].get(one[1]).status_code == 200), None)
            missing |= {rule.endpoint} if found is None else set()
            pages += [] if found is None else [found]
    faults = {}
    for who in desks:
        with _window(browser, address, desks[who], "de", scripts=False) as page:
            for path in (path for found, path in pages if found == who):
                page.goto(path)
                if found := not_to_be_read(page):
                    faults[path] = found
        with _window(browser, address, desks[who], "de", scripts=True) as page:
            for place, path in enumerate(path for found, path in pages if found == who):
                page.goto(_in_language(path, LANGUAGES[place % len(LANGUAGES)]))
                page.eval_on_selector_all("main details", "all => all.forEach(one => one.open = true)")
                if found := axe_faults(page, contrast=False):
                    faults[page.url] = found
    assert not faults, "\n".join(f"{path}: {found}" for path, found in faults.items())
    assert missing == set()


@contextmanager
def _window(browser: Any, address: str, at: Desk, language: str, *, scripts: bool) -> Iterator[Any]:
    with open_window(browser, address, scripts=scripts) as page:
        cookie = at.client.get_cookie("suivi")
        if cookie is not None:
            page.context.add_cookies([{"name": "suivi", "value": cookie.value, "url": address}])
        page.goto(f"/staff/login?lang={language}")
        page.set_viewport_size(NARROW)
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
