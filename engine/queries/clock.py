"""How the time of a task has run: a cell per day, used, paused, today, due (ui.md, Clock)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlalchemy.orm import Session

from engine.clock import local_date
from engine.domain.calendar import (
    ONE_DAY,
    DayKind,
    Unit,
    day_kind,
    is_working_day,
    working_days_between,
)
from engine.models import Clock, WorkItem
from engine.runtime.deadlines import clock_of

MOST_CELLS = 16  # longer periods show their last part
Span = tuple[date, date]


@dataclass(frozen=True)
class Cell:
    """A day: used, paused, rest or open; `due` and `today` may be any of them."""

    day: date
    kind: str
    swapped: bool = False
    today: bool = False
    due: bool = False


@dataclass(frozen=True)
class Run:
    """The time of a task. `used` and `paused` in the unit of `allowed`; `nth` today's number."""

    cells: tuple[Cell, ...]
    used: int
    paused: int
    allowed: int | None
    working: bool
    started_on: date
    due_at: datetime
    nth: int
    cut: int  # days before the first cell shown
    stopped: bool


def run_of(session: Session, item: WorkItem, now: datetime) -> Run | None:
    """The time of a task; None when it has no deadline."""
    clock = clock_of(session, item.instance_id, item.clock) if item.clock else None
    return run_with(item, clock, now)


def run_with(item: WorkItem, clock: Clock | None, now: datetime) -> Run | None:
    """As `run_of`, with the item's clock read already. Of a done task: until it was done."""
    if item.due_at is None:
        return None
    until = item.completed_at or now
    today, done = local_date(until), item.completed_at is not None
    if clock is None:
        start = local_date(item.opened_at)
        kind = _Kind(_fits_working_days(start, item), done, ())
        return _run(item.due_at, start, today, kind, item.allowed_days)
    pauses = _spans(clock.pauses, clock.paused_at if not done else None, today)
    kind = _Kind(clock.unit == Unit.WORKING_DAY.value, done, tuple(pauses))
    start, allowed = local_date(clock.started_at), clock.amount or None
    found = _run(item.due_at if done else clock.due_at, start, today, kind, allowed)
    return replace(found, stopped=not done and clock.paused_at is not None)


@dataclass(frozen=True)
class _Kind:
    """How days are counted: working days only, to the end of today, without pauses."""

    working: bool
    done: bool
    pauses: tuple[Span, ...]


def _fits_working_days(start: date, item: WorkItem) -> bool:
    """Whether the allowed length is counted in working days: that is how far away the end is."""
    assert item.due_at is not None  # noqa: S101 (the caller asked)
    if item.allowed_days is None:
        return True
    return working_days_between(start, local_date(item.due_at)) == item.allowed_days


def _spans(pauses: Iterable[Sequence[str]], open_since: datetime | None, today: date) -> list[Span]:
    found = [(_day(start), _day(end)) for start, end in pauses]
    return [*found, (local_date(open_since), today)] if open_since else found


def _day(moment: str) -> date:
    return local_date(datetime.fromisoformat(moment))


def _run(due_at: datetime, start: date, today: date, kind: _Kind, allowed: int | None) -> Run:
    due = local_date(due_at)
    days = [start + n * ONE_DAY for n in range(1, (max(due, today) - start).days + 1)]
    cells = [_cell(day, today, due, kind) for day in days]
    used = sum(cell.kind == "used" for cell in cells)
    counted = any(cell.today and cell.kind == "open" for cell in cells)
    shown = _folded(cells)
    cut = len(shown) - MOST_CELLS if len(shown) > MOST_CELLS + 4 else 0
    return Run(
        cells=tuple(shown[cut:]),
        used=used,
        paused=sum(cell.kind == "paused" for cell in cells),
        allowed=allowed,
        working=kind.working,
        started_on=start,
        due_at=due_at,
        nth=used + counted,
        cut=cut,
        stopped=False,
    )


def _cell(day: date, today: date, due: date, kind: _Kind) -> Cell:
    if kind.working and not is_working_day(day):
        state = "rest"
    elif any(start < day <= end for start, end in kind.pauses):
        state = "paused"
    else:
        state = "used" if day < today or (kind.done and day == today) else "open"
    return Cell(day, state, day_kind(day) is DayKind.SWAPPED_WORK, day == today, day == due)


def _folded(cells: Iterable[Cell]) -> list[Cell]:
    """Rest days in a row are one cell."""
    found: list[Cell] = []
    for cell in cells:
        plain = cell.kind == "rest" and not cell.today and not cell.due
        if plain and found and found[-1].kind == "rest" and not found[-1].today:
            continue
        found.append(cell)
    return found
