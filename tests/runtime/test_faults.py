"""kill -9 before any statement of a step, and two people at the same moment."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import repeat
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy import text as sql
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session, sessionmaker

from engine import db
from engine.audit.verify import verify
from engine.errors import Conflict
from engine.models import AuditEvent, DomainEvent, Instance, StepHistory, WorkItem
from engine.operations import tasks
from engine.people import Actor
from tests.dying import Arm, before_statements, killed, while_waiting
from tests.runtime import diagrams
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


MOMENTS = {
    "before any statement": (before_statements, 7),
    "while it waits for an answer": (while_waiting, 2),
}


@pytest.mark.parametrize(("arm", "at_least"), MOMENTS.values(), ids=MOMENTS)
def test_killed_at_any_moment_a_step_has_happened_whole_or_not_at_all(
    session: Session,
    factory: sessionmaker[Session],
    database_url: str,
    start: Start,
    finance: Staff,
    arm: Arm,
    at_least: int,
) -> None:
    start(("two", TWO))
    session.commit()
    item_id = session.scalars(select(WorkItem.id)).one()
    session.rollback()
    before = _state(factory)
    work = partial(_complete, item_id=item_id, actor=finance.maker)
    number = 0
    while (after := _state(factory)) == before:
        number += 1
        if not killed(database_url, number, work, arm):
            after = _state(factory)
            break
        _settle(session)
    assert number >= at_least, "the step was hardly interrupted"
    assert after["version"] == before["version"] + 1
    assert [tuple(row) for row in after["items"]] == [("make", "DONE"), ("check", "OPEN")]
    assert verify(session).ok


def _settle(session: Session) -> None:
    """Wait until the server has done, or given up, what the killed had sent."""
    alone = sql(
        "SELECT count(*) = 0 FROM pg_stat_activity WHERE datname = current_database()"
        " AND state <> 'idle' AND pid <> pg_backend_pid()"
    )
    while not session.scalar(alone):
        session.rollback()
    session.rollback()


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


ROUNDS = diagrams.process(
    "rounds",
    diagrams.event("start", "s")
    + diagrams.user("again")
    + diagrams.event("end", "e")
    + '<bpmn:exclusiveGateway id="g" name="g" default="g_again"/>'
    + diagrams.chain("s", "again", "g")
    + diagrams.flow("g", "again")
    + diagrams.flow("g", "e", 'again_outcome = "STOP"'),
)


def _open_item(factory: sessionmaker[Session]) -> int:
    with factory() as session:
        return session.scalars(select(WorkItem.id).where(WorkItem.status == "OPEN")).one()


def _try(factory: sessionmaker[Session], item_id: int, actor: Actor) -> str:
    try:
        with db.unit_of_work(factory) as own:
            done = tasks.complete(own, item_id, actor, {"outcome": "GO"}, NOW)
            return "already" if done.already else "won"
    except Conflict:
        return "told"


def test_eight_threads_at_the_same_task_two_hundred_times_have_one_winner_each(
    session: Session, factory: sessionmaker[Session], start: Start, finance: Staff
) -> None:
    start(("rounds", ROUNDS))
    session.commit()
    before = _state(factory)["version"]
    rivals = [
        Actor(person, finance.org.id, "r", frozenset({"maker"}), "FINANCE")
        for person in (finance.maker.person_id, finance.checker.person_id)
    ] * 4
    with ThreadPoolExecutor(8) as pool:
        for _ in range(200):
            item_id = _open_item(factory)
            answers = list(pool.map(_try, repeat(factory), repeat(item_id), rivals))
            assert (answers.count("won"), answers.count("already")) == (1, 3), answers
    after = _state(factory)
    assert after["version"] == before + 200
    assert after["history"] == 1 + 200 * 2, "开始，以及每轮的办结和网关"
    assert verify(session).ok


def _complete_some(url: str, actor: Actor, times: int) -> int:
    """In a process of its own, with its own memory of the case."""
    pid = os.fork()
    if pid:
        return pid
    try:
        own = db.session_factory(db.make_engine(url))
        won = 0
        while won < times:
            won += _try(own, _open_item(own), actor) == "won"
        os._exit(0)
    finally:
        os._exit(1)  # whatever was raised must not go on in the copy of the test run


def test_two_processes_on_one_case_see_each_others_steps(
    session: Session,
    factory: sessionmaker[Session],
    database_url: str,
    start: Start,
    finance: Staff,
) -> None:
    start(("rounds", ROUNDS))
    session.commit()
    before = _state(factory)["version"]
    children = [_complete_some(database_url, finance.maker, 50) for _ in range(2)]
    assert [os.waitpid(pid, 0)[1] for pid in children] == [0, 0]
    after = _state(factory)
    assert after["version"] == before + 100
    assert after["history"] == 1 + 100 * 2
    assert [status for _, status in after["items"]].count("OPEN") == 1
    assert verify(session).ok


def _complete(
    factory: sessionmaker[Session],
    item_id: int,
    actor: Actor,
    first: Callable[[Session], object] = lambda _: None,
) -> None:
    with db.unit_of_work(factory) as session:
        first(session)
        tasks.complete(session, item_id, actor, {"outcome": "PASS"}, NOW)


def test_a_lock_that_is_not_to_be_had_is_told_as_the_database_says_it(
    session: Session, factory: sessionmaker[Session], start: Start, finance: Staff
) -> None:
    """The web asks for its code, to say that two changes crossed; the sweeps pass it by."""
    start(("two", TWO))
    session.commit()
    item_id = session.scalars(select(WorkItem.id)).one()
    session.scalars(select(Instance.id).with_for_update()).one()
    soon = sql("SET LOCAL lock_timeout = '50ms'")
    with pytest.raises(OperationalError) as caught:
        _complete(factory, item_id, finance.maker, lambda mine: mine.execute(soon))
    assert getattr(caught.value.orig, "sqlstate", None) == "55P03"


def test_a_connection_that_is_lost_within_a_step_is_told_and_cleaned_up_after(
    session: Session, factory: sessionmaker[Session], start: Start, finance: Staff
) -> None:
    start(("two", TWO))
    session.commit()
    item_id = session.scalars(select(WorkItem.id)).one()
    undone: list[str] = []

    def lose(mine: Session) -> None:
        db.after_rollback(mine, lambda: undone.append("file"))
        backend = mine.scalar(sql("SELECT pg_backend_pid()"))
        session.execute(sql("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": backend})

    with pytest.raises(OperationalError, match="terminat") as caught:
        _complete(factory, item_id, finance.maker, lose)
    assert undone == ["file"]
    assert caught.value.connection_invalidated
    _complete(factory, item_id, finance.maker, lambda _: None)
    assert session.get_one(WorkItem, item_id, populate_existing=True).status == "DONE"
