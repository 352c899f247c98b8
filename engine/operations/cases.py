"""A case as a whole: its stage, its end, and giving it up (spec C, Common to all)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.audit.trail import record
from engine.errors import Conflict, InvalidInput, NotAllowed, NotFound
from engine.events import emit
from engine.models import (
    CaseStatus,
    EntryStatus,
    GuaranteeCase,
    LoanCase,
    LoanStatus,
    OrgKind,
    ReferralBatch,
    ReferralItem,
    WhitelistEntry,
)
from engine.operations.access import visible_cases
from engine.people import Actor
from engine.runtime import step
from engine.runtime.context import Routing, StepContext, hook, service_operation
from engine.text import text

# end event of guarantee_case -> what has become of the case
ENDS = {
    "end_done": CaseStatus.DONE,
    "end_rejected": CaseStatus.REJECTED,
    "end_expired": CaseStatus.EXPIRED,
    "end_no_bank": CaseStatus.NO_BANK,
    "end_case_by_case": CaseStatus.CASE_BY_CASE,
    "end_line_expired": CaseStatus.LINE_EXPIRED,
    "end_filing_rejected": CaseStatus.FILING_REJECTED,
}
PROCESS = "guarantee_case"
# a loan that has come this far has a contract, whatever its fields say
SIGNED = {
    LoanStatus.DISBURSED.value,
    LoanStatus.FILED.value,
    LoanStatus.IN_FORCE.value,
    LoanStatus.FILING_REJECTED.value,
}
LIVE = {LoanStatus.ASSIGNED.value, LoanStatus.ACCEPTED.value, "APPROVED", "PARTIAL"}


def _case(ctx: StepContext) -> GuaranteeCase | None:
    """The case of a guarantee_case instance; None for any other process."""
    kind, _, key = ctx.instance.subject.partition(":")
    return ctx.session.get(GuaranteeCase, int(key)) if kind == "case" else None


@hook("stage", PROCESS)
def on_stage(ctx: StepContext, stage: int | str) -> None:
    """A task of stage 1 to 7 has opened: remember where the case stands."""
    case = _case(ctx)
    if case is not None and case.stage != int(stage):
        case.stage = int(stage)


@hook("ended", PROCESS)
def on_instance_ended(ctx: StepContext, end_event_id: str) -> None:
    """An instance ended: close its case with what the end event says. Others are not concerned."""
    case = _case(ctx) if ctx.instance.process_key == PROCESS else None
    if case is None or case.status != CaseStatus.OPEN.value:
        return
    status = ENDS.get(end_event_id)
    if status is None:
        raise Conflict(
            "unknown_end",
            text("流程的终点{end}没有对应的办理结果", end=end_event_id),
            text("请流程管理员核对guarantee_case的终点"),
        )
    case.status, case.closed_at = status.value, ctx.now
    after = {"status": case.status, "end": end_event_id}
    before = {"status": CaseStatus.OPEN.value}
    ctx.audit("case.closed", text("案件{no}办结", no=case.case_no), before=before, after=after)
    ctx.emit("case_closed", case_id=case.id, case_no=case.case_no, status=case.status)


@service_operation("cases.mark_expired", "逾期未补，失效", sets={"review_result": ("EXPIRED",)})
def mark_expired(ctx: StepContext, *, case_id: int) -> Routing:
    """The referrer did not supply what was asked for in time (P2)."""
    case = ctx.session.get_one(GuaranteeCase, case_id)
    message = text("{no}逾期未补正，失效", no=case.case_no)
    ctx.audit("case.expired", message, after={"review_result": "EXPIRED"}, clause="C.P2")
    ctx.emit("case_expired", case_id=case.id, case_no=case.case_no)
    return {"review_result": "EXPIRED"}


@service_operation("cases.mark_rejected", "不予纳入", sets={"review_result": ("REJECTED",)})
def mark_rejected(ctx: StepContext, *, case_id: int) -> Routing:
    """The rejection stands: no objection in time, or a second one."""
    case = ctx.session.get_one(GuaranteeCase, case_id)
    message = text("{no}不予纳入白名单", no=case.case_no)
    ctx.audit("case.rejected", message, after={"review_result": "REJECTED"}, clause="J2.2")
    ctx.emit("case_rejection_final", case_id=case.id, case_no=case.case_no)
    return {"review_result": "REJECTED"}


def withdraw_case(
    session: Session, case_id: int, reason: str, actor: Actor, now: datetime
) -> GuaranteeCase:
    """Give a case up, until the loan contract is signed (spec C, Common to all).

    By the first referrer or the finance bureau. Its process ends, an open loan case becomes
    WITHDRAWN, its place on a whitelist REMOVED. Raises NotFound, NotAllowed, InvalidInput (no
    reason), Conflict `case_closed` or `contract_signed`.
    """
    if not reason.strip():
        raise InvalidInput({"reason": text("写明撤回原因")})
    case = session.get(GuaranteeCase, case_id)
    if case is None:
        raise NotFound()
    _check_may_withdraw(session, case, actor)
    return end_case(session, case, reason, actor, now)


def end_case(
    session: Session, case: GuaranteeCase, reason: str, actor: Actor, now: datetime
) -> GuaranteeCase:
    """The same for one whose right to end it the caller has checked."""
    _refuse_closed(case)
    # The instance first, as every step takes them; then nobody else moves the case.
    if case.instance_id is not None:
        step.lock_instance(session, case.instance_id, suspended=True)
    session.refresh(case, with_for_update=True)
    _refuse_closed(case)
    loans = list(session.scalars(select(LoanCase).where(LoanCase.case_id == case.id)))
    _refuse_signed(loans)
    if case.instance_id is not None:
        step.cancel_instance(session, case.instance_id, actor, now, reason)
    after = _close(session, case, loans, now)
    _tell(session, case, actor, now, reason, after)
    return case


def may_withdraw(session: Session, case: GuaranteeCase, actor: Actor) -> bool:
    """Whether the actor may give the case up now; for a page that offers it."""
    loans = session.scalars(select(LoanCase).where(LoanCase.case_id == case.id)).all()
    open_ = case.status == CaseStatus.OPEN.value and not any(_signed(loan) for loan in loans)
    return open_ and _is_entitled(session, case, actor)


def _is_entitled(session: Session, case: GuaranteeCase, actor: Actor) -> bool:
    if actor.is_system:
        return True
    if actor.org_kind == OrgKind.FINANCE.value:
        own = select(GuaranteeCase.id).where(GuaranteeCase.id == case.id, visible_cases(actor))
        return session.scalar(own) is not None
    first = (
        select(ReferralBatch.org_id)
        .join(ReferralItem)
        .where(ReferralItem.case_id == case.id)
        .order_by(ReferralItem.submitted_at, ReferralItem.id)
    )
    return session.scalar(first.limit(1)) == actor.org_id


def _check_may_withdraw(session: Session, case: GuaranteeCase, actor: Actor) -> None:
    if not _is_entitled(session, case, actor):
        raise NotAllowed(
            "may_not_withdraw",
            text("撤回案件由首报单位或区财政局办理"),
            text("请首报单位撤回"),
        )


def _refuse_closed(case: GuaranteeCase) -> None:
    if case.status != CaseStatus.OPEN.value:
        raise Conflict("case_closed", text("案件{no}已经办结，没有再改动", no=case.case_no))


def _signed(loan: LoanCase) -> bool:
    return loan.contract_no is not None or loan.contract_date is not None or loan.status in SIGNED


def _refuse_signed(loans: list[LoanCase]) -> None:
    if any(_signed(loan) for loan in loans):
        raise Conflict(
            "contract_signed",
            text("借款合同已签订，不能再撤回"),
            text("由银行按合同办理，或到期结清"),
        )


def _close(
    session: Session, case: GuaranteeCase, loans: list[LoanCase], now: datetime
) -> Mapping[str, Any]:
    case.status, case.closed_at = CaseStatus.WITHDRAWN.value, now
    withdrawn = [loan for loan in loans if loan.status in LIVE]
    for loan in withdrawn:
        loan.status = LoanStatus.WITHDRAWN.value
    entry = session.scalar(select(WhitelistEntry).where(WhitelistEntry.case_id == case.id))
    if entry is not None:
        entry.status = EntryStatus.REMOVED.value
    session.flush()
    return {
        "status": case.status,
        "loan_cases": [loan.id for loan in withdrawn],
        "whitelist_entry": entry.id if entry else None,
    }


def _tell(
    session: Session,
    case: GuaranteeCase,
    actor: Actor,
    now: datetime,
    reason: str,
    after: Mapping[str, Any],
) -> None:
    record(
        session,
        chain=f"case:{case.id}",
        action="case.withdrawn",
        summary=text("撤回案件{no}", no=case.case_no),
        actor=actor,
        now=now,
        before={"status": CaseStatus.OPEN.value},
        after=after,
        reason=reason,
        clause="C",
    )
    payload = {"case_id": case.id, "case_no": case.case_no, "reason": reason, "by": actor.name}
    emit(session, "case_withdrawn", f"case:{case.id}", payload, now)
