"""Moving a running instance to another step, and what must not come of it."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.audit.verify import verify
from engine.errors import Conflict, InvalidInput, RuleRefused
from engine.models import Clock, Instance, Timer
from engine.operations import tasks
from engine.runtime import live
from engine.runtime.context import StepContext, form_operation
from engine.runtime.moves import Rule, Target, Token, move, targets, tokens
from engine.runtime.run import lock_instance, open_run, save_run
from engine.text import text
from tests.firing import fire_timers
from tests.runtime.conftest import NOW, Staff, Start
from tests.runtime.diagrams import chain, event, flow, process, user
from tests.runtime.test_steps import LOOP, TWO, open_items

KEEP = text("这一步不能跳过")


@form_operation("test.keep", "不能跳过的记录")
def _keep(ctx: StepContext, values: Mapping[str, Any]) -> dict[str, Any]:
    return {}


def rules(process_key: str, element_id: str, operation: str) -> Rule:
    """Nothing is forbidden but the one operation of this test."""
    return Rule(over=KEEP, back=KEEP) if operation == "test.keep" else Rule()


def at(session: Session, instance: Instance) -> list[str]:
    return sorted(item.element_id for item in open_items(session, instance))


def standing(session: Session, instance: Instance, who: Staff) -> list[Token]:
    run = open_run(session, lock_instance(session, instance.id), who.head, NOW)
    found = tokens(run)
    live.clear()
    return found


def choices(session: Session, instance: Instance, who: Staff, element: str) -> dict[str, Target]:
    """Where the token at an element could go, by element."""
    run = open_run(session, lock_instance(session, instance.id), who.head, NOW)
    [token, *_] = [one for one in tokens(run) if one.element_id == element]
    found = {one.element_id: one for one in targets(run, token.task_id, rules)}
    live.clear()
    return found


def go(
    session: Session,
    instance: Instance,
    who: Staff,
    source: str,
    target: str,
    now: Any = NOW,
    **more: Any,
) -> Target:
    """Move the first token at an element; the state is saved and loaded again afterwards."""
    run = open_run(session, lock_instance(session, instance.id), who.head, now)
    token = next(one for one in tokens(run) if one.element_id == source)
    place = next(
        one for one in targets(run, token.task_id, rules) if one.element_id == target
    ).process_key
    found = move(run, token.task_id, place, target, rules, **more)
    save_run(run)
    session.flush()
    live.clear()
    return found


def finish(session: Session, instance: Instance, who: Staff, element: str, **values: Any) -> None:
    item = next(one for one in open_items(session, instance) if one.element_id == element)
    actor = who.head.__class__(
        who.maker.person_id, item.org_id, "x", frozenset({item.role}), "FINANCE"
    )
    tasks.complete(session, item.id, actor, {"outcome": "OK", **values}, NOW)


LINE = process(
    "line",
    event("start", "s")
    + user("one", deadline="first_review_period", clock="c")
    + user("two", deadline="first_review_period", clock="c")
    + user("three")
    + '<bpmn:exclusiveGateway id="g" default="g_e"/>'
    + event("end", "e")
    + event("end", "no")
    + chain("s", "one", "two", "three", "g")
    + flow("g", "e")
    + flow("g", "no", '=two_outcome = "NO"'),
)


def test_a_step_that_was_passed_is_done_again_and_its_clock_starts_anew(
    session: Session, start: Start, finance: Staff
) -> None:
    instance = start(("line", LINE))
    finish(session, instance, finance, "one")
    (two,) = open_items(session, instance)
    before = session.scalars(select(Clock)).one().due_at
    found = go(session, instance, finance, "two", "one", NOW + timedelta(days=3))
    assert found.earlier
    assert [one.element_id for one in found.gone] == ["two"]
    assert (two.status, at(session, instance)) == ("CANCELLED", ["one"])
    (one,) = open_items(session, instance)
    clock = session.scalars(select(Clock)).one()
    assert clock.started_at == NOW + timedelta(days=3)
    assert clock.due_at == one.due_at
    assert clock.due_at > before
    for element in ("one", "two", "three"):
        finish(session, instance, finance, element)
    assert (instance.status, instance.outcome) == ("ENDED", "e")
    assert verify(session).ok


def test_a_later_step_asks_for_what_the_one_passed_over_would_have_said(
    session: Session, start: Start, finance: Staff
) -> None:
    instance = start(("line", LINE))
    found = choices(session, instance, finance, "one")
    assert not found["three"].earlier
    assert found["two"].refusal is None
    assert "two_outcome" in str(found["three"].refusal)
    with pytest.raises(RuleRefused, match="two_outcome"):
        go(session, instance, finance, "one", "three")
    live.clear()
    session.rollback()


def test_the_open_step_itself_is_started_anew(
    session: Session, start: Start, finance: Staff
) -> None:
    instance = start(("line", LINE))
    (before,) = open_items(session, instance)
    assert go(session, instance, finance, "one", "one").current
    (after,) = open_items(session, instance)
    assert (before.status, after.element_id) == ("CANCELLED", "one")
    assert after.id != before.id


def test_a_step_whose_record_is_needed_is_neither_passed_over_nor_undone(
    session: Session, start: Start, finance: Staff
) -> None:
    guarded = process(
        "guarded",
        event("start", "s")
        + user("one")
        + user("kept", operation="test.keep")
        + user("three")
        + event("end", "e")
        + chain("s", "one", "kept", "three", "e"),
    )
    instance = start(("guarded", guarded))
    assert choices(session, instance, finance, "one")["three"].refusal == KEEP
    assert choices(session, instance, finance, "one")["kept"].refusal is None
    finish(session, instance, finance, "one")
    finish(session, instance, finance, "kept")
    found = choices(session, instance, finance, "three")
    assert (found["one"].refusal, found["kept"].refusal) == (KEEP, KEEP)
    assert found["three"].refusal is None


PARALLEL = process(
    "par",
    event("start", "s")
    + user("before")
    + '<bpmn:parallelGateway id="split"/><bpmn:parallelGateway id="join"/>'
    + user("a1")
    + user("a2")
    + user("b1")
    + user("after")
    + '<bpmn:exclusiveGateway id="g" default="g_e"/>'
    + event("end", "e")
    + chain("s", "before", "split", "a1", "a2", "join", "after", "g")
    + chain("split", "b1", "join")
    + flow("g", "e")
    + flow("g", "before", '=after_outcome = "AGAIN"'),
)


def test_a_move_within_a_branch_leaves_the_other_branch_alone_and_the_join_waits_for_both(
    session: Session, start: Start, finance: Staff
) -> None:
    instance = start(("par", PARALLEL))
    finish(session, instance, finance, "before")
    (b1,) = [one for one in open_items(session, instance) if one.element_id == "b1"]
    go(session, instance, finance, "a1", "a2")
    assert (at(session, instance), b1.status) == (["a2", "b1"], "OPEN")
    go(session, instance, finance, "a2", "a1")
    finish(session, instance, finance, "a1")
    finish(session, instance, finance, "a2")
    assert at(session, instance) == ["b1"], "合并处等另一分支"
    finish(session, instance, finance, "b1")
    assert at(session, instance) == ["after"]


@pytest.mark.parametrize("finished", [False, True])
def test_leaving_a_parallel_block_ends_what_is_beside_only_when_asked_for(
    session: Session, start: Start, finance: Staff, finished: bool
) -> None:
    instance = start(("par", PARALLEL))
    finish(session, instance, finance, "before")
    if finished:
        finish(session, instance, finance, "b1")
    found = choices(session, instance, finance, "a1")
    assert found["before"].beside is not finished
    assert "分支" in str(found["b1"].refusal)
    if not finished:
        with pytest.raises(RuleRefused, match="一并撤销"):
            go(session, instance, finance, "a1", "before")
        live.clear()
    go(session, instance, finance, "a1", "before", beside=True)
    assert at(session, instance) == ["before"]
    finish(session, instance, finance, "before")
    assert at(session, instance) == ["a1", "b1"], "两个分支都重新开始"
    finish(session, instance, finance, "a1")
    finish(session, instance, finance, "a2")
    assert at(session, instance) == ["b1"], "先前办过的不算"
    finish(session, instance, finance, "b1")
    finish(session, instance, finance, "after", outcome="AGAIN")
    go(session, instance, finance, "before", "after")
    finish(session, instance, finance, "after")
    assert instance.status == "ENDED"


def test_nothing_is_moved_into_a_parallel_branch(
    session: Session, start: Start, finance: Staff
) -> None:
    instance = start(("par", PARALLEL))
    found = choices(session, instance, finance, "before")
    assert "并行" in str(found["a1"].refusal)
    assert found["after"].refusal is None


def test_several_instances_of_a_step_are_left_together_and_asked_anew(
    session: Session, start: Start, finance: Staff, bank: Staff
) -> None:
    instance = start(("mi", LOOP), invited=[finance.org.id, bank.org.id])
    finish(session, instance, finance, "apply")
    found = choices(session, instance, finance, "apply")
    assert not found["more"].beside, "只剩一家"
    go(session, instance, finance, "apply", "apply")
    assert at(session, instance) == ["apply", "apply"]
    assert choices(session, instance, finance, "apply")["more"].beside
    go(session, instance, finance, "apply", "more", beside=True)
    go(session, instance, finance, "more", "apply")
    assert {item.org_id for item in open_items(session, instance)} == {
        finance.org.id,
        bank.org.id,
    }
    finish(session, instance, finance, "apply")
    finish(session, instance, finance, "apply")
    finish(session, instance, finance, "more")
    assert instance.status == "ENDED"


TIMED = process(
    "tim",
    event("start", "s")
    + user("first")
    + user("wait", "bank:maker", deadline="acceptance_period")
    + '<bpmn:boundaryEvent id="late" name="late" attachedToRef="wait"><bpmn:timerEventDefinition>'
    '<bpmn:timeDate>=due("acceptance_period")</bpmn:timeDate></bpmn:timerEventDefinition>'
    "</bpmn:boundaryEvent>"
    + user("last")
    + event("end", "e")
    + event("end", "silence")
    + chain("s", "first", "wait", "last", "e")
    + chain("late", "silence"),
)


def test_the_timer_of_a_step_goes_and_comes_with_it(
    session: Session, start: Start, finance: Staff
) -> None:
    instance = start(("tim", TIMED))
    go(session, instance, finance, "first", "wait", NOW + timedelta(days=1))
    assert session.scalars(select(Timer)).one().due_at.date().isoformat() == "2025-12-12"
    go(session, instance, finance, "wait", "last")
    assert session.scalars(select(Timer)).all() == []
    assert not fire_timers(session, instance.id, NOW + timedelta(days=60))
    assert at(session, instance) == ["last"]
    go(session, instance, finance, "last", "wait")
    (timer,) = session.scalars(select(Timer)).all()
    assert fire_timers(session, instance.id, timer.due_at + timedelta(seconds=1))
    assert (instance.status, instance.outcome) == ("ENDED", "silence")


INNER = process(
    "inner",
    event("start", "s") + user("i1") + user("i2") + event("end", "e") + chain("s", "i1", "i2", "e"),
)
OUTER = process(
    "outer",
    event("start", "s")
    + user("first")
    + '<bpmn:callActivity id="stage" name="stage" calledElement="inner"/>'
    + '<bpmn:callActivity id="stage2" name="stage2" calledElement="inner"/>'
    + user("last")
    + event("end", "e")
    + chain("s", "first", "stage", "stage2", "last", "e"),
)


def test_from_a_called_process_one_goes_to_its_callers_steps_and_to_the_start_of_another(
    session: Session, start: Start, finance: Staff
) -> None:
    instance = start(("outer", OUTER), ("inner", INNER))
    finish(session, instance, finance, "first")
    finish(session, instance, finance, "i1", outcome="GOOD")
    found = choices(session, instance, finance, "i2")
    assert {key: one.refusal for key, one in found.items()} == dict.fromkeys(
        ["i1", "i2", "first", "stage", "stage2", "last"]
    )
    assert (found["stage"].kind, found["stage"].current) == ("stage", True)
    go(session, instance, finance, "i2", "stage")
    assert at(session, instance) == ["i1"]
    go(session, instance, finance, "i1", "stage2")
    assert at(session, instance) == ["i1"]
    go(session, instance, finance, "i1", "first")
    for element in ("first", "i1", "i2", "i1", "i2", "last"):
        finish(session, instance, finance, element)
    assert instance.status == "ENDED"


def test_a_token_that_has_gone_on_is_not_moved(
    session: Session, start: Start, finance: Staff
) -> None:
    instance = start(("two", TWO))
    [token] = standing(session, instance, finance)
    finish(session, instance, finance, "make", outcome="OK")
    run = open_run(session, lock_instance(session, instance.id), finance.head, NOW)
    with pytest.raises(Conflict):
        move(run, token.task_id, "two", "make", rules)


def test_a_routing_value_is_taken_only_when_it_is_one_of_those_that_can_be(
    session: Session, start: Start, finance: Staff
) -> None:
    asking = process(
        "asking",
        event("start", "s")
        + user("make", operation="test.record")
        + user("check")
        + '<bpmn:exclusiveGateway id="g" default="g_e"/>'
        + event("end", "e")
        + event("end", "no")
        + chain("s", "make", "check", "g")
        + flow("g", "e")
        + flow("g", "no", '=chosen = "NO"'),
    )
    instance = start(("asking", asking))
    assert list(choices(session, instance, finance, "make")["check"].missing) == ["chosen"]
    with pytest.raises(InvalidInput) as refused:
        go(session, instance, finance, "make", "check")
    assert list(refused.value.fields) == ["chosen"]
    live.clear()
    go(session, instance, finance, "make", "check", values={"chosen": "NO"})
    finish(session, instance, finance, "check")
    assert instance.outcome == "no"
