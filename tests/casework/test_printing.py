"""The print run: what waits on paper is printed once, whatever crashes; the day it is posted keeps the promise."""

import csv
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any

import pytest
import typst
from pypdf import PdfReader
from sqlalchemy import func, select, text

from tests.factories import MONDAY, acting, make_case, make_house, make_staff, settle
from tracker.casework import handing_out, letters, notes, paper, printing
from tracker.casework.contact import correct_contact
from tracker.casework.drafting import Draft
from tracker.casework.ending import merge
from tracker.casework.handing_out import UnknownRun
from tracker.casework.house import SYSTEM, Actor
from tracker.casework.leaving import record_leaving
from tracker.casework.paper import Cabinet, letter_of
from tracker.casework.printing import make_run, post_run, print_run
from tracker.charter.counting import brussels_day
from tracker.charter.words import (
    Channel,
    ChannelReason,
    Language,
    MessageKind,
    ObligationState,
    RegisteredGround,
    Role,
)
from tracker.correspondence.letter import _compiled
from tracker.insight.letters import count_unprinted
from tracker.insight.letters import waiting_letters as listed_letters
from tracker.insight.sight import Viewer
from tracker.models.cases import Case
from tracker.models.database import Database
from tracker.models.messages import Message
from tracker.models.obligations import Obligation
from tracker.models.paper import Letter, PrintRun
from tracker.models.staff import Staff

HOUSE = make_house()
NOW = MONDAY + timedelta(days=1)
ADDRESS = "Chaussée de Charleroi 145\n1060 Bruxelles"


@dataclass
class Office:
    """A database with a clerk, the folders of the letters and of the runs, and what is done with them."""

    database: Database
    kept: Path
    out: Path
    clerk: Actor
    now: Any = NOW
    references: list[str] = field(default_factory=list)

    @property
    def cabinet(self) -> Cabinet:
        return Cabinet(self.kept, self.kept.with_name("attachments"))

    def write(self, channel: Channel = Channel.POST, **more: Any) -> str:
        """Register a letter and answer it; return the reference."""
        draft = Draft(text=more.pop("text", "Voici la réponse."), registered_ground=more.pop("ground", None))
        fitting = {"requester_address": ADDRESS, "requester_fax": "+32 2 501 81 70", "requester_email": None}
        with self.database.writing() as session:
            case = make_case(session, channel=channel, service="CONSULAR", **fitting | more)
            letters.answer(
                session, HOUSE, draft=draft, reference=case.reference, actor=self.clerk, now=self.now, seen=None
            )
            self.references.append(case.reference)
            return case.reference

    def print(self, **more: Any) -> printing.Printed:
        return print_run(self.database, HOUSE, self.cabinet, self.out, **{"now": self.now, "actor": SYSTEM, **more})

    def files(self) -> dict[str, bytes]:
        return {str(path.relative_to(self.out)): path.read_bytes() for path in self.out.rglob("*") if path.is_file()}

    def listed(self, run: int) -> list[dict[str, str]]:
        told = (self.out / f"run-{run:06d}" / f"run-{run:06d}.csv").read_text("utf-8")
        return list(csv.DictReader(StringIO(told)))

    def whole(self, run: int) -> list[str]:
        """Return what each page of the one PDF of a run says."""
        name = f"run-{run:06d}"
        pages = PdfReader(self.out / name / f"{name}.pdf").pages
        return [" ".join(page.extract_text().split()) for page in pages]

    def count(self, what: Any) -> int:
        with self.database.reading() as session:
            return session.scalar(select(func.count()).select_from(what)) or 0


@pytest.fixture
def office(database: Database, tmp_path: Path) -> Office:
    with database.writing() as session:
        settle(session)
        clerk = acting(make_staff(session, "an.peeters@suivi.example", Role.CLERK, "CONSULAR", name="An Peeters"))
    return Office(database, tmp_path / "letters", tmp_path / "out", clerk)


def text_of(pdf: bytes) -> str:
    return " ".join(" ".join(page.extract_text() for page in PdfReader(BytesIO(pdf)).pages).split())


