"""Owns the interim letter that stands ready on the page of a case: the draft, and the form for what it lacks."""

from dataclasses import dataclass

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from tracker.access.permissions import may
from tracker.casework.ahead import Ahead, interim_ahead, near
from tracker.charter.moves import MOVES
from tracker.charter.obligations import Obligation
from tracker.charter.words import Verb
from tracker.insight.casefacts import CasePage, Header
from tracker.web.languages import language
from tracker.web.site import site
from tracker.web.staff.accounts import me, now
from tracker.web.staff.blueprint import facts_of
from tracker.web.staff.letter_forms import InterimForm


@dataclass(frozen=True, slots=True)
class Ready:
    """A draft with its form; ``missing``: what keeps it from leaving even so, and where that is mended."""

    draft: Ahead
    form: InterimForm
    promise: Obligation
    missing: list[str]
    gaps: dict[str, str]
    """What is said in the text where something is lacking."""


def ready(db: Session, case: Header, page: CasePage) -> Ready | None:
    """Return the interim letter that is to be ready by now, for whoever may send it and when none is on its way."""
    moment = now()
    owed = (
        one for one in page.promises
        if one.is_open and near(site().house, one.kind, due_on=one.due_on, work_by=one.work_by, channel=case.channel,
                                nature=case.nature, now=moment)
    )  # fmt: skip
    promise = next(owed, None)
    if promise is None or any(message.discharges for message in page.stuck):
        return None
    if (case.state, Verb.SEND_INTERIM) not in MOVES or not may(me().person, Verb.SEND_INTERIM, facts_of(case)):
        return None
    draft = interim_ahead(db, site().house, reference=case.reference, actor=me().actor, now=moment)
    form = InterimForm(formdata=None)
    form.prepare(case)
    return Ready(
        draft=draft,
        form=form,
        promise=promise,
        missing=[f"{one.what(language())} {one.where(language())}" for one in draft.missing],
        gaps={"reason": _("the reason"), "promised_on": _("the date")},
    )
