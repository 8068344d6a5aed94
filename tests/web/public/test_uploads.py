"""Files: what is accepted is told by the content, kept under our own name, and waits with the form."""

import errno
import io
import os
import zipfile
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy import select

from config import Settings
from tests.web.public.conftest import cases, errors, filled, hidden, hidden_in, post, send, soup
from tests.web.public.test_following import enter, filed
from tracker.correspondence import files
from tracker.correspondence.files import keep_file, path_of
from tracker.models.database import Database
from tracker.models.messages import Attachment

PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n%%EOF\n"


def picture(kind: str, size: tuple[int, int] = (40, 20)) -> bytes:
    made = Image.new("RGB", size, "navy")
    exif = Image.Exif()
    exif[0x010E] = "at home, 50.8503 N 4.3517 E"
    made.save(into := io.BytesIO(), kind, exif=exif)
    return into.getvalue()


def package(how: int = zipfile.ZIP_STORED, **members: bytes) -> bytes:
    with zipfile.ZipFile(into := io.BytesIO(), "w", how) as made:
        for name, content in members.items():
            made.writestr(name, content)
    return into.getvalue()


DOCX = package(**{"[Content_Types].xml": b"<Types/>", "word/document.xml": b"<w/>"})
MACROS = package(**{"[Content_Types].xml": b"<Types/>", "word/document.xml": b"<w/>", "word/vbaProject.bin": b"x"})
ODT = package(mimetype=b"application/vnd.oasis.opendocument.text", **{"content.xml": b"<o/>"})
PACKED = package(mimetype=b"application/vnd.oasis.opendocument.text" * 2, how=zipfile.ZIP_DEFLATED)
LZMA = package(mimetype=b"application/vnd.oasis.opendocument.text" * 2, how=zipfile.ZIP_LZMA)
BROKEN = {
    "deflated": PACKED.replace(PACKED[38:46], b"\xff" * 8, 1),
    "lzma": LZMA.replace(LZMA[38:50], b"\xff" * 12, 1),
    "no name": package(mimetypé=b"x").replace("é".encode(), b"\xff\xff"),
    "shorter than it says": b"PK\x03\x04" + package(mimetype=b"x")[12:],
}
XLSX = package(**{"[Content_Types].xml": b"<Types/>", "xl/workbook.xml": b"<x/>"})


def kept(database: Database) -> list[Attachment]:
    with database.reading() as session:
        return list(session.scalars(select(Attachment).order_by(Attachment.id)))


