"""审核 of the city's guarantee centre: maker's opinion and checker's confirmation (P3, J3.2)."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from engine.domain.codes import SupportClass
from engine.errors import InvalidInput, RuleRefused
from engine.models import Decision, GuaranteeCase
from engine.operations import decisions
from engine.operations.first_review import check_amount
from engine.operations.referrals import case_of
from engine.runtime.context import Routing, StepContext, form_operation
from engine.text import Text, text

CLAUSE = "J3.2"
_SAYS: dict[str, Text] = {
    "PASS": text("担保中心意见：通过"),
    "RETURN": text("担保中心意见：退回初审"),
    "REJECT": text("担保中心意见：不予通过"),
}


@form_operation(
    "screening.record_centre_review", "记录担保中心审核", sets={"centre_decision": (None,)}
)
def record_centre_review(ctx: StepContext, values: Mapping[str, Any]) -> Routing:
    """PASS with an approved amount, RETURN to the first review, or REJECT, both with reasons.

    More than was suggested needs a note, and never passes the ceiling (J4.1). Raises InvalidInput.
    """
    case, outcome = case_of(ctx), str(values["outcome"])
    note, reasons = decisions.note_of(values), decisions.reasons_of(values)
    amount: Decimal | None = None
    if outcome == "PASS":
        amount = _approved(ctx, case, values.get("approved_amount"), note)
    else:
        decisions.require_reasons(reasons or ([note] if note else []), note, "reasons")
    decision = decisions.add(
        ctx, case, decisions.CENTRE_REVIEW, outcome, amount=amount, reasons=reasons, note=note
    )
    after = decisions.shown(decision)
    ctx.audit("screening.centre_reviewed", _SAYS[outcome], after=after, clause=CLAUSE)
    return {"centre_decision": None}


def _approved(
    ctx: StepContext, case: GuaranteeCase, amount: Decimal | None, note: str
) -> Decimal | None:
    field = "approved_amount"
    check_amount(ctx, case, amount, _support(case), field)
    suggested = case.suggested_amount or Decimal(0)
    if amount is not None and amount > suggested and not note:
        raise InvalidInput({"note": text("核定金额高于建议金额，须写明理由")})
    return amount


def _support(case: GuaranteeCase) -> SupportClass:
    return SupportClass(case.support_class or SupportClass.NORMAL.value)


@form_operation(
    "screening.record_centre_check",
    "记录担保中心复核",
    sets={"centre_decision": ("PASS", "RETURN", "REJECT", None)},
    final=True,
)
def record_centre_check(ctx: StepContext, values: Mapping[str, Any]) -> Routing:
    """CONFIRM puts the centre's opinion in force, RETURN gives it back to its maker.

    Returns {"centre_decision": "PASS", "RETURN" or "REJECT"}. Raises NotAllowed for the maker,
    RuleRefused `amount_outdated` when the ceiling leaves less by now.
    """
    case, note = case_of(ctx), decisions.note_of(values)
    decision = decisions.to_confirm(ctx, case, decisions.CENTRE_REVIEW)
    if values["outcome"] == "RETURN":
        decisions.require_note(note)
        decisions.add(ctx, case, decisions.CENTRE_CHECK, "RETURN", note=note)
        ctx.audit("screening.centre_returned", text("担保中心复核退回"), reason=note, clause=CLAUSE)
        return {"centre_decision": None}
    if decision.outcome == "PASS":
        _put_in_force(ctx, case, decision)
    decisions.confirm(ctx, decision)
    after = decisions.shown(decision)
    ctx.audit("screening.centre_confirmed", text("担保中心复核确认"), after=after, clause=CLAUSE)
    return {"centre_decision": decision.outcome}


def _put_in_force(ctx: StepContext, case: GuaranteeCase, decision: Decision) -> None:
    try:
        check_amount(ctx, case, decision.amount, _support(case), "outcome")
    except InvalidInput as refused:
        raise RuleRefused(
            "amount_outdated", refused.fields["outcome"], text("退回经办，重新核定金额")
        ) from refused
    case.approved_amount = decision.amount
