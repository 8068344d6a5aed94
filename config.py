"""The settings: environment variables, read once at start, typed, frozen and checked.

Only `SECRET_KEY` is required. A wrong or contradictory setting raises `SettingsError`: one sentence that names the
setting and says what to write. The doors (`tracker.cli`, `tracker.wsgi`) and the app read this; no other room does.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from typing import Literal, Self, cast, get_args
from urllib.parse import SplitResult, unquote, urlsplit

LogFormat = Literal["text", "json"]
LogLevel = Literal["DEBUG", "INFO", "WARNING", "ERROR"]

SECRET_KEY_LENGTH = 32
MEGABYTE = 1024 * 1024
LONGEST_LOCAL_PART = 24  # 64 may stand before an @ (RFC 5321), and a reply address needs up to 40 of them

_MAKE_A_KEY = "python3 -c 'import secrets; print(secrets.token_urlsafe(48))'"
_HOST = re.compile(r"(?=.{1,253}\Z)[A-Za-z0-9]([A-Za-z0-9_.-]*[A-Za-z0-9])?")
_ADDRESS = re.compile(r"[^\s@<>,;\"]+@[^\s@<>,;\"]+")
_MAILBOX = re.compile(rf"(?:[^<>\r\n]*<{_ADDRESS.pattern}>|{_ADDRESS.pattern})")
_SMTP = ("smtp", "smtps", "smtp+starttls")
_IMAP = ("imap", "imaps", "imap+starttls")


class SettingsError(ValueError):
    """A setting is missing, wrong or contradicts another: one sentence that names it and says what to write."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What this installation is told from outside. Secrets stay out of `repr`, so that a log cannot show them."""

    secret_key: str = field(repr=False)
    base_url: str
    """Where people reach us, without a closing slash; the links in letters start with it."""
    var_dir: Path
    """Absolute: the SQLite database, attachments, logs, and mail when no SMTP server is set."""
    database_url: str = field(repr=False)
    """`sqlite:///PATH` or `postgresql://…` (which means psycopg 3)."""
    smtp_url: str | None = field(repr=False)
    """`smtp://`, `smtps://` or `smtp+starttls://`, with user and password if any. None: mail goes to `outbox_dir`."""
    imap_url: str | None = field(repr=False)
    """`imap://`, `imaps://` or `imap+starttls://`, with user and password; its path is the mailbox (`INBOX`)."""
    imap_done: str
    """The folder of that mailbox to which a mail is moved once it is taken in."""
    mail_bytes: int
    """The most that one mail may weigh; a larger one is kept and held for a person."""
    mail_from: str
    mail_hosts: tuple[str, ...]
    """Our own mail servers, lower case: a `Received` stamp counts as receipt only if one of these put it."""
    duty_email: str | None
    """Told of urgent cases beside the duty role; None: the duty role's own staff only."""
    survey_url: str | None
    """Where a requester says what they thought of the service; `{language}` becomes theirs. None: on our own page."""
    survey_months: int
    """Nobody is asked what they thought of an answer who was asked about another one in so many months."""
    reference_prefix: str
    upload_bytes: int
    """The most that one attachment may weigh."""
    upload_count: int
    """The most attachments that one form may carry."""
    route_auto: float | None
    """From this score up a case goes to its service by itself, 0 to 1; None: as the router was calibrated."""
    route_suggest: float | None
    """From this score up a service is suggested, 0 to 1; None: as the router was calibrated."""
    route_urgent: float | None
    """From this score up a request is proposed as urgent, 0 to 1; None: as the router was calibrated."""
    trusted_proxies: int
    """How many proxies of our own stand in front; only their `X-Forwarded-*` is believed."""
    log_format: LogFormat
    log_level: LogLevel

    @classmethod
    def from_env(cls, mapping: Mapping[str, str]) -> Self:
        """Read and check every setting in `mapping` (`os.environ` at the doors); an empty one counts as unset.

        Raises `SettingsError` for the first setting that is missing, wrong or contradicts another.
        """
        env = _Environment(mapping)
        base_url = _base_url(env)
        var_dir = _var_dir(env)
        route_auto, route_suggest = env.share("ROUTE_AUTO"), env.share("ROUTE_SUGGEST")
        if route_auto is not None and route_suggest is not None and route_suggest > route_auto:
            raise SettingsError(
                f"ROUTE_SUGGEST ({route_suggest:g}) is above ROUTE_AUTO ({route_auto:g}), so nothing would ever be"
                " only suggested: write a lower ROUTE_SUGGEST or a higher ROUTE_AUTO."
            )
        return cls(
            secret_key=_secret_key(env),
            base_url=base_url,
            var_dir=var_dir,
            database_url=_database_url(env, var_dir),
            smtp_url=_mail_url(env, "SMTP_URL", _SMTP),
            imap_url=_imap_url(env),
            imap_done=_imap_done(env),
            mail_bytes=env.whole("MAIL_MEGABYTES", 30, 1, 200) * MEGABYTE,
            mail_from=_mail_from(env, base_url),
            mail_hosts=_mail_hosts(env),
            duty_email=_duty_email(env),
            survey_url=_survey_url(env),
            survey_months=env.whole("SURVEY_MONTHS", 3, 0, 60),
            reference_prefix=_reference_prefix(env),
            upload_bytes=env.whole("UPLOAD_MEGABYTES", 5, 1, 100) * MEGABYTE,
            upload_count=env.whole("UPLOAD_COUNT", 5, 0, 50),
            route_auto=route_auto,
            route_suggest=route_suggest,
            route_urgent=env.share("ROUTE_URGENT"),
            trusted_proxies=env.whole("TRUSTED_PROXIES", 0, 0, 10),
            log_format=cast(LogFormat, env.one_of("LOG_FORMAT", "text", get_args(LogFormat))),
            log_level=cast(LogLevel, env.one_of("LOG_LEVEL", "INFO", get_args(LogLevel))),
        )

    @property
    def secure_cookies(self) -> bool:
        """Cookies travel over https only, as soon as people reach us by https."""
        return self.base_url.startswith("https://")

    @property
    def attachments_dir(self) -> Path:
        """Where the files that people send us are kept."""
        return self.var_dir / "attachments"

    @property
    def outbox_dir(self) -> Path:
        """Where mail is laid as `.eml` files when no `SMTP_URL` is set."""
        return self.var_dir / "outbox"

    @property
    def mail_dir(self) -> Path:
        """Where raw mail is kept as it reached us."""
        return self.var_dir / "mail"

    @property
    def letters_dir(self) -> Path:
        """Where letters are kept exactly as they were printed."""
        return self.var_dir / "letters"

    @property
    def routing_dir(self) -> Path:
        """Where the largest part of the sentence encoder lies, for all processes of the machine to share."""
        return self.var_dir / "routing"

    @property
    def request_bytes(self) -> int:
        """The most that one form with all its attachments and texts may weigh."""
        return self.upload_bytes * self.upload_count + MEGABYTE


