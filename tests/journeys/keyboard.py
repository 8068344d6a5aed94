"""Owns the keyboard of a journey: somebody who has no mouse, and who must see at each step where they are."""

from datetime import date
from typing import Any

from playwright.sync_api import expect

from tests.web.windows import next_page

# The little calendar in a field for days has a ring of its own, drawn by the browser.
_HERE = """wanted => {
    const one = document.activeElement;
    if (!one || one === document.body) return {lost: true};
    const shown = style => (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0
        && !/, 0\\)$|transparent/.test(style.outlineColor)) || style.boxShadow !== "none";
    const boxes = [one, ...(one.labels || [])];
    const styles = boxes.flatMap(box => ["", "::before", "::after"].map(part => getComputedStyle(box, part || null)));
    const on_screen = boxes.some(box => {
        const {width, height, top, bottom, left, right} = box.getBoundingClientRect();
        return width > 1 && height > 1 && bottom > 0 && right > 0 && top < innerHeight && left < innerWidth; });
    return {
        there: Boolean(wanted) && one.matches(wanted),
        seen: on_screen && (one.matches(":focus-visible") && styles.some(shown)
            || one.type === "date" && !one.matches(":focus")),
        place: one.outerHTML.slice(0, 160),
        main: one.id === "main",
    };
}"""
# Whether something stands before the focus, or before where a page begins whose address leads to a part of it.
_BEFORE = """wanted => {
    const one = document.activeElement;
    const here = one && one !== document.body ? one : document.getElementById(location.hash.slice(1));
    const there = [...document.querySelectorAll(wanted)].filter(box => box.checkVisibility());
    return Boolean(here) && there.length > 0
        && there.every(box => here.compareDocumentPosition(box) & Node.DOCUMENT_POSITION_PRECEDING);
}"""
_ARROW = """value => {
    const one = document.activeElement, wanted = [...(one.options || [])].findIndex(line => line.value === value);
    return wanted >= 0 && wanted < one.selectedIndex ? "ArrowUp" : "ArrowDown";
}"""
_ORDER = """new Intl.DateTimeFormat().formatToParts(new Date()).map(part => part.type)
    .filter(type => ["day", "month", "year"].includes(type))"""
MOST_STOPS = 150


class Keyboard:
    """A person at a page. After every key the focus stands on something, and it can be seen where."""

    def __init__(self, page: Any) -> None:
        self.page = page
        self.stops = 0
        """How often Tab was pressed."""

    def to(self, selector: str) -> None:
        """Press Tab until something has the focus; its first link leads from the top of a page to the main part."""
        here = self.page.evaluate(_HERE, selector)
        if here.get("there"):
            return
        if here.get("lost") and self.page.locator(f"main :is({selector})").count():
            self._skip()
        before = self.page.evaluate(_BEFORE, selector)
        self._walk(selector, "Shift+Tab" if before else "Tab")

    def back_to(self, selector: str) -> None:
        """Press Shift and Tab until something has the focus."""
        self._walk(selector, "Shift+Tab")

    def _walk(self, selector: str, key: str) -> None:
        passed = []
        for _ in range(MOST_STOPS):
            self.page.keyboard.press(key)
            self.stops += 1
            here = self.look(selector)
            if here["there"]:
                return
            passed.append(here["place"][:60])
        raise AssertionError(f"{selector} is not reached on {self.page.url}: {passed}")

    def look(self, selector: str = "") -> dict[str, Any]:
        """Say what has the focus: it is never lost, and always to be seen."""
        here: dict[str, Any] = self.page.evaluate(_HERE, selector)
        assert not here.get("lost"), f"the focus is lost on {self.page.url}"
        assert here["seen"] or here["main"], f"the focus cannot be seen on {self.page.url}: {here['place']}"
        return here

    def press(self, *keys: str) -> None:
        """Press keys that stay on the page."""
        for key in keys:
            self.page.keyboard.press(key)
            self.look()

    def enter(self, selector: str) -> None:
        """Go to a link or a button, press Enter, and wait for the page it leads to."""
        self.to(selector)
        with next_page(self.page):
            self.page.keyboard.press("Enter")

    def follow(self, key: str, path: str) -> None:
        """Press a key that leads to another page."""
        self.page.keyboard.press(key)
        self.page.wait_for_url(path)

    def type(self, **typed: str) -> None:
        """Type into fields by their names, in their order on the page."""
        for name, text in typed.items():
            self.to(f"main [name={name}]:not([type=hidden])")
            self._type(text)

    def choose(self, **chosen: object) -> None:
        """Go to lists or groups of choices by their names, and with the arrows to one value of each."""
        for name, value in chosen.items():
            self.pick(f"main [name={name}]:not([type=hidden])", str(value))

    def pick(self, selector: str, value: str) -> None:
        """Go to a list or a group of choices, and with the arrows to one value."""
        self.to(selector)
        arrow = self.page.evaluate(_ARROW, value)
        for _ in range(MOST_STOPS):
            if self.page.evaluate("document.activeElement.value") == value:
                break
            self.page.keyboard.press(arrow)
            self.look()
        else:
            raise AssertionError(f"{selector} has no {value} on {self.page.url}")
        if self.page.evaluate("document.activeElement.type === 'radio' && !document.activeElement.checked"):
            self.press("Space")

    def find(self, words: str) -> None:
        """Type into the search of every staff page, and press Enter."""
        self.to("#find")
        self._type(words)
        with next_page(self.page):
            self.page.keyboard.press("Enter")

    def tick(self, selector: str) -> None:
        """Tick a box."""
        self.to(selector)
        self.press("Space")
        assert self.page.evaluate("document.activeElement.checked"), selector

    def unfold(self, selector: str) -> None:
        """Open what is folded up."""
        self.to(f"{selector} > summary")
        self.press("Enter")
        assert self.page.evaluate("document.activeElement.parentElement.open"), selector

    def day(self, name: str, day: date) -> None:
        """Type a day into a browser's own field for days, in the order in which this browser asks for it."""
        parts = {"day": f"{day:%d}", "month": f"{day:%m}", "year": f"{day:%Y}"}
        self.to(f"main [name={name}]")
        self.page.keyboard.type("".join(parts[part] for part in self.page.evaluate(_ORDER)))
        expect(self.page.locator(f"[name={name}]")).to_have_value(day.isoformat())

    def _type(self, text: str) -> None:
        """Type the first letter key by key; the rest comes at once, as from whoever types blindly."""
        self.page.keyboard.type(text[:1])
        self.page.keyboard.insert_text(text[1:])
        self.look()

    def _skip(self) -> None:
        """Take the link that leads past the head of the page, unless the address of the page leads there already."""
        if self.page.url.endswith("#main"):
            return
        self.page.keyboard.press("Tab")
        here = self.look(".govuk-skip-link")
        assert here["there"], f"the first stop of {self.page.url} is {here['place']}"
        self.press("Enter")
        self.stops += 1
