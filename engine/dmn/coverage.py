"""Which inputs several rules cover, and which none: rules as boxes over the columns' regions."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from engine.dmn.nodes import Table
from engine.dmn.regions import Axis
from engine.dmn.types import allowed_tests, given_tests
from engine.feel.nodes import Tests
from engine.feel.values import TypeOf

MAX_WORK = 2_000_000
"""Columns of pairs of boxes that the questions about one table may compare, about a second's
worth."""

Box = tuple[int, ...]
"""For each column the set of its regions."""


class TooMany(Exception):
    """The table is too intricate for an answer in bounded time."""


@dataclass(slots=True)
class Grid:
    """A table with its columns' regions; `sure` and `maybe` are the rules' boxes.

    `work` is what may still be compared.
    """

    table: Table
    axes: list[Axis]
    whole: Box
    sure: list[Box]
    maybe: list[Box]
    work: int = MAX_WORK

    @property
    def asked(self) -> Box:
        """What a complete table covers."""
        return tuple(axis.asked for axis in self.axes)

    def spend(self, pairs: int) -> None:
        """Raises TooMany when nothing is left."""
        self.work -= pairs * max(1, len(self.axes))
        if self.work < 0:
            raise TooMany


def grid(table: Table, kinds: list[TypeOf | None], optional: frozenset[int] = frozenset()) -> Grid:
    """The grid of a table; `kinds` are the columns' types, whose allowed values bound them, and
    `optional` the columns (from 0) that are known to have no value at times."""
    axes = [
        Axis(
            [rule.tests[i] for rule in table.rules],
            column_domain(table, i, kinds[i]),
            given_tests(kinds[i]),
            optional=i in optional,
        )
        for i in range(len(table.inputs))
    ]
    cells = [[axis.cell(rule.tests[i]) for i, axis in enumerate(axes)] for rule in table.rules]
    whole = tuple(axis.all for axis in axes)
    sure = [_within(tuple(must for must, _ in row), whole) for row in cells]
    maybe = [_within(tuple(may for _, may in row), whole) for row in cells]
    return Grid(table, axes, whole, sure, maybe)


def _within(box: Box, whole: Box) -> Box:
    return tuple(a & b for a, b in zip(box, whole, strict=True))


def column_domain(table: Table, at: int, kind: TypeOf | None) -> Tests | None:
    """The values that a column allows: its own, else its type's."""
    return table.inputs[at].allowed or allowed_tests(kind)


def common(a: Box, b: Box) -> Box | None:
    """What two boxes share; None when they do not meet."""
    shared = _within(a, b)
    return shared if all(shared) else None


def overlaps(found: Grid) -> Iterator[tuple[int, int, Box]]:
    """Pairs of rules (from 0) that some input surely matches both of. Raises TooMany."""
    for j in range(len(found.sure)):
        found.spend(j >> 1)
        for i in range(j):
            shared = _shared(found, i, j)
            if shared is not None:
                yield i, j, shared


def _shared(found: Grid, i: int, j: int) -> Box | None:
    """Cells that are written alike agree, even when their values are not known."""
    first, second = found.table.rules[i], found.table.rules[j]
    parts: list[int] = []
    for at, (a, b) in enumerate(zip(found.sure[i], found.sure[j], strict=True)):
        alike = first.cells[at] == second.cells[at]
        shared = found.maybe[i][at] if alike else a & b
        if not shared:
            return None
        parts.append(shared)
    return tuple(parts)


def subtract(found: Grid, boxes: list[Box], taken: Box) -> list[Box]:
    """What remains of disjoint boxes without another. Raises TooMany."""
    found.spend(len(boxes))
    left: list[Box] = []
    for box in boxes:
        if common(box, taken) is None:
            left.append(box)
        else:
            left.extend(_pieces(box, taken))
    return left


def _pieces(box: Box, taken: Box) -> Iterator[Box]:
    """Column by column, what lies outside."""
    inside = list(box)
    for at, (own, other) in enumerate(zip(box, taken, strict=True)):
        if own & ~other:
            yield (*inside[:at], own & ~other, *box[at + 1 :])
        inside[at] = own & other


def gaps(found: Grid) -> list[Box]:
    """Regions that surely no rule covers. Raises TooMany."""
    return _without(found, found.maybe)


def open_questions(found: Grid) -> list[Box]:
    """Regions that some rule may cover, or none. Raises TooMany."""
    return _without(found, found.sure)


def _without(found: Grid, boxes: list[Box]) -> list[Box]:
    left = [found.asked] if all(found.asked) else []
    for box in boxes:
        left = subtract(found, left, box)
    return left


def unreachable(found: Grid, order: Sequence[int]) -> Iterator[int]:
    """Rules (from 0) for which those before them in the order leave nothing. Raises TooMany."""
    for place, at in enumerate(order):
        left = [found.maybe[at]]
        for earlier in order[:place]:
            left = subtract(found, left, found.sure[earlier])
            if not left:
                break
        if not left and all(found.maybe[at]):
            yield at
