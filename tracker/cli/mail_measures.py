"""Owns what is measured about mail: how fast it is taken in, and how fast it leaves over real SMTP."""

import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from email.message import EmailMessage
from email.policy import SMTP
from socketserver import StreamRequestHandler, ThreadingTCPServer
from threading import Thread

from config import Settings
from tracker.cli.measuring import Figure
from tracker.opening import clock, open_machine, open_mailroom

MAILS = 300
"""A small population gets fewer."""
WARMING = 5


def mailed(kind: str, cases: int, environment: dict[str, str]) -> Iterator[Figure]:
    """Measure mail in and out of one database; what is delivered is what waits there, up to as many mails."""
    from tracker.casework.mail.store import lay_down
    from tracker.casework.mail.taking_in import take_in
    from tracker.scheduler.jobs import deliver

    mails = min(MAILS, cases // 5)
    with _sink(mails) as sink:
        settings = Settings.from_env(environment | {"SMTP_URL": sink.url})
        machine, room = open_machine(settings), open_mailroom(settings)
        with closing(machine.database):

            def taken_in(first: int, last: int) -> float:
                """Take in some mails, each from a citizen of its own; return how many a second that is."""
                raw, started = [_mail(number) for number in range(first, last)], time.perf_counter()
                for one in raw:
                    laid = lay_down(machine.database, room.mail, one, arrived_at=None, now=clock())
                    take_in(machine.database, machine.house, room, mail_id=laid.mail_id, now=clock())
                return (last - first) / (time.perf_counter() - started)

            taken_in(0, WARMING)  # the router and the languages are read on first use
            yield Figure(kind, cases, "mails taken in", "mails/s", taken_in(WARMING, WARMING + mails), None, None)
            sink.enough = machine.stopping.set
            delivered = deliver(machine)
            rate = delivered.sent / max(delivered.seconds, 0.001)
            yield Figure(kind, cases, "messages delivered over SMTP", "messages/s", rate, None, None)


def _mail(number: int) -> bytes:
    mail = EmailMessage(policy=SMTP)
    mail["From"] = f"Bench {number} <bench{number}@post.example>"
    mail["To"] = "suivi@suivi.example"
    mail["Subject"] = f"Légalisation d'un diplôme {number}"
    mail["Message-ID"] = f"<bench.{number}@post.example>"
    mail.set_content(f"Bonjour,\n\nComment faire légaliser mon diplôme belge pour le Maroc ?\n\nBench {number}\n")
    mail.add_alternative(f"<p>Bonjour,</p><p>Comment faire légaliser mon diplôme ?</p><p>Bench {number}</p>", "html")
    return mail.as_bytes()


class _Sink(ThreadingTCPServer):
    """A mail server that accepts everything and keeps nothing; it tells when it has had enough."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, wanted: int) -> None:
        super().__init__(("127.0.0.1", 0), _Accepting)
        self.accepted, self.wanted = 0, wanted
        self.enough: Callable[[], None] = lambda: None

    @property
    def url(self) -> str:
        """What SMTP_URL would hold."""
        return f"smtp://127.0.0.1:{self.server_address[1]}"


class _Accepting(StreamRequestHandler):
    """One conversation by SMTP (RFC 5321)."""

    disable_nagle_algorithm = True
    server: _Sink

    def handle(self) -> None:
        """Say yes to everything."""
        self.wfile.write(b"220 sink\r\n")
        for line in self.rfile:
            word = line[:4].upper()
            if word == b"DATA":
                self.wfile.write(b"354 go on\r\n")
                while self.rfile.readline() not in (b".\r\n", b""):
                    pass
                self.server.accepted += 1
                if self.server.accepted >= self.server.wanted:
                    self.server.enough()
            self.wfile.write(b"221 bye\r\n" if word == b"QUIT" else b"250 sink\r\n")
            if word == b"QUIT":
                return


@contextmanager
def _sink(wanted: int) -> Iterator[_Sink]:
    with _Sink(wanted) as sink:
        Thread(target=sink.serve_forever, daemon=True).start()
        yield sink
        sink.shutdown()
