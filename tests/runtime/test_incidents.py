"""A service operation that fails: what stays, what is undone, and that it is done once."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from engine.audit.verify import verify
from engine.errors import RuleRefused
from engine.models import DomainEvent, Instance, StepHistory, WorkItem
from engine.models.running import Incident
from engine.operations import tasks
from engine.operations.incidents import retry
from engine.people import SYSTEM
from engine.runtime import live, step
from engine.runtime.context import StepContext, service_operation
from engine.runtime.registry import Kind
from engine.text import text
from tests.firing import fire_timers
from tests.runtime.conftest import NOW, Staff, Start
from tests.runtime.diagrams import chain, event, flow, process, service, user
from tests.runtime.test_steps import open_items

PLAN: dict[str, list[Exception]] = {}
"""What the operation raises on its next calls, by the key it is called with."""
CALLS: list[str] = []


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    PLAN.clear()
    CALLS.clear()
    yield
    PLAN.clear()


@service_operation("test.shaky", "时好时坏", sets={"shaken": Kind.TEXT})
def _shaky(ctx: StepContext, *, what: str) -> dict[str, Any]:
    CALLS.append(what)
    ctx.emit("shaken", key=what)
    ctx.audit("test.shaken", text("做了{key}", key=what))
    ctx.bind("bank", ctx.instance.id + 10**6 if what == "nobody" else ctx.known.parties["bank"])
    ctx.send("shaken", what)
    if PLAN.get(what):
        raise PLAN[what].pop(0)
    return {"shaken": what}


AFTER = process(
    "after",
    event("start", "s")
    + user("ask")
    + service("do", "test.shaky", what='="a"')
    + user("thank")
    + event("end", "e")
    + chain("s", "ask", "do", "thank", "e"),
)


def effects(session: Session) -> int:
    """How many times the operation took effect."""
    query = select(func.count(DomainEvent.id)).where(DomainEvent.kind == "shaken")
    return session.scalar(query) or 0


def only_incident(session: Session) -> Incident:
    return session.scalars(select(Incident).execution_options(populate_existing=True)).one()


def ask(session: Session, instance: Instance, finance: Staff) -> None:
    (item,) = open_items(session, instance)
    tasks.complete(session, item.id, finance.maker, {"outcome": "OK"}, NOW)
    session.commit()
    live.clear()


def test_a_failing_operation_is_undone_and_the_persons_step_is_kept(
    session: Session, start: Start, finance: Staff
) -> None:
    PLAN["a"] = [ValueError("91310114MA1GW1234X"), ValueError("again")]
    instance = start(("after", AFTER))
    ask(session, instance, finance)
    assert instance.status == "RUNNING", "不像已经办结"
    assert [item.status for item in session.scalars(select(WorkItem))] == ["DONE"]
    assert (CALLS, effects(session)) == (["a"], 0)
    found = only_incident(session)
    assert (found.status, found.attempts, found.code) == ("RETRYING", 1, "ValueError")
    assert found.retry_at == NOW + timedelta(minutes=1)
    assert found.inputs == {"what": "a"}
    assert "91310114MA1GW1234X" in found.traceback
    assert "91310114MA1GW1234X" not in str(found.message), "给人看的话里没有数据"
    assert set(found.reference.removeprefix("INC-")) <= set("23456789ABCDEFGHJKMNPQRSTUVWXYZ")
    passed = session.scalars(select(StepHistory.element_id).order_by(StepHistory.id)).all()
    assert passed == ["s", "ask"], "没有办成的不算办过"
    assert verify(session).ok


def test_the_retry_takes_effect_once_and_the_instance_goes_on(
    session: Session, start: Start, finance: Staff
) -> None:
    PLAN["a"] = [ValueError("x")]
    instance = start(("after", AFTER))
    ask(session, instance, finance)
    tried = retry(session, only_incident(session).id, SYSTEM, NOW + timedelta(minutes=1))
    session.commit()
    assert tried.done
    assert (CALLS, effects(session)) == (["a", "a"], 1)
    assert [item.element_id for item in open_items(session, instance)] == ["thank"]
    found = only_incident(session)
    assert (found.status, found.resolution, found.retry_at) == ("RESOLVED", "RETRIED", None)
    (item,) = open_items(session, instance)
    tasks.complete(session, item.id, finance.maker, {}, NOW)
    assert instance.status == "ENDED"
    passed = session.scalars(select(StepHistory.element_id).order_by(StepHistory.id)).all()
    assert passed == ["s", "ask", "do", "thank", "e"]
    assert verify(session).ok


def test_always_failing_becomes_an_incident_after_the_back_off(
    session: Session, start: Start, finance: Staff
) -> None:
    PLAN["a"] = [ValueError(str(n)) for n in range(9)]
    instance = start(("after", AFTER))
    ask(session, instance, finance)
    moment, waited = NOW, []
    while (found := only_incident(session)).status == "RETRYING":
        assert found.retry_at is not None
        waited.append((found.retry_at - moment).seconds // 60)
        moment = found.retry_at
        assert not retry(session, found.id, SYSTEM, moment).done
        session.commit()
    assert waited == [1, 5, 30]
    assert (found.status, found.attempts, found.retry_at) == ("OPEN", 4, None)
    told = session.scalars(
        select(DomainEvent.payload).where(DomainEvent.kind == "incident_opened")
    ).all()
    assert told == [{"incident_id": found.id, "reference": found.reference}]
    assert effects(session) == 0
    assert not retry(session, found.id, SYSTEM, moment).done, "管理员重试，又没有办成"
    assert only_incident(session).status == "OPEN"
    opened = func.count(DomainEvent.id).filter(DomainEvent.kind == "incident_opened")
    assert session.scalar(select(opened)) == 1, "不再发一次邮件"


def test_a_rule_that_refuses_is_told_to_the_person_and_nothing_is_kept(
    session: Session, start: Start, finance: Staff
) -> None:
    PLAN["a"] = [RuleRefused("no", text("超过上限"))]
    instance = start(("after", AFTER))
    session.commit()
    (item,) = open_items(session, instance)
    with pytest.raises(RuleRefused, match="超过上限"):
        tasks.complete(session, item.id, finance.maker, {}, NOW)
    session.rollback()
    live.clear()
    assert [one.element_id for one in open_items(session, instance)] == ["ask"]
    assert session.scalars(select(Incident)).all() == []
    assert effects(session) == 0


TIMED = process(
    "timed",
    event("start", "s") + '<bpmn:intermediateCatchEvent id="t" name="t"><bpmn:timerEventDefinition>'
    "<bpmn:timeDuration>P1D</bpmn:timeDuration></bpmn:timerEventDefinition>"
    "</bpmn:intermediateCatchEvent>"
    + service("do", "test.shaky", what='="a"')
    + user("thank")
    + event("end", "e")
    + chain("s", "t", "do", "thank", "e"),
)


def test_a_rule_that_refuses_the_system_is_kept_with_its_own_words(
    session: Session, start: Start
) -> None:
    PLAN["a"] = [RuleRefused("ceiling", text("超过上限{n}万元", n=5))]
    instance = start(("timed", TIMED))
    session.commit()
    live.clear()
    assert fire_timers(session, instance.id, NOW + timedelta(days=2))
    session.commit()
    found = only_incident(session)
    assert (found.code, found.status) == ("ceiling", "RETRYING")
    assert found.message == {"template": "超过上限{n}万元", "params": {"n": 5}}
    live.clear()
    assert retry(session, found.id, SYSTEM, NOW + timedelta(days=3)).done
    assert effects(session) == 1


PARALLEL = process(
    "par",
    event("start", "s")
    + '<bpmn:parallelGateway id="f"/><bpmn:parallelGateway id="j"/>'
    + service("bad", "test.shaky", what='="bad"')
    + service("good", "test.shaky", what='="good"')
    + user("thank")
    + event("end", "e")
    + chain("s", "f", "bad", "j", "thank", "e")
    + chain("f", "good", "j"),
)


def test_the_other_branch_goes_on_and_the_join_waits(
    session: Session, start: Start, finance: Staff
) -> None:
    PLAN["bad"] = [ValueError("x")]
    instance = start(("par", PARALLEL))
    session.commit()
    live.clear()
    assert effects(session) == 1, "另一条照常"
    assert open_items(session, instance) == []
    retry(session, only_incident(session).id, SYSTEM, NOW)
    session.commit()
    assert effects(session) == 2
    assert [item.element_id for item in open_items(session, instance)] == ["thank"]


MANY = process(
    "many",
    event("start", "s")
    + service("do", "test.shaky", what="=one").replace(
        "</bpmn:serviceTask>",
        '<bpmn:multiInstanceLoopCharacteristics camunda:collection="all" '
        'camunda:elementVariable="one"/></bpmn:serviceTask>',
    )
    + user("thank")
    + event("end", "e")
    + chain("s", "do", "thank", "e"),
)


def test_one_by_one_the_failed_one_holds_up_those_behind_it(session: Session, start: Start) -> None:
    PLAN["b"] = [ValueError("x")]
    ordered = MANY.replace(
        b"Characteristics camunda", b'Characteristics isSequential="true" camunda'
    )
    instance = start(("many", ordered), all=["a", "b", "c"])
    session.commit()
    live.clear()
    assert CALLS == ["a", "b"]
    assert retry(session, only_incident(session).id, SYSTEM, NOW).done
    assert CALLS == ["a", "b", "b", "c"]
    assert effects(session) == 3
    assert [item.element_id for item in open_items(session, instance)] == ["thank"]


def test_a_task_that_is_gone_is_not_tried_again_for_ever(
    session: Session, start: Start, finance: Staff
) -> None:
    PLAN["a"] = [ValueError("x")]
    instance = start(("after", AFTER))
    ask(session, instance, finance)
    found = only_incident(session)
    found.task_id = "00000000-0000-0000-0000-000000000000"
    session.commit()
    assert not retry(session, found.id, SYSTEM, NOW).done
    assert (found.status, found.resolution, found.attempts) == ("RESOLVED", "ENDED", 1)
    assert CALLS == ["a"]


def test_of_many_only_the_failed_ones_are_done_again(session: Session, start: Start) -> None:
    PLAN["b"] = [ValueError("x")]
    instance = start(("many", MANY), all=["a", "b", "c"])
    session.commit()
    live.clear()
    assert effects(session) == 2
    found = only_incident(session)
    assert (found.element_id, found.inputs) == ("do", {"what": "b"})
    assert retry(session, found.id, SYSTEM, NOW).done
    assert sorted(CALLS) == ["a", "b", "b", "c"]
    assert effects(session) == 3
    assert [item.element_id for item in open_items(session, instance)] == ["thank"]


def _bounded(kind: str) -> bytes:
    inner = {
        "timer": "<bpmn:timerEventDefinition><bpmn:timeDuration>P1D</bpmn:timeDuration>"
        "</bpmn:timerEventDefinition>",
    }[kind]
    return process(
        "bounded",
        event("start", "s")
        + service("do", "test.shaky", what='="a"')
        + f'<bpmn:boundaryEvent id="b" name="b" attachedToRef="do">{inner}</bpmn:boundaryEvent>'
        + event("end", "e")
        + user("late")
        + event("end", "e2")
        + chain("s", "do", "e")
        + chain("b", "late", "e2"),
    )


def test_a_task_that_is_left_needs_nobody_any_more(session: Session, start: Start) -> None:
    PLAN["a"] = [ValueError("x")]
    instance = start(("bounded", _bounded("timer")))
    session.commit()
    live.clear()
    fire_timers(session, instance.id, NOW + timedelta(days=2))
    session.commit()
    assert [item.element_id for item in open_items(session, instance)] == ["late"]
    found = only_incident(session)
    assert (found.status, found.resolution) == ("RESOLVED", "ENDED")


def test_an_instance_that_is_cancelled_leaves_no_open_failure(
    session: Session, start: Start, finance: Staff
) -> None:
    PLAN["a"] = [ValueError("x")]
    instance = start(("after", AFTER))
    ask(session, instance, finance)
    step.cancel_instance(session, instance.id, finance.head, NOW, "不办了")
    assert only_incident(session).resolution == "ENDED"


ASKED = process(
    "asked",
    event("start", "s") + '<bpmn:intermediateCatchEvent id="w" name="w"><bpmn:extensionElements>'
    '<camunda:properties><camunda:property name="correlation" value="=nr"/>'
    "</camunda:properties></bpmn:extensionElements>"
    '<bpmn:messageEventDefinition messageRef="m"/></bpmn:intermediateCatchEvent>'
    + '<bpmn:exclusiveGateway id="g" default="g_e"/>'
    + event("end", "e")
    + event("end", "no")
    + chain("s", "w", "g")
    + flow("g", "e")
    + flow("g", "no", '=nr = "fails"'),
    outside='<bpmn:message id="m" name="shaken"/>',
)
WELL = ASKED.replace(b'=nr = "fails"', b'=nr = "never"').replace(b'"asked"', b'"well"')


@pytest.fixture
def breaking(monkeypatch: pytest.MonkeyPatch) -> Callable[[bool], None]:
    """Let the condition of `asked` fail, or not."""
    from engine.runtime import scripts

    real, broken = scripts.FeelScriptEngine.evaluate, [True]

    def evaluate(self: Any, task: Any, expression: str, *more: Any, **named: Any) -> Any:
        if "fails" in expression:
            if broken[0]:
                raise scripts.StepFailed("expression_failed", text("条件无法计算"))
            return False
        return real(self, task, expression, *more, **named)

    monkeypatch.setattr(scripts.FeelScriptEngine, "evaluate", evaluate)

    def choose(value: bool) -> None:
        broken[0] = value

    return choose


def test_a_receiver_that_fails_keeps_its_message_and_the_sender_goes_on(
    session: Session, start: Start, finance: Staff, breaking: Callable[[bool], None]
) -> None:
    asked = start(("asked", ASKED), nr="a")
    well = start(("well", WELL), nr="a")
    sender = start(("after", AFTER))
    ask(session, sender, finance)
    assert [item.element_id for item in open_items(session, sender)] == ["thank"]
    assert (asked.status, well.status) == ("RUNNING", "ENDED")
    found = only_incident(session)
    assert (found.instance_id, found.task_id, found.code) == (asked.id, "", "expression_failed")
    assert found.inputs == {"messages": [["MESSAGE", "shaken", "a"]]}
    assert not retry(session, found.id, SYSTEM, NOW).done
    session.commit()
    assert only_incident(session).attempts == 2
    breaking(False)
    live.clear()
    assert retry(session, found.id, SYSTEM, NOW).done
    assert asked.status == "ENDED"
    assert verify(session).ok


def test_a_suspended_receiver_is_given_its_message_when_it_goes_on(
    session: Session, start: Start, finance: Staff
) -> None:
    well = start(("well", WELL), nr="a")
    sender = start(("after", AFTER))
    well.status = "SUSPENDED"
    ask(session, sender, finance)
    assert well.status == "SUSPENDED"
    found = only_incident(session)
    assert found.inputs == {"messages": [["MESSAGE", "shaken", "a"]]}
    well.status = "RUNNING"
    session.commit()
    assert retry(session, found.id, SYSTEM, NOW).done
    assert well.status == "ENDED"
