"""Referral batches: one a referrer and month, opened on the 1st, withdrawn until sent (P1)."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import exists, or_, select
from sqlalchemy.orm import Session

from engine.audit.trail import record
from engine.clock import local_date
from engine.domain.calendar import Unit, due
from engine.domain.dates import add_months
from engine.domain.programme import Parameters, Programme
from engine.errors import Conflict, InvalidInput, NotFound, RuleRefused
from engine.events import emit
from engine.imports.context import PERIOD
from engine.models import Agreement, BatchStatus, Organisation, OrgKind, ReferralBatch
from engine.operations import locks
from engine.operations.numbers import next_number
from engine.operations.parties import finance_of
from engine.people import SYSTEM, Actor
from engine.runtime import step
from engine.runtime.in_force import programme_of
from engine.text import Text, text

REFERRERS = (OrgKind.REFERRER.value, OrgKind.BANK.value)
CLAUSE = "J3.1.3"


def open_period(
    session: Session, programme: str, period: str, now: datetime
) -> list[ReferralBatch]:
    """⏱ 1st: a batch and its process for every referrer that has none of the month yet.

    `period` yyyy-mm. Run again, it opens only what is missing. Returns the new batches. Raises
    InvalidInput, RuleRefused `programme_closed` when the programme takes no new cases.
    """
    scheme = _accepting(session, programme, now)
    locks.take(session, f"referral_period:{programme}:{period}")
    opened = _opened(session, scheme, period)
    found = [org for org in _referrers(session, scheme) if org.id not in opened]
    return [_open(session, scheme, org, period, SYSTEM, now) for org in found]


def open_batch(
    session: Session, org_id: int, programme: str, period: str, actor: Actor, now: datetime
) -> ReferralBatch:
    """The referrer's batch of the month that is not sent yet; a new one when there is none.

    Raises InvalidInput, NotFound (no such referrer), RuleRefused `programme_closed`.
    """
    scheme = _accepting(session, programme, now)
    locks.take(session, f"referral_period:{programme}:{period}")
    org = session.get(Organisation, org_id)
    if org is None or not org.active or org.kind not in REFERRERS or _foreign(org, actor):
        raise NotFound()
    return _unsent(session, scheme, org, period) or _open(session, scheme, org, period, actor, now)


def _foreign(org: Organisation, actor: Actor) -> bool:
    return not actor.is_system and actor.org_id != org.id


def _accepting(session: Session, code: str, now: datetime) -> Programme:
    scheme = programme_of(session, code)
    if not scheme.accepts_new_on(local_date(now)):
        raise RuleRefused(
            "programme_closed",
            text("{name}现在不接收新的推荐", name=scheme.name),
            text("在方案参数里核对生效日期和期限"),
        )
    return scheme


def _referrers(session: Session, scheme: Programme) -> Iterable[Organisation]:
    """Referrers and banks of the district, and banks from elsewhere with an agreement in it."""
    partner = exists().where(
        Agreement.bank_id == Organisation.id, Agreement.programme == scheme.code
    )
    query = select(Organisation).where(
        Organisation.kind.in_(REFERRERS),
        Organisation.active,
        or_(Organisation.district_code == scheme.district_code, partner),
    )
    return session.scalars(query.order_by(Organisation.id)).all()


def _series(scheme: Programme, org_code: str, period: str) -> str:
    return f"{scheme.abbreviation}-RF-{period.replace('-', '')}-{org_code}"


def _opened(session: Session, scheme: Programme, period: str) -> set[int]:
    # The number tells the month for which a batch was opened; its period moves on when it is late.
    prefix = f"{scheme.abbreviation}-RF-{period.replace('-', '')}-"
    query = select(ReferralBatch.org_id).where(
        ReferralBatch.batch_no.startswith(prefix, autoescape=True),
        ReferralBatch.programme == scheme.code,
    )
    return set(session.scalars(query))


def _unsent(
    session: Session, scheme: Programme, org: Organisation, period: str
) -> ReferralBatch | None:
    query = select(ReferralBatch).where(
        ReferralBatch.org_id == org.id,
        ReferralBatch.programme == scheme.code,
        ReferralBatch.period == period,
        ReferralBatch.status.in_([BatchStatus.DRAFT.value, BatchStatus.CHECKING.value]),
    )
    return session.scalar(query.order_by(ReferralBatch.id).limit(1))


def _open(
    session: Session,
    scheme: Programme,
    org: Organisation,
    period: str,
    actor: Actor,
    now: datetime,
) -> ReferralBatch:
    closing = closing_on(scheme.at(local_date(now)), period)
    series = _series(scheme, org.code, period)
    batch = ReferralBatch(
        batch_no=f"{series}-{next_number(session, series)}",
        programme=scheme.code,
        period=period,
        org_id=org.id,
        source_type=source_type(org),
        closing_on=closing,
        created_at=now,
    )
    session.add(batch)
    session.flush()
    after = {"batch_no": batch.batch_no, "period": period, "closing_on": closing}
    message = text("开始编报{period}需求名单", period=period)
    audit(session, batch, "referral.opened", message, actor, now, after=after)
    batch.instance_id = _start(
        session, batch, org, finance_of(session, scheme.district_code), actor
    )
    payload = {"batch_id": batch.id, "org_id": org.id, "period": period, "closing_on": str(closing)}
    emit(session, "referral_opened", subject(batch), payload, now)
    return batch


def _start(
    session: Session, batch: ReferralBatch, org: Organisation, finance: int, actor: Actor
) -> int:
    instance = step.start_instance(
        session,
        "referral",
        subject=subject(batch),
        title=f"{batch.period}需求名单 {org.short_name}",
        programme=batch.programme,
        data={"batch_id": batch.id, "closing_on": batch.closing_on.isoformat()},
        parties={"referrer": org.id, "finance": finance},
        actor=actor,
        now=batch.created_at,
    )
    return instance.id


def source_type(org: Organisation) -> str:
    """The referral channel of an organisation; a bank's is BANK."""
    return org.source_type or ("BANK" if org.kind == OrgKind.BANK.value else "SUBDISTRICT")


