"""Owns what must be true of one case's records together: its history, its promises, what left, who was told."""

from collections.abc import Iterator

from tracker.charter.calendar import WorkingCalendar
from tracker.charter.entries import entry_from_json
from tracker.charter.errors import CharterError
from tracker.charter.ledger import Ledger, replay
from tracker.charter.reference import Reference
from tracker.charter.rules import RuleBook
from tracker.charter.words import CaseState, Channel, Direction, MessageKind, NoticeState, ObligationState
from tracker.insight.caserecords import CaseRecords, Finding, named
from tracker.insight.complaint_records import complaint_records
from tracker.insight.erasure_records import erasure_records
from tracker.insight.link_records import link_records
from tracker.insight.staff_told import Looks, breaches, next_looks, notices_told
from tracker.insight.task_records import task_records, word_records
from tracker.models.cases import Association
from tracker.models.history import MESSAGES_SO_FAR

REPLAYED = (
    "kind", "rule_id", "rule_version", "source", "counted_from", "days", "due_on", "work_by", "provisional", "state",
    "arose_at", "decide_by", "born_late", "settled_at", "settled_on", "replaced_by", "waiver_ground",
    "waiver_evidence",
)  # fmt: skip


def inconsistencies(
    records: CaseRecords, rules: RuleBook, calendar: WorkingCalendar, looks: Looks | None = None
) -> Iterator[Finding]:
    """Yield what does not fit together in the records of one case."""
    yield from _numbering(records)
    try:
        entries = [entry_from_json(stored) for row in records.history for stored in row.details.get("ledger", ())]
        ledger = replay(entries, rules=rules, calendar=calendar)
    except (CharterError, ArithmeticError, LookupError, TypeError, ValueError) as error:
        yield "history", named(records), f"the history cannot be replayed: {error}"
        return
    yield from _promises(records, ledger)
    yield from _case(records, ledger)
    yield from next_looks(records, rules, calendar, looks)
    yield from notices_told(records)
    yield from breaches(records)
    yield from _leavings(records, ledger)
    yield from _discharges(records, ledger)
    yield from _on_the_way(records)
    yield from _asked(records)
    yield from complaint_records(records)
    yield from task_records(records)
    yield from word_records(records)
    yield from link_records(records)
    yield from erasure_records(records)


def _numbering(records: CaseRecords) -> Iterator[Finding]:
    """Check that nothing was taken out: numbers run from one without a gap."""
    case = records.case
    try:
        number = Reference.parse(case.reference).number
    except ValueError:
        number = None
    if number != case.id:
        yield "cases", named(records), "the reference does not name this case"
    numbers = [row.seq for row in records.history]
    if numbers != list(range(1, len(numbers) + 1)):
        yield "history", named(records), f"the entries are numbered {numbers}: one is missing or was added"
    if case.version != len(numbers):
        yield "cases", named(records), f"version {case.version} does not fit {len(numbers)} entries in the history"
    if [row.number for row in records.messages] != list(range(1, len(records.messages) + 1)):
        yield "messages", named(records), "the messages are not numbered without a gap: one is missing or was added"
    told = max((row.details.get(MESSAGES_SO_FAR, 0) for row in records.history), default=0)
    if len(records.messages) < told:
        yield (
            "messages",
            named(records),
            f"there were {told}, as the history says, and {len(records.messages)} are left",
        )


def _promises(records: CaseRecords, ledger: Ledger) -> Iterator[Finding]:
    """Check that the stored promises are what the history makes them."""
    stored = {row.number: row for row in records.obligations}
    for promise in ledger.obligations:
        row = stored.pop(promise.number, None)
        if row is None:
            yield "obligations", named(records), f"promise {promise.number} is missing"
            continue
        differing = [name for name in REPLAYED if getattr(row, name) != getattr(promise, name)]
        if row.steps != [step.to_json() for step in promise.steps]:
            differing.append("steps")
        if differing:
            yield "obligations", str(row.id), f"{', '.join(differing)} differ from what the history says"
    for row in stored.values():
        yield "obligations", str(row.id), "no entry of the history made this promise"


def _case(records: CaseRecords, ledger: Ledger) -> Iterator[Finding]:
    """Check that the case itself shows what its history says."""
    case, upcoming = records.case, ledger.next_obligation
    facts = {
        "received_at": ledger.received_at,
        "channel": ledger.channel,
        "nature": ledger.nature,
        "next_kind": upcoming.kind if upcoming else None,
        "next_due_on": upcoming.due_on if upcoming else None,
        "next_work_by": upcoming.work_by if upcoming else None,
    }
    differing = [name for name, value in facts.items() if getattr(case, name) != value]
    if (case.nature_confirmed_at is not None) != ledger.nature_confirmed:
        differing.append("nature_confirmed_at")
    if differing:
        yield "cases", named(records), f"{', '.join(differing)} differ from what the history says"
    if ledger.open_obligations and case.state in (CaseState.CLOSED, CaseState.MERGED):
        yield "cases", named(records), f"the case is {case.state}, but something is still owed"
    for alarm, so in (("not_sent", _not_sent(records) or _came_back(records)), ("unattended", _unattended(records))):
        if getattr(case, alarm) != so:
            yield "cases", named(records), f"{alarm} is not what the messages and notices say"
    for beside in records.associations:
        for name in Association.COPIED:
            if getattr(beside, name) != getattr(case, name):
                yield "associations", f"{case.id} {beside.service_code}", f"{name} differs from that of the case"


