"""The pages for citizens."""

from tracker.web.public import asking, following, pages
from tracker.web.public.blueprint import public

__all__ = ["asking", "following", "pages", "public"]
