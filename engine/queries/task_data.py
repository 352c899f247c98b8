"""The data of a waiting task as the conditions see them."""

from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session, undefer

from engine.models import Instance, WorkItem, WorkStatus
from engine.runtime.codec import decode
from engine.runtime.definitions import specs_of


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
