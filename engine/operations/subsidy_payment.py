"""A quarter's fee subsidy from the end of its publication to the money (P9, J4.7.1)."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import exists, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import aliased

from engine.audit.trail import record
from engine.errors import Conflict, InvalidInput, RuleRefused
from engine.models import Filing, GuaranteeCase, Instance, SubsidyBatch, SubsidyRow
from engine.operations.decisions import note_of, require_note
from engine.operations.same_person import refuse_same_person
from engine.operations.subsidies import lock_programme
from engine.operations.subsidy_rows import (
    APPROVED,
    CALCULATED,
    CARRY_FORWARD,
    CLAUSE,
    FAILED,
    NO_ACCOUNT,
    PAID,
    PROPOSED,
    PUBLICISED,
    RESOLVED,
    chosen,
    locked_batch,
    rows_of,
    shown,
    sum_of,
)
from engine.runtime.context import Routing, StepContext, form_operation, service_operation
from engine.text import Text, text

MESSAGE = "subsidy.paid"


def _batch(ctx: StepContext, *statuses: str) -> SubsidyBatch:
    return locked_batch(ctx.session, int(ctx.data["batch_id"]), *statuses)


@form_operation("subsidies.record_resolved", "记录公示结果", final=True)
def record_resolved(ctx: StepContext, values: Mapping[str, Any]) -> Routing:
    """PROCEED to the head, or RECALCULATE and publish again.

    `excluded` row ids are not paid this quarter and carry forward, as do rows without a confirmed
    account when it proceeds. Objections need a note. Raises InvalidInput, RuleRefused
    `nothing_payable`.
    """
    batch, note = _batch(ctx, PUBLICISED), note_of(values)
    rows = rows_of(ctx.session, batch.id, PROPOSED)
    out = chosen(rows, values.get("excluded"), "excluded")
    again = values["outcome"] == "RECALCULATE"
    _require_words(rows, out, again, note)
    before = {"status": batch.status, "rows": shown(rows)}
    for row in out:
        row.status, row.reason = CARRY_FORWARD, f"本季不付：{note}"
    if not again:
        _leave_unconfirmed(rows)
        _refuse_nothing(rows)
    batch.status = CALCULATED if again else RESOLVED
    after = {"status": batch.status, "rows": shown(rows)}
    paid = [row for row in rows if row.status == PROPOSED]
    message = (
        text("公示后重新测算")
        if again
        else text("公示结束，报批{n}笔{amount}元", n=len(paid), amount=f"{sum_of(paid):,.2f}")
    )
    reason = note or None
    ctx.audit("subsidy.resolved", message, before=before, after=after, reason=reason, clause=CLAUSE)
    return {}


def _require_words(
    rows: Sequence[SubsidyRow], out: Sequence[SubsidyRow], again: bool, note: str
) -> None:
    if out or again:
        require_note(note)
    objections = [row for row in rows if row.objection]
    if objections and not note:
        count = len(objections)
        raise InvalidInput({"note": text("有{n}家提出异议，写明处理结果", n=count)})


def _leave_unconfirmed(rows: Sequence[SubsidyRow]) -> None:
    for row in rows:
        if row.status == PROPOSED and row.account_confirmed_at is None:
            row.status, row.reason = CARRY_FORWARD, NO_ACCOUNT


def _refuse_nothing(rows: Sequence[SubsidyRow]) -> None:
    if not any(row.status == PROPOSED for row in rows):
        raise RuleRefused(
            "nothing_payable",
            text("没有企业确认收款账号，本批没有可支付的"),
            text("改选“重新测算”再公示一次；本季都不付的，全部勾选后重新测算"),
        )


@form_operation("subsidies.record_approved", "记录支付审批", final=True)
def record_approved(ctx: StepContext, values: Mapping[str, Any]) -> Routing:
    """APPROVE the payment, or RETURN it: the list is public again and accounts can be confirmed.

    Raises NotAllowed for who verified, checked or resolved; InvalidInput, Conflict.
    """
    for element in ("verify_subsidy", "check_subsidy", "resolve_objections"):
        refuse_same_person(ctx, element)
    batch, note = _batch(ctx, RESOLVED), note_of(values)
    before = {"status": batch.status}
    if values["outcome"] == "RETURN":
        require_note(note)
        batch.status = PUBLICISED
        take_back(ctx, batch)
        message, action = text("审批退回"), "subsidy.approval_returned"
    else:
        batch.status = APPROVED
        message, action = _approved(ctx, batch), "subsidy.approved"
    after = {"status": batch.status}
    ctx.audit(action, message, before=before, after=after, reason=note or None, clause=CLAUSE)
    return {}


def take_back(ctx: StepContext, batch: SubsidyBatch) -> None:
    """Put the rows back that were left out for want of an account."""
    for row in rows_of(ctx.session, batch.id, CARRY_FORWARD):
        if row.reason == NO_ACCOUNT:
            row.status, row.reason = PROPOSED, ""


def _approved(ctx: StepContext, batch: SubsidyBatch) -> Text:
    rows = rows_of(ctx.session, batch.id, PROPOSED)
    return text("同意支付{n}笔{amount}元", n=len(rows), amount=f"{sum_of(rows):,.2f}")


@form_operation("subsidies.record_payment", "记录国库支付")
def record_payment(ctx: StepContext, values: Mapping[str, Any]) -> Routing:
    """Day and voucher of the payment; `failed` row ids came back. Recorded again, it replaces what
    was recorded. Raises InvalidInput, Conflict."""
    batch, note = _batch(ctx, APPROVED), note_of(values)
    on, voucher = values.get("paid_on"), str(values.get("voucher_no") or "").strip()
    rows = rows_of(ctx.session, batch.id, PROPOSED, FAILED)
    failed = chosen(rows, values.get("failed"), "failed")
    _refuse_bad_payment(ctx, batch, on, voucher)
    if failed:
        require_note(note)
    before = _payment(batch, rows)
    for row in rows:
        row.status, row.reason = PROPOSED, ""
    for row in failed:
        row.status, row.reason = FAILED, f"退票：{note}"
    batch.paid_on, batch.voucher_no = on, voucher
    amount = sum_of([row for row in rows if row.status == PROPOSED])
    message = text("国库支付{amount}元，退票{n}笔", amount=f"{amount:,.2f}", n=len(failed))
    after, reason = _payment(batch, rows), note or None
    ctx.audit("subsidy.payment", message, before=before, after=after, reason=reason, clause=CLAUSE)
    return {}


def _payment(batch: SubsidyBatch, rows: Sequence[SubsidyRow]) -> dict[str, Any]:
    return {"paid_on": batch.paid_on, "voucher_no": batch.voucher_no, "rows": shown(rows)}


def _refuse_bad_payment(
    ctx: StepContext, batch: SubsidyBatch, on: date | None, voucher: str
) -> None:
    wrong: dict[str, Text] = {}
    if on is None or on > ctx.today:
        wrong["paid_on"] = text("填写今天或以前的日期")
    elif batch.publicity_to is not None and on <= batch.publicity_to:
        wrong["paid_on"] = text("公示到{day}为止，支付须在其后", day=batch.publicity_to.isoformat())
    if not voucher:
        wrong["voucher_no"] = text("填写支付凭证号")
    if wrong:
        raise InvalidInput(wrong)


@form_operation("subsidies.record_payment_check", "记录支付复核")
def record_payment_check(ctx: StepContext, values: Mapping[str, Any]) -> Routing:
    """CONFIRM lets the batch be settled, RETURN gives it back with a note.

    Raises NotAllowed for who recorded the payment, InvalidInput, Conflict.
    """
    refuse_same_person(ctx, "pay_subsidy")
    batch, note = _batch(ctx, APPROVED), note_of(values)
    rows = rows_of(ctx.session, batch.id, PROPOSED, FAILED)
    after = _payment(batch, rows)
    if values["outcome"] == "RETURN":
        require_note(note)
        message, action = text("支付复核退回"), "subsidy.payment_returned"
    else:
        message, action = text("支付复核确认"), "subsidy.payment_confirmed"
    ctx.audit(action, message, after=after, reason=note or None, clause=CLAUSE)
    return {}


@service_operation("subsidies.settle", "批次入账")
def settle(ctx: StepContext, *, batch_id: int) -> Routing:
    """Rows with a confirmed account whose payment did not fail are PAID, their cases go on; the
    rest is for the next quarter. No filing is paid twice: RuleRefused `already_paid`."""
    batch = locked_batch(ctx.session, batch_id, APPROVED)
    if batch.paid_on is None or not batch.voucher_no:
        raise Conflict("not_paid", text("还没有登记支付"), text("请国库经办先登记支付"))
    lock_programme(ctx.session, batch.programme)
    rows = rows_of(ctx.session, batch.id, PROPOSED, FAILED)
    before = {"status": batch.status, "rows": shown(rows)}
    _leave_unconfirmed(rows)
    paid = [row for row in rows if row.status == PROPOSED]
    case_ids = _lock_cases(ctx, paid)
    _pay(ctx, paid)
    batch.status = PAID
    ctx.session.flush()
    amount = sum_of(paid)
    message = text("支付补贴{n}笔{amount}元", n=len(paid), amount=f"{amount:,.2f}")
    after = {"status": batch.status, "amount": amount, "rows": shown(rows)}
    ctx.audit("subsidy.settled", message, before=before, after=after, clause=CLAUSE)
    _tell(ctx, batch, paid, case_ids)
    return {}


def _lock_cases(ctx: StepContext, rows: Sequence[SubsidyRow]) -> dict[int, int]:
    """filing id -> case id. The instances that will go on are locked in the order of their ids,
    before their audit chains are, as every step does."""
    ids = [row.filing_id for row in rows]
    query = select(Filing.id, Filing.case_id).where(Filing.id.in_(ids))
    found = dict(ctx.session.execute(query).tuples().all())
    instances = select(GuaranteeCase.instance_id).where(GuaranteeCase.id.in_(found.values()))
    locked = select(Instance.id).where(Instance.id.in_(instances)).order_by(Instance.id)
    ctx.session.execute(locked.with_for_update())
    return found


def _pay(ctx: StepContext, rows: Sequence[SubsidyRow]) -> None:
    _refuse_paid(ctx, rows)
    for row in rows:
        row.status, row.reason = PAID, ""
    try:
        ctx.session.flush()
    except IntegrityError as error:
        # uq_subsidy_row_paid: the database's own word that a filing is paid once
        raise _already_paid("—") from error


def _refuse_paid(ctx: StepContext, rows: Sequence[SubsidyRow]) -> None:
    other = aliased(SubsidyRow)
    ids = [row.id for row in rows]
    twice = exists().where(other.filing_id == Filing.id, other.status == PAID)
    query = (
        select(Filing.filing_no)
        .join(SubsidyRow, SubsidyRow.filing_id == Filing.id)
        .where(SubsidyRow.id.in_(ids), twice)
        .order_by(Filing.filing_no)
    )
    found = ctx.session.scalars(query).all()
    if found:
        raise _already_paid("、".join(str(each) for each in found))


def _already_paid(numbers: str) -> RuleRefused:
    return RuleRefused(
        "already_paid",
        text("备案{numbers}已领取过补贴，不能重复支付", numbers=numbers),
        text("退回国库经办核对；本次未付出的登记为退票"),
    )


def _tell(
    ctx: StepContext, batch: SubsidyBatch, paid: Sequence[SubsidyRow], case_ids: Mapping[int, int]
) -> None:
    for row in sorted(paid, key=lambda each: case_ids[each.filing_id]):
        case_id = case_ids[row.filing_id]
        record(
            ctx.session,
            chain=f"case:{case_id}",
            action="case.subsidised",
            summary=text("担保费补贴{amount}元已支付", amount=f"{row.amount:,.2f}"),
            actor=ctx.actor,
            now=ctx.now,
            after={"batch_no": batch.batch_no, "row": row.id, "amount": row.amount},
            clause=CLAUSE,
        )
        ctx.send(MESSAGE, case_id)
    payload = {"batch_id": batch.id, "batch_no": batch.batch_no}
    ctx.emit("subsidy_paid", **payload, row_ids=[row.id for row in paid])
