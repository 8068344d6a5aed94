"""Accounts: changed, closed with their files handed over, and never without an administrator who can log in."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tests.factories import MONDAY, acting, make_case, make_house, make_staff, settle
from tracker.casework.accounts import (
    LINK_LASTS,
    AccountChanged,
    CannotSucceed,
    HoldsFiles,
    LastAdministrator,
    LinkOver,
    NoSuchAccount,
    OwnRole,
    change_account,
    close_account,
    make_password_link,
    open_account,
    set_password,
)
from tracker.casework.calendar_feed import feed_of, make_feed
from tracker.casework.complaints import Found, record_finding
from tracker.casework.corrective import add_action
from tracker.casework.ending import close, waive
from tracker.casework.errors import Missing, NotPermitted
from tracker.casework.house import Actor
from tracker.casework.people import EmailTaken, UnknownService, authenticate, set_language
from tracker.casework.succession import hand_over_from_closed
from tracker.casework.tasks import ask
from tracker.charter.words import HouseSubject, Inadmissible, Language, Nature, Role, Verb, WaiverGround
from tracker.correspondence.mail import parcel_of
from tracker.correspondence.parcel import Sender
from tracker.insight.house import changes_of, open_beside, open_files
from tracker.insight.house_records import house_records
from tracker.insight.verify import verify
from tracker.models.cases import Case
from tracker.models.complaints import CorrectiveAction
from tracker.models.database import Database
from tracker.models.history import History
from tracker.models.messages import Outbox
from tracker.models.staff import Staff
from tracker.models.tasks import StaffNotice, Task

WHY = "Left the service."
SENDER = Sender(
    mail_from="Suivi <suivi@example.be>", base_url="https://suivi.example", attachments=Path("/nowhere"),
    secret=make_house().secret,
)  # fmt: skip


def an_admin(session: Session, name: str) -> tuple[Staff, Actor]:
    row = make_staff(session, f"{name}@suivi.example", Role.ADMIN)
    row.password_hash = "some hash"  # as after a link: they can log in
    session.flush()
    return row, acting(row)


def test_an_account_is_changed_by_administrators_only_and_each_field_is_kept(database: Database) -> None:
    with database.writing() as session:
        settle(session)
        clerk = make_staff(session, "clerk@suivi.example", Role.CLERK, "M3")
        head = acting(make_staff(session, "head@suivi.example", Role.HEAD, "M3"))
        _, admin = an_admin(session, "admin")
        done: dict[str, Any] = {"staff_id": clerk.id, "now": MONDAY, "actor": admin}
        wrong: list[tuple[dict[str, Any], type[Exception]]] = [
            ({"actor": head, "given": {"name": "X"}}, NotPermitted),
            ({"staff_id": 99, "given": {"name": "X"}}, NoSuchAccount),
            ({"given": {"email": "HEAD@suivi.example"}}, EmailTaken),
            ({"given": {"service_code": "M99"}}, UnknownService),
            ({"given": {"name": "X"}, "seen": 0}, AccountChanged),
        ]
        for more, refused in wrong:
            with pytest.raises(refused), session.begin_nested():
                change_account(session, **done | more)
        given = {"name": "An Peeters", "role": Role.HEAD, "titles": {"fr": "Cheffe"}, "active": False}
        change_account(session, **done, given=given)

        (changed, added) = changes_of(session, clerk.id, HouseSubject.PERSON)
        assert (added.act, changed.act, changed.actor) == ("add", "change", admin.name)
        assert changed.before == {"name": "Clerk", "role": "clerk", "titles": None}
        assert changed.after == {"name": "An Peeters", "role": "head", "titles": {"fr": "Cheffe"}}
        assert clerk.active, "closing is an act of its own"

        set_language(session, staff_id=clerk.id, language=Language.NL, actor=acting(clerk), now=MONDAY)
        chosen = changes_of(session, clerk.id, HouseSubject.PERSON)[0]
        assert (chosen.actor, chosen.before, chosen.after) == (clerk.name, {"language": "fr"}, {"language": "nl"})
        assert list(house_records(session)) == []


def test_who_has_open_files_keeps_a_role_that_handles_them(database: Database) -> None:
    with database.writing() as session:
        settle(session)
        clerk = make_staff(session, "clerk@suivi.example", Role.CLERK, "M3")
        _, admin = an_admin(session, "admin")
        make_case(session, service="M3")
        done: dict[str, Any] = {"staff_id": clerk.id, "actor": admin, "now": MONDAY}
        with pytest.raises(HoldsFiles), session.begin_nested():
            change_account(session, given={"role": Role.AUDITOR}, **done)
        change_account(session, given={"role": Role.HEAD}, **done)


def test_the_files_of_a_closed_account_are_handed_over_one_by_one_and_once(database: Database) -> None:
    house = make_house()
    with database.writing() as session:
        settle(session)
        leaver = make_staff(session, "leaver@suivi.example", Role.CLERK, "M3", password="long enough")
        heir = make_staff(session, "heir@suivi.example", Role.CLERK, "M1")
        auditor = make_staff(session, "auditor@suivi.example", Role.AUDITOR)
        _, admin = an_admin(session, "admin")
        cases = [make_case(session, service="M3") for _ in range(3)]
        cases.append(make_case(session, service="M3", nature=Nature.COMPLAINT, about_staff_id=heir.id))
        cases[1].sensitive = True
        for case in cases:
            case.handler_id = leaver.id
        references = [case.reference for case in cases]
        assert open_files(session, leaver.id) == 4
        secret = make_feed(session, staff_id=leaver.id, now=MONDAY)
        link = make_password_link(session, staff_id=leaver.id, actor=admin, now=MONDAY)
        done: dict[str, Any] = {"staff_id": leaver.id, "actor": admin, "now": MONDAY}
        for successor, why, refused in ((None, " ", Missing), (leaver.id, WHY, CannotSucceed),
                                        (auditor.id, WHY, CannotSucceed)):  # fmt: skip
            with pytest.raises(refused), session.begin_nested():
                close_account(session, successor_id=successor, why=why, **done)
        for _ in range(2):
            close_account(session, successor_id=heir.id, why=WHY, **done)
        with pytest.raises(LinkOver):
            set_password(session, secret=link, password="long enough", now=MONDAY)
        assert feed_of(session, secret) is None
        assert authenticate(session, email="leaver@suivi.example", password="long enough") is None
        named = heir.id

    later = MONDAY + timedelta(minutes=1)
    assert hand_over_from_closed(database, house, now=later, most=1) == {"handed_over": 1, "left": 0}
    assert hand_over_from_closed(database, house, now=later) == {"handed_over": 2, "left": 1}
    with database.writing() as session:
        coordinator = make_staff(session, "co@suivi.example", Role.COMPLAINTS, "COMPLAINTS").id
    assert hand_over_from_closed(database, house, now=later) == {"handed_over": 1, "left": 0}
    assert hand_over_from_closed(database, house, now=later) == {"handed_over": 0, "left": 0}

    with database.reading() as session:
        rows = session.execute(select(Case.reference, Case.handler_id))
        handlers = {row.reference: row.handler_id for row in rows}
        assert [handlers[one] for one in references] == [named] * 3 + [coordinator], "it is about the heir"
        moved = session.scalars(select(History).where(History.verb == Verb.HAND_OVER)).all()
        assert {(one.actor, one.details["reason"]) for one in moved} == {(admin.name, WHY)}
        assert len(moved) == 4
        (closed, *_) = changes_of(session, done["staff_id"], HouseSubject.PERSON)
        assert (closed.act, closed.more["files"], closed.more["successor"]) == ("deactivate", 4, "Heir")
    assert list(verify(database, house.rules, house.calendar)) == []


def test_what_others_asked_of_a_closed_account_and_its_corrective_actions_go_on(database: Database) -> None:
    house, due = make_house(), date(2026, 3, 10)
    with database.writing() as session:
        settle(session)
        leaver = make_staff(session, "leaver@suivi.example", Role.CLERK, "M3")
        head = make_staff(session, "head@suivi.example", Role.HEAD, "M3")
        heir = make_staff(session, "heir@suivi.example", Role.CLERK, "M1")
        coordinator = make_staff(session, "co@suivi.example", Role.COMPLAINTS, "COMPLAINTS")
        _, admin = an_admin(session, "admin")
        asker = acting(make_staff(session, "asker@suivi.example", Role.CLERK, "M5"))
        plain, shut = make_case(session, service="M5"), make_case(session, service="M5")
        complaints = [make_case(session, nature=Nature.COMPLAINT, about_staff_id=who) for who in (None, heir.id)]
        told: dict[str, Any] = {"now": MONDAY, "seen": None}
        for case in (plain, shut):
            ask(session, house, reference=case.reference, what="Who?", due_on=due, asked_id=leaver.id, actor=asker,
                **told)  # fmt: skip
        shut.sensitive = True
        for case in complaints:
            add_action(session, house, reference=case.reference, what="Two lines.", owner_id=leaver.id, due_on=due,
                       actor=acting(coordinator), **told)  # fmt: skip
        assert open_beside(session, leaver.id) == (2, 2)
        close_account(session, staff_id=leaver.id, successor_id=heir.id, why=WHY, actor=admin, now=MONDAY)

    later = MONDAY + timedelta(minutes=1)
    assert hand_over_from_closed(database, house, now=later) == {"handed_over": 4, "left": 0}
    assert hand_over_from_closed(database, house, now=later) == {"handed_over": 0, "left": 0}
    with database.reading() as session:
        assert open_beside(session, leaver.id) == (0, 0)
        tasks = session.scalars(select(Task).order_by(Task.id)).all()
        assert [(one.case_id, one.asked_id, one.state.value, one.due_on) for one in tasks] == [
            (plain.id, leaver.id, "withdrawn", due),
            (shut.id, leaver.id, "declined", due),  # sensitive: nobody else may read it, and whoever asked is told
            (plain.id, heir.id, "open", due),
        ]
        words = session.scalars(select(StaffNotice).where(StaffNotice.recorded_at == later)).all()
        assert [(one.kind.value, one.recipients) for one in words] == [
            ("asked", [heir.id]), ("declined", [asker.staff_id])
        ]  # fmt: skip
        owners = session.scalars(select(CorrectiveAction.owner_id).order_by(CorrectiveAction.id)).all()
        assert owners == [heir.id, head.id], "never whom the complaint is about"
    assert list(verify(database, house.rules, house.calendar)) == []


def test_an_action_that_nobody_can_be_given_stays_until_somebody_can(database: Database) -> None:
    """It is looked at every minute: an entry each time would never end."""
    house = make_house()
    with database.writing() as session:
        settle(session)
        leaver = make_staff(session, "co@suivi.example", Role.COMPLAINTS, "COMPLAINTS")
        _, admin = an_admin(session, "admin")
        case = make_case(session, nature=Nature.COMPLAINT)
        action = add_action(session, house, reference=case.reference, what="Two lines.", owner_id=leaver.id,
                            due_on=date(2026, 3, 10), actor=acting(leaver), now=MONDAY, seen=None)  # fmt: skip
        done: dict[str, Any] = {"reference": case.reference, "actor": acting(leaver), "now": MONDAY, "seen": None}
        record_finding(session, house, found=Found(ground=Inadmissible.ANONYMOUS, note="By nobody."), **done)
        waive(session, house, number=1, ground=WaiverGround.WITHDRAWN, evidence="She rang.", **done)
        close(session, house, **done)
        assert case.handler_id == leaver.id
        close_account(session, staff_id=leaver.id, successor_id=None, why=WHY, actor=admin, now=MONDAY)
        version, number = case.version, action.id

    for _ in range(2):
        assert hand_over_from_closed(database, house, now=MONDAY)["handed_over"] == 0
    with database.writing() as session:
        assert session.get_one(Case, case.id).version == version
        successor = make_staff(session, "new@suivi.example", Role.COMPLAINTS, "COMPLAINTS").id
    assert hand_over_from_closed(database, house, now=MONDAY)["handed_over"] == 1
    assert hand_over_from_closed(database, house, now=MONDAY)["handed_over"] == 0
    with database.reading() as session:
        assert session.get_one(CorrectiveAction, number).owner_id == successor


def test_the_last_administrator_who_can_log_in_stays(database: Database) -> None:
    with database.writing() as session:
        settle(session)
        one, admin = an_admin(session, "one")
        make_staff(session, "never.logged.in@suivi.example", Role.ADMIN)
        done: dict[str, Any] = {"staff_id": one.id, "actor": admin, "now": MONDAY}
        acts: list[Callable[[], object]] = [
            lambda: close_account(session, successor_id=None, why=WHY, **done),
            lambda: change_account(session, given={"role": Role.CLERK}, **done),
        ]
        for act in acts:
            with pytest.raises(LastAdministrator), session.begin_nested():
                act()
        two, _ = an_admin(session, "two")
        for role in (Role.HEAD, Role.DIRECTION):  # whoever runs Suivi does not open the files to themselves
            with pytest.raises(OwnRole), session.begin_nested():
                change_account(session, given={"role": role}, **done)
        change_account(session, staff_id=two.id, given={"role": Role.DIRECTION}, actor=admin, now=MONDAY)
        change_account(session, staff_id=two.id, given={"role": Role.ADMIN}, actor=admin, now=MONDAY)
        acts[0]()


def test_two_administrators_who_close_each_other_at_once_do_not_both_go(database: Database) -> None:
    with database.writing() as session:
        settle(session)
        (one, as_one), (two, as_two) = an_admin(session, "one"), an_admin(session, "two")
    together = Barrier(2)

    def close(who: int, actor: Actor) -> type[Exception] | None:
        together.wait()
        try:
            with database.writing() as session:
                close_account(session, staff_id=who, successor_id=None, why=WHY, actor=actor, now=MONDAY)
        except LastAdministrator as refused:
            return type(refused)
        return None

    with ThreadPoolExecutor(2) as both:
        ended = list(both.map(close, (one.id, two.id), (as_two, as_one)))

    assert sorted(map(str, ended)) == sorted(map(str, [None, LastAdministrator]))
    with database.reading() as session:
        assert session.scalar(select(func.count()).where(Staff.active, Staff.role == Role.ADMIN)) == 1


def test_an_account_that_is_added_twice_at_once_is_added_once(database: Database) -> None:
    together = Barrier(2)

    def add(actor: Actor) -> str | None:
        with database.writing() as session:
            session.scalars(select(Staff)).all()
            if not database.is_sqlite:
                together.wait()
            try:
                make_staff(session, "new@suivi.example", Role.CLERK, "M3", actor=actor)
            except EmailTaken as refused:
                return refused.code
        return None

    with database.writing() as session:
        settle(session)
        _, admin = an_admin(session, "admin")
    with ThreadPoolExecutor(2) as both:
        assert sorted(map(str, both.map(add, (admin, admin)))) == ["None", "email_taken"]


def test_a_link_sets_a_password_once_and_for_a_time(database: Database) -> None:
    with database.writing() as session:
        settle(session)
        clerk = make_staff(session, "clerk@suivi.example", Role.CLERK, "M3")
        _, admin = an_admin(session, "admin")
        done: dict[str, Any] = {"staff_id": clerk.id, "actor": admin, "now": MONDAY}
        first, second = (make_password_link(session, **done) for _ in range(2))
        for secret, at in ((first, MONDAY), (second, MONDAY + LINK_LASTS), ("", MONDAY), ("\udcff", MONDAY)):
            with pytest.raises(LinkOver):
                set_password(session, secret=secret, password="long enough", now=at)
        set_password(session, secret=second, password="long enough", now=MONDAY)
        assert authenticate(session, email=clerk.email, password="long enough") is clerk
        with pytest.raises(LinkOver):
            set_password(session, secret=second, password="another one", now=MONDAY)
        close_account(session, successor_id=None, why=WHY, **done)
        with pytest.raises(NoSuchAccount):
            make_password_link(session, **done)
        open_account(session, **done)
        assert authenticate(session, email=clerk.email, password="long enough") is None, "only a link opens it"
        acts = [one.act for one in changes_of(session, clerk.id, HouseSubject.PERSON)]
        assert acts == ["reactivate", "deactivate", "password", "link", "link", "add"]
        assert second not in str([one.more for one in changes_of(session, clerk.id, HouseSubject.PERSON)])


def test_the_owner_and_the_other_administrators_are_told_of_a_link_and_not_by_what_it_opens(
    database: Database,
) -> None:
    with database.writing() as session:
        settle(session)
        owner = make_staff(session, "clerk@suivi.example", Role.CLERK, "M3", language=Language.NL)
        maker, admin = an_admin(session, "admin")
        other, _ = an_admin(session, "other")
        gone, _ = an_admin(session, "gone")
        gone.active = False
        secret = make_password_link(session, staff_id=owner.id, actor=admin, now=MONDAY)
        session.flush()
        row = session.scalars(select(Outbox).where(Outbox.password_link_id.is_not(None))).one()
        parcel = parcel_of(session, row, SENDER)

    assert parcel.recipients == (owner.email, other.email)
    body = parcel.mail.get_body(("plain",))
    assert body is not None
    text = body.get_content().replace("\r\n", "\n")
    dutch, french = text.split("\n----\n")
    assert f"Gemaakt door: {maker.name}\nGemaakt op: 2 maart 2026 om 10.00\u00a0uur" in dutch
    assert f"Compte\u00a0: {owner.name}, {owner.email}" in french
    assert secret not in parcel.mail.as_string()
    assert "/staff/password" not in text
