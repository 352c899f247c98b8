"""Times as they are written in a diagram; read by what reads them when they count."""

import re
from datetime import UTC, datetime

from engine.domain.programme import Parameters
from engine.errors import DanbaoError
from engine.runtime.deadlines import due_moment

_SOME_DAY = datetime(2025, 7, 1, tzinfo=UTC)
_NOTHING = Parameters("", "", {})
_CYCLE = re.compile(r"R(?P<count>\d{0,6})/(?:(?P<start>\d[^/]*)/)?(?P<period>P[^/]+)")


def is_literal(body: str) -> bool:
    """Whether a timer's text is meant as a duration or date, not as an expression."""
    return bool(re.match(r"P\d|PT\d|P$|\d{4}-\d{2}-\d{2}", body))


def is_time(body: str) -> bool:
    """Whether this is a duration, a date or a date-time that can be counted from any day."""
    try:
        found = due_moment(body, _NOTHING, _SOME_DAY).at
    except (DanbaoError, ValueError, OverflowError):
        return False
    return found.tzinfo is not None


def looks_like_cycle(body: str) -> bool:
    """Whether a text is meant as a cycle, R3/P1D."""
    return bool(re.match(r"R\d*/", body))


def is_cycle(body: str) -> bool:
    """Whether this is a cycle with a period that goes on."""
    matched = _CYCLE.fullmatch(body)
    if matched is None or matched["count"] == "0":
        return False
    start = matched["start"]
    return is_time(matched["period"]) and (start is None or is_time(start))
