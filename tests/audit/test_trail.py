"""Every row is chained to the one before it, whatever the transaction around it does."""

import threading
from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy import text as sql
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session, sessionmaker

from engine.audit.verify import verify
from engine.db import unit_of_work
from engine.models import AuditEvent
from tests.audit.conftest import Write, add


def _chain(session: Session, chain: str) -> list[AuditEvent]:
    query = select(AuditEvent).where(AuditEvent.chain == chain).order_by(AuditEvent.seq)
    return list(session.scalars(query))


def test_several_rows_of_a_chain_in_one_transaction_follow_each_other(
    session: Session, write: Write
) -> None:
    write("case:1", 3)
    write("case:2", 1)
    write("case:1", 2)
    rows = _chain(session, "case:1")
    assert [row.seq for row in rows] == [1, 2, 3, 4, 5]
    assert [row.prev_hash for row in rows[1:]] == [row.hash for row in rows[:-1]]
    assert rows[0].prev_hash == bytes(32)
    assert verify(session).ok


def test_rows_of_a_rolled_back_savepoint_leave_no_gap(factory: sessionmaker[Session]) -> None:
    with unit_of_work(factory) as session:
        add(session, "case:1")
        savepoint = session.begin_nested()
        add(session, "case:1")
        savepoint.rollback()
        add(session, "case:1")
    with factory() as session:
        assert [row.seq for row in _chain(session, "case:1")] == [1, 2]
        assert verify(session).ok


def test_a_failed_transaction_leaves_nothing_and_the_session_can_go_on(
    factory: sessionmaker[Session],
) -> None:
    with factory() as session:
        add(session, "case:1")
        session.flush()
        session.rollback()
        add(session, "case:1")
        session.commit()
        assert [row.seq for row in _chain(session, "case:1")] == [1]
        assert verify(session).ok


def test_many_writers_of_one_chain_at_once_make_one_line(
    factory: sessionmaker[Session], session: Session, write: Write
) -> None:
    threads = [threading.Thread(target=write, args=("case:1", 10)) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [row.seq for row in _chain(session, "case:1")] == list(range(1, 61))
    assert verify(session).ok


def test_the_chain_s_head_is_read_once_in_a_transaction(
    factory: sessionmaker[Session], engine: Engine
) -> None:
    from sqlalchemy import event

    seen: list[str] = []
    event.listen(engine, "before_cursor_execute", lambda *args: seen.append(args[2]))
    with unit_of_work(factory) as session:
        for number in range(50):
            add(session, "case:1", number)
            if number % 10 == 0:
                session.flush()
    assert len([one for one in seen if one.startswith("SELECT audit_event.seq")]) == 1
    assert len([one for one in seen if one.startswith("INSERT")]) <= 6


def test_awkward_values_come_back_as_they_were_hashed(
    factory: sessionmaker[Session], session: Session
) -> None:
    awkward = {
        "amount": Decimal("10000000.10"),
        "on": date(2026, 2, 28),
        "float": 1e16,
        "tiny": 0.1,
        "nul": "a\0b",
        "emoji": "担保\U0001f600",
        "half": "\ud800",
        "nested": {"b": [1, None, True], "a": {"z": Decimal("0.00")}},
        "set": {"b", "a"},
        "huge": 2**70,
        7: "number as key",
    }
    with unit_of_work(factory) as other:
        add(other, "case:1", before=awkward, after={"k": "v"}, reason="备\0注", clause="J3.2")
    row = _chain(session, "case:1")[0]
    assert row.before is not None
    assert row.before["amount"] == "10000000.10"
    assert row.before["on"] == "2026-02-28"
    assert verify(session).ok


def test_sm3_rows_and_sha256_rows_can_share_a_chain(
    session: Session, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    write("case:1", 2)
    monkeypatch.setenv("DANBAO_AUDIT_HASH", "sm3")
    write("case:1", 2)
    monkeypatch.delenv("DANBAO_AUDIT_HASH")
    write("case:1", 1)
    assert verify(session).ok
    rows = _chain(session, "case:1")
    assert [row.versions.get("audit_hash") for row in rows] == [None, None, "sm3", "sm3", None]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_event SET reason = 'x'",
        "DELETE FROM audit_event",
        "TRUNCATE audit_event",
        "SET session_replication_role = replica; DELETE FROM audit_event",
    ],
)
def test_the_database_refuses_to_change_the_trail(
    engine: Engine, session: Session, write: Write, statement: str
) -> None:
    write("case:1")
    with (
        pytest.raises(DBAPIError, match="audit trail cannot be changed"),
        engine.begin() as connection,
    ):
        connection.execute(sql(statement))
    assert session.scalar(select(func.count()).select_from(AuditEvent)) == 1


def test_changing_a_row_through_the_orm_is_refused_too(
    factory: sessionmaker[Session], write: Write
) -> None:
    write("case:1")
    with factory() as session:
        _chain(session, "case:1")[0].action = "other"
        with pytest.raises(DBAPIError, match="audit trail cannot be changed"):
            session.flush()
