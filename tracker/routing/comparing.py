"""Owns the judgement between two models: by texts that, for each of them, no part that judged had been trained on.

A model keeps, of each text it was trained on, how the fold judged it that had not seen it. A text that the model in
force was not trained on, it is asked itself. So every text of the newer one is judged by both, once each.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from math import sqrt

from tracker.routing.examples import Example, mark
from tracker.routing.model import Model
from tracker.routing.proposal import ABSTAIN
from tracker.routing.router import Router
from tracker.routing.staff_rules import StaffRules


@dataclass(frozen=True, slots=True)
class Compared:
    """How two models did on the same texts."""

    texts: int
    before: int
    """How many the model in force got right or acceptable."""
    after: int
    gained: int
    """How many only the newer one did."""
    lost: int
    """How many only the one in force did."""

    @property
    def worse(self) -> bool:
        """Say whether the newer one loses more than it gains, and by more than chance would make of no difference.

        Were there none, each text on which they differ would be a throw of a coin: a standard deviation is the root
        of their number.
        """
        return self.lost - self.gained > sqrt(self.lost + self.gained)

    def to_json(self) -> dict[str, int]:
        """Return the figures as plain JSON values."""
        return {
            "texts": self.texts,
            "before": self.before,
            "after": self.after,
            "gained": self.gained,
            "lost": self.lost,
        }


def compare(in_force: Router, newer: Model, examples: Iterable[Example], *, on: date) -> Compared:
    """Compare a model that was just trained on these examples with the one in force, as of a day (Brussels).

    Rules of staff are left aside: they would decide the same beside either model.
    """
    in_force = in_force.with_rules(StaffRules())
    before = after = gained = lost = texts = 0
    for one in examples:
        known = in_force.model.judged.get(mark(one))
        was, is_ = _right(in_force, one, on) if known is None else known, newer.judged[mark(one)]
        texts, before, after = texts + 1, before + was, after + is_
        gained, lost = gained + (is_ and not was), lost + (was and not is_)
    return Compared(texts, before, after, gained, lost)


def _right(router: Router, one: Example, on: date) -> bool:
    """Say whether a router that never saw a text names a body that is right or acceptable, or rightly none."""
    found = router.route(one.text, lang=one.lang, country=one.country, top=1, on=on)
    if not one.code:
        return found.decision == ABSTAIN
    accepted = {entry.code for code in one.acceptable if (entry := router.directory.standing_for(code, on=on))}
    return bool(found.suggestions) and found.suggestions[0].code in accepted
