"""Owns how the web side is put together."""

from typing import TYPE_CHECKING

from flask import Flask
from flask.sessions import SecureCookieSessionInterface
from flask_wtf import CSRFProtect
from jinja2 import StrictUndefined
from werkzeug.middleware.proxy_fix import ProxyFix

from tracker.opening import open_database, open_house, open_routing
from tracker.resources import resource
from tracker.web import errors, filters, languages, security, staff
from tracker.web import site as sites
from tracker.web.health import health
from tracker.web.public import public
from tracker.web.site import Site
from tracker.web.staff.again import read_what_is_sent

if TYPE_CHECKING:
    from itsdangerous import URLSafeTimedSerializer

    from config import Settings
    from tracker.casework.house import House
    from tracker.models.database import Database

TOKEN_SECONDS = 4 * 3600
"""How long a form may stay open; after that it comes back with its text, to be sent once more."""


class Sessions(SecureCookieSessionInterface):
    """The sessions of Flask, with one signer for the life of the app: its key does not change."""

    _signer: "URLSafeTimedSerializer | None" = None

    def get_signing_serializer(self, app: Flask) -> "URLSafeTimedSerializer | None":
        """Return what signs and reads the cookie."""
        self._signer = self._signer or super().get_signing_serializer(app)
        return self._signer


def create_app(settings: "Settings", database: "Database | None" = None, house: "House | None" = None) -> Flask:
    """Make the app that serves citizens and staff."""
    app = Flask(__name__, static_folder=str(resource("static")), template_folder=str(resource("templates")))
    app.config.update(_config(settings))
    app.session_interface = Sessions()
    database = database or open_database(settings)
    app.extensions["suivi"] = Site(
        settings=settings,
        database=database,
        house=house or open_house(settings, open_routing(settings, database), database),
    )
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = False
    app.before_request(read_what_is_sent)  # before its token is looked for
    tokens = CSRFProtect(app)
    tokens.exempt(public)  # its forms check their token themselves, and come back filled when it is too old
    tokens.exempt("tracker.web.staff.entering.enter_what_came")  # so does this one: it carries files
    sites.install(app)
    languages.install(app)
    filters.install(app)
    security.install(app, https=settings.secure_cookies)
    errors.install(app)
    app.register_blueprint(health)
    app.register_blueprint(public)
    staff.install(app)
    if settings.trusted_proxies:
        near = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=near, x_proto=near, x_host=near)  # type: ignore[method-assign]
    return app


def _config(settings: "Settings") -> dict[str, object]:
    return {
        "SECRET_KEY": settings.secret_key,
        "SESSION_COOKIE_NAME": "suivi",
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_COOKIE_SECURE": settings.secure_cookies,
        "MAX_CONTENT_LENGTH": settings.request_bytes,
        "MAX_FORM_MEMORY_SIZE": 2 * 1024 * 1024,
        "MAX_FORM_PARTS": 200,
        "SEND_FILE_MAX_AGE_DEFAULT": 365 * 24 * 3600,  # their addresses change with their content
        "TEMPLATES_AUTO_RELOAD": False,
        "WTF_CSRF_TIME_LIMIT": TOKEN_SECONDS,
        "WTF_CSRF_SSL_STRICT": False,  # a browser that hides the referrer may file a request too
    }
