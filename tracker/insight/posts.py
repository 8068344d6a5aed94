"""Owns what is read of the posts abroad: the one to turn to in a country, and the whole list."""

from collections.abc import Iterable
from datetime import date

from sqlalchemy import Date, Text, bindparam, cast, or_, select
from sqlalchemy.orm import Session

from tracker.charter.words import PostKind
from tracker.models.directory import Post

_ORDER = list(PostKind)
AT_HOME = "BE"


def posts_abroad(session: Session, *, day: date) -> list[Post]:
    """Return the posts that are there on a day (Brussels), by country and city (one statement)."""
    there = or_(Post.valid_to.is_(None), Post.valid_to > day)
    return list(session.scalars(select(Post).where(there).order_by(Post.country, Post.city, Post.kind)))


def post_for(session: Session, country: str | None, *, day: date) -> Post | None:
    """Return the post that serves a country: one that is there, else one that covers it; none: not known.

    Embassies come before consulates, and those before honorary ones; one statement, none without a country.
    """
    if country is None or country == AT_HOME:
        return None
    return _best(session.scalars(_SERVING, {"day": day, "country": country, "covered": f'"{country}"'}), country)


_DAY = bindparam("day", type_=Date)
_SERVING = select(Post).where(
    or_(Post.valid_to.is_(None), Post.valid_to > _DAY),
    or_(Post.country == bindparam("country"), cast(Post.covers, Text).contains(bindparam("covered"))),
)
"""A country's posts and those that cover it; made once: the page of every case abroad asks it."""


def _best(posts: Iterable[Post], country: str) -> Post | None:
    serving = [post for post in posts if post.kind is not PostKind.PERMANENT_REPRESENTATION]
    return min(serving, key=lambda post: (post.country != country, _ORDER.index(post.kind), post.city), default=None)
