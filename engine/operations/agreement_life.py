"""The life of an agreement in effect: begun, replaced, suspended, resumed, terminated (P5).

Its end by time is engine.jobs.agreements.
"""

from collections.abc import Callable, Mapping
from datetime import datetime

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from engine.audit.trail import record
from engine.clock import local_date
from engine.errors import Conflict, InvalidInput, NotAllowed, NotFound
from engine.events import emit
from engine.models import (
    Agreement,
    AgreementStatus,
    GuaranteeCase,
    OrgKind,
    Role,
    Subscription,
)
from engine.operations.agreements_in_force import takes_new
from engine.people import SYSTEM, Actor
from engine.runtime import step
from engine.text import Text, text

MESSAGE = "agreement.effective"
CLAUSE = "C.P5"
ALIVE = (AgreementStatus.EFFECTIVE.value, AgreementStatus.SUSPENDED.value)
_SAYS: dict[AgreementStatus, Text] = {
    AgreementStatus.EFFECTIVE: text("恢复协议{no}"),
    AgreementStatus.SUSPENDED: text("暂停协议{no}，不再受理新业务"),
    AgreementStatus.TERMINATED: text("终止协议{no}"),
    AgreementStatus.REPLACED: text("协议{no}由新版本替代"),
}
# what a status may become by somebody's decision
_MAY: Mapping[AgreementStatus, tuple[str, ...]] = {
    AgreementStatus.SUSPENDED: (AgreementStatus.EFFECTIVE.value,),
    AgreementStatus.EFFECTIVE: (AgreementStatus.SUSPENDED.value,),
    AgreementStatus.TERMINATED: ALIVE,
}


def suspend(
    session: Session, agreement_id: int, reason: str, actor: Actor, now: datetime
) -> Agreement:
    """No new cases until it is resumed; loans that exist run on. By the finance bureau's head.

    Raises NotFound, NotAllowed, InvalidInput (no reason), Conflict (not in effect).
    """
    return _decide(session, agreement_id, AgreementStatus.SUSPENDED, reason, actor, now)


def resume(
    session: Session, agreement_id: int, reason: str, actor: Actor, now: datetime
) -> Agreement:
    """End a suspension; cases that waited for an agreement go on. Raises as `suspend`."""
    found = _decide(session, agreement_id, AgreementStatus.EFFECTIVE, reason, actor, now)
    _go_on(session, found, actor, now)
    return found


def terminate(
    session: Session, agreement_id: int, reason: str, actor: Actor, now: datetime
) -> Agreement:
    """End it before its time, for good; loans that exist run on. Raises as `suspend`."""
    return _decide(session, agreement_id, AgreementStatus.TERMINATED, reason, actor, now)


def _decide(
    session: Session,
    agreement_id: int,
    status: AgreementStatus,
    reason: str,
    actor: Actor,
    now: datetime,
) -> Agreement:
    if actor.org_kind != OrgKind.FINANCE.value or Role.HEAD.value not in actor.roles:
        raise NotAllowed("finance_head_only", text("协议的暂停、恢复和终止由区财政局负责人决定"))
    if not reason.strip():
        raise InvalidInput({"reason": text("写明理由")})
    found = session.get(Agreement, agreement_id, with_for_update=True, populate_existing=True)
    if found is None:
        raise NotFound()
    if found.status not in _MAY[status]:
        raise Conflict("agreement_status", text("协议{no}不在可变更的状态", no=found.agr_no))
    _set(session, found, status, actor, now, reason)
    return found


def _set(
    session: Session,
    agreement: Agreement,
    status: AgreementStatus,
    actor: Actor,
    now: datetime,
    reason: str | None = None,
) -> None:
    before, agreement.status = agreement.status, status.value
    session.flush()
    summary = text(_SAYS[status].template, no=agreement.agr_no)
    _record(
        session, agreement, f"agreement.{status.value.lower()}", summary, actor, now, before, reason
    )
    kind = f"agreement_{status.value.lower()}"
    payload = {"agreement_id": agreement.id, "agr_no": agreement.agr_no, "reason": reason or ""}
    emit(session, kind, f"agreement:{agreement.id}", payload, now)


def _record(
    session: Session,
    agreement: Agreement,
    action: str,
    summary: Text,
    actor: Actor,
    now: datetime,
    before: str,
    reason: str | None,
) -> None:
    record(
        session,
        chain=f"agreement:{agreement.id}",
        action=action,
        summary=summary,
        actor=actor,
        now=now,
        before={"status": before},
        after={"status": agreement.status},
        reason=reason,
        clause=CLAUSE,
    )


def _locked(query: Select[tuple[Agreement]]) -> Select[tuple[Agreement]]:
    """As they are now, by id, and not to be changed by anybody else before this is saved."""
    locked = query.order_by(Agreement.id).with_for_update()
    return locked.execution_options(populate_existing=True)


def replace_older(session: Session, agreement: Agreement, actor: Actor, now: datetime) -> None:
    """Older agreements of the same bank and guarantor end with the new one's first day."""
    query = select(Agreement).where(
        Agreement.programme == agreement.programme,
        Agreement.bank_id == agreement.bank_id,
        Agreement.guarantor_id == agreement.guarantor_id,
        Agreement.id < agreement.id,
        Agreement.status.in_(ALIVE),
    )
    for older in session.scalars(_locked(query)).all():
        _set(session, older, AgreementStatus.REPLACED, actor, now)


def _waiting(session: Session, agreement: Agreement) -> list[int]:
    """The cases of the bank that wait for an agreement, by id."""
    waiting = select(Subscription.correlation).where(Subscription.message == MESSAGE)
    ids = [int(key) for key in session.scalars(waiting) if key.isdigit()]
    query = select(GuaranteeCase.id).where(
        GuaranteeCase.id.in_(ids),
        GuaranteeCase.bank_id == agreement.bank_id,
        GuaranteeCase.programme == agreement.programme,
    )
    return list(session.scalars(query.order_by(GuaranteeCase.id)))


def tell_waiting(
    session: Session, agreement: Agreement, send: Callable[[str, object], None]
) -> None:
    """Send `agreement.effective` to each case that waits for an agreement of this bank."""
    for case_id in _waiting(session, agreement):
        send(MESSAGE, case_id)


def _go_on(session: Session, agreement: Agreement, actor: Actor, now: datetime) -> int:
    if not takes_new(agreement, local_date(now)):
        return 0
    ids = _waiting(session, agreement)
    return sum(step.deliver(session, MESSAGE, str(case_id), actor, now) for case_id in ids)


def begin_agreements(session: Session, now: datetime) -> int:
    """Daily: agreements whose first day has come replace older ones; cases that waited go on.

    Returns how many cases went on. Running it again changes nothing.
    """
    query = select(Agreement).where(
        Agreement.status == AgreementStatus.EFFECTIVE.value,
        Agreement.effective_from <= local_date(now),
    )
    moved = 0
    for agreement in session.scalars(query.order_by(Agreement.id)).all():
        if agreement.status == AgreementStatus.EFFECTIVE.value:
            replace_older(session, agreement, SYSTEM, now)
            moved += _go_on(session, agreement, SYSTEM, now)
    return moved
