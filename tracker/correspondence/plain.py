"""Owns how HTML that somebody sent becomes plain text: nothing is loaded, run or drawn, and no tag survives.

One walk from tag to tag, in time that grows with the length and no faster. (Parsers that build the tree a browser
would build take time squared over tags that are never closed.) What is never closed hides nothing. Addresses of
links are kept as text, since a label may say another one; pictures are left out; what was quoted begins with ``>``,
as in plain mail.
"""

import html
import re
from collections import Counter

MOST_QUOTED = 8
"""How deep a quotation inside a quotation is marked."""
LONGEST_TAG = 4_000
"""Characters of a tag that are looked at; a picture may lie whole inside one."""

_SKIPPED = {"script", "style", "head", "title", "template", "noscript", "object", "svg", "math", "select"}
_NEW_LINE = {"div", "tr", "table", "ul", "ol", "dl", "dt", "dd", "section", "article", "header", "footer", "center",
             "form", "address", "main", "nav", "aside", "figure", "tbody", "thead"}  # fmt: skip
_PARAGRAPH = {"p", "h1", "h2", "h3", "h4", "h5", "h6", "pre", "blockquote"}
_TAG = re.compile(r"<(?=[a-zA-Z/!?])")
_NAME = re.compile(r"/?\s*([a-zA-Z][a-zA-Z0-9:]{0,40})")
_HREF = re.compile(r"""\bhref\s*=\s*("[^"]*"|'[^']*'|[^\s>"']+)""", re.IGNORECASE)
_INDENTED = re.compile(r"border\s{0,3}:\s{0,3}(?:none|0)", re.IGNORECASE)
_LONG_NUMBER = re.compile(r"&#[xX]?[0-9a-fA-F]{9,};?")
_FORMATTING = re.compile(
    r"<?\b(?:https?|ftp|mailto|tel|cid):[^\s<>]*>?|\[(?:cid|image)\b[^\]\n]{0,300}\]"
    r"|^[ \t>]*(?:\d{1,3}|[a-z])[.)](?=\s)|\[\d{1,3}\]",
    re.IGNORECASE | re.MULTILINE,
)
"""What one of two texts that say the same may lack: addresses behind links, pictures, numbers of a list or a note."""
_GOES_SOMEWHERE = ("http://", "https://", "mailto:", "tel:", "ftp://")


def plain_text(markup: str) -> str:
    """Return the text of some HTML as a reader would see it, without pictures. Any input gives a text."""
    page = _Page()
    position, end = 0, len(markup)
    while position < end:
        found = _TAG.search(markup, position)
        start = found.start() if found else end
        page.text(markup[position:start])
        if start == end:
            break
        position = _past_tag(markup, start, page)
    return page.whole()


def say_the_same(one: str, other: str) -> bool:
    """Say whether two texts, a plain one and that of some HTML, hold the same words, however they are laid out.

    One word more or less, or another figure, is another text: nobody can say which of them was meant.
    """
    first, second = (re.findall(r"[^\W_]+", _FORMATTING.sub(" ", text).casefold()) for text in (one, other))
    return Counter(first) == Counter(second) or "".join(first) == "".join(second)


def _past_tag(markup: str, start: int, page: "_Page") -> int:
    """Take in the tag or comment that begins here; return where what follows it begins."""
    if markup.startswith("<!--", start):
        close = -1 if "!--" in page.never_closed else markup.find("-->", start + 4)
        if close < 0:
            page.never_closed.add("!--")
        return close + 3 if close >= 0 else start + 4
    name = _NAME.match(markup, start + 1)
    close = _end_of_tag(markup, start)
    if close < 0:
        page.text(markup[start:])
        return len(markup)
    if name is not None:
        tag = name[1].lower()
        if markup[start + 1] == "/":
            page.closed(tag)
        else:
            page.opened(tag, markup[start : min(close, start + LONGEST_TAG)])
            if tag in _SKIPPED and markup[close - 1] != "/":
                return _past_skipped(markup, close + 1, tag, page)
    return close + 1


def _end_of_tag(markup: str, start: int) -> int:
    """Return where the ``>`` of a tag is, past one or a few that stand inside quotes; -1 when there is none."""
    first = close = markup.find(">", start)
    quotes = 0
    since = start
    for _ in range(5):
        if close < 0:
            return first
        quotes += markup.count('"', since, close)
        if quotes % 2 == 0:
            return close
        since, close = close, markup.find(">", close + 1)
    return first