def _not_sent(records: CaseRecords) -> bool:
    """Say whether a message was given up on a live case, and nothing that does its work has left since."""
    if records.case.state not in (CaseState.TRIAGE, CaseState.OPEN):
        return False
    gone = [row for row in records.messages if row.left_on is not None]
    for row in records.messages:
        line = records.outbox_of_messages.get(row.id)
        if line is None or line.state != "failed" or row.left_on is not None:
            continue
        again = any(later.kind is row.kind and later.number > row.number for later in gone)
        answered = row.kind is MessageKind.INTERIM and any(
            later.kind is MessageKind.ANSWER and later.left_at is not None and later.left_at >= row.written_at
            for later in gone
        )
        if not (again or answered):
            return True
    return False


def _came_back(records: CaseRecords) -> bool:
    """Say whether a message on a live case came back, and no later one to the same reader has left and arrived."""
    arrived = [
        row
        for row in records.messages
        if row.left_on is not None and row.voided_at is None and row.kind is not MessageKind.NOTE
    ]
    return records.case.state in (CaseState.TRIAGE, CaseState.OPEN) and any(
        not any(later.number > row.number and later.service_code == row.service_code for later in arrived)
        for row in records.messages
        if row.voided_at is not None
    )


def _unattended(records: CaseRecords) -> bool:
    """Say whether nobody could be told about a promise that is still open."""
    owed = {row.id for row in records.obligations if row.state is ObligationState.OPEN}
    return any(row.state is NoticeState.UNATTENDED and row.obligation_id in owed for row in records.notices)


def _leavings(records: CaseRecords, ledger: Ledger) -> Iterator[Finding]:
    """Check that what the history says has left is what the messages say."""
    stored = {row.number: row for row in records.messages}
    for leaving in ledger.leavings:
        row = stored.get(leaving.message)
        if row is None:
            yield "messages", named(records), f"message {leaving.message}, which has left, is missing"
        elif (row.act, row.left_on, row.voided_at is not None) != (leaving.act, leaving.left_on, leaving.voided):
            yield "messages", str(row.id), "what the history says of its leaving is something else"
    known = {leaving.message for leaving in ledger.leavings}
    if records.case.state is CaseState.MERGED:
        return  # what leaves on a case after it was merged changes no promise
    for row in records.messages:
        if row.act is not None and row.left_on is not None and row.number not in known:
            yield "messages", str(row.id), "it has left, but the history does not say so"


def _discharges(records: CaseRecords, ledger: Ledger) -> Iterator[Finding]:
    """Check that the discharges that hold are those that the history makes."""
    messages = {row.id: row for row in records.messages}
    promises = {row.id: row.number for row in records.obligations}
    wanted = {
        (promise.number, leaving.message) for promise in ledger.obligations for leaving in ledger.discharging(promise)
    }
    for row in records.discharges:
        message = messages.get(row.message_id)
        if message is None or (row.act, row.left_on) != (message.act, message.left_on):
            yield "discharges", str(row.id), "it does not fit its message"
            continue
        pair = (promises[row.obligation_id], message.number)
        if row.voided_at is None and pair not in wanted:
            yield "discharges", str(row.id), "the history does not say that this message kept this promise"
        wanted -= {pair} if row.voided_at is None else set()
    for number, message_number in sorted(wanted):
        what = f"message {message_number} kept promise {number}, and no discharge says so"
        yield "discharges", named(records), what


def _asked(records: CaseRecords) -> Iterator[Finding]:
    """Check that no survey was taken out: their numbers have no gap, and those that the history names are there."""
    named_there = {row.details["survey"] for row in records.history if "survey" in row.details}
    if records.surveys != list(range(1, len(records.surveys) + 1)) or not named_there <= set(records.surveys):
        yield "survey_asked", named(records), "a survey that asked the requester was taken out or added"


def _on_the_way(records: CaseRecords) -> Iterator[Finding]:
    """Check that whatever goes by e-mail has its place in the outbox, and nothing else has."""
    for row in records.messages:
        line = records.outbox_of_messages.get(row.id)
        by_mail = row.direction is Direction.OUT and row.channel is Channel.EMAIL and row.kind is not MessageKind.NOTE
        if by_mail != (line is not None):
            yield "outbox", f"message {row.id}", "missing" if by_mail else "this message does not go by e-mail"
        elif line is not None and line.state == "sent" and row.left_on is None:
            yield "outbox", str(line.id), "it was sent, but the message has not left"
    for notice in records.notices:
        if (notice.state is NoticeState.SENT) != (notice.id in records.outbox_of_notices):
            yield "outbox", f"notice {notice.id}", "a notice that is sent has exactly one line, another one none"
