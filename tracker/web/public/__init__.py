"""The pages for citizens."""

from tracker.web.public import asking, beforehand, following, kept, pages, surveying
from tracker.web.public.blueprint import public

__all__ = ["asking", "beforehand", "following", "kept", "pages", "public", "surveying"]
