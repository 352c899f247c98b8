"""kill -9 before any statement of a step, and two people at the same moment."""

import os
import signal
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from typing import Any

from sqlalchemy import NullPool, event, func, select
from sqlalchemy.orm import Session, sessionmaker

from engine import db, writes
from engine.audit.verify import verify
from engine.errors import Conflict
from engine.models import AuditEvent, DomainEvent, Instance, StepHistory, WorkItem
from engine.operations import tasks
from engine.people import Actor
from tests.runtime.conftest import NOW, Staff, Start
from tests.runtime.test_steps import TWO


def _state(factory: sessionmaker[Session]) -> dict[str, Any]:
    with factory() as session:
        return {
            "version": session.scalar(select(Instance.version)),
            "items": session.execute(
                select(WorkItem.element_id, WorkItem.status).order_by(WorkItem.id)
            ).all(),
            "history": session.scalar(select(func.count(StepHistory.id))),
            "audit": session.scalar(select(func.count(AuditEvent.id))),
            "events": session.scalar(select(func.count(DomainEvent.id))),
        }


def _die_before_statement(url: str, item_id: int, actor: Actor, number: int) -> bool:
    """Complete the task in a child that is killed before its n-th statement; True if it lived."""
    pid = os.fork()
    if pid == 0:
        engine = db.make_engine(url, poolclass=NullPool)
        counter = count(1)

        def before(*_: Any) -> None:
            if next(counter) == number:
                os.kill(os.getpid(), signal.SIGKILL)

        writes.observers.append(before)
        event.listen(engine, "before_cursor_execute", before)
        event.listen(engine, "commit", before)
        with db.unit_of_work(db.session_factory(engine)) as session:
            tasks.complete(session, item_id, actor, {"outcome": "PASS"}, NOW)
        os._exit(0)
    _, status = os.waitpid(pid, 0)
    return os.WIFEXITED(status)


def test_killed_before_any_statement_a_step_has_happened_whole_or_not_at_all(
    session: Session,
    factory: sessionmaker[Session],
    database_url: str,
    start: Start,
    finance: Staff,
) -> None:
    start(("two", TWO))
    session.commit()
    item_id = session.scalars(select(WorkItem.id)).one()
    session.rollback()
    before = _state(factory)
    for number in range(1, 200):
        lived = _die_before_statement(database_url, item_id, finance.maker, number)
        after = _state(factory)
        if lived:
            break
        assert after == before, f"killed before statement {number}"
    assert lived
    assert number > 10, "the step was never interrupted"
    assert after["version"] == before["version"] + 1
    assert [tuple(row) for row in after["items"]] == [("make", "DONE"), ("check", "OPEN")]
    assert verify(session).ok


def test_of_many_people_at_the_same_moment_one_wins_and_the_others_are_told(
    session: Session, factory: sessionmaker[Session], start: Start, finance: Staff
) -> None:
    start(("two", TWO))
    session.commit()
    item_id = session.scalars(select(WorkItem.id)).one()
    session.rollback()
    rivals = [
        Actor(finance.maker.person_id, finance.org.id, "a", frozenset({"maker"}), "FINANCE"),
        Actor(finance.checker.person_id, finance.org.id, "b", frozenset({"maker"}), "FINANCE"),
    ] * 8

    def attempt(actor: Actor) -> str:
        try:
            with db.unit_of_work(factory) as own:
                done = tasks.complete(own, item_id, actor, {"outcome": "PASS"}, NOW)
                return "already" if done.already else "won"
        except Conflict as told:
            return str(told.message)

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(attempt, rivals))
    assert answers.count("won") == 1
    assert answers.count("already") == 7
    told = [answer for answer in answers if "办结" in answer]
    assert len(told) == 8
    assert _state(factory)["history"] == 2, "开始和办结各一步"
    assert verify(session).ok
