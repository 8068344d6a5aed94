"""Owns the figures of a router on texts whose body is known: right first, among three, calibration, the curve."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from time import perf_counter
from typing import Any

from tracker.charter.errors import shortened
from tracker.charter.words import Nature, ServiceKind
from tracker.routing.proposal import ABSTAIN, AUTO
from tracker.routing.router import Router

THRESHOLDS = tuple(number / 100 for number in range(50, 100))
BINS = 10
ORDINARY = frozenset({Nature.INFORMATION.value, Nature.COMPLEX.value})
"""The kinds of request of which nothing is proposed."""


class BadText(ValueError):
    """A line that no text can be judged by: the message says why."""


@dataclass(frozen=True, slots=True)
class Text:
    """A text and where it belongs: ``expected`` is right (empty: nobody can tell), ``acceptable`` would do too.

    ``nature`` is what kind of request it is: the router is asked for it, and not told.
    """

    text: str
    expected: str
    acceptable: frozenset[str]
    lang: str | None = None
    country: str | None = None
    nature: str | None = None


@dataclass(frozen=True, slots=True)
class Judged:
    """What the router said of one text, held against what is known."""

    lang: str
    expected: str
    first: str
    """What it put first; empty: nothing."""
    score: float
    ours: bool
    """Whether that is one of our own services: only those are ever given a case unasked."""
    right: bool
    acceptable: bool
    among_three: bool
    decision: str
    milliseconds: float
    nature: str | None
    """What kind of request it is, if that is known."""
    proposed: str | None
    """What kind it was taken for, where it was taken for anything but an ordinary request."""


def text_of(row: Mapping[str, Any], codes: Iterable[str]) -> Text:
    """Read one line of a file of texts. Raises BadText."""
    known = {*codes, ""}
    for name, kinds in (("text", str), ("expected", str)):
        if not isinstance(row.get(name), kinds):
            raise BadText(f"{name} is missing: write it as a JSON string.")
    acceptable = row.get("acceptable") or []
    if not isinstance(acceptable, list) or not all(isinstance(code, str) for code in acceptable):
        raise BadText('acceptable is no list of codes: write it like ["M1", "M2"].')
    if unknown := sorted({row["expected"], *acceptable} - known):
        raise BadText(f"{shortened(', '.join(unknown))}: no such body in the directory.")
    accepted = frozenset({row["expected"], *acceptable})
    return Text(row["text"], row["expected"], accepted, row.get("lang"), row.get("country"), row.get("nature"))


def judge(router: Router, text: Text, *, on: date) -> Judged:
    """Ask the router about one text, as of a day. A body that was renamed counts as what stands for it now."""
    started = perf_counter()
    found = router.route(text.text, lang=text.lang, country=text.country, on=on)
    taken = 1000 * (perf_counter() - started)
    standing = {code: router.directory.standing_for(code, on=on) for code in text.acceptable if code}
    accepted = {entry.code for entry in standing.values() if entry is not None}
    expected = standing.get(text.expected)
    named = [one.code for one in found.suggestions]
    first = named[0] if named else ""
    nobody = text.expected == "" and found.decision == ABSTAIN
    entry = router.directory.get(first, on=on) if first else None
    return Judged(
        lang=found.lang or "?",
        expected=text.expected,
        first=first,
        score=found.suggestions[0].score if named else 0.0,
        ours=entry is not None and entry.kind is ServiceKind.INTERNAL,
        right=nobody or (expected is not None and first == expected.code),
        acceptable=nobody or first in accepted,
        among_three=nobody or not accepted.isdisjoint(named[:3]),
        decision=found.decision,
        milliseconds=taken,
        nature=text.nature,
        proposed=found.proposed.nature.value if found.proposed.nature else None,
    )


def figures(judged: Sequence[Judged]) -> dict[str, Any]:
    """Return the figures of some texts: shares from 0 to 1; None where there is nothing to take a share of."""
    auto = [one for one in judged if one.decision == AUTO]
    return {
        "texts": len(judged),
        "right_first": _share(one.right for one in judged),
        "acceptable_first": _share(one.acceptable for one in judged),
        "among_three": _share(one.among_three for one in judged),
        "calibration_error": calibration_error(judged),
        "auto": {
            "share": _share(one.decision == AUTO for one in judged),
            "right": _share(one.acceptable for one in auto),
        },
    }


def calibration_error(judged: Sequence[Judged]) -> float | None:
    """Return how far scores are from how often they prove acceptable: over ten bins, weighed by their texts."""
    scored = [one for one in judged if one.first]
    if not scored:
        return None
    error = 0.0
    for number in range(BINS):
        some = [one for one in scored if min(int(one.score * BINS), BINS - 1) == number]
        error += abs(sum(one.score for one in some) - sum(one.acceptable for one in some))
    return round(error / len(scored), 4)


def natures(judged: Sequence[Judged]) -> dict[str, Any]:
    """Return for each kind of request among the texts of which it is known how many there are, and were taken for it.

    Nothing is proposed for an ordinary request, simple or complex: it is right when it was taken for nothing else.
    """
    found = {}
    for nature in sorted({one.nature for one in judged if one.nature}):
        some = [one for one in judged if one.nature == nature]
        right = {None, nature} if nature in ORDINARY else {nature}
        found[nature] = {"texts": len(some), "right": _share(one.proposed in right for one in some)}
    return found


def curve(judged: Sequence[Judged]) -> list[dict[str, Any]]:
    """Return for each threshold what would be assigned by itself, what suggested, and how much of it rightly."""
    found = []
    for threshold in THRESHOLDS:
        above = [one for one in judged if one.first and one.score >= threshold]
        ours = [one for one in above if one.ours]
        found.append(
            {
                "threshold": threshold,
                "auto": {"share": _of(ours, judged), "right": _share(one.acceptable for one in ours)},
                "suggest": {"share": _of(above, judged), "right": _share(one.acceptable for one in above)},
            }
        )
    return found


def confusions(judged: Sequence[Judged], most: int) -> list[dict[str, Any]]:
    """Return the pairs confused most often: what was right, what was put first, and how often."""
    pairs = Counter((one.expected, one.first) for one in judged if not one.acceptable)
    worst = sorted(pairs.items(), key=lambda pair: (-pair[1], pair[0]))[:most]
    return [{"expected": expected, "first": first, "times": times} for (expected, first), times in worst]


def report(judged: Sequence[Judged], *, pairs: int) -> dict[str, Any]:
    """Return every figure, overall, by language and by expected body."""
    took = sorted(one.milliseconds for one in judged)
    return {
        "overall": figures(judged),
        "languages": {
            lang: figures([one for one in judged if one.lang == lang]) for lang in _in_order("lang", judged)
        },
        "services": {
            code: figures([one for one in judged if one.expected == code]) for code in _in_order("expected", judged)
        },
        "natures": natures(judged),
        "curve": curve(judged),
        "confusions": confusions(judged, pairs),
        "milliseconds": {
            "mean": round(sum(took) / len(took), 2),
            "p95": round(took[-(-len(took) * 95 // 100) - 1], 2),
        },
    }


def _in_order(name: str, judged: Iterable[Judged]) -> list[str]:
    return sorted({getattr(one, name) for one in judged})


def _of(some: Sequence[Judged], every: Sequence[Judged]) -> float | None:
    return round(len(some) / len(every), 4) if every else None


def _share(held: Iterable[bool]) -> float | None:
    every = list(held)
    return round(sum(every) / len(every), 4) if every else None
