"""The whole trail as lines of JSON, to be kept elsewhere: what is outside cannot be unmade here."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.audit.checkpoint import BATCH, as_dict
from engine.audit.keys import PublicKeys
from engine.audit.receipt import plain_event
from engine.audit.verify import READ
from engine.models import AuditCheckpoint, AuditEvent


def lines(session: Session, keys: PublicKeys) -> Iterator[dict[str, Any]]:
    """First the public keys, then every event in order of id, then every checkpoint."""
    for name, public in keys.items():
        yield {"type": "key", "key_id": name, "public_key": public.public_bytes_raw().hex()}
    columns = [getattr(AuditEvent, name) for name in READ]
    query = select(*columns).order_by(AuditEvent.id).execution_options(yield_per=BATCH)
    for row in session.execute(query):
        yield {"type": "event", **plain_event(row)}
    for found in session.scalars(select(AuditCheckpoint).order_by(AuditCheckpoint.last_id)):
        yield {"type": "checkpoint", **as_dict(found)}
