"""The sweep over due BPMN timers: each instance is taken on in a transaction of its own."""

from datetime import datetime

from sqlalchemy import exists, select
from sqlalchemy.orm import Session, undefer

from engine.db import unit_of_work
from engine.jobs.attempt import Attempt
from engine.jobs.deadlines import Factory, Sweep
from engine.jobs.incidents import keep_step_failure, without_failed_step
from engine.models import Instance, InstanceStatus, Timer

PAGE = 200


def sweep_timers(factory: Factory, now: datetime, limit: int = 5000) -> Sweep:
    """Fire the due timers of every running instance. Any number of sweeps may run at once.

    An instance that somebody is working on is left for the next sweep. One whose step fails keeps
    its timer and is passed by until that incident is settled. At most `limit` instances.
    """
    handled = failed = 0
    after = 0
    while handled < limit and (page := _due(factory, now, after)):
        for instance_id in page[: limit - handled]:
            with Attempt("timer", instance_id=instance_id) as attempt:
                handled += _handle(factory, instance_id, now)
            if attempt.failed:
                keep_step_failure(factory, instance_id, attempt.error, now)
            failed += attempt.failed
        after = page[-1]
    return Sweep(handled, failed)


def _due(factory: Factory, now: datetime, after: int) -> list[int]:
    query = (
        select(Timer.instance_id)
        .where(Timer.due_at <= now, Timer.instance_id > after, without_failed_step())
        .distinct()
        .order_by(Timer.instance_id)
        .limit(PAGE)
    )
    with factory() as session:
        return list(session.scalars(query))


def _handle(factory: Factory, instance_id: int, now: datetime) -> bool:
    from engine.runtime.step import fire_due

    with unit_of_work(factory) as session:
        instance = _claim(session, instance_id, now)
        return instance is not None and fire_due(session, instance, now)


def _claim(session: Session, instance_id: int, now: datetime) -> Instance | None:
    """Lock the instance as every step does, but never wait for it. The lock ends with the
    worker's connection: one that is killed leaves the instance to the next.

    Whoever held the lock a moment ago may have fired the timers: `fire_due` looks again.
    """
    query = (
        select(Instance)
        .where(
            Instance.id == instance_id,
            Instance.status == InstanceStatus.RUNNING.value,
            exists().where(Timer.instance_id == instance_id, Timer.due_at <= now),
        )
        .options(undefer(Instance.state))
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    )
    return session.scalar(query)
