"""A mailbox on a real IMAP server is read whole, byte for byte, and emptied by as many as like to, losing nothing."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.correspondence import imap
from tests.correspondence.imap import PASSWORD, USER, PostOffice
from tests.correspondence.post import free_port
from tracker.correspondence.mailbox import SLICE, Gone, Mailbox, MailboxLost

AT = datetime(2026, 3, 2, 9, 0, 5, tzinfo=UTC)
PLAIN = b"From: a@example.org\r\nSubject: Bonjour\r\n\r\nUn mot.\r\n"
ODD = bytes(byte for byte in range(1, 256) if byte not in b"\r\n") * 9
BIG = b"Subject: big\r\n\r\n" + b"0123456789\r\n" * (5 * SLICE // 24)
SERVERS = ["pymap", "dovecot"]


def server(kind: str, folder: Path) -> AbstractContextManager[PostOffice]:
    return imap.dovecot() if kind == "dovecot" else imap.pymap(folder)


@pytest.fixture(params=SERVERS)
def office(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[PostOffice]:
    with server(request.param, tmp_path) as office:
        yield office


def test_mails_are_read_whole_with_the_moment_they_arrived_and_put_away(office: PostOffice) -> None:
    mails = [PLAIN, b"x", ODD, BIG, BIG[:SLICE], BIG[: 2 * SLICE]]
    office.put(*mails, at=AT)

    with Mailbox(office.url, "Suivi").open() as box:
        uids = box.waiting()
        for uid, mail in zip(uids, mails, strict=True):
            found = box.read(uid)
            assert (found.raw.read(), found.arrived_at) == (mail, AT)
        with office.hand() as client:
            client.select("INBOX", readonly=True)
            assert client.search(None, "SEEN")[1] in ([b""], [None])
        box.put_away(uids[1])
        box.put_away(uids[3])
        assert box.waiting() == [uids[0], uids[2], uids[4], uids[5]]

    assert office.lying() == [mails[0], mails[2], mails[4], mails[5]]
    assert office.lying("Suivi") == [mails[1], mails[3]]


def test_a_mail_that_somebody_else_took_is_gone_and_no_half_of_it_is_read(office: PostOffice) -> None:
    office.put(PLAIN, BIG)

    with Mailbox(office.url, "Suivi").open() as box, Mailbox(office.url, "Suivi").open() as other:
        plain, big = box.waiting()
        half = box.read(big).raw
        half.read(10)
        for uid in (big, plain):
            other.put_away(uid)
        with suppress(Gone):  # a server may also let one who has begun finish
            assert half.read() == BIG[10:]
        box.put_away(plain)
        assert box.waiting() == []
        with pytest.raises(Gone):
            box.read(plain)

    assert sorted(office.lying("Suivi")) == sorted([PLAIN, BIG])


def test_the_folder_named_in_the_address_is_the_one_that_is_emptied(office: PostOffice) -> None:
    with office.hand() as client:
        client.create("&AMk-crire")
    office.put(PLAIN, folder="&AMk-crire")
    office.put(BIG)

    with Mailbox(f"{office.url}/{quote('Écrire')}", "Done").open() as box:
        (uid,) = box.waiting()
        box.put_away(uid)

    assert office.lying() == [BIG]
    assert office.lying("Done") == [PLAIN]


@pytest.mark.parametrize(
    ("abilities", "stays"), [("IMAP4rev1 UIDPLUS", []), ("IMAP4rev1", [PLAIN])], ids=["by id", "not by id"]
)
def test_a_server_that_cannot_move_copies_and_removes_nothing_of_anybody_elses(
    abilities: str, stays: list[bytes]
) -> None:
    with imap.dovecot(more=f"protocol imap {{\n  imap_capability = {abilities}\n}}") as office:
        office.put(PLAIN, BIG)
        with office.hand() as client:
            client.select("INBOX")
            client.store("2", "+FLAGS", r"(\Deleted)")
        with Mailbox(office.url, "Suivi").open() as box:
            first = box.waiting()[0]
            box.put_away(first)
            assert first not in box.waiting()

        assert office.lying() == [*stays, BIG]
        assert office.lying("Suivi") == [PLAIN]


@contextmanager
def odd_server(talk: Callable[[socket.socket], None]) -> Iterator[str]:
    """Listen, and treat one who calls as told; the line is cut at the end."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(30)

        def serve() -> None:
            with listening.accept()[0] as line:
                talk(line)

        thread = threading.Thread(target=serve)
        thread.start()
        yield f"imap://u:p@127.0.0.1:{listening.getsockname()[1]}"
        thread.join(30)


