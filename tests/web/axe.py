"""What axe finds wrong with the page that a real browser shows."""

from typing import Any

from axe_playwright_python.base import AXE_SCRIPT

_LOOK = """options => axe.run(document, options).then(({violations}) =>
    violations.flatMap(one => one.nodes.map(node => `${one.id}: ${node.html.slice(0, 160)}`)))"""


def faults(page: Any, **options: Any) -> list[str]:
    """Return each fault with the element that has it; a page is given axe once, however often it is looked at."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    found: list[str] = page.evaluate(_LOOK, {"resultTypes": ["violations"], **options})
    return found
