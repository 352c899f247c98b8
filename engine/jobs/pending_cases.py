"""The sweep that starts the cases of long lists, each in a transaction of its own (P1)."""

from datetime import datetime

from engine.db import unit_of_work
from engine.jobs.attempt import Attempt
from engine.jobs.deadlines import Factory, Sweep


def sweep_pending_cases(factory: Factory, now: datetime, limit: int = 5000) -> Sweep:
    """Start the process of every open case that has none. At most `limit` cases.

    A case that cannot be started is left for the next sweep and does not hold up the others.
    """
    from engine.operations.case_start import pending_cases, start_pending

    handled = failed = 0
    with factory() as session:
        waiting = pending_cases(session, limit)
    for case_id in waiting:
        with Attempt("case_start", case_id=case_id) as attempt, unit_of_work(factory) as session:
            handled += start_pending(session, case_id, now)
        failed += attempt.failed
    return Sweep(handled, failed)
