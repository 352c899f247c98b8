"""What the simulated staff decide on cases and loans: the form they would type, by the step."""

from datetime import date, timedelta
from decimal import Decimal
from random import Random

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.domain.calendar import add_working_days
from engine.domain.dates import add_months
from engine.models import (
    CheckResult,
    Disbursement,
    Filing,
    GuaranteeCase,
    LoanCase,
    ReferralBatch,
    WorkItem,
)
from engine.operations.exposure import exposure
from engine.operations.whitelist import candidates
from web.demo import partners  # noqa: F401 (registers its steps)
from web.demo.answers import DECISIONS, WAN, Asked, Raw, decides, in_wan, raw

CONFIRM, APPROVE, AGREE = (
    raw(outcome="CONFIRM"),
    raw(outcome="APPROVE", note="同意"),
    raw(outcome="AGREE"),
)
ALWAYS: dict[str, Raw] = {
    "check_list": raw(outcome="PASS", authorisations_signed="on"),
    "first_check": CONFIRM,
    "centre_check": CONFIRM,
    "approve_check": CONFIRM,
    "disburse_check": CONFIRM,
    "check_filing": CONFIRM,
    "confirm_release": CONFIRM,
    "check_subsidy": CONFIRM,
    "confirm_payment": CONFIRM,
    "head_opinion": APPROVE,
    "late_filing": APPROVE,
    "approve_institution": APPROVE,
    "approve_selection": APPROVE,
    "approve_payment": APPROVE,
    "coordinate": raw(outcome="CLOSE", note="三家银行均未承接，转个案咨询"),
    "await_material": raw(outcome="RECEIVED"),
    "review_filing": raw(outcome="ACCEPTED"),
    "verify_subsidy": raw(outcome="SUBMIT"),
    "resolve_objections": raw(outcome="PROCEED", note="公示期无异议"),
    "review_bank": AGREE,
    "review_guarantor": AGREE,
    "review_finance": AGREE,
}
"""What the staff always answer, whatever the case."""


def decide(session: Session, item: WorkItem, today: date) -> Raw | None:
    """The form of a task as its maker types it; None when nobody would do it yet."""
    found = DECISIONS.get(item.element_id)
    if found is None:
        return ALWAYS.get(item.element_id)
    return found(Asked(session, item, today, Random(item.id)))  # noqa: S311


@decides("prepare_list")
def _submit(asked: Asked) -> Raw | None:
    batch = asked.session.scalars(
        select(ReferralBatch).where(ReferralBatch.instance_id == asked.item.instance_id)
    ).one()
    if batch.items:
        return raw(outcome="SUBMIT", note="")
    return raw(outcome="NIL", note="") if asked.rng.random() < 0.4 else None


@decides("first_review")
def _first_review(asked: Asked) -> Raw | None:
    case = asked.case
    checks = asked.session.scalars(select(CheckResult).where(CheckResult.case_id == case.id)).all()
    answers = {f"judge_{c.code}": "OK" for c in checks if c.outcome == "JUDGE"}
    failed = [c for c in checks if c.outcome == "FAIL"]
    missing = [c for c in checks if c.outcome == "MISSING"]
    if missing:
        return raw(outcome="RETURN", reasons=["R03"], note="请补充上年度营业收入")
    if failed:
        return raw(outcome="REJECT", reject_reason="N4", note="不在支持范围内", **answers)
    if asked.rng.random() < 0.06 and asked.item.id % 2:
        return raw(outcome="RETURN", reasons=["R02"], note="授权书请加盖公章")
    amount = _suggested(asked, case)
    if amount <= 0:
        return None  # nothing left under the ceiling: somebody has to talk to the firm first
    klass = case.support_class or "NORMAL"
    return raw(
        outcome="PASS", suggested_amount=in_wan(amount), support_class=klass, note="", **answers
    )


def _suggested(asked: Asked, case: GuaranteeCase) -> Decimal:
    ceiling = Decimal(20_000_000 if case.support_class == "KEY" else 10_000_000)
    used = exposure(asked.session, case.enterprise_id, case.programme).total
    return min(case.need_amount, ceiling - used)


