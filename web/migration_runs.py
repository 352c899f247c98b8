"""Migrations are begun at once beside the request; the sweep goes on with what was cut off."""

from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime

import structlog
from sqlalchemy.orm import Session, sessionmaker

from engine.jobs.attempt import Attempt
from engine.jobs.migrations import work_off

log = structlog.get_logger()


class MigrationRuns:
    """The batches that this process works off. How far they are is in the database."""

    def __init__(self, factory: sessionmaker[Session]) -> None:
        self._factory = factory
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="migration")

    def start(self, batch_id: int, now: datetime) -> Future[None]:
        """Begin with a batch that was committed."""
        return self._pool.submit(self._run, batch_id, now)

    def _run(self, batch_id: int, now: datetime) -> None:
        with Attempt("migration_batch", batch_id=batch_id):
            work_off(self._factory, batch_id, now)
