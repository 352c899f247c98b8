"""A quarter's fee subsidy up to its publication: 免申即享 (P9, J4.7.1)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.audit.trail import record
from engine.clock import local_date
from engine.domain.calendar import due_after
from engine.domain.programme import Programme
from engine.errors import Conflict, InvalidInput, NotAllowed, NotFound, RuleRefused
from engine.models import OrgKind, SubsidyBatch, SubsidyRow
from engine.operations import locks
from engine.operations.decisions import note_of, require_note
from engine.operations.parties import finance_of, treasury_of
from engine.operations.same_person import refuse_same_person
from engine.operations.subsidy_accounts import confirm_account, file_objection, row_of_link
from engine.operations.subsidy_rows import (
    CALCULATED,
    CARRY_FORWARD,
    CLAUSE,
    EMPTY,
    EXCLUDED,
    FINISHED,
    PROPOSED,
    PUBLICISED,
    VERIFIED,
    Totals,
    chosen,
    locked_batch,
    period_end,
    reckon_rows,
    rows_of,
    shown,
    sum_of,
    totals,
)
from engine.people import Actor
from engine.runtime import step
from engine.runtime.context import Routing, StepContext, form_operation, service_operation
from engine.runtime.in_force import programme_of
from engine.runtime.registry import INTEGER
from engine.text import text

__all__ = [
    "Totals",
    "confirm_account",
    "file_objection",
    "reinstate",
    "row_of_link",
    "start_batch",
    "totals",
]


def lock_programme(session: Session, programme: str) -> None:
    """One batch of a programme at a time decides which filings are its own."""
    locks.take(session, f"fee_subsidy:{programme}")


def start_batch(
    session: Session, programme: str, period: str, actor: Actor, now: datetime
) -> SubsidyBatch:
    """The batch of a programme's quarter (yyyyQn): the one there is, else a new one, calculated.

    Raises InvalidInput (no such quarter, or not over yet), RuleRefused `organisation_missing`.
    """
    if period_end(period) >= local_date(now):
        raise InvalidInput({"period": text("{period}还没有结束", period=period)})
    lock_programme(session, programme)
    query = select(SubsidyBatch).where(
        SubsidyBatch.programme == programme, SubsidyBatch.period == period
    )
    return session.scalar(query.limit(1)) or _start(session, programme, period, actor, now)


def _start(
    session: Session, programme: str, period: str, actor: Actor, now: datetime
) -> SubsidyBatch:
    scheme = programme_of(session, programme)
    parties = _parties(session, scheme)
    batch = SubsidyBatch(
        batch_no=f"{scheme.abbreviation}-BT-{period}",
        programme=programme,
        period=period,
        status=CALCULATED,
        created_at=now,
    )
    session.add(batch)
    session.flush()
    instance = step.start_instance(
        session,
        "fee_subsidy",
        subject=f"subsidy:{batch.id}",
        title=f"担保费补贴 {period}",
        programme=programme,
        data={"batch_id": batch.id},
        parties=parties,
        actor=actor,
        now=now,
    )
    batch.instance_id = instance.id
    session.flush()
    return batch


def _parties(session: Session, scheme: Programme) -> dict[str, int]:
    finance = finance_of(session, scheme.district_code)
    return {"finance": finance, "treasury": treasury_of(session, scheme.district_code)}


@service_operation("subsidies.calculate", "测算补贴", sets={"subsidy_rows": INTEGER})
def calculate(ctx: StepContext, *, batch_id: int) -> Routing:
    """Reckon the rows, or reckon them again. Returns {"subsidy_rows": how many are proposed}.

    Carried forward and failed rows of finished batches are taken up; without any the batch is
    EMPTY. Raises Conflict when the batch has moved on.
    """
    batch = locked_batch(ctx.session, batch_id, CALCULATED)
    lock_programme(ctx.session, batch.programme)
    before = {"rows": shown(rows_of(ctx.session, batch.id))}
    proposed = reckon_rows(ctx.session, batch, programme_of(ctx.session, batch.programme))
    # The instance's row is written before its first step runs, its id into the batch after it.
    batch.instance_id, batch.parameter_version = ctx.instance.id, ctx.parameters.version
    batch.status = CALCULATED if proposed else EMPTY
    rows, amount = rows_of(ctx.session, batch.id), sum_of(proposed)
    message = text("测算补贴{n}笔，{amount}元", n=len(proposed), amount=f"{amount:,.2f}")
    after = {"status": batch.status, "amount": amount, "rows": shown(rows)}
    ctx.audit("subsidy.calculated", message, before=before, after=after, clause=CLAUSE)
    payload = {"batch_id": batch.id, "rows": len(proposed), "amount": f"{amount:.2f}"}
    ctx.emit("subsidy_calculated", **payload)
    return {"subsidy_rows": len(proposed)}


@form_operation("subsidies.record_verified", "记录补贴核对", final=True)
def record_verified(ctx: StepContext, values: Mapping[str, Any]) -> Routing:
    """SUBMIT to the checker, or RECALCULATE; `excluded` row ids are not subsidised at all.

    Raises InvalidInput (rows of another batch, no note), RuleRefused `nothing_left`.
    """
    batch = locked_batch(ctx.session, int(ctx.data["batch_id"]), CALCULATED)
    rows, note = rows_of(ctx.session, batch.id, PROPOSED), note_of(values)
    out = chosen(rows, values.get("excluded"), "excluded")
    again = values["outcome"] == "RECALCULATE"
    if out or again:
        require_note(note)
    if not again and len(out) == len(rows):
        raise RuleRefused(
            "nothing_left", text("剔除后本批没有可补贴的"), text("改选“重新测算”，本批即办结")
        )
    before = {"status": batch.status, "rows": shown(out)}
    for row in out:
        row.status, row.reason = EXCLUDED, f"剔除：{note}"
    batch.status = CALCULATED if again else VERIFIED
    message = text("退回重新测算") if again else text("核对补贴测算，剔除{n}笔", n=len(out))
    after = {"status": batch.status, "rows": shown(out)}
    reason = note or None
    ctx.audit("subsidy.verified", message, before=before, after=after, reason=reason, clause=CLAUSE)
    return {}


@form_operation("subsidies.record_checked", "记录补贴复核", final=True)
def record_checked(ctx: StepContext, values: Mapping[str, Any]) -> Routing:
    """CONFIRM lets the batch be published, RETURN gives it back with a note.

    Raises NotAllowed for the maker, InvalidInput, Conflict.
    """
    refuse_same_person(ctx, "verify_subsidy")
    batch, note = locked_batch(ctx.session, int(ctx.data["batch_id"]), VERIFIED), note_of(values)
    if values["outcome"] == "RETURN":
        require_note(note)
        before, batch.status = {"status": batch.status}, CALCULATED
        changes: dict[str, Any] = {"before": before, "after": {"status": batch.status}}
        message = text("复核退回补贴测算")
        ctx.audit("subsidy.check_returned", message, reason=note, clause=CLAUSE, **changes)
        return {}
    amount = sum_of(rows_of(ctx.session, batch.id, PROPOSED))
    message = text("复核补贴测算，{amount}元", amount=f"{amount:,.2f}")
    ctx.audit("subsidy.checked", message, after={"amount": amount}, clause=CLAUSE)
    return {}


@service_operation("subsidies.publicise", "公示并征询账号")
def publicise(ctx: StepContext, *, batch_id: int) -> Routing:
    """Publish the list until the end of `publicity_period`, and ask each enterprise for its
    account. Who has confirmed it before, in this batch, is not asked again."""
    batch = locked_batch(ctx.session, batch_id, VERIFIED)
    before = {"status": batch.status, "publicity_to": batch.publicity_to}
    until = due_after(ctx.today, ctx.parameters.period("publicity_period")).date
    batch.status, batch.publicity_to = PUBLICISED, until
    rows = rows_of(ctx.session, batch.id, PROPOSED)
    message = text("公示补贴{n}笔，至{day}", n=len(rows), day=until.isoformat())
    after = {"status": batch.status, "publicity_to": until, "rows": shown(rows)}
    ctx.audit("subsidy.publicised", message, before=before, after=after, clause=CLAUSE)
    for row in rows:
        if row.account_confirmed_at is None:
            ctx.emit("subsidy_account_link", row_id=row.id, publicity_to=until.isoformat())
    return {}


def reinstate(
    session: Session, row_id: int, reason: str, actor: Actor, now: datetime
) -> SubsidyRow:
    """Undo an exclusion of a finished batch: the filing is proposed again next quarter.

    By the finance bureau. Raises NotAllowed, NotFound, InvalidInput, Conflict.
    """
    if not actor.is_system and actor.org_kind != OrgKind.FINANCE.value:
        raise NotAllowed("finance_only", text("补贴由区财政局办理"))
    if not reason.strip():
        raise InvalidInput({"reason": text("写明理由")})
    row = session.get(SubsidyRow, row_id)
    if row is None:
        raise NotFound()
    batch = locked_batch(session, row.batch_id, *FINISHED)
    session.refresh(row)
    if row.status != EXCLUDED:
        raise Conflict("not_excluded", text("这笔没有被剔除"))
    before = shown([row])[0]
    row.status, row.reason = CARRY_FORWARD, f"恢复：{reason.strip()}"
    record(
        session,
        chain=f"subsidy:{batch.id}",
        action="subsidy.reinstated",
        summary=text("{name}恢复补贴资格，下季补发", name=row.enterprise.name),
        actor=actor,
        now=now,
        before=before,
        after=shown([row])[0],
        reason=reason,
        clause=CLAUSE,
    )
    return row
