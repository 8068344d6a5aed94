"""Owns the arrival of the posts abroad in the database: what is new, what changed, and nothing twice."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlalchemy.orm import Session

from tracker.models.directory import Post

if TYPE_CHECKING:
    from tracker.routing.posts import PostLine


@dataclass(frozen=True, slots=True)
class Loaded:
    """How many posts were added, changed and left as they were; how many stand here that the list does not name."""

    added: int
    changed: int
    same: int
    elsewhere: int


def load_posts(session: Session, lines: "Sequence[PostLine]", *, now: datetime) -> Loaded:
    """Bring a list of posts into the database; again with the same list, it changes nothing.

    A post is known by country, city and kind. One that the list does not name stays: to end it, name it with
    ``valid_to``.
    """
    known = {(post.country, post.city.casefold(), post.kind): post for post in session.scalars(select(Post))}
    added = changed = 0
    for line in lines:
        key = (line.country, line.city.casefold(), line.kind)
        post = known.pop(key, None)
        if post is None:
            post = Post(country=line.country, city=line.city, kind=line.kind, loaded_at=now)
            _describe(post, line)
            session.add(post)
            added += 1
        elif _as_told(post) != _as_told(line):
            _describe(post, line)
            post.loaded_at = now
            changed += 1
    session.flush()
    return Loaded(added, changed, len(lines) - added - changed, len(known))


def _as_told(one: "Post | PostLine") -> tuple[object, ...]:
    told = (one.phone or None, one.email or None, one.postal_address or None)
    return (*told, dict(one.names), list(one.covers), one.source, one.read_on, one.valid_to)


def _describe(post: Post, line: "PostLine") -> None:
    post.phone, post.email, post.postal_address = line.phone or None, line.email or None, line.postal_address or None
    post.names, post.covers = dict(line.names), list(line.covers)
    post.source, post.read_on, post.valid_to = line.source, line.read_on, line.valid_to
