"""Owns the choice of language: by the address for citizens, by choice or profile for staff."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import TypeVar
from urllib.parse import urlencode

from flask import Flask, g, request, session, url_for
from flask_babel import Babel

from tracker.charter.words import Language
from tracker.resources import resource

NAMES = {"fr": "Français", "nl": "Nederlands", "de": "Deutsch", "en": "English"}
"""Each language in its own name, in the order in which they are offered."""

Words = TypeVar("Words")

FAILED = "failed"
"""What the request says of itself once it has an error's page."""
CHOSEN = "language"
"""Where the session keeps the language that somebody chose."""


@dataclass(frozen=True, slots=True)
class LanguageLink:
    """The same page in a language."""

    code: str
    name: str
    url: str


def install(app: Flask) -> None:
    """Give the app its languages: the texts, and the language of each request."""
    app.config.update(
        BABEL_TRANSLATION_DIRECTORIES=str(resource("locale")),
        BABEL_DEFAULT_LOCALE="en",  # the texts in the code are English
        BABEL_DEFAULT_TIMEZONE="Europe/Brussels",
    )
    Babel(app, locale_selector=language)
    app.before_request(_keep_choice)
    app.add_template_global(language)  # for macros, which do not see the context
    app.context_processor(lambda: {"lang": language(), "language_links": language_links})


def language() -> Language:
    """The language of this request: the address's, else the one chosen, the profile's, the browser's, or French.

    The staff pages set `g.profile_language` for whoever is logged in.
    """
    if "language" not in g:
        g.language = _of_request()
    return Language(g.language)


def in_each_language(words: Callable[[], Words]) -> Callable[[], Words]:
    """Let a function that only says our own words say them once in each language; they are read, never changed."""
    kept: dict[Language, Words] = {}

    @wraps(words)
    def said() -> Words:
        lang = language()
        if lang not in kept:
            kept[lang] = words()
        return kept[lang]

    return said


def _of_request() -> str:
    stated = request.path[1:3]
    if stated in NAMES and request.path[3:4] in ("", "/"):
        return str(stated)
    if session.get(CHOSEN) in NAMES:
        return str(session[CHOSEN])
    profile = g.get("profile_language")
    return str(profile or request.accept_languages.best_match(list(NAMES)) or Language.FR)


def _keep_choice() -> None:
    """Keep a choice made by `?lang=` on a page whose address names no language."""
    chosen = request.args.get("lang", "")
    if chosen in NAMES and "language" not in g:
        session[CHOSEN] = chosen
        g.language = chosen


def language_links() -> list[LanguageLink]:
    """The page of this request in each language; the start instead where only forms are taken, or something failed.

    What failed may have been asked for at an address that is a secret, such as that of a calendar.
    """
    return [LanguageLink(code, name, _url_in(code)) for code, name in NAMES.items()]


def _url_in(code: str) -> str:
    rule = request.url_rule
    if FAILED in g or rule is None or request.endpoint is None or "GET" not in (rule.methods or ()):
        return f"/{code}/" if not request.path.startswith("/staff") else f"/staff/queue?lang={code}"
    values = request.view_args or {}
    if "lang" in rule.arguments:
        return url_for(request.endpoint, **{**values, "lang": code})
    # What was asked is written behind the address, never handed to `url_for`, which would obey some of its names.
    asked = urlencode({**request.args.to_dict(flat=False), "lang": code}, doseq=True)
    return f"{url_for(request.endpoint, **values)}?{asked}"
