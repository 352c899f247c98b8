"""Sealing: new rows of the trail under one signed Merkle root (design, Audit)."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import orjson
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from engine.audit.encoding import configured_algorithm
from engine.audit.keys import key_id
from engine.audit.merkle import Tree
from engine.models import AuditCheckpoint, AuditEvent

# One sealer at a time; any number that nobody else takes.
SEAL_LOCK = 7_342_118_001
BATCH = 5_000


def seal(session: Session, now: datetime, key: Ed25519PrivateKey) -> AuditCheckpoint | None:
    """Seal every committed row that no checkpoint covers yet; None when there is none.

    Raises sqlalchemy.exc.OperationalError when writers held the table for five seconds.
    """
    session.execute(select(func.pg_advisory_xact_lock(SEAL_LOCK)))
    last = session.scalar(select(func.max(AuditCheckpoint.last_id))) or 0
    limit = _settled(session)
    if limit <= last:
        return None
    tree = Tree(configured_algorithm())
    for data in leaves(session, last + 1, limit):
        tree.add(data)
    added = AuditCheckpoint(
        first_id=last + 1,
        last_id=limit,
        root=tree.root(),
        algorithm=tree.algorithm,
        key_id=key_id(key.public_key()),
        at=now.astimezone(UTC),
        signature=b"",
    )
    added.signature = key.sign(message(added))
    session.add(added)
    session.flush()
    return added


def _settled(session: Session) -> int:
    """The highest id below which no row can appear any more.

    Ids are given before commit: a lower one may still be on its way. The lock waits for those;
    the savepoint gives it back at once.
    """
    with session.begin_nested() as savepoint:
        session.execute(text("SET LOCAL lock_timeout = '5s'"))
        session.execute(text("LOCK TABLE audit_event IN SHARE MODE"))
        found = session.scalar(select(func.max(AuditEvent.id))) or 0
        savepoint.rollback()
    return found


def leaves(session: Session, first: int, last: int) -> Iterator[bytes]:
    """The stored hashes of the rows first..last in their order, read as a stream."""
    query = (
        select(AuditEvent.hash).where(AuditEvent.id.between(first, last)).order_by(AuditEvent.id)
    )
    yield from session.scalars(query.execution_options(yield_per=BATCH))


def message(checkpoint: AuditCheckpoint) -> bytes:
    """What is signed: the checkpoint's columns as canonical JSON."""
    return signed_bytes(as_dict(checkpoint))


def as_dict(checkpoint: AuditCheckpoint) -> dict[str, Any]:
    """A checkpoint in plain JSON values, binary in hexadecimal."""
    return {
        "first_id": checkpoint.first_id,
        "last_id": checkpoint.last_id,
        "root": checkpoint.root.hex(),
        "algorithm": checkpoint.algorithm,
        "key_id": checkpoint.key_id,
        "at": checkpoint.at.astimezone(UTC).isoformat(timespec="microseconds"),
        "signature": checkpoint.signature.hex(),
    }


def signed_bytes(plain: dict[str, Any]) -> bytes:
    """The signed message of a checkpoint given as by `as_dict`."""
    signed = {name: value for name, value in plain.items() if name != "signature"}
    return b"danbao-checkpoint-1\n" + orjson.dumps(signed, option=orjson.OPT_SORT_KEYS)