@pytest.mark.parametrize(
    ("content", "name", "media_type"),
    [
        (PDF, "brief.pdf", "application/pdf"),
        (picture("JPEG"), "foto.jpg", "image/jpeg"),
        (picture("PNG"), "scan.png", "image/png"),
        (DOCX, "brief.docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
        (ODT, "brief.odt", "application/vnd.oasis.opendocument.text"),
        ("Één regel tekst.\n".encode(), "nota.txt", "text/plain; charset=utf-8"),
    ],
)
def test_an_accepted_file_belongs_to_the_case_under_a_name_of_ours(
    client: FlaskClient, database: Database, settings: Settings, content: bytes, name: str, media_type: str
) -> None:
    assert send(client, files=(content, name)).status_code == 303

    (attachment,) = kept(database)
    path = settings.attachments_dir / attachment.stored_as
    assert (attachment.name, attachment.media_type) == (name, media_type)
    assert attachment.case_id is not None
    assert attachment.message_id is not None
    assert path.stat().st_size == attachment.size
    assert path.stat().st_mode & 0o077 == 0, "nobody else on the machine reads it"
    assert Path(name).stem not in attachment.stored_as


@pytest.mark.parametrize(
    ("content", "name", "sentence"),
    [
        (b"MZ\x90\x00" + b"\x00" * 300, "brief.pdf", "geen bestand dat we kunnen aannemen"),
        (b"<html><script>alert(1)</script></html>", "brief.txt", "geen bestand dat we kunnen aannemen"),
        (
            b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>",
            "foto.png",
            "geen bestand dat we kunnen aannemen",
        ),
        (bytes(range(256)), "nota.txt", "geen bestand dat we kunnen aannemen"),
        (b"tekst\x00tekst", "nota.txt", "geen bestand dat we kunnen aannemen"),
        (MACROS, "brief.docx", "geen bestand dat we kunnen aannemen"),
        (XLSX, "blad.xlsx", "geen bestand dat we kunnen aannemen"),
        (b"PK\x03\x04nonsense", "brief.docx", "geen bestand dat we kunnen aannemen"),
        *((content, "brief.odt", "geen bestand dat we kunnen aannemen") for content in BROKEN.values()),
        (picture("JPEG")[:60], "foto.jpg", "kan niet als beeld gelezen worden"),
        (b"\x89PNG\r\n\x1a\n" + b"\x00" * 50, "foto.png", "kan niet als beeld gelezen worden"),
        (b"", "leeg.pdf", "is leeg"),
        (PDF + b"x" * (5 * 1024 * 1024), "groot.pdf", "groter dan 5 MB"),
    ],
)
def test_a_file_that_is_not_accepted_is_named_and_the_rest_of_the_form_kept(
    client: FlaskClient, database: Database, settings: Settings, content: bytes, name: str, sentence: str
) -> None:
    response = send(client, files=(content, name))

    assert response.status_code == 400
    (said,) = errors(response)
    assert sentence in said
    assert name in said
    assert filled()["text"] in response.get_data(as_text=True)
    assert kept(database) == []
    assert cases(database) == 0
    assert not list(settings.attachments_dir.rglob("*.*"))


def test_a_picture_loses_what_was_hidden_in_it(client: FlaskClient, database: Database, settings: Settings) -> None:
    for kind, name in (("JPEG", "foto.jpg"), ("PNG", "foto.png")):
        assert b"50.8503" in picture(kind)
        send(client, files=(picture(kind), name))

    for attachment in kept(database):
        content = (settings.attachments_dir / attachment.stored_as).read_bytes()
        assert b"50.8503" not in content
        with Image.open(io.BytesIO(content)) as again:
            assert again.size == (40, 20)


def test_a_picture_that_claims_to_be_huge_is_not_drawn(client: FlaskClient) -> None:
    bomb = bytearray(picture("PNG"))
    bomb[16:24] = (60_000).to_bytes(4, "big") * 2

    assert "kan niet als beeld gelezen worden" in errors(send(client, files=(bytes(bomb), "foto.png")))[0]


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("../../etc/passwd.pdf", "passwd.pdf"),
        ("<script>.pdf", "<script>.pdf"),
        ("x" * 300 + ".pdf", "x" * 116 + ".pdf"),
        ("جواز\u202e.pdf", "جواز.pdf"),
    ],
)
def test_the_citizens_file_name_is_only_text(
    client: FlaskClient, database: Database, settings: Settings, given: str, shown: str
) -> None:
    send(client, files=(PDF, given))

    (attachment,) = kept(database)
    assert attachment.name == shown
    stored = (settings.attachments_dir / attachment.stored_as).resolve()
    assert stored.is_relative_to(settings.attachments_dir.resolve())
    assert stored.exists()


@pytest.mark.parametrize(
    ("sent", "content", "kept"),
    [
        ("bill.hta", b"<script>alert(1)</script>", "bill.hta.txt"), ("bill.PDF", PDF, "bill.PDF"),
        ("bill.exe", PDF, "bill.exe.pdf"), ("passwd", b"text", "passwd.txt"), ("note.txt", b"text", "note.txt"),
        ("me.JPEG", picture("JPEG"), "me.JPEG"), ("me.png", picture("JPEG"), "me.png.jpg"), ("", b"text", ""),
        ("x" * 200 + ".js", b"text", ("x" * 117 + ".js")[:116] + ".txt"),
    ],
)  # fmt: skip
def test_a_file_ends_in_what_it_is_so_that_nothing_runs_when_it_is_opened(
    tmp_path: Path, sent: str, content: bytes, kept: str
) -> None:
    file = keep_file(content, name=sent, folder=tmp_path, limit=1_000_000)

    assert file.name == kept


@pytest.mark.parametrize("stored_as", ["../secret", "/etc/passwd", "a/../../b"])
def test_no_stored_name_leads_out_of_the_folder(tmp_path: Path, stored_as: str) -> None:
    with pytest.raises(ValueError, match="inside"):
        path_of(tmp_path, stored_as)


