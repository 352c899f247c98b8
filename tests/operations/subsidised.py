"""Steps of a fee subsidy that most tests of it begin with."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select

from engine.models import Instance, SubsidyBatch, SubsidyRow
from engine.operations.subsidies import confirm_account, start_batch
from engine.people import SYSTEM
from tests.firing import fire_timers
from tests.operations.world import PROGRAMME, World

QUARTER = "2025Q4"
NEXT_QUARTER = "2026Q1"
STARTED = datetime(2026, 1, 4, 2, 0, tzinfo=UTC)  # a Sunday that was worked
OVER = datetime(2026, 1, 12, 1, 0, tzinfo=UTC)  # the publication ended on Friday the 9th
STARTED_NEXT = datetime(2026, 4, 1, 2, 0, tzinfo=UTC)
OVER_NEXT = datetime(2026, 4, 10, 1, 0, tzinfo=UTC)
BANK = "申城银行嘉定支行"


def began(world: World, period: str = QUARTER, at: datetime = STARTED) -> SubsidyBatch:
    """The quarter's batch, calculated."""
    world.now = at
    return start_batch(world.session, PROGRAMME, period, SYSTEM, at)


def subject(batch: SubsidyBatch) -> str:
    return f"subsidy:{batch.id}"


def rows(world: World, batch: SubsidyBatch) -> list[SubsidyRow]:
    query = select(SubsidyRow).where(SubsidyRow.batch_id == batch.id).order_by(SubsidyRow.id)
    return list(world.session.scalars(query.execution_options(populate_existing=True)))


def verify(world: World, batch: SubsidyBatch, **values: Any) -> None:
    given = {"outcome": "SUBMIT", "excluded": [], "note": "", **values}
    world.do(subject(batch), "verify_subsidy", world["finance"].maker, **given)


def publish(world: World, batch: SubsidyBatch) -> None:
    """Verified, checked, published."""
    verify(world, batch)
    world.do(subject(batch), "check_subsidy", world["finance"].checker, outcome="CONFIRM")


def confirm(world: World, row: SubsidyRow, **values: Any) -> SubsidyRow:
    given = {
        "account_name": row.enterprise.name,
        "account_no": "6222 0000-1234 5678",
        "account_bank": BANK,
        **values,
    }
    return confirm_account(world.session, row.id, **given, now=world.now)


def close_publicity(world: World, batch: SubsidyBatch, at: datetime = OVER) -> None:
    """The publication is over."""
    world.now = at
    assert batch.instance_id is not None
    fire_timers(world.session, batch.instance_id, at)


def resolve(world: World, batch: SubsidyBatch, **values: Any) -> None:
    given = {"outcome": "PROCEED", "excluded": [], "note": "", **values}
    world.do(subject(batch), "resolve_objections", world["finance"].maker, **given)


def approve(world: World, batch: SubsidyBatch, outcome: str = "APPROVE", note: str = "") -> None:
    head = world["finance"].head
    world.do(subject(batch), "approve_payment", head, outcome=outcome, note=note)


def pay(world: World, batch: SubsidyBatch, **values: Any) -> None:
    given = {"paid_on": world.now.date(), "voucher_no": "ZF1", "failed": [], "note": "", **values}
    world.do(subject(batch), "pay_subsidy", world["treasury"].maker, **given)


def settle(world: World, batch: SubsidyBatch) -> None:
    world.do(subject(batch), "confirm_payment", world["treasury"].checker, outcome="CONFIRM")


def approved(
    world: World,
    period: str = QUARTER,
    at: datetime = STARTED,
    over: datetime = OVER,
    unconfirmed: tuple[int, ...] = (),
) -> SubsidyBatch:
    """A batch up to the payment; rows of the filings in `unconfirmed` have no account."""
    batch = began(world, period, at)
    publish(world, batch)
    for row in rows(world, batch):
        if row.filing_id not in unconfirmed and row.status == "PROPOSED":
            confirm(world, row)
    close_publicity(world, batch, over)
    resolve(world, batch)
    approve(world, batch)
    return batch


def paid(world: World, **given: Any) -> SubsidyBatch:
    """A batch paid out and settled."""
    batch = approved(world, **given)
    pay(world, batch)
    settle(world, batch)
    return batch


def waits(world: World, case_id: int) -> bool:
    """Whether the case still waits for its subsidy."""
    query = select(Instance.status).where(
        Instance.subject == f"case:{case_id}", Instance.process_key == "subsidy_wait"
    )
    return world.session.scalars(query).one() == "RUNNING"
