"""What goes with a file that is transmitted on paper: its documents behind the letter, and what is added by hand."""

import csv
from hashlib import sha256
from io import BytesIO, StringIO
from pathlib import Path

import pytest
from PIL import Image
from pypdf import PdfReader, PdfWriter
from pypdf.generic import DictionaryObject, NameObject, TextStringObject
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.factories import MONDAY, acting, make_case, make_house, make_staff, settle
from tracker.casework import letters
from tracker.casework.drafting import Draft
from tracker.casework.house import SYSTEM, Actor
from tracker.casework.paper import Cabinet
from tracker.casework.printing import print_run
from tracker.charter.words import Channel, MessageKind, Nature, Role
from tracker.models.cases import Case
from tracker.models.database import Database
from tracker.models.directory import Service
from tracker.models.messages import Attachment, Message
from tracker.models.paper import Letter

HOUSE = make_house()
DRAFT = Draft(to="EXT:FPS-ECONOMY", text="C'est du commerce.")


def pdf(*sizes: tuple[float, float], locked: bool = False, active: bool = False) -> bytes:
    """Return a PDF with blank pages of these sizes."""
    writer, out = PdfWriter(), BytesIO()
    for size in sizes:
        page = writer.add_blank_page(*size)
        if active:
            script = DictionaryObject({NameObject("/S"): NameObject("/JavaScript")})
            script[NameObject("/JS")] = TextStringObject("app.alert(1)")
            page[NameObject("/AA")] = DictionaryObject({NameObject("/O"): script})
    if locked:
        writer.encrypt("secret")
    writer.write(out)
    return out.getvalue()


def picture(kind: str) -> bytes:
    out = BytesIO()
    Image.new("RGB", (1200, 400), "red").save(out, kind)
    return out.getvalue()


FILES = {
    "relevé.pdf": ("application/pdf", pdf((595, 842), (842, 595), active=True), 2),
    "photo.jpg": ("image/jpeg", picture("JPEG"), 1),
    "scan.png": ("image/png", picture("PNG"), 1),
    "verrou.pdf": ("application/pdf", pdf((595, 842), locked=True), 0),
    "cassé.pdf": ("application/pdf", b"%PDF-1.7\n1 0 obj <</Type /Catalog", 0),
    "image.png": ("image/png", b"\x89PNG\r\n\x1a\nbroken", 0),
    "lettre.docx": ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", b"PK", 0),
}
BY_HAND = [name for name, (_, _, pages) in FILES.items() if not pages]


@pytest.fixture
def cabinet(tmp_path: Path) -> Cabinet:
    return Cabinet(tmp_path / "letters", tmp_path / "attachments")


def bring(session: Session, cabinet: Cabinet, case: Case, *names: str) -> None:
    cabinet.attachments.mkdir(exist_ok=True)
    first = session.scalars(select(Message.id).where(Message.case_id == case.id, Message.number == 1)).one()
    for place, name in enumerate(names):
        media_type, content, _ = FILES[name]
        stored_as = f"{case.id}-{place}{Path(name).suffix}"
        (cabinet.attachments / stored_as).write_bytes(content)
        session.add(
            Attachment(
                case_id=case.id, message_id=first, name=name, stored_as=stored_as, media_type=media_type,
                size=len(content), sha256=sha256(content).hexdigest(), added_at=MONDAY,
            )
        )  # fmt: skip
    session.flush()


def misdirected(session: Session, cabinet: Cabinet, *names: str) -> tuple[Case, Actor]:
    """Register a request for a body that takes only post, with files."""
    settle(session)
    session.get_one(Service, "EXT:FPS-ECONOMY").email = None
    session.get_one(Service, "EXT:FPS-ECONOMY").postal_address = "Rue du Progrès 50\n1210 Bruxelles"
    clerk = acting(make_staff(session, "an.peeters@suivi.example", Role.CLERK, "ME6"))
    case = make_case(session, service="ME6", channel=Channel.EMAIL, nature=Nature.MISDIRECTED)
    bring(session, cabinet, case, *names)
    return case, clerk


