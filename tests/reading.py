"""What routing reads is dear and never changes: it is read once a process, and inherited by those forked from it."""

from tracker.routing.directory import load_directory
from tracker.routing.evidence import Reader
from tracker.routing.likeness import Likeness
from tracker.routing.meaning import Meaning
from tracker.routing.vocabulary import Vocabulary


def read_once() -> None:
    """Let all routers of this process share one encoder, and the words of the directory that comes with the product.

    A process of the product has one router, and lives long. Each test opens one of its own, at two seconds or more.
    """
    one, shipped, really = Meaning(), Reader(load_directory()), Reader._language
    load = one.load  # the product's own, before it is replaced

    def language(self: Reader, name: str) -> tuple[Vocabulary, Likeness]:
        return really(shipped if self.directory is shipped.directory else self, name)

    Meaning.load = lambda self: load()  # type: ignore[method-assign]
    Reader._language = language  # type: ignore[method-assign]