def _past_skipped(markup: str, start: int, tag: str, page: "_Page") -> int:
    """Return where an element that shows nothing ends; one that is not closed hides nothing."""
    if tag in page.never_closed:
        return start
    close = re.compile(rf"</{tag}\b", re.IGNORECASE).search(markup, start)
    if close is None:
        page.never_closed.add(tag)
    return close.start() if close else start


class _Page:
    """The text that comes of the tags, line by line."""

    def __init__(self) -> None:
        self.never_closed: set[str] = set()
        """Elements that the rest of the page does not close: it is not searched for their end again."""
        self._lines: list[str] = []
        self._line: list[str] = []
        self._quotes: list[bool] = []
        """The quotations around this place; false for one that only indents."""
        self._preformatted = 0
        self._link: tuple[str, int] | None = None
        self._space = False

    def text(self, raw: str) -> None:
        """Add what stands between two tags."""
        if not raw:
            return
        told = html.unescape(_LONG_NUMBER.sub("\ufffd", raw)).replace("\xa0", " ").replace("\u200b", "")
        if self._preformatted:
            first, *others = told.split("\n")
            self._add(first)
            for line in others:
                self._break()
                self._add(line)
            return
        words = told.split()
        if not words:
            self._space = self._space or bool(told)
            return
        self._add(("" if not told[0].isspace() else " ") + " ".join(words))
        self._space = told[-1].isspace()

    def _add(self, text: str) -> None:
        if self._line and self._space and not text.startswith(" "):
            self._line.append(" ")
        self._line.append(text if self._line or self._preformatted else text.lstrip())
        self._space = False

    def _break(self) -> None:
        self._lines.append("> " * sum(self._quotes[:MOST_QUOTED]) + "".join(self._line).rstrip())
        self._line, self._space = [], False

    def _new_line(self) -> None:
        if self._line:
            self._break()

    def _new_paragraph(self) -> None:
        self._new_line()
        if self._lines and self._lines[-1].strip("> "):
            self._break()

    def opened(self, tag: str, source: str) -> None:
        """Take in an opening tag."""
        if tag == "br":
            self._break()
        elif tag == "hr":
            self._new_line()
            self._add("-----")
            self._break()
        elif tag == "li":
            self._new_line()
            self._add("- ")
        elif tag in ("td", "th") and self._line:
            self._add(" ")
        elif tag == "a":
            found = _HREF.search(source)
            address = html.unescape(_LONG_NUMBER.sub("", found[1].strip("\"'"))).strip() if found else ""
            self._link = (" ".join(address.split())[:1_000], len(self._line)) if address else None
        elif tag in _PARAGRAPH:
            self._new_paragraph()
        elif tag in _NEW_LINE:
            self._new_line()
        if tag == "blockquote":
            self._quotes.append(not _INDENTED.search(source))
        elif tag == "pre":
            self._preformatted += 1

    def closed(self, tag: str) -> None:
        """Take in a closing tag."""
        if tag == "a" and self._link is not None:
            self._say_where(*self._link)
            self._link = None
        elif tag in _PARAGRAPH:
            self._new_line()
            if tag == "blockquote" and self._quotes:
                self._quotes.pop()
            self._new_paragraph()
        elif tag in _NEW_LINE or tag == "li":
            self._new_line()
        if tag == "pre":
            self._preformatted = max(0, self._preformatted - 1)

    def _say_where(self, address: str, since: int) -> None:
        """Write where a link leads behind its label, unless the label says it."""
        label = "".join(self._line[since:]).strip()
        bare = re.sub(r"^(mailto:|tel:|https?://)", "", address, flags=re.IGNORECASE).rstrip("/")
        if address.lower().startswith(_GOES_SOMEWHERE) and bare and bare.lower() not in label.lower():
            self._space = bool(label)
            self._add(f"({address})" if label else address)

    def whole(self) -> str:
        """Return the text, with no more than one empty line in a row."""
        self._new_line()
        return re.sub(r"\n(?:[ \t]*\n){2,}", "\n\n", "\n".join(self._lines)).strip()