def test_a_run_holds_each_letter_all_of_them_and_the_list(office: Office) -> None:
    by_post = office.write(ground=RegisteredGround.LEGAL, requester_name='=HYPERLINK("x")')
    by_fax = office.write(Channel.FAX, language=Language.DE)

    printed = office.print()

    (run,) = printed.runs
    assert printed.kept_back == ()
    assert (run.letters, run.pages) == (4, 4)  # to each its acknowledgement and its answer
    rows = office.listed(run.run)
    assert [(row["position"], row["reference"], row["message"]) for row in rows] == [
        ("1", by_post, "2"), ("2", by_post, "3"), ("3", by_fax, "2"), ("4", by_fax, "3"),
    ]  # fmt: skip
    first, last = rows[1], rows[3]
    assert (first["channel"], first["registered"], first["language"]) == ("post", "legal", "fr")
    assert (first["recipient"], first["address"]) == ('\'=HYPERLINK("x")', ADDRESS.replace("\n", ", "))
    assert (last["channel"], last["address"], last["handler"]) == ("fax", "+32 2 501 81 70", "An Peeters")
    files = office.files()
    folder = f"run-{run.run:06d}/"
    whole = {f"{folder}{folder[:-1]}{end}" for end in (".pdf", ".csv")}
    assert set(files) == {folder + row["file"] for row in rows} | whole
    merged = PdfReader(BytesIO(files[f"{folder}{folder[:-1]}.pdf"]))
    assert len(merged.pages) == 16  # each on a sheet of its own, after its sheet
    assert f"2/4 {by_post}" in " ".join(merged.pages[4].extract_text().split())
    for row in rows:
        assert row["reference"] in text_of(files[folder + row["file"]])


def test_each_letter_begins_on_a_front_side_unless_it_is_printed_on_one(office: Office) -> None:
    references = [office.write(text=text) for text in ("Bonjour. " * 900, "Bonjour.")]

    run = office.print().runs[0].run
    both, rows = office.whole(run), office.listed(run)
    office.print(again=run, both_sides=False)
    one = office.whole(run)

    assert len({row["pages"] for row in rows}) > 1
    assert len(one) == sum(1 + int(row["pages"]) for row in rows)
    begins = [number for number, told in enumerate(both) if any(f"{n}/4" in told for n in range(1, 5))]
    assert [number % 2 for number in begins] == [0] * 4
    for begin, row in zip(begins, rows, strict=True):
        assert row["reference"] in both[begin]
        assert both[begin + 1] == ""
        assert row["reference"] in both[begin + 2]
    assert [told for told in both if told] == one
    assert set(references) == {row["reference"] for row in rows}


def test_what_was_printed_is_printed_no_more_unless_asked_for_and_then_the_same(office: Office) -> None:
    office.write()
    first = office.print().runs[0]
    before = office.files()

    assert office.print() == printing.Printed((), ())
    office.write()
    second = office.print().runs[0]

    assert office.files().items() > before.items()
    assert {row["reference"] for row in office.listed(second.run)} == {office.references[1]}
    again = office.print(again=first.run)
    assert [run.run for run in again.runs] == [first.run]
    assert office.files().items() > before.items()
    with pytest.raises(UnknownRun):
        office.print(again=99)


def test_the_letter_kept_is_the_one_that_is_printed(office: Office) -> None:
    office.write()
    with office.database.writing() as session:
        message = session.scalars(select(Message).where(Message.kind == MessageKind.ANSWER)).one()
        looked_at = letter_of(session, HOUSE, office.cabinet, message_id=message.id, now=NOW)
        kept = (office.kept / looked_at.stored_as).read_bytes()

    run = office.print(now=NOW + timedelta(days=2)).runs[0]

    assert kept in office.files().values()
    with office.database.reading() as session:
        letter = session.get_one(Letter, message.id)
        assert (letter.run_id, letter.sha256) == (run.run, looked_at.sha256)
    assert not list(office.kept.glob(".*"))


