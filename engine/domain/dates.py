"""Month and year arithmetic: the corresponding day, else the month's end (民法典 202)."""

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise


def add_months(day: date, months: int) -> date:
    """The corresponding day `months` (may be negative) later, else the last day of that month."""
    year, month0 = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month0 + 1, min(day.day, monthrange(year, month0 + 1)[1]))


def last_day_of_years(first: date, years: int) -> date:
    """Last day of `years` full years that begin on `first`, which counts.

    From 29 February the years end on 28 February: the day after that is a new year's first.
    """
    anniversary = add_months(first, 12 * years)
    return anniversary if anniversary.day != first.day else anniversary - timedelta(days=1)


@dataclass(frozen=True)
class Span:
    """Days from `start`, which counts, to `end`, which does not."""

    start: date
    end: date

    @property
    def days(self) -> int:
        """Number of days; 0 when the span is empty or turned around."""
        return max((self.end - self.start).days, 0)

    def cut(self, other: "Span") -> "Span":
        """The part that lies in both (possibly empty)."""
        return Span(max(self.start, other.start), min(self.end, other.end))


def merged(spans: list[Span]) -> list[Span]:
    """The same days as spans that do not overlap, in order."""
    result: list[Span] = []
    for span in sorted(spans, key=lambda one: one.start):
        if result and span.start <= result[-1].end:
            result[-1] = Span(result[-1].start, max(result[-1].end, span.end))
        else:
            result.append(span)
    return result


def overlap(spans: list[Span]) -> bool:
    """Whether any day is in two of the spans."""
    ordered = sorted(spans, key=lambda one: one.start)
    return any(a.end > b.start for a, b in pairwise(ordered))
