"""When things run: APScheduler in every process, each job in one process at a time.

Nothing here is long: sweeps claim rows with SKIP LOCKED and may run on any number of machines, so
that there is no queue of jobs (the design names procrastinate for that) until a job needs one.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

import structlog
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger
from sqlalchemy import func, select
from sqlalchemy.orm import Session, sessionmaker

from engine.clock import SHANGHAI, utc_now
from engine.config import Settings
from engine.jobs import routine
from engine.jobs.attempt import Attempt
from engine.jobs.deadlines import sweep_deadlines
from engine.jobs.incidents import sweep_incidents
from engine.jobs.migrations import sweep_migrations
from engine.jobs.pending_cases import sweep_pending_cases
from engine.jobs.provisional import recompute_provisional
from engine.jobs.timers import sweep_timers

log = structlog.get_logger("danbao.jobs")
Factory = sessionmaker[Session]
Clock = Callable[[], datetime]
# APScheduler has no annotations: it is Any to the type checker, here once and for all.
Scheduler = Any
_Interval: Any = IntervalTrigger
_Cron: Any = CronTrigger
_Background: Any = BackgroundScheduler


@dataclass(frozen=True)
class Job:
    """A name, when, and what: `run(factory, now)`, whose result is logged."""

    name: str
    trigger: Any
    run: Callable[[Factory, datetime], object]


def every(seconds: int) -> Any:
    """A trigger at a steady interval."""
    return _Interval(seconds=seconds, timezone=SHANGHAI)


def at(**when: object) -> Any:
    """A trigger by the Shanghai calendar (APScheduler's cron fields)."""
    return _Cron(timezone=SHANGHAI, **when)


def jobs(settings: Settings) -> list[Job]:
    """The engine's own jobs."""
    return [
        Job("deadlines", every(30), sweep_deadlines),
        Job("timers", every(30), sweep_timers),
        Job("incidents", every(15), sweep_incidents),
        Job("pending_cases", every(5), sweep_pending_cases),
        Job("migrations", every(5), sweep_migrations),
        # The 1st opens the month and starts the quarter's subsidy; the days after it catch up.
        Job("referral_opening", at(day="1-20", hour=0, minute=5), routine.open_month),
        Job(
            "subsidy_start",
            at(month="1,4,7,10", day="1-10", hour=1, minute=0),
            routine.start_subsidies,
        ),
        Job("agreement_expiry", at(hour=0, minute=20), routine.expire_agreements_daily),
        Job("whitelist_expiry", at(hour=0, minute=25), routine.expire_whitelist),
        Job("provisional_deadlines", at(hour=0, minute=35), recompute_provisional),
        Job("audit_seal", at(minute=7), partial(routine.seal_trail, var=settings.var)),
    ]


def build(factory: Factory, settings: Settings, clock: Clock = utc_now) -> Scheduler:
    """A scheduler with the engine's jobs, not started. Others are added with `add`."""
    # One thread more than the long jobs need: a slow mail server must not stop the deadlines.
    scheduler = _Background(
        timezone=SHANGHAI,
        job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": 3600},
    )
    for job in jobs(settings):
        add(scheduler, factory, job, clock)
    return scheduler


def add(scheduler: Scheduler, factory: Factory, job: Job, clock: Clock = utc_now) -> None:
    """Let a scheduler run a job; one that exists by this name is replaced."""
    scheduler.add_job(
        partial(run, factory, job, clock), job.trigger, id=job.name, replace_existing=True
    )


def run(factory: Factory, job: Job, clock: Clock = utc_now) -> bool:
    """Run a job now, unless another process is at it. False when it did not run or failed."""
    with Attempt("job", job=job.name) as attempt, exclusive(factory, job.name) as mine:
        if mine:
            result = job.run(factory, clock())
            log.debug("job_done", action="job", job=job.name, result=str(result))
            return True
    if attempt.failed:
        return False
    log.debug("job_elsewhere", action="job", job=job.name)
    return False


@contextmanager
def exclusive(factory: Factory, name: str) -> Iterator[bool]:
    """True for one process at a time; the lock goes with its connection if the process dies.

    The connection is its own and outside any transaction, so that the lock spans all of the
    job's units of work. Needs a direct connection or session pooling, no transaction pooling.
    """
    key = func.hashtextextended(f"danbao.job.{name}", 0)
    engine = factory.kw["bind"]
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        mine = bool(connection.scalar(select(func.pg_try_advisory_lock(key))))
        try:
            yield mine
        finally:
            if mine:
                connection.scalar(select(func.pg_advisory_unlock(key)))
