"""A month's lists: opened, checked by another person, sent once, made into cases."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session, sessionmaker

from engine.errors import Conflict, InvalidInput, NotAllowed, NotFound, RuleRefused
from engine.jobs.deadlines import Sweep
from engine.jobs.pending_cases import sweep_pending_cases
from engine.models import (
    Authorisation,
    BatchStatus,
    CheckResult,
    GuaranteeCase,
    Instance,
    ReferralBatch,
    ReferralItem,
)
from engine.operations import submission
from engine.operations.batches import open_batch, open_period, withdraw_batch
from engine.operations.case_start import pending_cases, start_pending
from engine.people import SYSTEM
from tests.imports.builders import code, row
from tests.operations.world import NOW, PERIOD, PROGRAMME, World, person


def count(world: World, model: type[object]) -> int:
    return world.session.scalar(select(func.count()).select_from(model)) or 0


def test_opening_a_month_twice_gives_every_referrer_one_batch(world: World) -> None:
    opened = open_period(world.session, PROGRAMME, PERIOD, NOW)
    assert {batch.org_id for batch in opened} == {
        world[code].org.id for code in ("nanxiang", "kewei", "bank")
    }
    assert open_period(world.session, PROGRAMME, PERIOD, NOW) == []
    assert count(world, ReferralBatch) == 3
    assert len(world.events("referral_opened")) == 3
    tasks = [world.task(f"batch:{batch.id}", "prepare_list") for batch in opened]
    assert {item.org_id for item in tasks} == {batch.org_id for batch in opened}


def test_a_month_closes_on_the_working_day_that_its_closing_day_rolls_to(world: World) -> None:
    assert world.batch("nanxiang", "2025-12").closing_on == date(2025, 12, 25)
    assert world.batch("nanxiang", "2026-01").closing_on == date(2026, 1, 26), "25日是周日"
    item = world.task(f"batch:{world.batch('nanxiang').id}", "prepare_list")
    assert item.due_at == datetime(2025, 12, 25, 15, 59, 59, tzinfo=UTC)


def test_a_programme_that_is_not_in_force_opens_no_month(world: World) -> None:
    early = datetime(2025, 11, 3, tzinfo=UTC)
    with pytest.raises(RuleRefused) as refused:
        open_period(world.session, PROGRAMME, "2025-11", early)
    assert refused.value.code == "programme_closed"


def test_nobody_opens_a_batch_for_somebody_else(world: World) -> None:
    org, stranger = world["nanxiang"].org, world["kewei"].maker
    with pytest.raises(NotFound):
        open_batch(world.session, org.id, PROGRAMME, PERIOD, stranger, NOW)
    with pytest.raises(NotFound):
        open_batch(world.session, world["finance"].org.id, PROGRAMME, PERIOD, SYSTEM, NOW)
    with pytest.raises(InvalidInput):
        open_batch(world.session, org.id, PROGRAMME, "2025-13", SYSTEM, NOW)


def test_an_empty_list_is_not_handed_on_and_a_nil_return_excludes_rows(world: World) -> None:
    batch, maker = world.batch("nanxiang"), world["nanxiang"].maker
    with pytest.raises(RuleRefused) as empty:
        world.do(f"batch:{batch.id}", "prepare_list", maker, outcome="SUBMIT")
    world.session.rollback()
    world.fill("nanxiang", row())
    with pytest.raises(RuleRefused) as nil:
        world.do(f"batch:{world.batch('nanxiang').id}", "prepare_list", maker, outcome="NIL")
    assert (empty.value.code, nil.value.code) == ("batch_empty", "nil_with_rows")


def test_a_nil_return_is_sent_without_any_case(world: World) -> None:
    batch = world.batch("nanxiang")
    world.do(f"batch:{batch.id}", "prepare_list", world["nanxiang"].maker, outcome="NIL")
    world.do(f"batch:{batch.id}", "check_list", world["nanxiang"].checker, outcome="PASS")
    assert (batch.status, batch.nil_return) == ("SUBMITTED", True)
    assert count(world, GuaranteeCase) == 0


def test_who_prepared_a_list_does_not_check_it(world: World) -> None:
    both = person(world.session, world["nanxiang"].org, "both", "maker", "checker")
    world.fill("nanxiang", row())
    subject = f"batch:{world.batch('nanxiang').id}"
    world.do(subject, "prepare_list", both, outcome="SUBMIT")
    with pytest.raises(NotAllowed):
        world.do(subject, "check_list", both, outcome="PASS")
    assert count(world, GuaranteeCase) == 0


def test_a_returned_list_can_be_changed_again(world: World) -> None:
    world.fill("nanxiang", row())
    batch = world.batch("nanxiang")
    subject, office = f"batch:{batch.id}", world["nanxiang"]
    world.do(subject, "prepare_list", office.maker, outcome="SUBMIT")
    world.do(subject, "check_list", office.checker, outcome="RETURN", note="核对电话")
    assert batch.status == BatchStatus.DRAFT.value
    assert world.fill("nanxiang", row()).added == 1
    assert "referral.list_returned" in world.actions(subject)


def test_every_enterprise_of_a_sent_list_gets_a_case_in_the_first_review(world: World) -> None:
    first, second = code(), code()
    batch = world.send(
        "nanxiang", row(统一社会信用代码=first, 融资需求=500), row(统一社会信用代码=second)
    )
    case = world.case(first)
    assert {world.case(first).case_no, world.case(second).case_no} == {
        "JD-2025-000001",
        "JD-2025-000002",
    }
    assert case.need_amount == Decimal("5000000.00")
    assert case.referred_at == NOW
    assert batch.status == "SUBMITTED"
    review = world.task(f"case:{case.id}", "first_review")
    assert review.org_id == world["finance"].org.id
    assert case.stage == 2
    instance = world.session.get_one(Instance, case.instance_id)
    assert instance.title == case.enterprise.name
    assert world.actions(f"case:{case.id}")[0] == "case.opened"


def test_authorisations_that_the_checker_attests_are_recorded_for_each_enterprise(
    world: World,
) -> None:
    world.send("nanxiang", row(), row())
    found = world.session.scalars(select(Authorisation)).all()
    assert [each.valid_to for each in found] == [date(2026, 12, 8)] * 2
    assert {each.attested_by for each in found} == {world["nanxiang"].checker.person_id}


def test_without_an_authorisation_the_case_waits_for_it(world: World) -> None:
    firm = code()
    world.send("nanxiang", row(统一社会信用代码=firm), authorised=False)
    case, maker = world.case(firm), world["nanxiang"].maker
    subject = f"case:{case.id}"
    values = {"signed_on": date(2026, 1, 1), "valid_to": None}
    with pytest.raises(InvalidInput):
        world.do(subject, "supply_authorisation", maker, **values)
    world.do(subject, "supply_authorisation", maker, signed_on=date(2025, 12, 5), valid_to=None)
    assert world.task(subject, "first_review")


def test_the_second_referrer_of_an_enterprise_joins_its_case(world: World) -> None:
    firm = code()
    world.send("nanxiang", row(统一社会信用代码=firm, 融资需求=600, 经营地址="南翔镇一号"))
    world.now = datetime(2025, 12, 9, 2, 0, tzinfo=UTC)
    both = row(
        统一社会信用代码=firm, 融资需求=500, 经营地址="南翔镇二号", 推荐类别="高企",
        资质="高新技术企业", 资质有效期至="2027-12-31",
    )  # fmt: skip
    world.send("kewei", both)
    case = world.case(firm)
    assert count(world, GuaranteeCase) == 1
    assert {item.batch.org_id for item in case.items} == {
        world["nanxiang"].org.id,
        world["kewei"].org.id,
    }
    assert (case.need_amount, case.referred_at) == (Decimal("6000000.00"), NOW)
    assert case.enterprise.biz_address == "南翔镇一号", "首报为准"
    assert case.enterprise.qualifications[0]["code"] == "HIGH_TECH", "证书补入"
    found = select(CheckResult).where(CheckResult.code == "NEED_CONFLICT")
    assert world.session.scalars(found).one().outcome == "JUDGE", "差异交初审判断"
    assert "case.referral_joined" in world.actions(f"case:{case.id}")


def test_an_enterprise_whose_case_is_closed_gets_a_new_one(world: World) -> None:
    firm = code()
    world.send("nanxiang", row(统一社会信用代码=firm))
    old = world.case(firm)
    old.status = "EXPIRED"
    world.session.flush()
    world.send("kewei", row(统一社会信用代码=firm, 推荐类别="高企"))
    assert world.case(firm).id != old.id


def test_a_late_list_counts_for_the_next_month(world: World) -> None:
    world.fill("nanxiang", row())
    batch = world.batch("nanxiang")
    world.now = datetime(2025, 12, 26, 2, 0, tzinfo=UTC)
    subject, office = f"batch:{batch.id}", world["nanxiang"]
    world.do(subject, "prepare_list", office.maker, outcome="SUBMIT")
    world.do(subject, "check_list", office.checker, outcome="PASS", authorisations_signed=True)
    assert batch.period == "2026-01"
    assert "referral.rolled" in world.actions(subject)
    january = open_period(world.session, PROGRAMME, "2026-01", datetime(2026, 1, 1, tzinfo=UTC))
    assert office.org.id in {each.org_id for each in january}, "下月照常开放"


def test_a_draft_can_be_withdrawn_and_a_sent_list_cannot(world: World) -> None:
    draft, maker = world.batch("nanxiang"), world["nanxiang"].maker
    withdraw_batch(world.session, draft.id, "报错月份", maker, NOW)
    assert draft.status == "WITHDRAWN"
    assert world.open_tasks(f"batch:{draft.id}") == []
    sent = world.send("kewei", row(推荐类别="高企"))
    with pytest.raises(Conflict):
        withdraw_batch(world.session, sent.id, "误报", world["kewei"].maker, NOW)


def test_two_referrers_who_send_the_same_enterprise_at_once_make_one_case(
    world: World, factory: sessionmaker[Session]
) -> None:
    firm = code()
    for name, category in (("nanxiang", "街镇推荐"), ("kewei", "高企")):
        world.fill(name, row(统一社会信用代码=firm, 推荐类别=category))
        subject = f"batch:{world.batch(name).id}"
        world.do(subject, "prepare_list", world[name].maker, outcome="SUBMIT")
    world.session.commit()
    race(world, factory, "nanxiang", "kewei")
    assert count(world, GuaranteeCase) == 1
    assert count(world, ReferralItem) == 2
    assert {item.case_id for item in world.session.scalars(select(ReferralItem))} == {
        world.case(firm).id
    }


def race(world: World, factory: sessionmaker[Session], *names: str) -> None:
    """Every referrer's checker passes the list in a thread and transaction of its own."""
    from concurrent.futures import ThreadPoolExecutor
    from threading import Barrier

    from engine.db import unit_of_work
    from engine.operations import tasks

    start = Barrier(len(names))
    items = {name: world.task(f"batch:{world.batch(name).id}", "check_list").id for name in names}
    values = {"outcome": "PASS", "authorisations_signed": True}
    world.session.rollback()

    def check(name: str) -> None:
        start.wait()
        with unit_of_work(factory) as session:
            tasks.complete(session, items[name], world[name].checker, values, NOW)

    with ThreadPoolExecutor(len(names)) as pool:
        for done in [pool.submit(check, name) for name in names]:
            done.result()


def test_a_list_of_two_thousand_is_sent_with_one_click_and_its_cases_follow(
    world: World, factory: sessionmaker[Session], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(submission, "AT_ONCE", 5)
    world.fill("nanxiang", *(row() for _ in range(2000)))
    subject, office = f"batch:{world.batch('nanxiang').id}", world["nanxiang"]
    world.do(subject, "prepare_list", office.maker, outcome="SUBMIT")
    world.do(subject, "check_list", office.checker, outcome="PASS", authorisations_signed=True)
    world.session.commit()
    assert count(world, GuaranteeCase) == 2000
    assert len(pending_cases(world.session, 5000)) == 1995
    assert sweep_pending_cases(factory, NOW, limit=20) == Sweep(20, 0)
    assert len(pending_cases(world.session, 5000)) == 1975


def test_a_case_is_started_only_once(world: World, factory: sessionmaker[Session]) -> None:
    firm = code()
    world.send("nanxiang", row(统一社会信用代码=firm))
    world.session.commit()
    assert not start_pending(world.session, world.case(firm).id, NOW)
    assert sweep_pending_cases(factory, NOW) == Sweep(0, 0)
