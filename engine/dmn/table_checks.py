"""What is wrong with one decision table: its cells one by one, then its rows taken together."""

from collections.abc import Iterator

from engine.dmn.coverage import (
    Box,
    Grid,
    TooMany,
    column_domain,
    gaps,
    grid,
    open_questions,
    overlaps,
    unreachable,
)
from engine.dmn.graph import Element
from engine.dmn.infer import Kinds, clash, infer, narrower
from engine.dmn.nodes import Output, Rule, Table
from engine.dmn.regions import OPAQUE, Other, accepts, constant, joined, shown, values_of
from engine.dmn.types import allowed_tests, given_tests
from engine.feel import nodes
from engine.feel.nodes import Node, Tests
from engine.feel.values import Range, TypeOf, kind_of
from engine.findings import Finding, Level
from engine.text import Text, text

MAX_SHOWN = 10
"""Findings of one kind about one table; the rest would say the same."""
_RANKED = ("PRIORITY", "OUTPUT ORDER")
_NUMBER = TypeOf("number")


def place_of(table: Table, row: int, column: int) -> Text:
    """A cell in words, row and column from 1; of row 0 the head of the column."""
    labels = [one.label for one in table.inputs] + [one.label for one in table.outputs]
    where = {"table": table.name, "column": column, "label": labels[column - 1]}
    if not row:
        return text("“{table}”第{column}列（{label}）", **where)
    return text("“{table}”第{row}行第{column}列（{label}）", row=row, **where)


