"""Owns what becomes of the entries of a code when one of them is changed, or ends, from a day on."""

from dataclasses import replace
from datetime import date

from tracker.routing.directory import Entry, Part

FIELDS = (
    "kind", "names", "former_names", "competence", "not_competent", "phone", "email", "postal_address", "website",
    "channel", "associated", "parent", "parts", "sources",
)  # fmt: skip


def changed_fields(old: Entry | None, new: Entry) -> list[str]:
    """Return which fields a change touches, for its history; none for a body that is new."""
    return [name for name in FIELDS if old is not None and getattr(old, name) != getattr(new, name)]


def standing_from(before: tuple[Entry, ...], entry: Entry, day: date) -> tuple[Entry, ...]:
    """Return the entries of a code with one that stands like this from a day (Brussels) on.

    Until then they stay as they were. What was decided for a later day, a change or an end, stays decided: in the
    fields it does not touch, a later entry gets what is changed now.
    """
    was = next((old for old in before if old.in_force(day)), None)
    past = [_over(old, day) for old in before if old.valid_from is None or old.valid_from < day]
    later = [_gone_on(old, was, entry) for old in before if old.valid_from is not None and old.valid_from > day]
    if was is not None:
        stands = replace(entry, valid_from=day, valid_to=was.valid_to, successor=was.successor)
    else:
        stands = replace(entry, valid_from=day, valid_to=later[0].valid_from if later else None, successor=None)
    return (*past, stands, *later)


def ending_on(before: tuple[Entry, ...], day: date, successor: str, *, today: date) -> tuple[Entry, ...]:
    """Return the entries of a code that ends on a day (Brussels), when another follows; none if none stood before.

    An end that was still to come on ``today`` may be put off.
    """
    stays = [old for old in before if old.valid_from is None or old.valid_from < day]
    if not stays:
        return ()
    *past, last = (_over(old, day) for old in stays)
    if last.valid_to is not None and last.valid_to > today:
        last = replace(last, valid_to=day)
    return (*past, replace(last, successor=successor))


def _over(old: Entry, day: date) -> Entry:
    """Return an entry as it stands when it is over on that day at the latest."""
    return replace(old, valid_to=day) if old.valid_to is None or old.valid_to > day else old


def _gone_on(later: Entry, was: Entry | None, entry: Entry) -> Entry:
    """Return a later entry with what is changed now, wherever it was to stay as it is today."""
    if was is None:
        return later
    now = {
        name: getattr(entry, name)
        for name in changed_fields(was, entry)
        if getattr(later, name) == getattr(was, name)
    }
    return replace(later, **now | {"parts": _parts(later.parts, was.parts, entry.parts)})


def _parts(later: tuple[Part, ...], was: tuple[Part, ...], now: tuple[Part, ...]) -> tuple[Part, ...]:
    """Return the parts of a later entry: each by itself, since one may be renamed then while another ends now."""
    old, new = {part.key: part for part in was}, {part.key: part for part in now}
    kept = [part for part in later if part.key in new or part.key not in old]
    kept = [new[part.key] if part == old.get(part.key) else part for part in kept]
    return (*kept, *(part for part in now if part.key not in old and part.key not in {one.key for one in later}))