class _Environment:
    """The mapping, with blank values taken as unset, and the checks that several settings share."""

    def __init__(self, mapping: Mapping[str, str]) -> None:
        self._mapping = mapping

    def text(self, name: str) -> str | None:
        value = self._mapping.get(name, "").strip()
        if any(ord(character) < 32 for character in value):
            raise SettingsError(f"{name} holds a line break or a control character: write it on one line.")
        return value or None

    def whole(self, name: str, default: int, least: int, most: int) -> int:
        value = self.text(name)
        if value is None:
            return default
        if not re.fullmatch(r"[0-9]{1,9}", value) or not least <= int(value) <= most:
            raise SettingsError(f"{name} is {value!r}: write a whole number from {least} to {most}.")
        return int(value)

    def share(self, name: str) -> float | None:
        value = self.text(name)
        if value is None:
            return None
        if not re.fullmatch(r"[0-9]*\.?[0-9]+", value) or not 0 <= float(value) <= 1:
            raise SettingsError(f"{name} is {value!r}: write a number from 0 to 1, such as 0.75.")
        return float(value)

    def one_of(self, name: str, default: str, allowed: tuple[str, ...]) -> str:
        value = self.text(name) or default
        for choice in allowed:
            if value.lower() == choice.lower():
                return choice
        raise SettingsError(f"{name} is {value!r}: write {' or '.join(allowed)}.")

    def url(self, name: str, value: str, example: str) -> SplitResult:
        try:
            parts = urlsplit(value)
            sound = parts.port is None or parts.port > 0
        except ValueError:
            sound = False
        if not sound:
            raise SettingsError(f"{name} is not an address that can be read: write it like {example}.")
        return parts