def test_posting_the_run_keeps_the_promises_and_tells_what_was_posted_already(office: Office) -> None:
    one, other = office.write(), office.write()
    run = office.print().runs[0].run
    today = brussels_day(NOW)
    with office.database.writing() as session:
        record_leaving(
            session, HOUSE, reference=one, message_number=3, left_on=today, actor=office.clerk, now=NOW, seen=None
        )

    posted = post_run(office.database, HOUSE, run=run, left_on=today, actor=office.clerk, now=NOW)

    assert posted.posted == 3
    assert [(row.reference, row.message, row.refusal.code) for row in posted.kept_back] == [(one, 3, "not_waiting")]
    with office.database.reading() as session:
        assert set(session.scalars(select(Obligation.state))) == {ObligationState.DISCHARGED}
        assert set(session.scalars(select(Message.left_on).where(Message.signature.is_not(None)))) == {today}
    again = post_run(office.database, HOUSE, run=run, left_on=today, actor=office.clerk, now=NOW)
    assert (again.posted, len(again.kept_back)) == (0, 4)
    assert {row.reference for row in again.kept_back} == {one, other}
    with pytest.raises(UnknownRun):
        post_run(office.database, HOUSE, run=99, left_on=today, actor=office.clerk, now=NOW)


def test_a_letter_of_another_service_is_not_marked_by_a_clerk_who_may_not(office: Office) -> None:
    office.write()
    run = office.print().runs[0].run
    with office.database.writing() as session:
        stranger = acting(make_staff(session, "jan@suivi.example", Role.CLERK, "M3"))

    posted = post_run(office.database, HOUSE, run=run, left_on=brussels_day(NOW), actor=stranger, now=NOW)

    assert posted.posted == 0
    assert {row.refusal.code for row in posted.kept_back} == {"not_permitted"}


def test_the_gate_is_asked_again_and_names_what_is_missing(office: Office) -> None:
    reference = office.write()
    with office.database.writing() as session:
        for message in session.scalars(select(Message).where(Message.signature.is_not(None))):
            message.signature = {**(message.signature or {}), "phone": ""}
    office.write()

    printed = office.print()

    assert {row.reference for row in printed.kept_back} == {reference}
    assert {row.refusal.code for row in printed.kept_back} == {"send_refused"}
    assert "phone" in str(printed.kept_back[0].refusal)
    assert printed.runs[0].letters == 2


def test_a_letter_in_a_script_that_cannot_be_printed_is_kept_back_by_name_and_the_others_go(office: Office) -> None:
    odd = office.write()
    with office.database.writing() as session:
        correct_contact(
            session, HOUSE, reference=odd, name="Claire Dubois", email=None, phone=None, fax=None,
            address="東京都千代田区", reason="She moved.", actor=office.clerk, now=NOW, seen=None,
        )  # fmt: skip
    office.write()

    printed = office.print()

    assert {(row.reference, row.refusal.code) for row in printed.kept_back} == {(odd, "not_printable")}
    assert printed.runs[0].letters == 2


def test_an_interim_letter_that_the_charter_refuses_by_now_is_not_printed(office: Office) -> None:
    draft = Draft(reason="Nous attendons un avis.", promised_on=brussels_day(NOW) + timedelta(days=3))
    with office.database.writing() as session:
        case = make_case(
            session, channel=Channel.POST, service="CONSULAR", nature="complex", confirmed=True,
            requester_address=ADDRESS, requester_email=None,
        )  # fmt: skip
        letters.send_interim(
            session, HOUSE, draft=draft, reference=case.reference, actor=office.clerk, now=NOW, seen=None
        )

    printed = office.print(now=NOW + timedelta(days=10))

    assert [(row.reference, row.message) for row in printed.kept_back] == [(case.reference, 3)]
    assert printed.runs[0].letters == 1


def test_a_corrected_address_voids_what_was_printed_and_prints_it_anew(office: Office) -> None:
    reference = office.write()
    first = office.print().runs[0].run
    with office.database.writing() as session:
        correct_contact(
            session, HOUSE, reference=reference, name="Claire Dubois", email=None, phone=None, fax=None,
            address="Rue Neuve 1\n1000 Bruxelles", reason="She moved.", actor=office.clerk, now=NOW, seen=None,
        )  # fmt: skip

    second = office.print().runs[0]

    assert second.letters == 2
    assert {row["address"] for row in office.listed(second.run)} == {"Rue Neuve 1, 1000 Bruxelles"}
    posted = post_run(office.database, HOUSE, run=first, left_on=brussels_day(NOW), actor=office.clerk, now=NOW)
    assert (posted.posted, posted.kept_back) == (0, ())


