"""Owns how tests use a real browser: a window of their own, cheaply; never a look at a page that is on its way."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from playwright.sync_api import expect

WIDE = {"width": 1280, "height": 800}
NARROW = {"width": 320, "height": 800}
PATIENCE = 15_000
"""How long anything may take on a busy machine (milliseconds)."""

expect.set_options(timeout=PATIENCE)


@contextmanager
def open_window(browser: Any, address: str = "", *, scripts: bool = True) -> Iterator[Any]:
    """Open a page without cookies or history; what earlier tests fetched of style sheets and scripts is still there.

    A browser context costs three times as much as a page in one that is there already: one is kept for each address.
    """
    context = _kept(browser, address, scripts)
    context.clear_cookies()
    page = context.new_page()
    try:
        yield page
    finally:
        for one in context.pages:
            one.close()


@cache
def _kept(browser: Any, address: str, scripts: bool) -> Any:
    context = browser.new_context(base_url=address or None, viewport=WIDE, java_script_enabled=scripts)
    context.set_default_timeout(PATIENCE)
    return context


@contextmanager
def next_page(page: Any) -> Iterator[None]:
    """Wait for the page that a click or a key leads to, also where it has the address of the one before."""
    with page.expect_navigation():
        yield
    wait_for_focus(page)


def wait_for_focus(page: Any) -> None:
    """Wait until the focus is where a page says that it begins: it comes there a moment after all is loaded."""
    first = page.locator("[autofocus]").first
    if first.count():
        expect(first).to_be_focused()


def too_wide(page: Any) -> bool:
    """Whether the page scrolls sideways."""
    return bool(page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"))
