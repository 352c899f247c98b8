"""备案: the bank files a loan, the guarantor checks the form and takes on the guarantee (P7)."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.clock import local_date
from engine.domain.calendar import Unit, due, due_after
from engine.domain.codes import FeeBasis
from engine.domain.dates import Span
from engine.domain.guarantee import FeeTerms, Guarantee, guarantee
from engine.errors import Conflict, InvalidInput
from engine.models import Agreement, Disbursement, Filing, GuaranteeCase, LoanCase, LoanStatus
from engine.operations import decisions
from engine.operations.decisions import note_of, require_note, require_reasons
from engine.operations.lending import disbursement_of, loan_of, shown
from engine.operations.numbers import next_number
from engine.operations.referrals import case_of
from engine.runtime.context import Routing, StepContext, form_operation, service_operation
from engine.runtime.in_force import programme_of
from engine.runtime.registry import BOOLEAN
from engine.text import Text, text

FILING_REVIEW = "FILING_REVIEW"
FILING_CHECK = "FILING_CHECK"
LATE_FILING = "LATE_FILING"
SUBMITTED = "SUBMITTED"
ACCEPTED = "ACCEPTED"
RETURNED = "RETURNED"
REJECTED = "REJECTED"
SHOWN = (
    *("filing_no", "status", "late", "late_reason", "guarantee_ratio", "guaranteed_amount"),
    *("fee_due", "fee_paid", "fee_paid_on", "invoice_no", "parameter_version"),
)
_SAYS: dict[str, Text] = {
    ACCEPTED: text("备案审核意见：通过"),
    RETURNED: text("备案审核意见：退回更正"),
    REJECTED: text("备案审核意见：不予备案"),
}


def filing_of(session: Session, case_id: int) -> Filing | None:
    """The case's newest filing."""
    query = select(Filing).where(Filing.case_id == case_id)
    return session.scalar(query.order_by(Filing.id.desc()).limit(1))


def _live(ctx: StepContext, case_id: int, *statuses: str) -> Filing:
    filing = filing_of(ctx.session, case_id)
    if filing is None or filing.status not in statuses:
        raise Conflict("filing_status", text("备案的状态已经变化，没有再改动"))
    return filing


def due_day(agreement: Agreement, disbursed_on: date) -> date:
    """The last day on which a filing is in time: the agreement's working days after disbursement
    (the programme's `filing_period` is what the agreement begins with)."""
    return due(disbursed_on, agreement.filing_days, Unit.WORKING_DAY, clause="J3.6").date


@form_operation(
    "filings.record_submission",
    "记录报送备案",
    sets={
        "filing_late": BOOLEAN,
        "head_approved": BOOLEAN,
        "late": BOOLEAN,
        "filing_decision": (None,),
    },
)
def record_submission(ctx: StepContext, values: Mapping[str, Any]) -> Routing:
    """File the confirmed disbursement, attested; late filing needs a reason and the head's word.

    A returned filing is filed again under its first date. Returns {"filing_late",
    "head_approved"} for the decision on who approves (`late_filing_level`). Raises InvalidInput,
    Conflict.
    """
    case = case_of(ctx)
    loan = loan_of(ctx.session, case.id)
    paid = disbursement_of(ctx.session, loan)
    if paid is None or not paid.confirmed or loan.agreement_id is None:
        raise Conflict("nothing_to_file", text("没有已复核的放款可备案"))
    if not values.get("attestation"):
        raise InvalidInput({"attestation": text("确认所报内容属实后再报送")})
    filing = _filing(ctx, case, loan, paid)
    before = shown(filing, SHOWN)
    reason = str(values.get("late_reason") or "").strip()
    if filing.late and not (reason or filing.late_reason):
        raise InvalidInput({"late_reason": text("已超过备案时限，写明逾期原因")})
    filing.status, filing.late_reason = SUBMITTED, reason or filing.late_reason
    loan.status = LoanStatus.FILED.value
    message = text("报送备案，借据{no}", no=paid.loan_no)
    after = {**shown(filing, SHOWN), "attestation": True, "loan_no": paid.loan_no}
    ctx.audit("filing.submitted", message, before=before, after=after, clause="J3.6")
    approved = _head_approved(ctx, case)
    return {
        "filing_late": filing.late,
        "head_approved": approved,
        "late": filing.late and not approved,  # for diagrams from before the table of approvals
        "filing_decision": None,
    }


