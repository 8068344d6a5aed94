"""Owns the titles of the directory's sources in the reader's language, and the language of the page behind one."""

import re
import tomllib
from functools import lru_cache
from importlib.resources import files

from tracker.routing.text import LANGUAGES

_SEGMENT = re.compile(r"(?<=/)(?:{})(?=/)".format("|".join(LANGUAGES)), re.IGNORECASE)


def title_in(title: str, language: str) -> str:
    """Return the title of a source that comes with the product in a language; any other as it was typed."""
    return _titles().get(title, {}).get(language, title)


def page_language(address: str) -> str:
    """Return the language of a page, as a segment of its address tells it; empty where none does."""
    found = _SEGMENT.search(address)
    return found[0].lower() if found else ""


@lru_cache(maxsize=1)
def _titles() -> dict[str, dict[str, str]]:
    return tomllib.loads(files("tracker.routing").joinpath("data/source_titles.toml").read_text("utf-8"))
