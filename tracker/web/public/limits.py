"""Owns the limits that stand beside the fields, and the sentence when a form could not be taken as a whole."""

from datetime import timedelta
from typing import TYPE_CHECKING, TypedDict

from flask_babel import gettext as _

from tracker.web import uploads
from tracker.web.site import site

if TYPE_CHECKING:
    from config import Settings


ACCESS = timedelta(hours=2)
"""How long a browser may see its own confirmation, and a case after its code was given."""


class Limits(TypedDict):
    """What the templates say beside the box for files."""

    accepted: str
    kinds: str
    most_files: int
    most_megabytes: int


def limits(settings: "Settings") -> Limits:
    """The limits on files."""
    return Limits(
        accepted=uploads.ACCEPTED,
        kinds=uploads.KINDS_IN_WORDS,
        most_files=settings.upload_count,
        most_megabytes=settings.upload_bytes // (1024 * 1024),
    )


def busy() -> str:
    """What to say when the database could not take what was sent in time."""
    return str(_("We are busy right now and could not take your message. It is all here: send it again in a minute."))


def not_read(status: int | None) -> str:
    """What to say when a form was too large to be read whole (413), or the name of a file was in no known letters."""
    if status != 413:
        return str(
            _(
                "We could not read the name of a file, so we could not take the files. Your text is below: check that"
                " it is whole, give the file another name, add it again, and send it."
            )
        )
    found = limits(site().settings)
    return str(
        _(
            "What you sent is too large, so we could not take the files. Your text is below: check that it is whole,"
            " add at most %(count)s files of %(size)s MB each, and send it again.",
            count=found["most_files"],
            size=found["most_megabytes"],
        )
    )
