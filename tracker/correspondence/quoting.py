"""Owns how the earlier mails that an answer repeats are told from what is new in it, in our four languages.

Nothing is deleted: what is folded away is given back beside what is new. In doubt a line counts as new. A
signature is part of what somebody wrote. A mail that somebody forwards is what they want us to read: it stays.
Where nothing new would be left, nothing is folded.
"""

import re
from collections.abc import Iterable

_LOOKED_AT = 600
"""Characters of a line that are looked at: no line that introduces a quotation is longer."""
_MOST_LINES = 4
"""Over how many lines a program may break the line that introduces a quotation."""

_QUOTED = re.compile(r"[ \t]{0,3}>(?!=)")
_A_MOMENT = re.compile(r"\d{4}|\d{1,2}[./-]\d{1,2}[./-]|\d{1,2}[:h.]\d{2}")
_OPENS = re.compile(r"[ \t*_]{0,4}(?:le|op|am|on)\b", re.IGNORECASE)
_WROTE = re.compile(
    r"""(?: \ba\s+écrit(?:\s+ce\s+qui\s+suit)? | \bschreef\b(?!\s+(?:u|je|jij|jullie)\b) .{0,300}?
          | \bschrieb\b(?!\s+(?:ich)\b) .{0,300}? | \bheeft .{1,200}? geschreven | \bhat .{1,200}? geschrieben
          | (?<!\byou\ )(?<!\bI\ )(?<!\bwe\ )\bwrote )
        [\s*_]{0,5}:[\s*_]{0,5}$""",
    re.IGNORECASE | re.VERBOSE,
)
_WROTE_ON = re.compile(
    r"""^[ \t]{0,3}\S.{0,200}?(?:\ba\s+écrit\s+le\b|\bschreef\s+op\b|\bschrieb\s+am\b|\bwrote\s+on\b)
        .{4,100}:[\s*_]{0,5}$""",
    re.IGNORECASE | re.VERBOSE,
)
_DATED_ADDRESS = re.compile(
    r"^\d{4}-\d\d-\d\d \d\d?:\d\d (?:GMT|UTC)[^<]{0,150}<[^>@\s]{1,64}@[^>\s]{1,255}>:\s{0,3}$"
)
_ORIGINAL = re.compile(
    r"""^[ \t>]{0,6}-{2,}[ \t]{0,3}(?:original\ (?:message|appointment)|message\ (?:d['’]origine|original|initial)
        |(?:oorspronkelijk|origineel)e?\ bericht|(?:ursprüngliche|original)[ -]?(?:nachricht|e-?mail))
        [ \t]{0,3}-{2,}""",
    re.IGNORECASE | re.VERBOSE,
)
_FORWARDED = re.compile(
    r"""^[ \t]{0,6}(?:-{2,}[ \t]{0,3}(?:forwarded\ (?:message|by)|message\ transféré|message\ réexpédié
        |doorgestuurd\ bericht|doorgezonden\ bericht|weitergeleitete\ (?:nachricht|e-?mail))
        |(?:begin\ forwarded\ message|début\ du\ message\ (?:transféré|réexpédié)|begin\ doorgestuurd\ bericht
        |anfang\ der\ weitergeleiteten\ (?:nachricht|e-?mail))\s{0,3}:)""",
    re.IGNORECASE | re.VERBOSE,
)
_FROM = re.compile(
    r"^[ \t]{0,3}\*{0,2}(?:de|van|von|from|expéditeur|afzender)\*{0,2}[ \xa0\u202f]{0,2}:\*{0,2}[ \t]{0,5}\S",
    re.IGNORECASE,
)
_FIELD = re.compile(
    r"""^[ \t]{0,3}\*{0,2}(?:envoyé(?:\ le)?|date|verzonden|datum|gesendet|sent|à|a|aan|an|to|pour|objet|onderwerp
        |betreff?|subject|sujet|cc|kopie|répondre\ à|reply-to|importance|belang|priorité)
        \*{0,2}[ \xa0\u202f]{0,2}:""",
    re.IGNORECASE | re.VERBOSE,
)
_RULE = re.compile(r"^[ \t]{0,3}(?:_{8,}|-{5,})[ \t]{0,3}$")
_FORWARD_SUBJECT = re.compile(r"^\s*(?:fwd?|tr|wg|doorst|dst)\s*:", re.IGNORECASE)


