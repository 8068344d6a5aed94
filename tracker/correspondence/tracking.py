"""Owns the tracking code: what a requester gives beside the reference to see the case. Derived, never stored."""

import hmac
from hashlib import sha256

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base 32: no I, L, O or U to misread
_MISREAD = str.maketrans("ILO", "110", " -–—.\t\u00a0\u2011")
_LENGTH = 10


def tracking_code(secret: bytes, reference: str, version: int) -> str:
    """Return the code of a case as `XXXXX-XXXXX`: 50 bits of HMAC-SHA256 over its reference and code version.

    A lost code is replaced by counting the version up; every earlier one is void from then on.
    """
    digest = hmac.digest(secret, f"suivi tracking code\n{reference}\n{version}".encode(), sha256)
    number = int.from_bytes(digest[:7], "big")
    code = "".join(_ALPHABET[(number >> 5 * place) & 31] for place in range(_LENGTH))
    return f"{code[:5]}-{code[5:]}"


def is_tracking_code(given: str, *, secret: bytes, reference: str, version: int) -> bool:
    """Say whether what somebody typed is the code of a case; takes the same time whether it is or not.

    Forgives small letters, spaces, a missing or odd dash, and I, L, O for 1, 1, 0.
    """
    typed = given[:100].upper().translate(_MISREAD)
    right = tracking_code(secret, reference, version).replace("-", "")
    return hmac.compare_digest(typed.encode("utf-8", "replace"), right.encode())
