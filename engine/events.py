"""Domain events: rows written in a step's transaction, read by the notifications package."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from engine.models import DomainEvent


def emit(
    session: Session, kind: str, subject: str, payload: Mapping[str, Any], now: datetime
) -> DomainEvent:
    """Add an event; it exists exactly when its transaction commits."""
    event = DomainEvent(kind=kind, subject=subject, payload=dict(payload), at=now)
    session.add(event)
    return event
