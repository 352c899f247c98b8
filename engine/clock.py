"""The only reader of the clock. Everything else takes `now`, an aware UTC datetime."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")


def utc_now() -> datetime:
    """The present moment, aware, in UTC."""
    return datetime.now(UTC)


def local_date(moment: datetime) -> date:
    """The calendar day of `moment` in Asia/Shanghai, where the deadlines of D.10 are counted."""
    return moment.astimezone(SHANGHAI).date()
