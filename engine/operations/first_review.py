"""初审 of the finance bureau: maker's opinion, head's where needed, checker's confirmation (P2)."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from sqlalchemy.orm import Session

from engine.domain.codes import Outcome, SupportClass
from engine.domain.programme import Parameters
from engine.domain.screening import DECISIONS, rows
from engine.errors import InvalidInput, RuleRefused
from engine.models import Decision, GuaranteeCase
from engine.operations import answers, decisions
from engine.operations.exposure import exposure
from engine.operations.referrals import case_of
from engine.operations.same_person import refuse_maker
from engine.operations.screening import Judged, refresh_checks
from engine.runtime.context import Routing, StepContext, form_operation, service_operation
from engine.runtime.registry import BOOLEAN, INTEGER, LIST
from engine.text import Text, text

CLAUSE = "J3.2"


@form_operation(
    "screening.record_first_review",
    "记录初审意见",
    sets={"checks": LIST, "needs_head": BOOLEAN, "first_review_decision": (None,)},
    asks=DECISIONS,
)
def record_first_review(ctx: StepContext, values: Mapping[str, Any]) -> Routing:
    """The maker's opinion: PASS, RETURN, REJECT or HOLD. Returns {"checks"} for the decision on
    who approves (`first_review_level`).

    PASS needs an answer to every question, nothing missing, no failed check but an overridable one
    with a reason, and a suggested amount within what the ceiling leaves. Raises RuleRefused,
    InvalidInput.
    """
    case, outcome = case_of(ctx), str(values["outcome"])
    given = answers.posted(values, ctx.parameters)
    judged = refresh_checks(ctx, case, given)
    note, reasons = decisions.note_of(values), decisions.reasons_of(values)
    if outcome == "PASS":
        override = str(values.get("override_reason") or "").strip()
        _check_pass(ctx, case, values, judged, override)
        note = "；".join(filter(None, [note, override]))
    else:
        _check_refusal(outcome, reasons, note)
    amount = values.get("suggested_amount") if outcome == "PASS" else None
    support = str(values.get("support_class") or judged.screening.support_class.value)
    decision = decisions.add(
        ctx,
        case,
        decisions.FIRST_REVIEW,
        outcome,
        amount=amount,
        support_class=support,
        reasons=reasons,
        note=note,
    )
    after = {**decisions.shown(decision), "answers": judged.answers}
    ctx.audit("screening.first_reviewed", _SAYS[outcome], after=after, clause=CLAUSE)
    if outcome in ("RETURN", "HOLD"):
        _tell_returned(ctx, case, decision)
    checks = judged.screening.checks
    grave = any(check.needs_head or check.outcome is Outcome.FAIL for check in checks)
    # diagrams from before the table of approvals go by needs_head
    needs_head = outcome == "PASS" and grave
    return {"checks": rows(checks), "needs_head": needs_head, "first_review_decision": None}


_SAYS: dict[str, Text] = {
    "PASS": text("初审意见：通过"),
    "RETURN": text("初审退回补正"),
    "REJECT": text("初审意见：不予通过"),
    "HOLD": text("初审暂缓，等待材料"),
}


def _check_refusal(outcome: str, reasons: list[str], note: str) -> None:
    if outcome == "HOLD":
        decisions.require_note(note or "、".join(reasons))
        return
    field = "reject_reason" if outcome == "REJECT" else "reasons"
    decisions.require_reasons(reasons, note, field)


def _check_pass(
    ctx: StepContext, case: GuaranteeCase, values: Mapping[str, Any], judged: Judged, override: str
) -> None:
    """Refuse what may not pass."""
    _refuse_failed(judged, override)
    _refuse_missing(judged)
    _refuse_unanswered(judged)
    support = SupportClass(values.get("support_class") or judged.screening.support_class.value)
    if support is SupportClass.KEY and judged.screening.support_class is not SupportClass.KEY:
        raise InvalidInput({"support_class": text("没有有效资质，不能按重点类")})
    check_amount(ctx, case, values.get("suggested_amount"), support, "suggested_amount")


def _refuse_failed(judged: Judged, override: str) -> None:
    failed = judged.screening.of(Outcome.FAIL)
    hard = [check for check in failed if not check.overridable]
    if hard:
        raise RuleRefused(
            "check_failed",
            text("{title}不通过：{detail}", title=hard[0].title, detail=hard[0].detail),
            text("改为不予通过或退回补正"),
        )
    if failed and not override:
        raise InvalidInput(
            {"override_reason": text("{title}不符，放行须写明理由", title=failed[0].title)}
        )


def _refuse_missing(judged: Judged) -> None:
    missing = judged.screening.of(Outcome.MISSING)
    if missing:
        raise RuleRefused(
            "check_missing",
            text("{title}待补：{detail}", title=missing[0].title, detail=missing[0].detail),
            text("退回补正，或暂缓等待材料"),
        )


def _refuse_unanswered(judged: Judged) -> None:
    if judged.unanswered:
        raise InvalidInput(
            {f"{answers.PREFIX}{check.code}": check.detail for check in judged.unanswered},
            text("有{n}项核查还没有判断", n=len(judged.unanswered)),
        )


def check_amount(
    ctx: StepContext, case: GuaranteeCase, amount: Decimal | None, support: SupportClass, field: str
) -> None:
    """0 < amount <= the ceiling of the class less the exposure (D.2, J4.1). Raises InvalidInput."""
    if amount is None or amount <= 0:
        raise InvalidInput({field: text("填写大于0的金额")})
    left = available(ctx.session, case, ctx.parameters, support)
    if amount > left:
        raise InvalidInput(
            {
                field: text(
                    "超过可用额度{left}元（上限{ceiling}元减已占用）",
                    left=f"{left:,.2f}",
                    ceiling=f"{ctx.parameters.ceilings()[support]:,.2f}",
                )
            }
        )


def available(
    session: Session, case: GuaranteeCase, parameters: Parameters, support: SupportClass
) -> Decimal:
    """What the ceiling of the class leaves the enterprise, 元, not below 0."""
    taken = exposure(session, case.enterprise_id, case.programme).total
    return max(parameters.ceilings()[support] - taken, Decimal("0.00"))


def _tell_returned(ctx: StepContext, case: GuaranteeCase, decision: Decision) -> None:
    ctx.emit(
        "case_returned",
        case_id=case.id,
        case_no=case.case_no,
        outcome=decision.outcome,
        reasons=decision.reasons,
        note=decision.note,
        org_id=ctx.party("referrer"),
    )


@form_operation("screening.record_head_opinion", "记录负责人审定")
def record_head_opinion(ctx: StepContext, values: Mapping[str, Any]) -> Routing:
    """The head's word on an override or a category OTHER, with a reason (I.10, J2.1.4)."""
    case, note = case_of(ctx), decisions.note_of(values)
    decisions.require_note(note)
    reviewed = decisions.newest(ctx.session, case.id, decisions.FIRST_REVIEW)
    refuse_maker(ctx, reviewed.by_id if reviewed else None)
    outcome = str(values["outcome"])
    decision = decisions.add(ctx, case, decisions.HEAD_OPINION, outcome, note=note)
    after = decisions.shown(decision)
    ctx.audit("screening.head_decided", text("负责人审定"), after=after, reason=note, clause=CLAUSE)
    return {}