def test_the_citizen_s_documents_stand_behind_the_letter_and_on_it(
    database: Database, cabinet: Cabinet, tmp_path: Path
) -> None:
    with database.writing() as session:
        case, clerk = misdirected(session, cabinet, *FILES)
        reference = case.reference
        seen = letters.preview_on_paper(
            session, HOUSE, cabinet, reference=reference, kind=MessageKind.TRANSMISSION, draft=DRAFT, place=0,
            actor=clerk, now=MONDAY,
        )  # fmt: skip
        letters.transmit(session, HOUSE, reference=reference, draft=DRAFT, actor=clerk, now=MONDAY, seen=None)

    run = print_run(database, HOUSE, cabinet, tmp_path / "out", now=MONDAY, actor=SYSTEM).runs[0]

    with database.reading() as session:
        letter = session.scalars(select(Letter)).one()
    kept = (cabinet.letters / letter.stored_as).read_bytes()
    pages = PdfReader(BytesIO(kept)).pages
    whole = sum(count for _, _, count in FILES.values())
    own = len(pages) - whole
    assert letter.pages == run.pages == len(pages) > whole
    assert letter.enclosed == [{"name": name, "pages": count} for name, (_, _, count) in FILES.items()]
    told = " ".join(" ".join(page.extract_text() for page in pages[:own]).split())
    for said in ("relevé.pdf (2 pages)", "photo.jpg (1 page)", "scan.png (1 page)", "lettre.docx (joint séparément)"):
        assert said in told
    assert [float(page.mediabox.width) for page in pages[own : own + 2]] == [595, 842]  # as they came
    for page in pages[own + 2 :]:
        assert len(page.images) == 1
        assert round(float(page.mediabox.height)) == 842
    assert b"JavaScript" not in kept
    assert "/Metadata" not in PdfReader(BytesIO(kept)).trailer["/Root"]  # it is no PDF/A any more
    assert (run.folder / f"0001-{reference}-3.pdf").read_bytes() == kept == seen
    listed = (run.folder / f"run-{run.run:06d}.csv").read_text("utf-8")
    assert [row["by_hand"] for row in csv.DictReader(StringIO(listed))] == [", ".join(BY_HAND)]
    sheet = PdfReader(run.folder / f"run-{run.run:06d}.pdf").pages[0].extract_text()
    for name in BY_HAND:
        assert name in sheet


def test_a_letter_without_documents_stays_as_it_is_and_the_notice_takes_none_along(
    database: Database, cabinet: Cabinet, tmp_path: Path
) -> None:
    with database.writing() as session:
        case, clerk = misdirected(session, cabinet)
        letters.transmit(session, HOUSE, reference=case.reference, draft=DRAFT, actor=clerk, now=MONDAY, seen=None)

    print_run(database, HOUSE, cabinet, tmp_path / "out", now=MONDAY, actor=SYSTEM)

    with database.reading() as session:
        letter = session.scalars(select(Letter)).one()
    assert letter.enclosed is None
    assert b"pdfaid" in (cabinet.letters / letter.stored_as).read_bytes()


def test_a_file_that_is_gone_is_added_by_hand_and_stops_no_run(
    database: Database, cabinet: Cabinet, tmp_path: Path
) -> None:
    with database.writing() as session:
        case, clerk = misdirected(session, cabinet, "relevé.pdf", "photo.jpg")
        letters.transmit(session, HOUSE, reference=case.reference, draft=DRAFT, actor=clerk, now=MONDAY, seen=None)
    for file in cabinet.attachments.iterdir():
        file.unlink()

    printed = print_run(database, HOUSE, cabinet, tmp_path / "out", now=MONDAY, actor=SYSTEM)

    assert printed.kept_back == ()
    with database.reading() as session:
        assert [one["pages"] for one in session.scalars(select(Letter.enclosed)).one() or ()] == [0, 0]
