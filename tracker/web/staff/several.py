"""Owns what is done to the files that were ticked in the queue: assigned, handed over, printed."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from tracker.access.permissions import Room, may_enter, reaches
from tracker.casework.printing import make_run
from tracker.casework.set_aside import next_working_day
from tracker.casework.several import MOST, Chosen, NotDone, Outcome, give_several, set_several_aside
from tracker.charter.counting import brussels_day
from tracker.charter.words import Verb
from tracker.insight.choices import colleagues
from tracker.insight.sight import may_print
from tracker.insight.ticked import Ticked, ticked
from tracker.models.cases import Case
from tracker.web.filters import long_day
from tracker.web.filters import moment as in_full
from tracker.web.site import site
from tracker.web.staff.accounts import Account, me, now
from tracker.web.staff.acts import nothing_chosen, problems_of
from tracker.web.staff.blueprint import needs_room, staff
from tracker.web.staff.fields import REASON_LENGTH, DayField, StaffForm, person_in_words, several_lines
from tracker.web.staff.handling import WHY, AssignForm, HandOverForm
from tracker.web.staff.queue_lines import short_name


@dataclass(frozen=True, slots=True)
class Deed:
    """Something that can be done to several files: what the button of the queue says, the page, and its fields."""

    words: Any
    button: Any
    form: type[StaffForm]
    intro: Any = ""


class LaterForm(StaffForm):
    """Until which day, and why."""

    until = DayField(_l("Choose the day."), label=_l("Until"))
    reason = several_lines(_l("Reason"), REASON_LENGTH, WHY)


DEEDS = {
    "assign": Deed(_l("Choose the handler"), _l("Give them to this colleague"), AssignForm),
    "hand-over": Deed(_l("Hand over"), _l("Hand over"), HandOverForm),
    "later": Deed(_l("Set aside"), _l("Set aside"), LaterForm,
                  _l("The files come later in your own list; dates, reminders and who is told stay as they are. Only"
                     " your own files, and at the latest until the working day before they are to be done.")),
    "letters": Deed(_l("Print their letters"), _l("Print"), StaffForm),
    "list": Deed(_l("Print the list"), "", StaffForm),
}  # fmt: skip


LONGEST_WAY_BACK = 1000
"""Of the address of a list, as it is kept for the way back."""


def _way_back() -> dict[str, str]:
    """Return the way back to the list on which files were ticked, narrowed as it was: always to the queue."""
    query = request.values.get("back", "")[:LONGEST_WAY_BACK]
    where = url_for("staff.queue")
    return {"back_query": query, "back": f"{where}?{query}" if query else where}


def deeds_of(account: Account) -> dict[str, Any]:
    """Return what may be offered to an account under the queue: the words of each button by its name."""
    works = bool(reaches(account.person, Verb.ASSIGN))
    letters = may_enter(account.person, Room.LETTERS)
    allowed = {"assign": works, "hand-over": works, "later": works, "letters": letters, "list": True}
    return {name: deed.words for name, deed in DEEDS.items() if allowed[name]}


def several_of(account: Account) -> dict[str, Any]:
    """Return what the form under the queue shows; ``ticked``: all on this page are ticked, as was asked for."""
    # What was asked is written behind the address, never handed to `url_for`, which would obey some of its names.
    asked = {name: values for name, values in request.args.to_dict(flat=False).items() if name != "tick"}
    again = urlencode({**asked, "tick": "all"}, doseq=True)
    return {
        "deeds": deeds_of(account),
        "ticked": request.args.get("tick") == "all",
        "printed": in_full(now()),
        "back_query": urlencode(asked, doseq=True)[:LONGEST_WAY_BACK],
        "tick_all": f"{url_for('staff.queue')}?{again}#several",
    }


@staff.get("/queue/several")
@needs_room(Room.QUEUE)
def several() -> ResponseReturnValue:
    """Ask what has to be known before something is done to the files that were ticked."""
    name = request.args.get("do", "")
    if name not in deeds_of(me()):
        return redirect(url_for("staff.queue"))
    form = DEEDS[name].form(formdata=None)
    if isinstance(form, LaterForm):
        form.until.data = next_working_day(site().house, now())
    return _ask(name, form, _files(request.args.getlist("file")))


@staff.post("/queue/several")
@needs_room(Room.QUEUE)
def do_several() -> ResponseReturnValue:
    """Do it to each file, and say what came of each."""
    name = request.form.get("do", "")
    if name not in deeds_of(me()):
        return redirect(url_for("staff.queue"), 303)
    form, chosen = DEEDS[name].form(), _chosen()
    if name == "letters":
        return _print_letters(chosen)
    files = _files([one.reference for one in chosen])
    _offer(form, files)
    if name == "list" or not chosen or not form.validate():
        return _ask(name, form, files)
    if isinstance(form, LaterForm):
        outcome = set_several_aside(
            site().database, site().house, cases=chosen, until=form.until.day, reason=form.reason.data,
            actor=me().actor, now=now(),
        )  # fmt: skip
        return _tell(name, outcome, long_day(form.until.day))
    reason = form.reason.data if isinstance(form, HandOverForm) else None
    assert isinstance(form, AssignForm)
    outcome = give_several(
        site().database, site().house, cases=chosen, handler_id=int(form.colleague.data), reason=reason,
        actor=me().actor, now=now(),
    )  # fmt: skip
    return _tell(name, outcome, _chosen_name(form))


def _files(references: list[str]) -> list[Ticked]:
    with site().reading() as db:
        return ticked(db, me().viewer, set(references[:MOST]))


def _chosen() -> list[Chosen]:
    """Return the files of a form, each as ``DOS-… 7``: its reference and the version that its reader saw."""
    found = []
    for given in dict.fromkeys(request.form.getlist("file")):
        reference, _, seen = given.partition(" ")
        if seen.isascii() and seen.isdecimal() and len(seen) < 10:
            found.append(Chosen(reference, int(seen)))
    return found[:MOST]


def _offer(form: StaffForm, files: list[Ticked]) -> None:
    """Offer the colleagues of the services on these files first, then everybody else."""
    if not isinstance(form, AssignForm):
        return
    concerned, services = {one.about_staff_id for one in files}, {one.service_code for one in files}
    with site().reading() as db:
        found = [one for one in colleagues(db, day=brussels_day(now())) if one.id not in concerned]
    found.sort(key=lambda one: one.service_code not in services)
    form.colleague.choices = [("", nothing_chosen()), *((str(one.id), person_in_words(one)) for one in found)]


def _ask(name: str, form: StaffForm, files: list[Ticked]) -> ResponseReturnValue:
    if not files:
        flash(_("Tick at least one file first."), "info")
        return redirect(url_for("staff.queue"), 303)
    _offer(form, files)
    fields = [field for field in form if field.type not in ("HiddenField", "CSRFTokenField")]
    page = render_template(
        "staff/several.html", name=name, deed=DEEDS[name], form=form, fields=fields, files=files,
        today=brussels_day(now()), short_name=short_name, **_way_back(),
    )  # fmt: skip
    return page, 400 if form.errors else 200


def _print_letters(chosen: list[Chosen]) -> ResponseReturnValue:
    """Make a print run of what waits on these files, of those that whoever asks may read."""
    among = Case.reference.in_([one.reference for one in chosen])
    run, kept_back = make_run(
        site().database, site().house, site().cabinet,
        now=now(), actor=me().actor, of=may_print(me().viewer) & among, at_once=True,
    )  # fmt: skip
    if run is not None:
        flash(_("The letters of the files you ticked are in this run."), "success")
        return redirect(url_for("staff.print_run", number=run), 303)
    lost = tuple(NotDone(one.reference, one.refusal) for one in kept_back)
    if lost:
        return _tell("letters", Outcome((), (), lost), "")
    flash(_("Nothing waits to be printed on the files you ticked."), "info")
    return redirect(url_for("staff.queue"), 303)


def _chosen_name(form: AssignForm) -> str:
    choices: Any = form.colleague.choices
    return str(dict(choices)[form.colleague.data])


def _tell(name: str, outcome: Outcome, who: str) -> ResponseReturnValue:
    why = _("We are busy right now and could not save this: try it again in a minute.")
    not_done = [
        (one.reference, " ".join(said for _field, said in problems_of(one.refusal)) if one.refusal else why)
        for one in outcome.not_done
    ]
    return render_template(
        "staff/several_done.html",
        name=name,
        deed=DEEDS[name],
        outcome=outcome,
        not_done=not_done,
        who=who,
        **_way_back(),
    )
