"""授信审批: the bank's decision, its checks, and where the loan goes from there (P6, J3.4)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from engine.domain.codes import RateType, Route, SupportClass
from engine.domain.guarantee import Ceiling
from engine.domain.trace import Trace
from engine.errors import Conflict, InvalidInput
from engine.models import Agreement, Decision, GuaranteeCase, LoanCase, LoanStatus
from engine.operations import decisions, enterprises, locks
from engine.operations.decisions import note_of, require_note
from engine.operations.exposure import exposure
from engine.operations.lending import keep, loan_of, lpr_table, shown
from engine.operations.loan_checks import (
    agreed_ceiling,
    require_agreement,
    require_listed,
    require_quota,
    require_rate,
    require_type_and_term,
    route_of,
)
from engine.operations.referrals import case_of
from engine.runtime.context import Routing, StepContext, form_operation, service_operation
from engine.runtime.registry import TEXT
from engine.text import Text, text

CLAUSE = "J3.4"
BANK_DECISION = "BANK_DECISION"
BANK_CHECK = "BANK_CHECK"
GRANTED = ("APPROVED", "PARTIAL")
DEFAULT_TYPE = "WORKING_CAPITAL"
ROUTE_FACTS = ("support_class", "exposure", "requested", "agreement_ceiling", "programme_ceiling")
_SAYS: dict[str, Text] = {
    "APPROVED": text("审批意见：同意"),
    "PARTIAL": text("审批意见：部分同意"),
    "DECLINED": text("审批意见：不予授信"),
    "RETURN": text("请企业补件，审批计时暂停"),
}


@dataclass(frozen=True)
class Assessed:
    """What the hard checks found for a line."""

    agreement: Agreement
    support: SupportClass
    taken: Decimal  # 元, the enterprise's exposure without this loan
    ceiling: Ceiling
    traces: tuple[Trace | None, ...]


def _loan(ctx: StepContext) -> tuple[GuaranteeCase, LoanCase]:
    case = case_of(ctx)
    loan = loan_of(ctx.session, case.id)
    if loan.status != LoanStatus.ACCEPTED.value:
        raise Conflict("not_in_approval", text("案件已不在银行审批中"))
    return case, loan


@form_operation("loans.record_decision", "记录授信审批", sets={"decision_route": (None,)})
def record_decision(ctx: StepContext, values: Mapping[str, Any]) -> Routing:
    """APPROVED or PARTIAL with the line (元), rate (%), term (months); DECLINED; or RETURN.

    APPROVED covers what was asked and listed, PARTIAL less; more than the listed amount needs a
    note. Nothing is in force before the checker confirms. Raises RuleRefused for the hard checks
    (whitelist, agreement, loan type, LPR, package), InvalidInput for the values.
    """
    case, loan = _loan(ctx)
    outcome, note = str(values["outcome"]), note_of(values)
    before = shown(loan)
    reasons: list[str] = []
    if outcome in GRANTED:
        _write_line(ctx, case, loan, values)
    elif outcome == "DECLINED":
        reasons = [_decline(loan, values, note)]
    else:
        require_note(note)
    loan.decision = None if outcome == "RETURN" else outcome
    loan.note = note
    amount = loan.credit_line if outcome in GRANTED else None
    decisions.add(ctx, case, BANK_DECISION, outcome, amount=amount, reasons=reasons, note=note)
    after = shown(loan)
    ctx.audit(
        "loan.decided", _SAYS[outcome], before=before, after=after, reason=note, clause=CLAUSE
    )
    if outcome == "RETURN":
        ctx.emit("loan_material_needed", case_id=case.id, case_no=case.case_no, note=note)
    return {"decision_route": None}


def _write_line(
    ctx: StepContext, case: GuaranteeCase, loan: LoanCase, values: Mapping[str, Any]
) -> None:
    note = note_of(values)
    amount = _line(case, str(values["outcome"]), values.get("credit_line"), note)
    rate = values.get("rate")
    if rate is None or rate <= 0:
        raise InvalidInput({"rate": text("填写大于0的年利率")})
    loan.credit_line, loan.rate = amount, rate
    loan.rate_type = RateType(values.get("rate_type") or RateType.FIXED).value
    floating = loan.rate_type == RateType.FLOATING.value
    loan.lpr_spread_bp = values.get("lpr_spread_bp") if floating else None
    loan.loan_type = str(values.get("loan_type") or DEFAULT_TYPE)
    loan.term_months = values.get("term_months")
    loan.is_first_loan = bool(values.get("is_first_loan"))
    loan.decline_reason = None
    found = assess(ctx, case, loan, note)
    keep(loan, *found.traces)


def _line(case: GuaranteeCase, outcome: str, amount: Decimal | None, note: str) -> Decimal:
    """The line, in keeping with the outcome. Raises InvalidInput."""
    if amount is None or amount <= 0:
        raise InvalidInput({"credit_line": text("填写大于0的授信额度")})
    listed = case.approved_amount or case.suggested_amount or case.need_amount
    whole = min(case.need_amount, listed)
    if outcome == "PARTIAL" and amount >= whole:
        raise InvalidInput(
            {"credit_line": text("不低于{whole}元的，选同意", whole=f"{whole:,.2f}")}
        )
    if outcome == "APPROVED" and amount < whole:
        raise InvalidInput(
            {"credit_line": text("低于{whole}元的，选部分同意", whole=f"{whole:,.2f}")}
        )
    if amount > listed and not note:
        raise InvalidInput(
            {"note": text("高于白名单核定的{listed}元，写明理由", listed=f"{listed:,.2f}")}
        )
    return amount


def _decline(loan: LoanCase, values: Mapping[str, Any], note: str) -> str:
    reason = str(values.get("decline_reason") or "")
    if not reason:
        raise InvalidInput({"decline_reason": text("选择不予授信的原因")})
    if reason == "OTHER":
        require_note(note)
    loan.decline_reason = reason
    loan.credit_line = loan.rate = loan.rate_type = loan.lpr_spread_bp = loan.term_months = None
    return reason


def assess(ctx: StepContext, case: GuaranteeCase, loan: LoanCase, note: str) -> Assessed:
    """All hard checks of the loan's line as of today. Raises RuleRefused, InvalidInput."""
    session, parameters, today = ctx.session, ctx.parameters, ctx.today
    entry = require_listed(session, case.id, today)
    agreement = require_agreement(session, case, loan, today)
    require_type_and_term(parameters, loan.loan_type, loan.term_months, note)
    amount, rate = loan.credit_line or Decimal(0), loan.rate or Decimal(0)
    table = lpr_table(session, parameters)
    kind = RateType(loan.rate_type or RateType.FIXED)
    priced = require_rate(parameters, table, today, rate, kind, loan.lpr_spread_bp)
    package = require_quota(session, agreement, amount, loan, parameters.version)
    support = SupportClass(entry.support_class)
    taken = exposure(session, case.enterprise_id, case.programme, without=loan.id).total
    routed = route_of(agreement, support, taken, amount, parameters)
    return Assessed(agreement, support, taken, routed, (priced, package, routed.trace))


