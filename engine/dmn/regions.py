"""The values of a column, cut into regions by what its cells say, so that cells become sets.

A number's axis is cut at every end of a range: below it, at it, above it. Words are regions of
their own, with one for all others; no value is a region too. A set of regions is the bits of a
number.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import cmp_to_key
from itertools import pairwise
from typing import Any

from engine.dmn.nodes import Broken
from engine.feel import FeelError, nodes
from engine.feel.compare import in_range, order
from engine.feel.compile import Reads, Scope, compile_node
from engine.feel.convert import format_scalar
from engine.feel.limits import Budget
from engine.feel.nodes import Node, Tests, mentions
from engine.feel.scope import Run
from engine.feel.values import Months, Operator, Range, kind_of
from engine.text import Text, text

_ORDERED = (Decimal, date, datetime, time, timedelta, Months)
OPAQUE = object()
"""Stands for a test whose values cannot be told in advance."""
_TURNED: dict[Operator, Operator] = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}


@dataclass(frozen=True, slots=True)
class Other:
    """All values but these: `!= 5`."""

    value: object


def constant(node: Node, functions: frozenset[str] = frozenset()) -> object:
    """The value of an expression that reads nothing, OPAQUE for others."""
    if mentions(node, "?") or isinstance(node, Broken):
        return OPAQUE
    if isinstance(node, nodes.OperatorTest) and node.op == "!=":
        value = constant(node.value, functions)
        return OPAQUE if value is OPAQUE else Other(value)
    scope = Scope(Reads(), frozenset(), functions, nested=True)
    try:
        run = compile_node(node, scope)
        if scope.reads.certain or scope.reads.perhaps:
            return OPAQUE
        return run(Run({}, {}))
    except (FeelError, KeyError):  # a host's function is not there
        return OPAQUE


def values_of(tests: Tests) -> list[object] | None:
    """What a cell accepts (or, negated, refuses): values and ranges; None when it is not known."""
    found: list[object] = []
    for test in (part for whole in tests.tests for part in _as_tests(whole)):
        value = constant(test)
        if value is OPAQUE:
            return None
        if value is None and not (isinstance(test, nodes.Literal)):
            continue  # `< date("2024-02-30")` has no value, and nothing is below it
        found.extend(value if isinstance(value, list) else [value])
    return found


def _as_tests(node: Node) -> tuple[Node, ...]:
    """A condition on `?` as the tests that say the same: `? > 5` is `> 5`."""
    if isinstance(node, nodes.Compare):
        return (_comparison(node),)
    if isinstance(node, nodes.In) and _is_tested(node.value):
        return tuple(part for test in node.tests for part in _as_tests(test))
    if isinstance(node, nodes.Between) and _is_tested(node.value):
        return (nodes.RangeOf(node.pos, node.low, node.high, True, True),)
    if isinstance(node, nodes.OperatorTest) and node.op == "=":
        return (node.value,)
    return (node,)


def _comparison(node: nodes.Compare) -> Node:
    if _is_tested(node.left):
        op, value = node.op, node.right
    elif _is_tested(node.right):
        op, value = _TURNED.get(node.op, node.op), node.left
    else:
        return node
    return value if op == "=" else nodes.OperatorTest(node.pos, op, value)


def _is_tested(node: Node) -> bool:
    return isinstance(node, nodes.Name) and node.name == "?"


def accepts(test: object, value: object) -> bool:
    """Whether what a cell says (one of `values_of`) lets a single value through."""
    if isinstance(test, Other):
        return not accepts(test.value, value)
    if isinstance(test, Range):
        return in_range(value, test, Budget()) is True
    return type(test) is type(value) and test == value


class Axis:
    """One column's regions, the last of them for no value.

    `all` are those that its domain allows; `asked` those that a complete table covers: values
    that are `given` by what feeds the column, and no value where a cell names it or it is
    `optional`.
    """

    def __init__(
        self,
        cells: Sequence[Tests],
        domain: Tests | None,
        given: Tests | None = None,
        *,
        optional: bool = False,
    ) -> None:
        bounds = [tests for tests in (domain, given) if tests]
        known = [values_of(cell) for cell in (*cells, *bounds)]
        values = [value for values in known if values for value in values]
        points = _points(values)
        self.nulls = optional or None in points
        self.points = [point for point in points if point is not None]
        kinds = {type(point) for point in self.points}
        spans = any(isinstance(value, Range) for value in values)
        self.ordered = len(kinds) == 1 and (kinds <= set(_ORDERED) or (spans and kinds == {str}))
        self.usable = self.ordered or (kinds <= {str, bool} and not spans)
        self._arrange()
        self.null = 1 << self.values
        self.everything = (self.null << 1) - 1 & ~self.empty
        self.all = self._within(domain) | self.null
        self.asked = self.all & self._within(given) & ~self.null | (self.null if self.nulls else 0)

    def _within(self, domain: Tests | None) -> int:
        if domain is None or not self.usable:
            return self.everything
        must, may = self.cell(domain)
        return must or may

    def _arrange(self) -> None:
        self.empty = 0
        if not self.usable:
            self.points = []
        if self.ordered:
            if any(order(_less, point, self.points[0]) is None for point in self.points):
                self.usable = False  # times with and without a zone
            else:
                self.points.sort(key=cmp_to_key(_compare))
            self.points = _without_repeats(self.points)
            self.values = 2 * len(self.points) + 1
            self.empty = _between_neighbours(self.points) if self.usable else 0
        else:
            self.points = _without_repeats(self.points)
            booleans = all(isinstance(point, bool) for point in self.points)
            if booleans and self.points:
                self.points = [True, False]
            self.values = len(self.points) + (not (booleans and self.points))

    def cell(self, tests: Tests) -> tuple[int, int]:
        """The regions that a cell accepts for sure, and those that it may accept."""
        if tests.any:
            return self.everything, self.everything
        values = values_of(tests) if self.usable else None
        if values is None:
            return 0, self.everything
        regions = 0
        for value in values:
            found = self._regions(value)
            if found is None:
                return 0, self.everything
            regions |= found
        if tests.negated:
            regions = ~regions
        return regions & self.everything, regions & self.everything

    def allows(self, value: object) -> bool:
        """Whether a single value lies in the column's domain."""
        regions = self._regions(value)
        return regions is None or bool(regions & self.all)

    def _regions(self, value: object) -> int | None:
        if isinstance(value, Range):
            return self._span(value) if self.ordered else None
        if isinstance(value, Other):
            point = self._regions(value.value)
            return None if point is None else self.everything & ~point
        if value is None:
            return self.null
        at = self.points.index(value) if value in self.points else None
        if at is None:
            return 0
        return 1 << (2 * at + 1 if self.ordered else at)

    def _span(self, span: Range) -> int:
        """From the region of the start to that of the end."""
        first, last = 0, self.values - 1
        if span.start is not None:
            first = 2 * self.points.index(span.start) + (1 if span.start_included else 2)
        if span.end is not None:
            last = 2 * self.points.index(span.end) + (1 if span.end_included else 0)
        return ((1 << last + 1) - 1) & ~((1 << first) - 1) if last >= first else 0

    def describe(self, regions: int) -> Text:
        """A set of regions in words, the first few of it."""
        parts = self._parts(regions)
        shown = joined(parts[:3], "、")
        return text("{parts}等", parts=shown) if len(parts) > 3 else shown

    def _parts(self, regions: int) -> list[Text]:
        parts = self._spans(regions) if self.ordered else self._words(regions)
        if regions & self.null:
            parts.append(text("没有值"))
        return parts

    def _words(self, regions: int) -> list[Text]:
        named = [
            Text("{v}", {"v": shown(p)}) for i, p in enumerate(self.points) if regions >> i & 1
        ]
        if self.values > len(self.points) and regions >> len(self.points) & 1:
            named.append(text("其他值") if self.points else text("任何值"))
        return named

    def _spans(self, regions: int) -> list[Text]:
        """Runs of neighbouring regions as FEEL writes them."""
        regions |= self.empty & regions << 1 & regions >> 1
        runs: list[tuple[int, int]] = []
        for at in range(self.values):
            if regions >> at & 1:
                if runs and runs[-1][1] == at - 1:
                    runs[-1] = (runs[-1][0], at)
                else:
                    runs.append((at, at))
        return [self._run(first, last) for first, last in runs]

    def _run(self, first: int, last: int) -> Text:
        low = shown(self.points[(first - 1) // 2]) if first else ""
        high = shown(self.points[last // 2]) if last < self.values - 1 else ""
        if first == last and first % 2:
            return Text("{v}", {"v": low})
        if not low and not high:
            return text("任何值")
        if not low:
            return Text("{op} {v}", {"op": "<=" if last % 2 else "<", "v": high})
        if not high:
            return Text("{op} {v}", {"op": ">=" if first % 2 else ">", "v": low})
        opening, closing = "[" if first % 2 else "(", "]" if last % 2 else ")"
        return Text("{v}", {"v": f"{opening}{low}..{high}{closing}"})


def joined(parts: list[Text], sign: str) -> Text:
    """Texts one after the other; each is still translated where it is shown."""
    template = sign.join(f"{{p{i}}}" for i in range(len(parts)))
    return Text(template, {f"p{i}": part for i, part in enumerate(parts)})


def _points(values: list[object]) -> list[object]:
    """The single values, and the ends of ranges."""
    found: list[object] = []
    for value in values:
        if isinstance(value, Range):
            found.extend(end for end in (value.start, value.end) if end is not None)
        elif isinstance(value, Other):
            found.extend(_points([value.value]))
        else:
            found.append(value)
    return found


def _without_repeats(values: list[Any]) -> list[Any]:
    """Lists and contexts, which have no hash, make the column unusable before."""
    return list(dict.fromkeys(values))


def _between_neighbours(points: list[Any]) -> int:
    """The regions that hold nothing: between one day or month and the next."""
    pairs = enumerate(pairwise(points), 1)
    return sum(1 << 2 * at for at, (low, high) in pairs if _adjoin(low, high))


def _adjoin(low: object, high: object) -> bool:
    if isinstance(low, Months) and isinstance(high, Months):
        return high.months - low.months == 1
    days = type(low) is date and type(high) is date
    return days and (high - low).days == 1  # type: ignore[operator]  # both are dates


def _less(left: Any, right: Any) -> bool:
    return bool(left < right)


def _compare(left: Any, right: Any) -> int:
    return -1 if left < right else 1 if right < left else 0


def shown(value: object) -> str:
    """A value as an owner would write it."""
    if isinstance(value, str):
        return f'"{value}"'
    try:
        return format_scalar(value)
    except FeelError:
        return kind_of(value)
