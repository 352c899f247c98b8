"""The demonstration's staff work through the real operations, and nothing of theirs is refused."""

from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.orm import Session, sessionmaker

from engine.config import ROOT, Settings
from engine.db import unit_of_work
from engine.models import AuditEvent, GuaranteeCase, OutboxMail, WorkItem
from engine.people import SYSTEM
from engine.runtime.definitions import publish, read_files
from web.demo.play import Play
from web.demo.story import MINHANG, list_event
from web.demo.world import make_world

FIRST = datetime(2026, 9, 1, 0, 0, tzinfo=UTC)


def test_two_weeks_of_a_list_go_by_without_a_refusal(
    factory: sessionmaker[Session], tmp_path: Path
) -> None:
    with unit_of_work(factory) as session:
        make_world(session, FIRST)
        publish(session, read_files(ROOT / "bpmn"), SYSTEM, FIRST)
    events = {FIRST.date(): [list_event("xinzhuang", "莘庄工业区", MINHANG)]}
    told: list[str] = []
    play = Play(factory, Settings(var=tmp_path, secret_key="x" * 32), told.append, events)
    play.run(FIRST.date(), datetime(2026, 9, 16, 9, 0, tzinfo=UTC))
    with factory() as session:
        assert session.scalar(select(func.count(GuaranteeCase.id))) == 8
        done = WorkItem.status == "DONE"
        assert (session.scalar(select(func.count(WorkItem.id)).where(done)) or 0) > 12
        assert session.scalar(select(func.count(AuditEvent.id)))
        assert session.scalar(select(func.count(OutboxMail.id)))
    assert play.refused == set(), told