@form_operation("loans.record_material", "记录企业补件")
def record_material(ctx: StepContext, values: Mapping[str, Any]) -> Routing:
    """RECEIVED goes back to the approval, whose clock goes on; WITHDRAWN ends it with a note."""
    _, loan = _loan(ctx)
    note, outcome = note_of(values), str(values["outcome"])
    received: date | None = values.get("received_on")
    if received is not None and received > ctx.today:
        raise InvalidInput({"received_on": text("收到日期不得晚于今天")})
    if outcome == "WITHDRAWN":
        require_note(note)
        loan.decision, loan.decline_reason = "DECLINED", "WITHDRAWN"
    message = text("企业已补件") if outcome == "RECEIVED" else text("企业放弃")
    after = {"outcome": outcome, "received_on": received}
    ctx.audit("loan.material", message, after=after, reason=note or None, clause=CLAUSE)
    return {}


@form_operation("loans.record_decision_check", "记录审批复核")
def record_decision_check(ctx: StepContext, values: Mapping[str, Any]) -> Routing:
    """CONFIRM puts the bank's decision in force (`loans.settle_decision`), RETURN gives it back.

    Raises NotAllowed for the maker, InvalidInput (RETURN without a note).
    """
    case, loan = _loan(ctx)
    # before anything is written to the case's audit chain: everybody takes the two in this order
    enterprises.lock(ctx.session, [case.enterprise_id])
    decision = decisions.to_confirm(ctx, case, BANK_DECISION)
    note = note_of(values)
    if values["outcome"] == "RETURN":
        require_note(note)
        decisions.add(ctx, case, BANK_CHECK, "RETURN", note=note)
        ctx.audit("loan.check_returned", text("审批复核退回"), reason=note, clause=CLAUSE)
        return {}
    decisions.confirm(ctx, decision)
    after = {**decisions.shown(decision), "loan_case": loan.id}
    ctx.audit("loan.check_confirmed", text("审批复核确认"), after=after, clause=CLAUSE)
    return {}


@service_operation(
    "loans.weigh_decision",
    "审批结果核查",
    sets={
        "bank_decision": ("APPROVED", "PARTIAL", "DECLINED"),
        "support_class": ("NORMAL", "KEY", None),
        **dict.fromkeys(ROUTE_FACTS[1:], TEXT),
    },
)
def weigh_decision(ctx: StepContext, *, case_id: int) -> Routing:
    """Check the line once more, alone with the enterprise and the package: what the decision on
    its route (`loan_route`) asks for. Amounts in 元 as text, a ceiling null where there is none.

    Raises RuleRefused when something has changed since the maker decided.
    """
    case, loan = ctx.session.get_one(GuaranteeCase, case_id), loan_of(ctx.session, case_id)
    if loan.decision not in GRANTED:
        return {"bank_decision": "DECLINED", **dict.fromkeys(ROUTE_FACTS)}
    found = _assess_alone(ctx, case, loan)
    agreed = agreed_ceiling(found.agreement, found.support)
    return {
        "bank_decision": loan.decision,
        "support_class": found.support.value,
        "exposure": str(found.taken),
        "requested": str(loan.credit_line),
        "agreement_ceiling": None if agreed is None else str(agreed),
        "programme_ceiling": str(ctx.parameters.ceilings()[found.support]),
    }


