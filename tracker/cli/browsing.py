"""Owns the small browser that measurements use: it keeps cookies, follows redirects and fills in hidden fields.

It shares the machine with what it measures, so it reads of an answer only what it needs: Python's own client would
take a tenth of all the processor time that filing a request costs.
"""

import re
import socket
import time
from html import unescape
from http import HTTPStatus
from typing import BinaryIO
from urllib.parse import urlencode, urlsplit

from tracker.cli.failures import UsageError

HIDDEN = re.compile(rb'<input[^>]*type="hidden"[^>]*name="([^"]+)"[^>]*value="([^"]*)"')
PATIENCE = 30.0


def free_port() -> int:
    """Return a port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Browser:
    """One person at one page; talks to this machine only."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._line: tuple[socket.socket, BinaryIO] | None = None
        self._cookies: dict[str, str] = {}

    def wait_for(self, path: str) -> None:
        """Wait until a page is there."""
        until = time.monotonic() + PATIENCE
        while True:
            try:
                self.get(path)
                return
            except OSError as error:
                self.close()
                if time.monotonic() > until:
                    raise UsageError("The server did not start: try `tracker serve`.") from error
                time.sleep(0.02)

    def get(self, path: str) -> bytes:
        """Return a page."""
        return self._ask("GET", path, None)

    def send(self, path: str, **typed: str) -> bytes:
        """Open the form at a path, fill it in with its hidden fields, send it, and return the page it leads to."""
        hidden = {name.decode(): unescape(value.decode()) for name, value in HIDDEN.findall(self.get(path))}
        return self._ask("POST", path, urlencode({**hidden, **typed}))

    def close(self) -> None:
        """Hang up."""
        if self._line is not None:
            for end in reversed(self._line):
                end.close()
            self._line = None

    def _ask(self, method: str, path: str, body: str | None) -> bytes:
        lines = [f"{method} {path} HTTP/1.1", f"Host: 127.0.0.1:{self._port}"]
        if self._cookies:
            lines.append("Cookie: " + "; ".join(f"{name}={value}" for name, value in self._cookies.items()))
        if body is not None:
            lines += ["Content-Type: application/x-www-form-urlencoded", f"Content-Length: {len(body)}"]
        if self._line is None:
            here = socket.create_connection(("127.0.0.1", self._port), PATIENCE)
            self._line = here, here.makefile("rb")
        sending, receiving = self._line
        sending.sendall("\r\n".join([*lines, "", body or ""]).encode("ascii"))
        status, leads_to, page = self._answer(receiving)
        if leads_to and status in (HTTPStatus.FOUND, HTTPStatus.SEE_OTHER):
            where = urlsplit(leads_to)
            return self._ask("GET", f"{where.path}?{where.query}" if where.query else where.path, None)
        if status != HTTPStatus.OK:
            raise UsageError(f"{path} answered {status}: look at the log of tracker serve.")
        return page

    def _answer(self, receiving: BinaryIO) -> tuple[int, str, bytes]:
        """Read one answer: its status, where it leads to, and its page; the cookies are kept."""
        first = receiving.readline().split()
        if len(first) < 2:
            raise ConnectionResetError("The server hung up.")
        length, leads_to = 0, ""
        while line := receiving.readline().decode("latin-1").strip():
            name, _, value = line.partition(": ")
            match name.lower():
                case "content-length":
                    length = int(value)
                case "location":
                    leads_to = value
                case "set-cookie":
                    cookie, _, content = value.partition(";")[0].partition("=")
                    self._cookies[cookie] = content
        return int(first[1]), leads_to, receiving.read(length)
