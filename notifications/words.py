"""Dates and due moments in words, Chinese and English."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from engine.clock import local_date

ZH_DAYS = "一二三四五六日"
EN_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
EN_MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)


def day_words(day: date | str | None, locale: str) -> str:
    """2026年3月5日（周四）, Thursday 5 March 2026; nothing for None."""
    if isinstance(day, str):
        day = date.fromisoformat(day[:10])
    if day is None:
        return ""
    if locale == "en":
        return f"{EN_DAYS[day.weekday()]} {day.day} {EN_MONTHS[day.month - 1]} {day.year}"
    return f"{day.year}年{day.month}月{day.day}日（周{ZH_DAYS[day.weekday()]}）"


def due_words(due_at: datetime | None, now: datetime, locale: str) -> str:
    """The last day (Shanghai) and how far off it is: 2026年3月5日（周四）前办结，还有3天."""
    if due_at is None:
        return "No time limit" if locale == "en" else "没有期限"
    day = local_date(due_at)
    left = (day - local_date(now)).days
    if locale == "en":
        return f"due by the end of {day_words(day, locale)}, {_left_en(left, due_at < now)}"
    return f"{day_words(day, locale)}前办结，{_left_zh(left, due_at < now)}"


def _left_zh(left: int, over: bool) -> str:
    if over:
        return f"已逾期{-left}天" if left else "已逾期"
    return f"还有{left}天" if left else "今天到期"


def _left_en(left: int, over: bool) -> str:
    days = f"{abs(left)} day{'' if abs(left) == 1 else 's'}"
    if over:
        return f"{days} overdue" if left else "overdue"
    return f"{days} left" if left else "due today"


def yuan(amount: Any) -> str:
    """12,345.60 from "12345.6"; what is no amount comes back as it is."""
    try:
        return f"{Decimal(str(amount)):,.2f}"
    except ArithmeticError:
        return str(amount)
