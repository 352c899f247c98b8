"""Whatever is moved, and in whatever order: the instance comes to its end."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from engine.audit.verify import verify
from engine.models import Instance, WorkItem
from engine.runtime import live
from engine.runtime.moves import move, targets, tokens
from engine.runtime.run import lock_instance, open_run, save_run
from tests.runtime.conftest import NOW, Staff, Start
from tests.runtime.test_moves import INNER, LINE, OUTER, PARALLEL, TIMED, finish, rules
from tests.runtime.test_steps import LOOP, open_items

WALKED = {
    "line": LINE,
    "par": PARALLEL,
    "mi": LOOP,
    "tim": TIMED,
    "outer": OUTER,
    "inner": INNER,
}


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
def test_whatever_is_moved_the_instance_can_be_driven_to_its_end(
    data: st.DataObject, session: Session, start: Start, finance: Staff, bank: Staff
) -> None:
    first = data.draw(st.sampled_from(sorted(WALKED)))
    diagrams = sorted(WALKED.items(), key=lambda one: one[0] != first)
    instance = start(*diagrams, invited=[finance.org.id, bank.org.id])
    for _ in range(data.draw(st.integers(1, 6))):
        if instance.status != "RUNNING":
            break
        _either(data, session, instance, finance)
    for _ in range(60):
        items = ordered(session, instance)
        if not items:
            break
        finish(session, instance, finance, items[0].element_id)
    assert instance.status == "ENDED"
    assert open_items(session, instance) == []
    assert verify(session).ok


def ordered(session: Session, instance: Instance) -> list[WorkItem]:
    """Those opened together have no order of their own."""
    items = open_items(session, instance)
    return sorted(items, key=lambda one: (one.element_id, one.org_id))


def _either(data: st.DataObject, session: Session, instance: Instance, who: Staff) -> None:
    """Complete a task, or move one."""
    items = ordered(session, instance)
    if data.draw(st.booleans()):
        item = data.draw(st.sampled_from(items))
        finish(session, instance, who, item.element_id)
        return
    run = open_run(session, lock_instance(session, instance.id), who.head, NOW)
    token = data.draw(st.sampled_from(sorted(tokens(run), key=lambda one: one.element_id)))
    able = [one for one in targets(run, token.task_id, rules) if one.refusal is None]
    chosen = data.draw(st.sampled_from(able))
    values = {name: "OK" for name in chosen.missing}
    move(
        run,
        token.task_id,
        chosen.process_key,
        chosen.element_id,
        rules,
        beside=True,
        values=values,
    )
    save_run(run)
    session.flush()
    live.clear()