@pytest.mark.parametrize(
    ("more", "channel"),
    [
        ({"requester_email": None}, Channel.POST),
        ({}, Channel.POST),  # the same way back, though there is an e-mail address
        ({"requester_address": None}, Channel.EMAIL),
        ({"requester_address": None, "requester_email": None}, None),
        ({"channel": Channel.FAX, "requester_fax": "+32 2 501 81 70"}, Channel.FAX),
        ({"channel": Channel.WEB}, Channel.EMAIL),
        ({"sensitive": True}, Channel.POST),
        ({"channel": Channel.WEB, "sensitive": True}, None),
    ],
)
def test_whoever_wrote_on_paper_is_acknowledged_on_paper(
    database: Database, more: dict[str, Any], channel: Channel | None
) -> None:
    known = {"channel": Channel.POST, "requester_address": ADDRESS, "requester_email": "claire@example.org"}
    with database.writing() as session:
        settle(session)
        make_case(session, **known | more)

    with database.reading() as session:
        sent = select(Message.channel).where(Message.kind == MessageKind.ACKNOWLEDGEMENT)
        assert session.scalars(sent).all() == ([channel] if channel else [])


CRASHES: tuple[tuple[object, str], ...] = (
    (paper, "render"),
    (paper, "write_whole"),
    (paper.os, "replace"),
    (printing, "_run_of"),
    (printing, "lay_out"),
    (handing_out, "merged"),
    (handing_out, "listed"),
    (handing_out, "write_whole"),
    (handing_out, "_put"),
    (handing_out.os, "rename"),
    (handing_out, "sync"),
)


class Killed(BaseException):
    """Stands for the end of the process: nobody catches it."""


@pytest.mark.parametrize("at", range(1, 4))
@pytest.mark.parametrize(("module", "name"), CRASHES, ids=[name for _, name in CRASHES])
def test_whatever_is_cut_short_run_again_prints_each_letter_once(
    office: Office, monkeypatch: pytest.MonkeyPatch, module: Any, name: str, at: int
) -> None:
    office.write()
    office.write()
    calls = 0
    real: Callable[..., Any] = getattr(module, name)

    def cut_short(*given: Any, **more: Any) -> Any:
        nonlocal calls
        calls += 1
        done = real(*given, **more) if calls != at or at == 2 else None  # the second time: just after it was done
        if calls == at:
            raise Killed
        return done

    with monkeypatch.context() as crash:
        crash.setattr(module, name, cut_short)
        with suppress(Killed):
            office.print()
    assert calls >= 1
    office.print()

    assert office.print() == printing.Printed((), ())
    rows = [row for run in _runs(office) for row in office.listed(run)]
    assert len(rows) == len({(row["reference"], row["message"]) for row in rows}) == 4
    by_letter: dict[str, set[bytes]] = {}
    for path in office.out.glob("run-*/[0-9]*.pdf"):
        by_letter.setdefault(path.name[5:], set()).add(path.read_bytes())
    assert len(by_letter) == 4
    assert {len(copies) for copies in by_letter.values()} == {1}
    with office.database.reading() as session:
        for letter in session.scalars(select(Letter)):
            assert (office.kept / letter.stored_as).read_bytes() in set.union(*by_letter.values())


def _runs(office: Office) -> list[int]:
    with office.database.reading() as session:
        runs = list(session.scalars(select(PrintRun)))
    assert all(run.handed_at is not None for run in runs)
    return [run.id for run in runs]


def test_a_run_made_on_a_page_is_handed_out_there(office: Office) -> None:
    office.write()
    with office.database.reading() as session:
        staff = session.scalars(select(Staff).where(Staff.email == "an.peeters@suivi.example")).one()

    run, kept_back = make_run(office.database, HOUSE, office.cabinet, now=NOW, actor=office.clerk, at_once=True)

    assert (kept_back, office.print()) == ((), printing.Printed((), ()))
    with office.database.reading() as session:
        assert session.get_one(PrintRun, run).made_by == staff.id
        whole = handing_out.merged_run(session, office.kept, run or 0)
    assert len(PdfReader(BytesIO(whole)).pages) == 8


