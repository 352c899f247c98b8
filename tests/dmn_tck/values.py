"""The values of test case files: from XML to FEEL values, and how they are compared."""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from lxml import etree

from engine.feel import temporal

_XSI = "{http://www.w3.org/2001/XMLSchema-instance}"
_TOLERANCE = Decimal("1e-8")


def local(node: etree._Element) -> str:
    return etree.QName(node).localname if isinstance(node.tag, str) else ""


def named(node: etree._Element, *names: str) -> list[etree._Element]:
    return [child for child in node if local(child) in names]


def read_value(node: etree._Element) -> object:
    """The value inside inputNode, expected, item or component."""
    if components := named(node, "component"):
        return {str(c.get("name")): read_value(c) for c in components}
    if lists := named(node, "list"):
        return [read_value(item) for item in named(lists[0], "item")]
    found = named(node, "value")
    return _scalar(found[0]) if found else None


def _scalar(node: etree._Element) -> object:
    if node.get(f"{_XSI}nil") == "true":
        return None
    kind = (node.get(f"{_XSI}type") or "xsd:string").split(":")[-1]
    source = node.text or ""
    if kind == "string":
        return source
    return _READERS[kind](source.strip())


def _known(value: object, source: str) -> object:
    if value is None:
        raise ValueError(f"not a value: {source}")
    return value


_READERS: dict[str, Callable[[str], object]] = {
    "boolean": lambda s: s == "true",
    "decimal": Decimal,
    "double": Decimal,
    "integer": Decimal,
    "date": lambda s: _known(temporal.parse_date(s), s),
    "time": lambda s: _known(temporal.parse_time(s), s),
    "dateTime": lambda s: _known(temporal.parse_date_time(s), s),
    "duration": lambda s: _known(temporal.parse_duration(s), s),
}


def same(expected: object, actual: object) -> bool:
    """Whether the result is the expected one; numbers to eight significant places."""
    if isinstance(expected, Decimal) and isinstance(actual, Decimal):
        return abs(expected - actual) <= _TOLERANCE * max(Decimal(1), abs(expected))
    if isinstance(expected, dict) and isinstance(actual, dict):
        return expected.keys() == actual.keys() and all(
            same(value, actual[key]) for key, value in expected.items()
        )
    if isinstance(expected, list) and isinstance(actual, list):
        pairs = zip(expected, actual, strict=False)
        return len(expected) == len(actual) and all(same(a, b) for a, b in pairs)
    if type(expected) is not type(actual):
        return False
    if isinstance(expected, date | time | datetime | timedelta):
        return str(expected) == str(actual)
    return expected == actual
