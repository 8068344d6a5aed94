"""Owns what is derived from the house's secret for a case, and never stored: its tracking code, the address that
replies to it come back to, and the ids of the mails we send about it."""

import hmac
import re
from datetime import datetime
from enum import StrEnum
from hashlib import sha256

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base 32: no I, L, O or U to misread
_MISREAD = str.maketrans("ILO", "110", " -–—.\t\u00a0\u2011")
_LENGTH = 10
_PROOF = 12  # 60 bits, and only by trying them on us one by one: the sender must fit as well
_LONGEST = 998  # of a line of a mail (RFC 5322, 2.1.1)
_REFERENCE = r"([a-z]{2,8}-[12][0-9]{3}-[0-9]{5,18}-[0-9]{2})"
_TOKEN = re.compile(_REFERENCE + rf"-([0-9a-z]{{{_PROOF}}})")
_MESSAGE_ID = re.compile(
    rf"<?{_REFERENCE}\.([a-z]{{1,2}})([0-9]{{1,18}})\.([0-9]{{1,12}})\.([0-9a-z]{{{_PROOF}}})@[^@<>\s]{{1,255}}>?"
)


def tracking_code(secret: bytes, reference: str, version: int) -> str:
    """Return the code of a case as `XXXXX-XXXXX`: 50 bits of HMAC-SHA256 over its reference and code version.

    A lost code is replaced by counting the version up; every earlier one is void from then on.
    """
    code = _keyed(secret, "tracking code", f"{reference}\n{version}", _LENGTH)
    return f"{code[:5]}-{code[5:]}"


def is_tracking_code(given: str, *, secret: bytes, reference: str, version: int) -> bool:
    """Say whether what somebody typed is the code of a case; takes the same time whether it is or not.

    Forgives small letters, spaces, a missing or odd dash, and I, L, O for 1, 1, 0.
    """
    typed = given[:100].upper().translate(_MISREAD)
    right = tracking_code(secret, reference, version).replace("-", "")
    return hmac.compare_digest(typed.encode("utf-8", "replace"), right.encode())


def survey_code(secret: bytes, reference: str, number: int) -> str:
    """Return the code of a case's n-th survey as `XXXXX-XXXXX`: it opens three questions and nothing else."""
    code = _keyed(secret, "survey", f"{reference}\n{number}", _LENGTH)
    return f"{code[:5]}-{code[5:]}"


def is_survey_code(given: str, *, secret: bytes, reference: str, number: int) -> bool:
    """Say whether what somebody typed is the code of a survey; forgives what ``is_tracking_code`` does."""
    typed = given[:100].upper().translate(_MISREAD)
    right = survey_code(secret, reference, number).replace("-", "")
    return hmac.compare_digest(typed.encode("utf-8", "replace"), right.encode())


def reply_token(secret: bytes, reference: str) -> str:
    """Return what stands behind the `+` of the address that replies to a case come back to, in small letters."""
    return f"{reference.lower()}-{_keyed(secret, 'reply address', reference, _PROOF).lower()}"


def case_of_token(secret: bytes, token: str) -> str | None:
    """Return the reference that a token of ours is for; None for anything else. Takes a whole address as well."""
    local = token[:_LONGEST].rpartition("@")[0] or token[:_LONGEST]
    match = _TOKEN.fullmatch(local.rpartition("+")[2].strip().lower())
    if match is None:
        return None
    reference = match[1].upper()
    return reference if _same(match[0], reply_token(secret, reference)) else None


class MailKind(StrEnum):
    """What a mail of ours is; the letter stands in its Message-ID."""

    MESSAGE = "m"
    NOTICE = "n"
    MAIL_NOTICE = "h"
    DIGEST = "d"
    STAFF_NOTICE = "s"
    ACTION_NOTICE = "c"
    ACCOUNT = "p"


def message_id(
    secret: bytes, kind: MailKind, reference: str, number: int, written_at: datetime, *, domain: str
) -> str:
    """Return the Message-ID that the same mail always has, however often it is sent; nobody else can make one.

    `number` is the message's number within its case, or the row of the notice. The moment (aware) keeps two
    mails apart that bear the same number, before and after a backup was put back.
    """
    local = f"{reference.lower()}.{kind.value}{number}.{int(written_at.timestamp())}"
    return f"<{local}.{_keyed(secret, 'message id', local, _PROOF).lower()}@{domain}>"


def ours(secret: bytes, message_id: str) -> tuple[str, int] | None:
    """Return the reference of the case and the number of the message that a Message-ID of ours is for.

    None for any that we did not make, and for those of reminders to staff. Takes it with or without its brackets.
    """
    match = _MESSAGE_ID.fullmatch(message_id[:_LONGEST].strip().lower())
    if match is None or match[2] != MailKind.MESSAGE:
        return None
    local, _, proof = match[0].strip("<>").rpartition("@")[0].rpartition(".")
    if not _same(proof, _keyed(secret, "message id", local, _PROOF).lower()):
        return None
    return match[1].upper(), int(match[3])


def _keyed(secret: bytes, purpose: str, text: str, length: int) -> str:
    """Return so many letters, five bits each, of the HMAC-SHA256 of a text; none serves another purpose."""
    digest = hmac.digest(secret, f"suivi {purpose}\n{text}".encode(), sha256)
    number = int.from_bytes(digest[: -(-5 * length // 8)], "big")
    return "".join(_ALPHABET[(number >> 5 * place) & 31] for place in range(length))


def _same(given: str, right: str) -> bool:
    return hmac.compare_digest(given.encode(), right.encode())
