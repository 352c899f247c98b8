"""Working days and deadlines (spec D.10, 民法典 201-203).

A year whose holiday notice is not out stops nobody: its weekends are counted and the result is
marked provisional, to be computed again when the notice is there.
"""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from zoneinfo import ZoneInfo

import chinese_calendar

from engine.domain.dates import add_months
from engine.domain.trace import Measure, Op, Operand, Step, Trace, on_day
from engine.domain.validate import Problems
from engine.text import text

MAX_LENGTH = 4000  # longer than any scheme, short enough to be counted day by day
ONE_DAY = timedelta(days=1)
SHANGHAI = ZoneInfo("Asia/Shanghai")


class Unit(StrEnum):
    """Units of a period."""

    DAY = "DAY"
    WORKING_DAY = "WORKING_DAY"
    MONTH = "MONTH"


class DayKind(StrEnum):
    """A day as the clock shows it: SWAPPED_WORK is 班, HOLIDAY is 休."""

    WORK = "WORK"
    REST = "REST"
    SWAPPED_WORK = "SWAPPED_WORK"
    HOLIDAY = "HOLIDAY"


WORKING = frozenset({DayKind.WORK, DayKind.SWAPPED_WORK})


@dataclass(frozen=True)
class Period:
    """A length of time as the programmes state it, e.g. 10 DAY."""

    amount: int
    unit: Unit


@dataclass(frozen=True)
class YearNotice:
    """A year's holiday notice, for years that the package does not know yet."""

    year: int
    rest: frozenset[date]
    work: frozenset[date]

    def kind(self, day: date) -> DayKind:
        """The kind of a day of this year."""
        if day in self.work:
            return DayKind.SWAPPED_WORK
        return DayKind.HOLIDAY if day in self.rest else _plain_kind(day)


def _plain_kind(day: date) -> DayKind:
    return DayKind.WORK if day.weekday() < 5 else DayKind.REST


@lru_cache(maxsize=16384)
def _published_kind(day: date) -> tuple[DayKind, bool]:
    """The day's kind, and whether a notice says so."""
    try:
        rest, name = chinese_calendar.get_holiday_detail(day)
    except NotImplementedError:
        return _plain_kind(day), False
    if name is None:
        return _plain_kind(day), True
    return (DayKind.HOLIDAY if rest else DayKind.SWAPPED_WORK), True


@dataclass(frozen=True)
class WorkCalendar:
    """The published calendar, with notices added that the package does not have yet."""

    notices: tuple[YearNotice, ...] = field(default=())

    def look_up(self, day: date) -> tuple[DayKind, bool]:
        """The day's kind, and whether a notice says so (else only weekends are known)."""
        for notice in self.notices:
            if notice.year == day.year:
                return notice.kind(day), True
        return _published_kind(day)


STANDARD = WorkCalendar()


@dataclass(frozen=True)
class Due:
    """A deadline: the last day. `provisional` when a year without a notice was counted."""

    date: date
    provisional: bool
    trace: Trace

    @property
    def moment(self) -> datetime:
        """The end of the day in Shanghai, 23:59:59, in UTC."""
        return end_of_day(self.date)


def end_of_day(day: date) -> datetime:
    """23:59:59 Asia/Shanghai of `day`, as an aware UTC datetime."""
    return datetime.combine(day, time(23, 59, 59), SHANGHAI).astimezone(UTC)


def day_kind(day: date, calendar: WorkCalendar = STANDARD) -> DayKind:
    """WORK, REST (weekend), SWAPPED_WORK (班) or HOLIDAY (休)."""
    return calendar.look_up(day)[0]


def is_working_day(day: date, calendar: WorkCalendar = STANDARD) -> bool:
    """Whether offices work; 调休 days do."""
    return day_kind(day, calendar) in WORKING


def is_provisional(day: date, calendar: WorkCalendar = STANDARD) -> bool:
    """Whether the notice for the day's year is still missing."""
    return not calendar.look_up(day)[1]


