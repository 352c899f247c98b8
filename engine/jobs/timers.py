"""The sweep over due BPMN timers: each instance is taken on in a transaction of its own."""

from datetime import datetime

from sqlalchemy import select

from engine.db import unit_of_work
from engine.jobs.attempt import Attempt
from engine.jobs.deadlines import Factory, Sweep
from engine.jobs.incidents import keep_step_failure, without_failed_step
from engine.models import Timer

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
    """The lock ends with the worker's connection: one that is killed leaves the instance to the
    next."""
    from engine.runtime.facts import lock_due
    from engine.runtime.step import fire_due

    with unit_of_work(factory) as session:
        locked = lock_due(session, instance_id, now)
        return locked is not None and fire_due(session, locked, now)
