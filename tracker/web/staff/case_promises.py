"""Owns each promise of a case in words: days left, what it answers, why that date, and how it was counted."""

from dataclasses import dataclass
from datetime import date

from flask_babel import gettext as _

from tracker.charter.obligations import Obligation as Promise
from tracker.charter.steps import StepCode
from tracker.charter.words import Language, ObligationState
from tracker.correspondence.explanation import days_left_in_words, explain_rule, explain_steps
from tracker.correspondence.tables import date_in_words
from tracker.web.languages import language


@dataclass(frozen=True, slots=True)
class Explained:
    """One promise in words."""

    promise: Promise
    open: bool
    late: bool
    mark: str
    tone: str
    left: str
    about: str
    """What was received or written that it belongs to."""
    why: str
    steps: list[str]


def explained(promise: Promise, today: date) -> Explained:
    """Say a promise in the words of whoever reads, as it stands on a day (Brussels)."""
    lang = Language(language())
    is_open = promise.state is ObligationState.OPEN
    late = is_open and promise.due_on < today
    mark = "late" if late else "soon" if promise.work_by <= today else "still"
    tone = {"late": "red", "soon": "orange"}.get(mark, "")
    if not is_open:
        kept = promise.state is ObligationState.DISCHARGED and not promise.settled_late
        mark, tone = ("done", "green") if kept else ("late", "red") if promise.settled_late else ("still", "grey")
    return Explained(
        promise=promise,
        open=is_open,
        late=late or promise.settled_late,
        mark=mark,
        tone=tone,
        left=days_left_in_words(promise.due_on, today, lang) if is_open else "",
        about=_about(promise) if is_open else "",
        why=explain_rule(promise.rule_id, days=promise.days, due_on=promise.due_on, language=lang),
        steps=explain_steps(promise.steps, lang),
    )


def _about(promise: Promise) -> str:
    """Say what a promise answers: two of one kind may be due on the same day."""
    lang, first = Language(language()), promise.steps[0]
    day = date_in_words(promise.counted_from, lang)
    match first.code:
        case StepCode.FOLLOW_UP_RECEIVED:
            return str(_("For what was added on %(day)s", day=day))
        case StepCode.CAME_BACK:
            return str(_("Since it came back on %(day)s", day=day))
        case StepCode.PROMISED:
            left = date.fromisoformat(str(first.values["left_on"]))
            return str(_("As the interim letter of %(day)s promised", day=date_in_words(left, lang)))
        case _:
            return str(_("For the request of %(day)s", day=day))
