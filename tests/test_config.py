"""The settings: defaults that work, every wrong one named in one sentence, and no secret in a log."""

import dataclasses
from pathlib import Path

import pytest

from config import MEGABYTE, Settings, SettingsError

KEY = "0123456789-abcdefghijklmnopqrstuv"


def settings(**env: str) -> Settings:
    return Settings.from_env({"SECRET_KEY": KEY, **env})


def test_only_the_secret_key_is_required(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    found = Settings.from_env({"SECRET_KEY": KEY})
    assert found.base_url == "http://127.0.0.1:8000"
    assert not found.secure_cookies
    assert found.var_dir == tmp_path / "var"
    assert found.database_url == f"sqlite:///{tmp_path}/var/suivi.db"
    assert found.smtp_url is None
    assert found.imap_url is None
    assert found.outbox_dir == tmp_path / "var/outbox"
    assert found.attachments_dir == tmp_path / "var/attachments"
    assert found.mail_from == "suivi@suivi.invalid"
    assert found.reference_prefix == "DOS"
    assert found.upload_bytes == 5 * MEGABYTE
    assert found.request_bytes > found.upload_bytes * found.upload_count
    assert found.trusted_proxies == 0
    assert found.log_format == "text"


def test_a_blank_setting_is_an_unset_one() -> None:
    blank = dict.fromkeys(("SMTP_URL", "DATABASE_URL", "BASE_URL", "ROUTE_AUTO", "MAIL_HOSTS", "LOG_FORMAT"), "  ")
    assert settings(**blank) == settings()


@pytest.mark.parametrize(
    ("name", "value", "attribute", "expected"),
    [
        ("BASE_URL", "https://Suivi.Example.be/", "base_url", "https://suivi.example.be"),
        ("BASE_URL", "https://suivi.example.be", "secure_cookies", True),
        ("BASE_URL", "https://suivi.example.be", "mail_from", "suivi@suivi.example.be"),
        ("BASE_URL", "http://localhost:9000", "base_url", "http://localhost:9000"),
        ("BASE_URL", "http://[::1]:9000", "base_url", "http://[::1]:9000"),
        ("DATABASE_URL", "postgresql://u:p@db.example.be:5433/suivi", "database_url", "postgresql://u:p@db.example.be:5433/suivi"),
        ("DATABASE_URL", "postgresql+psycopg://u:p@db/suivi", "database_url", "postgresql://u:p@db/suivi"),
        ("DATABASE_URL", "postgresql:///suivi?host=/run/postgresql", "database_url", "postgresql:///suivi?host=/run/postgresql"),
        ("DATABASE_URL", "sqlite:////srv/suivi/suivi.db", "database_url", "sqlite:////srv/suivi/suivi.db"),
        ("SMTP_URL", "smtp://127.0.0.1:1025", "smtp_url", "smtp://127.0.0.1:1025"),
        ("SMTP_URL", "smtp+starttls://u:p%40ss@mx.example.be:587", "smtp_url", "smtp+starttls://u:p%40ss@mx.example.be:587"),
        ("IMAP_URL", "imaps://u:p@mail.example.be/INBOX", "imap_url", "imaps://u:p@mail.example.be/INBOX"),
        ("MAIL_FROM", "FPS Foreign <suivi@example.be>", "mail_from", "FPS Foreign <suivi@example.be>"),
        ("MAIL_HOSTS", "MX1.example.be, mx2.example.be", "mail_hosts", ("mx1.example.be", "mx2.example.be")),
        ("DUTY_EMAIL", "duty@example.be", "duty_email", "duty@example.be"),
        ("SURVEY_URL", "https://survey.example.be/{language}?a=1", "survey_url", "https://survey.example.be/{language}?a=1"),
        ("SURVEY_MONTHS", "0", "survey_months", 0),
        ("REFERENCE_PREFIX", "abc", "reference_prefix", "ABC"),
        ("UPLOAD_MEGABYTES", "10", "upload_bytes", 10 * MEGABYTE),
        ("UPLOAD_COUNT", "0", "upload_count", 0),
        ("ROUTE_AUTO", "0.8", "route_auto", 0.8),
        ("ROUTE_URGENT", "0.3", "route_urgent", 0.3),
        ("TRUSTED_PROXIES", "1", "trusted_proxies", 1),
        ("LOG_FORMAT", "JSON", "log_format", "json"),
        ("LOG_LEVEL", "debug", "log_level", "DEBUG"),
    ],
)  # fmt: skip
def test_what_is_written_counts(name: str, value: str, attribute: str, expected: object) -> None:
    assert getattr(settings(**{name: value}), attribute) == expected


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("SECRET_KEY", "", "at least 32"),
        ("SECRET_KEY", "short", "at least 32"),
        ("SECRET_KEY", "a" * 64, "too plain"),
        ("BASE_URL", "suivi.example.be", "https://"),
        ("BASE_URL", "ftp://suivi.example.be", "https://"),
        ("BASE_URL", "http://suivi.example.be", "https://"),
        ("BASE_URL", "http://10.0.0.5:8000", "https://"),
        ("BASE_URL", "https://suivi.example.be/suivi", "without path"),
        ("BASE_URL", "https://user:pw@suivi.example.be", "without path or login"),
        ("BASE_URL", "https://", "https://"),
        ("BASE_URL", "https://suivi.example.be:99999", "can be read"),
        ("BASE_URL", "https://suivi example.be", "https://"),
        ("DATABASE_URL", "postgres://u:p@db/suivi", "postgresql://"),
        ("DATABASE_URL", "mysql://u:p@db/suivi", "postgresql://"),
        ("DATABASE_URL", "suivi.db", "sqlite:///"),
        ("DATABASE_URL", "postgresql://u:p@db", "names no database"),
        ("DATABASE_URL", "sqlite://", "in memory"),
        ("DATABASE_URL", "sqlite:///:memory:", "in memory"),
        ("DATABASE_URL", "sqlite:///file:x?mode=memory&uri=true", "in memory"),
        ("SMTP_URL", "mx.example.be:25", "smtp+starttls://"),
        ("SMTP_URL", "http://mx.example.be", "smtp+starttls://"),
        ("SMTP_URL", "smtp://", "no mail server"),
        ("SMTP_URL", "smtps://user@mx.example.be", "without a password"),
        ("SMTP_URL", "smtp://user:pw@mx.example.be", "in the clear"),
        ("SMTP_URL", "smtp://mx.example.be:0", "can be read"),
        ("SMTP_URL", "smtp://mx.example.be/path", "path"),
        ("IMAP_URL", "pop3://mail.example.be", "imaps://"),
        ("IMAP_URL", "imaps://mail.example.be", "names no user"),
        ("IMAP_DONE", "inbox", "very folder"),
        ("IMAP_DONE", "Reçu", "plain letters"),
        ("MAIL_FROM", "suivi", "one address"),
        ("MAIL_FROM", "a@example.be, b@example.be", "one address"),
        ("MAIL_FROM", "Suivi <questions-aux-affaires-etrangeres@example.be>", "more than 24"),
        ("MAIL_FROM", "a@example.be\r\nBcc: b@example.be", "one line"),
        ("MAIL_HOSTS", "mx1.example.be, -", "host names"),
        ("DUTY_EMAIL", "the guard", "one address"),
        ("SURVEY_URL", "survey.example.be", "web address"),
        ("SURVEY_URL", "ftp://survey.example.be/x", "web address"),
        ("SURVEY_URL", "javascript:alert(1)", "web address"),
        ("SURVEY_URL", "https://survey.example.be/{lang}", "{language}"),
        ("SURVEY_URL", "https://survey.example.be/a b", "web address"),
        ("REFERENCE_PREFIX", "D", "two to five letters"),
        ("REFERENCE_PREFIX", "DOSSIER", "two to five letters"),
        ("REFERENCE_PREFIX", "D0S", "two to five letters"),
        ("REFERENCE_PREFIX", "DÉS", "two to five letters"),
        ("UPLOAD_MEGABYTES", "0", "from 1 to 100"),
        ("UPLOAD_MEGABYTES", "5 MB", "from 1 to 100"),
        ("UPLOAD_COUNT", "-1", "from 0 to 50"),
        ("UPLOAD_COUNT", "٣", "from 0 to 50"),
        ("ROUTE_AUTO", "1.5", "from 0 to 1"),
        ("ROUTE_AUTO", "nan", "from 0 to 1"),
        ("ROUTE_URGENT", "2", "from 0 to 1"),
        ("ROUTE_SUGGEST", "0,4", "from 0 to 1"),
        ("TRUSTED_PROXIES", "10.0.0.1", "whole number"),
        ("LOG_FORMAT", "xml", "text or json"),
        ("LOG_LEVEL", "loud", "DEBUG or INFO"),
    ],
)  # fmt: skip
def test_a_wrong_setting_is_named_in_one_sentence(name: str, value: str, says: str) -> None:
    with pytest.raises(SettingsError) as refused:
        settings(**{name: value})
    sentence = str(refused.value)
    assert sentence.startswith(name)
    assert says in sentence
    assert sentence.endswith(".")
    assert "\n" not in sentence
    assert "pw" not in sentence


def test_thresholds_that_contradict_each_other_are_named_together() -> None:
    with pytest.raises(SettingsError, match=r"ROUTE_SUGGEST \(0\.9\) is above ROUTE_AUTO \(0\.5\)"):
        settings(ROUTE_AUTO="0.5", ROUTE_SUGGEST="0.9")


def test_a_var_dir_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "var").write_text("")
    with pytest.raises(SettingsError, match="VAR_DIR"):
        settings(VAR_DIR=str(tmp_path / "var"))


def test_settings_are_frozen_and_show_no_secret() -> None:
    found = settings(DATABASE_URL="postgresql://u:hidden@db/suivi", SMTP_URL="smtps://u:hidden@mx.example.be")
    assert "hidden" not in repr(found)
    assert KEY not in repr(found)
    with pytest.raises(dataclasses.FrozenInstanceError):
        found.base_url = "https://elsewhere.example"  # type: ignore[misc]
