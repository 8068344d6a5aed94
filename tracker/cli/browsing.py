"""Owns the small browser that measurements use: it keeps cookies, follows redirects and fills in hidden fields."""

import re
import socket
import time
from html import unescape
from http.client import HTTPConnection, HTTPException
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
        self._connection = HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        self._cookies: dict[str, str] = {}

    def wait_for(self, path: str) -> None:
        """Wait until a page is there."""
        until = time.monotonic() + PATIENCE
        while True:
            try:
                self.get(path)
                return
            except (OSError, HTTPException) as error:
                self._connection.close()
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
        self._connection.close()

    def _ask(self, method: str, path: str, body: str | None) -> bytes:
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self._cookies.items())}
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        self._connection.request(method, path, body, headers)
        answer = self._connection.getresponse()
        page = answer.read()
        for cookie in answer.headers.get_all("Set-Cookie", []):
            name, _, value = cookie.partition(";")[0].partition("=")
            self._cookies[name] = value
        if answer.status in (302, 303):
            where = urlsplit(answer.headers["Location"])
            return self._ask("GET", f"{where.path}?{where.query}" if where.query else where.path, None)
        if answer.status != 200:
            raise UsageError(f"{path} answered {answer.status}: look at the log of tracker serve.")
        return page
