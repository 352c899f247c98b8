"""Decisions on a case: what a maker proposes, a checker confirms (spec B)."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from engine.audit.encoding import native
from engine.errors import Conflict, InvalidInput
from engine.models import Decision, GuaranteeCase
from engine.operations.parties import person_of, post_of
from engine.operations.same_person import refuse_maker
from engine.runtime.context import StepContext
from engine.text import text

FIRST_REVIEW = "FIRST_REVIEW"
HEAD_OPINION = "HEAD_OPINION"
FIRST_CHECK = "FIRST_CHECK"
OBJECTION = "OBJECTION"
CENTRE_REVIEW = "CENTRE_REVIEW"
CENTRE_CHECK = "CENTRE_CHECK"
OTHER_REASON = {"R99", "OTHER"}


def add(
    ctx: StepContext,
    case: GuaranteeCase,
    kind: str,
    outcome: str,
    *,
    amount: Decimal | None = None,
    support_class: str | None = None,
    reasons: Sequence[str] = (),
    note: str = "",
) -> Decision:
    """Write what the acting person decides. Raises NotAllowed for the system."""
    decision = Decision(
        case_id=case.id,
        kind=kind,
        outcome=outcome,
        amount=amount,
        support_class=support_class,
        reasons=list(reasons),
        note=note,
        by_id=person_of(ctx.actor),
        org_id=post_of(ctx.actor),
        at=ctx.now,
    )
    ctx.session.add(decision)
    ctx.session.flush()
    return decision


def newest(session: Session, case_id: int, kind: str) -> Decision | None:
    """The last decision of a kind on a case."""
    query = select(Decision).where(Decision.case_id == case_id, Decision.kind == kind)
    return session.scalar(query.order_by(Decision.id.desc()).limit(1))


def count(session: Session, case_id: int, kind: str, outcome: str) -> int:
    """How many decisions of a kind and outcome there are on a case."""
    wanted = (Decision.case_id == case_id, Decision.kind == kind, Decision.outcome == outcome)
    return session.scalars(select(func.count(Decision.id)).where(*wanted)).one()


def to_confirm(ctx: StepContext, case: GuaranteeCase, kind: str) -> Decision:
    """The maker's decision that waits for a checker. Raises Conflict; NotAllowed for the maker."""
    decision = newest(ctx.session, case.id, kind)
    if decision is None or decision.confirmed_at is not None:
        raise Conflict("nothing_to_confirm", text("没有待复核的意见"), text("请经办先提交意见"))
    refuse_maker(ctx, decision.by_id)
    return decision


def confirm(ctx: StepContext, decision: Decision) -> None:
    """Put the checker's name under a decision."""
    decision.confirmed_by, decision.confirmed_at = person_of(ctx.actor), ctx.now


def shown(decision: Decision) -> dict[str, Any]:
    """A decision for the audit trail."""
    names = ("kind", "outcome", "amount", "support_class", "reasons", "note")
    found: dict[str, Any] = native({name: getattr(decision, name) for name in names})
    return found


def reasons_of(values: Any) -> list[str]:
    """The reason codes of a form: the checklist `reasons`, and the one `reject_reason`."""
    given = values.get("reasons") or []
    codes = [given] if isinstance(given, str) else [str(each) for each in given]
    single = values.get("reject_reason")
    return [*codes, str(single)] if single and str(single) not in codes else codes


def note_of(values: Any) -> str:
    """The form's note, trimmed."""
    return str(values.get("note") or "").strip()


def require_reasons(reasons: Sequence[str], note: str, field: str) -> None:
    """A return or a refusal says why; 其他 says it in words. Raises InvalidInput."""
    if not reasons:
        raise InvalidInput({field: text("至少选一个原因")})
    if OTHER_REASON & set(reasons) and not note:
        raise InvalidInput({"note": text("选了其他原因，须写明")})


def require_note(note: str) -> None:
    """Raises InvalidInput without a note."""
    if not note:
        raise InvalidInput({"note": text("写明理由")})
