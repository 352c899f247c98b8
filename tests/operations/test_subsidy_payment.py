"""Paying the fee subsidy: once for each filing, to the cent, and what carries forward."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from decimal import Decimal
from threading import Barrier

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, sessionmaker

from engine.db import unit_of_work
from engine.errors import InvalidInput, NotAllowed, NotFound, RuleRefused
from engine.models import Agreement, Filing, SubsidyBatch, SubsidyRow
from engine.operations import tasks
from engine.operations.subsidies import start_batch, totals
from engine.people import SYSTEM
from tests.operations.lent import agreement, filed
from tests.operations.subsidised import (
    NEXT_QUARTER,
    OVER_NEXT,
    QUARTER,
    STARTED,
    STARTED_NEXT,
    approved,
    began,
    paid,
    pay,
    publish,
    rows,
    settle,
    subject,
    waits,
)
from tests.operations.world import PROGRAMME, World, person


@pytest.fixture
def terms(world: World) -> Agreement:
    """An agreement, and a treasury in the district."""
    world._add("treasury", "区国库", "TREASURY")
    return agreement(world)


def paid_rows(session: Session, filing: Filing) -> int:
    query = select(func.count()).where(
        SubsidyRow.filing_id == filing.id, SubsidyRow.status == "PAID"
    )
    return session.scalars(query).one()


def test_paid_rows_end_their_cases_and_tell_the_enterprises(world: World, terms: Agreement) -> None:
    filings = [filed(world, terms, "8000.01"), filed(world, terms, "0.99")]
    batch = paid(world)
    assert (batch.status, batch.voucher_no, batch.paid_on) == ("PAID", "ZF1", date(2026, 1, 12))
    assert totals(world.session, batch.id).amount("PAID") == Decimal("8001.00")
    assert [waits(world, one.case_id) for one in filings] == [False, False]
    ids = [row.id for row in rows(world, batch)]
    assert [event.payload["row_ids"] for event in world.events("subsidy_paid")] == [ids]
    assert "case.subsidised" in world.actions(f"case:{filings[0].case_id}")
    assert world.open_tasks(subject(batch)) == []


def test_an_unconfirmed_account_carries_forward_and_is_paid_next_quarter(
    world: World, terms: Agreement
) -> None:
    first, second = filed(world, terms), filed(world, terms, "5000.00")
    batch = paid(world, unconfirmed=(second.id,))
    assert [row.status for row in rows(world, batch)] == ["PAID", "CARRY_FORWARD"]
    assert waits(world, second.case_id)
    after = paid(world, period=NEXT_QUARTER, at=STARTED_NEXT, over=OVER_NEXT)
    found = rows(world, after)
    assert [(row.filing_id, row.status) for row in found] == [(second.id, "PAID")]
    assert found[0].amount == Decimal("5000.00")
    assert not waits(world, second.case_id)
    assert [paid_rows(world.session, one) for one in (first, second)] == [1, 1]


def test_a_failed_payment_carries_forward(world: World, terms: Agreement) -> None:
    first, second = filed(world, terms), filed(world, terms)
    batch = approved(world)
    failed = rows(world, batch)[0]
    pay(world, batch, failed=[failed.id], note="账号不存在")
    settle(world, batch)
    assert [row.status for row in rows(world, batch)] == ["FAILED", "PAID"]
    assert (waits(world, first.case_id), waits(world, second.case_id)) == (True, False)
    assert world.events("subsidy_paid")[0].payload["row_ids"] == [rows(world, batch)[1].id]
    after = began(world, NEXT_QUARTER, STARTED_NEXT)
    assert [row.filing_id for row in rows(world, after)] == [first.id]
    assert rows(world, after)[0].account_no is None  # the account that failed is asked for anew


def test_a_payment_recorded_again_replaces_the_first(world: World, terms: Agreement) -> None:
    filed(world, terms)
    filed(world, terms)
    batch = approved(world)
    one, other = rows(world, batch)
    pay(world, batch, failed=[one.id], note="退票")
    checker = world["treasury"].checker
    world.do(subject(batch), "confirm_payment", checker, outcome="RETURN", note="退票的是另一家")
    pay(world, batch, failed=[other.id], note="退票", voucher_no="ZF2")
    settle(world, batch)
    assert [row.status for row in rows(world, batch)] == ["PAID", "FAILED"]
    assert batch.voucher_no == "ZF2"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("paid_on", date(2026, 1, 13)),
        ("paid_on", date(2026, 1, 9)),
        ("paid_on", None),
        ("voucher_no", " "),
        ("failed", [987654]),
    ],
)
def test_a_payment_that_cannot_be_is_refused(
    world: World, terms: Agreement, field: str, value: object
) -> None:
    filed(world, terms)
    batch = approved(world)
    with pytest.raises(InvalidInput) as refused:
        pay(world, batch, **{field: value})
    assert set(refused.value.fields) == {field}
    assert (batch.paid_on, batch.voucher_no) == (None, None)


def test_who_pays_does_not_check_the_payment(world: World, terms: Agreement) -> None:
    filing = filed(world, terms)
    batch = approved(world)
    both = person(world.session, world["treasury"].org, "both", "maker", "checker")
    values = {"paid_on": date(2026, 1, 12), "voucher_no": "ZF1", "failed": []}
    world.do(subject(batch), "pay_subsidy", both, **values)
    with pytest.raises((NotAllowed, NotFound)):
        world.do(subject(batch), "confirm_payment", both, outcome="CONFIRM")
    assert paid_rows(world.session, filing) == 0
    assert waits(world, filing.case_id)


def test_a_filing_stands_in_one_batch_at_a_time(world: World, terms: Agreement) -> None:
    filing = filed(world, terms)
    first = began(world)
    publish(world, first)
    second = began(world, NEXT_QUARTER, STARTED_NEXT)
    assert second.status == "EMPTY"
    assert paid_rows(world.session, filing) == 0


def forged(world: World, filing: Filing, status: str) -> SubsidyRow:
    """A row in another batch that no rule would have made."""
    other = SubsidyBatch(
        batch_no="JD-BT-2025Q3",
        programme=PROGRAMME,
        period="2025Q3",
        status="PAID",
        created_at=STARTED,
    )
    world.session.add(other)
    world.session.flush()
    row = SubsidyRow(
        batch_id=other.id,
        filing_id=filing.id,
        enterprise_id=filing.case.enterprise_id,
        base=Decimal(1),
        ratio=Decimal(1),
        amount=Decimal(1),
        status=status,
    )
    world.session.add(row)
    world.session.flush()
    return row


def test_a_filing_that_was_paid_meanwhile_is_not_paid_again(world: World, terms: Agreement) -> None:
    filing = filed(world, terms)
    batch = approved(world)
    pay(world, batch)
    forged(world, filing, "PAID")
    with pytest.raises(RuleRefused) as refused:
        settle(world, batch)
    assert refused.value.code == "already_paid"
    assert str(filing.filing_no) in str(refused.value)
    assert (batch.status, paid_rows(world.session, filing)) == ("APPROVED", 1)
    assert world.events("subsidy_paid") == []


def test_the_database_itself_refuses_a_second_payment(world: World, terms: Agreement) -> None:
    filing = filed(world, terms)
    paid(world)
    row = forged(world, filing, "PROPOSED")
    with pytest.raises(IntegrityError):
        world.session.execute(
            update(SubsidyRow).where(SubsidyRow.id == row.id).values(status="PAID")
        )


def test_two_batches_started_at_once_share_the_filings_out(
    world: World, terms: Agreement, factory: sessionmaker[Session]
) -> None:
    filing = filed(world, terms)
    world.session.commit()
    together = Barrier(2)

    def start(period: str) -> int:
        with unit_of_work(factory) as session:
            together.wait()
            return start_batch(session, PROGRAMME, period, SYSTEM, STARTED_NEXT).id

    with ThreadPoolExecutor(2) as pool:
        ids = list(pool.map(start, (QUARTER, NEXT_QUARTER)))
    found = world.session.scalars(select(SubsidyRow).where(SubsidyRow.filing_id == filing.id))
    assert len(set(ids)) == 2
    assert len(found.all()) == 1


def test_one_quarter_started_twice_at_once_is_one_batch(
    world: World, terms: Agreement, factory: sessionmaker[Session]
) -> None:
    filed(world, terms)
    world.session.commit()
    together = Barrier(2)

    def start(_: int) -> int:
        with unit_of_work(factory) as session:
            together.wait()
            return start_batch(session, PROGRAMME, QUARTER, SYSTEM, STARTED).id

    with ThreadPoolExecutor(2) as pool:
        assert len(set(pool.map(start, range(2)))) == 1
    assert world.session.scalars(select(func.count(SubsidyRow.id))).one() == 1


def test_a_double_click_on_the_last_check_pays_once(
    world: World, terms: Agreement, factory: sessionmaker[Session]
) -> None:
    filing = filed(world, terms)
    batch = approved(world)
    pay(world, batch)
    item = world.task(subject(batch), "confirm_payment")
    world.session.commit()
    together, checker = Barrier(2), world["treasury"].checker

    def click(_: int) -> bool:
        with unit_of_work(factory) as session:
            together.wait()
            values = {"outcome": "CONFIRM"}
            return tasks.complete(session, item.id, checker, values, world.now).already

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(click, range(2))) == [False, True]
    world.session.expire_all()
    assert paid_rows(world.session, filing) == 1
    assert len(world.events("subsidy_paid")) == 1
