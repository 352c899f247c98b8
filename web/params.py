"""Arguments of an address, as safe values: what makes no sense is as if it were not there."""

from collections.abc import Iterable

from flask import request
from werkzeug.routing import IntegerConverter

LARGEST = 2**63 - 1  # of a BIGINT


class KeyConverter(IntegerConverter):
    """<int:…> in addresses: only what can be a key, so that anything else is simply not found."""

    def __init__(self, *args: object, **options: object) -> None:
        options.setdefault("max", LARGEST)
        super().__init__(*args, **options)  # type: ignore[arg-type]  # passed on as they come


def key_arg(name: str) -> int | None:
    """A key in the query string."""
    value = request.args.get(name, type=int)
    return value if value is not None and 0 < value <= LARGEST else None


def text_arg(name: str, most: int = 100) -> str:
    """Words in the query string, without what no table can hold."""
    return request.args.get(name, "").replace("\x00", "").strip()[:most]


def page_arg() -> int:
    """The number of a page, from 1."""
    return min(max(1, request.args.get("page", 1, type=int)), 1_000_000)


def keys(given: Iterable[str]) -> list[int]:
    """The keys among these strings."""
    found = (int(one) for one in given if one.isascii() and one.isdigit() and len(one) < 20)
    return [one for one in found if 0 < one <= LARGEST]
