"""A due date counted before the holiday notice was out is corrected once the notice is there."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.db import unit_of_work
from engine.jobs.provisional import recompute_provisional
from engine.models import AuditEvent, Clock, WorkItem
from tests.jobs.conftest import NOW, Factory, World

# Ten working days over the Spring Festival of 2026 (15 to 23 February off, the 14th worked),
# counted first as if there were only weekends.
START = datetime(2026, 2, 6, 1, 0, tzinfo=UTC)
WITHOUT_NOTICE = datetime(2026, 2, 20, 15, 59, 59, tzinfo=UTC)


@pytest.fixture
def moved(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Stand in for the runtime's deadline rows: note the task."""
    seen: list[int] = []

    def note(session: Session, item: WorkItem, *rest: object) -> None:
        seen.append(item.id)

    class Programme:
        def at(self, day: object) -> None:
            return None

    monkeypatch.setattr("engine.runtime.deadlines.set_deadlines", note)
    monkeypatch.setattr("engine.runtime.in_force.programme_of", lambda session, code: Programme())
    return seen


def _provisional(factory: Factory, item_id: int, **values: object) -> None:
    with unit_of_work(factory) as session:
        item = session.get_one(WorkItem, item_id)
        item.provisional, item.due_at = True, WITHOUT_NOTICE
        clock = session.scalars(select(Clock).where(Clock.instance_id == item.instance_id)).one()
        clock.provisional, clock.due_at, clock.started_at = True, WITHOUT_NOTICE, START
        clock.unit, clock.amount = "WORKING_DAY", 10
        for name, value in values.items():
            setattr(clock, name, value)


def test_the_notice_moves_a_provisional_due_date(
    factory: Factory, world: World, moved: list[int]
) -> None:
    item_id = world.item(clock="first_review")
    _provisional(factory, item_id)
    assert recompute_provisional(factory, NOW) == 1
    with factory() as session:
        item = session.get_one(WorkItem, item_id)
        assert not item.provisional
        # 9, 10, 11, 12, 13, 14 (worked), 24, 25, 26, 27 February
        assert item.due_at == datetime(2026, 2, 27, 15, 59, 59, tzinfo=UTC)
        assert session.scalars(select(AuditEvent.action)).all() == ["clock.recomputed"]
    assert moved == [item_id]
    assert recompute_provisional(factory, NOW) == 0


def test_a_year_still_without_notice_changes_nothing(
    factory: Factory, world: World, moved: list[int]
) -> None:
    item_id = world.item(clock="first_review")
    _provisional(factory, item_id, started_at=START + timedelta(days=365 * 30))
    assert recompute_provisional(factory, NOW) == 0
    with factory() as session:
        assert session.get_one(WorkItem, item_id).due_at == WITHOUT_NOTICE
    assert moved == []
