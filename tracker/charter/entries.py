"""Owns the entries of a case's ledger: the facts that make or change promises, as they are kept in its history."""

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from datetime import date, datetime
from enum import StrEnum
from typing import Any, TypeAlias, get_args, get_type_hints

from tracker.charter.counting import aware
from tracker.charter.errors import CharterError
from tracker.charter.words import Act, Channel, Nature, WaiverGround


class BadEntry(CharterError, ValueError):
    """A stored entry that cannot be read: something was altered, or it comes from another version."""

    code = "bad_entry"

    def __init__(self, problem: str) -> None:
        super().__init__(f"A ledger entry cannot be read: {problem}.", problem=problem)


@dataclass(frozen=True, slots=True)
class _Entry:
    """What every entry has: the moment it was recorded. Moments are aware and kept in UTC (else NaiveDatetime)."""

    at: datetime

    def __post_init__(self) -> None:
        for name in _MOMENTS.get(type(self).__name__, ("at",)):
            object.__setattr__(self, name, aware(getattr(self, name)))


@dataclass(frozen=True, slots=True)
class Received(_Entry):
    """A request reached the FPS; ``received_at``: when it first reached any desk or mailbox of the house."""

    received_at: datetime
    channel: Channel
    nature: Nature
    confirmed: bool = False  # a person, not the intake, says what its nature is


@dataclass(frozen=True, slots=True)
class NatureSet(_Entry):
    """A person confirmed the nature (the same one), or changed it."""

    nature: Nature
    ground: str | None = None  # for a regulated procedure: which


@dataclass(frozen=True, slots=True)
class WithinPeriod(_Entry):
    """The handler recorded that a complex request will be answered within the ordinary period (P3)."""


@dataclass(frozen=True, slots=True)
class ReceiptCorrected(_Entry):
    """The receipt was recorded wrongly."""

    received_at: datetime
    channel: Channel
    reason: str


@dataclass(frozen=True, slots=True)
class Recounted(_Entry):
    """A rule or a closing day changed, and a person had the open dates of this case counted again."""

    reason: str


@dataclass(frozen=True, slots=True)
class MessageLeft(_Entry):
    """A message left: accepted by the mail server, posted, faxed, or spoken.

    ``left_on`` is the day it left (Brussels); ``at``, when that was recorded. ``promised_on``, ``reason`` and
    ``by_head`` belong to an interim letter. ``inform_only``: the requester was told where to turn because the body
    is not a Belgian public service and no consent to forward was given; that alone is the transmission.
    """

    message: int  # its number on the case
    act: Act
    left_on: date
    promised_on: date | None = None
    reason: str | None = None
    by_head: bool = False
    inform_only: bool = False


@dataclass(frozen=True, slots=True)
class LeavingVoided(_Entry):
    """A message that had left did not arrive: it bounced, or the letter came back."""

    message: int
    evidence: str


@dataclass(frozen=True, slots=True)
class Waived(_Entry):
    """A person declared, with evidence, that a promise need not be kept."""

    number: int
    ground: WaiverGround
    evidence: str


@dataclass(frozen=True, slots=True)
class WaiverVoided(_Entry):
    """A person took a waiver back: the promise is to be kept after all."""

    number: int
    reason: str


@dataclass(frozen=True, slots=True)
class FollowedUp(_Entry):
    """The requester wrote again on the same case."""

    received_at: datetime
    channel: Channel


@dataclass(frozen=True, slots=True)
class Returned(_Entry):
    """The body to which the case was transmitted sent it back; ``received_at``: when it reached us again."""

    received_at: datetime


@dataclass(frozen=True, slots=True)
class Extended(_Entry):
    """The one extension that the law allows for access to a document (L1)."""

    reason: str


Entry: TypeAlias = (
    Received
    | NatureSet
    | WithinPeriod
    | ReceiptCorrected
    | Recounted
    | MessageLeft
    | LeavingVoided
    | Waived
    | WaiverVoided
    | FollowedUp
    | Returned
    | Extended
)

_NAMES: dict[str, type[Any]] = {
    "received": Received,
    "nature_set": NatureSet,
    "within_period": WithinPeriod,
    "receipt_corrected": ReceiptCorrected,
    "recounted": Recounted,
    "message_left": MessageLeft,
    "leaving_voided": LeavingVoided,
    "waived": Waived,
    "waiver_voided": WaiverVoided,
    "followed_up": FollowedUp,
    "returned": Returned,
    "extended": Extended,
}
_NAME_OF = {cls: name for name, cls in _NAMES.items()}
_HINTS = {cls: get_type_hints(cls) for cls in _NAMES.values()}
_MOMENTS = {cls.__name__: tuple(n for n, hint in hints.items() if hint is datetime) for cls, hints in _HINTS.items()}


def entry_to_json(entry: Entry) -> dict[str, Any]:
    """Return an entry as plain JSON: its name under ``entry``, moments in UTC, what is None left out."""
    out: dict[str, Any] = {"entry": _NAME_OF[type(entry)]}
    for field in fields(entry):
        value = getattr(entry, field.name)
        if isinstance(value, (date, datetime)):
            out[field.name] = value.isoformat()
        elif value is not None:
            out[field.name] = value.value if isinstance(value, StrEnum) else value
    return out


def entry_from_json(stored: Mapping[str, Any]) -> Entry:
    """Return the entry that ``entry_to_json`` wrote; raise BadEntry for anything else."""
    cls = _NAMES.get(str(stored.get("entry")))
    if cls is None:
        raise BadEntry(f"{stored.get('entry')!r} is not the name of an entry")
    hints = _HINTS[cls]
    if unknown := stored.keys() - hints.keys() - {"entry"}:
        raise BadEntry(f"{sorted(unknown)[0]} does not belong to a {stored['entry']}")
    needed = {field.name for field in fields(cls) if field.default is MISSING}
    if missing := needed - stored.keys():
        raise BadEntry(f"a {stored['entry']} has no {sorted(missing)[0]}")
    try:
        entry: Entry = cls(**{name: _read(value, hints[name]) for name, value in stored.items() if name != "entry"})
    except (TypeError, ValueError) as error:
        raise BadEntry(f"{stored['entry']}: {error}") from error
    return entry


def _read(value: Any, hint: Any) -> Any:
    kind = next((arm for arm in get_args(hint) if arm is not type(None)), hint)
    if kind is datetime:
        return datetime.fromisoformat(value)
    if kind is date:
        return date.fromisoformat(value)
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return kind(value)
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise ValueError(f"{value!r} is not a {kind.__name__}")
    return value
