"""Holidays and swapped working days ahead, from the calendar that the deadlines are counted by."""

from dataclasses import dataclass
from datetime import date

import chinese_calendar

from engine.domain.calendar import ONE_DAY, DayKind, day_kind, is_provisional, is_working_day
from engine.text import Text, text

NAMES = {
    "New Year's Day": text("元旦"),
    "Spring Festival": text("春节"),
    "Tomb-sweeping Day": text("清明节"),
    "Labour Day": text("劳动节"),
    "Dragon Boat Festival": text("端午节"),
    "Mid-autumn Festival": text("中秋节"),
    "National Day": text("国庆节"),
}
AHEAD = 400  # days looked through


@dataclass(frozen=True)
class Holiday:
    """Days off in a row, the days worked for them instead, and the next working day."""

    name: Text
    first: date
    last: date
    swapped: tuple[date, ...]
    back_on: date


def holidays_after(today: date, most: int = 3) -> list[Holiday]:
    """The next public holidays, one that is going on included; only days of published notices."""
    found: list[Holiday] = []
    day = today
    for _ in range(AHEAD):
        if len(found) == most or is_provisional(day):
            break
        if day_kind(day) is DayKind.HOLIDAY:
            found.append(_holiday(day))
            day = found[-1].last
        day += ONE_DAY
    return found


def _holiday(day: date) -> Holiday:
    free = (DayKind.HOLIDAY, DayKind.REST)
    first, last = day, day
    while day_kind(first - ONE_DAY) in free:
        first -= ONE_DAY
    while day_kind(last + ONE_DAY) in free:
        last += ONE_DAY
    near = (first + n * ONE_DAY for n in range(-14, (last - first).days + 15))
    name = _name(day)
    swapped = (d for d in near if day_kind(d) is DayKind.SWAPPED_WORK and _name(d) == name)
    return Holiday(name, first, last, tuple(swapped), last + ONE_DAY)


def _name(day: date) -> Text:
    """The holiday that a day off, or a day worked instead, belongs to."""
    english = chinese_calendar.get_holiday_detail(day)[1]
    return NAMES.get(english) or Text(str(english))


def working_days_before(today: date, holiday: Holiday) -> list[date]:
    """The working days left before a holiday, today not counted."""
    days = (today + n * ONE_DAY for n in range(1, max(0, (holiday.first - today).days)))
    return [day for day in days if is_working_day(day)]
