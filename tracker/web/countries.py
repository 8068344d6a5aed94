"""Owns the list of countries offered on the form, in each language and in its order."""

import unicodedata
from functools import cache

from babel import Locale

# What CLDR names beside the countries of ISO 3166-1: groups, test regions and outlying areas.
_NO_COUNTRY = {"AC", "CP", "CQ", "DG", "EA", "EU", "EZ", "IC", "QO", "TA", "UN", "XA", "XB", "ZZ"}


@cache
def countries(language: str) -> tuple[tuple[str, str], ...]:
    """Code (ISO 3166-1 alpha-2, and XK for Kosovo) and name of each country, Belgium first."""
    names = Locale(language).territories
    listed = [(code, name) for code, name in names.items() if _is_country(code) and code != "BE"]
    return (("BE", names["BE"]), *sorted(listed, key=lambda country: _plain(country[1])))


def _is_country(code: str) -> bool:
    return len(code) == 2 and code.isalpha() and code not in _NO_COUNTRY


def _plain(name: str) -> str:
    """For sorting: É with E, as in a paper list."""
    return "".join(c for c in unicodedata.normalize("NFD", name.casefold()) if not unicodedata.combining(c))
