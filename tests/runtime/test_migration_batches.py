"""Many cases at once: each on its own, refused ones told, cut off and gone on with, undone."""

from collections.abc import Callable

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from engine.db import unit_of_work
from engine.errors import Conflict, InvalidInput, NotAllowed, NotFound
from engine.jobs import migrations as job
from engine.models import AuditEvent, Instance, InstanceMigration, MigrationBatch, MigrationItem
from engine.operations import migration_batches as batches
from engine.operations.migration_batches import ask_migration, ask_undo, stop_batch
from engine.operations.migration_preview import preview
from engine.operations.migrations import undo
from engine.people import SYSTEM, Actor
from engine.runtime.step import start_instance
from tests.runtime.conftest import NOW, Staff
from tests.runtime.moving import LATER, Mover
from tests.runtime.test_migration import ABC, line

Many = Callable[[int], list[Mover]]


@pytest.fixture
def many(session: Session, finance: Staff, bank: Staff) -> Many:
    """Cases on one diagram: the first at its first step, the second at its second, and so on."""

    def make(count: int) -> list[Mover]:
        first = Mover(session, Instance(), finance, bank)
        first.publish(("p", ABC))
        return [_case(session, finance, bank, n) for n in range(count)]

    return make


def _case(session: Session, finance: Staff, bank: Staff, number: int) -> Mover:
    instance = start_instance(
        session,
        "p",
        subject=f"test:{number}",
        title=f"第{number}件",
        programme="JD_KCD",
        data={},
        parties={"finance": finance.org.id, "bank": bank.org.id},
        actor=finance.maker,
        now=NOW,
    )
    case = Mover(session, instance, finance, bank)
    for key in "abc"[: number % 3]:
        case.do(key)
    return case


def ask(cases: list[Mover], to: int) -> int:
    session = cases[0].session
    ids = [case.instance.id for case in cases]
    batch = ask_migration(session, "p", ids, to, SYSTEM, "新办法", LATER)
    session.commit()
    return batch.id


def statuses(session: Session, batch_id: int) -> list[str]:
    session.expire_all()
    query = select(MigrationItem.status).where(MigrationItem.batch_id == batch_id)
    return list(session.scalars(query.order_by(MigrationItem.instance_id)))


def test_the_preview_tells_by_place_who_can_and_who_cannot(many: Many) -> None:
    cases = many(6)
    cases[0].publish(("p", line("b", "c", "x")))
    found = preview(cases[0].session, "p", SYSTEM)
    told = {group.places: (group.can, len(group.forecasts)) for group in found.groups}
    assert told == {("a",): (False, 2), ("b",): (False, 2), ("c",): (False, 2)}
    cases[0].publish(("p", line("a", "b", "x")))
    found = preview(cases[0].session, "p", SYSTEM)
    told = {group.places: (group.can, len(group.forecasts)) for group in found.groups}
    assert told == {("a",): (True, 2), ("b",): (True, 2), ("c",): (False, 2)}
    assert len(found.able) == 4
    assert found.unable == 2


def test_every_case_is_moved_or_left_with_its_reason(
    many: Many, factory: sessionmaker[Session]
) -> None:
    cases = many(3)
    to = cases[0].publish(("p", line("a", "b", "x")))
    batch_id = ask(cases, to)
    assert job.work_off(factory, batch_id, LATER).handled == 3
    session = cases[0].session
    assert statuses(session, batch_id) == ["DONE", "DONE", "REFUSED"]
    item = session.get_one(MigrationItem, (batch_id, cases[2].instance.id))
    assert item.why[0]["params"] == {"name": "c"}
    assert [case.instance.deployment_id == to for case in cases] == [True, True, False]
    assert session.get_one(MigrationBatch, batch_id).ended_at == LATER
    for case in cases:
        assert case.drive() == "e"
    query = select(AuditEvent).where(AuditEvent.action == "instance.migrated")
    event = session.scalars(query).first()
    assert event is not None
    assert (event.before or {})["versions"] == {"p": 1}
    assert (event.after or {})["versions"] == {"p": 2}


def test_a_process_that_dies_in_between_loses_and_doubles_nothing(
    many: Many, factory: sessionmaker[Session], monkeypatch: pytest.MonkeyPatch
) -> None:
    cases = many(6)
    batch_id = ask(cases, cases[0].publish(("p", line("a", "b", "c", "x"))))
    settle, calls = batches.settle_item, []

    def dying(*given: object) -> None:
        calls.append(1)
        settle(*given)  # type: ignore[arg-type]  # passed on as it came
        if len(calls) == 3:
            raise KeyboardInterrupt

    monkeypatch.setattr(batches, "settle_item", dying)
    with pytest.raises(KeyboardInterrupt):
        job.work_off(factory, batch_id, LATER)
    session = cases[0].session
    assert statuses(session, batch_id) == ["DONE"] * 2 + ["PENDING"] * 4
    monkeypatch.setattr(batches, "settle_item", settle)
    assert job.sweep_migrations(factory, LATER).handled == 4
    assert statuses(session, batch_id) == ["DONE"] * 6
    moved = session.scalars(select(InstanceMigration.instance_id)).all()
    assert sorted(moved) == sorted(case.instance.id for case in cases)
    assert job.sweep_migrations(factory, LATER).handled == 0


