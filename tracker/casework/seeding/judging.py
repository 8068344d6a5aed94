"""Owns what is found of made-up complaints, and what is done because of some of them."""

from datetime import datetime, timedelta

from tracker.casework.seeding.story import Story, Values
from tracker.charter.counting import brussels_day
from tracker.charter.words import Effect, Inadmissible, Outcome, Verb

THEMES = ("phone", "late", "late", "no_answer", "wrong", "counter", "unclear", "reach", "online")
CAUSES = ("workload", "workload", "procedure", "handover", "training", "system", "published")
"""Dealt out by the number of the case; some come more often than others."""
COURSES = (Outcome.FOUNDED, Outcome.UNFOUNDED, Outcome.PARTLY, Outcome.FOUNDED, None)
"""Dealt out by the minute of the receipt; None: not admissible."""
MOST_DAYS = 30
"""Within how many days an action is to be done."""


def judge(story: Story) -> bool:
    """Say what is found of a complaint, a little after what was done last; return whether it is founded or partly."""
    at = story.history[-1]["at"] + timedelta(minutes=10)
    outcome = COURSES[story.received_at.minute % len(COURSES)]
    told: Values = {"admissible": outcome is not None, "theme": "%(theme)s"}
    if outcome is None:
        told |= {"ground": Inadmissible.OLD_FACTS, "note": "%(too_old)s"}
    else:
        told |= {"outcome": outcome, "reasons": "%(found)s"}
    founded = outcome in (Outcome.FOUNDED, Outcome.PARTLY)
    told |= {"cause": "%(cause)s"} if founded else {}
    story.do(Verb.WRITE, at, complaint="finding", finding=told)
    story.finding = told | {"case_id": "%(case)s", "found_at": at, "found_by": "%(handler)s"}
    return founded


def act_on(story: Story) -> None:
    """Say what is done because of a complaint, and as far as there was time, that it was done and what came of it."""
    at = story.history[-1]["at"] + timedelta(minutes=5)
    if at >= story.until:
        return
    due_on = brussels_day(at) + timedelta(days=MOST_DAYS)
    told: Values = {"number": "#action#", "what": "%(mend)s", "owner": "#handler#", "due_on": due_on.isoformat()}
    story.do(Verb.WRITE, at, complaint="action", action=dict(told), owner="%(handler_name)s")
    story.action = {
        "case_id": "%(case)s", "what": "%(mend)s", "owner_id": "%(handler)s", "due_on": due_on, "noted_at": at,
        "noted_by": "%(handler)s",
    }  # fmt: skip
    if story.received_at.minute % 7:  # the others are left undone
        _done(story, told, at + timedelta(days=12 + story.received_at.minute % 30))


def _done(story: Story, told: Values, at: datetime) -> None:
    assert story.action is not None
    if at >= story.until:
        return
    told |= {"done_on": brussels_day(at).isoformat()}
    story.do(Verb.WRITE, at, complaint="action_done", action=dict(told))
    story.action |= {"done_on": brussels_day(at)}
    seen = at + timedelta(days=40)
    if seen >= story.until:
        return
    effect = (Effect.WORKED, Effect.PARTLY, Effect.WORKED, Effect.NONE)[story.received_at.minute % 4]
    told |= {"effect": effect, "looked_at": "%(seen)s", "effect_on": brussels_day(seen).isoformat()}
    story.do(Verb.WRITE, seen, complaint="effect", action=dict(told))
    story.action |= {"effect": effect, "looked_at": "%(seen)s", "effect_on": brussels_day(seen)}