@decides("correct_referral", "hold_material")
def _correct(asked: Asked) -> Raw | None:
    return raw(statement="已补齐材料并加盖公章", revenue=str(asked.rng.choice((860, 2400, 7800))))


@decides("centre_review")
def _centre(asked: Asked) -> Raw | None:
    case = asked.case
    if asked.rng.random() < 0.05:
        return raw(outcome="REJECT", reasons=["N4"], note="行业不予担保")
    suggested = case.suggested_amount or case.need_amount
    return raw(outcome="PASS", approved_amount=in_wan(suggested), note="")


@decides("compile_release")
def _compile(asked: Asked) -> Raw | None:
    waiting = candidates(asked.session, asked.item.instance.programme)
    if not waiting:
        return None
    return raw(cases=[case.id for case in waiting], note="")


@decides("accept_case")
def _accept(asked: Asked) -> Raw | None:
    if asked.rng.random() < 0.05:
        return raw(outcome="REFUSE", refuse_reason="INDUSTRY", note="本行行业额度已满")
    return raw(outcome="ACCEPT")


@decides("approve_loan")
def _decide_loan(asked: Asked) -> Raw | None:
    case = asked.case
    chance = asked.rng.random()
    if chance < 0.08:
        return raw(outcome="DECLINED", decline_reason="CASHFLOW", note="经营现金流不足")
    whole = case.approved_amount or case.need_amount
    line = whole if chance < 0.8 else (whole * Decimal("0.6")).quantize(WAN)
    return raw(
        outcome="APPROVED" if line == whole else "PARTIAL",
        credit_line=in_wan(line),
        rate=str(asked.rng.choice(("2.85", "2.90", "2.95", "3.00"))),
        rate_type="FIXED",
        term_months=str(min(12, case.need_term)),
        is_first_loan="on" if asked.rng.random() < 0.3 else "",
        note="部分核定" if line != whole else "",
    )


@decides("disburse")
def _disburse(asked: Asked) -> Raw | None:
    case = asked.case
    loan = _loan(asked, case)
    signed = max(
        loan.accepted_on or asked.today, asked.today - timedelta(days=asked.rng.choice((0, 1, 2)))
    )
    return raw(
        contract_no=f"JK-{signed:%Y}-{case.id:05d}",
        contract_date=signed.isoformat(),
        loan_no=f"{asked.today:%Y%m%d}{case.id:05d}",
        amount=in_wan(loan.credit_line or Decimal(0)),
        disbursed_on=asked.today.isoformat(),
        maturity_on=add_months(asked.today, loan.term_months or 12).isoformat(),
        loan_type="WORKING_CAPITAL",
    )


@decides("file_loan")
def _file(asked: Asked) -> Raw | None:
    paid = asked.session.scalars(
        select(Disbursement.disbursed_on).join(LoanCase).where(LoanCase.case_id == asked.case.id)
    ).all()
    late = bool(paid) and asked.today > add_working_days(max(paid), 10)
    return raw(attestation="on", late_reason="经办人员交接，迟报" if late else "")


@decides("register_fee")
def _fee(asked: Asked) -> Raw | None:
    case = asked.case
    filing = asked.session.scalars(
        select(Filing).where(Filing.case_id == case.id).order_by(Filing.id.desc()).limit(1)
    ).one()
    return raw(
        fee_paid=str(filing.fee_due),
        fee_paid_on=asked.today.isoformat(),
        invoice_no=f"2631{case.id:06d}",
    )


@decides("pay_subsidy")
def _pay(asked: Asked) -> Raw | None:
    return raw(
        paid_on=asked.today.isoformat(),
        voucher_no=f"ZF{asked.today:%Y%m%d}{asked.item.instance_id:04d}",
    )


def _loan(asked: Asked, case: GuaranteeCase) -> LoanCase:
    query = select(LoanCase).where(LoanCase.case_id == case.id)
    return asked.session.scalars(query.order_by(LoanCase.attempt.desc()).limit(1)).one()
