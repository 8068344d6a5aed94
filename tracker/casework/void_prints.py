"""Owns taking back what was printed and has not been posted: something in it changed, so it is printed again."""

from collections.abc import Iterator

from sqlalchemy import select

from tracker.casework.casefile import CaseFile
from tracker.charter.words import PAPER, Direction, VoidPrintGround
from tracker.correspondence.tracking import tracking_code
from tracker.models.messages import Message
from tracker.models.paper import Letter, VoidPrint


def waiting_on_paper(file: CaseFile) -> Iterator[Message]:
    """Yield the letters and faxes to the requester that have not left yet."""
    waiting = select(Message).where(
        Message.case_id == file.case.id,
        Message.direction == Direction.OUT,
        Message.channel.in_(PAPER),
        Message.left_on.is_(None),
        Message.service_code.is_(None),
    )
    yield from file.session.scalars(waiting)


def void_print(file: CaseFile, message: Message, ground: VoidPrintGround) -> None:
    """Take back the PDF of a letter, printed or only made: the next run has it as it is then right.

    The run that it was printed in tells whoever holds the paper that it must not be posted.
    """
    letter = file.session.get(Letter, message.id)
    if letter is None:
        return
    if letter.run_id is not None and letter.position is not None:
        void = VoidPrint(
            message_id=message.id, run_id=letter.run_id, position=letter.position, ground=ground, voided_at=file.now
        )
        file.session.add(void)
    file.session.delete(letter)


def void_prints_with_old_codes(file: CaseFile) -> None:
    """Take back the letters in which a tracking code stands that is not valid any more."""
    case, secret = file.case, file.house.secret
    old = [tracking_code(secret, case.reference, version) for version in range(1, case.code_version)]
    for message in waiting_on_paper(file):
        if any(code in message.body for code in old):
            void_print(file, message, VoidPrintGround.CODE)