def test_accepted_files_outlive_mistakes_an_old_token_and_can_be_taken_off(
    client: FlaskClient, database: Database, settings: Settings
) -> None:
    fields = hidden(client, "/nl/request")
    two = [(PDF, "een.pdf"), (b"Tekst van nota twee.", "twee.txt")]
    first = post(client, "/nl/request", {**fields, **filled(name=""), "files": two})
    assert [item.get_text() for item in soup(first).select(".suivi-files li > span")] == [
        "een.pdf (1 kB)",
        "twee.txt (1 kB)",
    ]

    stale = post(client, "/nl/request", {**fields, **filled(), "csrf_token": "old", "kept": "yes"})
    assert len(soup(stale).select(".suivi-files li")) == 2

    going = soup(stale).select_one("button[name=remove]")
    assert going is not None
    fewer = post(client, "/nl/request", {**fields, **filled(), "kept": "yes", "remove": str(going["value"])})
    assert fewer.status_code == 200
    assert errors(fewer) == []
    assert filled()["text"] in fewer.get_data(as_text=True)
    assert len(soup(fewer).select(".suivi-files li")) == 1

    assert post(client, "/nl/request", {**fields, **filled(), "kept": "yes"}).status_code == 303
    (attachment,) = kept(database)
    assert attachment.name == "twee.txt"
    assert attachment.case_id is not None
    assert len(list(settings.attachments_dir.rglob("*.*"))) == 1, "the file taken off is gone from the disk"


def test_no_more_files_than_allowed(client: FlaskClient, database: Database) -> None:
    files = [(PDF + str(number).encode(), f"{number}.pdf") for number in range(7)]

    response = send(client, files=files)

    assert [sentence.split(":")[0] for sentence in errors(response)] == [
        "“5.pdf” is een bestand te veel",
        "“6.pdf” is een bestand te veel",
    ]
    assert len(kept(database)) == 5


def test_the_same_file_twice_is_kept_once(client: FlaskClient, database: Database, settings: Settings) -> None:
    send(client, files=[(PDF, "een.pdf"), (PDF, "een.pdf")])

    assert len(kept(database)) == 1
    assert len(list(settings.attachments_dir.rglob("*.*"))) == 1


def test_nobody_takes_off_a_file_of_another_form(client: FlaskClient, database: Database) -> None:
    send(client, name="", files=(PDF, "een.pdf"))
    (attachment,) = kept(database)

    other = {**hidden(client, "/nl/request"), **filled(), "remove": str(attachment.id)}
    post(client, "/nl/request", other)

    assert len(kept(database)) == 1


@pytest.mark.parametrize("page", ["/nl/request", "/nl/follow/case"])
def test_a_full_disk_brings_the_form_back_with_what_it_had(
    client: FlaskClient, database: Database, settings: Settings, monkeypatch: pytest.MonkeyPatch, page: str
) -> None:
    if page != "/nl/request":
        enter(client, *filed(client))
    before, fields = cases(database), hidden(client, page)
    post(client, page, {**fields, **filled(name="", text=""), "files": (PDF, "een.pdf")})

    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, "no space left on device")

    with monkeypatch.context() as disk:
        disk.setattr(os, "fsync", full)
        response = post(client, page, {**fields, **filled(), "kept": "yes", "files": (b"Nota.", "twee.txt")})

    assert response.status_code == 503
    assert filled()["text"] in response.get_data(as_text=True)
    assert [item.get_text() for item in soup(response).select(".suivi-files li > span")] == ["een.pdf (1 kB)"]
    assert hidden_in(response)["key"] == fields["key"]
    assert cases(database) == before
    assert len(list(settings.attachments_dir.rglob("*.*"))) == 1, "nothing half-written is left"
    assert post(client, page, {**fields, **filled(), "kept": "yes"}).status_code == 303


def test_a_busy_database_keeps_the_files_that_were_accepted_before(
    app: Flask, client: FlaskClient, database: Database, settings: Settings
) -> None:
    fields = hidden(client, "/nl/request")
    post(client, "/nl/request", {**fields, **filled(name=""), "files": (PDF, "een.pdf")})
    with database.engine.connect().execution_options(immediate=True) as blocker, blocker.begin():
        with app.extensions["suivi"].database.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA busy_timeout = 50")
        response = post(client, "/nl/request", {**fields, **filled(), "kept": "yes", "files": (b"Nota.", "twee.txt")})

    assert response.status_code == 503
    assert [item.get_text() for item in soup(response).select(".suivi-files li > span")] == ["een.pdf (1 kB)"]
    assert hidden_in(response)["key"] == fields["key"]
    assert len(list(settings.attachments_dir.rglob("*.*"))) == 1


def test_the_database_is_not_held_while_a_picture_is_drawn(
    app: Flask, client: FlaskClient, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def drawn(content: bytes, kind: str, name: str) -> bytes:
        with Database(database.url.render_as_string(hide_password=False)).writing():
            return content

    monkeypatch.setattr(files, "_drawn_anew", drawn)

    assert send(client, files=(picture("JPEG"), "foto.jpg")).status_code == 303
