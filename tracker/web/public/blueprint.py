"""Owns the blueprint of the pages for citizens: each address starts with a language."""

from typing import Any

from flask import Blueprint, g

public = Blueprint("public", __name__)

IN_LANGUAGE = "/<any(fr,nl,de,en):lang>"


@public.url_value_preprocessor
def _take_language(endpoint: str | None, values: dict[str, Any] | None) -> None:
    """Keep the language out of every view's parameters."""
    if values and "lang" in values:
        g.language = values.pop("lang")


@public.url_defaults
def _give_language(endpoint: str, values: dict[str, Any]) -> None:
    """Lead to pages in the language of this page, unless another is named."""
    if "lang" not in values and endpoint != "public.choose_language" and "language" in g:
        values["lang"] = str(g.language)
