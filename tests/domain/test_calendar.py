"""Deadlines (D.10)."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.domain.calendar import (
    DayKind,
    Period,
    Unit,
    WorkCalendar,
    YearNotice,
    add_working_days,
    day_kind,
    due,
    due_after,
    end_of_day,
    is_provisional,
    is_working_day,
    working_days_between,
)
from engine.domain.dates import add_months, last_day_of_years
from engine.errors import InvalidInput

DAYS = st.dates(date(2024, 1, 1), date(2026, 11, 30))


@pytest.mark.parametrize(
    ("start", "amount", "unit", "expected"),
    [
        ("2025-01-24", 10, Unit.DAY, "2025-02-05"),  # into Spring Festival, out after it
        ("2025-01-25", 1, Unit.DAY, "2025-01-26"),  # a Sunday that is worked
        ("2024-01-31", 1, Unit.MONTH, "2024-02-29"),
        ("2025-08-31", 1, Unit.MONTH, "2025-09-30"),
        ("2025-04-30", 1, Unit.MONTH, "2025-05-30"),  # the corresponding day, not the month's end
        ("2025-03-10", 12, Unit.MONTH, "2026-03-10"),
        ("2026-02-13", 1, Unit.WORKING_DAY, "2026-02-14"),  # 调休 Saturday counts
        ("2026-02-14", 1, Unit.WORKING_DAY, "2026-02-24"),
        ("2026-10-01", 1, Unit.WORKING_DAY, "2026-10-08"),
    ],
)
def test_a_period_ends_on(start: str, amount: int, unit: Unit, expected: str) -> None:
    found = due(date.fromisoformat(start), amount, unit)
    assert found.date.isoformat() == expected
    assert not found.provisional


def test_a_year_without_a_notice_stops_nobody_and_is_marked() -> None:
    found = due(date(2027, 9, 30), 3, Unit.WORKING_DAY)
    assert found.date == date(2027, 10, 5)
    assert found.provisional
    assert is_provisional(date(2027, 1, 4))
    assert not due(date(2026, 12, 25), 3, Unit.DAY).provisional
    assert due(date(2026, 12, 30), 3, Unit.WORKING_DAY).provisional


def test_a_notice_that_is_loaded_changes_the_day_and_takes_the_mark_away() -> None:
    rest = frozenset({date(2027, 10, 1) + timedelta(days=n) for n in range(7)})
    calendar = WorkCalendar((YearNotice(2027, rest, frozenset({date(2027, 10, 9)})),))
    found = due(date(2027, 9, 30), 3, Unit.WORKING_DAY, calendar=calendar)
    assert found.date == date(2027, 10, 11)
    assert not found.provisional
    assert day_kind(date(2027, 10, 9), calendar) is DayKind.SWAPPED_WORK
    assert day_kind(date(2027, 10, 1), calendar) is DayKind.HOLIDAY
    assert day_kind(date(2027, 10, 10), calendar) is DayKind.REST


def test_the_day_ends_a_second_before_midnight_in_shanghai() -> None:
    assert end_of_day(date(2025, 2, 5)) == datetime(2025, 2, 5, 15, 59, 59, tzinfo=UTC)
    assert due(date(2025, 1, 24), 10, Unit.DAY).moment == end_of_day(date(2025, 2, 5))


@pytest.mark.parametrize("amount", [0, -1, 4001, True])
def test_a_period_of_no_length_is_refused(amount: int) -> None:
    with pytest.raises(InvalidInput) as refused:
        due(date(2025, 1, 1), amount, Unit.DAY)
    assert set(refused.value.fields) == {"amount"}


def test_the_trace_shows_the_roll_only_when_there_was_one() -> None:
    rolled = due(date(2025, 9, 26), 10, Unit.DAY).trace
    assert [op.shown() for op in rolled.results] == ["2025-10-06", "2025-10-09"]
    assert len(due_after(date(2025, 3, 3), Period(3, Unit.DAY)).trace.steps) == 1


@given(DAYS, st.integers(1, 30))
def test_counting_forth_and_measuring_agree(start: date, amount: int) -> None:
    end = add_working_days(start, amount)
    assert is_working_day(end)
    assert working_days_between(start, end) == amount
    assert working_days_between(end, start) == -amount
    assert add_working_days(start, 0) == start


@given(DAYS, st.integers(1, 24), st.sampled_from(Unit))
def test_a_deadline_is_a_working_day_after_the_start(start: date, amount: int, unit: Unit) -> None:
    found = due(start, amount, unit)
    assert found.date > start
    assert is_working_day(found.date)


@pytest.mark.parametrize(
    ("first", "years", "last"),
    [
        ("2024-02-29", 1, "2025-02-28"),
        ("2024-02-29", 4, "2028-02-28"),
        ("2025-03-01", 3, "2028-02-29"),
        ("2025-01-01", 1, "2025-12-31"),
    ],
)
def test_years_that_begin_on_a_day_end_on_the_day_before(first: str, years: int, last: str) -> None:
    assert last_day_of_years(date.fromisoformat(first), years).isoformat() == last


@given(DAYS, st.integers(-60, 60))
def test_months_keep_the_day_or_take_the_last_one(day: date, months: int) -> None:
    moved = add_months(day, months)
    assert moved.day == day.day or (moved + timedelta(days=1)).day == 1
    assert (moved.year - day.year) * 12 + moved.month - day.month == months
