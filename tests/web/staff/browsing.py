"""What the tests of staff pages in a real browser share: a window, a login, a sound page, the keyboard."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.web.axe import faults
from tests.web.staff.conftest import PASSWORD, email_of


@contextmanager
def window(browser: Any, address: str, language: str, width: int = 1280, **more: Any) -> Iterator[Any]:
    context = browser.new_context(base_url=address, viewport={"width": width, "height": 800}, locale=language, **more)
    context.set_default_timeout(15_000)
    page = context.new_page()
    page.goto(f"/staff/login?lang={language}")
    yield page
    context.close()


def log_in(page: Any, who: str = "an", lands: str = "queue") -> None:
    page.fill("#email", email_of(who))
    page.fill("#password", PASSWORD)
    page.press("#password", "Enter")
    page.wait_for_url(f"**/staff/{lands}")


def too_wide(page: Any) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"))


def assert_sound(page: Any, path: str) -> None:
    """Open a page, all its details shown: axe finds no fault, wide or at 320 pixels, and nothing sticks out."""
    page.goto(f"/staff/{path}")
    page.eval_on_selector_all("main details", "all => all.forEach(one => one.open = true)")
    assert faults(page) == [], path
    page.set_viewport_size({"width": 320, "height": 800})
    assert not too_wide(page), path
    assert faults(page) == [], (path, "narrow")
    page.set_viewport_size({"width": 1280, "height": 800})


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
