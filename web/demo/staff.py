"""What the simulated staff decide: the form they would type, by the step they stand at.

Deterministic: every choice comes from a generator seeded with the task's own number, so that two
runs of the demonstration tell the same story.
"""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.domain.calendar import add_working_days
from engine.domain.dates import add_months
from engine.models import (
    Agreement,
    BankSelection,
    Bid,
    CheckResult,
    Disbursement,
    GuaranteeCase,
    LoanCase,
    Membership,
    Organisation,
    OrgKind,
    ReferralBatch,
    Role,
    WorkItem,
)
from engine.operations.exposure import exposure
from engine.operations.whitelist import candidates

Raw = dict[str, list[str]]
Decide = Callable[[Session, WorkItem, date, Random], Raw | None]
DECISIONS: dict[str, Decide] = {}
WAN = Decimal(10_000)


def decides(*elements: str) -> Callable[[Decide], Decide]:
    """Register how an element's form is filled in."""

    def register(function: Decide) -> Decide:
        for element in elements:
            DECISIONS[element] = function
        return function

    return register


def decide(session: Session, item: WorkItem, today: date) -> Raw | None:
    """The form of a task as its maker types it; None when nobody would do it yet."""
    found = DECISIONS.get(item.element_id)
    return found(session, item, today, Random(item.id)) if found else None  # noqa: S311


def _raw(**values: Any) -> Raw:
    return {
        key: [str(one) for one in (value if isinstance(value, list) else [value])]
        for key, value in values.items()
    }


def _wan(amount: Decimal) -> str:
    return f"{(amount / WAN).normalize():f}"


def _case(session: Session, item: WorkItem) -> GuaranteeCase:
    return session.get_one(GuaranteeCase, int(item.instance.subject.partition(":")[2]))


def _loan(session: Session, case: GuaranteeCase) -> LoanCase:
    query = (
        select(LoanCase)
        .where(LoanCase.case_id == case.id)
        .order_by(LoanCase.attempt.desc())
        .limit(1)
    )
    return session.scalars(query).one()


@decides("prepare_list")
def _submit(session: Session, item: WorkItem, today: date, rng: Random) -> Raw | None:
    del today
    batch = session.scalars(
        select(ReferralBatch).where(ReferralBatch.instance_id == item.instance_id)
    ).one()
    if batch.items:
        return _raw(outcome="SUBMIT", note="")
    return _raw(outcome="NIL", note="") if rng.random() < 0.4 else None


@decides("check_list")
def _check_list(session: Session, item: WorkItem, today: date, rng: Random) -> Raw | None:
    del session, item, today, rng
    return _raw(outcome="PASS", authorisations_signed="on")


@decides("first_review")
def _first_review(session: Session, item: WorkItem, today: date, rng: Random) -> Raw | None:
    del today
    case = _case(session, item)
    checks = session.scalars(select(CheckResult).where(CheckResult.case_id == case.id)).all()
    answers = {f"judge_{c.code}": "OK" for c in checks if c.outcome == "JUDGE"}
    failed = [c for c in checks if c.outcome == "FAIL"]
    missing = [c for c in checks if c.outcome == "MISSING"]
    if missing:
        return _raw(outcome="RETURN", reasons=["R03"], note="请补充上年度营业收入")
    if failed:
        return _raw(outcome="REJECT", reject_reason="N4", note="不在支持范围内", **answers)
    if rng.random() < 0.06 and item.id % 2:
        return _raw(outcome="RETURN", reasons=["R02"], note="授权书请加盖公章")
    amount = _suggested(session, case)
    if amount <= 0:
        return None  # nothing left under the ceiling: somebody has to talk to the firm first
    klass = case.support_class or "NORMAL"
    return _raw(
        outcome="PASS", suggested_amount=_wan(amount), support_class=klass, note="", **answers
    )


def _suggested(session: Session, case: GuaranteeCase) -> Decimal:
    ceiling = Decimal(20_000_000 if case.support_class == "KEY" else 10_000_000)
    used = exposure(session, case.enterprise_id, case.programme).total
    return min(case.need_amount, ceiling - used)


@decides("correct_referral", "hold_material")
def _correct(session: Session, item: WorkItem, today: date, rng: Random) -> Raw | None:
    del session, item, today
    return _raw(statement="已补齐材料并加盖公章", revenue=str(rng.choice((860, 2400, 7800))))


