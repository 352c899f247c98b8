"""Engines, sessions, migrations, and the unit of work: the only place that commits."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from decimal import Decimal
from pathlib import Path
from select import POLLIN, poll
from typing import Any

import orjson
import psycopg
from alembic import command
from alembic.config import Config
from psycopg.pq import ExecStatus
from sqlalchemy import Engine, Pool, create_engine, event
from sqlalchemy import text as sql
from sqlalchemy.exc import InvalidatePoolError, OperationalError
from sqlalchemy.orm import Session, sessionmaker
from sqlalchemy.pool import ConnectionPoolEntry

from engine import postgres, writes
from engine.config import Settings
from engine.errors import DanbaoError
from engine.text import text

MIGRATIONS = Path(__file__).parent / "migrations"
# Any number will do as long as every process of an installation uses the same.
MIGRATION_LOCK = 4_207_849_484
TRUSTED = 5.0  # seconds for which a connection that worked is not asked whether it does
Callback = Callable[[], None]


def connect(settings: Settings) -> Engine:
    """The engine of this installation, its server started when it is the embedded one.

    Raises DanbaoError when no database answers.
    """
    engine = make_engine(postgres.start(settings))
    try:
        with engine.connect():
            return engine
    except OperationalError as error:
        reason = str(error.orig).strip()
        raise DanbaoError(
            "database_unreachable",
            text("数据库没有应答：{reason}", reason=reason),
            text("检查DANBAO_DATABASE_URL、网络和数据库服务"),
        ) from error


def make_engine(url: str, poolclass: type[Pool] | None = None) -> Engine:
    """An engine for `url` (psycopg 3): READ COMMITTED, times in UTC, JSON through orjson."""
    # the connection used last knows the statements
    lifo = {"pool_use_lifo": True} if poolclass is None else {}
    engine = create_engine(
        url,
        poolclass=poolclass,
        **lifo,
        hide_parameters=True,  # an error in the log must not show what people entered
        isolation_level="READ COMMITTED",
        json_serializer=_dump_json,
        json_deserializer=orjson.loads,
        connect_args={
            "connect_timeout": 10,
            "application_name": "danbao",
            "options": "-c timezone=UTC",
            # what psycopg prepares it deallocates at every rollback, with which all reading ends,
            # and with it what engine/exchange.py has prepared
            "prepare_threshold": None,
        },
    )
    event.listen(engine, "checkin", _note_use)
    event.listen(engine, "checkout", _check)
    return engine


def _note_use(_raw: Any, record: ConnectionPoolEntry) -> None:
    record.info["used"] = time.monotonic()


def _check(raw: psycopg.Connection[Any], record: ConnectionPoolEntry, _: object) -> None:
    """Ask a connection whether it still works, which is one exchange with the server, unless it
    worked a moment ago and the server has said nothing since, as it does when it hangs up."""
    idle = time.monotonic() - record.info.get("used", time.monotonic())
    try:
        said = poll()
        said.register(raw.pgconn.socket, POLLIN)
        if idle < TRUSTED and not said.poll(0):
            return
        answers = raw.pgconn.exec_(b"").status == ExecStatus.EMPTY_QUERY
    except psycopg.OperationalError:
        answers = False
    if not answers:
        raise InvalidatePoolError  # the others are probably gone too


def _dump_json(value: Any) -> str:
    return orjson.dumps(value, default=_plain).decode()


def _plain(value: Any) -> str:
    # Money stays exact as a string; anything else unknown to JSON is a mistake of ours.
    if isinstance(value, Decimal):
        return str(value)
    raise TypeError(f"{type(value).__name__} cannot be stored as JSON")


@contextmanager
def connected(settings: Settings) -> Iterator[sessionmaker[Session]]:
    """Sessions for a command, on connections that are closed when it ends."""
    engine = connect(settings)
    try:
        yield session_factory(engine)
    finally:
        engine.dispose()


def session_factory(engine: Engine) -> sessionmaker[Session]:
    """Sessions whose objects stay readable after the commit, so that a page can be rendered."""
    return sessionmaker(engine, expire_on_commit=False)


@contextmanager
def unit_of_work(factory: sessionmaker[Session]) -> Iterator[Session]:
    """One transaction: committed once when the block ends, rolled back whole when it raises.

    Afterwards the callbacks left with `after_commit` or `after_rollback` run, never both kinds.
    Nothing is retried.
    """
    with factory() as session:
        committed = False
        try:
            yield session
            writes.commit(session)
            session.commit()
            committed = True
        finally:
            if not committed:
                session.rollback()
            _run(session, "after_commit" if committed else "after_rollback")


def after_commit(session: Session, callback: Callback) -> None:
    """Run `callback` once the unit of work of `session` is committed, and only then."""
    session.info.setdefault("after_commit", []).append(callback)


def after_rollback(session: Session, callback: Callback) -> None:
    """Run `callback` if the unit of work of `session` fails, also when the commit itself does."""
    session.info.setdefault("after_rollback", []).append(callback)


def _run(session: Session, kind: str) -> None:
    # The stack runs every callback in order, even when an earlier one raises.
    with ExitStack() as stack:
        for callback in reversed(session.info.get(kind, [])):
            stack.callback(callback)


def migrate(engine: Engine) -> None:
    """Bring the tables to the newest version, in one transaction, one process at a time."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    with engine.begin() as connection:
        connection.execute(sql("SELECT pg_advisory_xact_lock(:key)"), {"key": MIGRATION_LOCK})
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
