"""What waiting costs: 100,000 instances with nothing due, 10,000 overdue timers."""

import time
from datetime import timedelta

from sqlalchemy import text as sql

from engine.clock import utc_now
from engine.db import unit_of_work
from engine.jobs.deadlines import sweep_deadlines
from engine.jobs.timers import sweep_timers
from tests.bench.measure import Report, measure
from tests.bench.work import Work

WAITING, OVERDUE = 100_000, 10_000
# the engine takes ids in blocks: no copy may get one that it holds
PAST_BLOCKS = "SELECT setval('instance_id_seq', (SELECT max(id) + 1000 FROM instance))"
COPY_INSTANCES = (
    "INSERT INTO instance (process_key, deployment_id, programme, subject, title, status, version,"
    " state, started_at) SELECT process_key, deployment_id, programme,"
    " 'copy:' || id || ':' || n, title, status, version, state, started_at"
    " FROM instance, generate_series(1, :count) n WHERE instance.id = :id"
)
COPY_PARTIES = (
    "INSERT INTO party_binding (instance_id, party, org_id)"
    " SELECT copy.id, party, org_id FROM party_binding, instance copy"
    " WHERE instance_id = :id AND copy.subject LIKE 'copy:' || :id || ':%'"
)
COPY_TIMERS = (
    "INSERT INTO timer (instance_id, task_id, element_id, due_at)"
    " SELECT copy.id, task_id, element_id, due_at FROM timer, instance copy"
    " WHERE instance_id = :id AND copy.subject LIKE 'copy:' || :id || ':%'"
)


def measure_sweeps(report: Report, work: Work) -> None:
    """Copies of one waiting instance, all with its timer."""
    now = utc_now()
    report.at_least("overdue_timers", _overdue(work), "1/s", 200)
    _copies(work, work.start("wait"), WAITING)
    report.times(
        "idle_timer_sweep_100000", measure(lambda: sweep_timers(work.factory, now), 50), 10.0
    )
    report.times(
        "idle_deadline_sweep", measure(lambda: sweep_deadlines(work.factory, now), 50), 10.0
    )


def _overdue(work: Work) -> float:
    past = utc_now() - timedelta(days=60)
    _copies(work, work.start("wait", now=past), OVERDUE - 1)
    began = time.perf_counter()
    swept = sweep_timers(work.factory, utc_now(), limit=OVERDUE)
    assert (swept.handled, swept.failed) == (OVERDUE, 0)
    return OVERDUE / (time.perf_counter() - began)


def _copies(work: Work, instance_id: int, count: int) -> None:
    with unit_of_work(work.factory) as session:
        session.execute(sql(PAST_BLOCKS))
        session.execute(sql(COPY_INSTANCES), {"count": count, "id": instance_id})
        session.execute(sql(COPY_PARTIES), {"id": instance_id})
        session.execute(sql(COPY_TIMERS), {"id": instance_id})
        session.execute(sql("ANALYZE instance, timer, party_binding"))
