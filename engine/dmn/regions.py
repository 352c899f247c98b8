"""The values of a column, cut into regions by what its cells say, so that cells become sets.

A number's axis is cut at every end of a range: below it, at it, above it. Words are regions of
their own, with one for all others. A set of regions is the bits of a number.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import cmp_to_key
from typing import Any

from engine.dmn.nodes import Broken
from engine.feel import FeelError, nodes
from engine.feel.compare import order
from engine.feel.compile import Reads, Scope, compile_node
from engine.feel.convert import format_scalar
from engine.feel.nodes import Node, Tests, mentions
from engine.feel.scope import Run
from engine.feel.values import Months, Range, kind_of
from engine.text import Text, text

_ORDERED = (Decimal, date, datetime, time, timedelta, Months)
_OPAQUE = object()
"""Stands for a test whose values cannot be told in advance."""


@dataclass(frozen=True, slots=True)
class Other:
    """All values but these: `!= 5`."""

    value: object


def constant(node: Node, functions: frozenset[str] = frozenset()) -> object:
    """The value of an expression that reads nothing, _OPAQUE for others."""
    if mentions(node, "?") or isinstance(node, Broken):
        return _OPAQUE
    if isinstance(node, nodes.OperatorTest) and node.op == "!=":
        value = constant(node.value, functions)
        return _OPAQUE if value is _OPAQUE else Other(value)
    scope = Scope(Reads(), frozenset(), functions, nested=True)
    try:
        run = compile_node(node, scope)
        if scope.reads.certain or scope.reads.perhaps:
            return _OPAQUE
        return run(Run({}, {}))
    except (FeelError, KeyError):  # a host's function is not there
        return _OPAQUE


def values_of(tests: Tests) -> list[object] | None:
    """What a cell accepts (or, negated, refuses): values and ranges; None when it is not known."""
    found: list[object] = []
    for test in tests.tests:
        value = constant(test)
        if value is _OPAQUE:
            return None
        found.extend(value if isinstance(value, list) else [value])
    return found


class Axis:
    """One column's regions."""

    def __init__(self, cells: Sequence[Tests], domain: Tests | None) -> None:
        known = [values_of(cell) for cell in (*cells, *([domain] if domain else []))]
        points = _points([value for values in known if values for value in values])
        self.nulls = any(point is None for point in points)
        self.points = [point for point in points if point is not None]
        kinds = {type(point) for point in self.points}
        self.ordered = len(kinds) == 1 and kinds <= set(_ORDERED)
        self.usable = self.ordered or kinds <= {str, bool}
        self._arrange()
        self.all = (1 << self.count) - 1
        if domain is not None and self.usable:
            must, may = self.cell(domain)
            self.all = must or may

    def _arrange(self) -> None:
        if not self.usable:
            self.points = []
        if self.ordered:
            if any(order(_less, point, self.points[0]) is None for point in self.points):
                self.usable = False  # times with and without a zone
            else:
                self.points.sort(key=cmp_to_key(_compare))
            self.points = _without_repeats(self.points)
            self.values = 2 * len(self.points) + 1
        else:
            self.points = _without_repeats(self.points)
            booleans = all(isinstance(point, bool) for point in self.points)
            if booleans and self.points:
                self.points = [True, False]
            self.values = len(self.points) + (not (booleans and self.points))
        self.count = self.values + self.nulls

    def cell(self, tests: Tests) -> tuple[int, int]:
        """The regions that a cell accepts for sure, and those that it may accept."""
        everything = (1 << self.count) - 1
        if tests.any:
            return everything, everything
        values = values_of(tests) if self.usable else None
        if values is None:
            return 0, everything
        regions = 0
        for value in values:
            found = self._regions(value)
            if found is None:
                return 0, everything
            regions |= found
        if tests.negated:
            regions = everything & ~regions
        return regions, regions

    def allows(self, value: object) -> bool:
        """Whether a single value lies in the column's domain."""
        regions = self._regions(value)
        return regions is None or bool(regions & self.all)

    def _regions(self, value: object) -> int | None:
        if isinstance(value, Range):
            return self._span(value) if self.ordered else None
        if isinstance(value, Other):
            point = self._regions(value.value)
            return None if point is None else (1 << self.values) - 1 & ~point
        if value is None:
            return 1 << self.values
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
        if self.nulls and regions >> self.values & 1:
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
