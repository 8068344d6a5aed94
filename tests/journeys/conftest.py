"""What the journeys share: house and server of the staff pages, people at keyboards, and the mail that left."""

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from email import message_from_bytes
from email.policy import default
from typing import Any
from urllib.parse import urlsplit

import pytest

from config import Settings
from tests.factories import make_house
from tests.journeys.keyboard import Keyboard
from tests.web.conftest import _served, address, database, settings
from tests.web.staff.conftest import PASSWORD, app, app_once, email_of, file, furnished, row
from tests.web.windows import open_window, wait_for_focus
from tracker.correspondence.parcel import Sender
from tracker.correspondence.transport import FolderTransport
from tracker.models.database import Database
from tracker.opening import Machine
from tracker.scheduler.jobs import deliver

__all__ = ["_served", "address", "app", "app_once", "database", "file", "furnished", "row", "settings"]

Desk = Callable[..., AbstractContextManager[Keyboard]]
Mails = Callable[[], list[str]]


@pytest.fixture
def at_page(browser: Any, address: str) -> Desk:
    """Give a keyboard to somebody who opens a page: its address typed, or a link followed out of a mail."""

    @contextmanager
    def opened(path: str, cookies: Sequence[Any] = ()) -> Iterator[Keyboard]:
        with open_window(browser, address) as page:
            page.context.add_cookies(cookies)
            page.goto(path)
            wait_for_focus(page)
            yield Keyboard(page)

    return opened


@pytest.fixture
def at_desk(at_page: Desk) -> Desk:
    """Give a keyboard to one of the staff, who logs in, and is still logged in on coming back."""
    known: dict[str, Any] = {}

    @contextmanager
    def logged_in(who: str, language: str) -> Iterator[Keyboard]:
        with at_page("/staff/queue" if who in known else f"/staff/login?lang={language}", known.get(who, ())) as keys:
            if who not in known:
                keys.type(email=email_of(who), password=PASSWORD)
                keys.enter("main form button")
                known[who] = keys.page.context.cookies()
            assert keys.page.get_attribute("html", "lang") == language
            yield keys

    return logged_in


@pytest.fixture
def mails(settings: Settings, database: Database) -> Mails:
    """Send what waits, as the scheduler does; gives the text of all mails that left, the newest last."""
    house = make_house()
    machine = Machine(
        database=database, house=house, transport=FolderTransport(settings.outbox_dir),
        sender=Sender(
            mail_from=settings.mail_from, base_url=house.base_url, attachments=settings.attachments_dir,
            secret=house.secret,
        ),
        attachments=settings.attachments_dir, mail=settings.mail_dir, letters=settings.letters_dir, settings=settings,
    )  # fmt: skip

    def send() -> list[str]:
        deliver(machine)
        found = sorted(settings.outbox_dir.glob("*.eml"), key=lambda one: one.stat().st_mtime_ns)
        read = [message_from_bytes(one.read_bytes(), policy=default) for one in found]
        return [str(one.get_body(("plain",)).get_content()) for one in read]  # type: ignore[union-attr]

    return send


def link_in(mail: str, part: str) -> str:
    """Return the path of the link in a mail whose path holds some words."""
    found = [urlsplit(one) for one in re.findall(r"https://\S+", mail)]
    (path,) = {one.path for one in found if part in one.path}
    return path