@form_operation(
    "screening.record_first_check",
    "记录初审复核",
    sets={"first_review_decision": ("PASS", "REJECT", None)},
    final=True,
)
def record_first_check(ctx: StepContext, values: Mapping[str, Any]) -> Routing:
    """CONFIRM puts the opinion in force, RETURN gives it back to the maker.

    Returns {"first_review_decision": "PASS" or "REJECT"}; a head who rejects outweighs the maker.
    The amount is checked once more: another loan may have been approved meanwhile.
    Raises NotAllowed for the maker, InvalidInput, RuleRefused.
    """
    case, note = case_of(ctx), decisions.note_of(values)
    decision = decisions.to_confirm(ctx, case, decisions.FIRST_REVIEW)
    if values["outcome"] == "RETURN":
        decisions.require_note(note)
        decisions.add(ctx, case, decisions.FIRST_CHECK, "RETURN", note=note)
        ctx.audit("screening.check_returned", text("复核退回初审"), reason=note, clause=CLAUSE)
        return {"first_review_decision": None}
    outcome = "REJECT" if _head_rejected(ctx, case, decision) else decision.outcome
    if outcome == "PASS":
        _put_in_force(ctx, case, decision)
    decisions.confirm(ctx, decision)
    after = {**decisions.shown(decision), "decision": outcome}
    ctx.audit("screening.first_confirmed", text("初审复核确认"), after=after, clause=CLAUSE)
    return {"first_review_decision": outcome}


