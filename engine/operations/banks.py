"""选行: a whitelisted case finds its bank, one after the other (P6, J3.4)."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from engine.errors import Conflict, InvalidInput, RuleRefused
from engine.models import GuaranteeCase, LoanCase, LoanStatus, Organisation
from engine.operations.agreements_in_force import in_force
from engine.operations.bank_choice import (
    COORDINATION,
    PREFERENCE,
    RELATIONSHIP,
    SCORE,
    Choice,
    candidates,
)
from engine.operations.decisions import note_of, require_note
from engine.operations.lending import loan_of
from engine.operations.referrals import case_of
from engine.runtime.context import Routing, StepContext, form_operation, service_operation
from engine.runtime.registry import BOOLEAN, INTEGER
from engine.text import text

CLAUSE = "J3.4"
NONE = "NONE"
ASSIGNED = "ASSIGNED"


@service_operation(
    "banks.weigh",
    "清点候选银行",
    sets={
        **dict.fromkeys(("tried", "max_attempts"), INTEGER),
        **dict.fromkeys(("preferred_ready", "relationship_ready", "ranked_ready"), BOOLEAN),
        **dict.fromkeys(("preferred_coming", "relationship_coming"), BOOLEAN),
    },
)
def weigh(ctx: StepContext, *, case_id: int) -> Routing:
    """Which banks may be next: what the decision on the next one (`bank_routing`) asks for."""
    case, tried = ctx.session.get_one(GuaranteeCase, case_id), _tried(ctx.session, case_id)
    found = candidates(ctx.session, case, tried, ctx.today)
    return {
        "tried": len(tried),
        "max_attempts": ctx.parameters.integer("max_bank_attempts"),
        "preferred_ready": found.any_ready(PREFERENCE),
        "relationship_ready": found.any_ready(RELATIONSHIP),
        "ranked_ready": found.any_ready(SCORE),
        "preferred_coming": found.any_coming(PREFERENCE),
        "relationship_coming": found.any_coming(RELATIONSHIP),
    }


@service_operation("banks.assign", "推荐给合作银行", sets={"assignment_result": (ASSIGNED, NONE)})
def assign(ctx: StepContext, *, case_id: int, by: str | None = None) -> Routing:
    """Give the case to the next bank, or let the finance bureau coordinate when there is none.

    `by` is how the decision table wants it chosen: PREFERENCE, RELATIONSHIP, SCORE or
    COORDINATION. Diagrams from before it try `max_bank_attempts` banks in this order.
    Returns {"assignment_result": "ASSIGNED" or "NONE"}.
    """
    case, tried = ctx.session.get_one(GuaranteeCase, case_id), _tried(ctx.session, case_id)
    choice = None
    if by is not None or len(tried) < ctx.parameters.integer("max_bank_attempts"):
        choice = candidates(ctx.session, case, tried, ctx.today).first(by)
    if choice is None:
        after = {"assignment_result": NONE, "tried": sorted(tried)}
        message = text("没有可推荐的银行，转融资服务协调")
        ctx.audit("bank.none_left", message, after=after, clause=CLAUSE)
        ctx.emit("case_needs_coordination", case_id=case.id, case_no=case.case_no)
        return {"assignment_result": NONE}
    _give(ctx, case, choice)
    return {"assignment_result": ASSIGNED}


def _tried(session: Session, case_id: int) -> set[int]:
    return set(session.scalars(select(LoanCase.bank_id).where(LoanCase.case_id == case_id)))


def _give(ctx: StepContext, case: GuaranteeCase, choice: Choice, note: str = "") -> LoanCase:
    """Open the bank's loan case; the bank plays its part in the instance from now on."""
    last = select(func.max(LoanCase.attempt)).where(LoanCase.case_id == case.id)
    loan = LoanCase(
        case_id=case.id,
        attempt=(ctx.session.scalar(last) or 0) + 1,
        bank_id=choice.bank_id,
        assigned_by=choice.assigned_by,
        assigned_at=ctx.now,
    )
    ctx.session.add(loan)
    before = {"bank_id": case.bank_id}
    # The next bank has its own agreement, perhaps with another guarantor.
    case.bank_id, case.agreement_id, case.guarantor_id = choice.bank_id, None, None
    ctx.session.flush()
    ctx.bind("bank", choice.bank_id)
    name = ctx.session.get_one(Organisation, choice.bank_id).short_name
    message = text("第{attempt}次推荐：{bank}", attempt=loan.attempt, bank=name)
    after = {"bank_id": choice.bank_id, "assigned_by": choice.assigned_by, "attempt": loan.attempt}
    reason = note or None
    ctx.audit("bank.assigned", message, before=before, after=after, reason=reason, clause=CLAUSE)
    payload = {"case_id": case.id, "case_no": case.case_no, "attempt": loan.attempt}
    ctx.emit("case_assigned", **payload, bank_id=choice.bank_id)
    return loan


