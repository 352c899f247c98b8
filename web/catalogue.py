"""The English catalogue, read from its .po file: no build step, nothing compiled is kept."""

from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations
from flask import g
from flask_babel import Domain, get_locale

FOLDER = Path(__file__).parent / "translations"


class PoDomain(Domain):
    """Translations for the request's language, straight from the .po file."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # Flask-Babel has no annotations

    def get_translations(self) -> Any:
        """Chinese is the source and has no file."""
        locale = get_locale()
        language = locale.language if locale else "zh"
        if not g:
            return translations(language)
        # once a request: pages ask hundreds of times
        kept: dict[str, Any] = g.setdefault("translations", {})
        if language not in kept:
            kept[language] = translations(language)
        return kept[language]


def po_file(language: str) -> Path:
    """Where a language's translations are kept."""
    return FOLDER / language / "LC_MESSAGES" / "messages.po"


def translations(language: str) -> Any:
    """The translations of a language; read again when the file has changed."""
    path = po_file(language)
    if not path.exists():
        return NullTranslations()
    return _compiled(path, path.stat().st_mtime_ns)


@cache
def _compiled(path: Path, _changed: int) -> Translations:
    compiled = BytesIO()
    write_mo(compiled, read_catalogue(path))
    compiled.seek(0)
    return Translations(compiled)


def read_catalogue(path: Path) -> Catalog:
    """A .po file. Raises PoFileError where it is damaged."""
    with path.open("rb") as file:
        return read_po(file, locale=path.parent.parent.name, abort_invalid=True)
