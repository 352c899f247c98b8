"""Messages and signals between instances: given to whoever waits, when the sender's step is saved.

A message goes to the waiting tasks of its correlation, a signal to all that wait for its name. What
fails at a receiver is kept there, and never fails the sender.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.errors import Conflict
from engine.models import Instance, InstanceStatus, Subscription
from engine.people import Actor
from engine.runtime import incidents
from engine.runtime.context import Sent, StepContext
from engine.runtime.run import lock_instance, open_run, save_run, suspended_now
from engine.runtime.waits import TimerWait, waits
from engine.text import text

MAX_HOPS = 10  # instances that answer each other for ever are a diagram's mistake


def deliver_sent(ctx: StepContext) -> None:
    """Deliver what a step has sent. A signal was caught inside the instance already."""
    for sent in ctx.messages:
        left_out = ctx.instance.id if sent[0] == "SIGNAL" else None
        for key in _receivers(ctx.session, sent):
            if key != left_out:
                deliver_to(ctx.session, key, sent, ctx.actor, ctx.now, ctx.hops + 1)


def deliver(session: Session, message: str, correlation: str, actor: Actor, now: datetime) -> int:
    """Give a message to every instance that waits for it; returns how many took it."""
    sent = ("MESSAGE", message, correlation)
    keys = _receivers(session, sent)
    return sum(deliver_to(session, key, sent, actor, now) for key in keys)


def _receivers(session: Session, sent: Sent) -> Sequence[int]:
    kind, name, correlation = sent
    query = (
        select(Subscription.instance_id)
        .where(
            Subscription.kind == kind,
            Subscription.message == name,
            Subscription.correlation == correlation,
        )
        .distinct()
        .order_by(Subscription.instance_id)
    )
    return session.scalars(query).all()


def deliver_to(
    session: Session, instance_id: int, sent: Sent, actor: Actor, now: datetime, hops: int = 1
) -> bool:
    """Give a message or signal to one instance. What fails there is kept there; an instance that is
    suspended is given it when it goes on."""
    try:
        instance = lock_instance(session, instance_id, suspended=True)
    except Conflict:
        return False  # it ended meanwhile, and waits no more
    if instance.status == InstanceStatus.SUSPENDED.value:
        incidents.keep_message(session, instance, sent, suspended_now(instance), now)
        return False
    with incidents.attempting(session) as attempt:
        taken = receive(session, instance, sent, actor, now, hops)
    if attempt.error is not None:
        incidents.keep_message(session, instance, sent, attempt.error, now)
        return False
    return taken


def receive(
    session: Session, instance: Instance, sent: Sent, actor: Actor, now: datetime, hops: int = 1
) -> bool:
    """Let a locked instance catch a message or signal, unwatched, and run on. False when it does
    not wait for it any more; then nothing is changed. Raises what the step raises."""
    if hops > MAX_HOPS:
        raise Conflict("too_many_hops", text("消息{name}在流程之间来回不停", name=sent[1]))
    run = open_run(session, instance, actor, now)
    run.engine.watched, run.ctx.hops = False, hops
    taken = [_catch(run.workflow, key) for key in _waiting_for(run.workflow, run.engine, sent)]
    if any(taken):
        save_run(run)
    return any(taken)


def _waiting_for(workflow: Any, engine: Any, sent: Sent) -> list[str]:
    return [
        wait.task_id
        for wait in waits(workflow, engine)
        if not isinstance(wait, TimerWait) and (wait.kind, wait.name, wait.correlation) == sent
    ]


def _catch(workflow: Any, task_id: str) -> bool:
    """Set one waiting task going. False when another that was caught first has cancelled it."""
    task = workflow.event_manager.tasks.get(UUID(task_id))
    if task is None:
        return False
    task.task_spec.catch(task, None)
    task.task_spec._update(task)
    return True
