"""Timers fired as the sweep fires them, inside a test's own transaction."""

from datetime import datetime

from sqlalchemy.orm import Session

from engine.runtime.facts import lock_due
from engine.runtime.step import fire_due


def fire_timers(session: Session, instance_id: int, now: datetime) -> bool:
    """Fire what is due at `now`; False when nothing was."""
    locked = lock_due(session, instance_id, now)
    return locked is not None and fire_due(session, locked, now)
