"""Thirteen kinds of change to a diagram, and what becomes of a case that is on it."""

from collections.abc import Mapping
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.models import StepHistory, Subscription
from engine.operations.migrations import CannotMigrate, migrate, undo
from engine.people import SYSTEM
from engine.runtime import step
from engine.runtime.registry import TEXT, form_operation, service_operation
from tests.firing import fire_timers
from tests.runtime.conftest import Staff, Start
from tests.runtime.diagrams import chain, event, flow, process, service, user
from tests.runtime.moving import LATER, Begin, Mover

S, E = event("start", "s"), event("end", "e")
LIMIT = {"deadline": "P30D"}


@form_operation("test.migration_choice", "选", sets={"chosen": TEXT})
def _choose(ctx: Any, values: Mapping[str, Any]) -> dict[str, Any]:
    return {"chosen": values["outcome"]}


@service_operation("test.migration_service", "自动")
def _nothing(ctx: Any) -> None:
    del ctx


@pytest.fixture
def begin(session: Session, start: Start, finance: Staff, bank: Staff) -> Begin:
    """Start a case on the first of some diagrams."""

    def make(*sources: tuple[str, bytes], **data: object) -> Mover:
        return Mover(session, start(*sources, **data), finance, bank)

    return make


def task(key: str, **properties: str) -> str:
    return user(key, **{**LIMIT, **properties})


def line(*ids: str, **bodies: str) -> bytes:
    """A process of user tasks in a row; `bodies` replace a task's element."""
    return process(
        "p", S + "".join(bodies.get(one, task(one)) for one in ids) + E + chain("s", *ids, "e")
    )


ABC = line("a", "b", "c")


def passed(case: Mover) -> list[str]:
    query = select(StepHistory.element_id).where(StepHistory.instance_id == case.instance.id)
    return list(case.session.scalars(query.order_by(StepHistory.id)))


def test_a_step_before_the_one_under_way_is_not_gone_through(begin: Begin) -> None:
    case = begin(("p", ABC))
    case.do("a")
    case.items()["b"].draft = {"note": "半份草稿"}
    assert case.notes(("p", line("a", "x", "b", "c"))) == ["不经过新增的“x”"]
    case.migrate(("p", line("a", "x", "b", "c")))
    assert case.items()["b"].draft == {"note": "半份草稿"}
    assert case.drive() == "e"
    assert passed(case) == ["s", "a", "b", "c", "e"]


def test_a_step_after_the_one_under_way_is_gone_through(begin: Begin) -> None:
    case = begin(("p", ABC))
    case.do("a")
    assert case.notes(("p", line("a", "b", "x", "c"))) == ["将经过新增的“x”"]
    case.migrate(("p", line("a", "b", "x", "c")))
    assert case.drive() == "e"
    assert passed(case) == ["s", "a", "b", "x", "c", "e"]


def test_a_new_name_form_and_clause_reach_the_open_task_and_its_deadline_does_not(
    begin: Begin,
) -> None:
    case = begin(("p", ABC))
    case.do("a")
    due = case.items()["b"].due_at
    other = task("b", clause="J9.9", excludes="a", deadline="P2D")
    other = other.replace('name="b"', 'name="新名"').replace('formKey="f"', 'formKey="g"')
    done = case.migrate(("p", line("a", "b", "c", b=other)))
    item = case.items()["b"]
    assert (item.name, item.form_key, item.clause) == ("新名", "g", "J9.9")
    assert (item.due_at, item.excludes) == (due, ["a"])
    assert item.excluded == [case.finance.maker.person_id], "谁办过a仍然记得"
    undo(case.session, done.id, SYSTEM, "退回", LATER)
    item = case.items()["b"]
    assert (item.name, item.form_key, item.clause, item.excluded) == ("b", "f", "", [])
    assert case.drive() == "e"


def choice(condition: str) -> bytes:
    return process(
        "p",
        S + task("a", operation="test.migration_choice") + task("b")
        + '<bpmn:exclusiveGateway id="g" default="g_e"/>' + E + event("end", "other")
        + chain("s", "a", "b", "g") + flow("g", "e") + flow("g", "other", condition),
    )  # fmt: skip


def test_a_changed_condition_decides_when_the_case_comes_to_it(begin: Begin) -> None:
    case = begin(("p", choice('chosen = "NO"')))
    case.do("a")
    case.migrate(("p", choice('chosen = "PASS"')))
    assert case.drive() == "other"


def test_without_a_step_that_was_passed_the_case_stays(begin: Begin) -> None:
    case = begin(("p", ABC))
    case.do("a")
    before = bytes(case.instance.state)
    assert "已经过“a”" in case.refused(("p", line("b", "c")))
    to = case.publish(("p", line("b", "c")))
    with pytest.raises(CannotMigrate, match="已经过“a”"):
        migrate(case.session, case.instance.id, to, SYSTEM, case.batch(to), LATER)
    assert case.instance.state == before
    assert case.drive() == "e"