@decides("first_check", "centre_check", "approve_check", "disburse_check", "check_filing")
@decides("confirm_release", "check_subsidy", "confirm_payment")
def _confirm(session: Session, item: WorkItem, today: date, rng: Random) -> Raw | None:
    del session, item, today, rng
    return _raw(outcome="CONFIRM")


@decides("head_opinion", "late_filing", "approve_institution", "approve_selection")
@decides("approve_payment")
def _approve(session: Session, item: WorkItem, today: date, rng: Random) -> Raw | None:
    del session, item, today, rng
    return _raw(outcome="APPROVE", note="同意")


@decides("centre_review")
def _centre(session: Session, item: WorkItem, today: date, rng: Random) -> Raw | None:
    del today
    case = _case(session, item)
    if rng.random() < 0.05:
        return _raw(outcome="REJECT", reasons=["N4"], note="行业不予担保")
    suggested = case.suggested_amount or case.need_amount
    return _raw(outcome="PASS", approved_amount=_wan(suggested), note="")


@decides("compile_release")
def _compile(session: Session, item: WorkItem, today: date, rng: Random) -> Raw | None:
    del today, rng
    waiting = candidates(session, item.instance.programme)
    if not waiting:
        return None
    return _raw(cases=[case.id for case in waiting], note="")


@decides("accept_case")
def _accept(session: Session, item: WorkItem, today: date, rng: Random) -> Raw | None:
    del session, item, today
    if rng.random() < 0.05:
        return _raw(outcome="REFUSE", refuse_reason="INDUSTRY", note="本行行业额度已满")
    return _raw(outcome="ACCEPT")


@decides("coordinate")
def _coordinate(session: Session, item: WorkItem, today: date, rng: Random) -> Raw | None:
    del session, item, today, rng
    return _raw(outcome="CLOSE", note="三家银行均未承接，转个案咨询")


@decides("approve_loan")
def _decide_loan(session: Session, item: WorkItem, today: date, rng: Random) -> Raw | None:
    del today
    case = _case(session, item)
    chance = rng.random()
    if chance < 0.08:
        return _raw(outcome="DECLINED", decline_reason="CASHFLOW", note="经营现金流不足")
    whole = case.approved_amount or case.need_amount
    line = whole if chance < 0.8 else (whole * Decimal("0.6")).quantize(WAN)
    return _raw(
        outcome="APPROVED" if line == whole else "PARTIAL",
        credit_line=_wan(line),
        rate=str(rng.choice(("2.85", "2.90", "2.95", "3.00"))),
        rate_type="FIXED",
        term_months=str(min(12, case.need_term)),
        is_first_loan="on" if rng.random() < 0.3 else "",
        note="部分核定" if line != whole else "",
    )


@decides("await_material")
def _material(session: Session, item: WorkItem, today: date, rng: Random) -> Raw | None:
    del session, item, today, rng
    return _raw(outcome="RECEIVED")


@decides("disburse")
def _disburse(session: Session, item: WorkItem, today: date, rng: Random) -> Raw | None:
    case = _case(session, item)
    loan = _loan(session, case)
    signed = max(loan.accepted_on or today, today - timedelta(days=rng.choice((0, 1, 2))))
    return _raw(
        contract_no=f"JK-{signed:%Y}-{case.id:05d}",
        contract_date=signed.isoformat(),
        loan_no=f"{today:%Y%m%d}{case.id:05d}",
        amount=_wan(loan.credit_line or Decimal(0)),
        disbursed_on=today.isoformat(),
        maturity_on=add_months(today, loan.term_months or 12).isoformat(),
        loan_type="WORKING_CAPITAL",
    )


@decides("file_loan")
def _file(session: Session, item: WorkItem, today: date, rng: Random) -> Raw | None:
    del rng
    paid = session.scalars(
        select(Disbursement.disbursed_on)
        .join(LoanCase)
        .where(LoanCase.case_id == _case(session, item).id)
    ).all()
    late = bool(paid) and today > add_working_days(max(paid), 10)
    return _raw(attestation="on", late_reason="经办人员交接，迟报" if late else "")


@decides("review_filing")
def _review_filing(session: Session, item: WorkItem, today: date, rng: Random) -> Raw | None:
    del session, item, today, rng
    return _raw(outcome="ACCEPTED")


