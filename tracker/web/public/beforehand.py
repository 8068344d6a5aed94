"""Owns what citizens are told before they send: whose matter their text seems to be, and short answers.

Nothing of it is kept, and none of it stands in the way of sending.
"""

from collections import OrderedDict
from datetime import UTC, datetime
from threading import Lock
from time import monotonic
from typing import TYPE_CHECKING, Any

from flask import Response, make_response, render_template, request

from tracker.charter.counting import brussels_day
from tracker.charter.words import Nature, ServiceKind
from tracker.web.languages import language
from tracker.web.networks import network_of
from tracker.web.public.blueprint import IN_LANGUAGE, public
from tracker.web.public.forms import LookForm
from tracker.web.site import router

if TYPE_CHECKING:
    from tracker.models.cases import Case
    from tracker.routing.beforehand import Beforehand
    from tracker.web.public.forms import RequestForm

LOOKS = 40
"""How often those of one network may have a text looked at in ``WITHIN`` seconds, by one process."""
WITHIN = 60.0
MOST_ADDRESSES = 10_000
PATIENCE = 2.0
"""How many seconds a look waits for the one before it."""


class Turns:
    """Counts the looks of each address in this process's memory alone: of a look nothing is stored."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._seen: OrderedDict[str, tuple[float, int]] = OrderedDict()

    def one_more(self, who: str, *, now: float) -> bool:
        """Count one look of an address, unless it had too many; ``now`` in seconds of any steady clock."""
        with self._lock:
            since, looks = self._seen.pop(who, (now, 0))
            if now - since >= WITHIN:
                since, looks = now, 0
            self._seen[who] = (since, min(looks + 1, LOOKS + 1))
            while len(self._seen) > MOST_ADDRESSES:
                self._seen.popitem(last=False)
            return looks < LOOKS


_turns = Turns()


class Place:
    """Lets one text of a process be looked at in one moment while one more waits; others go without at once.

    So looks never hold more than two of its threads, of which it has three at least: the others are for those who
    send, however many addresses look.
    """

    def __init__(self) -> None:
        self._looking, self._waiting = Lock(), Lock()

    def take(self) -> bool:
        """Say whether one may look; then ``leave`` afterwards."""
        if self._looking.acquire(blocking=False):
            return True
        if not self._waiting.acquire(blocking=False):
            return False
        try:
            return self._looking.acquire(timeout=PATIENCE)
        finally:
            self._waiting.release()

    def leave(self) -> None:
        """Let the next one look."""
        self._looking.release()


_place = Place()


def looked_at(form: "RequestForm | LookForm") -> "Beforehand | None":
    """Return what can be told of the text in a form; none when we are too busy, or were asked too often."""
    if not _turns.one_more(network_of(request.remote_addr), now=monotonic()) or not _place.take():
        return None
    try:
        from tracker.routing.beforehand import beforehand  # what it needs is loaded where a text is looked at

        return beforehand(
            router(),
            f"{form.subject.data or ''}\n{form.text.data or ''}",
            lang=language(),
            country=form.country.data or None,
            nature=Nature.COMPLAINT if form.kind.data == "complaint" else None,
            on=brussels_day(datetime.now(UTC)),
        )
    finally:
        _place.leave()


def surely_elsewhere(case: "Case", now: datetime) -> dict[str, Any] | None:
    """Return the body a new case will almost surely go to, as the confirmation carries it: a person decides.

    The router is asked for its directory only when the score stored with the case is high enough.
    """
    from tracker.routing.beforehand import SURELY_ELSEWHERE, is_surely_elsewhere

    first = next(iter((case.routing or {}).get("suggestions", ())), None)
    if first is None or first["score"] < SURELY_ELSEWHERE or case.service_code or case.urgent_since:
        return None
    entry = router().directory.get(first["code"], on=brussels_day(now))
    if entry is None or not is_surely_elsewhere(entry, first["score"]):
        return None
    return {"names": dict(entry.names), "asks": entry.kind is ServiceKind.FOREIGN_BODY}


@public.post(f"{IN_LANGUAGE}/request/look")
def look() -> Response:
    """Tell a script what the page would say of the text: a piece of the page, empty when there is nothing to tell."""
    form = LookForm()
    if not form.validate():
        return make_response("", 400)
    found = looked_at(form)
    if found is None:
        return make_response("", 429, {"Retry-After": str(int(WITHIN))})
    if not request.form.get("look") and not (found.emergency or found.body or found.answers):
        return make_response("")
    return make_response(render_template("public/notice.html", notice=found, kind=form.kind.data, piece=True))


@public.get(f"{IN_LANGUAGE}/before-you-write")
def before_writing() -> str:
    """Show all the short answers, to be read without typing anything."""
    from tracker.routing.answers import shipped_answers

    return render_template("public/before_writing.html", answers=shipped_answers().all)
