"""Owns what people see when something went wrong: one page or one line of JSON for each status, in their language."""

from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit

from flask import Flask, Response, current_app, g, jsonify, make_response, redirect, render_template, request
from flask_babel import gettext as _
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect
from werkzeug.wrappers import Response as AnyResponse

from tracker.web.languages import FAILED

JSON_PATHS = ("/healthz", "/readyz", "/metrics", "/api/", "/open311/")


@dataclass(frozen=True, slots=True)
class Sentence:
    """A heading and what to do now."""

    heading: str
    advice: str


def install(app: Flask) -> None:
    """Turn every error into a page, or JSON where a machine asks."""
    app.before_request(_on_other_spelling)
    app.register_error_handler(HTTPException, _on_http)
    app.register_error_handler(CSRFError, _on_stale_form)
    app.register_error_handler(OperationalError, _on_busy)
    app.register_error_handler(Exception, _on_failure)


def sentence_for(status: int) -> Sentence:
    """What to say for a status, in the language of the request."""
    match status:
        case 400:
            return Sentence(
                _("We could not read what was sent"), _("Go back to the page you came from and try again.")
            )
        case 403:
            return Sentence(
                _("You may not see this page"),
                _("It is open to other members of staff. If you need it for your work, ask your head of service."),
            )
        case 404:
            return Sentence(
                _("There is no such page"),
                _("Check the address. If you typed it, try again; if you followed a link, start from the home page."),
            )
        case 405:
            return Sentence(_("This page cannot be used that way"), _("Start again from the home page."))
        case 413:
            return Sentence(
                _("What you sent is too large"),
                _("Go back, leave out the largest files or shorten the text, and send it again."),
            )
        case 429:
            return Sentence(
                _("You have tried too many times"),
                _("Wait a quarter of an hour, then try again.")
                if _of_staff()
                else _("Wait a quarter of an hour, then try again. Is it urgent? Telephone us on +32 2 501 81 11."),
            )
        case 503:
            return Sentence(
                _("We are busy right now"), _("Nothing was lost: go back, and send it again in a minute.")
            )
        case _ if status < 500:
            return sentence_for(400)
    return Sentence(
        _("Something went wrong on our side"),
        _("Try again in a few minutes. If it happens again, tell your administrator.")
        if _of_staff()
        else _("Try again in a few minutes. Is it urgent? Telephone us on +32 2 501 81 11."),
    )


def _of_staff() -> bool:
    """Whether a colleague reads it: nobody is asked to telephone themselves."""
    return request.path.startswith("/staff")


def error_page(status: int) -> Response:
    """The page, or the line of JSON, for a status."""
    setattr(g, FAILED, True)
    if request.path.startswith(JSON_PATHS):
        response = jsonify(error=sentence_for(status).heading)
    else:
        response = make_response(render_template("errors/error.html", status=status, sentence=sentence_for(status)))
    response.status_code = status
    return response


def _on_http(error: HTTPException) -> AnyResponse:
    if error.code is None or error.code < 400:  # a redirect in disguise
        return error.get_response()
    response = error_page(error.code)
    for name, value in error.get_headers():
        if name.lower() in ("allow", "retry-after"):
            response.headers[name] = value
    return response


def _on_other_spelling() -> AnyResponse | None:
    """Lead to the address as it is spelled here; host and scheme are left out, since the caller may say any."""
    error = request.routing_exception
    if not isinstance(error, RequestRedirect):
        return None
    there = urlsplit(error.new_url)
    return redirect(urlunsplit(("", "", f"/{there.path.lstrip('/')}", there.query, "")), error.code)


def _on_stale_form(error: CSRFError) -> Response:
    """A form whose token is too old or not ours comes back with all that was typed, to be sent once more."""
    typed = [
        (name, value) for name, value in request.form.items(multi=True) if name not in ("csrf_token", "password")
    ]
    page = render_template("errors/stale_form.html", typed=typed, with_files=bool(request.files))
    return make_response(page, 400)


def _on_busy(error: OperationalError) -> Response:
    """The database could not take it in time: say so, and leave the trace to the log."""
    current_app.logger.error("the database did not answer", exc_info=error)
    response = error_page(503)
    response.headers["Retry-After"] = "60"
    return response


def _on_failure(error: Exception) -> Response:
    current_app.logger.error("a page failed", exc_info=error)
    return error_page(500)
