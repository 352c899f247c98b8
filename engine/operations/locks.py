"""Locks that are not a row's: for "there is one of these" before the one exists."""

from sqlalchemy import func, select
from sqlalchemy.orm import Session


def take(session: Session, key: str) -> None:
    """Hold the lock named `key` until the transaction ends; waits for whoever holds it.

    A statement of its own, so that the next one sees what was committed while this one waited.
    """
    session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(key, 0))))
