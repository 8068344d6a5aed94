"""Owns each promise of a case in words: days left, what it answers, why that date, and how it was counted."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from flask_babel import gettext as _

from tracker.charter.obligations import Obligation as Promise
from tracker.charter.steps import StepCode
from tracker.charter.words import Language, ObligationState
from tracker.correspondence.explanation import days_left_in_words, explain_rule, explain_steps, label
from tracker.web.bars import Bar, Mark, bar_of
from tracker.web.filters import unbroken_day as day
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
    why: str
    steps: list[str]
    bar: Bar


def explained(promise: Promise, today: date, *, received_on: date) -> Explained:
    """Say a promise in the words of whoever reads, as it stands on a day (Brussels); its case came in on another."""
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
        why=explain_rule(promise.rule_id, days=promise.days, due_on=promise.due_on, language=lang),
        steps=explain_steps(promise.steps, lang),
        bar=bar_of(_days(promise, today, received_on)),
    )


def _days(promise: Promise, today: date, received_on: date) -> Iterator[tuple[Mark, date, str]]:
    """Yield the days that a promise hangs on, each in words; that of a letter begins with what it put off."""
    if promise.basis is StepCode.PROMISED:
        yield Mark.BEGAN, received_on, _("received on %(day)s", day=day(received_on))
        yield Mark.LETTER, promise.counted_from, _about(promise)
    else:
        yield Mark.BEGAN, promise.counted_from, _about(promise)
    if promise.work_by != promise.due_on:
        last = _("last working day: %(day)s", day=day(promise.work_by))
        yield Mark.WORK_BY, promise.work_by, last + " (" + _("provisional") + ")" if promise.provisional else last
    yield Mark.DUE, promise.due_on, _("due on %(day)s", day=day(promise.due_on))
    ended = today if promise.is_open else promise.settled_on or promise.due_on
    if ended > promise.due_on:
        broken = promise.due_on + timedelta(days=1)
        yield Mark.LATE, broken, _("late since %(day)s", day=day(broken))
    if promise.is_open:
        yield Mark.TODAY, today, _("today, %(day)s", day=day(today))
    else:
        kept = promise.state is ObligationState.DISCHARGED
        said = label(promise.state, Language(language()))
        yield Mark.KEPT if kept else Mark.ENDED, ended, _("%(what)s on %(day)s", what=said, day=day(ended))


def _about(promise: Promise) -> str:
    """Say what a promise answers: two of one kind may be due on the same day."""
    first = promise.steps[0]
    began = day(promise.counted_from)
    match first.code:
        case StepCode.FOLLOW_UP_RECEIVED:
            return str(_("For what was added on %(day)s", day=began))
        case StepCode.CAME_BACK:
            return str(_("Since it came back on %(day)s", day=began))
        case StepCode.PROMISED:
            left = date.fromisoformat(str(first.values["left_on"]))
            return str(_("As the interim letter of %(day)s promised", day=day(left)))
        case _:
            return str(_("For the request of %(day)s", day=began))
