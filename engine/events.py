"""Domain events: rows written in a step's transaction, read by the notifications package."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from engine.models import DomainEvent
from engine.writes import add_row


def emit(
    session: Session, kind: str, subject: str, payload: Mapping[str, Any], now: datetime
) -> None:
    """Add an event; it exists exactly when its transaction commits."""
    row = {"kind": kind, "subject": subject, "payload": dict(payload), "at": now}
    add_row(session, DomainEvent, row)