def open_and_close(url: str, timeout: float = 5) -> None:
    with Mailbox(url, "Suivi", timeout).open() as box:
        box.waiting()


def test_a_server_that_is_down_slow_or_no_mail_server_is_told_in_one_sentence() -> None:
    with pytest.raises(MailboxLost, match=r"^no connection to the mailbox \(ConnectionRefusedError\)$"):
        open_and_close(f"imap://u:p@127.0.0.1:{free_port()}")
    hung_up = threading.Event()
    with odd_server(lambda line: hung_up.wait(30) and None) as url:
        with pytest.raises(MailboxLost, match=r"\(TimeoutError\)$"):
            open_and_close(url, timeout=0.3)
        hung_up.set()
    with odd_server(lambda line: line.sendall(b"220 smtp\r\n")) as url, pytest.raises(MailboxLost):
        open_and_close(url)
    with odd_server(lambda line: line.sendall(b"* OK hello\r\n")) as url, pytest.raises(MailboxLost):
        open_and_close(url)


def test_a_wrong_password_is_told_without_repeating_it(office: PostOffice) -> None:
    for wrong in ("wrong", "mauvais-é"):
        with pytest.raises(MailboxLost) as told:
            open_and_close(f"imap://{USER}:{quote(wrong)}@127.0.0.1:{office.port}")
        assert str(told.value).startswith("the mailbox refused what it was asked")
        assert wrong not in str(told.value)


def test_the_password_stays_out_of_what_is_printed(office: PostOffice) -> None:
    assert PASSWORD not in repr(Mailbox(office.url, "Suivi"))
    assert quote(PASSWORD, safe="") not in repr(Mailbox(office.url, "Suivi"))


@pytest.mark.parametrize("kind", SERVERS)
def test_a_server_that_dies_while_a_mail_is_read_loses_none(kind: str, tmp_path: Path) -> None:
    with server(kind, tmp_path) as office:
        office.put(BIG)
        opened = Mailbox(office.url, "Suivi", 5).open()
        box = opened.__enter__()
        reading = box.read(box.waiting()[0]).raw
        reading.read(10)
    with pytest.raises(MailboxLost):
        reading.read()
    with pytest.raises(MailboxLost):
        box.waiting()
    opened.__exit__(None, None, None)


def secured(url: str, scheme: str, port: int) -> str:
    """Return the address by which a server of ours is reached over TLS."""
    user = url.removeprefix("imap://").partition("@")[0]
    return f"{scheme}://{user}@localhost:{port}"


@pytest.mark.parametrize(
    ("kind", "scheme"), [("pymap", "imap+starttls"), ("dovecot", "imap+starttls"), ("dovecot", "imaps")]
)
def test_tls_is_used_where_the_certificate_is_trusted_and_never_given_up(
    kind: str, scheme: str, tmp_path: Path, certificate: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    cert, key = certificate
    running = (
        imap.dovecot(certificate=certificate)
        if kind == "dovecot"
        else imap.pymap(tmp_path, "--cert", str(cert), "--key", str(key))
    )
    with running as office:
        url = secured(office.url, scheme, office.tls_port if scheme == "imaps" else office.port)
        with pytest.raises(MailboxLost, match=r"\(SSLCertVerificationError\)$"):
            open_and_close(url)
        monkeypatch.setenv("SSL_CERT_FILE", str(cert))
        open_and_close(url)
        with pytest.raises(MailboxLost):
            open_and_close(url.replace("localhost", "127.0.0.1"))


def test_tls_is_not_given_up_where_the_server_has_none(tmp_path: Path) -> None:
    with imap.pymap(tmp_path) as office:
        for scheme in ("imap+starttls", "imaps"):
            with pytest.raises(MailboxLost):
                open_and_close(office.url.replace("imap:", f"{scheme}:"))
