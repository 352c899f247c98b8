"""签约放款: the contract and the money, checked on the contract date (P6, J4.2, J4.3)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.exc import IntegrityError

from engine.domain.codes import RateType
from engine.domain.dates import add_months
from engine.domain.programme import Parameters
from engine.errors import Conflict, InvalidInput, RuleRefused
from engine.models import Agreement, Disbursement, GuaranteeCase, LoanCase, LoanStatus
from engine.operations.decisions import note_of, require_note
from engine.operations.lending import disbursement_of, keep, loan_of, lpr_table, shown
from engine.operations.loan_checks import refuse_blocked, require_listed, require_rate
from engine.operations.referrals import case_of
from engine.operations.same_person import refuse_same_person
from engine.runtime.context import Routing, StepContext, form_operation, service_operation
from engine.runtime.in_force import programme_of
from engine.text import Text, text

CLAUSE = "J4.2"
GRANTED = (LoanStatus.APPROVED.value, LoanStatus.PARTIAL.value)
SHOWN = ("loan_no", "amount", "disbursed_on", "maturity_on", "confirmed")


@dataclass(frozen=True)
class Paper:
    """The contract and the note (借据) as typed."""

    contract_no: str
    contract_date: date
    loan_no: str
    amount: Decimal
    disbursed_on: date
    maturity_on: date
    loan_type: str


def _paper(values: Mapping[str, Any], loan: LoanCase) -> Paper:
    return Paper(
        str(values["contract_no"]).strip(),
        values["contract_date"],
        str(values["loan_no"]).strip(),
        values["amount"],
        values["disbursed_on"],
        values["maturity_on"],
        str(values.get("loan_type") or loan.loan_type),
    )


@form_operation("loans.record_disbursement", "记录签约放款", sets={"approval_result": (None,)})
def record_disbursement(ctx: StepContext, values: Mapping[str, Any]) -> Routing:
    """Contract and disbursement; the LPR of the contract date binds (I.21), with its version.

    What was recorded before and not confirmed is replaced. Raises RuleRefused rate_above_lpr,
    above_line, whitelist_not_active, agreement_blocked, outside_agreement; InvalidInput for dates,
    term, and a loan number the bank has used already.
    """
    case = case_of(ctx)
    loan = _approved(ctx, case.id)
    paper = _paper(values, loan)
    agreement = ctx.session.get_one(Agreement, loan.agreement_id)
    parameters = programme_of(ctx.session, case.programme).at(paper.contract_date)
    _check_dates(ctx, loan, paper)
    _check_agreement(agreement, paper)
    require_listed(ctx.session, case.id, paper.contract_date)
    _check_loan(loan, paper, parameters)
    rated = _check_rate(ctx, loan, paper, parameters)
    before = {**shown(loan), **_forget_unconfirmed(ctx, loan)}
    _refuse_above_line(ctx, loan, paper)
    loan.contract_no, loan.contract_date = paper.contract_no, paper.contract_date
    loan.loan_type, loan.parameter_version = paper.loan_type, parameters.version
    keep(loan, rated)
    added = _add(ctx, loan, paper)
    message = text("签约放款{amount}元，借据{no}", amount=f"{paper.amount:,.2f}", no=paper.loan_no)
    after = {**shown(loan), **shown(added, SHOWN)}
    reason = note_of(values) or None
    ctx.audit("loan.disbursed", message, before=before, after=after, reason=reason, clause=CLAUSE)
    return {"approval_result": None}


def _approved(ctx: StepContext, case_id: int) -> LoanCase:
    loan = loan_of(ctx.session, case_id)
    if loan.status not in GRANTED or loan.agreement_id is None:
        raise Conflict("not_approved", text("案件没有生效的授信"))
    return loan


def _check_dates(ctx: StepContext, loan: LoanCase, paper: Paper) -> None:
    """accepted <= contract <= disbursement <= today, disbursement < maturity <= the term's end."""
    wrong: dict[str, Text] = {}
    if loan.accepted_on is not None and paper.contract_date < loan.accepted_on:
        wrong["contract_date"] = text("合同日期早于受理日期{day}", day=str(loan.accepted_on))
    if paper.contract_date > ctx.today:
        wrong["contract_date"] = text("合同日期不得晚于今天")
    if paper.disbursed_on < paper.contract_date:
        wrong["disbursed_on"] = text("放款日早于合同日期")
    if paper.disbursed_on > ctx.today:
        wrong["disbursed_on"] = text("放款日不得晚于今天")
    if paper.maturity_on <= paper.disbursed_on:
        wrong["maturity_on"] = text("到期日须晚于放款日")
    elif paper.maturity_on > add_months(paper.disbursed_on, loan.term_months or 0):
        wrong["maturity_on"] = text("超过审批的期限{n}个月", n=loan.term_months)
    if paper.amount <= 0:
        wrong["amount"] = text("须大于0")
    if wrong:
        raise InvalidInput(wrong)


def _check_agreement(agreement: Agreement, paper: Paper) -> None:
    """Contract within the agreement, paid out on or before its last day (I.20)."""
    refuse_blocked(agreement)
    first, last = agreement.effective_from, agreement.effective_to
    days = (paper.contract_date, paper.disbursed_on)
    if first is None or last is None or not all(first <= day <= last for day in days):
        raise RuleRefused(
            "outside_agreement",
            text(
                "合同和放款须在协议{no}的有效期内（{first}至{last}）",
                no=agreement.agr_no,
                first=str(first),
                last=str(last),
            ),
            text("核对日期；协议已到期的，不能纳入批次担保"),
        )


