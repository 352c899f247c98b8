"""Due dates in words and colour (ui.md, Due badge): never a colour without its words."""

from dataclasses import dataclass
from datetime import date, datetime

from flask_babel import gettext

from engine.clock import local_date
from engine.domain.calendar import working_days_between
from web.rendering import day_week


@dataclass(frozen=True)
class Due:
    """What the badge says. `tone` is late, today, soon, ok, paused or done."""

    tone: str
    icon: str
    words: str
    line: str = ""
    provisional: bool = False


def due_badge(
    due_at: datetime | None,
    now: datetime,
    *,
    paused: bool = False,
    provisional: bool = False,
    line: str | None = None,
) -> Due | None:
    """The badge of a task that is due at `due_at`; None when it has no deadline."""
    if due_at is None:
        return None
    if paused:
        return Due("paused", "player-pause", gettext("计时暂停"), line or "")
    today, last = local_date(now), local_date(due_at)
    shown = day_week(last) if line is None else line
    if due_at < now:
        days = max(1, working_days_between(last, today))
        words = gettext("逾期%(n)s个工作日", n=days)
        return Due("late", "alert-triangle", words, shown, provisional)
    if last == today:
        return Due("today", "clock-exclamation", gettext("今天到期"), line or "", provisional)
    if (last - today).days == 1:
        return Due("soon", "clock-exclamation", gettext("明天到期"), line or "", provisional)
    days = working_days_between(today, last)
    words = gettext("还剩%(n)s个工作日", n=days)
    return Due("soon" if days <= 1 else "ok", "clock", words, shown, provisional)


def group_of(due_at: datetime | None, now: datetime) -> tuple[int, str, date | None]:
    """The inbox group: (order, name, its day) — late, today, tomorrow, this week, later."""
    if due_at is None:
        return 9, gettext("不计时"), None
    today, last = local_date(now), local_date(due_at)
    if due_at < now:
        return 0, gettext("已逾期"), None
    if last == today:
        return 1, gettext("今天到期"), last
    if (last - today).days == 1:
        return 2, gettext("明天到期"), last
    if (last - today).days <= 7:
        return 3, gettext("7天内到期"), None
    return 4, gettext("以后到期"), None
