"""Owns what an entry of the directory says here and not as it comes with the product, or the other way round."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from flask_babel import gettext as _

from tracker.charter.words import Language
from tracker.correspondence.explanation import label
from tracker.routing.directory import Entry, Fact
from tracker.routing.text import LANGUAGES
from tracker.web.filters import typeset
from tracker.web.languages import NAMES, language


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is said otherwise; what only the other says is empty."""

    what: str
    here: tuple[str, ...]
    shipped: tuple[str, ...]
    lang: str = ""
    """The language of the words, where it is not the reader's."""


def differences(
    entry: Entry, facts: Sequence[Fact], shipped: Entry, shipped_facts: Sequence[Fact]
) -> list[Difference]:
    """Return what differs between an entry as it stands here and as it comes with the product, in order."""
    said, brought = dict(_said(entry, facts)), dict(_said(shipped, shipped_facts))
    found = []
    for what, lang in dict.fromkeys([*said, *brought]):
        here, there = said.get((what, lang), ()), brought.get((what, lang), ())
        only_here, only_there = (tuple(one for one in a if one not in b) for a, b in ((here, there), (there, here)))
        if only_here or only_there:
            found.append(Difference(what, only_here, only_there, lang))
    return found


def _said(entry: Entry, facts: Sequence[Fact]) -> Iterator[tuple[tuple[str, str], tuple[str, ...]]]:
    """Yield all that an entry says, each by what it is and its language."""
    here = language()
    yield (_("Kind"), ""), (label(entry.kind, Language(here)),)
    texts: list[tuple[str, Mapping[str, str]]] = [(_("Name"), entry.names)]
    texts += [(_("Former name"), former) for former in entry.former_names]
    texts += [(_("Competent for"), entry.competence), (_("Not competent for"), entry.not_competent)]
    for what, told in texts:
        for lang in LANGUAGES:
            named = f"{what} ({NAMES[lang]})"
            yield (named, lang), tuple(typeset(one, lang) for one in [told.get(lang)] if one)
    for what, plain in (
        (_("Telephone"), entry.phone), (_("E-mail"), entry.email), (_("Postal address"), entry.postal_address),
        (_("Website"), entry.website), (_("Shares the competence with"), ", ".join(entry.associated)),
        (_("Part of"), entry.parent or ""),
    ):  # fmt: skip
        yield (what, ""), (plain,) if plain else ()
    yield (_("Its parts"), ""), tuple(typeset(part.names[here]) for part in entry.parts)
    yield (_("What else is known"), ""), tuple(typeset(fact.texts[here]) for fact in facts)