def add_working_days(start: date, amount: int, calendar: WorkCalendar = STANDARD) -> date:
    """The `amount`-th working day after `start` (before it when negative); `start` itself for 0."""
    return _count(start, amount, calendar)[0]


def working_days_between(a: date, b: date, calendar: WorkCalendar = STANDARD) -> int:
    """Working days after `a` up to and including `b`; negative when `b` is before `a`.

    So working_days_between(a, add_working_days(a, n)) == n.
    """
    if b < a:
        return -working_days_between(b, a, calendar)
    days = (a + timedelta(days=n) for n in range(1, (b - a).days + 1))
    return sum(is_working_day(day, calendar) for day in days)


def _count(start: date, amount: int, calendar: WorkCalendar) -> tuple[date, bool]:
    day, left, provisional = start, abs(amount), False
    step = ONE_DAY if amount >= 0 else -ONE_DAY
    while left:
        day += step
        kind, known = calendar.look_up(day)
        provisional |= not known
        left -= kind in WORKING
    return day, provisional


def _roll(day: date, calendar: WorkCalendar) -> tuple[date, bool]:
    """`day` if it is worked, else the next working day."""
    kind, known = calendar.look_up(day)
    provisional = not known
    while kind not in WORKING:
        day += ONE_DAY
        kind, known = calendar.look_up(day)
        provisional |= not known
    return day, provisional


def due(
    start: date,
    amount: int,
    unit: Unit,
    *,
    calendar: WorkCalendar = STANDARD,
    clause: str = "D.10",
    version: str | None = None,
) -> Due:
    """The last day of a period of `amount` units after `start`, which does not count.

    DAY and MONTH (corresponding day, else the month's end) roll from a rest day to the next
    working day; WORKING_DAY counts working days. `amount` is 1 to 4000, else InvalidInput.
    """
    problems = Problems()
    problems.number("amount", amount, 1, MAX_LENGTH)
    problems.done()
    return _counted(start, Period(amount, unit), calendar, clause, version)


@lru_cache(maxsize=4096)  # most tasks of a day fall due alike
def _counted(
    start: date, period: Period, calendar: WorkCalendar, clause: str, version: str | None
) -> Due:
    nominal, provisional = _nominal(start, period, calendar)
    day, rolled_provisional = _roll(nominal, calendar)
    provisional |= rolled_provisional
    steps = _due_steps(start, period, nominal, day)
    return Due(day, provisional, Trace("deadline", clause, steps, version))


def _nominal(start: date, period: Period, calendar: WorkCalendar) -> tuple[date, bool]:
    if period.unit is Unit.WORKING_DAY:
        return _count(start, period.amount, calendar)
    if period.unit is Unit.MONTH:
        return add_months(start, period.amount), False
    return start + period.amount * ONE_DAY, False


def due_after(
    start: date,
    period: Period,
    *,
    calendar: WorkCalendar = STANDARD,
    clause: str = "D.10",
    version: str | None = None,
) -> Due:
    """`due` for a period of a programme."""
    amount, unit = period.amount, period.unit
    return due(start, amount, unit, calendar=calendar, clause=clause, version=version)


_UNIT_LABEL = {
    Unit.DAY: text("自然日"),
    Unit.WORKING_DAY: text("工作日"),
    Unit.MONTH: text("月"),
}


def _due_steps(start: date, period: Period, nominal: date, day: date) -> tuple[Step, ...]:
    length = Operand("amount", _UNIT_LABEL[period.unit], period.amount, Measure.NUMBER)
    end = on_day("nominal", text("期满日"), nominal)
    steps = [Step((on_day("start", text("起算日（不计）"), start), Op.PLUS, length), end)]
    if day != nominal:
        steps.append(Step((end, Op.TO), on_day("due", text("顺延到下一工作日"), day)))
    return tuple(steps)