def _filing(ctx: StepContext, case: GuaranteeCase, loan: LoanCase, paid: Disbursement) -> Filing:
    """The filing that was returned, or a new one."""
    found = filing_of(ctx.session, case.id)
    if found is not None and found.status in (SUBMITTED, RETURNED):
        return found
    if found is not None and found.status == ACCEPTED:
        raise Conflict("already_filed", text("{no}已备案", no=found.filing_no))
    agreement = ctx.session.get_one(Agreement, loan.agreement_id)
    filing = Filing(
        case_id=case.id,
        disbursement_id=paid.id,
        guarantor_id=agreement.guarantor_id,
        agreement_id=agreement.id,
        submitted_at=ctx.now,
        late=ctx.today > due_day(agreement, paid.disbursed_on),
        late_reason="",
    )
    ctx.session.add(filing)
    ctx.session.flush()
    return filing


def _head_approved(ctx: StepContext, case: GuaranteeCase) -> bool:
    opinion = decisions.newest(ctx.session, case.id, LATE_FILING)
    return opinion is not None and opinion.outcome == "APPROVE"


@form_operation("filings.record_late_opinion", "记录逾期备案审定")
def record_late_opinion(ctx: StepContext, values: Mapping[str, Any]) -> Routing:
    """The guarantor's head lets a late filing be reviewed, or not; with a note either way."""
    case, note = case_of(ctx), note_of(values)
    filing = _live(ctx, case.id, SUBMITTED)
    require_note(note)
    decision = decisions.add(ctx, case, LATE_FILING, str(values["outcome"]), note=note)
    after = {**decisions.shown(decision), "filing": filing.id, "late_reason": filing.late_reason}
    ctx.audit("filing.late_decided", text("逾期备案审定"), after=after, reason=note, clause="J3.6")
    return {}


@form_operation("filings.record_review", "记录备案审核", sets={"filing_decision": (None,)})
def record_review(ctx: StepContext, values: Mapping[str, Any]) -> Routing:
    """A formal check: ACCEPTED, RETURNED or REJECTED, the last two with reasons. InvalidInput."""
    case, note, outcome = case_of(ctx), note_of(values), str(values["outcome"])
    _live(ctx, case.id, SUBMITTED)
    reasons = decisions.reasons_of(values)
    if outcome != ACCEPTED:
        require_reasons(reasons, note, "reasons")
    if outcome == REJECTED:
        require_note(note)
    decision = decisions.add(ctx, case, FILING_REVIEW, outcome, reasons=reasons, note=note)
    after = decisions.shown(decision)
    ctx.audit("filing.reviewed", _SAYS[outcome], after=after, reason=note or None, clause="J3.4")
    return {"filing_decision": None}


@form_operation(
    "filings.record_check",
    "记录备案复核",
    sets={"filing_decision": ("ACCEPTED", "RETURNED", "REJECTED", None)},
    final=True,
)
def record_check(ctx: StepContext, values: Mapping[str, Any]) -> Routing:
    """CONFIRM puts the review in force, RETURN gives it back to its maker.

    Returns {"filing_decision": "ACCEPTED", "RETURNED" or "REJECTED"}. NotAllowed for the maker.
    """
    case, note = case_of(ctx), note_of(values)
    filing = _live(ctx, case.id, SUBMITTED)
    decision = decisions.to_confirm(ctx, case, FILING_REVIEW)
    if values["outcome"] == "RETURN":
        require_note(note)
        decisions.add(ctx, case, FILING_CHECK, "RETURN", note=note)
        ctx.audit("filing.check_returned", text("备案复核退回"), reason=note, clause="J3.4")
        return {"filing_decision": None}
    decisions.confirm(ctx, decision)
    before = shown(filing, SHOWN)
    if decision.outcome == RETURNED:
        _give_back(ctx, case, filing, decision.reasons, decision.note)
    after = {**shown(filing, SHOWN), "decision": decision.outcome}
    ctx.audit("filing.confirmed", text("备案复核确认"), before=before, after=after, clause="J3.4")
    return {"filing_decision": decision.outcome}


def _give_back(
    ctx: StepContext, case: GuaranteeCase, filing: Filing, reasons: list[Any], note: str
) -> None:
    filing.status = RETURNED
    loan_of(ctx.session, case.id).status = LoanStatus.DISBURSED.value
    payload = {"case_id": case.id, "filing_id": filing.id, "reasons": reasons, "note": note}
    ctx.emit("filing_returned", **payload)


