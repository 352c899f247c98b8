"""A case's process is started: at once for a usual list, little by little for a long one.

Starting takes some 20 ms a case, so that 2,000 in the transaction of one click would hold it for
the better part of a minute. Those beyond the first hundred wait in the table (no instance yet) for
a sweep, which starts each in a transaction of its own; a crash between loses nothing.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.audit.trail import record
from engine.models import CaseStatus, Enterprise, GuaranteeCase, ReferralBatch, ReferralItem
from engine.operations.parties import centre_of, finance_of
from engine.people import SYSTEM, Actor
from engine.runtime import step
from engine.runtime.in_force import programme_of
from engine.text import text

AT_ONCE = 100
CLAUSE = "J3.1.3"


def pending_cases(session: Session, limit: int) -> Sequence[int]:
    """The ids of open cases whose process has not been started, oldest first."""
    query = select(GuaranteeCase.id).where(
        GuaranteeCase.status == CaseStatus.OPEN.value, GuaranteeCase.instance_id.is_(None)
    )
    return session.scalars(query.order_by(GuaranteeCase.id).limit(limit)).all()


def start_pending(session: Session, case_id: int, now: datetime) -> bool:
    """Start a case that waits; False when somebody else is at it or has been."""
    query = select(GuaranteeCase).where(
        GuaranteeCase.id == case_id,
        GuaranteeCase.status == CaseStatus.OPEN.value,
        GuaranteeCase.instance_id.is_(None),
    )
    case = session.scalar(query.with_for_update(skip_locked=True))
    if case is not None:
        start_case(session, case, _first_batch(session, case), SYSTEM, now)
    return case is not None


def start_case(
    session: Session, case: GuaranteeCase, batch: ReferralBatch, actor: Actor, now: datetime
) -> None:
    """Start guarantee_case for a case that `batch` referred first; its referrer, the finance bureau
    and the centre take part."""
    firm = session.get_one(Enterprise, case.enterprise_id)
    _audit(session, case, batch, firm, actor, now)
    scheme = programme_of(session, case.programme)
    instance = step.start_instance(
        session,
        "guarantee_case",
        subject=f"case:{case.id}",
        title=firm.name,
        programme=case.programme,
        data={"case_id": case.id},
        parties={
            "referrer": batch.org_id,
            "finance": finance_of(session, scheme.district_code),
            "centre": centre_of(session),
        },
        actor=actor,
        now=now,
    )
    case.instance_id = instance.id


def _first_batch(session: Session, case: GuaranteeCase) -> ReferralBatch:
    query = select(ReferralBatch).join(ReferralItem).where(ReferralItem.case_id == case.id)
    ordered = query.order_by(ReferralItem.submitted_at, ReferralItem.id)
    return session.scalars(ordered.limit(1)).one()


def _audit(
    session: Session,
    case: GuaranteeCase,
    batch: ReferralBatch,
    firm: Enterprise,
    actor: Actor,
    now: datetime,
) -> None:
    record(
        session,
        chain=f"case:{case.id}",
        action="case.opened",
        summary=text("{org}推荐{name}", org=batch.organisation.short_name, name=firm.name),
        actor=actor,
        now=now,
        after={
            "case_no": case.case_no,
            "batch_no": batch.batch_no,
            "need_amount": case.need_amount,
            "need_term": case.need_term,
            "category": case.category,
        },
        clause=CLAUSE,
    )
