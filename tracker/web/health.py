"""Owns the answers to machines that watch this one: alive, ready, and figures without personal data."""

from datetime import UTC, datetime

from flask import Blueprint, Response, jsonify
from sqlalchemy.exc import SQLAlchemyError

from tracker.insight.heartbeat import FETCH, SILENCE, figures, last_success, last_sweep
from tracker.web.site import site

health = Blueprint("health", __name__)


@health.get("/healthz")
def healthz() -> Response:
    """Say that this process answers."""
    return jsonify(status="ok")


@health.get("/readyz")
def readyz() -> tuple[Response, int]:
    """Say whether promises are being watched: 503 without a successful sweep in the last 15 minutes.

    When mail was last fetched stands beside it: a mailbox that is down is no reason to turn citizens away.
    """
    try:
        with site().database.reading() as session:
            swept_at, fetched_at = last_sweep(session), last_success(session, FETCH)
    except SQLAlchemyError:
        return jsonify(status="no database"), 503
    last = {"last_sweep": swept_at and swept_at.isoformat(), "last_fetch": fetched_at and fetched_at.isoformat()}
    if swept_at is None or datetime.now(UTC) - swept_at > SILENCE:
        return jsonify(status="no sweep", **last), 503
    return jsonify(status="ready", **last), 200


@health.get("/metrics")
def metrics() -> Response:
    """Give the figures to Prometheus: counts only, read from the database, the same from whichever process."""
    from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Gauge, generate_latest

    registry = CollectorRegistry()
    with site().database.reading() as session:
        for figure in figures(session, now=datetime.now(UTC)):
            Gauge(f"suivi_{figure.name}", figure.meaning, registry=registry).set(figure.value)
    return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)
