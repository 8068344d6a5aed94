"""Owns what every use case is handed beside the session: the law of the house, and who acts."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tracker.access.permissions import Person
from tracker.charter.calendar import WorkingCalendar
from tracker.charter.rules import RuleBook
from tracker.charter.words import Language

if TYPE_CHECKING:
    from tracker.routing.router import Router


@dataclass(frozen=True)
class House:
    """The rules, the calendar and the router in force in this process, and what its letters need to say."""

    rules: RuleBook
    shipped_calendar: WorkingCalendar
    """As it comes with the product."""
    router: Callable[[], "Router"]
    """Gives the router, read on first use: most commands never route anything."""
    reference_prefix: str
    base_url: str
    """Where citizens and staff find Suivi, without a slash at the end."""
    secret: bytes
    """What tracking codes are derived from."""
    duty_email: str | None = None
    """The mailbox of guard duty, if there is one: told of urgent cases beside the dispatchers."""
    survey_url: str | None = None
    """Where a requester says what they thought of the service; ``{language}`` in it stands for theirs. None: here."""
    survey_months: int = 3
    """Nobody is asked about a case who was asked about another one in so many months."""

    calendar_in_force: Callable[[], WorkingCalendar] | None = None
    """Gives the shipped calendar with what administrators added here; none: there is no installation to ask."""

    @property
    def calendar(self) -> WorkingCalendar:
        """The working calendar, with what counts only from a later day on: see ``as_known_on``."""
        return self.calendar_in_force() if self.calendar_in_force is not None else self.shipped_calendar

    def survey_in(self, language: Language) -> str | None:
        """Return the address of a survey elsewhere in a language; none: it is asked here."""
        return self.survey_url and self.survey_url.replace("{language}", language)


@dataclass(frozen=True)
class Actor:
    """Who does something: a member of staff, the citizen, or Suivi itself."""

    name: str
    person: Person | None = None
    """Set for a member of staff: what the table of permissions is asked with."""

    @property
    def staff_id(self) -> int | None:
        """The id of the member of staff; none for the citizen and for Suivi itself."""
        return self.person.id if self.person else None


CITIZEN = Actor("citizen")
SYSTEM = Actor("system")
