"""The life of a whitelist entry after its release: suspended, removed, expired (P3)."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.audit.trail import record
from engine.clock import local_date
from engine.errors import Conflict, InvalidInput, NotAllowed, NotFound
from engine.events import emit
from engine.models import EntryStatus, OrgKind, WhitelistEntry
from engine.people import SYSTEM, Actor
from engine.text import Text, text

FINAL = (EntryStatus.REMOVED.value, EntryStatus.EXPIRED.value)
_SAYS: dict[EntryStatus, Text] = {
    EntryStatus.ACTIVE: text("恢复白名单资格"),
    EntryStatus.SUSPENDED: text("暂停白名单资格"),
    EntryStatus.REMOVED: text("移出白名单"),
    EntryStatus.EXPIRED: text("白名单资格到期"),
}


def set_status(
    session: Session,
    entry_id: int,
    status: EntryStatus,
    reason: str,
    actor: Actor,
    now: datetime,
) -> WhitelistEntry:
    """Suspend, restore or remove an entry after a later negative hit; by the finance bureau.

    Raises NotAllowed, NotFound, InvalidInput (no reason), Conflict (removed or expired already).
    """
    if not actor.is_system and actor.org_kind != OrgKind.FINANCE.value:
        raise NotAllowed("finance_only", text("白名单由区财政局调整"))
    if not reason.strip():
        raise InvalidInput({"reason": text("写明理由")})
    entry = session.get(WhitelistEntry, entry_id, with_for_update=True, populate_existing=True)
    if entry is None:
        raise NotFound()
    if entry.status in FINAL:
        raise Conflict("entry_final", text("该企业已移出白名单或已到期"))
    _set(session, entry, status, actor, now, reason)
    return entry


def expire_entries(session: Session, now: datetime) -> int:
    """Daily: entries whose last day is over become EXPIRED. Returns how many."""
    query = select(WhitelistEntry).where(
        WhitelistEntry.valid_to < local_date(now), WhitelistEntry.status.not_in(FINAL)
    )
    found = session.scalars(query.order_by(WhitelistEntry.case_id).with_for_update()).all()
    for entry in found:
        _set(session, entry, EntryStatus.EXPIRED, SYSTEM, now, None)
    return len(found)


def _set(
    session: Session,
    entry: WhitelistEntry,
    status: EntryStatus,
    actor: Actor,
    now: datetime,
    reason: str | None,
) -> None:
    before, entry.status = entry.status, status.value
    record(
        session,
        chain=f"case:{entry.case_id}",
        action=f"whitelist.entry_{status.value.lower()}",
        summary=_SAYS[status],
        actor=actor,
        now=now,
        before={"status": before},
        after={"status": entry.status},
        reason=reason,
        clause="C.P3",
    )
    payload = {"entry_id": entry.id, "case_id": entry.case_id, "status": entry.status}
    emit(session, "whitelist_entry_changed", f"case:{entry.case_id}", payload, now)
