"""What the tests of staff pages in a real browser share: a window, a login, a sound page, the keyboard."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.web.axe import faults
from tests.web.staff.conftest import PASSWORD, email_of
from tests.web.windows import NARROW, WIDE, open_window, too_wide, wait_for_focus

LANGUAGES = ("fr", "nl", "de", "en")

_logged_in: dict[tuple[str, str], Any] = {}
"""The cookies of who logged in before, by server and person: everybody is the same in each test's database."""


@contextmanager
def window(
    browser: Any, address: str, language: str, *, width: int = WIDE["width"], java_script_enabled: bool = True
) -> Iterator[Any]:
    """Open a window on the login page."""
    with open_window(browser, address, scripts=java_script_enabled) as page:
        page.set_viewport_size({**WIDE, "width": width})
        page.goto(f"/staff/login?lang={language}")
        yield page


def log_in(page: Any, who: str = "an", lands: str = "queue") -> None:
    """Log in from the login page; who did so in an earlier test is let in by the cookie they got then."""
    at = urlsplit(page.url)
    known = _logged_in.get((at.netloc, who))
    if known is not None:
        page.context.add_cookies(known)
        page.goto(f"/staff/{lands}?lang={parse_qs(at.query)['lang'][0]}")
        assert urlsplit(page.url).path == f"/staff/{lands}"
        return
    page.fill("#email", email_of(who))
    page.fill("#password", PASSWORD)
    page.press("#password", "Enter")
    page.wait_for_url(f"**/staff/{lands}")
    _logged_in[at.netloc, who] = page.context.cookies()


def open_page(page: Any, path: str) -> None:
    """Open a page, and wait until the focus is where it begins."""
    page.goto(path)
    wait_for_focus(page)


def assert_shown_sound(page: Any) -> None:
    """Say of the page that is shown, all its details open: axe finds no fault, and nothing sticks out at 320 pixels.

    Without contrast when it is narrow, since it has the same colours.
    """
    page.eval_on_selector_all("main details", "all => all.forEach(one => one.open = true)")
    assert faults(page) == [], page.url
    page.set_viewport_size(NARROW)
    assert not too_wide(page), page.url
    assert faults(page, contrast=False) == [], (page.url, "narrow")
    page.set_viewport_size(WIDE)


def tab_to(page: Any, selector: str) -> None:
    """Press Tab until the focus is there, and can be seen."""
    for _ in range(120):
        if page.evaluate("one => document.activeElement.matches(one)", selector):
            shown = page.evaluate("(() => { const box = document.activeElement.getBoundingClientRect();"
                                  " return box.width > 0 && box.height > 0 })()")  # fmt: skip
            assert shown, selector
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"{selector} cannot be reached by keyboard")