def _assess_alone(ctx: StepContext, case: GuaranteeCase, loan: LoanCase) -> Assessed:
    """With the enterprise and the package locked, so that nobody else takes the same room."""
    enterprises.lock(ctx.session, [case.enterprise_id])
    _lock_package(ctx, loan)
    return assess(ctx, case, loan, _decided(ctx, case).note)


@service_operation(
    "loans.settle_decision",
    "审批生效",
    sets={"decision_route": ("DECLINED", "CASE_BY_CASE", "BATCH")},
)
def settle_decision(ctx: StepContext, *, case_id: int, route: str | None = None) -> Routing:
    """Check the line once more, alone with the enterprise and the package, and put it in force.

    `route` is what the decision table says; diagrams from before it leave it to the ceiling here.

    Returns {"decision_route": "BATCH", "CASE_BY_CASE" or "DECLINED"}. Raises RuleRefused when
    something has changed since the maker decided; then nothing is changed.
    """
    case, loan = ctx.session.get_one(GuaranteeCase, case_id), loan_of(ctx.session, case_id)
    loan.decided_at = ctx.now
    if loan.decision not in GRANTED:
        return {"decision_route": "DECLINED"}
    found = _assess_alone(ctx, case, loan)
    keep(loan, *found.traces)
    before = shown(loan)
    _rebind(ctx, case, loan, found.agreement)
    way = found.ceiling.route if route is None else Route(route)
    batch = way is Route.BATCH
    if batch:
        loan.status = str(loan.decision)
    message = text("授信{amount}元生效", amount=f"{loan.credit_line:,.2f}")
    if not batch:
        excess = f"{found.ceiling.excess:,.2f}"
        message = text("超过单户上限{excess}元，转个案担保", excess=excess)
    after = {**shown(loan), "route": way.value, "excess": found.ceiling.excess}
    ctx.audit("loan.settled", message, before=before, after=after, clause="J4.1")
    if batch:
        ctx.emit("loan_approved", case_id=case.id, loan_case_id=loan.id, bank_id=loan.bank_id)
    return {"decision_route": way.value}


def _decided(ctx: StepContext, case: GuaranteeCase) -> Decision:
    decision = decisions.newest(ctx.session, case.id, BANK_DECISION)
    if decision is None:
        raise Conflict("nothing_decided", text("银行还没有审批意见"))
    return decision


def _lock_package(ctx: StepContext, loan: LoanCase) -> None:
    """One line at a time into a package. All versions of a number share its lock."""
    if loan.agreement_id is not None:
        agreement = ctx.session.get_one(Agreement, loan.agreement_id)
        locks.take(ctx.session, f"package:{agreement.agr_no}")


def _rebind(ctx: StepContext, case: GuaranteeCase, loan: LoanCase, agreement: Agreement) -> None:
    case.agreement_id = loan.agreement_id = agreement.id
    if case.guarantor_id != agreement.guarantor_id:
        case.guarantor_id = agreement.guarantor_id
        ctx.bind("guarantor", agreement.guarantor_id)


@service_operation("loans.decline", "银行不予授信", sets={"approval_result": ("DECLINED",)})
def decline(ctx: StepContext, *, case_id: int) -> Routing:
    """The bank will not lend, or the enterprise gave up; the case looks for another bank.

    Returns {"approval_result": "DECLINED"}.
    """
    loan = loan_of(ctx.session, case_id)
    before = shown(loan)
    withdrawn = loan.decline_reason == "WITHDRAWN"
    status = LoanStatus.WITHDRAWN if withdrawn else LoanStatus.DECLINED
    loan.status, loan.decided_at = status.value, ctx.now
    message = text("{bank}不予授信", bank=loan.bank.short_name)
    ctx.audit("loan.declined", message, before=before, after=shown(loan), clause=CLAUSE)
    payload = {"case_id": case_id, "bank_id": loan.bank_id, "reason": loan.decline_reason}
    ctx.emit("loan_declined", **payload)
    return {"approval_result": "DECLINED"}


@service_operation(
    "loans.mark_case_by_case", "转个案担保", sets={"approval_result": ("CASE_BY_CASE",)}
)
def mark_case_by_case(ctx: StepContext, *, case_id: int) -> Routing:
    """The loan is over the ceiling and leaves the batch for P16 (always, I.10).

    Returns {"approval_result": "CASE_BY_CASE"}.
    """
    loan = loan_of(ctx.session, case_id)
    before, loan.status = shown(loan), LoanStatus.CASE_BY_CASE.value
    message = text("超过单户上限，转个案担保")
    ctx.audit("loan.case_by_case", message, before=before, after=shown(loan), clause="J4.1")
    ctx.emit("loan_case_by_case", case_id=case_id, loan_case_id=loan.id)
    return {"approval_result": "CASE_BY_CASE"}
