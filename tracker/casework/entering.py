"""Owns how a clerk enters what did not come through the form, and what was answered in the same conversation."""

from dataclasses import replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from tracker.casework.casefile import CaseFile
from tracker.casework.drafting import Draft
from tracker.casework.house import Actor, House
from tracker.casework.letters import send
from tracker.casework.register import Intake, Registered, register
from tracker.charter.counting import brussels_day
from tracker.charter.words import SPOKEN, ChannelReason, MessageKind, Nature, Verb
from tracker.models.cases import Case


def enter(
    session: Session, house: House, *, intake: Intake, answered: str = "", actor: Actor, now: datetime
) -> Registered:
    """Register what came on paper or was said; ``answered``: the answer, when it was given in the same conversation.

    That conversation, on the telephone or at the counter, is then the answer, on the day on which it was held. It
    needs no permission on the case: whoever had the conversation tells what was said. The case is their service's,
    unless they name another. The requester has a reference all the same. Raises what registering raises.
    """
    if not answered.strip() or intake.channel not in SPOKEN:
        return register(session, house, intake=intake, actor=actor, now=now)
    own = actor.person.service_code if actor.person else None
    intake = replace(intake, acknowledge=False, service=intake.service or own)
    done = register(session, house, intake=intake, actor=actor, now=now)
    if done.again:
        return done
    case = session.scalars(select(Case).where(Case.id == done.case.id).with_for_update()).one()
    file = CaseFile.hold(session, house, case, actor=actor, now=now)
    send(file, MessageKind.ANSWER, _said(case, answered))
    if _is_over(file):
        file.done(Verb.CLOSE)
    return replace(done, case=case, owed=file.ledger.open_obligations)


def _said(case: Case, answered: str) -> Draft:
    """Return the conversation as the answer; whoever takes it there and then chose that way."""
    reason = ChannelReason.ASKED if case.reply_channel is not case.channel else None
    held_on = brussels_day(case.received_at)
    return Draft(text=answered, channel=case.channel, channel_reason=reason, spoken_on=held_on)


def _is_over(file: CaseFile) -> bool:
    """Say whether there is nothing left to do: a complaint, or somebody in trouble, is still looked at."""
    case = file.case
    return case.nature is Nature.INFORMATION and case.urgent_since is None and not file.ledger.open_obligations
