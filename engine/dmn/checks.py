"""What is wrong with a file of decisions before it is published: each with table, row, column.

Errors keep a file from being published: overlaps under UNIQUE, contradictions under ANY, unknown
names, kinds that do not go together, values that are not allowed. Gaps and rules that can never
match are warnings, for an owner may mean them.
"""

from collections.abc import Iterable, Iterator

from engine.dmn.errors import DecisionRefused
from engine.dmn.graph import Element
from engine.dmn.infer import Cell, Kinds, Seen, clash, element_of, infer, walk
from engine.dmn.kinds import element_kinds, names_of
from engine.dmn.loader import load
from engine.dmn.model import Model
from engine.dmn.nodes import Table, Typed
from engine.dmn.regions import constant, shown
from engine.dmn.table_checks import TableCheck, place_of
from engine.feel import Functions, nodes
from engine.feel.nodes import Node
from engine.feel.values import TypeOf
from engine.findings import Finding, Level
from engine.text import Text, text

_UNKNOWN = "不明"
"""Inputs whose description says so have no value at times."""
_MIDNIGHT = ("date", "date and time")  # a date stands for its midnight (DMN 10.3.2.9.4)


def check_file(
    source: bytes, name: str, *, imports: Iterable[Model] = (), functions: Functions | None = None
) -> list[Finding]:
    """All findings about a file; a file that cannot be loaded has one."""
    try:
        model = load(source, name, imports=imports, functions=functions)
    except DecisionRefused as error:
        remedy = error.remedy or text("用建模工具打开，改正后重新保存")
        line = error.line or 1
        return [Finding(Level.ERROR, error.element, error.name, line, error.message, remedy)]
    return check(model)


def check(model: Model) -> list[Finding]:
    """All findings about a model's own elements, in the order of their lines."""
    kinds = element_kinds(model)
    found: list[Finding] = []
    for element in model.own.values():
        found.extend(_check_element(model, element, names_of(model, element, kinds)))
    return sorted(found, key=lambda one: one.line)


def _check_element(model: Model, element: Element, kinds: Kinds) -> Iterator[Finding]:
    if element.node is None:
        return
    optional = frozenset(_optional(model, element))
    for seen in walk(element.node, kinds):
        yield from _Expression(element, seen).findings()
        if isinstance(seen.node, Table):
            yield from TableCheck(element, seen.node, seen.kinds, optional).run()


def _optional(model: Model, element: Element) -> Iterator[str]:
    for key, path in element.requires.items():
        needed = model.elements[key]
        if needed.role == "input" and _UNKNOWN in (needed.xml.findtext("{*}description") or ""):
            yield path[0]


def tables_in(node: Node) -> Iterator[Table]:
    """Every decision table in a tree."""
    if isinstance(node, Table):
        yield node
    for below in node.children():
        yield from tables_in(below)


class _Expression:
    """What is wrong with one node: unknown names and fields, comparisons that never hold."""

    def __init__(self, element: Element, seen: Seen) -> None:
        self.element = element
        self.node = seen.node
        self.kinds = seen.kinds
        self.cell = seen.cell

    def findings(self) -> Iterator[Finding]:
        node = self.node
        if isinstance(node, nodes.Name) and node.name in self.element.unknown:
            message = text("{place}用到的{name}不存在", place=self._place(), name=node.name)
            yield self._error(message, text("核对名称，或在需求图里连上它"))
        elif isinstance(node, nodes.Path):
            yield from self._unknown_field(node)
        elif isinstance(node, Typed):
            yield from self._wrong_type(node)
        elif isinstance(node, nodes.Compare):
            yield from self._comparison(node)
        elif isinstance(node, nodes.In):
            for test in node.tests:
                yield from self._never_equal(node.value, test)

    def _unknown_field(self, path: nodes.Path) -> Iterator[Finding]:
        base = element_of(infer(path.base, self.kinds))
        if base is not None and base.name == "context" and base.keys and path.key not in base.keys:
            message = text("{place}里没有字段{key}", place=self._place(), key=path.key)
            yield self._error(message, text("可用的字段：{keys}", keys="、".join(base.keys)))

    def _wrong_type(self, node: Typed) -> Iterator[Finding]:
        """A result that can never be of its declared type."""
        found = infer(node.value, self.kinds)
        dates = (found.name, node.type.name) == _MIDNIGHT if found else False
        if found and clash(found, node.type) and not dates:
            message = text(
                "{place}的结果是{given}，而声明的类型是{kind}",
                place=self._place(),
                given=found.name,
                kind=node.type.name,
            )
            yield self._error(message, text("改声明的类型，或改表达式"))

    def _comparison(self, node: nodes.Compare) -> Iterator[Finding]:
        left, right = infer(node.left, self.kinds), infer(node.right, self.kinds)
        if left and right and clash(left, right):
            message = text(
                "{place}把{left}和{right}作比较",
                place=self._place(),
                left=left.name,
                right=right.name,
            )
            yield self._error(message, text("改成同一种值"))
        elif node.op in ("=", "!="):
            yield from self._never_equal(node.left, node.right)
            yield from self._never_equal(node.right, node.left)

    def _never_equal(self, one: Node, other: Node) -> Iterator[Finding]:
        """A value is compared with one that it can never be; of `?` the cell's check says so."""
        kind, written = self._known(one), infer(other, self.kinds)
        value = constant(other) if isinstance(other, nodes.Literal) else None
        if kind is None or kind.allows is None or value is None or clash(kind, written):
            return
        if not kind.allows(value):
            message = text("{place}：{value}不在允许值里", place=self._place(), value=shown(value))
            yield self._error(message, text("核对写法，或把它加进允许值"))

    def _known(self, node: Node) -> TypeOf | None:
        tested = isinstance(node, nodes.Name) and node.name == "?"
        return None if tested else infer(node, self.kinds)

    def _place(self) -> Text:
        if isinstance(self.cell, Cell):
            return place_of(self.cell.table, self.cell.row, self.cell.column)
        return text("“{table}”", table=self.element.name)

    def _error(self, message: Text, remedy: Text) -> Finding:
        line = self.node.pos[0]
        return Finding(Level.ERROR, self.element.id, self.element.name, line, message, remedy)
