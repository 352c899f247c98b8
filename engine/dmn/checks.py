"""What is wrong with a file of decisions before it is published: each with table, row, column.

Errors keep a file from being published: overlaps under UNIQUE, contradictions under ANY, unknown
names, kinds that do not go together, values that are not allowed. Gaps and rules that can never
match are warnings, for an owner may mean them.
"""

from collections.abc import Iterable, Iterator
from decimal import Decimal

from engine.dmn.coverage import Box, Grid, TooMany, column_domain, gaps, grid, overlaps, unreachable
from engine.dmn.errors import DecisionRefused
from engine.dmn.graph import Element
from engine.dmn.infer import Kinds, clash, clashes, infer, names_in, unknown_fields
from engine.dmn.loader import load
from engine.dmn.model import Model
from engine.dmn.nodes import Rule, Table
from engine.dmn.regions import constant, joined, shown, values_of
from engine.feel import Functions
from engine.feel.nodes import Node
from engine.feel.values import Range, TypeOf, kind_of
from engine.findings import Finding, Level
from engine.text import Text, text

MAX_SHOWN = 10
"""Findings of one kind about one table; the rest would say the same."""


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
    found = [one for element in model.own.values() for one in _check_element(model, element)]
    return sorted(found, key=lambda one: one.line)


def _check_element(model: Model, element: Element) -> Iterator[Finding]:
    if element.node is None:
        return
    kinds = _kinds(model, element)
    yield from _expressions(element, kinds)
    for table in tables_in(element.node):
        yield from TableCheck(element, table, kinds).run()


def _kinds(model: Model, element: Element) -> dict[str, TypeOf | None]:
    """The types of the names that an element may use."""
    found: dict[str, TypeOf | None] = {}
    for key, path in element.requires.items():
        needed = model.elements[key]
        plain = len(path) == 1 and needed.role in ("input", "decision")
        found[path[0]] = needed.type if plain else None
    return found


def tables_in(node: Node) -> Iterator[Table]:
    """Every decision table in a tree."""
    if isinstance(node, Table):
        yield node
    for below in node.children():
        yield from tables_in(below)


def _expressions(element: Element, kinds: Kinds) -> Iterator[Finding]:
    """Unknown names and fields, and comparisons of different kinds."""
    if element.node is None:
        return

    def error(node: Node, message: Text, remedy: Text) -> Finding:
        return Finding(Level.ERROR, element.id, element.name, node.pos[0], message, remedy)

    for name in names_in(element.node):
        if name.name in element.unknown:
            message = text("“{table}”用到的{name}不存在", table=element.name, name=name.name)
            yield error(name, message, text("核对名称，或在需求图里连上它"))
    for path, kind in unknown_fields(element.node, kinds):
        message = text("“{table}”里没有字段{key}", table=element.name, key=path.key)
        yield error(path, message, text("可用的字段：{keys}", keys="、".join(kind.keys)))
    for node, left, right in clashes(element.node, kinds):
        message = text(
            "“{table}”把{left}和{right}作比较", table=element.name, left=left.name, right=right.name
        )
        yield error(node, message, text("改成同一种值"))


