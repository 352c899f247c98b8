"""Relations of points and ranges in time or number (DMN 10.3.2.3.9, after Allen)."""

from collections.abc import Callable

from engine.feel.compare import compare
from engine.feel.limits import Budget
from engine.feel.registry import builtin
from engine.feel.values import Operator, Range

Relation = Callable[["Ends", "Ends"], bool | None]


class Ends:
    """A range's ends, or a point as the range that it is alone; comparisons may be None."""

    def __init__(self, value: object, budget: Budget) -> None:
        span = value if isinstance(value, Range) else Range(value, value, True, True)
        self.budget = budget
        self.start, self.end = span.start, span.end
        self.first, self.last = span.start_included, span.end_included
        self.span = span

    def compare(self, op: Operator, left: object, right: object) -> bool | None:
        """An open end is infinitely far; None when the two cannot be compared."""
        return compare(op, left, right, self.budget)


def _holds(*conditions: bool | None) -> bool | None:
    """All of them, by three values."""
    if any(condition is False for condition in conditions):
        return False
    return None if any(condition is None for condition in conditions) else True


def _either(*conditions: bool | None) -> bool | None:
    if any(conditions):
        return True
    return None if any(condition is None for condition in conditions) else False


def before(a: Ends, b: Ends) -> bool | None:
    touches = _holds(not (a.last and b.first), a.compare("=", a.end, b.start))
    return _either(a.compare("<", a.end, b.start), touches)


def meets(a: Ends, b: Ends) -> bool | None:
    return _holds(a.last, b.first, a.compare("=", a.end, b.start))


def _starts_no_later(a: Ends, b: Ends) -> bool | None:
    level = _holds(a.first or not b.first, a.compare("=", a.start, b.start))
    return _either(a.compare("<", a.start, b.start), level)


def _ends_no_later(a: Ends, b: Ends) -> bool | None:
    level = _holds(b.last or not a.last, a.compare("=", a.end, b.end))
    return _either(a.compare("<", a.end, b.end), level)


def _same_start(a: Ends, b: Ends) -> bool | None:
    return _holds(a.first == b.first, a.compare("=", a.start, b.start))


def _same_end(a: Ends, b: Ends) -> bool | None:
    return _holds(a.last == b.last, a.compare("=", a.end, b.end))


def includes(a: Ends, b: Ends) -> bool | None:
    return _holds(_starts_no_later(a, b), _ends_no_later(b, a))


def overlaps(a: Ends, b: Ends) -> bool | None:
    apart = _either(before(a, b), before(b, a))
    return None if apart is None else not apart


def overlaps_before(a: Ends, b: Ends) -> bool | None:
    earlier = _holds(_starts_no_later(a, b), _not(_same_start(a, b)))
    return _holds(earlier, overlaps(a, b), _ends_no_later(a, b))


def _not(value: bool | None) -> bool | None:
    return None if value is None else not value


def starts(a: Ends, b: Ends) -> bool | None:
    return _holds(_same_start(a, b), _ends_no_later(a, b))


def started_by(a: Ends, b: Ends) -> bool | None:
    return starts(b, a)


def finishes(a: Ends, b: Ends) -> bool | None:
    return _holds(_same_end(a, b), _starts_no_later(b, a))


def coincides(a: Ends, b: Ends) -> bool | None:
    return _holds(_same_start(a, b), _same_end(a, b))


def _swapped(relation: Relation) -> Relation:
    return lambda a, b: relation(b, a)


def _register(name: str, relation: Relation, *kinds: tuple[str, str]) -> None:
    """Declare a relation for pairs of `point` and `range`."""

    def call(budget: Budget, left: object, right: object) -> bool | None:
        return relation(Ends(left, budget), Ends(right, budget))

    for left, right in kinds:
        first, second = _parameters(left, right)
        builtin(name, first, second, budget=True, steps=4)(call)


def _parameters(left: str, right: str) -> tuple[str, str]:
    """The parameters' names as the standard has them, range or any for a point."""
    names = (left, right) if left != right else (f"{left}1", f"{right}2")
    kinds = ["range" if kind == "range" else "any" for kind in (left, right)]
    return f"{names[0]}: {kinds[0]}", f"{names[1]}: {kinds[1]}"


_RANGES = ("range", "range")
_POINT_RANGE = ("point", "range")
_RANGE_POINT = ("range", "point")
_POINTS = ("point", "point")

_register("before", before, _RANGES, _POINT_RANGE, _RANGE_POINT, _POINTS)
_register("after", _swapped(before), _RANGES, _POINT_RANGE, _RANGE_POINT, _POINTS)
_register("meets", meets, _RANGES)
_register("met by", _swapped(meets), _RANGES)
_register("overlaps", overlaps, _RANGES)
_register("overlaps before", overlaps_before, _RANGES)
_register("overlaps after", _swapped(overlaps_before), _RANGES)
_register("finishes", finishes, _RANGES, _POINT_RANGE)
_register("finished by", _swapped(finishes), _RANGES, _RANGE_POINT)
_register("includes", includes, _RANGES, _RANGE_POINT)
_register("during", _swapped(includes), _RANGES, _POINT_RANGE)
_register("starts", starts, _RANGES, _POINT_RANGE)
_register("started by", started_by, _RANGES, _RANGE_POINT)
_register("coincides", coincides, _RANGES, _POINTS)
