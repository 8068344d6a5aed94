"""Owns the word by mail to colleagues about a task, or about a note that names them: written once, with its way out.

The task or the note it is about is a unique key of its row: any number of attempts leave one. It holds no word of the
citizen's, nor of what was asked: all of that is on the page of the case, for whoever may read it.
"""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy.orm import Session

from tracker.casework.staffing import Team
from tracker.charter.words import Role, WordToStaff
from tracker.models.cases import Case
from tracker.models.messages import Message, Outbox
from tracker.models.tasks import StaffNotice, Task


def send_word(
    session: Session, kind: WordToStaff, case: Case, to: Iterable[int], *, now: datetime, task: Task | None = None,
    note: Message | None = None,
) -> bool:  # fmt: skip
    """Store a word to colleagues with its place in the outbox; returns whether there is anybody to send it to."""
    recipients = sorted(set(to))
    if not recipients:
        return False
    word = StaffNotice(
        kind=kind, case_id=case.id, task_id=task.id if task else None, message_id=note.id if note else None,
        recipients=recipients, recorded_at=now,
    )  # fmt: skip
    session.add(word)
    session.flush()
    session.add(Outbox(staff_notice_id=word.id, state="waiting", attempts=0, next_try_at=now))
    return True


def reader_for(team: Team, person_id: int | None, *, not_this: int | None = None) -> set[int]:
    """Return who reads what is for one person today: they, or who stands in; nobody when there is nobody."""
    member = team.there(team.members.get(person_id), not_this=not_this) if person_id is not None else None
    return {member.id} if member is not None and not member.is_desk else set()


def readers_of(team: Team, service_code: str) -> set[int]:
    """Return who reads today what is for a service: its heads, else its clerks."""
    found = team.heads(service_code) or team.in_role(Role.CLERK, service_code)
    return {member.id for member in found if not member.is_desk}
