"""Mail that comes in: the moment of receipt, references and their slips, files, any bytes, and the time it takes."""

import base64
import io
import sys
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.correspondence.mails import MAIL_HOSTS, OURS, PDF, PNG, QUESTION, all_mails, mail, multi, part
from tests.correspondence.mails_bodies import PACKAGE, SMIME, signed
from tests.correspondence.test_incoming import ARRIVED, NOW, reading
from tracker.charter.reference import Reference
from tracker.correspondence.files import FileProblem, FileRefused, keep_file
from tracker.correspondence.incoming import Incoming, Quoted, read, references_in
from tracker.correspondence.sorting import Sort

REFERENCE = str(Reference("DOS", 2026, 1234))


def received(*stamps: str, arrived_at: datetime | None = ARRIVED) -> datetime:
    raw = mail(QUESTION, *(f"Received: {stamp}" for stamp in stamps))
    return read(raw, mail_hosts=MAIL_HOSTS, arrived_at=arrived_at, now=NOW).received_at


def ours(hour: int, host: str = "mx1.fps.example") -> str:
    return f"from a.example (a [1.2.3.4])\r\n\tby {host} (Postfix) id 1;\r\n\tMon, 5 Jan 2026 {hour:02}:00:00 +0100"


THEIRS = "from x by mx.elsewhere.example; Mon, 5 Jan 2026 03:00:00 +0100"


@pytest.mark.parametrize(
    ("stamps", "hour"),
    [
        ([ours(9)], 8),
        ([ours(11, "IMAP.fps.example"), ours(9)], 8),
        ([THEIRS, ours(9)], 8),  # what filled the mailbox put its own on top
        (["(fetched by a program that names no server); Mon, 5 Jan 2026 12:00:00 +0100", ours(9)], 8),
        ([ours(11, "imap.fps.example"), "from x by localhost (amavis); Mon, 5 Jan 2026 10:30:00 +0100", ours(9)], 8),
        ([ours(11, "imap.fps.example"), "(qmail 1 invoked by uid 0); 5 Jan 2026 09:30:00 -0000", ours(9)], 8),
        ([ours(9), THEIRS, ours(2)], 8),  # below the first foreign one, anybody can have written it
        ([ours(9), f"from x (by mx1.fps.example) by evil.example; {THEIRS.partition(';')[2]}", ours(2)], 8),
        ([ours(9), ours(9).replace("Mon, 5", "Thu, 1")], -88),  # it waited between two of ours
        ([ours(9), ours(9).replace("Mon, 5 Jan 2026", "Wed, 5 Jan 2005")], 8),  # a lie under ours
        ([ours(9).replace("Mon, 5 Jan 2026", "yesterday at"), ours(9).replace("Jan 2026", "Jan 2005")], None),
        ([ours(9).replace("Mon, 5 Jan 2026", "yesterday at")], None),
        (["from x by mx1.fps.example; Thu, 1 Jan 1970 00:00:00 +0000"], None),
        ([THEIRS], None),
        ([], None),
    ],
)
def test_it_is_received_when_our_own_servers_first_stamped_it(stamps: list[str], hour: int | None) -> None:
    expected = ARRIVED if hour is None else datetime(2026, 1, 5, tzinfo=UTC) + timedelta(hours=hour)

    assert received(*stamps) == expected


def test_it_is_never_received_later_than_now_nor_by_the_senders_date() -> None:
    ahead = "from a by mx1.fps.example; Tue, 6 Jan 2026 23:00:00 +0100"

    assert received(ahead) == NOW
    assert received(arrived_at=None) == NOW
    assert received(arrived_at=NOW + timedelta(days=1)) == NOW


def test_mail_from_our_own_address_is_our_own() -> None:
    keyed = mail(QUESTION, sender="Suivi <Service+dos-1-abc@fps.example>")

    assert (
        read(keyed, mail_hosts=(), arrived_at=None, now=NOW, own_address="service@fps.example").sort is Sort.OWN_MAIL
    )
    assert read(keyed, mail_hosts=(), arrived_at=None, now=NOW, own_address="other@fps.example").sort is Sort.PERSON


