"""Finds the files that come with the code, in a checkout as in a wheel: templates, migrations, statics and so on."""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def resource(name: str) -> Path:
    """The path of a file or folder that comes with the code, such as `templates`, `migrations`, `static` or `locale`.

    A checkout keeps some of them beside the package (`templates/`, `migrations/`); a wheel carries all inside it.
    Raises `FileNotFoundError` when neither has it: then the installation is not whole.
    """
    for root in (_PACKAGE, _PACKAGE.parent):
        path = root / name
        if path.exists():
            return path
    raise FileNotFoundError(f"{name!r} did not come with this installation of Suivi: install it again.")