def test_an_error_of_ours_stops_one_case_only(
    many: Many, factory: sessionmaker[Session], monkeypatch: pytest.MonkeyPatch
) -> None:
    cases = many(3)
    batch_id = ask(cases, cases[0].publish(("p", line("a", "b", "c", "x"))))
    settle = batches.settle_item

    def failing(session: Session, item: MigrationItem, *rest: object) -> None:
        settle(session, item, *rest)  # type: ignore[arg-type]  # passed on as it came
        if item.instance_id == cases[1].instance.id:
            raise ZeroDivisionError

    monkeypatch.setattr(batches, "settle_item", failing)
    assert job.work_off(factory, batch_id, LATER).failed == 1
    assert statuses(cases[0].session, batch_id) == ["DONE", "REFUSED", "DONE"]
    assert cases[1].drive() == "e", "在原版本上照常办完"


def test_a_batch_that_was_stopped_is_left_alone(many: Many, factory: sessionmaker[Session]) -> None:
    cases = many(3)
    batch_id = ask(cases, cases[0].publish(("p", line("a", "b", "c", "x"))))
    session = cases[0].session
    stop_batch(session, batch_id, SYSTEM, LATER)
    session.commit()
    assert job.sweep_migrations(factory, LATER).handled == 0
    assert job.work_off(factory, batch_id, LATER).handled == 0
    assert statuses(session, batch_id) == ["PENDING"] * 3


def test_undo_restores_every_byte_while_nothing_moved(
    many: Many, factory: sessionmaker[Session]
) -> None:
    cases = many(3)
    before = [(case.instance.deployment_id, bytes(case.instance.state)) for case in cases]
    batch_id = ask(cases, cases[0].publish(("p", line("a", "b", "c", "x"))))
    job.work_off(factory, batch_id, LATER)
    session = cases[0].session
    session.expire_all()
    cases[1].do("b")
    session.commit()
    back = ask_undo(session, batch_id, SYSTEM, "退回", LATER).id
    session.commit()
    job.work_off(factory, back, LATER)
    assert statuses(session, back) == ["DONE", "REFUSED", "DONE"]
    for case, (deployment_id, state) in zip(cases, before, strict=True):
        same = case is not cases[1]
        assert (case.instance.deployment_id == deployment_id) is same
        assert (bytes(case.instance.state) == state) is same
        assert case.drive() == "e"
    kept = session.scalars(select(InstanceMigration).order_by(InstanceMigration.id)).all()
    assert [one.undone_at is None for one in kept] == [False, True, False]
    with pytest.raises(Conflict):
        undo(session, kept[0].id, SYSTEM, "再来", LATER)


def test_moved_and_moved_again_only_the_last_can_be_undone(many: Many) -> None:
    (case,) = many(1)
    state = bytes(case.instance.state)
    first = case.migrate(("p", line("a", "b", "c", "x")))
    second = case.migrate(("p", line("a", "b", "c", "x", "y")))
    with pytest.raises(Conflict, match="已继续办理"):
        undo(case.session, first.id, SYSTEM, "退回", LATER)
    undo(case.session, second.id, SYSTEM, "退回", LATER)
    assert case.instance.deployment_id == second.from_deployment_id
    assert case.drive() == "e"
    assert state != b""


def test_asking_needs_a_reason_a_choice_and_the_right(
    many: Many, finance: Staff, factory: sessionmaker[Session]
) -> None:
    (case,) = many(1)
    to, session = case.publish(("p", line("a", "b", "c", "x"))), case.session
    with pytest.raises(InvalidInput):
        ask_migration(session, "p", [case.instance.id], to, SYSTEM, " ", LATER)
    with pytest.raises(InvalidInput):
        ask_migration(session, "p", [], to, SYSTEM, "x", LATER)
    with pytest.raises(NotFound):
        ask_migration(session, "p", [10**9], to, SYSTEM, "x", LATER)
    with pytest.raises(NotAllowed):
        ask_migration(session, "p", [case.instance.id], to, finance.maker, "x", LATER)
    bank_admin = Actor(1, finance.org.id, "x", frozenset({"admin"}), "BANK")
    with pytest.raises(NotAllowed):
        preview(session, "p", bank_admin)
    with unit_of_work(factory) as other:
        assert other.scalar(select(MigrationBatch)) is None


def test_what_was_suspended_moves_and_stays_suspended(
    many: Many, factory: sessionmaker[Session]
) -> None:
    (case,) = many(1)
    case.instance.status = "SUSPENDED"
    batch_id = ask([case], case.publish(("p", line("a", "x", "b"))))
    job.work_off(factory, batch_id, LATER)
    assert statuses(case.session, batch_id) == ["DONE"]
    assert case.instance.status == "SUSPENDED"
    case.instance.status = "RUNNING"
    case.session.commit()
    assert case.drive() == "e"
