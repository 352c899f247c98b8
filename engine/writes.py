"""Rows that a step adds and amends, written together in one round trip.

A step writes to about ten tables. One by one that is ten round trips and ten passes through the
ORM; here they wait, and are sent in one exchange before the next statement that could read them,
before a savepoint, or with the commit. So nobody can see the difference, except by the clock.
"""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

import orjson
from sqlalchemy import JSON, Connection, Engine, event, inspect
from sqlalchemy import text as sql
from sqlalchemy.orm import (
    ORMExecuteState,
    Session,
    SessionTransaction,
    UOWTransaction,
)
from sqlalchemy.orm.attributes import instance_state, set_committed_value

from engine.exchange import Statement, exchange, has_failed
from engine.exchange import commit as commit_with
from engine.models.base import Base

Row = TypeVar("Row", bound=Base)

_KEY = "writes"
_AMENDED = "amended"
_MARKS = "savepoints"
_BLOCK = 50  # ids taken from a sequence at a time
_ROWS = 50  # of one kind in a statement: PostgreSQL takes 65,535 parameters at most
_Sender = Callable[[Connection, list[Statement]], object]


def add_row(session: Session, model: type[Base], values: Mapping[str, Any]) -> None:
    """Insert a row at the end of the step. Columns left out take the model's default."""
    shape = _insert(model, tuple(values))
    waiting = session.info.setdefault(_KEY, [])
    parameters = shape.parameters(values)
    if waiting and waiting[-1].takes(shape):
        waiting[-1].parameters.extend(parameters)
        waiting[-1].rows += 1
    else:
        waiting.append(_Waiting(shape.statement, parameters, shape.row))


def add_object(session: Session, model: type[Row], values: Mapping[str, Any]) -> Row:
    """The same, and the row as an object of the session. `values` must have the primary key."""
    add_row(session, model, values)
    return adopt(session, model, values)


def adopt(session: Session, model: type[Row], values: Mapping[str, Any]) -> Row:
    """The object of a row that is known to be as `values` say, all its columns or some of them.

    What the ORM does for a row it has read (sqlalchemy.orm.loading), without asking how each
    column is read, and without looking for what else to add along its relationships.
    """
    mapper = model.__mapper__
    key = mapper.identity_key_from_primary_key(
        tuple(values[column.name] for column in mapper.primary_key)
    )
    found: Row | None = session.identity_map.get(key)
    if found is not None:
        for name, value in values.items():
            set_committed_value(found, name, value)
        return found
    made: Row = mapper.class_manager.new_instance()
    made.__dict__.update(values)
    state = instance_state(made)
    state.key, state.session_id = key, session.hash_key
    session.identity_map.add(state)
    left_out = _left_out(model, tuple(values))
    if left_out:
        session.expire(made, left_out)  # to be read when asked for
    return made


@lru_cache(maxsize=512)
def _left_out(model: type[Base], names: tuple[str, ...]) -> list[str]:
    columns = model.__mapper__.column_attrs
    return [one.key for one in columns if one.key not in names and not one.deferred]


def amend(session: Session, row: Base, **changes: Any) -> None:
    """Set attributes of a loaded row now, and in the table at the end of the step."""
    shape = _update(type(row), tuple(changes))
    keys = inspect(row).identity
    assert keys is not None  # noqa: S101 (the caller loaded it)
    later(session, shape.statement, *shape.parameters(changes), *keys)
    session.info.setdefault(_AMENDED, []).append(row)
    for name, value in changes.items():
        set_committed_value(row, name, value)


def later(session: Session, statement: str, *parameters: Any) -> None:
    """Execute a statement (psycopg's %s) at the end of the step."""
    session.info.setdefault(_KEY, []).append(_Waiting(statement, list(parameters)))


@dataclass
class _Waiting:
    """A statement that waits; an insertion may be given more rows."""

    statement: str
    parameters: list[Any]
    more: str = ""
    rows: int = 1

    def takes(self, shape: "_Shape") -> bool:
        """Whether a row of this shape can go along in the same statement."""
        return self.statement == shape.statement and self.rows < _ROWS

    @property
    def text(self) -> str:
        return self.statement + self.more * (self.rows - 1)


def next_id(session: Session, model: type[Base]) -> int:
    """A number for a new row's primary key. Taken in blocks: gaps are nothing to worry about."""
    engine = session.get_bind().engine
    with _ids_lock:
        blocks = _ids.setdefault(engine, {})
        if not blocks.get(model.__tablename__):
            blocks[model.__tablename__] = _take_block(session, model.__tablename__)
        return blocks[model.__tablename__].pop()


_ids: WeakKeyDictionary[Engine, dict[str, list[int]]] = WeakKeyDictionary()
_ids_lock = threading.Lock()


