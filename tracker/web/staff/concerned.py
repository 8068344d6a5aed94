"""Owns the fields by which staff say whom and which service a complaint is about."""

from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from tracker.charter.counting import brussels_day
from tracker.insight.choices import bodies, everybody
from tracker.web.languages import language
from tracker.web.site import site
from tracker.web.staff.accounts import now
from tracker.web.staff.fields import Pick, person_in_words


def service_concerned() -> Pick:
    """A field for the service that a complaint is about; may stay empty."""
    return Pick(
        _l("Choose a service of the list."),
        label=_l("Service it is about"),
        description=_l("For a complaint only, if it is about a service or a member of its staff."),
    )


def person_concerned() -> Pick:
    """A field for the member of staff whom a complaint is about; may stay empty."""
    return Pick(
        _l("Choose a colleague of the list."),
        label=_l("Member of staff it is about"),
        description=_l("For a complaint only. Whoever it is about neither handles the file nor sees it."),
    )


def offer(service: Pick, person: Pick) -> None:
    """Give both fields their choices, in the reader's language."""
    day = brussels_day(now())
    with site().database.reading() as db:
        services, people = bodies(db, internal=True, day=day, language=language()), everybody(db, day=day)
    service.choices = [("", _("None in particular")), *((one.code, one.name) for one in services)]
    person.choices = [
        ("", _("Nobody in particular")),
        *((str(one.id), person_in_words(one)) for one in people),
    ]


def chosen(service: Pick, person: Pick) -> dict[str, Any]:
    """Return what was chosen, as the use cases take it."""
    return {"about_service": service.data or None, "about_staff_id": int(person.data) if person.data else None}
