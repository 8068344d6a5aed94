"""Owns how a sentence of ours is set on a page: references, dates and numbers stay whole, a finger calls a number."""

import re
from collections.abc import Callable

from markupsafe import Markup, escape

from tracker.correspondence.in_html import DATE

_PHONE = r"(?:\+[1-9][0-9]{0,2}|00[1-9][0-9]{2}|0[1-9][0-9]?)(?: [0-9]{1,4}){2,5}(?![0-9])"
_REFERENCE = r"[A-Z]{2,8}-[12][0-9]{3}-[0-9]{5,18}-[0-9]{2}(?![0-9])"
_MAILBOX = r"[a-z0-9.+-]+@[a-z0-9-]+(?:\.[a-z0-9-]+)+"
_WHOLE = re.compile(rf"(?<![0-9A-Za-z+])(?:{_PHONE}|{_REFERENCE}|{DATE}|[Ee]-[Mm]ail[a-z]*)")
_REACHED = re.compile(rf"(?<![0-9A-Za-z+])(?:(?P<phone>{_PHONE})|(?P<mailbox>{_MAILBOX}))")


def unbroken(sentence: str) -> Markup:
    """Keep each telephone number, reference and date in a sentence on one line, and `E-mail` too."""
    return _marked(_WHOLE, lambda found: f'<span class="suivi-whole">{found[0]}</span>', sentence)


def reachable(sentence: str) -> Markup:
    """Make a link of each telephone number and each e-mail address in a sentence: a finger is enough to call."""
    return _marked(_REACHED, _link, sentence)


def mailbox(address: str) -> Markup:
    """An e-mail address that goes to the next line before its `@` where there is no room for it whole."""
    return escape(address).replace("@", Markup("<wbr>@"))


def phone_url(number: str) -> str:
    """The address that calls a number, from abroad too: one of Belgium's own gets the code of the country."""
    digits = number.replace(" ", "")
    return f"tel:+32{digits[1:]}" if re.match("0[1-9]", digits) else f"tel:{digits}"


def _marked(wanted: re.Pattern[str], how: Callable[[re.Match[str]], str], sentence: str) -> Markup:
    return Markup(wanted.sub(how, str(escape(sentence))))  # noqa: S704 - escaped before anything is put in


def _link(found: re.Match[str]) -> str:
    if found["phone"]:
        return f'<a class="govuk-link suivi-whole" href="{phone_url(found[0])}">{found[0]}</a>'
    return f'<a class="govuk-link" href="mailto:{found[0]}">{mailbox(found[0])}</a>'
