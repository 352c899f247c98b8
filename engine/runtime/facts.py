"""What a step needs to know of its instance beside the workflow, read in one statement."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import literal_column, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session

from engine.audit import trail
from engine.exchange import exchange
from engine.models import Clock, Instance, WorkItem
from engine.models.base import Base
from engine.writes import adopt, write


@dataclass
class Facts:
    """The rows of a running instance, as the tables have them."""

    clocks: dict[str, Clock] = field(default_factory=dict)
    parties: dict[str, int] = field(default_factory=dict)
    open_items: dict[str, int] = field(default_factory=dict)  # task id → work item id
    timers: dict[str, datetime] = field(default_factory=dict)  # task id → due
    subscriptions: dict[str, list[str]] = field(default_factory=dict)  # task id → kind, name, key
    stuck: bool = False  # a step as a whole has failed, and that is not settled
    programmes: int | None = None  # their newest definition, as a mark of all; None: not asked


@dataclass(frozen=True)
class Locked:
    """An instance that is locked, with everything its step needs."""

    instance: Instance
    facts: Facts
    state: bytes


@dataclass(frozen=True)
class LockedItem(Locked):
    """The same, by one of its work items."""

    item: WorkItem


_LOCK = (
    "WITH locked AS MATERIALIZED (SELECT instance.subject"
    " FROM instance JOIN work_item ON work_item.instance_id = instance.id"
    " WHERE work_item.id = %s AND work_item.org_id = %s FOR UPDATE OF instance)"
    " SELECT pg_advisory_xact_lock(hashtextextended(subject, 0)) FROM locked"
)
_LOCK_DUE = (
    "SELECT id FROM instance WHERE id = %s AND status = 'RUNNING'"
    " AND EXISTS (SELECT 1 FROM timer WHERE instance_id = %s AND due_at <= %s)"
    " FOR UPDATE SKIP LOCKED"
)
_ROWS = (
    "jsonb_build_object("
    "'parties', (SELECT jsonb_object_agg(party, org_id) FROM party_binding"
    " WHERE instance_id = instance.id),"
    "'open_items', (SELECT jsonb_object_agg(task_id, id) FROM work_item"
    " WHERE instance_id = instance.id AND status = 'OPEN'),"
    "'timers', (SELECT jsonb_object_agg(task_id, due_at) FROM timer"
    " WHERE instance_id = instance.id),"
    "'subscriptions', (SELECT jsonb_object_agg(task_id,"
    " jsonb_build_array(kind, message, correlation)) FROM subscription"
    " WHERE instance_id = instance.id),"
    "'stuck', EXISTS (SELECT 1 FROM incident WHERE instance_id = instance.id"
    " AND task_id = '' AND status <> 'RESOLVED'),"
    "'programmes', (SELECT max(id) FROM definition WHERE kind = 'PROGRAMME'))"
)
_HEAD = (
    "(SELECT jsonb_build_array(seq, encode(hash, 'hex')) FROM audit_event"
    " WHERE chain = instance.subject ORDER BY seq DESC LIMIT 1)"
)


def _names(model: type[Base], *but: str) -> list[str]:
    return [column.name for column in model.__table__.columns if column.name not in but]


def _columns(model: type[Base], names: list[str]) -> str:
    return ", ".join(f'{model.__tablename__}."{name}"' for name in names)


_ITEM, _CLOCK = _names(WorkItem), _names(Clock)
_INSTANCE = _names(Instance, "state", "undo_state")
_COMMON = f"{_ROWS}, instance.state, {_columns(Clock, _CLOCK)}, {_columns(Instance, _INSTANCE)}"
_CLOCKS = "LEFT JOIN clock ON clock.instance_id = instance.id"
_READ = f"SELECT {_COMMON} FROM instance {_CLOCKS} WHERE instance.id = %s"  # noqa: S608 (own names)
_READ_ITEM = (
    f"SELECT {_COMMON}, {_HEAD}, {_columns(WorkItem, _ITEM)}"  # noqa: S608 (own names)
    " FROM work_item JOIN instance ON instance.id = work_item.instance_id"
    f" {_CLOCKS} WHERE work_item.id = %s"
)


def lock_item(session: Session, item_id: int, org_id: int | None) -> LockedItem | None:
    """Lock the instance of a work item of this organisation, and its audit chain. None when there
    is no such item."""
    found = _lock_and_read(session, _LOCK, (item_id, org_id), _READ_ITEM, item_id)
    if not found:
        return None
    locked, (head, *columns) = _locked(session, found)
    trail.hold(session, locked.instance.subject, head)
    item = adopt(session, WorkItem, dict(zip(_ITEM, columns, strict=True)))
    return LockedItem(locked.instance, locked.facts, locked.state, item)


def lock_due(session: Session, instance_id: int, now: datetime) -> Locked | None:
    """Lock a running instance with a due timer, but wait for nobody. None when there is none to
    be had. Whoever held the lock a moment ago may have fired the timers: look at the facts."""
    given = (instance_id, instance_id, now)
    found = _lock_and_read(session, _LOCK_DUE, given, _READ, instance_id)
    return _locked(session, found)[0] if found else None


def _lock_and_read(
    session: Session, lock: str, given: tuple[Any, ...], read: str, key: int
) -> list[Any]:
    """Two statements in one round trip: what is read must be seen as it is after the lock was
    waited for, which a statement that began before would not."""
    session.flush()  # as any query of the session would
    write(session)
    locked, found = exchange(session.connection(), [(lock, given), (read, (key,))])
    return found if locked else []


def _locked(session: Session, found: list[Any]) -> tuple[Locked, list[Any]]:
    """The instance, and the columns of the first row that are not its own."""
    rows, state, *columns = found[0]
    clocks = [dict(zip(_CLOCK, row[2:], strict=False)) for row in found]
    facts = _facts(rows, [adopt(session, Clock, one) for one in clocks if one["id"] is not None])
    first, end = len(_CLOCK), len(_CLOCK) + len(_INSTANCE)
    values = dict(zip(_INSTANCE, columns[first:end], strict=True))
    return Locked(adopt(session, Instance, values), facts, state), columns[end:]


def read_facts(session: Session, instance_id: int) -> Facts:
    """The facts of an instance that the caller has locked."""
    query = (
        select(literal_column(_ROWS, JSONB), Clock)
        .select_from(Instance)
        .outerjoin(Clock, Clock.instance_id == Instance.id)
        .where(Instance.id == instance_id)
        .execution_options(populate_existing=True)
    )
    found = session.execute(query).all()
    return _facts(found[0][0], [row.Clock for row in found if row.Clock is not None])


def _facts(rows: dict[str, Any], clocks: list[Clock]) -> Facts:
    known = {key: value for key, value in rows.items() if value is not None}
    known["timers"] = {
        key: datetime.fromisoformat(value) for key, value in known.get("timers", {}).items()
    }
    return Facts({clock.name: clock for clock in clocks}, **known)