@pytest.mark.parametrize(
    "written",
    [
        "DOS-2026-0001234-{}",
        "dos 2026 0001234 {}",
        "DOS20260001234{}",
        "D0S–2O26–OOOI234–{}",
        "(ref. DOS-2026-0001234-{}.)",
    ],
)
def test_a_reference_is_found_however_it_is_written(written: str) -> None:
    text = f"Bonjour, {written.format(REFERENCE[-2:])} s'il vous plaît"

    assert references_in(text, "DOS") == (Quoted(REFERENCE),)


def test_a_mistyped_reference_comes_with_what_it_may_have_meant() -> None:
    swapped = REFERENCE.replace("0001234", "0001243")
    wrong = REFERENCE.replace("0001234", "0001284")
    for typed in (swapped, wrong):
        (found,) = references_in(typed, "DOS")

        assert found.reference is None
        assert REFERENCE in found.corrections
        assert len(found.corrections) <= 20
        assert all(str(Reference.parse(one)) == one for one in found.corrections)


@pytest.mark.parametrize(
    "text", ["", "DOS", "XDOS-2026-0001234-14", "2026-0001234-14", "DOS-2026-12-14", "BE71 0961 2345 6769"]
)
def test_what_is_no_reference_is_not_found(text: str) -> None:
    assert references_in(text, "DOS") == ()


def test_a_text_full_of_references_costs_no_more_than_one_with_a_few() -> None:
    found = references_in(" ".join(f"DOS-2026-{number:07}-14" for number in range(10_000)), "DOS")

    assert len(found) <= 20


def test_files_come_out_as_they_were_sent() -> None:
    incoming = reading(multi("mixed", part("application/pdf; name=a.pdf", PDF), part("image/png; name=b.png", PNG)))

    assert [file.content for file in incoming.attachments] == [PDF, PNG]


def test_a_file_of_a_mail_is_checked_by_its_content_and_named_by_us(tmp_path: Path) -> None:
    mails = [odd for odd in all_mails() if odd.expected.get("files")]
    by_name = {odd.name: reading(odd.raw).attachments[0] for odd in mails}
    lying = by_name["lying type"]
    kept = keep_file(lying.content, name=lying.name, folder=tmp_path, limit=1_000_000)

    assert (kept.name, kept.media_type) == ("photo.pdf.png", "image/png")
    assert (tmp_path / kept.stored_as).read_bytes().startswith(b"\x89PNG")

    bomb = by_name["an archive that would fill the disk"]
    with pytest.raises(FileRefused) as refused:
        keep_file(bomb.content, name=bomb.name, folder=tmp_path, limit=1_000_000)
    assert (refused.value.why, refused.value.name) == (FileProblem.KIND, "a.zip")