class TableCheck:
    """The findings about one table. `optional` are names that have no value at times."""

    def __init__(
        self, element: Element, table: Table, kinds: Kinds, optional: frozenset[str] = frozenset()
    ) -> None:
        self.element = element
        self.table = table
        self.found = [infer(column.value, kinds) for column in table.inputs]
        self.kinds = [
            narrower(found, column.type)
            for found, column in zip(self.found, table.inputs, strict=True)
        ]
        self.scope = kinds
        columns = enumerate(column.value for column in table.inputs)
        empty = {at for at, one in columns if isinstance(one, nodes.Name) and one.name in optional}
        self.grid: Grid = grid(table, self.kinds, frozenset(empty))

    def run(self) -> Iterator[Finding]:
        clashing = list(self._clashes())
        yield from clashing[:MAX_SHOWN]
        yield from list(self._columns())[:MAX_SHOWN]
        yield from list(self._outputs())[:MAX_SHOWN]
        if clashing:
            return  # what the cells cover cannot be told
        empty = list(self._empty_cells())
        yield from empty[:MAX_SHOWN]
        try:
            yield from self._together(sound=not empty)
        except TooMany:
            message = text("“{table}”太复杂，没有检查全部重叠和遗漏", table=self.table.name)
            yield self._warning(self.table.pos[0], message, text("拆成几张表"))

    def _together(self, *, sound: bool) -> Iterator[Finding]:
        yield from self._overlaps()
        if sound:
            yield from self._unreachable()
        yield from self._gaps()
        yield from self._unchecked()

    def _clashes(self) -> Iterator[Finding]:
        for rule in self.table.rules:
            for at, kind in enumerate(self.kinds):
                for value in values_of(rule.tests[at]) or ():
                    if clash(_kind(value), kind) and kind:
                        yield self._clash(rule, at, kind, _kind(value))
            for at, output in enumerate(self.table.outputs):
                given = infer(rule.values[at], self.scope)
                wanted = _NUMBER if self.table.aggregation == "SUM" else output.type
                if wanted and clash(given, wanted):
                    yield self._clash(rule, len(self.kinds) + at, wanted, given)

    def _clash(self, rule: Rule, at: int, kind: TypeOf, given: TypeOf | None) -> Finding:
        message = text(
            "{place}：{cell}是{given}，这一列是{kind}",
            place=self._place(rule, at),
            cell=(*rule.cells, *rule.answers)[at],
            given=given.name if given else "",
            kind=kind.name,
        )
        return self._error(
            rule.lines[at], message, text("改成{kind}，或改列的类型", kind=kind.name)
        )

    def _columns(self) -> Iterator[Finding]:
        """Columns declared as another type than what stands there, or too narrow for it."""
        for at, (column, found) in enumerate(zip(self.table.inputs, self.found, strict=True)):
            place = place_of(self.table, 0, at + 1)
            if found and column.type and clash(found, column.type):
                message = text(
                    "{place}：列的类型是{kind}，而给它的值是{given}",
                    place=place,
                    kind=column.type.name,
                    given=found.name,
                )
                remedy = text("把列的类型改成{given}", given=found.name)
                yield self._error(column.pos[0], message, remedy)
            given = given_tests(found) if column.allowed else None
            for value in values_of(given) or () if given else ():
                if _single(value) and not _in_tests(column.allowed, value):
                    message = text(
                        "{place}：会得到{value}，它不在允许值里", place=place, value=shown(value)
                    )
                    yield self._error(
                        column.pos[0], message, text("改给出它的表，或把它加进允许值")
                    )

    def _outputs(self) -> Iterator[Finding]:
        """Outputs that are ranked or listed: a list of their values, and values from that list."""
        if self.table.policy in _RANKED and not any(one.order for one in self.table.outputs):
            message = text("“{table}”没有列出输出值的优先次序", table=self.table.name)
            remedy = text("在输出列按先后填写允许值，或改命中策略")
            yield self._error(self.table.pos[0], message, remedy)
        for at, output in enumerate(self.table.outputs):
            listed = output.order or allowed_tests(output.type) or self._declared()
            if output.default is not None and _stranger(listed, output.default):
                place = place_of(self.table, 0, len(self.kinds) + at + 1)
                yield self._not_listed(output.default, place, output.default.pos[0])
            for rule in self.table.rules:
                if _stranger(listed, rule.values[at]):
                    column = len(self.kinds) + at
                    place = self._place(rule, column)
                    yield self._not_listed(rule.values[at], place, rule.lines[column])
        for rule in self.table.rules:
            yield from self._unanswered(rule)

    def _declared(self) -> Tests | None:
        """What the decision's own type allows its only output."""
        return allowed_tests(self.element.type) if len(self.table.outputs) == 1 else None

    def _not_listed(self, answer: Node, place: Text, line: int) -> Finding:
        message = text("{place}：{value}不在允许值里", place=place, value=shown(constant(answer)))
        return self._error(line, message, text("核对写法，或把它加进允许值"))

    def _unanswered(self, rule: Rule) -> Iterator[Finding]:
        """Output cells that nobody filled in; a row without any answer decides nothing."""
        empty = [at for at, answer in enumerate(rule.answers) if answer in ("", "-")]
        for at in empty:
            column = len(self.kinds) + at
            message = text("{place}：没有填写结果", place=self._place(rule, column))
            level = Level.ERROR if len(empty) == len(rule.answers) else Level.WARNING
            remedy = text("填写结果；确实没有的写null")
            yield self._finding(level, rule.lines[column], message, remedy)

    def _place(self, rule: Rule, at: int) -> Text:
        return place_of(self.table, rule.number, at + 1)

    def _empty_cells(self) -> Iterator[Finding]:
        """Cells that nothing passes: ranges that run backwards, values that are not allowed."""
        for rule, box in zip(self.table.rules, self.grid.maybe, strict=True):
            for at, regions in enumerate(box):
                if not regions:
                    yield self._empty(rule, at)
        for rule in self.table.rules:
            for at in range(len(self.table.inputs)):
                for value in self._not_allowed(rule, at):
                    place = self._place(rule, at)
                    message = text("{place}：{value}不在允许值里", place=place, value=shown(value))
                    yield self._error(rule.lines[at], message, text("核对写法，或把它加进允许值"))

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
        return [v for v in values if _single(v) and not axis.allows(v)]

    def _overlaps(self) -> Iterator[Finding]:
        if self.table.policy not in ("UNIQUE", "ANY"):
            return
        found = 0
        for i, j, box in overlaps(self.grid):
            first, second = self.table.rules[i], self.table.rules[j]
            if self.table.policy == "ANY" and _agree(first, second):
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
            region=self._region(box, self.grid.whole),
        )
        return self._error(second.pos[0], message, text("改其中一行，或改命中策略"))

    def _region(self, box: Box, whole: Box) -> Text:
        """Where it is, naming only the columns that matter."""
        columns = zip(self.table.inputs, self.grid.axes, box, whole, strict=True)
        parts = [
            Text("{label} {values}", {"label": column.label, "values": axis.describe(regions)})
            for column, axis, regions, everything in columns
            if regions != everything and axis.usable
        ]
        return joined(parts, "，") if parts else text("任何输入")

    def _unreachable(self) -> Iterator[Finding]:
        order = self._order()
        for at in unreachable(self.grid, order) if order else ():
            rule = self.table.rules[at]
            message = text(
                "“{table}”第{row}行永远轮不到：前面各行已经包括它",
                table=self.table.name,
                row=rule.number,
            )
            if self.table.policy == "PRIORITY":
                message = text(
                    "“{table}”第{row}行永远不能决定：次序在先的各行已经包括它",
                    table=self.table.name,
                    row=rule.number,
                )
            yield self._warning(rule.pos[0], message, text("删去这一行，或移到前面"))

    def _order(self) -> list[int]:
        """The rules in the order in which they decide; empty where all that match do."""
        rows = range(len(self.table.rules))
        if self.table.policy == "FIRST":
            return list(rows)
        if self.table.policy != "PRIORITY":
            return []
        ranks = [_rank(self.table.outputs, rule) for rule in self.table.rules]
        if None in ranks:
            return []
        return sorted(rows, key=lambda at: (ranks[at] or (), at))

    def _gaps(self) -> Iterator[Finding]:
        default = any(output.default for output in self.table.outputs)
        if default or self.table.policy == "COLLECT" or not self.table.inputs:
            return
        for box in gaps(self.grid)[:MAX_SHOWN]:
            message = text(
                "“{table}”没有一行包括：{region}",
                table=self.table.name,
                region=self._region(box, self.grid.asked),
            )
            yield self._warning(self.table.pos[0], message, text("加一行，或在输出列填写默认值"))

    def _unchecked(self) -> Iterator[Finding]:
        """Columns whose cells only an evaluation can tell, where that leaves something open."""
        unique = self.table.policy in ("UNIQUE", "ANY")
        columns = [at for at in range(len(self.table.inputs)) if self._opaque(at)]
        if not columns or not (unique or open_questions(self.grid)):
            return
        for at in columns:
            message = text(
                "{place}没有检查重叠和遗漏：有的格子要到运行时才知道",
                place=place_of(self.table, 0, at + 1),
            )
            remedy = text('写成固定的值、区间或比较，例如 < 5、[1..5]、"甲"')
            yield self._warning(self.table.inputs[at].pos[0], message, remedy)

    def _opaque(self, at: int) -> bool:
        cells = [rule.tests[at] for rule in self.table.rules if not rule.tests[at].any]
        return any(must != may for must, may in map(self.grid.axes[at].cell, cells))

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
    if isinstance(value, Other):
        return _kind(value.value)
    return None if value is None else TypeOf(kind_of(value))


