"""Long lists are checked beside the request that brings them, so that a page can show how far."""

import threading
from concurrent.futures import Future, ThreadPoolExecutor, wait
from datetime import datetime
from functools import partial

import structlog
from sqlalchemy.orm import Session, sessionmaker

from engine.db import unit_of_work
from engine.errors import DanbaoError
from engine.operations.lists import check_list, note_progress
from engine.people import Actor

WORKERS = 2  # checking is work for the processor; more threads would only slow the pages down
log = structlog.get_logger()


class ListChecks:
    """The checks that run in this process. What they find is in the database, not here."""

    def __init__(self, factory: sessionmaker[Session]) -> None:
        self._factory = factory
        self._pool = ThreadPoolExecutor(WORKERS, thread_name_prefix="list-check")
        self._running: dict[int, Future[None]] = {}
        self._lock = threading.Lock()

    def start(self, upload_id: int, actor: Actor, now: datetime) -> None:
        """Check a received upload, unless that is under way already."""
        with self._lock:
            if upload_id in self._running:
                return
            future = self._pool.submit(self._check, upload_id, actor, now)
            self._running[upload_id] = future
        future.add_done_callback(partial(self._ended, upload_id))

    def running(self, upload_id: int) -> bool:
        """Whether this process is checking the upload."""
        with self._lock:
            return upload_id in self._running

    def wait(self, upload_id: int, seconds: float) -> None:
        """Wait for a check that is short anyway; a longer one goes on by itself."""
        with self._lock:
            future = self._running.get(upload_id)
        if future is not None:
            wait([future], timeout=seconds)

    def _check(self, upload_id: int, actor: Actor, now: datetime) -> None:
        with unit_of_work(self._factory) as session:
            check_list(session, upload_id, actor, now, partial(self._note, upload_id))

    def _note(self, upload_id: int, done: int, total: int) -> None:
        # of its own, so that the page sees it before the check itself is committed
        with unit_of_work(self._factory) as session:
            note_progress(session, upload_id, done, total)

    def _ended(self, upload_id: int, future: Future[None]) -> None:
        with self._lock:
            self._running.pop(upload_id, None)
        error = future.exception()
        if isinstance(error, DanbaoError):
            log.info("list.check_refused", action="list.check", upload=upload_id, code=error.code)
        elif error is not None:
            log.error("list.check_failed", action="list.check", upload=upload_id, exc_info=error)