class TableCheck:
    """The findings about one table."""

    def __init__(self, element: Element, table: Table, kinds: Kinds) -> None:
        self.element = element
        self.table = table
        self.kinds = [column.type or infer(column.value, kinds) for column in table.inputs]
        self.grid: Grid = grid(table, self.kinds)

    def run(self) -> Iterator[Finding]:
        clashing = list(self._clashes())
        yield from clashing[:MAX_SHOWN]
        yield from self._priorities()
        if clashing:
            return  # what the cells cover cannot be told
        empty = list(self._empty_cells())
        yield from empty[:MAX_SHOWN]
        try:
            yield from self._overlaps()
            if not empty:
                yield from self._unreachable()
            yield from self._gaps()
        except TooMany:
            message = text("“{table}”太复杂，没有检查全部重叠和遗漏", table=self.table.name)
            yield self._warning(self.table.pos[0], message, text("拆成几张表"))

    def _clashes(self) -> Iterator[Finding]:
        for rule in self.table.rules:
            for at, kind in enumerate(self.kinds):
                for value in values_of(rule.tests[at]) or ():
                    if clash(_kind(value), kind) and kind:
                        yield self._clash(rule, at, kind, _kind(value))
            for at, output in enumerate(self.table.outputs):
                given = infer(rule.values[at], {})
                if output.type and clash(given, output.type):
                    yield self._clash(rule, len(self.kinds) + at, output.type, given)

    def _priorities(self) -> Iterator[Finding]:
        """Outputs that are ranked need a list of their values, and values from that list."""
        if self.table.policy not in ("PRIORITY", "OUTPUT ORDER"):
            return
        ordered = [output.order for output in self.table.outputs]
        if not any(ordered):
            message = text("“{table}”没有列出输出值的优先次序", table=self.table.name)
            remedy = text("在输出列按先后填写允许值，或改命中策略")
            yield self._error(self.table.pos[0], message, remedy)
        for rule in self.table.rules:
            for at, tests in enumerate(ordered):
                ranks = [] if tests is None else values_of(tests) or []
                value = constant(rule.values[at])
                if ranks and isinstance(value, str | bool | Decimal) and value not in ranks:
                    yield self._stranger(rule, len(self.kinds) + at, value)

    def _clash(self, rule: Rule, at: int, kind: TypeOf, given: TypeOf | None) -> Finding:
        cell = (*rule.cells, *rule.answers)[at]
        message = text(
            "{place}：{cell}是{given}，这一列是{kind}",
            place=self._place(rule, at),
            cell=cell,
            given=given.name if given else "",
            kind=kind.name,
        )
        return self._error(
            rule.lines[at], message, text("改成{kind}，或改列的类型", kind=kind.name)
        )

    def _place(self, rule: Rule, at: int) -> Text:
        return text(
            "“{table}”第{row}行第{column}列（{label}）",
            table=self.table.name,
            row=rule.number,
            column=at + 1,
            label=self._labels()[at],
        )

    def _labels(self) -> list[str]:
        given = [column.label for column in self.table.inputs]
        return given + [output.label for output in self.table.outputs]

    def _empty_cells(self) -> Iterator[Finding]:
        """Cells that nothing passes: ranges that run backwards, values that are not allowed."""
        for rule, box in zip(self.table.rules, self.grid.maybe, strict=True):
            for at, regions in enumerate(box):
                if not regions:
                    yield self._empty(rule, at)
        for rule in self.table.rules:
            for at in range(len(self.table.inputs)):
                for value in self._not_allowed(rule, at):
                    yield self._stranger(rule, at, value)

    def _empty(self, rule: Rule, at: int) -> Finding:
        message = text(
            "{place}：没有值能符合{cell}", place=self._place(rule, at), cell=rule.cells[at]
        )
        return self._error(rule.lines[at], message, text("核对两端的次序和允许值"))

    def _not_allowed(self, rule: Rule, at: int) -> list[object]:
        """Single values beside others that are allowed; a cell of only such values is empty."""
        axis = self.grid.axes[at]
        if column_domain(self.table, at, self.kinds[at]) is None or not axis.usable:
            return []
        if not self.grid.maybe[self.table.rules.index(rule)][at]:
            return []
        values = values_of(rule.tests[at]) or []
        return [v for v in values if isinstance(v, str) and not axis.allows(v)]

    def _stranger(self, rule: Rule, at: int, value: object) -> Finding:
        place = self._place(rule, at)
        message = text("{place}：{value}不在允许值里", place=place, value=shown(value))
        return self._error(rule.lines[at], message, text("核对写法，或把它加进允许值"))

    def _overlaps(self) -> Iterator[Finding]:
        if self.table.policy not in ("UNIQUE", "ANY"):
            return
        found = 0
        for i, j, box in overlaps(self.grid):
            first, second = self.table.rules[i], self.table.rules[j]
            if self.table.policy == "ANY" and first.answers == second.answers:
                continue
            yield self._overlap(first, second, box)
            found += 1
            if found == MAX_SHOWN:
                return

    def _overlap(self, first: Rule, second: Rule, box: Box) -> Finding:
        message = text(
            "“{table}”第{a}行和第{b}行同时符合：{region}",
            table=self.table.name,
            a=first.number,
            b=second.number,
            region=self._region(box),
        )
        return self._error(second.pos[0], message, text("改其中一行，或改命中策略"))

    def _region(self, box: Box) -> Text:
        """Where it is, naming only the columns that matter."""
        parts = [
            Text("{label} {values}", {"label": label, "values": axis.describe(regions)})
            for label, axis, regions in zip(self._labels(), self.grid.axes, box, strict=False)
            if regions != axis.all and axis.usable
        ]
        return joined(parts, "，") if parts else text("任何输入")

    def _unreachable(self) -> Iterator[Finding]:
        if self.table.policy != "FIRST":
            return
        for at in unreachable(self.grid):
            rule = self.table.rules[at]
            message = text(
                "“{table}”第{row}行永远轮不到：前面各行已经包括它",
                table=self.table.name,
                row=rule.number,
            )
            yield self._warning(rule.pos[0], message, text("删去这一行，或移到前面"))

    def _gaps(self) -> Iterator[Finding]:
        default = any(output.default for output in self.table.outputs)
        if default or self.table.policy == "COLLECT" or not self.table.inputs:
            return
        for box in gaps(self.grid)[:MAX_SHOWN]:
            message = text(
                "“{table}”没有一行包括：{region}", table=self.table.name, region=self._region(box)
            )
            yield self._warning(self.table.pos[0], message, text("加一行，或在输出列填写默认值"))

    def _error(self, line: int, message: Text, remedy: Text) -> Finding:
        return self._finding(Level.ERROR, line, message, remedy)

    def _warning(self, line: int, message: Text, remedy: Text) -> Finding:
        return self._finding(Level.WARNING, line, message, remedy)

    def _finding(self, level: Level, line: int, message: Text, remedy: Text) -> Finding:
        element = self.table.id or self.element.id
        return Finding(level, element, self.table.name, line, message, remedy)


def _kind(value: object) -> TypeOf | None:
    """The kind of what a cell says; of a range, that of its ends."""
    if isinstance(value, Range):
        end = value.start if value.end is None else value.end
        return TypeOf(kind_of(end))
    return None if value is None else TypeOf(kind_of(value))
