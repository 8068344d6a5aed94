"""Owns what a web worker gets ready once it serves: the first page waits for none of it."""

from threading import Lock, Thread
from typing import TYPE_CHECKING

from flask import Flask, Response, request

from tracker.routing.masking import known_words
from tracker.web.health import health

if TYPE_CHECKING:
    from tracker.routing.meaning import Meaning


def load_after_the_first_page(app: Flask, meaning: "Meaning") -> None:
    """Load the sentence encoder and what masking knows, once this process has answered somebody."""
    first = Lock()

    def load() -> None:
        meaning.load()
        known_words()

    @app.after_request
    def begin(response: Response) -> Response:
        if request.blueprint != health.name and first.acquire(blocking=False):
            response.call_on_close(Thread(target=load, name="warming", daemon=True).start)
        return response
