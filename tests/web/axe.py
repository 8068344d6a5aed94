"""What axe finds wrong with the page that a real browser shows."""

from typing import Any

from axe_playwright_python.base import AXE_SCRIPT

_LOOK = """options => axe.run(document, options).then(({violations}) =>
    violations.flatMap(one => one.nodes.map(node => `${one.id}: ${node.html.slice(0, 160)}`)))"""


def faults(page: Any, *, contrast: bool = True, **options: Any) -> list[str]:
    """Return each fault with the element that has it; a page is given axe once, however often it is looked at.

    Contrast is two thirds of the work, and neither the language nor the width of a page changes its colours: a page
    that is looked at several times can go without it after the first.
    """
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    rules = {} if contrast else {"rules": {"color-contrast": {"enabled": False}}}
    found: list[str] = page.evaluate(_LOOK, {"resultTypes": ["violations"], **rules, **options})
    return found
