"""Owns how bytes become text when their sender says, wrongly says or does not say in which letters they are."""

import codecs
import re
from encodings.aliases import aliases
from typing import Final

_NOT_TEXT = {"base64_codec", "bz2_codec", "hex_codec", "quopri_codec", "rot_13", "uu_codec", "zlib_codec"}
_ELSEWHERE = {"mbcs", "oem", "tactis"}  # codecs of another system
_WITHOUT_ALIAS = {"cp720", "cp737", "cp856", "cp874", "cp875", "cp1006", "koi8_t", "koi8_u", "utf_8_sig"}

# What senders write where they mean something wider, as browsers read it too; "unknown" and the like mean nothing.
_MEANT: Final = {
    "ascii": "cp1252",
    "latin_1": "cp1252",
    "iso8859_9": "cp1254",
    "iso8859_11": "cp874",
    "iso_8859_8_i": "iso8859_8",
    "iso_8859_8_e": "iso8859_8",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "euc_kr": "cp949",
    "ks_c_5601_1987": "cp949",
    "ks_c_5601": "cp949",
    "shift_jis": "cp932",
    "x_sjis": "cp932",
    "windows_874": "cp874",
    "x_mac_roman": "mac_roman",
    "macintosh": "mac_roman",
    "unicode_1_1_utf_7": "utf_7",
    "unicode": "utf_16",
    "utf8mb4": "utf_8",
}
_KNOWN: Final = (set(aliases.values()) | _WITHOUT_ALIAS) - _NOT_TEXT - _ELSEWHERE
_WESTERN: Final = {"cp1252", "iso8859_15", "cp850", "cp437", "mac_roman"}


def codec_of(charset: str | None) -> str | None:
    """Return the codec for the name of a charset, or None when there is none.

    Only codecs of this list are ever asked for: some that Python knows unpack, or take time squared.
    """
    name = re.sub(r"[^a-z0-9]+", "_", (charset or "")[:60].lower()).strip("_")
    name = _MEANT.get(name, name)
    name = aliases.get(name, name)
    name = _MEANT.get(name, name)
    return name if name in _KNOWN else None


def decode(content: bytes, charset: str | None) -> tuple[str, bool]:
    """Return the text of some bytes, and whether every one of them could be read.

    What is UTF-8 from end to end and claims to be Western European, or nothing, is read as UTF-8: it hardly ever
    is so by chance. What cannot be read as claimed is read as UTF-8 or as Western European, whichever fits better.
    Nothing is raised, and no lone surrogate or NUL is ever in the text.
    """
    codec = codec_of(charset)
    if content.startswith((codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        codec = "utf_8_sig" if content.startswith(codecs.BOM_UTF8) else "utf_16"
    if codec is None or codec in _WESTERN:
        text = _strictly(content, "utf_8")
        if text is not None:
            return _storable(text), True
    if codec is not None and (text := _strictly(content, codec)) is not None:
        return _storable(text), True
    if codec is not None and codec not in _WESTERN and codec != "utf_8":
        return _storable(content.decode(codec, "replace")), False
    return _storable(_as_well_as_it_goes(content)), codec in _WESTERN or codec is None


def _strictly(content: bytes, codec: str) -> str | None:
    try:
        return content.decode(codec)
    except (UnicodeError, ValueError):
        return None


def _as_well_as_it_goes(content: bytes) -> str:
    """Read bytes that are not all UTF-8: as UTF-8 when most of what is beyond ASCII is, else as Western European."""
    text = content.decode("utf_8", "replace")
    lost = text.count("\ufffd")
    beyond = len(text) - len(text.encode("ascii", "ignore"))
    return text if beyond - lost > lost else content.decode("cp1252", "replace")


def _storable(text: str) -> str:
    """Return a text that any database can keep: no NUL, no byte order mark, no half of a pair."""
    return text.replace("\x00", "").replace("\ufeff", "").encode("utf-8", "replace").decode("utf-8")