@decides("register_fee")
def _fee(session: Session, item: WorkItem, today: date, rng: Random) -> Raw | None:
    from engine.models import Filing

    del rng
    case = _case(session, item)
    filing = session.scalars(
        select(Filing).where(Filing.case_id == case.id).order_by(Filing.id.desc()).limit(1)
    ).one()
    return _raw(
        fee_paid=str(filing.fee_due),
        fee_paid_on=today.isoformat(),
        invoice_no=f"2631{case.id:06d}",
    )


@decides("verify_subsidy")
def _verify(session: Session, item: WorkItem, today: date, rng: Random) -> Raw | None:
    del session, item, today, rng
    return _raw(outcome="SUBMIT")


@decides("resolve_objections")
def _resolve(session: Session, item: WorkItem, today: date, rng: Random) -> Raw | None:
    del session, item, today, rng
    return _raw(outcome="PROCEED", note="公示期无异议")


@decides("pay_subsidy")
def _pay(session: Session, item: WorkItem, today: date, rng: Random) -> Raw | None:
    del session, rng
    return _raw(paid_on=today.isoformat(), voucher_no=f"ZF{today:%Y%m%d}{item.instance_id:04d}")


@decides("announce")
def _announce(session: Session, item: WorkItem, today: date, rng: Random) -> Raw | None:
    del rng
    banks = select(Organisation.id).where(
        Organisation.kind == OrgKind.BANK.value, Organisation.district_code == "310114"
    )
    return _raw(
        title=item.instance.title,
        weight_quota="20",
        weight_rate_offer="25",
        weight_approval_days="20",
        weight_ratio="10",
        weight_sme_record="15",
        weight_prior_score="10",
        seats="3",
        threshold="60",
        apply_until=add_working_days(today, 5).isoformat(),
        invited=list(session.scalars(banks)),
    )


@decides("apply")
def _bid(session: Session, item: WorkItem, today: date, rng: Random) -> Raw | None:
    del session, today
    return _raw(
        outcome="APPLY",
        branch=item.organisation.name,
        quota=str(rng.choice((20000, 30000, 50000))),
        rate_offer=str(rng.choice(("2.85", "2.95", "3.00"))),
        approval_days=str(rng.choice((5, 7, 10))),
        ratio="0.8",
        sme_record="近三年小微贷款余额持续增长",
    )


@decides("appoint_scorers")
def _scorers(session: Session, item: WorkItem, today: date, rng: Random) -> Raw | None:
    del item, today, rng
    query = (
        select(Membership.person_id)
        .join(Organisation)
        .where(
            Organisation.code.in_(("finance", "centre", "jdguarantee")),
            Membership.role == Role.MAKER.value,
        )
    )
    return _raw(scorers=list(session.scalars(query)))


@decides("score")
def _score(session: Session, item: WorkItem, today: date, rng: Random) -> Raw | None:
    del today
    selection = session.scalars(
        select(BankSelection).where(BankSelection.instance_id == item.instance_id)
    ).one()
    bids = session.scalars(
        select(Bid).where(
            Bid.selection_id == selection.id, Bid.round == selection.round, ~Bid.declined
        )
    )
    marks = {f"mark_{bid.id}": str(rng.randint(70, 96)) for bid in bids}
    return _raw(conflict="NONE", **marks)


@decides("draft")
def _draft(session: Session, item: WorkItem, today: date, rng: Random) -> Raw | None:
    del rng
    agreement = session.scalars(
        select(Agreement).where(Agreement.instance_id == item.instance_id)
    ).one()
    return _raw(
        bank=agreement.bank_id,
        guarantor=agreement.guarantor_id,
        effective_from=today.isoformat(),
        effective_to=add_months(today, 24).isoformat(),
        ceiling_normal="1000",
        ceiling_key="2000",
        guarantee_ratio="0.8",
        fee_rate="0.005",
        fee_basis="FLAT",
        risk_cap_guarantor="0.04",
        risk_cap_total="0.05",
        approval_days="10",
        day_type="CALENDAR",
        filing_days="10",
        batch_quota="50000",
        claim_overdue_days="60",
    )


@decides("review_bank", "review_guarantor", "review_finance")
def _review_agreement(session: Session, item: WorkItem, today: date, rng: Random) -> Raw | None:
    del session, item, today, rng
    return _raw(outcome="AGREE")


@decides("sign_bank", "sign_guarantor", "sign_finance")
def _sign(session: Session, item: WorkItem, today: date, rng: Random) -> Raw | None:
    del session, item, rng
    return _raw(signed_on=today.isoformat())
