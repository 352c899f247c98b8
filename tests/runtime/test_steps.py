"""What a step does, and what must not happen."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.config import ROOT
from engine.errors import Conflict, NotAllowed, RuleRefused
from engine.models import Clock, DefinitionKind, Instance, StepHistory, Timer, WorkItem
from engine.operations import tasks
from engine.people import SYSTEM
from engine.runtime import step
from engine.runtime.context import StepContext, form_operation, service_operation
from engine.runtime.definitions import SourceFile, publish, read_files
from engine.runtime.registry import Kind
from engine.text import text
from tests.firing import fire_timers
from tests.runtime.conftest import FORM, NOW, Staff, Start
from tests.runtime.diagrams import chain, event, flow, process, service, user


@form_operation("test.record", "记录", sets={"chosen": Kind.TEXT})
def _record(ctx: StepContext, values: Mapping[str, Any]) -> dict[str, Any]:
    if values.get("outcome") == "BAD":
        raise RuleRefused("bad", text("不行"))
    return {"chosen": values["outcome"]}


@service_operation("test.double", "加倍", sets={"doubled": Kind.INTEGER})
def _double(ctx: StepContext, *, amount: int) -> dict[str, object]:
    return {"doubled": amount * 2}


def open_items(session: Session, instance: Instance) -> list[WorkItem]:
    query = select(WorkItem).where(WorkItem.instance_id == instance.id, WorkItem.status == "OPEN")
    return list(session.scalars(query.order_by(WorkItem.id)))


TWO = process(
    "two",
    event("start", "s")
    + user("make", operation="test.record", deadline="first_review_period", clock="c")
    + user("check", "finance:checker", excludes="make", deadline="first_review_period", clock="c")
    + '<bpmn:exclusiveGateway id="g" default="g_e"/>'
    + event("end", "e")
    + event("end", "no")
    + chain("s", "make", "check", "g")
    + flow("g", "e")
    + flow("g", "no", 'chosen = "NO"'),
)


def test_a_maker_and_another_checker_bring_an_instance_to_its_end(
    session: Session, start: Start, finance: Staff
) -> None:
    instance = start(("two", TWO))
    (make,) = open_items(session, instance)
    assert make.due_at is not None
    tasks.complete(session, make.id, finance.maker, {"outcome": "NO"}, NOW)
    (check,) = open_items(session, instance)
    assert check.due_at == make.due_at, "经办与复核共用时限"
    done = tasks.complete(session, check.id, finance.checker, {"outcome": "PASS"}, NOW)
    assert done.open_items == []
    assert (instance.status, instance.outcome) == ("ENDED", "no")
    passed = session.scalars(select(StepHistory.element_id).order_by(StepHistory.id)).all()
    assert passed == ["s", "make", "check", "g", "no"]


def test_the_maker_cannot_check_his_own_work(
    session: Session, start: Start, finance: Staff
) -> None:
    instance = start(("two", TWO))
    (make,) = open_items(session, instance)
    both = finance.maker.__class__(
        finance.maker.person_id, finance.org.id, "both", frozenset({"maker", "checker"}), "FINANCE"
    )
    tasks.complete(session, make.id, both, {"outcome": "PASS"}, NOW)
    (check,) = open_items(session, instance)
    with pytest.raises(NotAllowed, match="不能是同一人"):
        tasks.complete(session, check.id, both, {"outcome": "PASS"}, NOW)


def test_a_second_click_changes_nothing_and_another_person_is_told(
    session: Session, start: Start, finance: Staff, bank: Staff
) -> None:
    instance = start(("two", TWO))
    (make,) = open_items(session, instance)
    tasks.complete(session, make.id, finance.maker, {"outcome": "PASS"}, NOW)
    version = instance.version
    again = tasks.complete(session, make.id, finance.maker, {"outcome": "NO"}, NOW)
    assert (again.already, instance.version, make.outcome) == (True, version, "PASS")
    with pytest.raises(Conflict, match="financemaker办结"):
        tasks.complete(session, make.id, finance.checker, {"outcome": "NO"}, NOW)


def test_a_refused_form_leaves_the_task_open(
    session: Session, start: Start, finance: Staff
) -> None:
    instance = start(("two", TWO))
    session.commit()
    (make,) = open_items(session, instance)
    with pytest.raises(RuleRefused):
        tasks.complete(session, make.id, finance.maker, {"outcome": "BAD"}, NOW)
    session.rollback()
    assert [item.element_id for item in open_items(session, instance)] == ["make"]


def test_one_can_take_back_ones_step_until_the_next_person_opens_it(
    session: Session, start: Start, finance: Staff
) -> None:
    instance = start(("two", TWO))
    (make,) = open_items(session, instance)
    tasks.complete(session, make.id, finance.maker, {"outcome": "PASS"}, NOW)
    tasks.take_back(session, make.id, finance.maker, NOW)
    assert [item.element_id for item in open_items(session, instance)] == ["make"]
    tasks.complete(session, make.id, finance.maker, {"outcome": "PASS"}, NOW)
    (check,) = open_items(session, instance)
    tasks.mark_read(check, finance.checker, NOW)
    with pytest.raises(Conflict, match="已经打开"):
        tasks.take_back(session, make.id, finance.maker, NOW)


SERVICE = process(
    "svc",
    event("start", "s")
    + service("twice", "test.double", amount="=amount + 1")
    + '<bpmn:exclusiveGateway id="g" default="g_e"/>'
    + event("end", "e")
    + user("u")
    + event("end", "e2")
    + chain("s", "twice", "g")
    + flow("g", "e")
    + flow("g", "u", "=doubled = 12")
    + chain("u", "e2"),
)


def test_a_service_task_takes_feel_inputs_and_gives_routing_values(
    session: Session, start: Start
) -> None:
    instance = start(("svc", SERVICE), amount=5)
    assert [item.element_id for item in open_items(session, instance)] == ["u"]


TIMER = process(
    "tim",
    event("start", "s")
    + user("wait", "bank:maker", deadline="acceptance_period")
    + '<bpmn:boundaryEvent id="late" name="late" attachedToRef="wait"><bpmn:timerEventDefinition>'
    '<bpmn:timeDate>=due("acceptance_period")</bpmn:timeDate></bpmn:timerEventDefinition>'
    "</bpmn:boundaryEvent>"
    + event("end", "e")
    + event("end", "silence")
    + chain("s", "wait", "e")
    + chain("late", "silence"),
)


def test_an_interrupting_timer_ends_the_wait_only_when_it_is_due(
    session: Session, start: Start
) -> None:
    instance = start(("tim", TIMER))
    (timer,) = session.scalars(select(Timer)).all()
    assert str(timer.due_at.date()) == "2025-12-11", "受理3个工作日"
    assert not fire_timers(session, instance.id, timer.due_at - timedelta(seconds=1))
    assert len(open_items(session, instance)) == 1
    assert fire_timers(session, instance.id, timer.due_at + timedelta(seconds=1))
    assert (instance.status, instance.outcome) == ("ENDED", "silence")
    assert open_items(session, instance) == []


MESSAGE = process(
    "msg",
    event("start", "s")
    + '<bpmn:receiveTask id="r" name="r" messageRef="m"><bpmn:extensionElements>'
    '<camunda:properties><camunda:property name="correlation" value="=case_id"/>'
    "</camunda:properties></bpmn:extensionElements></bpmn:receiveTask>"
    + event("end", "e")
    + chain("s", "r", "e"),
    '<bpmn:message id="m" name="hello"/>',
)


def test_a_message_reaches_only_the_instance_it_is_meant_for(
    session: Session, start: Start, finance: Staff
) -> None:
    instance = start(("msg", MESSAGE), case_id=7)
    assert step.deliver(session, "hello", "8", finance.maker, NOW) == 0
    assert step.deliver(session, "hello", "7", finance.maker, NOW) == 1
    assert instance.status == "ENDED"


PAUSE = process(
    "pau",
    event("start", "s")
    + user("work", deadline="first_review_period", clock="c")
    + user("fix", "bank:maker", deadline="resubmission_period", pauses="c")
    + user("again", deadline="first_review_period", clock="c")
    + event("end", "e")
    + chain("s", "work", "fix", "again", "e"),
)


def test_a_clock_stands_still_while_somebody_else_corrects(
    session: Session, start: Start, finance: Staff, bank: Staff
) -> None:
    instance = start(("pau", PAUSE))
    (work,) = open_items(session, instance)
    assert work.due_at is not None
    tasks.complete(session, work.id, finance.maker, {"outcome": "RETURN"}, NOW + timedelta(days=1))
    clock = session.scalars(select(Clock)).one()
    assert clock.paused_at is not None
    (fix,) = open_items(session, instance)
    tasks.complete(session, fix.id, bank.maker, {}, NOW + timedelta(days=4))
    (again,) = open_items(session, instance)
    assert again.due_at == work.due_at + timedelta(days=3), "暂停3个工作日"


LOOP = process(
    "mi",
    event("start", "s")
    + user(
        "apply",
        "bank:maker",
        '<bpmn:multiInstanceLoopCharacteristics camunda:collection="invited" '
        'camunda:elementVariable="bidder"/>',
        organisation="=bidder",
    )
    + user("more")
    + '<bpmn:exclusiveGateway id="g" default="g_e"/>'
    + event("end", "e")
    + chain("s", "apply", "more", "g")
    + flow("g", "e")
    + flow("g", "apply", '=more_outcome = "AGAIN"'),
)


def test_a_multi_instance_asks_each_organisation_and_can_be_repeated(
    session: Session, start: Start, finance: Staff, bank: Staff
) -> None:
    instance = start(("mi", LOOP), invited=[finance.org.id, bank.org.id])
    for outcome in ("AGAIN", "ENOUGH"):
        both = open_items(session, instance)
        assert {item.org_id for item in both} == {finance.org.id, bank.org.id}
        for item in both:
            who = finance.maker if item.org_id == finance.org.id else bank.maker
            tasks.complete(session, item.id, who, {"outcome": "APPLY"}, NOW)
        (more,) = open_items(session, instance)
        tasks.complete(session, more.id, finance.maker, {"outcome": outcome}, NOW)
    assert instance.status == "ENDED"


def test_a_programme_published_since_is_known_to_the_next_instance(
    session: Session, start: Start, finance: Staff
) -> None:
    start(("two", TWO))
    files = [one for one in read_files(ROOT / "bpmn") if one.kind is DefinitionKind.PROGRAMME]
    known = next(one.source for one in files if b"code: JD_KCD" in one.source)
    files.append(
        SourceFile(DefinitionKind.PROGRAMME, "new", "new", known.replace(b"JD_KCD", b"JD_NEW"))
    )
    files += [SourceFile(DefinitionKind.PROCESS, "two", "two", TWO), FORM]
    publish(session, files, SYSTEM, NOW + timedelta(hours=1))
    instance = step.start_instance(
        session,
        "two",
        subject="test:2",
        title="test",
        programme="JD_NEW",
        data={},
        parties={"finance": finance.org.id},
        actor=finance.maker,
        now=NOW,
    )
    assert len(open_items(session, instance)) == 1
