"""Owns the table by which mail that comes in is decided about: the first line that fits says what becomes of it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from tracker.charter.words import MailOutcome, MailReason
from tracker.correspondence.sorting import Sort

MOST_RECIPIENTS = 100
MOST_IN_AN_HOUR = 20
"""How many mails of one sender are taken in within an hour; the others wait for their turn, and none is refused."""
MOST_ALIKE = 3
"""How many mails of one sender become cases within a day that say the same, numbers aside. Somebody may well ask the
same about three files of theirs; a machine that answers each of our mails says the same for ever."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is known of a mail when it is decided about. It is all that the decision hangs on."""

    sort: Sort
    from_us: bool = False
    """Its Message-ID is one that only we can make."""
    came_before: bool = False
    """The same Message-ID from the same sender, with the same text."""
    too_big: bool = False
    unreadable: bool = False
    encrypted: bool = False
    has_text: bool = True
    has_files: bool = False
    has_sender: bool = True
    """A usable address to answer to."""
    recipients: int = 1
    disproven: bool = False
    """One of our own servers found that the sender's domain does not stand for it (DMARC)."""
    taken_in_within_the_hour: int = 0
    """So many of the same sender."""
    answers_ours: bool = False
    """It came to a case's keyed address, or its chain leads to a case."""
    from_the_requester: bool = False
    """Its sender is the requester of the case that it is presumed to be about."""
    names_a_case: bool = False
    """It quotes the reference of a case."""
    alike_within_the_day: int = 0
    """So many of the same sender became cases, and said the same."""
    nearly_names_a_case: bool = False
    """It quotes a reference with a slip in it, and a correction of it is the reference of a case."""


class Line(NamedTuple):
    """One line of the table."""

    when: Callable[[Known], bool]
    outcome: MailOutcome
    reason: MailReason


TABLE: tuple[Line, ...] = (
    # Nobody to answer: recorded and linked, never answered and never a case, or two machines would write for ever.
    Line(lambda m: m.from_us or m.sort is Sort.OWN_MAIL, MailOutcome.IGNORED, MailReason.OWN_MAIL),
    Line(lambda m: m.sort is Sort.BOUNCE, MailOutcome.IGNORED, MailReason.BOUNCE),
    Line(lambda m: m.sort is Sort.DELAYED, MailOutcome.IGNORED, MailReason.DELAYED),
    Line(lambda m: m.sort is Sort.AUTOMATIC_REPLY, MailOutcome.IGNORED, MailReason.AUTOMATIC_REPLY),
    Line(lambda m: m.sort is Sort.MAILING_LIST, MailOutcome.IGNORED, MailReason.MAILING_LIST),
    Line(lambda m: m.came_before, MailOutcome.IGNORED, MailReason.SAME_MAIL),
    # Nothing that a machine should decide about: a person looks at it, and its clock runs from its first arrival.
    Line(lambda m: m.too_big, MailOutcome.HELD, MailReason.TOO_BIG),
    Line(lambda m: m.unreadable, MailOutcome.HELD, MailReason.UNREADABLE),
    Line(lambda m: m.encrypted, MailOutcome.HELD, MailReason.ENCRYPTED),
    Line(lambda m: not m.has_text and not m.has_files, MailOutcome.HELD, MailReason.EMPTY),
    Line(lambda m: not m.has_sender, MailOutcome.HELD, MailReason.NO_SENDER),
    Line(lambda m: m.recipients > MOST_RECIPIENTS, MailOutcome.HELD, MailReason.MANY_RECIPIENTS),
    Line(lambda m: m.disproven, MailOutcome.HELD, MailReason.SENDER_NOT_PROVEN),
    Line(lambda m: m.taken_in_within_the_hour >= MOST_IN_AN_HOUR, MailOutcome.HELD, MailReason.TOO_MANY),
    # What only the requester can have (a mail of ours to answer) and the requester's address: both, or a person.
    Line(lambda m: m.answers_ours and m.from_the_requester, MailOutcome.ATTACHED, MailReason.REPLY),
    Line(lambda m: m.answers_ours, MailOutcome.HELD, MailReason.OTHER_SENDER),
    # A reference is no secret: whoever knows one attaches nothing by it.
    Line(lambda m: m.names_a_case, MailOutcome.HELD, MailReason.REFERENCE_ONLY),
    Line(lambda m: m.nearly_names_a_case, MailOutcome.HELD, MailReason.MISTYPED_REFERENCE),
    # Somebody's machine, perhaps, that answers each of our acknowledgements: no case, and nothing more to answer.
    Line(lambda m: m.alike_within_the_day >= MOST_ALIKE, MailOutcome.HELD, MailReason.SAME_MAIL),
    Line(lambda m: True, MailOutcome.REGISTERED, MailReason.NEW_REQUEST),
)


def decide(known: Known) -> Line:
    """Return the line of the table that fits a mail: the first one."""
    return next(line for line in TABLE if line.when(known))
