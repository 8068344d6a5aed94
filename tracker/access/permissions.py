"""Owns the table of permissions: which role may do what, on which cases; whatever is not listed is refused."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from tracker.charter.words import Role, Verb


class Reach(StrEnum):
    """How far a permission goes."""

    OWN = "own"  # cases one handles, or stands in for
    SERVICE = "service"  # cases of one's own service, lead or associated
    UNASSIGNED = "unassigned"  # cases in triage
    RINGING = "ringing"  # urgent cases that nobody has taken yet, whichever service they were given to
    COMPLAINTS = "complaints"  # complaints
    ASKED = "asked"  # cases on which one is asked for something, while it is still to be done
    ALL = "all"


class Room(StrEnum):
    """What is not about one case."""

    QUEUE = "queue"
    SEARCH = "search"  # over the cases that one may read
    ENTER = "enter"  # enter a letter, a fax, a call or a visit
    REGISTER = "register"  # the daily book: what was on a case one may not see shows its number only
    LETTERS = "letters"  # what waits to be printed and posted, on cases that one may read
    MAIL = "mail"  # mail that was held or set aside
    TEXTS = "texts"  # the text modules, to read and to use
    WRITE_TEXTS = "write_texts"
    RULES = "rules"  # the rules that staff write for the router: of the heads, for those over the dispatchers
    ROUTING = "routing"  # the models that propose services, and which of them is in force
    DIRECTORY = "directory"  # the services and bodies, and what each is competent for
    WRITE_DIRECTORY = "write_directory"
    SURVEY = "survey"  # what requesters thought of the answers: a head sees the own service
    PROFILE = "profile"  # one's own language, absence and deputy
    ABSENCES = "absences"  # of the people of one's service: see ``may_set_absence``
    PEOPLE = "people"
    ADMIN = "admin"  # the state of this installation: jobs, rules, texts of messages, settings; no case
    FIGURES = "figures"  # how the promises are kept: see ``figures_for``
    COMPLAINTS = "complaints"  # their list, as far as one may read them, and their figures


@dataclass(frozen=True, slots=True)
class Person:
    """Who asks: what the table needs to know of a member of staff."""

    id: int
    role: Role
    service_code: str | None
    stands_in_for: frozenset[int] = frozenset()
    """Ids of the colleagues who are away today and have named this person their deputy."""
    heads_dispatchers: bool = False
    """Whether they are the head of the service that dispatchers belong to."""


@dataclass(frozen=True, slots=True)
class CaseFacts:
    """What the table needs to know of a case."""

    handler_id: int
    services: frozenset[str]
    """The lead service and the associated ones."""
    unassigned: bool
    complaint: bool
    sensitive: bool
    concerns: int | None
    """The member of staff whom a complaint is about."""
    ringing: bool
    """Urgent, not finished, and nobody has taken it yet: guard duty is told of it."""
    lead: str | None = None
    """The lead service alone; none: no service has it."""
    asked: frozenset[int] = frozenset()
    """The colleagues who are asked for something on it that is still to be done."""


@dataclass(frozen=True, slots=True)
class MailFacts:
    """What the table needs to know of a mail that was held or set aside."""

    presumed: CaseFacts | None
    """The case that it is presumed to be about; none: nobody can tell."""
    desks: frozenset[str | None]
    """The services of the dispatchers, whose heads are over them."""


READ = "read"
SETTLE = "settle"
"""To decide about a mail that was held, or to take note of one that was set aside."""
ERASE = "erase"
"""To decide that the personal data of a case are erased: nobody takes that back."""
HANDLING: tuple[Verb, ...] = (
    Verb.CONFIRM_NATURE,
    Verb.HAND_OVER,
    Verb.FLAG,
    Verb.WRITE,
    Verb.KEEP_SHORT,
    Verb.SEND_INTERIM,
    Verb.EXTEND,
    Verb.TRANSMIT,
    Verb.ANSWER,
    Verb.RECORD_LEAVING,
    Verb.VOID_LEAVING,
    Verb.WAIVE,
    Verb.FOLLOW_UP,
    Verb.COME_BACK,
    Verb.CORRECT_RECEIPT,
    Verb.CORRECT_CONTACT,
    Verb.CLOSE,
    Verb.REOPEN,
    Verb.MERGE,
    Verb.ABSORB,
    Verb.TAKE,
    Verb.ROUTE,
    Verb.ASSIGN,
)

# Whoever is asked for something reads the case until it is done, and does nothing else to it.
_SERVICE_WORK = {READ: {Reach.SERVICE, Reach.OWN, Reach.ASKED}} | {
    verb: {Reach.SERVICE, Reach.OWN} for verb in HANDLING
}
_TRIAGE_WORK = {READ: {Reach.UNASSIGNED, Reach.OWN, Reach.ASKED}} | {
    verb: {Reach.UNASSIGNED, Reach.OWN} for verb in HANDLING
}
# Guard duty is told of every urgent case until somebody takes it (user charter §3), so it may look and take it.
_TRIAGE_WORK |= {action: {*_TRIAGE_WORK[action], Reach.RINGING} for action in (READ, Verb.TAKE)}
_COMPLAINT_WORK = {READ: {Reach.COMPLAINTS, Reach.OWN, Reach.ASKED}} | {
    verb: {Reach.COMPLAINTS, Reach.OWN} for verb in HANDLING
}

ON_CASES: Mapping[Role, Mapping[str, set[Reach]]] = {
    Role.CLERK: _SERVICE_WORK,
    Role.HEAD: _SERVICE_WORK | {ERASE: {Reach.SERVICE}},
    Role.DISPATCHER: _TRIAGE_WORK,
    Role.COMPLAINTS: _COMPLAINT_WORK | {ERASE: {Reach.COMPLAINTS}},
    Role.DIRECTION: {READ: {Reach.ALL}},
    Role.AUDITOR: {READ: {Reach.ALL}},
    Role.ADMIN: {},  # the machine, never the content of a case
}

_EVERYBODY = frozenset({Room.TEXTS, Room.DIRECTORY, Room.PROFILE})
_AT_THE_DESK = _EVERYBODY | {Room.QUEUE, Room.SEARCH, Room.ENTER, Room.REGISTER, Room.LETTERS, Room.MAIL}
_OVER_ALL = _EVERYBODY | {
    Room.FIGURES, Room.QUEUE, Room.SEARCH, Room.REGISTER, Room.MAIL, Room.SURVEY, Room.COMPLAINTS,
}  # fmt: skip

ROOMS: Mapping[Role, frozenset[Room]] = {
    Role.CLERK: _AT_THE_DESK,
    Role.HEAD: _AT_THE_DESK
    | {Room.ABSENCES, Room.FIGURES, Room.COMPLAINTS, Room.WRITE_TEXTS, Room.RULES, Room.SURVEY},
    Role.DISPATCHER: _AT_THE_DESK,
    Role.COMPLAINTS: _AT_THE_DESK | {Room.FIGURES, Room.COMPLAINTS, Room.WRITE_TEXTS},
    Role.DIRECTION: _OVER_ALL | {Room.WRITE_TEXTS},
    Role.AUDITOR: _OVER_ALL,
    Role.ADMIN: _EVERYBODY
    | {Room.ABSENCES, Room.ADMIN, Room.PEOPLE, Room.WRITE_TEXTS, Room.WRITE_DIRECTORY, Room.RULES, Room.ROUTING},
}

_MAIL_OF_NOBODY: Mapping[Role, frozenset[str]] = {
    Role.DISPATCHER: frozenset({READ, SETTLE}),
    Role.DIRECTION: frozenset({READ}),
    Role.AUDITOR: frozenset({READ}),
}
"""What may be done with a mail that is presumed to be about no case; the dispatchers' head may do what they may."""


