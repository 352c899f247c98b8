"""What a step needs to know of its instance beside the workflow, read in one statement."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import case, false, literal_column, null, select
from sqlalchemy import text as sql
from sqlalchemy.orm import Session
from sqlalchemy.sql.elements import ColumnElement

from engine.audit import trail
from engine.models import Clock, Instance, WorkItem
from engine.runtime import live


@dataclass
class Facts:
    """The rows of a running instance. `open_items`: task id → work item id; `waits`: the keys of
    its timers and subscriptions as the tables have them."""

    clocks: dict[str, Clock] = field(default_factory=dict)
    parties: dict[str, int] = field(default_factory=dict)
    open_items: dict[str, int] = field(default_factory=dict)
    timers: dict[str, datetime] = field(default_factory=dict)  # task id → due
    subscriptions: dict[str, list[str]] = field(default_factory=dict)  # task id → kind, name, key
    opened: dict[int, WorkItem] = field(default_factory=dict)  # in this step, by id
    programmes: int = 0  # the newest definition of a programme, as a mark of their versions


@dataclass(frozen=True)
class Locked:
    """A work item whose instance is locked, with everything its step needs. `state` is None when
    the workflow of that version is in memory."""

    item: WorkItem
    instance: Instance
    facts: Facts
    state: bytes | None


_LOCK = sql(
    "WITH locked AS MATERIALIZED (SELECT instance.id, instance.version, instance.subject"
    " FROM instance JOIN work_item ON work_item.instance_id = instance.id"
    " WHERE work_item.id = :item AND work_item.org_id = :org FOR UPDATE OF instance)"
    " SELECT id, version, pg_advisory_xact_lock(hashtextextended(subject, 0)) FROM locked"
)
_ROWS: ColumnElement[Any] = literal_column(
    "(SELECT jsonb_build_object("
    "'parties', (SELECT jsonb_object_agg(party, org_id) FROM party_binding"
    " WHERE instance_id = instance.id),"
    "'open_items', (SELECT jsonb_object_agg(task_id, id) FROM work_item"
    " WHERE instance_id = instance.id AND status = 'OPEN'),"
    "'timers', (SELECT jsonb_object_agg(task_id, due_at) FROM timer"
    " WHERE instance_id = instance.id),"
    "'subscriptions', (SELECT jsonb_object_agg(task_id,"
    " jsonb_build_array(kind, message, correlation)) FROM subscription"
    " WHERE instance_id = instance.id),"
    "'programmes', (SELECT max(id) FROM definition WHERE kind = 'PROGRAMME')))"
).label("rows")
_HEAD: ColumnElement[Any] = literal_column(
    "(SELECT jsonb_build_array(seq, encode(hash, 'hex')) FROM audit_event"
    " WHERE chain = instance.subject ORDER BY seq DESC LIMIT 1)"
).label("head")


def lock_item(session: Session, item_id: int, org_id: int | None) -> Locked | None:
    """Lock the instance of a work item of this organisation, and its audit chain. None when there
    is no such item.

    Two statements: what is read after the lock was waited for must be seen as it is then.
    """
    locked = session.execute(_LOCK, {"item": item_id, "org": org_id}).one_or_none()
    if locked is None:
        return None
    known = live.known_version(session, locked.id)
    unread = Instance.version == known if known is not None else false()
    state = case((unread, null()), else_=Instance.state)
    query = (
        select(WorkItem, Instance, Clock, _ROWS, _HEAD, state.label("state"))
        .join(Instance, Instance.id == WorkItem.instance_id)
        .outerjoin(Clock, Clock.instance_id == Instance.id)
        .where(WorkItem.id == item_id)
        .execution_options(populate_existing=True)
    )
    found = session.execute(query).all()
    first = found[0]
    trail.hold(session, first.Instance.subject, first.head)
    return Locked(first.WorkItem, first.Instance, _facts(found), first.state)


def read_facts(session: Session, instance_id: int) -> Facts:
    """The facts of an instance that the caller has locked."""
    query = (
        select(Instance.id, Clock, _ROWS)
        .outerjoin(Clock, Clock.instance_id == Instance.id)
        .where(Instance.id == instance_id)
        .execution_options(populate_existing=True)
    )
    return _facts(session.execute(query).all())


def _facts(found: Any) -> Facts:
    rows = {key: value for key, value in found[0].rows.items() if value is not None}
    rows["timers"] = {
        key: datetime.fromisoformat(value) for key, value in rows.get("timers", {}).items()
    }
    clocks = {row.Clock.name: row.Clock for row in found if row.Clock is not None}
    return Facts(clocks, **rows)