def _single(value: object) -> bool:
    return value is not None and not isinstance(value, Range | Other | list | dict)


def _in_tests(tests: Tests | None, value: object) -> bool:
    """Whether listed values hold one; those that only an evaluation can tell may."""
    values = values_of(tests) if tests else None
    return values is None or any(accepts(one, value) for one in values)


def _stranger(listed: Tests | None, answer: Node) -> bool:
    value = constant(answer)
    return value is not OPAQUE and _single(value) and not _in_tests(listed, value)


def _agree(first: Rule, second: Rule) -> bool:
    """Whether two rules give the same, however it is written."""
    pairs = zip(first.values, second.values, first.answers, second.answers, strict=True)
    return all(a == b or _same(constant(one), constant(other)) for one, other, a, b in pairs)


def _same(one: object, other: object) -> bool:
    return one is not OPAQUE and type(one) is type(other) and one == other


def _rank(outputs: tuple[Output, ...], rule: Rule) -> tuple[int, ...] | None:
    """The place of a rule's values in the order of the outputs; None when it is not known."""
    found: list[int] = []
    for output, answer in zip(outputs, rule.values, strict=True):
        if output.order is None:
            continue
        ranks, value = values_of(output.order), constant(answer)
        if ranks is None or value is OPAQUE:
            return None
        found.append(next((i for i, one in enumerate(ranks) if accepts(one, value)), len(ranks)))
    return tuple(found)
