"""A list is sent: every enterprise gets its case, or joins the one it has (P1, J3.1, J3.2)."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.audit.trail import record
from engine.domain.screening import DECISIONS
from engine.models import (
    BatchStatus,
    CaseStatus,
    Enterprise,
    GuaranteeCase,
    ReferralBatch,
    ReferralItem,
)
from engine.operations import batches, enterprises
from engine.operations.case_start import AT_ONCE, start_case
from engine.operations.numbers import next_numbers
from engine.operations.screening import refresh_checks
from engine.people import SYSTEM
from engine.runtime.context import Routing, StepContext, service_operation
from engine.runtime.in_force import programme_of
from engine.runtime.registry import INTEGER
from engine.runtime.run import context_of, lock_instance
from engine.text import text

REVIEW_STAGE = 2  # later a second referral is credited, but nothing is looked at again


@service_operation(
    "referrals.submit",
    "报送需求名单",
    sets={"opened": INTEGER, "joined": INTEGER},
    asks=DECISIONS,
)
def submit(ctx: StepContext, *, batch_id: int) -> Routing:
    """Send a checked list. A late one counts for the next month.

    An enterprise with an open case of the programme joins it: its referrer is credited, the first
    submission's facts stand, what differs is shown to the reviewer. Any other gets a case of its
    own. The enterprises are locked in the order of their ids, so that two referrers who send the
    same one at the same moment make one case.
    """
    batch = batches.own_batch(ctx.session, batch_id, SYSTEM, lock=True)
    if batch.status == BatchStatus.SUBMITTED.value:
        return {}
    rolled_from = _roll(ctx, batch)
    items = list(
        ctx.session.scalars(
            select(ReferralItem)
            .where(ReferralItem.batch_id == batch.id)
            .order_by(ReferralItem.enterprise_id)
        )
    )
    firms = enterprises.lock(ctx.session, [item.enterprise_id for item in items])
    open_cases = _open_cases(ctx.session, batch.programme, list(firms))
    joined = [item for item in items if item.enterprise_id in open_cases]
    fresh = [item for item in items if item.enterprise_id not in open_cases]
    _join(ctx, batch, joined, open_cases, firms)
    _open(ctx, batch, fresh, firms)
    _close(ctx, batch, len(fresh), len(joined), rolled_from)
    return {"opened": len(fresh), "joined": len(joined)}


def _roll(ctx: StepContext, batch: ReferralBatch) -> str | None:
    """Move a late batch to the month it now belongs to; returns the month it was for."""
    if ctx.today <= batch.closing_on:
        return None
    was = batch.period
    batch.period = batches.period_after(ctx.parameters, was, ctx.today)
    return was if batch.period != was else None


def _open_cases(
    session: Session, programme: str, enterprise_ids: Sequence[int]
) -> dict[int, GuaranteeCase]:
    query = select(GuaranteeCase).where(
        GuaranteeCase.enterprise_id.in_(enterprise_ids),
        GuaranteeCase.programme == programme,
        GuaranteeCase.status == CaseStatus.OPEN.value,
    )
    return {case.enterprise_id: case for case in session.scalars(query)}


def _join(
    ctx: StepContext,
    batch: ReferralBatch,
    items: Sequence[ReferralItem],
    cases: Mapping[int, GuaranteeCase],
    firms: Mapping[int, Enterprise],
) -> None:
    # in the order of the cases' ids, as the audit chains want it
    for item in sorted(items, key=lambda each: cases[each.enterprise_id].id):
        case = cases[item.enterprise_id]
        item.case_id, item.submitted_at = case.id, ctx.now
        enterprises.fill_in(firms[item.enterprise_id], item.row, ctx.parameters, ctx.now)
        ctx.session.flush()
        own = _step_of(ctx, case)
        _audit_joined(ctx, batch, item, case)
        if own is not None and case.stage <= REVIEW_STAGE:
            refresh_checks(own, case)


def _step_of(ctx: StepContext, case: GuaranteeCase) -> StepContext | None:
    """The case's own instance, locked; a case that has not been started is checked when it is."""
    if case.instance_id is None:
        return None
    instance = lock_instance(ctx.session, case.instance_id, suspended=True)
    return context_of(ctx.session, instance, ctx.actor, ctx.now)


def _audit_joined(
    ctx: StepContext, batch: ReferralBatch, item: ReferralItem, case: GuaranteeCase
) -> None:
    """On the case's own chain: another referrer named it too."""
    record(
        ctx.session,
        chain=f"case:{case.id}",
        action="case.referral_joined",
        summary=text("{org}也推荐，合并到本案", org=batch.organisation.short_name),
        actor=ctx.actor,
        now=ctx.now,
        after={"batch_no": batch.batch_no, "item": item.id, "row": item.row},
        clause="C.P1",
    )


def _open(
    ctx: StepContext,
    batch: ReferralBatch,
    items: Sequence[ReferralItem],
    firms: Mapping[int, Enterprise],
) -> None:
    if not items:
        return
    scheme = programme_of(ctx.session, batch.programme)
    series = f"{scheme.abbreviation}-{ctx.today.year}"
    numbers = next_numbers(ctx.session, series, len(items))
    cases = [
        _case(ctx, batch, item, f"{series}-{number:06}")
        for item, number in zip(items, numbers, strict=True)
    ]
    ctx.session.add_all(cases)
    for item in items:
        enterprises.take_over(firms[item.enterprise_id], item.row, ctx.parameters, ctx.now)
    ctx.session.flush()
    for item, case in zip(items, cases, strict=True):
        item.case_id, item.submitted_at = case.id, ctx.now
    ctx.session.flush()
    for case in cases[:AT_ONCE]:
        start_case(ctx.session, case, batch, ctx.actor, ctx.now)


def _case(
    ctx: StepContext, batch: ReferralBatch, item: ReferralItem, case_no: str
) -> GuaranteeCase:
    return GuaranteeCase(
        case_no=case_no,
        programme=batch.programme,
        enterprise_id=item.enterprise_id,
        referred_at=ctx.now,
        category=item.category,
        need_amount=item.need_amount,
        need_term=item.need_term,
        need_purpose=item.need_purpose,
        pref_bank_id=item.pref_bank_id,
        target_settle=item.target_settle,
    )


def _close(
    ctx: StepContext, batch: ReferralBatch, opened: int, joined: int, rolled_from: str | None
) -> None:
    batch.status, batch.submitted_at = BatchStatus.SUBMITTED.value, ctx.now
    result: dict[str, Any] = {"opened": opened, "joined": joined, "nil_return": batch.nil_return}
    if rolled_from:
        message = text("名单晚于截止日报送，转入{period}", period=batch.period)
        before = {"period": rolled_from}
        ctx.audit("referral.rolled", message, before=before, after={"period": batch.period})
    message = text("报送名单：立案{opened}件，并入{joined}件", opened=opened, joined=joined)
    ctx.audit("referral.submitted", message, after=result, clause=batches.CLAUSE)
    ctx.emit("referral_submitted", batch_id=batch.id, late=bool(rolled_from), **result)
