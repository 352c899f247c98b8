"""What a decision file is refused with."""

from typing import cast

from lxml import etree

from engine.errors import DanbaoError
from engine.text import Text, text


class DecisionRefused(DanbaoError):
    """A file that cannot be used, or a decision without a usable answer.

    `element` is the id of the element, `name` what people call it, `line` its line in the file.
    """

    status = 422

    def __init__(
        self,
        code: str,
        message: Text,
        remedy: Text | None = None,
        *,
        element: str = "",
        name: str = "",
        line: int | None = None,
    ) -> None:
        super().__init__(code, message, remedy)
        self.element = element
        self.name = name
        self.line = line


def refuse(code: str, node: etree._Element, message: Text, remedy: Text | None) -> DecisionRefused:
    """The refusal of one element of a file, with its line; of a table's cell, with its place."""
    line, name, cell = line_of(node), label_of(node), _cell_of(node)
    whole = text("第{line}行{name}：{why}", line=line, name=name, why=message)
    if cell:
        whole = text(
            "第{line}行{name}（表中第{row}行第{column}列）：{why}",
            line=line,
            name=name,
            row=cell[0],
            column=cell[1],
            why=message,
        )
    return DecisionRefused(code, whole, remedy, element=node.get("id", ""), name=name, line=line)


def _cell_of(node: etree._Element) -> tuple[int, int] | None:
    """The row and column, from 1, of a cell of a decision table."""
    rule = node.getparent()
    if rule is None or not str(node.tag).endswith(("}inputEntry", "}outputEntry")):
        return None
    cells = [*rule.iterchildren("{*}inputEntry"), *rule.iterchildren("{*}outputEntry")]
    rows = list(rule.itersiblings(str(rule.tag), preceding=True))
    return len(rows) + 1, cells.index(node) + 1


def line_of(node: etree._Element) -> int:
    """The line of the file on which an element begins."""
    return cast("int | None", node.sourceline) or 1


def label_of(node: etree._Element) -> str:
    """What people call an element: its name, or that of the nearest one around it."""
    found: etree._Element | None = node
    while found is not None:
        label = found.get("name") or found.get("label")
        if label:
            return str(label)
        found = found.getparent()
    return ""
