"""One unit of work is one transaction: all of it or none of it, and callbacks to match."""

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest
from sqlalchemy import JSON, Engine, bindparam
from sqlalchemy import text as sql
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, sessionmaker

from engine.db import after_commit, after_rollback, connect, migrate, unit_of_work
from engine.errors import DanbaoError
from tests.house.conftest import settings_with

Factory = sessionmaker[Session]


class Broken(Exception):
    """What a business rule raises in the middle of a step."""


@pytest.fixture
def notes(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.exec_driver_sql(
            "CREATE TABLE note (id int PRIMARY KEY, UNIQUE (id) DEFERRABLE INITIALLY DEFERRED)"
        )


def insert(session: Session, number: int) -> None:
    session.execute(sql("INSERT INTO note VALUES (:n)"), {"n": number})


def stored(factory: Factory) -> list[int]:
    with factory() as session:
        return list(session.scalars(sql("SELECT id FROM note ORDER BY id")))


@pytest.mark.usefixtures("notes")
def test_a_unit_of_work_keeps_what_it_wrote(factory: Factory) -> None:
    with unit_of_work(factory) as session:
        insert(session, 1)
        insert(session, 2)
    assert stored(factory) == [1, 2]


@pytest.mark.usefixtures("notes")
def test_a_unit_of_work_that_raises_leaves_nothing_behind(factory: Factory) -> None:
    def step() -> None:
        with unit_of_work(factory) as session:
            insert(session, 1)
            raise Broken

    with pytest.raises(Broken):
        step()
    assert stored(factory) == []


@pytest.mark.usefixtures("notes")
def test_callbacks_run_only_after_the_commit_and_see_its_result(factory: Factory) -> None:
    seen: list[object] = []
    with unit_of_work(factory) as session:
        insert(session, 1)
        after_commit(session, lambda: seen.append(stored(factory)))
        after_commit(session, lambda: seen.append("second"))
        after_rollback(session, lambda: seen.append("rolled back"))
        assert seen == []
    assert seen == [[1], "second"]


@pytest.mark.usefixtures("notes")
def test_callbacks_of_a_failed_unit_are_the_other_ones(factory: Factory) -> None:
    seen: list[str] = []

    def step() -> None:
        with unit_of_work(factory) as session:
            after_commit(session, lambda: seen.append("committed"))
            after_rollback(session, lambda: seen.append("rolled back"))
            raise Broken

    with pytest.raises(Broken):
        step()
    assert seen == ["rolled back"]


@pytest.mark.usefixtures("notes")
def test_a_commit_that_the_database_refuses_counts_as_failed(factory: Factory) -> None:
    seen: list[str] = []

    def step() -> None:
        with unit_of_work(factory) as session:
            after_commit(session, lambda: seen.append("committed"))
            after_rollback(session, lambda: seen.append("rolled back"))
            session.execute(sql("ALTER TABLE note DROP CONSTRAINT note_pkey"))
            insert(session, 1)
            insert(session, 1)

    with pytest.raises(IntegrityError):
        step()
    assert seen == ["rolled back"]
    assert stored(factory) == []


@pytest.mark.usefixtures("notes")
def test_one_broken_callback_does_not_silence_the_next(factory: Factory) -> None:
    seen: list[str] = []

    def broken() -> None:
        raise Broken

    def step() -> None:
        with unit_of_work(factory) as session:
            insert(session, 1)
            after_commit(session, broken)
            after_commit(session, lambda: seen.append("next"))

    with pytest.raises(Broken):
        step()
    assert seen == ["next"]
    assert stored(factory) == [1]


def test_a_session_reads_committed_rows_in_utc(session: Session) -> None:
    assert session.scalar(sql("SHOW transaction_isolation")) == "read committed"
    assert session.scalar(sql("SHOW timezone")) == "UTC"


def test_json_keeps_amounts_exact_and_refuses_what_it_does_not_know(session: Session) -> None:
    echo = sql("SELECT :value").bindparams(bindparam("value", type_=JSON)).columns(value=JSON)
    assert session.scalar(echo, {"value": {"元": Decimal("0.10")}}) == {"元": "0.10"}
    with pytest.raises(TypeError, match="not JSON serializable"):
        session.scalar(echo, {"value": {1, 2}})


def test_migrating_again_or_at_the_same_time_changes_nothing(engine: Engine) -> None:
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(migrate, [engine] * 4))
    with engine.connect() as connection:
        versions = connection.exec_driver_sql("SELECT count(*) FROM alembic_version").scalar_one()
    assert versions <= 1


def test_an_unreachable_database_is_reported_with_a_remedy() -> None:
    settings = settings_with(database_url="postgresql+psycopg://nobody@127.0.0.1:1/none")
    with pytest.raises(DanbaoError) as refused:
        connect(settings)
    assert refused.value.code == "database_unreachable"
    assert refused.value.remedy is not None
