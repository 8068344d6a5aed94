"""Real IMAP servers on this machine for the tests, and a hand that puts mails into them and looks what lies there."""

import imaplib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from pwd import getpwuid
from tempfile import TemporaryDirectory
from urllib.parse import quote

import pytest

from tests.correspondence.post import free_port

USER, PASSWORD = "suivi", "a:w@rd/é"
DOVECOT = shutil.which("dovecot", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")


@dataclass(frozen=True)
class PostOffice:
    """A mailbox on a running server."""

    port: int
    tls_port: int = 0

    @property
    def url(self) -> str:
        """What `IMAP_URL` would hold."""
        return f"imap://{USER}:{quote(PASSWORD, safe='')}@127.0.0.1:{self.port}"

    @contextmanager
    def hand(self) -> Iterator[imaplib.IMAP4]:
        """Reach into the mailbox, as a mail program would."""
        client = imaplib.IMAP4("127.0.0.1", self.port, timeout=30)
        try:
            client.authenticate("PLAIN", lambda _: f"\0{USER}\0{PASSWORD}".encode())
            yield client
        finally:
            with suppress(OSError, imaplib.IMAP4.error):
                client.logout()

    def put(self, *mails: bytes, at: datetime | None = None, folder: str = "INBOX") -> None:
        """Put mails in a folder, received at a moment (aware)."""
        with self.hand() as client:
            for mail in mails:
                date = imaplib.Time2Internaldate(at) if at else ""
                kind, said = client.append(folder, "", date, mail)
                assert kind == "OK", said

    def put_if_it_can(self, *mails: bytes) -> int:
        """Put mails in the inbox but for those that the server itself trips over; return how many it took."""
        taken, rest = 0, list(mails)
        while rest:
            with suppress(imaplib.IMAP4.abort), self.hand() as client:
                while rest:
                    taken += client.append("INBOX", "", "", rest.pop(0))[0] == "OK"
        return taken

    def lying(self, folder: str = "INBOX") -> list[bytes]:
        """Return the mails in a folder; none when there is no such folder."""
        with self.hand() as client:
            if client.select(folder, readonly=True)[0] != "OK":
                return []
            _, (found,) = client.uid("SEARCH", "ALL")
            mails = []
            for uid in (found or b"").split():
                _, parts = client.uid("FETCH", uid.decode(), "(BODY.PEEK[])")
                mails.append(next(part[1] for part in parts if isinstance(part, tuple)))
            return mails


@contextmanager
def _running(port: int, command: list[str], environment: dict[str, str], log: Path) -> Iterator[PostOffice]:
    with log.open("wb") as written:
        process = subprocess.Popen(command, env=environment, stdout=written, stderr=written, start_new_session=True)
    try:
        _eventually(lambda: _answers(port), process, log)
        yield PostOffice(port)
    finally:
        os.killpg(process.pid, signal.SIGKILL)  # all of its processes; asked politely, dovecot takes a second
        process.wait(30)


def _answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=5) as probe:
            return probe.recv(100).startswith(b"* OK")
    except OSError:
        return False


def _eventually(what: Callable[[], bool], process: "subprocess.Popen[bytes]", log: Path) -> None:
    until = time.monotonic() + 40
    while not what():
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < until, log.read_text()
        time.sleep(0.05)


@contextmanager
def pymap(folder: Path, *more: str) -> Iterator[PostOffice]:
    """Run pymap with an empty mailbox; without TLS, unless a certificate is given."""
    port = free_port()
    command = [str(Path(sys.executable).with_name("pymap")), "--host", "127.0.0.1", "--port", str(port)]
    others = ["--no-service", "admin", "--no-service", "managesieve"]
    mailbox = ["dict", "--demo-user", USER, "--demo-password", PASSWORD]
    environment = {"PATH": os.environ["PATH"]}
    with _running(
        port, [*command, *others, *(more or ("--no-tls",)), *mailbox], environment, folder / "imap.log"
    ) as box:
        yield box


_DOVECOT = """
protocols = imap
log_path = {folder}/imap.log
base_dir = {folder}/run
state_dir = {folder}/state
listen = 127.0.0.1
ssl = {ssl}
{certificate}
disable_plaintext_auth = no
auth_failure_delay = 0
default_internal_user = {internal}
default_login_user = {login}
first_valid_uid = 1
first_valid_gid = 0
mail_location = maildir:{folder}/owner/mails
{more}
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={user} gid={user} home={folder}/owner
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = {tls_port}
  }}
}}
service anvil {{
  chroot =
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service stats {{
  chroot =
}}
"""


@contextmanager
def dovecot(*, more: str = "", certificate: tuple[Path, Path] | None = None) -> Iterator[PostOffice]:
    """Run Debian's dovecot with an empty mailbox; skips the test where it is not installed."""
    if DOVECOT is None:
        pytest.skip("dovecot is not installed")  # no wheel has it; pymap, which pip installs, always runs
    # Its processes run as users of their own when root starts it: they must find the folder, and own the mails.
    root = os.getuid() == 0
    user, internal, login = ("mail", "dovecot", "dovenull") if root else [getpwuid(os.getuid()).pw_name] * 3
    with TemporaryDirectory(prefix="suivi-dovecot-") as name:
        folder, port, tls_port = Path(name), free_port(), free_port() if certificate else 0
        folder.chmod(0o755)
        (folder / "owner").mkdir()
        if root:
            shutil.chown(folder / "owner", user, user)
        text = _DOVECOT.format(
            folder=folder, user=user, internal=internal, login=login, password=PASSWORD, port=port,
            tls_port=tls_port, ssl="yes" if certificate else "no", more=more,
            certificate=f"ssl_cert = <{certificate[0]}\nssl_key = <{certificate[1]}" if certificate else "",
        )  # fmt: skip
        (folder / "dovecot.conf").write_text(text)
        command = [DOVECOT, "-F", "-c", str(folder / "dovecot.conf")]
        with _running(port, command, {"PATH": os.environ["PATH"]}, folder / "imap.log") as box:
            yield replace(box, tls_port=tls_port)
