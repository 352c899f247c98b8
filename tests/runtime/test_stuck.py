"""What fails in one place stays there: other branches, other instances, other versions."""

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.models import Instance, Subscription
from engine.models.running import Incident
from engine.operations import migration_batches, migrations, tasks
from engine.operations.incidents import retry
from engine.people import SYSTEM
from engine.runtime import live
from engine.runtime.definitions import SourceFile, files_in, publish
from engine.runtime.in_force import current_deployment
from engine.runtime.incidents import keep_failure
from engine.runtime.place import Place
from engine.runtime.scripts import StepFailed
from engine.text import text
from tests.firing import fire_timers
from tests.runtime.conftest import NOW, Staff, Start
from tests.runtime.diagrams import chain, event, process, user
from tests.runtime.test_incidents import AFTER, CALLS, PLAN, ask, only_incident
from tests.runtime.test_steps import open_items


def test_a_corrected_diagram_gives_the_retry_its_inputs(
    session: Session, start: Start, finance: Staff
) -> None:
    CALLS.clear()
    PLAN["a"] = [ValueError("1")]
    instance = start(("after", AFTER))
    ask(session, instance, finance)
    files = files_in(session, instance.deployment_id)
    fixed = AFTER.replace(b'="a"', b'="b"')
    changed = [one if one.key != "after" else SourceFile(one.kind, one.key, one.name, fixed)
               for one in files]  # fmt: skip
    later = NOW + timedelta(days=1)
    publish(session, changed, SYSTEM, later)
    to = current_deployment(session)
    batch = migration_batches.ask_migration(
        session, "after", [instance.id], to, SYSTEM, "改正", later
    )
    migrations.migrate(session, instance.id, to, SYSTEM, batch, later)
    session.commit()
    live.clear()
    assert retry(session, only_incident(session).id, SYSTEM, later).done
    assert CALLS == ["a", "b"]


def wait_for(key: str, correlation: str) -> str:
    return (
        f'<bpmn:intermediateCatchEvent id="{key}" name="{key}"><bpmn:extensionElements>'
        f'<camunda:properties><camunda:property name="correlation" value="{correlation}"/>'
        "</camunda:properties></bpmn:extensionElements>"
        '<bpmn:messageEventDefinition messageRef="m"/></bpmn:intermediateCatchEvent>'
    )


def test_a_message_about_nothing_is_refused_not_given_to_everybody(
    session: Session, start: Start
) -> None:
    source = process(
        "waits",
        event("start", "s") + wait_for("w", "=review_result") + event("end", "e")
        + chain("s", "w", "e"),
        outside='<bpmn:message id="m" name="released"/>',
    )  # fmt: skip
    with pytest.raises(StepFailed) as refused:
        start(("waits", source))
    assert refused.value.code in ("no_correlation", "expression_failed")
    session.rollback()
    assert session.scalars(select(Subscription)).all() == []


TWO = process(
    "two",
    event("start", "s")
    + '<bpmn:parallelGateway id="p" name="p"/><bpmn:parallelGateway id="j" name="j"/>'
    + user("mine")
    + user("theirs")
    + '<bpmn:boundaryEvent id="late" name="late" attachedToRef="theirs">'
    "<bpmn:timerEventDefinition><bpmn:timeDuration>P1D</bpmn:timeDuration>"
    "</bpmn:timerEventDefinition></bpmn:boundaryEvent>"
    + '<bpmn:exclusiveGateway id="x" name="x"/>'
    + user("more", deadline="=programme")  # no period: nobody can say when it is due
    + event("end", "e")
    + chain("s", "p", "mine", "j", "e")
    + chain("p", "theirs", "x", "j")
    + chain("late", "more", "x"),
)


def test_a_timer_that_cannot_go_on_does_not_stop_the_other_branch(
    session: Session, start: Start, finance: Staff
) -> None:
    instance = start(("two", TWO))
    session.commit()
    overdue = NOW + timedelta(days=3)
    mine = next(one for one in open_items(session, instance) if one.element_id == "mine")
    with pytest.raises(StepFailed, match="more"):
        fire_timers(session, instance.id, overdue)
    session.rollback()
    live.clear()
    instance = session.get_one(Instance, instance.id)
    failed = StepFailed("expression_failed", text("不能计算"))
    keep_failure(session, instance, Place("two"), failed, overdue)
    session.commit()
    done = tasks.complete(session, mine.id, finance.maker, {"outcome": "OK"}, overdue)
    session.commit()
    assert done.item.status == "DONE"
    assert [one.element_id for one in open_items(session, instance)] == ["theirs"]
    assert session.scalars(select(Incident)).one().status != "RESOLVED", "还是要有人处理"