def test_without_the_step_under_way_the_case_stays(begin: Begin) -> None:
    case = begin(("p", ABC))
    case.do("a")
    assert "正在“b”" in case.refused(("p", line("a", "c")))
    assert case.drive() == "e"


def test_a_step_to_come_may_go(begin: Begin) -> None:
    case = begin(("p", ABC))
    case.do("a")
    case.migrate(("p", line("a", "b")))
    assert case.drive() == "e"
    assert passed(case) == ["s", "a", "b", "e"]


def test_the_step_under_way_cannot_become_another_kind(begin: Begin) -> None:
    case = begin(("p", ABC))
    case.do("a")
    other = line("a", "b", "c", b=service("b", "test.migration_service"))
    assert "另一种步骤" in case.refused(("p", other))


def test_a_gateway_after_the_step_under_way_is_taken(begin: Begin) -> None:
    case = begin(("p", ABC))
    case.do("a")
    case.do("b")
    with_gate = process(
        "p",
        S + task("a") + task("b") + task("c") + task("again") + E
        + '<bpmn:exclusiveGateway id="g" default="g_again"/>' + chain("s", "a", "b", "c", "g")
        + flow("g", "again") + flow("g", "e", 'c_outcome = "NO"') + flow("again", "e"),
    )  # fmt: skip
    case.migrate(("p", with_gate))
    assert case.drive() == "e"
    assert passed(case)[-3:] == ["g", "again", "e"]


CALLER = process(
    "outer",
    S + '<bpmn:callActivity id="call" name="call" calledElement="p"/>' + task("z") + E
    + chain("s", "call", "z", "e"),
)  # fmt: skip


def test_a_called_process_may_change_while_the_case_is_in_it(begin: Begin) -> None:
    case = begin(("outer", CALLER), ("p", ABC))
    case.do("a")
    case.migrate(("outer", CALLER), ("p", line("a", "b", "x", "c")))
    assert case.drive() == "e"
    assert [one for one in passed(case) if one in "abxcz"] == ["a", "b", "x", "c", "z"]


def test_a_called_process_that_is_over_may_lose_steps(begin: Begin) -> None:
    case = begin(("outer", CALLER), ("p", ABC))
    for key in "abc":
        case.do(key)
    case.migrate(("outer", CALLER), ("p", line("b")))
    assert case.drive() == "e"


def test_a_call_under_way_cannot_call_another_process(begin: Begin) -> None:
    case = begin(("outer", CALLER), ("p", ABC))
    other = CALLER.replace(b'calledElement="p"', b'calledElement="q"')
    q = ABC.replace(b'id="p"', b'id="q"')
    assert "改为调用q" in case.refused(("outer", other), ("p", ABC), ("q", q))


LOOP = (
    '<bpmn:multiInstanceLoopCharacteristics camunda:collection="banks" '
    'camunda:elementVariable="one"/>'
)


@pytest.mark.parametrize("kind", ["", ' isSequential="true"'])
def test_each_of_several_keeps_its_item_and_place(begin: Begin, kind: str) -> None:
    loop = LOOP.replace(" camunda:coll", f"{kind} camunda:coll")
    many = user("m", inner=loop, **LIMIT)
    case = begin(("p", line("m", "b", m=many)), banks=[11, 12, 13])
    case.do("m")
    renamed = many.replace('name="m"', 'name="各行"')
    case.migrate(("p", line("m", "x", "b", m=renamed)))
    ones = [row[4].get("one") for row in case.active() if row[1].endswith("[child]")]
    assert sorted(ones) in ([[12]] if kind else [[11, 12], [11, 13], [12, 13]])
    assert case.drive() == "e"
    assert passed(case).count("m") >= 3


def test_a_loop_under_way_keeps_what_it_is_over(begin: Begin) -> None:
    many = user("m", inner=LOOP, **LIMIT)
    case = begin(("p", line("m", m=many)), banks=[11, 12], others=[1])
    other = many.replace('"banks"', '"others"')
    assert "改了逐项的依据" in case.refused(("p", line("m", m=other)))


def timed(duration: str, *, also: str = "") -> bytes:
    wait = (
        '<bpmn:intermediateCatchEvent id="t" name="等"><bpmn:timerEventDefinition>'
        f"<bpmn:timeDuration>{duration}</bpmn:timeDuration></bpmn:timerEventDefinition>"
        "</bpmn:intermediateCatchEvent>"
    )
    return process("p", S + wait + also + E + chain("s", "t", *(["x"] if also else []), "e"))


def test_a_timer_that_waits_keeps_its_time(begin: Begin) -> None:
    case = begin(("p", timed("P5D")))
    (timer,) = case.timers()
    assert case.notes(("p", timed("P50D", also=task("x")))) == [
        "将经过新增的“x”",
        "“等”已定的时间不变",
    ]
    case.migrate(("p", timed("P50D", also=task("x"))))
    assert case.timers() == [timer]
    fire_timers(case.session, case.instance.id, timer[1])
    assert case.drive() == "e"


