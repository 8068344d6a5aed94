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


def not_to_be_read(page: Any) -> list[str]:
    """Say which words of the page cannot be read: outside the window, cut off by a box, or under other words.

    What scrolls in a box of its own, and what is there for screen readers only, may be wherever it is.
    """
    found: list[str] = page.evaluate(NOT_TO_BE_READ)
    return found


NOT_TO_BE_READ = """() => {
    const found = [], lines = [], range = document.createRange(), wide = document.documentElement.clientWidth;
    if (document.documentElement.scrollWidth > wide) found.push("the page scrolls sideways");
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const around = (one, wanted) => one && one !== document.body
        ? (wanted(getComputedStyle(one), one) ? one : around(one.parentElement, wanted)) : null;
    const for_ears = (style, one) => style.clipPath !== "none" || style.clip !== "auto" || one.offsetWidth === 1;
    while (texts.nextNode()) {
        const text = texts.currentNode, words = text.data.trim(), box = text.parentElement;
        if (!words || box.closest("option, textarea, script, svg, dialog, .govuk-skip-link")) continue;
        if (!box.checkVisibility({visibilityProperty: true}) || around(box, for_ears)) continue;
        range.selectNodeContents(text);
        const scrolls = around(box, style => /auto|scroll/.test(style.overflowX));
        const cuts = around(box, style => /hidden|clip/.test(style.overflowX));
        for (const {left, right, top, bottom, width, height} of range.getClientRects()) {
            if (width < 2 || scrolls) continue;
            if (left < -1 || right > wide + 1) found.push(`outside the window: ${words.slice(0, 60)}`);
            if (cuts && right > cuts.getBoundingClientRect().right + 1) found.push(`cut off: ${words.slice(0, 60)}`);
            const third = height / 3;
            for (const other of lines) {
                if (left < other.right - 2 && right > other.left + 2
                    && top + third < other.bottom - third && bottom - third > other.top + third) {
                    found.push(`${words.slice(0, 40)} stands over ${other.words.slice(0, 40)}`);
                }
            }
            lines.push({left, right, top, bottom, words});
        }
    }
    return [...new Set(found)];
}"""
