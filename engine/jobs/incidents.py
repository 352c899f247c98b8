"""The sweep over failures whose next time has come, and the keeping of steps that failed whole."""

from datetime import datetime

import structlog
from sqlalchemy import ColumnElement, and_, exists, select, tuple_
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.orm import Session

from engine.db import unit_of_work
from engine.errors import Conflict
from engine.jobs.attempt import Attempt
from engine.jobs.deadlines import Factory, Sweep
from engine.models import Instance, InstanceStatus, Timer
from engine.models.running import Incident, IncidentStatus
from engine.people import SYSTEM

PAGE = 200
# Somebody was first, or the database was not there: the next sweep meets the row again.
PASSING = (Conflict, OperationalError, InterfaceError)
log = structlog.get_logger("danbao.jobs")


def sweep_incidents(factory: Factory, now: datetime, limit: int = 5000) -> Sweep:
    """Try again what failed and is due, each in its own transaction. Any number may run at once.

    What fails once more is counted as failed: its row says when it is next. Suspended instances
    wait. At most `limit` rows.
    """
    handled = failed = 0
    after: tuple[datetime, int] | None = None
    while handled + failed < limit and (page := _due(factory, now, after)):
        for row_id, _at in page[: limit - handled - failed]:
            done: bool | None = False
            with Attempt("incident", incident_id=row_id):
                done = _handle(factory, row_id, now)
            handled += done is True
            failed += done is False
        after = (page[-1][1], page[-1][0])
    return Sweep(handled, failed)


def _is_due(now: datetime) -> ColumnElement[bool]:
    return and_(
        Incident.status == IncidentStatus.RETRYING.value,
        Incident.retry_at <= now,
        Instance.status == InstanceStatus.RUNNING.value,
    )


def _due(
    factory: Factory, now: datetime, after: tuple[datetime, int] | None
) -> list[tuple[int, datetime]]:
    query = select(Incident.id, Incident.retry_at).join(Instance).where(_is_due(now))
    if after is not None:
        query = query.where(tuple_(Incident.retry_at, Incident.id) > after)
    with factory() as session:
        rows = session.execute(query.order_by(Incident.retry_at, Incident.id).limit(PAGE))
        return [(row.id, row.retry_at) for row in rows]


def _handle(factory: Factory, row_id: int, now: datetime) -> bool | None:
    """True when it is done, False when it failed again, None when it was somebody else's."""
    from engine.operations.incidents import retry

    with unit_of_work(factory) as session:
        if not _claim(session, row_id, now):
            return None
        return retry(session, row_id, SYSTEM, now).done


def _claim(session: Session, row_id: int, now: datetime) -> bool:
    """Lock the instance as every step does, but never wait for it; then ask once more."""
    instance_of = select(Incident.instance_id).where(Incident.id == row_id).scalar_subquery()
    instance = select(Instance.id).where(Instance.id == instance_of)
    if session.scalar(instance.with_for_update(skip_locked=True)) is None:
        return False
    due = exists().where(Incident.id == row_id, Incident.instance_id == Instance.id, _is_due(now))
    return bool(session.scalar(select(due)))


def keep_step_failure(
    factory: Factory, instance_id: int, error: Exception | None, now: datetime
) -> None:
    """Write down that a step nobody watched failed as a whole; what caused it stays where it is."""
    from engine.runtime.incidents import keep_failure
    from engine.runtime.place import Place

    if error is None or isinstance(error, PASSING):
        return
    with Attempt("incident", instance_id=instance_id), unit_of_work(factory) as session:
        query = select(Instance).where(
            Instance.id == instance_id, Instance.status == InstanceStatus.RUNNING.value
        )
        instance = session.scalar(query.with_for_update())
        if instance is not None:
            keep_failure(session, instance, Place(instance.process_key), error, now)


def without_failed_step() -> ColumnElement[bool]:
    """For sweeps over timers: pass by instances whose step as a whole has to be settled first."""
    failed = exists().where(
        Incident.instance_id == Timer.instance_id,
        Incident.task_id == "",
        Incident.status != IncidentStatus.RESOLVED.value,
    )
    return ~failed
