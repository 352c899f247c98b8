"""The decision tables of a file as people read them: columns, rows, notes."""

from dataclasses import dataclass

from lxml import etree

from engine.dmn.read_table import annotation, plain
from engine.dmn.source import child, children, read_xml


@dataclass(frozen=True)
class ShownRow:
    """A rule: its cells and answers as they are written, and what is noted beside them."""

    cells: tuple[str, ...]
    answers: tuple[str, ...]
    note: str


@dataclass(frozen=True)
class ShownTable:
    """A table: its decision, its hit policy, the labels of its columns, its rows."""

    name: str
    policy: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    rows: tuple[ShownRow, ...]


def tables_in(source: bytes, name: str) -> list[ShownTable]:
    """The tables in the order of the file. Raises DecisionRefused for what is no decision file."""
    root = read_xml(source, name)
    return [
        _table(decision.get("name", ""), table)
        for decision in children(root, "decision")
        for table in children(decision, "decisionTable")
    ]


def _table(name: str, node: etree._Element) -> ShownTable:
    policy = f"{node.get('hitPolicy', 'UNIQUE')} {node.get('aggregation', '')}".strip()
    return ShownTable(
        name,
        policy,
        tuple(_label(one, "inputExpression") for one in children(node, "input")),
        tuple(_label(one) or name for one in children(node, "output")),
        tuple(_row(one) for one in children(node, "rule")),
    )


def _label(node: etree._Element, expression: str = "") -> str:
    asked = child(node, expression) if expression else None
    written = plain(asked) if asked is not None else ""
    return node.get("label") or node.get("name") or written


def _row(node: etree._Element) -> ShownRow:
    cells, answers = children(node, "inputEntry"), children(node, "outputEntry")
    return ShownRow(tuple(map(plain, cells)), tuple(map(plain, answers)), annotation(node))
