"""Owns the pages that enclosed files become behind a letter, and which of them somebody adds by hand."""

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO

import typst
from pypdf import PageObject, PdfReader, PdfWriter
from pypdf.errors import PyPdfError
from pypdf.generic import DictionaryObject, NameObject

from tracker.correspondence.enclosures import Enclosure

MOST_PAGES = 500
"""A file of more pages than this is added to the letter by hand."""
PICTURES = ("image/jpeg", "image/png")
_BROKEN_PDF = (
    PyPdfError, ArithmeticError, AttributeError, LookupError, NotImplementedError, OSError, RecursionError, TypeError,
    ValueError,
)  # fmt: skip
"""What pypdf was seen to raise over a file that is damaged, or made to harm."""
_ACTIVE = ("/AA", "/A", "/PA", "/JS", "/Metadata")
"""What of a page or of a mark on it does something by itself, or says more than what is printed."""
_PICTURE = """
#set document(title: sys.inputs.name)
#set page(paper: "a4", margin: 15mm)
#align(center + horizon, image(sys.inputs.path, width: 100%, height: 100%, fit: "contain", alt: sys.inputs.name))
"""


@dataclass(frozen=True, slots=True)
class Printable:
    """A file as it goes behind a letter: its pages; none: somebody prints it and adds it by hand."""

    name: str
    pages: tuple[PageObject, ...] = ()


def printable(enclosure: Enclosure) -> Printable:
    """Return the pages of a file, as far as it is a PDF or a picture that can be read."""
    try:
        if enclosure.media_type in PICTURES:
            content = _on_a_sheet(enclosure)
        elif enclosure.media_type == "application/pdf":
            content = enclosure.path.read_bytes()
        else:
            return Printable(enclosure.name)
        reader = PdfReader(BytesIO(content), strict=False)
        if reader.is_encrypted or not 0 < len(reader.pages) <= MOST_PAGES:
            return Printable(enclosure.name)
        pages = tuple(reader.pages)
        _whole(pages)
    except (typst.TypstError, *_BROKEN_PDF):
        return Printable(enclosure.name)
    return Printable(enclosure.name, pages)


def _on_a_sheet(picture: Enclosure) -> bytes:
    """Return a picture as large as a sheet of paper takes it."""
    pdf = typst.compile(  # type: ignore[type-var]  # its stubs want the source and the root of one type
        _PICTURE.encode(), root=str(picture.path.parent), timestamp=0,
        sys_inputs={"path": f"/{picture.path.name}", "name": picture.name or "–"},
    )  # fmt: skip
    assert isinstance(pdf, bytes)
    return pdf


def _whole(pages: Sequence[PageObject]) -> None:
    """Make sure that pages can be put into another file, on a trial one; raises what is wrong with them."""
    writer = PdfWriter()
    for page in pages:
        writer.add_page(page)
    writer.write(BytesIO())


def with_enclosures(letter: bytes, enclosed: Sequence[Printable]) -> bytes:
    """Return a letter with the pages of what is enclosed behind it; the same always gives the same bytes.

    The letter keeps its structure for screen readers; the whole is no longer PDF/A and does not say that it is.
    """
    pages = [page for one in enclosed for page in one.pages]
    if not pages:
        return letter
    writer = PdfWriter(clone_from=BytesIO(letter))
    writer.root_object.pop("/Metadata", None)
    for page in pages:
        _stilled(writer.add_page(page))
    out = BytesIO()
    writer.write(out)
    return out.getvalue()


def _stilled(page: PageObject) -> None:
    """Take from a page of somebody else's whatever would act by itself when the file is opened."""
    annotations = page.get("/Annots")
    marks = [mark.get_object() for mark in annotations.get_object()] if annotations is not None else []
    for one in (page, *marks):
        if isinstance(one, DictionaryObject):
            for name in _ACTIVE:
                one.pop(NameObject(name), None)