@service_operation("filings.accept", "备案生效")
def accept(ctx: StepContext, *, case_id: int) -> Routing:
    """The guarantee is in force, from the disbursement on; amount and fee are computed (D.1).

    The ratio's cap is that of the contract date, the fee's terms are the agreement's; the filing
    carries the version of the filing date, its working that of the contract date. Emits fee_notice.
    """
    case, loan = ctx.session.get_one(GuaranteeCase, case_id), loan_of(ctx.session, case_id)
    filing = _live(ctx, case_id, SUBMITTED)
    before = {**shown(filing, SHOWN), "loan_status": loan.status}
    found = _guarantee(ctx, case, loan, filing)
    scheme = programme_of(ctx.session, case.programme)
    series = f"{scheme.abbreviation}-BA-{ctx.today.year}"
    filing.filing_no = f"{series}-{next_number(ctx.session, series):04}"
    filing.status, filing.decided_at = ACCEPTED, ctx.now
    filing.guarantee_ratio, filing.guaranteed_amount = found.ratio, found.guaranteed
    filing.fee_due, filing.trace = found.fee, found.trace.to_dict()
    filing.parameter_version = scheme.at(local_date(filing.submitted_at)).version
    loan.status = LoanStatus.IN_FORCE.value
    message = text(
        "备案{no}，担保额{amount}元", no=filing.filing_no, amount=f"{found.guaranteed:,.2f}"
    )
    after = {**shown(filing, SHOWN), "loan_status": loan.status}
    ctx.audit("filing.accepted", message, before=before, after=after, clause="J3.5")
    _tell_fee(ctx, case, filing)
    return {}


def _guarantee(ctx: StepContext, case: GuaranteeCase, loan: LoanCase, filing: Filing) -> Guarantee:
    agreement = ctx.session.get_one(Agreement, filing.agreement_id)
    paid = ctx.session.get_one(Disbursement, filing.disbursement_id)
    contract_date = loan.contract_date or paid.disbursed_on
    parameters = programme_of(ctx.session, case.programme).at(contract_date)
    term = Span(paid.disbursed_on, paid.maturity_on)
    return guarantee(
        paid.amount,
        agreement.guarantee_ratio,
        FeeTerms(agreement.fee_rate, FeeBasis(agreement.fee_basis), term),
        bank_year_ratio=agreement.bank_year_ratio,
        cap=parameters.ratio("guarantee_ratio_cap"),
        version=parameters.version,
    )


def _tell_fee(ctx: StepContext, case: GuaranteeCase, filing: Filing) -> None:
    pay_by = None
    if "fee_period" in ctx.parameters:
        pay_by = due_after(ctx.today, ctx.parameters.period("fee_period")).date.isoformat()
    ctx.emit(
        "fee_notice",
        case_id=case.id,
        case_no=case.case_no,
        filing_id=filing.id,
        filing_no=filing.filing_no,
        fee_due=str(filing.fee_due),
        pay_by=pay_by,
    )


@service_operation("filings.reject", "不予备案", sets={"filing_result": ("REJECTED",)})
def reject(ctx: StepContext, *, case_id: int) -> Routing:
    """The loan stays the bank's own risk (P7). Returns {"filing_result": "REJECTED"}."""
    case, loan = ctx.session.get_one(GuaranteeCase, case_id), loan_of(ctx.session, case_id)
    filing = _live(ctx, case_id, SUBMITTED)
    before = {**shown(filing, SHOWN), "loan_status": loan.status}
    filing.status, filing.decided_at = REJECTED, ctx.now
    loan.status = LoanStatus.FILING_REJECTED.value
    after = {**shown(filing, SHOWN), "loan_status": loan.status}
    message = text("不予备案，贷款由银行自担风险")
    ctx.audit("filing.rejected", message, before=before, after=after, clause="C.P7")
    ctx.emit("filing_rejected", case_id=case.id, filing_id=filing.id, bank_id=loan.bank_id)
    return {"filing_result": "REJECTED"}


@form_operation("filings.record_fee", "登记担保费", sets={"filing_result": ("FILED",)})
def record_fee(ctx: StepContext, values: Mapping[str, Any]) -> Routing:
    """0 < fee_paid <= fee_due (元), paid between disbursement and today, with its invoice (J4.5).

    Returns {"filing_result": "FILED"}. Raises InvalidInput.
    """
    case = case_of(ctx)
    filing = _live(ctx, case.id, ACCEPTED)
    paid_on: date = values["fee_paid_on"]
    wrong: dict[str, Text] = {}
    fee = values["fee_paid"]
    if filing.fee_due is None or not 0 < fee <= filing.fee_due:
        wrong["fee_paid"] = text("须大于0，不高于应收{due}元", due=f"{filing.fee_due:,.2f}")
    if paid_on > ctx.today:
        wrong["fee_paid_on"] = text("缴费日期不得晚于今天")
    elif paid_on < filing.disbursement.disbursed_on:
        wrong["fee_paid_on"] = text("缴费日期早于放款日")
    invoice = str(values.get("invoice_no") or "").strip()
    if not invoice:
        wrong["invoice_no"] = text("填写发票号")
    if wrong:
        raise InvalidInput(wrong)
    before = shown(filing, SHOWN)
    filing.fee_paid, filing.fee_paid_on, filing.invoice_no = fee, paid_on, invoice
    message = text("收到担保费{amount}元", amount=f"{fee:,.2f}")
    after = shown(filing, SHOWN)
    ctx.audit("filing.fee_paid", message, before=before, after=after, clause="J4.5")
    return {"filing_result": "FILED"}
