"""Tripartite agreements that end: told 90 and 30 days before, closed afterwards (P5)."""

from datetime import datetime, timedelta

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from engine.audit.trail import record
from engine.clock import local_date
from engine.events import emit
from engine.models import Agreement, AgreementStatus, DomainEvent
from engine.people import SYSTEM
from engine.text import text

KIND = "agreement_expiring"
NOTICE_DAYS = (30, 90)  # P5; the nearest one that applies is told
LIVING = (AgreementStatus.EFFECTIVE.value, AgreementStatus.SUSPENDED.value)


def expire_agreements(session: Session, now: datetime) -> int:
    """Emit agreement_expiring {agreement_id, days, notice} once for each notice, and set EXPIRED
    what has ended. Existing loans run off. Returns how many agreements were told of or closed.
    """
    today = local_date(now)
    query = (
        select(Agreement)
        .where(
            Agreement.status.in_(LIVING),
            Agreement.effective_to <= today + timedelta(days=max(NOTICE_DAYS)),
        )
        .order_by(Agreement.id)
        .with_for_update(skip_locked=True)
    )
    return sum(_handle(session, found, now) for found in session.scalars(query).all())


def _handle(session: Session, found: Agreement, now: datetime) -> bool:
    assert found.effective_to is not None  # noqa: S101 (the query compares it)
    days = (found.effective_to - local_date(now)).days
    if days < 0:
        _expire(session, found, now)
        return True
    notice = min(notice for notice in NOTICE_DAYS if days <= notice)
    if _was_told(session, found, notice):
        return False
    payload = {"agreement_id": found.id, "days": days, "notice": notice}
    emit(session, KIND, _subject(found), payload, now)
    return True


def _was_told(session: Session, found: Agreement, notice: int) -> bool:
    told = exists().where(
        DomainEvent.kind == KIND,
        DomainEvent.subject == _subject(found),
        DomainEvent.payload["notice"].as_integer() == notice,
    )
    return bool(session.scalar(select(told)))


def _expire(session: Session, found: Agreement, now: datetime) -> None:
    before, found.status = found.status, AgreementStatus.EXPIRED.value
    record(
        session,
        chain=_subject(found),
        action="agreement.expired",
        summary=text("协议{no}到期", no=found.agr_no),
        actor=SYSTEM,
        now=now,
        before={"status": before},
        after={"status": found.status, "effective_to": found.effective_to},
        clause="J3.3.2",
    )


def _subject(found: Agreement) -> str:
    return f"agreement:{found.id}"
