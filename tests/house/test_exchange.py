"""Several statements in one exchange: what they give, what fails, and what a connection keeps."""

import signal
from contextlib import suppress
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import NullPool, func, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError, ProgrammingError
from sqlalchemy.orm import Session, sessionmaker

from engine import db, exchange, writes
from engine.db import unit_of_work
from engine.exchange import Statement
from engine.models import DomainEvent

NOW = datetime(2026, 2, 28, tzinfo=UTC)
TABLE = "CREATE TEMPORARY TABLE t (n int PRIMARY KEY, s text)"


def _run(session: Session, *statements: Statement) -> list[list[Any]]:
    return exchange.exchange(session.connection(), statements)


def _add(number: int, content: str = "") -> Statement:
    return "INSERT INTO t (n, s) VALUES (%s, %s)", (number, content)


def _all(session: Session) -> list[int]:
    return [row[0] for row in _run(session, ("SELECT n FROM t ORDER BY n", ()))[0]]


def test_values_come_back_as_they_went(session: Session) -> None:
    given = {
        "int": 2**40,
        "text": "区财政局 %s $1",
        "bool": True,
        "bytea": b"\x00\xff",
        "numeric": Decimal("0.10"),
        "date": date(2026, 2, 28),
        "timestamptz": datetime(2026, 2, 28, 15, 59, 59, 999999, tzinfo=UTC),
        "bigint[]": [1, 2],
        "text[]": ["a,b", '"'],
        "varchar": None,
    }
    given["bigint"] = given.pop("int")
    marks = ", ".join(f"%s::{kind}" for kind in given)
    once, again = _run(session, *[(f"SELECT {marks}", list(given.values()))] * 2)
    assert once == again == [tuple(given.values())]


def test_a_statement_that_fails_stops_those_after_it_and_leaves_a_working_connection(
    session: Session,
) -> None:
    session.execute(text(TABLE))
    session.commit()
    with pytest.raises(IntegrityError) as caught:
        _run(session, _add(1), _add(1), _add(2))
    assert getattr(caught.value.orig, "sqlstate", None) == "23505"
    assert not caught.value.connection_invalidated
    session.rollback()
    assert _all(session) == []
    assert _run(session, _add(1), _add(2)) == [[], []]
    assert _all(session) == [1, 2]


def test_what_could_not_be_prepared_is_tried_anew(session: Session) -> None:
    for _ in range(2):
        with pytest.raises(ProgrammingError, match="does not exist"):
            _run(session, ("SELECT n FROM t_of_later", ()), ("SELECT 1", ()))
        session.rollback()
    session.execute(text("CREATE TEMPORARY TABLE t_of_later (n int)"))
    assert _run(session, ("SELECT n FROM t_of_later", ()), ("SELECT 1", ())) == [[], [(1,)]]


def test_a_plan_that_the_tables_have_outgrown_is_made_anew(session: Session) -> None:
    session.execute(text(TABLE))
    session.commit()
    _run(session, _add(1, "7"))
    everything: Statement = ("SELECT * FROM t", ())
    assert _run(session, everything) == [[(1, "7")]]
    session.execute(text("ALTER TABLE t ALTER s TYPE int USING s::int"))
    session.commit()
    with pytest.raises(DBAPIError, match="cached plan"):
        _run(session, everything)
    session.rollback()
    assert _run(session, everything) == [[(1, 7)]]
    session.execute(text("DISCARD PLANS"))
    session.execute(text("DEALLOCATE ALL"))
    with pytest.raises(DBAPIError, match="does not exist"):
        _run(session, everything)
    session.rollback()
    assert _run(session, everything) == [[(1, 7)]]


@pytest.mark.parametrize("value", ["a\x00b", "\ud800", {"a": 1}, [1, "a"]])
def test_a_value_that_cannot_be_sent_is_refused_before_anything_is(
    session: Session, value: object
) -> None:
    session.execute(text(TABLE))
    with (
        pytest.raises((DBAPIError, UnicodeError)) as caught,
        session.begin_nested(),
    ):
        _run(session, _add(1), ("INSERT INTO t (n, s) VALUES (2, %s)", (value,)))
    assert not getattr(caught.value, "connection_invalidated", False)
    assert _all(session) == [], "别的照常办，这一件没有留下一半"


