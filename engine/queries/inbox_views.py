"""The views of the inbox and its filters, as conditions of one query each."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from decimal import Decimal
from enum import StrEnum

from sqlalchemy import ColumnElement, String, and_, case, exists, func, literal, or_
from sqlalchemy.dialects.postgresql import JSONB

from engine.clock import SHANGHAI, local_date
from engine.models import (
    CheckResult,
    GuaranteeCase,
    ReferralBatch,
    ReferralItem,
    WorkItem,
    WorkStatus,
)
from engine.operations.access import sees_all, taking_part, visible_cases, visible_items
from engine.people import Actor


class View(StrEnum):
    """待我办理 已逾期 今天到期 待认领 等待他方 我已办理."""

    MINE = "mine"
    LATE = "late"
    TODAY = "today"
    UNCLAIMED = "unclaimed"
    WAITING = "waiting"
    DONE = "done"


class DueIn(StrEnum):
    """When something falls due, as a filter."""

    LATE = "late"
    TODAY = "today"
    TOMORROW = "tomorrow"
    WEEK = "week"
    LATER = "later"
    NONE = "none"


class Checks(StrEnum):
    """What the automatic checks say, as a filter: the worst of them."""

    PASS = "pass"  # noqa: S105 (an outcome, not a password)
    NOTICE = "notice"
    JUDGE = "judge"
    FAIL = "fail"
    MISSING = "missing"


@dataclass(frozen=True)
class Filters:
    """What a list is narrowed to. `amount`: at least that much, 元; organisations by id."""

    step: str | None = None
    due: DueIn | None = None
    referrer: int | None = None
    bank: int | None = None
    amount: Decimal | None = None
    checks: Checks | None = None

    @property
    def any(self) -> bool:
        """Whether anything is narrowed."""
        return self != Filters()


AMOUNT = func.coalesce(
    GuaranteeCase.approved_amount, GuaranteeCase.suggested_amount, GuaranteeCase.need_amount
)
BANK = func.coalesce(GuaranteeCase.bank_id, GuaranteeCase.pref_bank_id)
# a question that has its answer asks nobody any more
OUTCOME = case(
    ((CheckResult.outcome == "JUDGE") & CheckResult.answer.is_not(None), literal("PASS", String())),
    else_=CheckResult.outcome,
)
OPEN = WorkItem.status == WorkStatus.OPEN.value


def mine(actor: Actor) -> ColumnElement[bool]:
    """Open tasks the actor may do now: of the roles held, not excluded, not another's."""
    free = or_(WorkItem.assignee_id.is_(None), WorkItem.assignee_id == actor.person_id)
    excluded = WorkItem.excluded.cast(JSONB).contains([actor.person_id])
    return and_(OPEN, visible_items(actor), free, ~excluded)


def elsewhere(actor: Actor) -> ColumnElement[bool]:
    """Open tasks of others in what the actor's organisation takes part in."""
    bound = taking_part(actor, WorkItem.instance_id)
    ours = bound if sees_all(actor) else or_(bound, visible_cases(actor))
    return and_(OPEN, WorkItem.org_id != actor.org_id, ours)


def condition(view: View, actor: Actor, now: datetime) -> ColumnElement[bool]:
    """What a view shows."""
    if view is View.DONE:
        return and_(
            WorkItem.status == WorkStatus.DONE.value, WorkItem.performer_id == actor.person_id
        )
    if view is View.WAITING:
        return elsewhere(actor)
    own = mine(actor)
    narrowed = {
        View.LATE: WorkItem.due_at < now,
        View.TODAY: due_in(DueIn.TODAY, now),
        View.UNCLAIMED: WorkItem.assignee_id.is_(None),
    }.get(view)
    return own if narrowed is None else and_(own, narrowed)


def due_in(when: DueIn, now: datetime) -> ColumnElement[bool]:
    """The condition of a group of due days; later groups leave out what earlier ones hold."""
    today = local_date(now)
    ends = [
        datetime.combine(today + timedelta(days=days), time(23, 59, 59), SHANGHAI)
        for days in (0, 1, 7)
    ]
    due = WorkItem.due_at
    return {
        DueIn.LATE: due < now,
        DueIn.TODAY: and_(due >= now, due <= ends[0]),
        DueIn.TOMORROW: and_(due >= now, due > ends[0], due <= ends[1]),
        DueIn.WEEK: and_(due > ends[1], due <= ends[2]),
        DueIn.LATER: due > ends[2],
        DueIn.NONE: due.is_(None),
    }[when]


def narrow(filters: Filters, now: datetime) -> list[ColumnElement[bool]]:
    """The conditions of the filters; the query has the case outer-joined."""
    found: list[ColumnElement[bool]] = []
    if filters.step:
        found.append(WorkItem.name == filters.step)
    if filters.due:
        found.append(due_in(filters.due, now))
    if filters.referrer:
        found.append(_referred_by(filters.referrer))
    if filters.bank:
        found.append(BANK.in_([filters.bank]))
    if filters.amount is not None:
        found.append(AMOUNT.op(">=", is_comparison=True)(filters.amount))
    if filters.checks:
        found.append(_checked(filters.checks))
    return found


def _referred_by(org_id: int) -> ColumnElement[bool]:
    return exists().where(
        ReferralItem.case_id == GuaranteeCase.id,
        ReferralItem.batch_id == ReferralBatch.id,
        ReferralBatch.org_id == org_id,
    )


def _checked(worst: Checks) -> ColumnElement[bool]:
    of_case = CheckResult.case_id == GuaranteeCase.id
    if worst is Checks.PASS:
        passed = exists().where(of_case)
        return and_(passed, ~exists().where(of_case, OUTCOME.not_in(["PASS"])))
    return exists().where(of_case, OUTCOME.in_([worst.value.upper()]))


def with_case() -> ColumnElement[bool]:
    """The join from a work item to the case its instance is about."""
    return GuaranteeCase.instance_id == WorkItem.instance_id


def is_case(item: WorkItem) -> bool:
    """Whether an item is about a case."""
    return item.instance.subject.startswith("case:")


def case_id_of(item: WorkItem) -> int | None:
    """The id of the case an item is about."""
    kind, _, key = item.instance.subject.partition(":")
    return int(key) if kind == "case" and key.isdigit() else None
