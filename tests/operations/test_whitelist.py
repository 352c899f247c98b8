"""Whitelist releases: who waits, what is frozen, who goes on."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from threading import Barrier

import pytest
from sqlalchemy import delete, select, update
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.orm import Session, sessionmaker

from engine.db import unit_of_work
from engine.errors import Conflict, InvalidInput, NotAllowed, RuleRefused
from engine.models import EntryStatus, GuaranteeCase, Whitelist, WhitelistEntry
from engine.operations import tasks
from engine.operations.cases import withdraw_case
from engine.operations.entries import expire_entries, set_status
from engine.operations.whitelist import candidates, digest
from engine.runtime import registry
from engine.runtime.context import StepContext, operations
from tests.imports.builders import code, row
from tests.operations.world import NOW, PROGRAMME, World, person


@pytest.fixture(autouse=True)
def no_bank_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    """What follows a release is tested elsewhere: here no bank is found."""

    def assign(ctx: StepContext, *, case_id: int) -> dict[str, str]:
        return {"assignment_result": "NONE"}

    found = replace(operations()["banks.assign"], function=assign)
    monkeypatch.setitem(registry._REGISTRY, "banks.assign", found)


def passed(world: World, *usccs: str) -> list[GuaranteeCase]:
    """Cases that the centre has passed."""
    world.send("nanxiang", *(row(统一社会信用代码=each) for each in usccs))
    cases = [world.case(each) for each in usccs]
    for case in cases:
        world.pass_first(case)
        world.pass_centre(case)
    return cases


def releases(world: World) -> list[Whitelist]:
    return list(world.session.scalars(select(Whitelist).order_by(Whitelist.id)))


def publish(world: World, release: Whitelist, *cases: GuaranteeCase) -> None:
    subject, finance = f"whitelist:{release.id}", world["finance"]
    world.do(subject, "compile_release", finance.maker, cases=[case.id for case in cases])
    world.do(subject, "confirm_release", finance.checker, outcome="CONFIRM")


def test_cases_that_pass_wait_for_one_release(world: World) -> None:
    first, second = passed(world, code(), code())
    assert len(releases(world)) == 1
    assert [case.id for case in candidates(world.session, PROGRAMME)] == [first.id, second.id]
    assert world.open_tasks(f"case:{first.id}") == []
    (release,) = releases(world)
    assert world.task(f"whitelist:{release.id}", "compile_release")


def test_a_release_is_numbered_dated_and_moves_its_cases_on(world: World) -> None:
    (case,) = passed(world, code())
    (release,) = releases(world)
    publish(world, release, case)
    (entry,) = release.entries
    assert (release.wl_no, release.status) == ("JD-WL-202512-01", "RELEASED")
    assert (entry.seq, entry.valid_to) == (1, date(2026, 12, 8))
    assert entry.suggested_amount == Decimal("3000000.00")
    assert release.digest == digest(release, [entry], [case])
    assert case.stage >= 3, "已入白名单，转入选行"
    assert len(world.events("whitelist_released")) == 1
    assert "whitelist.listed" in world.actions(f"case:{case.id}")
    assert [each.id for each in releases(world)] == [release.id], "没有人等候，不再开新的"


def test_a_case_that_was_not_chosen_waits_for_the_next_release(world: World) -> None:
    chosen, left = passed(world, code(), code())
    (release,) = releases(world)
    publish(world, release, chosen)
    following = releases(world)[1]
    assert [case.id for case in candidates(world.session, PROGRAMME)] == [left.id]
    publish(world, following, left)
    assert following.wl_no == "JD-WL-202512-02"
    assert world.session.scalar(select(WhitelistEntry).where(WhitelistEntry.case_id == left.id))


def test_only_waiting_cases_can_be_compiled(world: World) -> None:
    (case,) = passed(world, code())
    firm = code()
    world.send("kewei", row(统一社会信用代码=firm, 推荐类别="高企"))
    (release,) = releases(world)
    subject, maker = f"whitelist:{release.id}", world["finance"].maker
    with pytest.raises(RuleRefused) as refused:
        world.do(subject, "compile_release", maker, cases=[case.id, world.case(firm).id])
    assert world.case(firm).case_no in str(refused.value)
    with pytest.raises(InvalidInput):
        world.do(subject, "compile_release", maker, cases=[])


def test_a_case_withdrawn_after_compiling_stops_the_release(world: World) -> None:
    case, other = passed(world, code(), code())
    (release,) = releases(world)
    subject, finance = f"whitelist:{release.id}", world["finance"]
    world.do(subject, "compile_release", finance.maker, cases=[case.id, other.id])
    withdraw_case(world.session, case.id, "企业不再需要", world["nanxiang"].maker, NOW)
    with pytest.raises(RuleRefused) as refused:
        world.do(subject, "confirm_release", finance.checker, outcome="CONFIRM")
    assert case.case_no in str(refused.value)
    world.session.rollback()


def test_who_compiled_does_not_release(world: World) -> None:
    both = person(world.session, world["finance"].org, "both", "maker", "checker")
    (case,) = passed(world, code())
    (release,) = releases(world)
    subject = f"whitelist:{release.id}"
    world.do(subject, "compile_release", both, cases=[case.id])
    with pytest.raises(NotAllowed):
        world.do(subject, "confirm_release", both, outcome="CONFIRM")


def test_a_released_list_cannot_be_changed_even_by_sql(world: World) -> None:
    (case,) = passed(world, code())
    publish(world, releases(world)[0], case)
    world.session.commit()
    forbidden = [
        update(WhitelistEntry).values(suggested_amount=Decimal("9000000")),
        update(WhitelistEntry).values(valid_to=date(2030, 1, 1)),
        delete(WhitelistEntry),
        update(Whitelist).values(digest="0"),
        delete(Whitelist),
    ]
    for statement in forbidden:
        with pytest.raises(ProgrammingError, match="cannot be changed"):
            world.session.execute(statement)
        world.session.rollback()
    world.session.execute(update(WhitelistEntry).values(status="SUSPENDED"))


def test_an_entry_is_suspended_restored_and_removed_for_good(world: World) -> None:
    (case,) = passed(world, code())
    publish(world, releases(world)[0], case)
    (entry,) = releases(world)[0].entries
    finance = world["finance"].maker
    with pytest.raises(NotAllowed):
        set_status(
            world.session, entry.id, EntryStatus.SUSPENDED, "x", world["nanxiang"].maker, NOW
        )
    with pytest.raises(InvalidInput):
        set_status(world.session, entry.id, EntryStatus.SUSPENDED, " ", finance, NOW)
    set_status(world.session, entry.id, EntryStatus.SUSPENDED, "新增诉讼", finance, NOW)
    set_status(world.session, entry.id, EntryStatus.ACTIVE, "已和解", finance, NOW)
    set_status(world.session, entry.id, EntryStatus.REMOVED, "失信被执行人", finance, NOW)
    assert entry.status == "REMOVED"
    with pytest.raises(Conflict):
        set_status(world.session, entry.id, EntryStatus.ACTIVE, "误", finance, NOW)


def test_an_entry_expires_after_its_last_day_and_not_on_it(world: World) -> None:
    (case,) = passed(world, code())
    publish(world, releases(world)[0], case)
    assert expire_entries(world.session, datetime(2026, 12, 8, 12, tzinfo=UTC)) == 0
    assert expire_entries(world.session, datetime(2026, 12, 8, 17, tzinfo=UTC)) == 1
    assert releases(world)[0].entries[0].status == "EXPIRED"
    assert expire_entries(world.session, datetime(2026, 12, 10, tzinfo=UTC)) == 0


def test_two_cases_passed_at_once_open_one_release(
    world: World, factory: sessionmaker[Session]
) -> None:
    codes = [code(), code()]
    world.send("nanxiang", *(row(统一社会信用代码=each) for each in codes))
    items = []
    for each in codes:
        case = world.case(each)
        world.pass_first(case)
        values = {"outcome": "PASS", "approved_amount": Decimal("1000000")}
        world.do(f"case:{case.id}", "centre_review", world["centre"].maker, **values)
        items.append(world.task(f"case:{case.id}", "centre_check").id)
    world.session.commit()
    start = Barrier(2)

    def confirm(item_id: int) -> None:
        start.wait()
        with unit_of_work(factory) as session:
            checker, values = world["centre"].checker, {"outcome": "CONFIRM"}
            tasks.complete(session, item_id, checker, values, NOW)

    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(confirm, item_id) for item_id in items]:
            done.result()
    assert len(releases(world)) == 1
    assert len(candidates(world.session, PROGRAMME)) == 2
