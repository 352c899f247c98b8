"""States: what comes back is what was stored, and what earlier releases stored is still read."""

from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.models import Instance, WorkItem
from engine.operations import tasks
from engine.runtime import live
from engine.runtime.codec import decode, encode
from engine.runtime.definitions import specs_of
from engine.runtime.rows import to_rows
from tests.runtime.conftest import NOW, Staff, Start
from tests.runtime.stored import FORMAT_1, INNER, OUTER


def _specs(session: Session, instance: Instance) -> Any:
    return specs_of(session, instance.deployment_id, instance.process_key)


@pytest.fixture
def half_way(session: Session, start: Start, finance: Staff, bank: Staff) -> Instance:
    """Both organisations asked, the first has answered."""
    invited = [finance.org.id, bank.org.id]
    instance = start(("outer", OUTER), ("inner", INNER), invited=invited, case_id=7)
    _complete(session, finance)
    _complete(session, finance)
    session.commit()
    return instance


def _complete(session: Session, staff: Staff) -> None:
    mine = WorkItem.org_id == staff.org.id
    item = session.scalars(select(WorkItem).where(WorkItem.status == "OPEN", mine)).one()
    actor = staff.maker
    tasks.complete(session, item.id, actor, {"outcome": "GO"}, NOW)


def test_a_state_that_is_loaded_and_stored_again_is_the_same(
    session: Session, half_way: Instance
) -> None:
    workflow = decode(half_way.state, _specs(session, half_way))
    assert encode(workflow) == half_way.state


def test_a_number_that_became_true_is_not_stored_as_the_number(
    session: Session, half_way: Instance
) -> None:
    """To Python 1 is True, so that a task seems to say what the one before it said."""
    workflow: Any = decode(half_way.state, _specs(session, half_way))
    task = next(task for task in workflow.tasks.values() if task.parent is not None)
    task.parent.data.update(flag=1, some=[0])
    task.data = {**task.parent.data, "flag": True, "some": [False]}
    again: Any = decode(encode(workflow), _specs(session, half_way))
    found = again.tasks[task.id]
    assert [found.data["flag"], *found.data["some"]] == [True, False]
    assert str(found.data) == str(task.data)
    assert str(found.parent.data) == str(task.parent.data)


def test_a_state_of_release_1_is_read_and_stored_in_the_new_format(
    session: Session, half_way: Instance
) -> None:
    specs = _specs(session, half_way)
    old = decode(FORMAT_1, specs)
    again = decode(encode(old), specs)
    assert _places(again) == _places(decode(half_way.state, specs))
    assert to_rows(again) == to_rows(old)


def _places(workflow: Any) -> list[tuple[str, int]]:
    parts = (workflow, *workflow.subprocesses.values())
    return sorted(
        (task.task_spec.name, task._state) for part in parts for task in part.tasks.values()
    )


def test_an_instance_of_release_1_goes_on_to_its_end(
    session: Session, half_way: Instance, bank: Staff
) -> None:
    item = session.scalars(select(WorkItem).where(WorkItem.status == "OPEN")).one()
    old = decode(FORMAT_1, _specs(session, half_way))
    (inner,) = old.subprocesses.values()
    waiting = [task for task in inner.tasks.values() if task.task_spec.name == "vote [child]"]
    item.task_id = next(str(task.id) for task in waiting if task.data["bidder"] == 12)
    half_way.state = FORMAT_1
    session.commit()
    live.clear()
    _complete(session, bank)
    assert (half_way.status, half_way.outcome) == ("ENDED", "e")


def test_a_format_of_a_later_release_is_refused_by_its_number(
    session: Session, half_way: Instance
) -> None:
    with pytest.raises(ValueError, match="format 9"):
        decode(b"\x09" + half_way.state[1:], _specs(session, half_way))
