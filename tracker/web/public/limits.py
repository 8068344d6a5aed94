"""Owns how long a citizen's browser has access, and the sentence when the database could not take a form in time."""

from datetime import timedelta

from flask_babel import gettext as _

ACCESS = timedelta(hours=2)
"""How long a browser may see its own confirmation, and a case after its code was given."""


def busy() -> str:
    """What to say when the database could not take what was sent in time."""
    return str(_("We are busy right now and could not take your message. It is all here: send it again in a minute."))
