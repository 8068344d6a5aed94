"""What axe finds wrong with the page that a real browser shows."""

from typing import Any

from axe_playwright_python.base import AXE_SCRIPT

# Fetching the style sheets once more, for a rule about what plays by itself, would be a third of the work: nothing
# plays on our pages.
_LOOK = """options => "axe" in window && axe.run(document, {preload: false, ...options}).then(({violations}) => [
    ...violations.flatMap(one => one.nodes.map(node => `${one.id}: ${node.html.slice(0, 160)}`)),
    ...Array.from(document.querySelectorAll("audio, video"), one => `it plays: ${one.outerHTML.slice(0, 160)}`)])"""


def at_hand(page: Any) -> None:
    """Give axe to each page that this window will open: cheaper than to give it to one that is there."""
    page.add_init_script(AXE_SCRIPT)


def faults(page: Any, *, contrast: bool = True, **options: Any) -> list[str]:
    """Return each fault with the element that has it; a page is given axe once, however often it is looked at.

    Contrast is two thirds of the work, and neither the language nor the width of a page changes its colours: a page
    that is looked at several times can go without it after the first.
    """
    rules = {} if contrast else {"rules": {"color-contrast": {"enabled": False}}}
    given = {"resultTypes": ["violations"], **rules, **options}
    found: list[str] | bool = page.evaluate(_LOOK, given)
    if found is False:
        page.evaluate(AXE_SCRIPT)
        found = page.evaluate(_LOOK, given)
    assert isinstance(found, list)
    return found