@service_operation("banks.record_silence", "逾期未答复")
def record_silence(ctx: StepContext, *, case_id: int) -> Routing:
    """The bank did not answer in time; the case goes to the next one."""
    loan = loan_of(ctx.session, case_id)
    before, loan.status = {"status": loan.status}, LoanStatus.SILENT.value
    message = text("{bank}逾期未答复", bank=loan.bank.short_name)
    ctx.audit("bank.silent", message, before=before, after={"status": loan.status}, clause=CLAUSE)
    ctx.emit("bank_silent", case_id=case_id, bank_id=loan.bank_id, attempt=loan.attempt)
    return {}


@form_operation(
    "loans.record_acceptance", "记录银行受理", sets={"assignment_result": ("ACCEPTED", "REFUSED")}
)
def record_acceptance(ctx: StepContext, values: Mapping[str, Any]) -> Routing:
    """ACCEPT takes the case on today; REFUSE, with a reason, passes it to the next bank.

    Returns {"assignment_result": "ACCEPTED" or "REFUSED"}. Raises InvalidInput, Conflict.
    """
    loan, note = loan_of(ctx.session, case_of(ctx).id), note_of(values)
    if loan.status not in (LoanStatus.ASSIGNED.value, LoanStatus.ACCEPTED.value):
        raise Conflict("not_assigned", text("案件已不在待受理状态"))
    before = {"status": loan.status}
    if values["outcome"] == "ACCEPT":
        loan.status, loan.accepted_on = LoanStatus.ACCEPTED.value, ctx.today
        message = text("{bank}受理", bank=loan.bank.short_name)
    else:
        loan.refuse_reason = _refusal(values, note)
        loan.status, loan.note = LoanStatus.REFUSED.value, note
        message = text("{bank}不予受理", bank=loan.bank.short_name)
        ctx.emit("bank_refused", case_id=loan.case_id, bank_id=loan.bank_id)
    after = {"status": loan.status, "refuse_reason": loan.refuse_reason}
    reason = note or None
    ctx.audit("bank.answered", message, before=before, after=after, reason=reason, clause=CLAUSE)
    return {"assignment_result": loan.status}


def _refusal(values: Mapping[str, Any], note: str) -> str:
    reason = str(values.get("refuse_reason") or "")
    if not reason:
        raise InvalidInput({"refuse_reason": text("选择不受理原因")})
    if reason == "OTHER":
        require_note(note)
    return reason


@form_operation(
    "banks.record_coordination",
    "记录融资服务协调",
    sets={"assignment_result": (ASSIGNED, NONE)},
    final=True,
)
def record_coordination(ctx: StepContext, values: Mapping[str, Any]) -> Routing:
    """ASSIGN to a bank with an agreement in force (one that said no may be asked again), or CLOSE.

    Returns {"assignment_result": "ASSIGNED" or "NONE"}. Raises InvalidInput, RuleRefused.
    """
    case, note = case_of(ctx), note_of(values)
    if values["outcome"] == "CLOSE":
        require_note(note)
        message, after = text("协调未果，没有银行承接"), {"assignment_result": NONE}
        ctx.audit("bank.coordination_closed", message, after=after, reason=note, clause=CLAUSE)
        return {"assignment_result": NONE}
    bank_id = values.get("bank")
    if bank_id is None:
        raise InvalidInput({"bank": text("选择合作银行")})
    if not in_force(ctx.session, case.programme, ctx.today, bank_id=int(bank_id)):
        raise RuleRefused(
            "agreement_missing",
            text("该银行没有生效的三方协议"),
            text("选有生效协议的银行，或先签订协议"),
        )
    _give(ctx, case, Choice(int(bank_id), COORDINATION), note)
    return {"assignment_result": ASSIGNED}
