"""Owns what every refusal of a use case has in common, and those that any of them may raise."""

from collections.abc import Sequence
from datetime import date

from tracker.charter.errors import CharterError
from tracker.models.history import History


class Refused(CharterError):
    """A use case that could not be done; nothing was changed. Told like a refusal of the charter."""

    code = "refused"


class UnknownReference(Refused):
    """No case has this reference."""

    code = "unknown_reference"

    def __init__(self, reference: str) -> None:
        super().__init__(f"There is no case {reference!r}: check the reference.", reference=reference)


class NotPermitted(Refused):
    """This actor may not do this to this case."""

    code = "not_permitted"

    def __init__(self, verb: str) -> None:
        super().__init__(f"You may not do this ({verb}) to this case: ask its handler or head of service.", verb=verb)


class CaseChanged(Refused):
    """Somebody else changed the case in the meantime: look at what was done, then decide again."""

    code = "case_changed"

    def __init__(self, reference: str, since: Sequence[History]) -> None:
        super().__init__(
            f"Case {reference} was changed while you were writing: read what changed, then send again.",
            reference=reference,
        )
        self.since = list(since)


class Missing(Refused):
    """Something that this needs was not given."""

    code = "missing"

    def __init__(self, what: str) -> None:
        super().__init__(f"Something is missing: {what}.", what=what)


class Erased(Refused):
    """The personal data of this case were erased: nothing is done on it any more."""

    code = "erased"

    def __init__(self, reference: str, erased_on: date) -> None:
        super().__init__(
            f"The personal data of file {reference} were erased on {erased_on}: it cannot be taken up again. Enter"
            " what comes in now as a new request.",
            reference=reference,
            erased_on=erased_on.isoformat(),
        )