def _take_block(session: Session, table: str) -> list[int]:
    query = sql(
        "SELECT nextval(pg_get_serial_sequence(:name, 'id')) FROM generate_series(1, :count)"
    )
    rows = session.connection().execute(query, {"name": table, "count": _BLOCK})
    return [row[0] for row in rows][::-1]


def write(session: Session) -> None:
    """Send what waits. Raises DBAPIError as any statement would."""
    if session.info.get(_KEY):
        _send(session, session.connection())


def commit(session: Session) -> None:
    """Send what waits and commit, in one exchange, so that the session's own commit has nothing
    left to ask the server for. Raises DBAPIError, also where a statement had failed and nobody
    minded: the server would answer such a commit with a rollback."""
    session.flush()
    waiting = session.info.get(_KEY)
    if waiting or (session.in_transaction() and has_failed(session.connection())):
        _send(session, session.connection(), commit_with)


def _send(session: Session, connection: Connection, send: _Sender = exchange) -> None:
    send(connection, [(one.text, one.parameters) for one in session.info.pop(_KEY, ())])


@dataclass(frozen=True)
class _Shape:
    """A statement and how its parameters are made of values; for an insertion, what each further
    row adds to it."""

    statement: str
    row: str
    names: tuple[str, ...]
    json: tuple[bool, ...]
    defaults: tuple[Any, ...]

    def parameters(self, values: Mapping[str, Any]) -> list[Any]:
        found = [
            _json(values[name]) if is_json else values[name]
            for name, is_json in zip(self.names, self.json, strict=True)
        ]
        return [*found, *self.defaults]


def _json(value: Any) -> str | None:
    return None if value is None else orjson.dumps(value, default=str).decode()


@lru_cache(maxsize=512)
def _insert(model: type[Base], names: tuple[str, ...]) -> _Shape:
    table = model.__table__
    defaults = {
        column.name: column.default.arg
        for column in table.columns
        if column.name not in names and column.default is not None and column.default.is_scalar
    }
    columns = ", ".join(f'"{name}"' for name in [*names, *defaults])
    marks = ", ".join([*(_mark(model, name) for name in names), *["%s"] * len(defaults)])
    begun = f"INSERT INTO {model.__tablename__} ({columns}) VALUES"
    return _shape(model, f"{begun} ({marks})", f", ({marks})", names, tuple(defaults.values()))


@lru_cache(maxsize=512)
def _update(model: type[Base], names: tuple[str, ...]) -> _Shape:
    changes = ", ".join(f'"{name}" = {_mark(model, name)}' for name in names)
    where = " AND ".join(f'"{column.name}" = %s' for column in model.__mapper__.primary_key)
    statement = f"UPDATE {model.__tablename__} SET {changes} WHERE {where}"  # noqa: S608 (own names)
    return _shape(model, statement, "", names, ())


def _shape(
    model: type[Base], statement: str, row: str, names: tuple[str, ...], defaults: tuple[Any, ...]
) -> _Shape:
    return _Shape(statement, row, names, tuple(_is_json(model, name) for name in names), defaults)


def _mark(model: type[Base], name: str) -> str:
    return "%s::jsonb" if _is_json(model, name) else "%s"


def _is_json(model: type[Base], name: str) -> bool:
    return isinstance(model.__table__.columns[name].type, JSON)


@event.listens_for(Session, "do_orm_execute")
def _before_reading(state: ORMExecuteState) -> None:
    write(state.session)


@event.listens_for(Session, "before_flush")
def _before_flush(session: Session, _context: UOWTransaction, _objects: object) -> None:
    write(session)  # the flush may change rows that still wait to be there


@event.listens_for(Session, "before_commit")
def _before_commit(session: Session) -> None:
    write(session)


@event.listens_for(Session, "after_transaction_create")
def _at_savepoint(session: Session, transaction: SessionTransaction) -> None:
    if transaction.nested and transaction.parent is not None:
        if session.info.get(_KEY):  # by the outer one: the savepoint must not take them along
            _send(session, transaction.parent.connection(None))
        session.info.setdefault(_MARKS, {})[transaction] = len(session.info.get(_AMENDED, ()))


@event.listens_for(Session, "after_soft_rollback")
def _after_rollback(session: Session, ended: SessionTransaction) -> None:
    session.info.pop(_KEY, None)
    since = session.info.get(_MARKS, {}).pop(ended, 0)
    amended = session.info.get(_AMENDED, [])
    for row in amended[since:]:
        if row in session:
            session.expire(row)
    del amended[since:]


@event.listens_for(Session, "after_transaction_end")
def _after_end(session: Session, ended: SessionTransaction) -> None:
    session.info.get(_MARKS, {}).pop(ended, None)
    if ended.parent is None:
        session.info.pop(_AMENDED, None)