def fold(text: str, subject: str = "") -> tuple[str, str]:
    """Return what is new in the text of a mail, and the earlier mails that it repeats; either may be empty."""
    lines = text.split("\n")
    folded = _Folder([line[:_LOOKED_AT] for line in lines], bool(_FORWARD_SUBJECT.match(subject))).folded()
    new = _joined(line for line, away in zip(lines, folded, strict=True) if not away)
    if not re.search(r"\w", new):
        return text.strip(), ""
    return new, _joined(line for line, away in zip(lines, folded, strict=True) if away)


def _joined(lines: Iterable[str]) -> str:
    return re.sub(r"\n(?:[ \t]*\n){2,}", "\n\n", "\n".join(lines)).strip()


class _Folder:
    """Walks the lines of a text once and marks those that repeat an earlier mail."""

    def __init__(self, lines: list[str], forwards: bool) -> None:
        self.lines = lines
        self.forwards = forwards
        self.away = [False] * len(lines)

    def folded(self) -> list[bool]:
        """Return for each line whether it is folded away."""
        at, lone = 0, []
        introduced = False
        while at < len(self.lines):
            line = self.lines[at]
            if _FORWARDED.match(line) or (self.forwards and self._starts_block(at)):
                break
            if _QUOTED.match(line):
                end = self._end_of_run(at)
                if end - at == 1 and not introduced:
                    lone.append(at)
                else:
                    introduced = True
                    self._fold(at, end)
                at = end
            elif length := self._introduces(at):
                end = at + length
                after = self._next_text(end)
                introduced = True
                self._fold(at, end)
                if after < len(self.lines) and not _QUOTED.match(self.lines[after]):
                    self._fold(end, len(self.lines))
                    break
                at = after
            elif self._starts_block(at):
                self._fold(at, len(self.lines))
                break
            else:
                at += 1
        if introduced:
            for one in lone:
                self.away[one] = True
        return self.away

    def _fold(self, start: int, end: int) -> None:
        self.away[start:end] = [True] * (end - start)

    def _end_of_run(self, at: int) -> int:
        """Return where a run of quoted lines ends; an empty line between two of them belongs to it."""
        end = at
        while end < len(self.lines) and _QUOTED.match(self.lines[end]):
            end += 1
            following = self._next_text(end)
            if following < len(self.lines) and following - end <= 1 and _QUOTED.match(self.lines[following]):
                end = following
        return end

    def _next_text(self, at: int) -> int:
        """Return the next line from here on that is not empty."""
        while at < len(self.lines) and not self.lines[at].strip():
            at += 1
        return at

    def _introduces(self, at: int) -> int:
        """Return over how many lines from here somebody is said to have written what follows; 0 when nobody is."""
        line = self.lines[at]
        if _DATED_ADDRESS.match(line) or (_WROTE_ON.match(line) and _A_MOMENT.search(line)):
            return 1
        if not _OPENS.match(line):
            return 0
        joined = ""
        for length in range(1, _MOST_LINES + 1):
            if at + length > len(self.lines) or not self.lines[at + length - 1].strip():
                return 0
            joined = f"{joined} {self.lines[at + length - 1]}"[:_LOOKED_AT]
            if _WROTE.search(joined):
                return length if _A_MOMENT.search(joined) else 0
        return 0

    def _starts_block(self, at: int) -> bool:
        """Say whether the heading that Outlook puts over an earlier mail begins here."""
        if _ORIGINAL.match(self.lines[at]):
            return True
        if _RULE.match(self.lines[at]):
            at = self._next_text(at + 1)
        heading = self.lines[at : at + 9]
        if not heading or not (_FROM.match(heading[0]) or _FIELD.match(heading[0])):
            return False
        named = [line for line in heading if _FROM.match(line) or _FIELD.match(line)]
        return len(named) >= 3 and any(_FROM.match(line) for line in named[:3])
