"""Loops stay flat: earlier rounds are cut from the workflow, not from history."""

from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from engine.errors import DanbaoError
from engine.models import Instance, StepHistory, WorkItem
from engine.operations import tasks
from engine.runtime import live, run
from engine.runtime.codec import decode
from engine.runtime.definitions import specs_of
from tests.runtime.conftest import NOW, Staff, Start
from tests.runtime.diagrams import chain, event, flow, process, user

BOTH = process(
    "both",
    event("start", "s")
    + user("draft")
    + '<bpmn:parallelGateway id="split"/>'
    + user("left")
    + user("right")
    + '<bpmn:parallelGateway id="join"/>'
    + '<bpmn:exclusiveGateway id="g" name="g" default="g_draft"/>'
    + event("end", "e")
    + chain("s", "draft", "split", "left", "join", "g")
    + chain("split", "right", "join")
    + flow("g", "draft")
    + flow("g", "e", 'draft_outcome = "STOP"'),
)


def _open(session: Session) -> dict[str, WorkItem]:
    found = session.scalars(select(WorkItem).where(WorkItem.status == "OPEN"))
    return {item.element_id: item for item in found}


def _do(session: Session, staff: Staff, element: str, outcome: str = "GO") -> None:
    item = _open(session)[element]
    tasks.complete(session, item.id, staff.maker, {"outcome": outcome}, NOW)
    session.commit()
    live.clear()  # every step begins with the stored bytes


def _tasks(session: Session, instance: Instance) -> int:
    specs = specs_of(session, instance.deployment_id, instance.process_key)
    session.refresh(instance, ["state"])
    workflow: Any = decode(instance.state, specs)
    return len(workflow.tasks)


def test_a_parallel_block_waits_for_both_in_every_round(
    session: Session, start: Start, finance: Staff
) -> None:
    instance = start(("both", BOTH))
    session.commit()
    sizes = []
    for number in range(6):
        _do(session, finance, "draft")
        first, second = ("left", "right") if number % 2 else ("right", "left")
        _do(session, finance, first)
        assert set(_open(session)) == {second}, "没有等另一方"
        _do(session, finance, second)
        assert set(_open(session)) == {"draft"}
        sizes.append(_tasks(session, instance))
    assert max(sizes[2:]) == min(sizes[2:]), sizes
    passed = select(func.count(StepHistory.id)).where(StepHistory.element_id == "draft")
    assert session.scalar(passed) == 6, "历史不随之删去"


def test_the_last_round_ends_the_instance(session: Session, start: Start, finance: Staff) -> None:
    instance = start(("both", BOTH))
    for outcome in ("GO", "GO", "STOP"):
        _do(session, finance, "draft", outcome)
        _do(session, finance, "left")
        _do(session, finance, "right")
    session.refresh(instance)
    assert (instance.status, instance.outcome, instance.state) == ("ENDED", "e", b"")


def test_an_instance_never_gets_so_deep_that_the_library_takes_it_for_completed(
    session: Session, start: Start, finance: Staff, monkeypatch: pytest.MonkeyPatch
) -> None:
    instance = start(("both", BOTH))
    session.commit()
    monkeypatch.setattr(run, "ALARM_DEPTH", 3)
    monkeypatch.setattr(run, "REFUSED_DEPTH", 4)
    with pytest.raises(DanbaoError, match="走得太深"):
        _do(session, finance, "draft")
    session.rollback()
    assert set(_open(session)) == {"draft"}
    assert instance.status == "RUNNING"
