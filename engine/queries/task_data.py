"""The data of a waiting task as the conditions see them, and its place in the diagram."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session, undefer

from engine.models import DefinitionKind, Instance, StepHistory, WorkItem, WorkStatus
from engine.runtime.codec import decode
from engine.runtime.definitions import definition_in, specs_of
from engine.runtime.picture import ElementRow, element_table, render_svg


def task_data(session: Session, item: WorkItem) -> dict[str, Any]:
    """The data of an open task; empty once it is closed."""
    instance = session.scalar(
        select(Instance)
        .where(Instance.id == item.instance_id)
        .options(undefer(Instance.state))
        .execution_options(populate_existing=True)
    )
    if instance is None or item.status != WorkStatus.OPEN.value:
        return {}
    specs = specs_of(session, instance.deployment_id, instance.process_key)
    task = decode(instance.state, specs).get_task_from_id(UUID(item.task_id))
    return dict(task.data) if task is not None else {}


@dataclass(frozen=True)
class Diagram:
    """The diagram of a task's process with the current place marked, and as a table."""

    name: str
    version: int
    svg: str
    rows: list[ElementRow]


def diagram_of(session: Session, item: WorkItem) -> Diagram:
    """The diagram as published when the instance began."""
    found = definition_in(
        session, item.instance.deployment_id, DefinitionKind.PROCESS, item.process_key
    )
    where = (WorkItem.instance_id == item.instance_id, WorkItem.process_key == item.process_key)
    open_ = select(WorkItem.element_id).where(*where, WorkItem.status == WorkStatus.OPEN.value)
    passed = select(StepHistory.element_id).where(
        StepHistory.instance_id == item.instance_id, StepHistory.process_key == item.process_key
    )
    current = set(session.scalars(open_))
    done = set(session.scalars(passed)) - current
    svg = render_svg(found.source, current=current, done=done)
    return Diagram(found.name, found.version, svg, element_table(found.source))