def _head_rejected(ctx: StepContext, case: GuaranteeCase, reviewed: Decision) -> bool:
    opinion = decisions.newest(ctx.session, case.id, decisions.HEAD_OPINION)
    return opinion is not None and opinion.id > reviewed.id and opinion.outcome == "REJECT"


def _put_in_force(ctx: StepContext, case: GuaranteeCase, decision: Decision) -> None:
    support = SupportClass(decision.support_class or SupportClass.NORMAL.value)
    try:
        check_amount(ctx, case, decision.amount, support, "outcome")
    except InvalidInput as refused:
        raise RuleRefused(
            "amount_outdated", refused.fields["outcome"], text("退回经办，重新核定建议金额")
        ) from refused
    case.suggested_amount, case.support_class = decision.amount, support.value


@service_operation("screening.reject", "通知不予通过")
def reject(ctx: StepContext, *, case_id: int) -> Routing:
    """Tell the referrer that the case is rejected and that one objection is open (G5)."""
    case = ctx.session.get_one(GuaranteeCase, case_id)
    decision = _rejecting(ctx, case)
    ctx.emit(
        "case_rejected",
        case_id=case.id,
        case_no=case.case_no,
        reasons=decision.reasons if decision else [],
        note=decision.note if decision else "",
        org_id=ctx.party("referrer"),
    )
    message = text("通知不予通过，可提出异议")
    after = {"decision": decision.id if decision else None}
    ctx.audit("screening.rejected", message, after=after, clause="J2.2")
    return {}


def _rejecting(ctx: StepContext, case: GuaranteeCase) -> Decision | None:
    """The newest decision that says no: of the centre, the head, or the first review."""
    kinds = (decisions.CENTRE_REVIEW, decisions.HEAD_OPINION, decisions.FIRST_REVIEW)
    found = [decisions.newest(ctx.session, case.id, kind) for kind in kinds]
    rejecting = [each for each in found if each is not None and each.outcome == "REJECT"]
    return max(rejecting, key=lambda each: each.id, default=None)


@form_operation("screening.record_objection", "记录异议", sets={"objection_count": INTEGER})
def record_objection(ctx: StepContext, values: Mapping[str, Any]) -> Routing:
    """FILE an objection to the rejection, with its statement, or NONE.

    Returns {"objection_count"}: only one objection is looked into (P2). Raises InvalidInput.
    """
    case, outcome = case_of(ctx), str(values.get("outcome") or "FILE")
    statement = str(values.get("statement") or "").strip() or decisions.note_of(values)
    if outcome == "FILE" and not statement:
        raise InvalidInput({"statement": text("写明异议的理由")})
    decision = decisions.add(ctx, case, decisions.OBJECTION, outcome, note=statement)
    count = decisions.count(ctx.session, case.id, decisions.OBJECTION, "FILE")
    after = {**decisions.shown(decision), "objection_count": count, "files": values.get("files")}
    message = text("提出异议") if outcome == "FILE" else text("没有异议")
    ctx.audit("screening.objection", message, after=after, reason=statement or None, clause="C.P2")
    if outcome == "FILE":
        org_id = ctx.party("finance")
        ctx.emit("objection_filed", case_id=case.id, case_no=case.case_no, org_id=org_id)
    return {"objection_count": count}
