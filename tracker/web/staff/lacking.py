"""Owns what the page of a letter says is lacking before it is looked at: what is still to be written or mended."""

from collections.abc import Sequence
from dataclasses import dataclass

from tracker.casework import letters
from tracker.charter.words import MessageKind
from tracker.web.site import site
from tracker.web.staff.accounts import me, now
from tracker.web.staff.acts import problems_of, the_case
from tracker.web.staff.letter_forms import WayForm

WAY = {"channel", "channel_reason", "registered_ground"}
"""The fields that say how a letter goes; each is chosen from a list."""


@dataclass(frozen=True, slots=True)
class Lacking:
    """What keeps a letter from leaving, in sentences that say what to do."""

    to_write: Sequence[str]
    """What its writer has not typed or chosen yet."""
    to_mend: Sequence[str]
    """What is not to be mended by writing on: an address, a signature, a date that the charter does not allow."""


def lacking(form: WayForm, kind: MessageKind) -> Lacking:
    """Return what keeps a letter from leaving, as it stands in the form and as the case stands."""
    unwritten = _unwritten(form)
    if unwritten.keys() & WAY:
        return Lacking(list(unwritten.values()), [])  # before that is chosen there is no letter to look at
    with site().database.reading() as db:
        refused = letters.refused_so_far(
            db, site().house, reference=the_case().reference, kind=kind, draft=form.draft(the_case()),
            actor=me().actor, now=now(),
        )  # fmt: skip
    to_mend = [sentence for _field, sentence in problems_of(refused)] if refused else []
    return Lacking(list(unwritten.values()), to_mend)


def _unwritten(form: WayForm) -> dict[str, str]:
    """Return what each field would be given back with; it is not shown as a mistake before the form is sent."""
    said: dict[str, str] = {}
    for field in form:
        if field.type not in ("HiddenField", "CSRFTokenField") and not field.validate(form):
            said[field.name] = " ".join(str(one) for one in field.errors)
            field.errors = ()
    return said
