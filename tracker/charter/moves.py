"""Owns the one table of what may be done to a case in which state, and where that leaves it."""

from collections.abc import Mapping
from types import MappingProxyType

from tracker.charter.errors import CharterError
from tracker.charter.words import CaseState, Verb

STARTS = frozenset({CaseState.TRIAGE, CaseState.OPEN})
"""Where a case may stand from its first commit: with the dispatcher, or with the service that routing assigned."""

# What a person does to a case in hand leaves it where it is, whether with the dispatcher or with a service.
_IN_HAND = (
    Verb.CONFIRM_NATURE,
    Verb.ASSIGN,
    Verb.TAKE,
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
    Verb.ABSORB,
)

MOVES: Mapping[tuple[CaseState, Verb], CaseState] = MappingProxyType(
    {(state, verb): state for state in (CaseState.TRIAGE, CaseState.OPEN) for verb in _IN_HAND}
    | {
        (CaseState.TRIAGE, Verb.ROUTE): CaseState.OPEN,
        (CaseState.OPEN, Verb.ROUTE): CaseState.OPEN,  # another service
        (CaseState.TRIAGE, Verb.CLOSE): CaseState.CLOSED,  # only when no promise is open: Ledger.check_closable
        (CaseState.OPEN, Verb.CLOSE): CaseState.CLOSED,
        (CaseState.TRIAGE, Verb.MERGE): CaseState.MERGED,
        (CaseState.OPEN, Verb.MERGE): CaseState.MERGED,
        # A closed case can be put right and annotated where it is …
        (CaseState.CLOSED, Verb.CONFIRM_NATURE): CaseState.CLOSED,
        (CaseState.CLOSED, Verb.CORRECT_RECEIPT): CaseState.CLOSED,
        (CaseState.CLOSED, Verb.CORRECT_CONTACT): CaseState.CLOSED,
        (CaseState.CLOSED, Verb.FLAG): CaseState.CLOSED,
        (CaseState.CLOSED, Verb.WRITE): CaseState.CLOSED,
        (CaseState.CLOSED, Verb.RECORD_LEAVING): CaseState.CLOSED,
        (CaseState.CLOSED, Verb.MERGE): CaseState.MERGED,
        # … and whatever makes a promise open again opens it.
        (CaseState.CLOSED, Verb.FOLLOW_UP): CaseState.OPEN,
        (CaseState.CLOSED, Verb.COME_BACK): CaseState.OPEN,
        (CaseState.CLOSED, Verb.VOID_LEAVING): CaseState.OPEN,
        (CaseState.CLOSED, Verb.REOPEN): CaseState.OPEN,
        # A message that was on its way when the case was merged still leaves; everything else goes to the survivor.
        (CaseState.MERGED, Verb.RECORD_LEAVING): CaseState.MERGED,
    }
)


class MoveNotAllowed(CharterError):
    """Something that cannot be done to a case as it stands."""

    code = "move_not_allowed"

    def __init__(self, state: CaseState, verb: Verb) -> None:
        if state is CaseState.MERGED:
            hint = "act on the case it was merged into"
        elif state is CaseState.CLOSED and (CaseState.OPEN, verb) in MOVES:
            hint = "reopen it first"
        else:
            hint = "choose another action"
        done = verb.value.replace("_", " ")
        super().__init__(
            f"“{done}” is not possible on a case that is in state {state.value}: {hint}.", state=state, verb=verb
        )


def move(state: CaseState, verb: Verb) -> CaseState:
    """Return where a case stands after something was done to it; raise MoveNotAllowed when that cannot be."""
    try:
        return MOVES[state, verb]
    except KeyError:
        raise MoveNotAllowed(state, verb) from None
