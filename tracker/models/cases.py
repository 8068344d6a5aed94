"""Owns the rows of the case itself: the citizen's request, who handles it, and what is next."""

from datetime import date, datetime
from typing import Any, ClassVar, Self

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, false, text
from sqlalchemy.orm import Mapped, mapped_column

from tracker.charter.words import CaseState, Channel, ChannelReason, Language, Nature, ObligationKind
from tracker.models.base import Base, BigId, Sealed, Word, one_of

ALARMS = ("not_sent", "unattended")
"""What stands above the queue until it is mended: marks on the case, so that looking costs what one may see."""


def _live(name: str, *columns: str) -> Index:
    """Return an index over the cases that still owe something: the queue never reads the rest."""
    return _some(name, "next_due_on IS NOT NULL", *columns)


def _some(name: str, where: str, *columns: str) -> Index:
    """Return an index over those rows only of which ``where`` is true."""
    return Index(name, *columns, postgresql_where=text(where), sqlite_where=text(where))


class Case(Sealed, Base):
    """One citizen's request as the FPS handles it: the dossier."""

    __tablename__ = "cases"
    __table_args__ = (
        one_of("state", CaseState),
        one_of("channel", Channel),
        one_of("nature", Nature),
        one_of("language", Language),
        one_of("reply_channel", Channel),
        one_of("reply_channel_reason", ChannelReason),
        one_of("next_kind", ObligationKind),
        CheckConstraint("(state = 'closed') = (closed_at IS NOT NULL)", name="closed_exactly_with_closed_at"),
        CheckConstraint("(state = 'merged') = (merged_into_id IS NOT NULL)", name="merged_into_a_case"),
        CheckConstraint("merged_into_id IS NULL OR merged_into_id <> id", name="merged_into_another"),
        CheckConstraint("(state = 'triage') = (triage_since IS NOT NULL)", name="triage_has_a_start"),
        CheckConstraint(
            "official_language IS NULL OR official_language IN ('fr', 'nl', 'de')", name="official_language"
        ),
        CheckConstraint("language <> 'en' OR official_language IS NOT NULL", name="english_has_an_official_language"),
        CheckConstraint("(next_due_on IS NULL) = (next_kind IS NULL)", name="next_whole"),
        CheckConstraint("next_due_on IS NULL OR state IN ('triage', 'open')", name="closed_owes_nothing"),
        CheckConstraint("(consent_at IS NULL) = (consent_evidence IS NULL)", name="consent_with_evidence"),
        CheckConstraint("urgent_taken_at IS NULL OR urgent_since IS NOT NULL", name="taken_after_urgent"),
        CheckConstraint("version >= 1", name="version_from_one"),
        _live("ix_cases_queue", "next_due_on", "id"),
        _live("ix_cases_queue_service", "service_code", "next_due_on", "id"),
        _live("ix_cases_queue_handler", "handler_id", "next_due_on", "id"),
        _live("ix_cases_queue_country", "country", "next_due_on", "id"),
        Index("ix_cases_unfinished", "service_code", "id",
              postgresql_where=text("state = 'open' AND next_due_on IS NULL"),
              sqlite_where=text("state = 'open' AND next_due_on IS NULL")),
        _some("ix_cases_unfinished_handler", "state = 'open' AND next_due_on IS NULL", "handler_id", "id"),
        Index("ix_cases_urgent", "urgent_since",
              postgresql_where=text("urgent_since IS NOT NULL AND urgent_taken_at IS NULL"),
              sqlite_where=text("urgent_since IS NOT NULL AND urgent_taken_at IS NULL")),
        _some("ix_cases_urgent_handler", "urgent_since IS NOT NULL AND closed_at IS NULL", "handler_id"),
        _some("ix_cases_triage", "state = 'triage'", "next_due_on", "id"),
        _some("ix_cases_triage_handler", "state = 'triage'", "handler_id", "next_due_on", "id"),
        _some("ix_cases_queue_complaints", "next_due_on IS NOT NULL AND nature = 'complaint'", "next_due_on", "id"),
        *(index for alarm in ALARMS for index in (
            _some(f"ix_cases_{alarm}", alarm, "nature", "state", "id"),
            _some(f"ix_cases_{alarm}_service", alarm, "service_code", "id"),
            _some(f"ix_cases_{alarm}_handler", alarm, "handler_id", "id"),
        )),
        Index("ix_cases_merged_into_id", "merged_into_id", postgresql_where=text("merged_into_id IS NOT NULL"),
              sqlite_where=text("merged_into_id IS NOT NULL")),
        Index("ix_cases_about_case_id", "about_case_id", postgresql_where=text("about_case_id IS NOT NULL"),
              sqlite_where=text("about_case_id IS NOT NULL")),
        Index("ix_cases_continues_case_id", "continues_case_id",
              postgresql_where=text("continues_case_id IS NOT NULL"),
              sqlite_where=text("continues_case_id IS NOT NULL")),
        _some("ix_cases_person_email", "requester_email IS NOT NULL", "requester_email", "id"),
        _some("ix_cases_person_phone", "requester_phone IS NOT NULL", "requester_phone", "id"),
        _some("ix_cases_person_name", "requester_address IS NOT NULL", "requester_name", "id"),
    )  # fmt: skip
    UNSEALED: ClassVar[frozenset[str]] = frozenset(ALARMS)

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    """Also the number in its reference."""
    reference: Mapped[str] = mapped_column(String(40), unique=True)
    version: Mapped[int]
    """The number of its last history entry: what two clerks at once are told apart by."""
    state: Mapped[CaseState] = mapped_column(Word(CaseState))
    received_at: Mapped[datetime]
    """When it first reached any desk or mailbox of the FPS, posts abroad included."""
    registered_at: Mapped[datetime]
    channel: Mapped[Channel] = mapped_column(Word(Channel))
    nature: Mapped[Nature] = mapped_column(Word(Nature))
    nature_ground: Mapped[str | None] = mapped_column(Text)
    """For a complex request: the regulated procedure it is bound to, or what makes it complex."""
    nature_confirmed_at: Mapped[datetime | None]
    language: Mapped[Language] = mapped_column(Word(Language))
    official_language: Mapped[Language | None] = mapped_column(Word(Language))
    """The official language that counts beside a courtesy English (P9)."""
    country: Mapped[str | None] = mapped_column(String(2))
    """Where it happened or where the person is: ISO 3166-1 alpha-2."""
    subject: Mapped[str] = mapped_column(Text)
    requester_name: Mapped[str] = mapped_column(String(200))
    requester_email: Mapped[str | None] = mapped_column(String(254))
    requester_phone: Mapped[str | None] = mapped_column(String(60))
    requester_fax: Mapped[str | None] = mapped_column(String(60))
    requester_address: Mapped[str | None] = mapped_column(Text)
    reply_channel: Mapped[Channel] = mapped_column(Word(Channel))
    """The way back (P7)."""
    reply_channel_reason: Mapped[ChannelReason | None] = mapped_column(Word(ChannelReason))
    code_version: Mapped[int] = mapped_column(default=1)
    """Which tracking code is valid: sending a lost one again makes the earlier ones void."""
    service_code: Mapped[str | None] = mapped_column(ForeignKey("services.code"))
    """The lead service; none while in triage."""
    handler_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    triage_since: Mapped[datetime | None]
    routing: Mapped[dict[str, Any] | None]
    """What the router proposed at registration, with its reasons."""
    urgent_since: Mapped[datetime | None]
    urgent_taken_at: Mapped[datetime | None]
    sensitive: Mapped[bool] = mapped_column(default=False)
    consent_at: Mapped[datetime | None]
    consent_evidence: Mapped[str | None] = mapped_column(Text)
    """The requester's recorded consent to forwarding to a body that is no Belgian public service."""
    about_case_id: Mapped[int | None] = mapped_column(ForeignKey("cases.id"))
    about_staff_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    about_service_code: Mapped[str | None] = mapped_column(ForeignKey("services.code"))
    """What a complaint is about (P6)."""
    continues_case_id: Mapped[int | None] = mapped_column(ForeignKey("cases.id"))
    """The case that a new question of the same citizen came from."""
    merged_into_id: Mapped[int | None] = mapped_column(ForeignKey("cases.id"))
    closed_at: Mapped[datetime | None]
    next_kind: Mapped[ObligationKind | None] = mapped_column(Word(ObligationKind))
    next_due_on: Mapped[date | None]
    """The earliest date still owed: what the queue is ordered by; none: nothing is owed."""
    next_work_by: Mapped[date | None]
    not_sent: Mapped[bool] = mapped_column(default=False, server_default=false())
    """A message could not be sent or came back, and none that left since did its work. Computed, so not sealed."""
    unattended: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Nobody could be told about a promise that is still open. Computed, so not sealed."""


class Association(Sealed, Base):
    """A service that is on a case beside the lead, because it shares the competence (P13)."""

    __tablename__ = "associations"
    __table_args__ = (
        _live("ix_associations_queue", "service_code", "next_due_on", "case_id"),
        *(_some(f"ix_associations_{alarm}", alarm, "service_code", "case_id") for alarm in ALARMS),
    )
    COPIED: ClassVar[tuple[str, ...]] = ("next_due_on", *ALARMS)
    """What it has from its case, for the queue of an associated service to have indexes of its own."""
    UNSEALED: ClassVar[frozenset[str]] = frozenset(COPIED)

    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), primary_key=True)
    service_code: Mapped[str] = mapped_column(ForeignKey("services.code"), primary_key=True)
    since: Mapped[datetime]
    next_due_on: Mapped[date | None]
    not_sent: Mapped[bool] = mapped_column(default=False, server_default=false())
    unattended: Mapped[bool] = mapped_column(default=False, server_default=false())

    @classmethod
    def beside(cls, case: Case, service_code: str, *, since: datetime) -> Self:
        """Return the row that puts a service on a case."""
        return cls(case_id=case.id, service_code=service_code, since=since, **copied(case))


def copied(case: Case) -> dict[str, Any]:
    """Return what the associations of a case have from it."""
    return {name: getattr(case, name) for name in Association.COPIED}