def test_a_document_that_would_fill_the_memory_of_its_reader_is_not_kept(tmp_path: Path) -> None:
    with zipfile.ZipFile(into := io.BytesIO(), "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("word/document.xml", bytes(1_000_001))
        for number in range(100):
            made.writestr(f"word/media/{number}.bmp", bytes(1_000_000))
    assert len(into.getvalue()) < 200_000

    with pytest.raises(FileRefused) as refused:
        keep_file(into.getvalue(), name="lettre.docx", folder=tmp_path, limit=10_000_000)

    assert (refused.value.why, list(tmp_path.iterdir())) == (FileProblem.KIND, [])


def storable(incoming: Incoming) -> bool:
    """Whether a database keeps every text of it, and none that stands in a header could become two."""
    lines = [
        *(incoming.subject, incoming.sender or "", incoming.sender_name, incoming.bounce_status),
        *(incoming.message_id or "", incoming.in_reply_to or "", *incoming.references, *incoming.about),
        *(*incoming.recipients, *(file.name for file in incoming.attachments)),
    ]
    texts = [incoming.text, incoming.new_text, incoming.quoted, *lines]
    whole = all(text.encode("utf-8").decode("utf-8") == text and "\0" not in text for text in texts)
    return whole and not any("\n" in line or "\r" in line for line in lines)


def test_every_odd_mail_can_be_stored() -> None:
    assert all(storable(reading(odd.raw)) for odd in all_mails())


@given(st.binary(max_size=2_000))
@example(b"Content-Type: text/plain; charset=utf-7\n\n+2AA-")
def test_any_bytes_are_read(raw: bytes) -> None:
    assert storable(reading(raw))


LINES = st.sampled_from(
    [line for odd in all_mails() if len(odd.raw) < 5_000 for line in odd.raw.split(b"\n")]
    + [b"", b"\r", b"--=_b1", b"--=_b1--"]
)


@given(st.lists(st.one_of(LINES, st.binary(max_size=20)), max_size=40))
def test_any_mixture_of_lines_of_mails_is_read(lines: list[bytes]) -> None:
    incoming = reading(b"\n".join(lines))

    assert storable(incoming)
    assert incoming.received_at <= NOW


@given(st.sampled_from([odd.raw for odd in all_mails() if len(odd.raw) < 5_000]), st.data())
def test_a_mail_cut_off_anywhere_is_read(raw: bytes, data: st.DataObject) -> None:
    assert storable(reading(raw[: data.draw(st.integers(0, len(raw)))]))


@given(st.sampled_from([PACKAGE, signed(PDF, stated=True), signed(PDF, stated=False)]), st.data())
def test_a_damaged_package_is_read(package: bytes, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(package)))
    damaged = package[:at] + data.draw(st.binary(max_size=8)) + package[at + data.draw(st.integers(0, 8)) :]
    kind = SMIME if package is not PACKAGE else "application/ms-tnef"

    assert storable(reading(mail(base64.encodebytes(damaged), kind=kind, encoding="base64")))


GROWING: dict[str, Callable[[int], bytes]] = {
    "text": lambda n: mail("Bonjour à tous.\n" * n),
    "history": lambda n: mail("> a\n" * n),
    "introductions": lambda n: mail("On 5 Jan 2026 at 10:12\n" * n),
    "HTML never closed": lambda n: mail("<div><blockquote>a" * n, kind="text/html"),
    "scripts never closed": lambda n: mail("<script>" * n, kind="text/html"),
    "signs": lambda n: mail("<" * 20 * n, kind="text/html"),
    "recipients": lambda n: mail(QUESTION, to=", ".join(f"a{i}@x.example" for i in range(n))),
    "quotation marks": lambda n: mail(QUESTION, to='"\\' * 10 * n),
    "headers": lambda n: b"X: y\r\n" * n + b"\r\n",
    "received": lambda n: mail(QUESTION, *[f"Received: {THEIRS}"] * n),
    "parts": lambda n: multi("mixed", *[part("text/plain", "a")] * n),
    "dashes": lambda n: mail("-" * 20 * n, kind="multipart/mixed; boundary=-"),
    "parts in parts": lambda n: mail(
        "".join(f"--{i}\nContent-Type: multipart/mixed; boundary={i + 1}\n\n" for i in range(n)),
        kind="multipart/mixed; boundary=0",
    ),
    "mails in mails": lambda n: mail("Content-Type: message/rfc822\n\n" * n, kind="message/rfc822"),
    "flowed": lambda n: mail("a \n" * n, kind="text/plain; format=flowed"),
    "marks": lambda n: mail("a" + "\u0301\u0323" * 20 * n),
    "references": lambda n: mail(f"{REFERENCE[:-1]}0 " * n),
    "chain": lambda n: mail(QUESTION, "References: " + f"{OURS} " * n),
}  # fmt: skip


def steps(raw: bytes) -> int:
    """How many calls reading it takes, of our functions and of those written in C."""
    count = 0

    def counted(frame: object, event: str, argument: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(counted)
    try:
        incoming = reading(raw)
        references_in(incoming.text, "DOS")
    finally:
        sys.setprofile(before)
    return count


@pytest.mark.parametrize("kind", GROWING)
def test_a_mail_four_times_as_long_takes_no_more_than_four_times_the_steps(kind: str) -> None:
    reading(GROWING[kind](10))  # what is compiled once

    assert steps(GROWING[kind](2_000)) <= 4.4 * steps(GROWING[kind](500))