def _check_loan(loan: LoanCase, paper: Paper, parameters: Parameters) -> None:
    """Type and term as the programme of the contract date allows (J4.2, I.22)."""
    if paper.loan_type not in parameters.codes("loan_types"):
        raise RuleRefused(
            "loan_type", text("批次担保不适用这一贷款品种"), text("只能是流动资金贷款（J4.2）")
        )
    if (loan.term_months or 0) > parameters.integer("term_months_max"):
        raise InvalidInput({"maturity_on": text("期限超过方案上限")})
    shortest = add_months(paper.disbursed_on, parameters.integer("term_months_min"))
    if paper.maturity_on < shortest:
        raise InvalidInput({"maturity_on": text("期限短于方案下限")})


def _check_rate(ctx: StepContext, loan: LoanCase, paper: Paper, parameters: Parameters) -> Any:
    table = lpr_table(ctx.session, parameters)
    kind = RateType(loan.rate_type or RateType.FIXED)
    rate = loan.rate or Decimal(0)
    return require_rate(parameters, table, paper.contract_date, rate, kind, loan.lpr_spread_bp)


def _forget_unconfirmed(ctx: StepContext, loan: LoanCase) -> dict[str, Any]:
    """Drop what the checker gave back; returns it for the audit trail."""
    last = disbursement_of(ctx.session, loan)
    found = shown(last, SHOWN) if last is not None and not last.confirmed else {}
    ctx.session.execute(
        delete(Disbursement).where(
            Disbursement.loan_case_id == loan.id, Disbursement.confirmed.is_(False)
        )
    )
    return found


def _refuse_above_line(ctx: StepContext, loan: LoanCase, paper: Paper) -> None:
    drawn = ctx.session.scalars(
        select(func.coalesce(func.sum(Disbursement.amount), 0)).where(
            Disbursement.loan_case_id == loan.id
        )
    ).one()
    left = (loan.credit_line or Decimal(0)) - Decimal(drawn)
    if paper.amount > left:
        raise RuleRefused(
            "above_line",
            text("放款金额超过授信余额{left}元", left=f"{left:,.2f}"),
            text("核对金额；需要增加授信的，重新审批"),
        )


def _add(ctx: StepContext, loan: LoanCase, paper: Paper) -> Disbursement:
    added = Disbursement(
        loan_case_id=loan.id,
        bank_id=loan.bank_id,
        loan_no=paper.loan_no,
        amount=paper.amount,
        balance=paper.amount,
        disbursed_on=paper.disbursed_on,
        maturity_on=paper.maturity_on,
    )
    try:
        with ctx.session.begin_nested():
            ctx.session.add(added)
    except IntegrityError as taken:
        # the bank used the number before, perhaps in this same moment
        raise InvalidInput({"loan_no": text("本行已登记过借据{no}", no=paper.loan_no)}) from taken
    return added


@form_operation(
    "loans.record_disbursement_check",
    "记录放款复核",
    sets={"approval_result": ("DISBURSED", None)},
    final=True,
)
def record_disbursement_check(ctx: StepContext, values: Mapping[str, Any]) -> Routing:
    """CONFIRM: the loan is DISBURSED. Returns {"approval_result": "DISBURSED"} then.

    Raises NotAllowed for the maker, InvalidInput (RETURN without a note).
    """
    refuse_same_person(ctx, "disburse")
    case, note = case_of(ctx), note_of(values)
    loan = _approved(ctx, case.id)
    paid = disbursement_of(ctx.session, loan)
    if paid is None or paid.confirmed:
        raise Conflict("nothing_to_confirm", text("没有待复核的放款"))
    if values["outcome"] == "RETURN":
        require_note(note)
        ctx.audit("loan.disbursement_returned", text("放款复核退回"), reason=note, clause=CLAUSE)
        return {"approval_result": None}
    before = {**shown(loan), **shown(paid, SHOWN)}
    paid.confirmed, loan.status = True, LoanStatus.DISBURSED.value
    message = text("放款复核确认，借据{no}", no=paid.loan_no)
    after = {**shown(loan), **shown(paid, SHOWN)}
    ctx.audit("loan.disbursement_confirmed", message, before=before, after=after, clause=CLAUSE)
    ctx.emit("loan_disbursed", case_id=case.id, loan_case_id=loan.id, amount=str(paid.amount))
    return {"approval_result": "DISBURSED"}


@service_operation("loans.expire", "授信到期未用", sets={"approval_result": ("EXPIRED",)})
def expire(ctx: StepContext, *, case_id: int) -> Routing:
    """The line was not used in time and leaves ceiling and package free again (P6, I.19).

    Returns {"approval_result": "EXPIRED"}.
    """
    case, loan = ctx.session.get_one(GuaranteeCase, case_id), loan_of(ctx.session, case_id)
    before = {**shown(loan), **_forget_unconfirmed(ctx, loan)}
    loan.status = LoanStatus.EXPIRED.value
    # Without a confirmed disbursement there is no contract under the programme.
    loan.contract_no = loan.contract_date = None
    message = text("授信逾期未用，额度失效")
    ctx.audit("loan.expired", message, before=before, after=shown(loan), clause="C.P6")
    ctx.emit("loan_line_expired", case_id=case.id, case_no=case.case_no, bank_id=loan.bank_id)
    return {"approval_result": "EXPIRED"}
