"""Settling what failed: the operation or the step again, or the task passed by."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from SpiffWorkflow.util.task import TaskState
from sqlalchemy.orm import Session

from engine.errors import Conflict, DanbaoError
from engine.models import Instance, InstanceStatus
from engine.models.running import Incident, IncidentStatus, Resolution
from engine.people import Actor
from engine.runtime.elements import catch_refusal
from engine.runtime.incidents import MARK, attempting, evaluated, keep_failure
from engine.runtime.outside import receive
from engine.runtime.place import Place
from engine.runtime.run import Run, lock_instance, note_passed, open_run, save_run, task_of
from engine.text import text


class TaskLeft(Conflict):
    """The instance has left the task: there is nothing to try again."""


def lock_unsettled(session: Session, found: Incident) -> Instance:
    """Lock an incident's instance and then the incident, in the order of every step.

    Raises Conflict when it is settled, or its instance suspended or ended.
    """
    instance = lock_instance(session, found.instance_id)
    session.refresh(found, with_for_update=True)
    if found.status == IncidentStatus.RESOLVED.value:
        raise Conflict("incident_settled", text("异常{no}已经处理，没有再改动", no=found.reference))
    return instance


def try_again(
    session: Session,
    instance: Instance,
    found: Incident,
    actor: Actor,
    now: datetime,
    resolution: Resolution = Resolution.RETRIED,
) -> bool:
    """Make a failed operation or step again with the incident's inputs, and run on.

    The caller has locked both. False when it failed once more: then nothing of it remains but
    the failure, counted and with its next time; or when the instance has left the task, which
    settles it.
    """
    with attempting(session) as attempt:
        if found.task_id:
            _call_again(session, instance, found, actor, now, resolution)
        else:
            _step_again(session, instance, found, actor, now, resolution)
    if isinstance(attempt.error, TaskLeft):
        settle(found, Resolution.ENDED, actor, now)
    elif attempt.error is not None:
        # a step as a whole may fail elsewhere this time
        place = place_of(found) if found.task_id else Place(instance.process_key)
        keep_failure(session, instance, place, attempt.error, now)
    return attempt.error is None


def pass_by(
    session: Session,
    instance: Instance,
    found: Incident,
    values: Mapping[str, Any],
    actor: Actor,
    now: datetime,
) -> None:
    """Complete the task without its operation, with routing values in place of its result."""
    run = open_run(session, instance, actor, now)
    task = _waiting(run, found)
    for key, value in values.items():
        task.data[key] = value
    settle(found, Resolution.SKIPPED, actor, now)
    _go_on(run, task)


def settle(found: Incident, resolution: Resolution, actor: Actor, now: datetime) -> None:
    """Close an incident."""
    found.status, found.resolution = IncidentStatus.RESOLVED.value, resolution.value
    found.resolved_at, found.resolved_by, found.retry_at = now, actor.person_id, None


def place_of(found: Incident) -> Place:
    """Where an incident happened."""
    return Place(found.process_key, found.task_id, found.element_id, found.name, found.operation)


def _call_again(
    session: Session,
    instance: Instance,
    found: Incident,
    actor: Actor,
    now: datetime,
    resolution: Resolution,
) -> None:
    run = open_run(session, instance, actor, now)
    run.engine.watched = False
    task = _waiting(run, found)
    inputs = _inputs(run, task, found)
    parties = dict(run.ctx.known.parties)
    with attempting(session) as attempt:
        result = run.engine.run_operation(task, found.operation, inputs)
    if attempt.error is not None:
        run.ctx.known.parties = parties
        _catch(run, task, attempt.error)
        settle(found, resolution, actor, now)
        save_run(run)
        return
    for key, value in result.items():
        task.data[key] = value
    settle(found, resolution, actor, now)
    _go_on(run, task)


def _catch(run: Run, task: Any, error: Exception) -> None:
    """Leave a rule's refusal to the diagram, if it catches that one. Raises it otherwise."""
    del run.ctx.messages[:]
    if not catch_refusal(task, error):
        raise error


def _inputs(run: Run, task: Any, found: Incident) -> Mapping[str, Any]:
    """The inputs as the diagram gives them now; those that somebody edited stay edited."""
    kept = found.inputs
    try:
        fresh = evaluated(run.engine, task, task.task_spec.operation_params)
    except DanbaoError:
        if kept is None:
            raise
        return kept
    return {**fresh, **{key: kept[key] for key in found.edited if kept and key in kept}}


def _step_again(
    session: Session,
    instance: Instance,
    found: Incident,
    actor: Actor,
    now: datetime,
    resolution: Resolution,
) -> None:
    settle(found, resolution, actor, now)
    messages = (found.inputs or {}).get("messages", [])
    for kind, message, correlation in messages:
        if instance.status == InstanceStatus.RUNNING.value:  # an earlier one may have ended it
            receive(session, instance, (kind, message, correlation), actor, now)
    if not messages:
        run = open_run(session, instance, actor, now)
        run.engine.watched = False
        save_run(run)


def _waiting(run: Run, found: Incident) -> Any:
    task = task_of(run, found.task_id)
    if task is None or not task.has_state(TaskState.STARTED):
        raise TaskLeft("task_left", text("流程已经离开“{name}”这一步", name=found.name))
    return task


def _go_on(run: Run, task: Any) -> None:
    task.internal_data.pop(MARK, None)
    task.complete()
    note_passed(run, task)
    save_run(run)