def reaches(person: Person, action: str) -> frozenset[Reach]:
    """Return how far an action goes for a person; nothing: never.

    The dispatchers' head has what dispatchers have as well: they are told of what stays unassigned.
    """
    far = frozenset(ON_CASES[person.role].get(action, ()))
    if person.role is Role.HEAD and person.heads_dispatchers:
        far |= frozenset(ON_CASES[Role.DISPATCHER].get(action, ()))
    return far


def may_enter(person: Person, room: Room) -> bool:
    """Say whether a person may use something that is not about one case."""
    return room in ROOMS[person.role]


def may_write_text(person: Person, service_code: str | None) -> bool:
    """Say whether a person may write the text modules of a service, or those for every service (None).

    A head writes those of the own service, as the coordinator does for complaints; the direction writes what every
    service uses, and whoever runs the machine may put all of them right.
    """
    if not may_enter(person, Room.WRITE_TEXTS):
        return False
    if person.role in (Role.HEAD, Role.COMPLAINTS):
        return service_code is not None and service_code == person.service_code
    return person.role is Role.ADMIN or service_code is None


def may_set_absence(person: Person, of: Person) -> bool:
    """Say whether a person may set and end the absence of somebody, and say who stands in.

    One's own; a head that of the people of the service, and the head without a service that of the dispatchers
    without one; whoever runs the machine that of everybody.
    """
    if person.id == of.id or person.role is Role.ADMIN:
        return True
    near = person.service_code == of.service_code and (of.service_code is not None or of.role is Role.DISPATCHER)
    return person.role is Role.HEAD and near


