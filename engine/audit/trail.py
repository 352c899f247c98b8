"""Writing to the audit trail: one row a call, each chained to the one before it (design, Audit)."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import event, func, select
from sqlalchemy.orm import Session, SessionTransaction

from engine.audit.encoding import ALGORITHM_KEY, FIRST, configured_algorithm, native, row_hash
from engine.models import AuditEvent
from engine.people import Actor
from engine.text import Text
from engine.writes import add_row

_HEADS = "audit_heads"


def record(
    session: Session,
    *,
    chain: str,
    action: str,
    summary: Text,
    actor: Actor,
    now: datetime,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    reason: str | None = None,
    clause: str | None = None,
    versions: Mapping[str, Any] | None = None,
) -> None:
    """Add a row to a chain ("case:17", "batch:3", "system"), written with the step (engine/writes).

    The chain stays locked until the transaction ends; who records in several chains takes them
    in one order (by id), else two transactions may stop each other.
    """
    seq, prev_hash = _head(session, chain)
    row = {
        "chain": chain,
        "seq": seq + 1,
        "at": now.astimezone(UTC),
        "actor_id": actor.person_id,
        "org_id": actor.org_id,
        "acting_for": None,
        "action": action,
        "summary": {"template": summary.template, "params": native(summary.params)},
        "before": native(before),
        "after": native(after),
        "reason": native(reason),
        "clause": native(clause),
        "versions": _versions(versions),
        "request_id": actor.request_id,
    }
    hashed = row_hash(row, prev_hash)
    add_row(session, AuditEvent, {**row, "prev_hash": prev_hash, "hash": hashed})
    session.info[_HEADS][chain] = (seq + 1, hashed)


def hold(session: Session, chain: str, head: list[Any] | None) -> None:
    """Take note of a chain that the caller has locked: its last row's number and hexadecimal hash,
    None for a chain that has none."""
    known = (head[0], bytes.fromhex(head[1])) if head else (0, FIRST)
    session.info.setdefault(_HEADS, {})[chain] = known


def _versions(versions: Mapping[str, Any] | None) -> dict[str, Any]:
    algorithm = configured_algorithm()
    kept: dict[str, Any] = native(versions or {})
    return kept if algorithm == "sha256" else {**kept, ALGORITHM_KEY: algorithm}


def _head(session: Session, chain: str) -> tuple[int, bytes]:
    """The last row's number and hash, the chain locked for this transaction."""
    heads: dict[str, tuple[int, bytes]] = session.info.setdefault(_HEADS, {})
    if chain not in heads:
        with session.no_autoflush:
            # A statement of its own: the next one must see what was committed while this waited.
            session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(chain, 0))))
            heads[chain] = _last(session, chain)
    return heads[chain]


def _last(session: Session, chain: str) -> tuple[int, bytes]:
    query = select(AuditEvent.seq, AuditEvent.hash).where(AuditEvent.chain == chain)
    found = session.execute(query.order_by(AuditEvent.seq.desc()).limit(1)).first()
    return (found.seq, found.hash) if found else (0, FIRST)


@event.listens_for(Session, "after_transaction_end")
def _forget_heads(session: Session, transaction: SessionTransaction) -> None:
    if transaction.parent is None:
        session.info.pop(_HEADS, None)


@event.listens_for(Session, "after_soft_rollback")
def _forget_undone(session: Session, _transaction: SessionTransaction) -> None:
    # Also of a savepoint: its rows and its locks are gone. What a savepoint kept, stays locked.
    session.info.pop(_HEADS, None)
