"""What may be done to a case in which state."""

import pytest

from tracker.charter.moves import MOVES, STARTS, MoveNotAllowed, move
from tracker.charter.words import CaseState, Verb


@pytest.mark.parametrize(
    ("state", "verb", "after"),
    [
        (CaseState.TRIAGE, Verb.ROUTE, CaseState.OPEN),
        (CaseState.OPEN, Verb.ROUTE, CaseState.OPEN),
        (CaseState.TRIAGE, Verb.TAKE, CaseState.TRIAGE),
        (CaseState.OPEN, Verb.ANSWER, CaseState.OPEN),  # answering is not closing
        (CaseState.OPEN, Verb.CLOSE, CaseState.CLOSED),
        (CaseState.CLOSED, Verb.REOPEN, CaseState.OPEN),
        (CaseState.CLOSED, Verb.FOLLOW_UP, CaseState.OPEN),
        (CaseState.CLOSED, Verb.VOID_LEAVING, CaseState.OPEN),
        (CaseState.CLOSED, Verb.COME_BACK, CaseState.OPEN),
        (CaseState.CLOSED, Verb.WRITE, CaseState.CLOSED),
        (CaseState.OPEN, Verb.MERGE, CaseState.MERGED),
    ],
)
def test_the_moves_that_are_allowed(state: CaseState, verb: Verb, after: CaseState) -> None:
    assert move(state, verb) is after


@pytest.mark.parametrize(
    ("state", "verb", "hint"),
    [
        (CaseState.CLOSED, Verb.ANSWER, "reopen it first"),
        (CaseState.CLOSED, Verb.CLOSE, "reopen it first"),
        (CaseState.OPEN, Verb.REOPEN, "choose another action"),
        (CaseState.MERGED, Verb.ANSWER, "merged into"),
        (CaseState.OPEN, Verb.REGISTER, "choose another action"),
    ],
)
def test_a_move_that_is_not_allowed_says_what_to_do(state: CaseState, verb: Verb, hint: str) -> None:
    with pytest.raises(MoveNotAllowed, match=hint) as refused:
        move(state, verb)

    assert refused.value.values == {"state": state, "verb": verb}


def test_nothing_leads_out_of_a_merged_case() -> None:
    assert {after for (state, _), after in MOVES.items() if state is CaseState.MERGED} == {CaseState.MERGED}


def test_every_state_can_be_reached_and_every_verb_is_used() -> None:
    reached = set(STARTS)
    while more := {after for (state, _), after in MOVES.items() if state in reached} - reached:
        reached |= more

    assert reached == set(CaseState)
    assert {verb for _, verb in MOVES} == set(Verb) - {Verb.REGISTER}  # a case begins by it


def test_only_a_merged_case_is_an_end() -> None:
    dead_ends = {state for state in CaseState if not any(s is state and a is not s for (s, _), a in MOVES.items())}

    assert dead_ends == {CaseState.MERGED}