def closing_on(parameters: Parameters, period: str) -> date:
    """The last day of a month's lists: the closing day, rolled to a working day (D.10).

    Raises InvalidInput for a period that is not yyyy-mm.
    """
    first = first_day(period)
    day = first.replace(day=parameters.integer("referral_closing_day"))
    return due(day - timedelta(days=1), 1, Unit.DAY).date


def first_day(period: str) -> date:
    """The first day of a month yyyy-mm. Raises InvalidInput."""
    if not PERIOD.fullmatch(period):
        raise InvalidInput({"period": text("报送月份按2025-12的样子填写")})
    return date(int(period[:4]), int(period[5:]), 1)


def period_after(parameters: Parameters, period: str, today: date) -> str:
    """The month a late list belongs to: the first whose closing day is not over yet (P1)."""
    while closing_on(parameters, period) < today:
        period = add_months(first_day(period), 1).isoformat()[:7]
    return period


def subject(batch: ReferralBatch) -> str:
    """What the batch's instance, audit chain and events are filed under."""
    return f"batch:{batch.id}"


def own_batch(
    session: Session, batch_id: int, actor: Actor, *, lock: bool = False
) -> ReferralBatch:
    """The batch, if it is the actor's organisation's (or the system acts). NotFound otherwise."""
    query = select(ReferralBatch).where(ReferralBatch.id == batch_id)
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    batch = session.scalar(query)
    if batch is None or not (actor.is_system or batch.org_id == actor.org_id):
        raise NotFound()
    return batch


def draft_batch(session: Session, batch_id: int, actor: Actor) -> ReferralBatch:
    """The batch, locked, while its rows may still be changed. Raises Conflict once it is handed on.

    Locked so that two uploads confirmed at once do not write the same enterprise twice.
    """
    batch = own_batch(session, batch_id, actor, lock=True)
    refuse_unless_draft(batch)
    return batch


def refuse_unless_draft(batch: ReferralBatch) -> None:
    """Raise Conflict when the batch was handed on, sent or withdrawn."""
    if batch.status != BatchStatus.DRAFT.value:
        raise Conflict(
            "batch_not_draft",
            text("名单{batch_no}已交复核或报送，不能再改", batch_no=batch.batch_no),
            text("请复核人退回，或报下月名单"),
        )


def withdraw_batch(
    session: Session, batch_id: int, reason: str, actor: Actor, now: datetime
) -> ReferralBatch:
    """Give a list up before it is sent; the cases of a list once sent are withdrawn one by one.

    Raises NotFound, InvalidInput (no reason), Conflict once it was sent.
    """
    if not reason.strip():
        raise InvalidInput({"reason": text("写明撤回原因")})
    batch = own_batch(session, batch_id, actor)
    if batch.instance_id is not None and batch.status in (BatchStatus.DRAFT, BatchStatus.CHECKING):
        step.cancel_instance(session, batch.instance_id, actor, now, reason)
    session.refresh(batch, with_for_update=True)
    if batch.status not in (BatchStatus.DRAFT, BatchStatus.CHECKING):
        raise Conflict("batch_sent", text("名单已报送或已撤回"), text("逐件撤回案件"))
    before = {"status": batch.status}
    batch.status = BatchStatus.WITHDRAWN.value
    changes: dict[str, Any] = {"before": before, "after": {"status": batch.status}}
    message = text("撤回名单{batch_no}", batch_no=batch.batch_no)
    audit(session, batch, "referral.withdrawn", message, actor, now, reason=reason, **changes)
    return batch


def audit(
    session: Session,
    batch: ReferralBatch,
    action: str,
    summary: Text,
    actor: Actor,
    now: datetime,
    *,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    reason: str | None = None,
) -> None:
    """Write to the batch's audit chain, outside a step of its process."""
    record(
        session,
        chain=subject(batch),
        action=action,
        summary=summary,
        actor=actor,
        now=now,
        before=before,
        after=after,
        reason=reason,
        clause=CLAUSE,
    )
