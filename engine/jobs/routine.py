"""What the calendar starts: monthly opening, quarter's subsidy, expiries, sealing (spec C, P1-P9).

Each function may run again at any time and does only what is missing, so that a server which was
off at the appointed hour catches up.
"""

from datetime import date, datetime, timedelta
from importlib import import_module
from pathlib import Path

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from engine.audit.checkpoint import seal
from engine.audit.keys import sealing_key
from engine.clock import local_date
from engine.db import unit_of_work
from engine.jobs.agreements import expire_agreements
from engine.jobs.attempt import Attempt
from engine.jobs.deadlines import Factory
from engine.models import SubsidyBatch
from engine.people import SYSTEM

SUBSIDIES = "engine.operations.subsidies"


def open_month(factory: Factory, now: datetime) -> int:
    """⏱ 1st: a referral batch for every referrer of every programme in force. Returns how many."""
    from engine.operations.batches import open_period

    opened = 0
    for programme in _accepting(factory, now):
        with Attempt("referral_opening", programme=programme), unit_of_work(factory) as session:
            opened += len(open_period(session, programme, f"{local_date(now):%Y-%m}", now))
    return opened


def start_subsidies(factory: Factory, now: datetime) -> None:
    """⏱ quarter end: the fee subsidy of the quarter that is over, for every programme (P9).

    Calls `engine.operations.subsidies.start_batch(session, programme, period, actor, now)`.
    """
    period = quarter_before(local_date(now))
    for programme in _accepting(factory, now):
        with Attempt("subsidy_start", programme=programme), unit_of_work(factory) as session:
            if not _is_started(session, programme, period):
                import_module(SUBSIDIES).start_batch(session, programme, period, SYSTEM, now)


def _is_started(session: Session, programme: str, period: str) -> bool:
    batch = exists().where(SubsidyBatch.programme == programme, SubsidyBatch.period == period)
    return bool(session.scalar(select(batch)))


def quarter_before(day: date) -> str:
    """The quarter that ended last before `day`, as 2026Q1."""
    last = day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1) - timedelta(days=1)
    return f"{last.year}Q{(last.month - 1) // 3 + 1}"


def expire_whitelist(factory: Factory, now: datetime) -> int:
    """Daily: whitelist entries whose last day is over (P3)."""
    from engine.operations.entries import expire_entries

    with unit_of_work(factory) as session:
        return expire_entries(session, now)


def expire_agreements_daily(factory: Factory, now: datetime) -> int:
    """Daily: agreements whose first day has come begin, those that ended are closed (P5)."""
    from engine.operations.agreement_life import begin_agreements

    with unit_of_work(factory) as session:
        begin_agreements(session, now)
        return expire_agreements(session, now)


def seal_trail(factory: Factory, now: datetime, var: Path) -> int | None:
    """Hourly: seal the new rows of the audit trail; the last sealed id, None without new rows."""
    key = sealing_key(var)
    with unit_of_work(factory) as session:
        made = seal(session, now, key)
        return made.last_id if made else None


def _accepting(factory: Factory, now: datetime) -> list[str]:
    from engine.runtime.in_force import programmes

    today = local_date(now)
    with factory() as session:
        found = programmes(session)
        return sorted(code for code, one in found.items() if one.accepts_new_on(today))