def _sleep(factory: sessionmaker[Session], undone: list[str]) -> None:
    with unit_of_work(factory) as own:
        db.after_rollback(own, lambda: undone.append("file"))
        signal.setitimer(signal.ITIMER_REAL, 0.2)
        _run(own, ("SELECT pg_sleep(60)", ()))


def test_whoever_interrupts_a_statement_is_obeyed(
    session: Session, factory: sessionmaker[Session]
) -> None:
    undone: list[str] = []

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        with pytest.raises(KeyboardInterrupt):
            _sleep(factory, undone)
    finally:
        signal.signal(signal.SIGALRM, before)
    assert undone == ["file"]
    assert session.scalar(text("SELECT 1")) == 1


def test_only_so_many_statements_stay_prepared(session: Session) -> None:
    for number in range(0, 700, 7):
        several = [(f"SELECT {number + more}", ()) for more in range(7)]
        assert _run(session, *several) == [[(number + more,)] for more in range(7)]
    assert _run(session, ("SELECT 0", ())) == [[(0,)]]
    kept = session.scalar(text("SELECT count(*) FROM pg_prepared_statements"))
    assert 290 < (kept or 0) <= 300


def test_more_than_the_sockets_hold_goes_both_ways(session: Session) -> None:
    big = "财" * 300_000
    found = _run(session, *[("SELECT %s::text", (big,))] * 30)
    assert found == [[(big,)]] * 30


def test_a_commit_keeps_what_was_sent_with_it(session: Session) -> None:
    session.execute(text(TABLE))
    session.commit()
    exchange.commit(session.connection(), [_add(1)])
    session.rollback()
    assert _all(session) == [1]


def test_a_transaction_that_had_failed_is_not_said_to_be_committed(session: Session) -> None:
    session.execute(text(TABLE))
    session.commit()
    connection = session.connection()
    raw = connection.connection.driver_connection
    assert raw is not None
    exchange.exchange(connection, [_add(1)])
    with pytest.raises(Exception, match="division by zero"):
        raw.execute("SELECT 1/0")  # and somebody swallows it
    with pytest.raises(DBAPIError, match="rolled back"):
        exchange.commit(connection, [])
    session.rollback()
    assert _all(session) == []


def _fail_unnoticed(factory: sessionmaker[Session], done: list[str], *, more: bool) -> None:
    with unit_of_work(factory) as own:
        db.after_commit(own, lambda: done.append("told"))
        writes.add_row(own, DomainEvent, {"kind": "k", "subject": "s", "payload": {}, "at": NOW})
        writes.write(own)
        with suppress(DBAPIError):
            own.connection().exec_driver_sql("SELECT 1/0")
        if more:
            writes.later(own, "SELECT 1")


@pytest.mark.parametrize("more", [False, True])
def test_a_unit_of_work_whose_statement_failed_unnoticed_is_not_said_to_be_done(
    factory: sessionmaker[Session], more: bool
) -> None:
    done: list[str] = []
    with pytest.raises(DBAPIError, match=r"rolled back|aborted"):
        _fail_unnoticed(factory, done, more=more)
    assert done == []
    with unit_of_work(factory) as own:
        assert own.scalar(select(func.count(DomainEvent.id))) == 0


def test_a_server_that_hung_up_between_two_units_of_work_is_not_noticed(
    session: Session, factory: sessionmaker[Session]
) -> None:
    session.connection()
    with unit_of_work(factory) as own:
        backend = own.scalar(text("SELECT pg_backend_pid()"))
    gone = session.scalar(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": backend})
    assert gone is True
    with unit_of_work(factory) as own:
        assert own.scalar(text("SELECT pg_backend_pid()")) != backend


def test_a_server_that_hangs_up_within_one_says_why(session: Session, database_url: str) -> None:
    engine = db.make_engine(database_url, poolclass=NullPool)
    hang_up = ("SELECT pg_terminate_backend(pg_backend_pid())", ())
    with (
        pytest.raises(OperationalError, match="administrator command") as caught,
        engine.connect() as connection,
    ):
        exchange.exchange(connection, [hang_up])
    assert caught.value.connection_invalidated
