"""A trail to write to, and the means to forge it: what a database superuser could do."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest
from sqlalchemy import Engine
from sqlalchemy import text as sql
from sqlalchemy.orm import Session, sessionmaker

from engine.audit.trail import record
from engine.db import unit_of_work
from engine.people import SYSTEM
from engine.text import text

NOW = datetime(2026, 3, 2, 1, 30, tzinfo=UTC)
Write = Callable[..., None]


@pytest.fixture
def write(factory: sessionmaker[Session]) -> Write:
    """write("case:1", n): n more rows in a chain, committed."""

    def write(chain: str, count: int = 1, **values: object) -> None:
        with unit_of_work(factory) as session:
            for number in range(count):
                add(session, chain, number, **values)

    return write


def add(session: Session, chain: str, number: int = 0, **values: object) -> None:
    """One row, as an operation writes it."""
    record(
        session,
        chain=chain,
        action="first_review",
        summary=text("初审通过，建议金额{amount}万元", amount=number),
        actor=SYSTEM,
        now=NOW,
        **values,  # type: ignore[arg-type]  # tests pass a few columns by name
    )


@pytest.fixture
def forge(engine: Engine) -> Iterator[Callable[[str], None]]:
    """Run a statement with the guard switched off, as a superuser can."""
    with guard_off(engine):
        yield lambda statement: _run(engine, statement)


def _run(engine: Engine, statement: str) -> None:
    with engine.begin() as connection:
        connection.exec_driver_sql(statement)


@contextmanager
def guard_off(engine: Engine) -> Iterator[None]:
    with engine.begin() as connection:
        connection.execute(sql("ALTER TABLE audit_event DISABLE TRIGGER USER"))
        connection.execute(sql("ALTER TABLE audit_checkpoint DISABLE TRIGGER USER"))
    yield