def _secret_key(env: _Environment) -> str:
    key = env.text("SECRET_KEY")
    if key is None:
        raise SettingsError(
            f"SECRET_KEY is missing: set it to at least {SECRET_KEY_LENGTH} random characters,"
            f" such as those printed by {_MAKE_A_KEY}."
        )
    if len(key) < SECRET_KEY_LENGTH or len(set(key)) < 8:
        raise SettingsError(
            f"SECRET_KEY is too short or too plain to be a secret: set it to at least {SECRET_KEY_LENGTH}"
            f" random characters, such as those printed by {_MAKE_A_KEY}."
        )
    return key


def _base_url(env: _Environment) -> str:
    value = env.text("BASE_URL") or "http://127.0.0.1:8000"
    parts = env.url("BASE_URL", value, "https://suivi.example.be")
    host = parts.hostname or ""
    if parts.scheme not in ("http", "https") or not _is_host(host):
        raise SettingsError(f"BASE_URL is {value!r}: write a web address, such as https://suivi.example.be.")
    if parts.path.strip("/") or parts.query or parts.fragment or parts.username is not None:
        raise SettingsError(
            "BASE_URL holds more than scheme, host and port: write it without path or login,"
            " such as https://suivi.example.be."
        )
    if parts.scheme == "http" and not _is_this_machine(host):
        raise SettingsError(
            f"BASE_URL is {value!r}, where passwords and citizens' data would travel in the clear:"
            " write https:// (plain http:// is for this machine only, such as http://127.0.0.1:8000)."
        )
    return f"{parts.scheme}://{parts.netloc.lower()}"


def _var_dir(env: _Environment) -> Path:
    path = Path(env.text("VAR_DIR") or "var").expanduser().absolute()
    if path.exists() and not path.is_dir():
        raise SettingsError(f"VAR_DIR is {str(path)!r}, which is a file: write the path of a folder.")
    return path


def _database_url(env: _Environment, var_dir: Path) -> str:
    value = env.text("DATABASE_URL")
    if value is None:
        return f"sqlite:///{var_dir / 'suivi.db'}"
    scheme, mark, rest = value.partition("://")
    if mark and scheme in ("sqlite", "sqlite+pysqlite"):
        if rest.lstrip("/") and ":memory:" not in rest and "mode=memory" not in rest:
            return f"sqlite://{rest}"
        raise SettingsError(
            "DATABASE_URL names an SQLite database in memory, which the web side and the scheduler cannot share:"
            " write sqlite:/// and the path of a file, or leave it out for one in VAR_DIR."
        )
    if mark and scheme in ("postgresql", "postgresql+psycopg"):
        parts = env.url("DATABASE_URL", value, "postgresql://user:password@host/suivi")
        if not parts.path.strip("/"):
            raise SettingsError(
                "DATABASE_URL names no database: write it after the host, as in postgresql://user:password@host/suivi."
            )
        return f"postgresql://{rest}"
    raise SettingsError(
        f"DATABASE_URL starts with {scheme if mark else 'no scheme'!r}: write"
        " postgresql://user:password@host/suivi, or sqlite:/// and the path of a file."
    )


