"""Owns the few periods that the pages name in passing, read from the rules in force today."""

from dataclasses import dataclass
from datetime import datetime

from tracker.charter.counting import brussels_day
from tracker.charter.words import Channel, Nature
from tracker.web.site import site


@dataclass(frozen=True, slots=True)
class Periods:
    """Calendar days after the day of receipt."""

    web: int
    post: int
    interim: int
    transmission: int


def periods(now: datetime) -> Periods:
    """What holds for a request received now."""
    rules, today = site().house.rules, brussels_day(now)

    def days(nature: Nature, channel: Channel) -> int:
        return rules.owed(nature, channel, today).days[channel]

    return Periods(
        web=days(Nature.INFORMATION, Channel.WEB),
        post=days(Nature.INFORMATION, Channel.POST),
        interim=days(Nature.COMPLEX, Channel.WEB),
        transmission=days(Nature.MISDIRECTED, Channel.WEB),
    )