def message(name: str) -> bytes:
    body = (
        '<bpmn:intermediateCatchEvent id="t" name="等">'
        '<bpmn:extensionElements><camunda:properties><camunda:property name="correlation" '
        'value="7"/></camunda:properties></bpmn:extensionElements>'
        '<bpmn:messageEventDefinition messageRef="m"/></bpmn:intermediateCatchEvent>'
    )
    return process(
        "p", S + body + E + chain("s", "t", "e"), f'<bpmn:message id="m" name="{name}"/>'
    )


def test_who_waits_for_a_message_waits_for_the_new_one(begin: Begin) -> None:
    case = begin(("p", message("old")))
    assert case.notes(("p", message("new"))) == ["“等”改为等候消息new"]
    case.migrate(("p", message("new")))
    assert list(case.session.scalars(select(Subscription.message))) == ["new"]
    assert step.deliver(case.session, "old", "7", SYSTEM, LATER) == 0
    assert step.deliver(case.session, "new", "7", SYSTEM, LATER) == 1
    assert case.instance.outcome == "e"


def parallel(*branches: tuple[str, ...], kind: str = "parallel") -> bytes:
    ids = [one for branch in branches for one in branch]
    gates = f'<bpmn:{kind}Gateway id="f"/><bpmn:{kind}Gateway id="j"/>'
    flows = "".join(chain("f", *branch, "j") for branch in branches)
    return process("p", S + gates + "".join(map(task, ids)) + E + chain("s", "f") + flows
                   + chain("j", "e"))  # fmt: skip


def test_branches_under_way_both_go_on(begin: Begin) -> None:
    case = begin(("p", parallel(("a", "b"), ("c",))))
    case.do("a")
    case.migrate(("p", parallel(("a", "b", "x"), ("c",))))
    case.do("b")
    assert set(case.items()) == {"c", "x"}
    case.do("c")
    assert case.drive() == "e", "一路已到汇合处，另一路到了才走"


def test_a_branch_that_never_began_would_be_waited_for_forever(begin: Begin) -> None:
    case = begin(("p", parallel(("a",), ("c",))))
    case.do("a")
    why = case.refused(("p", parallel(("a",), ("c",), ("new",))))
    assert "“j”要等“new”" in why
    why = case.refused(("p", parallel(("a", "x"), ("c",))))
    assert "“j”要等“x”" in why, "a的一路已到汇合处"


def boundary(*, host: str = "b", interrupting: bool = True) -> str:
    return (
        f'<bpmn:boundaryEvent id="late" name="逾期" attachedToRef="{host}" '
        f'cancelActivity="{str(interrupting).lower()}"><bpmn:timerEventDefinition>'
        "<bpmn:timeDuration>P9D</bpmn:timeDuration></bpmn:timerEventDefinition>"
        "</bpmn:boundaryEvent>"
    )


def guarded(*ids: str, host: str = "b") -> bytes:
    return process(
        "p",
        S + "".join(map(task, ids)) + boundary(host=host) + event("end", "gone") + E
        + chain("s", *ids, "e") + flow("late", "gone"),
    )  # fmt: skip


def test_a_boundary_event_comes_too_late_for_the_step_under_way(begin: Begin) -> None:
    case = begin(("p", ABC))
    case.do("a")
    assert "不会再触发" in case.refused(("p", guarded("a", "b", "c")))


def test_a_boundary_event_on_another_step_is_no_matter(begin: Begin) -> None:
    case = begin(("p", ABC))
    case.do("a")
    case.migrate(("p", guarded("a", "b", "c", host="c")))
    case.do("b")
    (timer,) = case.timers()
    fire_timers(case.session, case.instance.id, timer[1])
    assert case.instance.outcome == "gone"


def test_a_boundary_event_that_never_fired_may_go_once_its_step_is_done(begin: Begin) -> None:
    case = begin(("p", guarded("a", "b", "c")))
    case.do("a")
    assert "正在“逾期”" in case.refused(("p", ABC))
    case.do("b")
    case.migrate(("p", ABC))
    assert case.drive() == "e"


def test_a_boundary_event_that_waits_keeps_its_time_and_fires(begin: Begin) -> None:
    case = begin(("p", guarded("a", "b", "c")))
    case.do("a")
    case.migrate(("p", guarded("a", "b", "x", "c")))
    (timer,) = case.timers()
    fire_timers(case.session, case.instance.id, timer[1])
    assert case.instance.outcome == "gone"


def test_a_step_that_comes_again_is_told(begin: Begin) -> None:
    case = begin(("p", ABC))
    case.do("a")
    case.do("b")
    assert case.notes(("p", line("a", "c", "b"))) == ["会再次经过“b”"]
