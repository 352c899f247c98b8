"""Rows that wait for the end of a step: every reader sees them, a rollback undoes them."""

from contextlib import suppress

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session, sessionmaker

from engine import exchange, writes
from engine.clock import utc_now
from engine.db import unit_of_work
from engine.models import DomainEvent, Organisation, Person


def _event(session: Session, kind: str) -> None:
    row = {"kind": kind, "subject": "case:1", "payload": {"n": 1}, "at": utc_now()}
    writes.add_row(session, DomainEvent, row)


def _kinds(session: Session) -> list[str]:
    return list(session.scalars(select(DomainEvent.kind).order_by(DomainEvent.id)))


def _org(session: Session) -> Organisation:
    org = Organisation(code="a", name="a", short_name="a", kind="BANK")
    session.add(org)
    session.flush()
    return org


def test_a_query_sees_what_still_waited(session: Session) -> None:
    _event(session, "one")
    _event(session, "two")
    assert _kinds(session) == ["one", "two"]


def test_rows_of_one_kind_go_out_as_one_statement(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[str] = []
    monkeypatch.setattr(exchange, "observers", [sent.append])
    for number in range(5):
        _event(session, str(number))
    session.commit()
    assert [statement.split()[0] for statement in sent] == ["BEGIN", "INSERT"]
    assert _kinds(session) == ["0", "1", "2", "3", "4"]


def test_very_many_rows_are_no_more_than_a_statement_takes(session: Session) -> None:
    for number in range(17_000):  # four columns each: more than 65,535 parameters together
        _event(session, str(number))
    session.commit()
    assert session.scalar(select(func.count(DomainEvent.id))) == 17_000


def test_what_waited_before_a_savepoint_survives_its_rollback(session: Session) -> None:
    org = _org(session)
    _event(session, "before")
    writes.amend(session, org, name="before")
    with suppress(ZeroDivisionError), session.begin_nested():
        _event(session, "inside")
        writes.amend(session, org, name="inside")
        assert _kinds(session) == ["before", "inside"]
        raise ZeroDivisionError
    _event(session, "after")
    assert org.name == "before"
    session.commit()
    assert _kinds(session) == ["before", "after"]


def test_a_rolled_back_transaction_leaves_nothing(
    factory: sessionmaker[Session], session: Session
) -> None:
    org_id = _org(session).id
    session.commit()
    with suppress(ZeroDivisionError), unit_of_work(factory) as own:
        _event(own, "lost")
        writes.amend(own, own.get_one(Organisation, org_id), name="lost")
        raise ZeroDivisionError
    session.expire_all()
    assert _kinds(session) == []
    assert session.get_one(Organisation, org_id).name == "a"


def test_what_the_table_refuses_is_raised_like_any_statements_error(session: Session) -> None:
    row: dict[str, object] = {"kind": None, "subject": "case:1", "payload": {}, "at": utc_now()}
    writes.add_row(session, DomainEvent, row)
    with pytest.raises(DBAPIError):
        session.commit()
    session.rollback()
    assert session.scalar(select(func.count(DomainEvent.id))) == 0


def test_an_added_object_is_the_row_that_a_query_finds(session: Session) -> None:
    values = {
        "id": writes.next_id(session, Person),
        "username": "p",
        "name": "p",
        "email": "p@x.test",
        "password_hash": "x",
    }
    added = writes.add_object(session, Person, values)
    assert session.scalars(select(Person).where(Person.username == "p")).one() is added
    added.name = "q"  # an ordinary change of the ORM
    session.commit()
    session.expire_all()
    assert session.get_one(Person, added.id).name == "q"
