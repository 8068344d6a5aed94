"""Owns the text modules of a made-up population, as its heads and its direction would have written them."""

import tomllib
from datetime import datetime
from importlib.resources import files

from sqlalchemy import select
from sqlalchemy.orm import Session

from tracker.access.permissions import Person, may_write_text
from tracker.casework.house import Actor
from tracker.casework.texts import save_text
from tracker.charter.words import Language
from tracker.models.staff import Staff


def keep_passages(session: Session, *, now: datetime) -> None:
    """Write the text modules in each language, each by somebody who may; one that nobody may write is left out."""
    entries = tomllib.loads((files("tracker.casework.seeding") / "passages.toml").read_text(encoding="utf-8"))
    staff = session.scalars(select(Staff).where(Staff.active).order_by(Staff.id)).all()
    people = [Actor(one.name, Person(one.id, one.role, one.service_code)) for one in staff]
    for entry in entries["passage"]:
        service = entry.get("service")
        writer = next((one for one in people if one.person and may_write_text(one.person, service)), None)
        if writer is None:
            continue
        for language in Language:
            save_text(
                session,
                number=None,
                service_code=service,
                language=language,
                title=entry["title"][language],
                body=entry["body"][language],
                actor=writer,
                now=now,
            )