def test_what_leaves_or_is_spoken_or_merged_is_not_printed(office: Office) -> None:
    with office.database.writing() as session:
        case = make_case(session, service="CONSULAR", requester_address=ADDRESS)
        draft = Draft(text="Bonjour.", channel=Channel.POST, channel_reason=ChannelReason.ASKED)
        letters.answer(session, HOUSE, draft=draft, reference=case.reference, actor=office.clerk, now=NOW, seen=None)
        notes.note(session, HOUSE, text="!", reference=case.reference, actor=office.clerk, now=NOW, seen=None)

    run = office.print().runs[0]

    assert [row["message"] for row in office.listed(run.run)] == ["3"]
    assert office.count(Case) == 1


def test_two_print_runs_at_once_print_each_letter_once(office: Office) -> None:
    for _ in range(3):
        office.write()

    with ThreadPoolExecutor(2) as both:
        outs = [office.out / "one", office.out / "other"]
        done = [
            both.submit(print_run, office.database, HOUSE, office.cabinet, out, now=NOW, actor=SYSTEM) for out in outs
        ]
        printed = [run for one in done for run in one.result().runs]

    assert sum(run.letters for run in printed) == 6
    assert len({run.run for run in printed}) == len(printed)
    letters = [path.name[5:] for path in office.out.glob("*/run-*/[0-9]*.pdf")]
    assert sorted(letters) == sorted(
        f"{reference}-{number}.pdf" for reference in office.references for number in (2, 3)
    )


def test_on_a_case_that_was_merged_letters_still_go_but_no_interim_letter(office: Office) -> None:
    gone, survivor = office.write(), office.write(nature="complex", confirmed=True)
    until = brussels_day(NOW) + timedelta(days=40)
    with office.database.writing() as session:
        third = make_case(
            session, channel=Channel.POST, service="CONSULAR", nature="complex", confirmed=True,
            requester_address=ADDRESS, requester_email=None,
        ).reference  # fmt: skip
        draft = Draft(reason="Nous attendons un avis.", promised_on=until)
        letters.send_interim(session, HOUSE, draft=draft, reference=third, actor=office.clerk, now=NOW, seen=None)
        for reference in (gone, third):
            merge(
                session, HOUSE, reference=reference, into=survivor, reason="Twice.", actor=office.clerk, now=NOW,
                seen=None,
            )  # fmt: skip

    printed = office.print()

    assert printed.kept_back == ()
    rows = [(row["reference"], row["message"]) for row in office.listed(printed.runs[0].run)]
    assert sorted(rows) == sorted([(gone, "2"), (gone, "3"), (survivor, "2"), (survivor, "3"), (third, "2")])
    posted = post_run(
        office.database, HOUSE, run=printed.runs[0].run, left_on=brussels_day(NOW), actor=office.clerk, now=NOW
    )
    assert (posted.posted, posted.kept_back) == (5, ())
    with office.database.reading() as session:
        viewer = Viewer(office.clerk.staff_id or 0, "CONSULAR", frozenset(), False, frozenset({"all"}))
        (line,) = listed_letters(session, viewer)
        assert count_unprinted(session, viewer) == 0
    assert (line.reference, line.number, line.merged_into, line.promises_void) == (third, 3, survivor, True)


def test_others_write_while_letters_are_set(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    office.write()
    office.write(text="Une autre réponse.")
    _compiled.cache_clear()
    set_by_typst, alone = typst.compile, []

    def compile_it(*given: Any, **more: Any) -> Any:
        with office.database.writing() as session:  # SQLite has one writer at a time
            session.execute(text("UPDATE job_runs SET job = job"))
        alone.append(1)
        return set_by_typst(*given, **more)

    monkeypatch.setattr(typst, "compile", compile_it)
    made, kept_back = make_run(office.database, HOUSE, office.cabinet, now=NOW, actor=office.clerk)

    assert (made is not None, kept_back, len(alone)) == (True, (), 4)  # to each its acknowledgement