def may_keep_rules(person: Person, desks: frozenset[str | None]) -> bool:
    """Say whether a person may see and write the rules of routing.

    The dispatchers' head may (``desks``: the services of the dispatchers), and whoever runs the machine.
    """
    return may_enter(person, Room.RULES) and (person.role is not Role.HEAD or person.service_code in desks)


def may_share_views(person: Person) -> bool:
    """Say whether a person may share a view of the queue with the service: its head."""
    return person.role is Role.HEAD and person.service_code is not None


def figures_for(person: Person) -> tuple[frozenset[str] | None, bool]:
    """Return of which lead services a person sees the figures (None: of all), and whether of complaints only.

    A head sees those of the own service; the dispatchers' head also those of files that no service has yet, the empty
    one. The complaints coordinator sees complaints of all services.
    """
    if person.role is not Role.HEAD:
        return (None if may_enter(person, Room.FIGURES) else frozenset()), person.role is Role.COMPLAINTS
    own = {person.service_code} if person.service_code is not None else set()
    return frozenset(own | ({""} if person.heads_dispatchers else set())), False


def may(person: Person, action: str, case: CaseFacts) -> bool:
    """Say whether a person may read (``READ``) or do (a ``Verb``) something on a case.

    A sensitive case is for its handler, the handler's deputy and the head of its service only: being asked for
    something opens none. Whoever is asked, or stands in for them, reads the case until it is settled. Whoever a
    complaint is about takes no part in it and does not see it (charter §6). To erase is for the head of the lead
    service: a service that is only beside it, such as the one a complaint is about, decides nothing of that kind.
    """
    if case.concerns == person.id:
        return False
    far = reaches(person, action)
    own = case.handler_id == person.id or case.handler_id in person.stands_in_for
    services = case.services if action != ERASE else frozenset({case.lead})
    of_service = person.service_code is not None and person.service_code in services
    if case.sensitive:
        return bool(far) and (own or (person.role is Role.HEAD and of_service))
    return (
        Reach.ALL in far
        or (Reach.OWN in far and own)
        or (Reach.SERVICE in far and of_service)
        or (Reach.UNASSIGNED in far and case.unassigned)
        or (Reach.COMPLAINTS in far and case.complaint)
        or (Reach.RINGING in far and case.ringing)
        or (Reach.ASKED in far and not case.asked.isdisjoint({person.id, *person.stands_in_for}))
    )


def may_with_mail(person: Person, action: str, mail: MailFacts) -> bool:
    """Say whether a person may read (``READ``) or decide about (``SETTLE``) a mail that was held or set aside.

    It is for whoever may read, or add to, the case that it is presumed to be about; otherwise for the dispatchers and
    their head. What is sensitive or concerns somebody stays so: the rules of the case hold.
    """
    if mail.presumed is not None:
        return may(person, READ if action == READ else Verb.FOLLOW_UP, mail.presumed)
    if person.role is Role.HEAD and person.service_code in mail.desks:
        return True
    return action in _MAIL_OF_NOBODY.get(person.role, frozenset())