def _mail_url(env: _Environment, name: str, schemes: tuple[str, ...]) -> str | None:
    value = env.text(name)
    if value is None:
        return None
    scheme, mark, _ = value.partition("://")
    written = ", ".join(f"{each}://" for each in schemes)
    if not mark or scheme not in schemes:
        raise SettingsError(
            f"{name} does not start with one of {written}: write it like {schemes[1]}://user:password@host."
        )
    parts = env.url(name, value, f"{schemes[1]}://user:password@host")
    if not _is_host(parts.hostname or ""):
        raise SettingsError(f"{name} names no mail server: write it like {schemes[1]}://user:password@host.")
    if (parts.username is None) != (parts.password is None):
        raise SettingsError(
            f"{name} has a user without a password: write {schemes[1]}://user:password@host, or neither."
        )
    if parts.username is not None and scheme == schemes[0] and not _is_this_machine(parts.hostname or ""):
        raise SettingsError(
            f"{name} would send a password in the clear: write {schemes[1]}:// or {schemes[2]}:// instead of {schemes[0]}://."
        )
    if parts.path.strip("/") and schemes is _SMTP:
        raise SettingsError(f"{name} has a path after the host, which means nothing there: leave it out.")
    return value


def _imap_url(env: _Environment) -> str | None:
    value = _mail_url(env, "IMAP_URL", _IMAP)
    if value is not None and urlsplit(value).username is None:
        raise SettingsError("IMAP_URL names no user: write it like imaps://user:password@host.")
    return value


def _mail_from(env: _Environment, base_url: str) -> str:
    value = env.text("MAIL_FROM")
    if value is None:
        host = urlsplit(base_url).hostname or ""
        return f"suivi@{'suivi.invalid' if _is_this_machine(host) else host}"  # @localhost is no address for mail
    if not _MAILBOX.fullmatch(value):
        raise SettingsError(
            f"MAIL_FROM is {value!r}: write one address, such as suivi@example.be or Suivi <suivi@example.be>."
        )
    if len(value.rpartition("<")[2].partition("@")[0]) > LONGEST_LOCAL_PART:
        raise SettingsError(
            f"MAIL_FROM has more than {LONGEST_LOCAL_PART} characters before the @, which leaves no room for what"
            " tells replies apart: write a shorter address, such as suivi@example.be."
        )
    return value


def _imap_done(env: _Environment) -> str:
    value = env.text("IMAP_DONE") or "Suivi"
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9 ._/-]{0,99}", value):
        raise SettingsError(f"IMAP_DONE is {value!r}: write the name of a folder in plain letters, such as Suivi.")
    emptied = unquote(urlsplit(env.text("IMAP_URL") or "").path.strip("/")) or "INBOX"
    if value.casefold() == emptied.casefold():
        raise SettingsError(
            f"IMAP_DONE is {value!r}, the very folder that IMAP_URL empties: write another, such as Suivi."
        )
    return value


def _mail_hosts(env: _Environment) -> tuple[str, ...]:
    hosts = tuple(host.lower() for host in re.split(r"[,\s]+", env.text("MAIL_HOSTS") or "") if host)
    for host in hosts:
        if not _is_host(host):
            raise SettingsError(
                f"MAIL_HOSTS holds {host!r}: write host names with commas between, such as mx1.example.be."
            )
    return hosts


def _duty_email(env: _Environment) -> str | None:
    value = env.text("DUTY_EMAIL")
    if value is not None and not _ADDRESS.fullmatch(value):
        raise SettingsError(f"DUTY_EMAIL is {value!r}: write one address, such as duty@example.be.")
    return value


def _survey_url(env: _Environment) -> str | None:
    value = env.text("SURVEY_URL")
    if value is None:
        return None
    parts = env.url("SURVEY_URL", value, "https://survey.example.be/{language}")
    sound = parts.scheme in ("http", "https") and _is_host(parts.hostname or "") and parts.username is None
    if not sound or re.search(r"[\s<>\"]", value) or re.search(r"[{}]", value.replace("{language}", "")):
        raise SettingsError(
            f"SURVEY_URL is {value!r}: write a web address, such as https://survey.example.be/{{language}},"
            " where {language} becomes fr, nl, de or en."
        )
    return value


def _reference_prefix(env: _Environment) -> str:
    value = env.text("REFERENCE_PREFIX") or "DOS"
    if not re.fullmatch(r"[A-Za-z]{2,5}", value):
        raise SettingsError(f"REFERENCE_PREFIX is {value!r}: write two to five letters from A to Z, such as DOS.")
    return value.upper()


def _is_host(host: str) -> bool:
    if _HOST.fullmatch(host):
        return True
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _is_this_machine(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
