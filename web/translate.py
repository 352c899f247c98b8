"""Keeping the English catalogue complete: `python -m web.translate missing|update|check`.

missing  prints {Chinese: ""} as JSON for every text without a translation
update   reads such a JSON with the translations filled in (from a file, or from standard input),
         merges it, drops what is not used any more, and writes the catalogue sorted
check    says what is missing, unused or has other placeholders; ends with 1 if there is any
"""

import json
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import write_po

from web.catalogue import po_file, read_catalogue

ROOT = Path(__file__).parent.parent
SOURCES = {
    "engine": [("**.py", "python")],
    "notifications": [("**.py", "python")],
    "web": [("**.py", "python"), ("templates/**.html", "jinja2")],
}
KEYWORDS: dict[str, tuple[int, ...] | None] = {
    "_": None,
    "gettext": None,
    "text": None,
    "Text": None,
    "form_operation": (2,),
    "service_operation": (2,),
    "_audit": (6,),  # engine.operations.tasks hands its sentence on
}
OPTIONS = {"templates/**.html": {"silent": "false"}}
CHINESE = re.compile(r"[\u3000-\u303f\u3400-\u9fff\uff00-\uffef]")
PLACEHOLDER = re.compile(r"%\((\w+)\)[sd]|(?<!\{)\{(\w+)[^{}]*\}")
IN_F_STRING = re.compile(r"\{gettext\(['\"]([^'\"]*[\u3400-\u9fff][^'\"]*)['\"]")
HEAD = "# English for Danbao; Chinese is the source. Written by `python -m web.translate update`."


def used() -> dict[str, str]:
    """Every Chinese text of the program with the first place where it is used."""
    found: dict[str, str] = {}
    for folder, methods in SOURCES.items():
        for file, line, message, *_ in extract_from_dir(
            ROOT / folder, methods, OPTIONS, keywords=KEYWORDS
        ):
            # sqlalchemy.text has the same name; its SQL is not for people
            if isinstance(message, str) and CHINESE.search(message):
                found.setdefault(message, f"{folder}/{file}:{line}")
    return found | {message: place for message, place in _in_f_strings() if message not in found}


def _in_f_strings() -> Iterator[tuple[str, str]]:
    """Calls within f-strings, which Babel does not look into."""
    for path in sorted((ROOT / "web").rglob("*.py")):
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
            for message in IN_F_STRING.findall(line):
                yield message, f"{path.relative_to(ROOT)}:{number}"


def translated(language: str = "en") -> dict[str, str]:
    """What the catalogue has."""
    path = po_file(language)
    if not path.exists():
        return {}
    rows = (row for row in read_catalogue(path) if row.id)
    return {str(row.id): str(row.string) for row in rows}


def missing() -> list[str]:
    """Texts without a translation."""
    have = translated()
    return sorted(message for message in used() if not have.get(message))


def obsolete() -> list[str]:
    """Translations of texts that are not used any more."""
    return sorted(translated().keys() - used().keys())


def placeholders(message: str) -> set[str]:
    """The names of the values in a text, %(name)s or {name}."""
    return {named or braced for named, braced in PLACEHOLDER.findall(message)}


def mismatched() -> list[str]:
    """Texts whose translation has other values, or other braces and percent signs."""
    return sorted(
        message
        for message, english in translated().items()
        if english and not _fits(message, english)
    )


def _fits(message: str, english: str) -> bool:
    return placeholders(message) == placeholders(english) and _styles(message) == _styles(english)


def _styles(message: str) -> set[str]:
    return {found[0] for found in (m.group() for m in PLACEHOLDER.finditer(message))}


def merge(given: Mapping[str, str], language: str = "en") -> None:
    """Add translations, drop unused ones, and write the catalogue sorted by its Chinese."""
    wanted, have = used(), {**translated(language), **given}
    catalogue = Catalog(
        locale=language,
        header_comment=HEAD,
        project="danbao",
        version="0.1",
        msgid_bugs_address="",
        last_translator="",
        language_team=language,
        fuzzy=False,
        charset="utf-8",
    )
    for message in sorted(wanted):
        if have.get(message):
            catalogue.add(message, have[message])
    path = po_file(language)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        write_po(file, catalogue, width=0, omit_header=False, no_location=True)
    _without_dates(path)


def _without_dates(path: Path) -> None:
    # so that writing the same translations again changes nothing
    lines = path.read_text("utf-8").splitlines(keepends=True)
    kept = (line for line in lines if not re.match(r'"(POT-Creation|PO-Revision)-Date', line))
    path.write_text("".join(kept), "utf-8")


def _report() -> Iterator[str]:
    places = used()
    yield from (f"{places[one]}: no English for {one}" for one in missing())
    yield from (f"not used any more: {one}" for one in obsolete())
    yield from (f"other placeholders: {one}" for one in mismatched())


def main(arguments: list[str]) -> int:
    """Run one of the commands; returns the exit code."""
    command, *rest = arguments or ["check"]
    if command == "missing":
        print(json.dumps(dict.fromkeys(missing(), ""), ensure_ascii=False, indent=0))
        return 0
    if command == "update":
        merge(json.loads(Path(rest[0]).read_text("utf-8") if rest else sys.stdin.read() or "{}"))
    problems = list(_report())
    print("\n".join(problems) or f"{len(translated())} texts, all in English")
    return int(bool(problems))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
