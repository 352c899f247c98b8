"""The inbox: its lists, their counts, what is beside a task in them. Scope inside each query."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session, aliased, joinedload

from engine.models import (
    CheckResult,
    Clock,
    Enterprise,
    GuaranteeCase,
    Instance,
    Organisation,
    Person,
    ReferralBatch,
    ReferralItem,
    WorkItem,
)
from engine.people import Actor
from engine.queries.inbox_views import (
    AMOUNT,
    BANK,
    OPEN,
    OUTCOME,
    DueIn,
    Filters,
    View,
    condition,
    due_in,
    elsewhere,
    mine,
    narrow,
    with_case,
)
from engine.runtime.deadlines import paused_days

PAGE = 50
MOST = 5000  # rows of an export, and ids looked through for a task's neighbours


@dataclass(frozen=True)
class Row:
    """A task in a list. Amount 元; `checks` counts results by outcome; `paused_days` working days
    the clock stood still; `who` the organisation that has it, `assignee` the person."""

    item_id: int
    name: str
    stage: int | None
    title: str
    number: str
    case_id: int | None
    referrers: tuple[str, ...]
    amount: Decimal | None
    bank: str | None
    bank_is_wish: bool
    checks: dict[str, int]
    due_at: datetime | None
    provisional: bool
    paused_days: int
    own_clock_paused: bool
    suspended: bool
    who: str
    assignee: str | None
    opened_at: datetime
    completed_at: datetime | None
    outcome: str | None
    form_key: str
    process_key: str
    element_id: str


@dataclass(frozen=True)
class Page:
    """A page of a list; `number` counts from 1."""

    rows: list[Row]
    total: int
    number: int

    @property
    def pages(self) -> int:
        """How many pages there are, at least one."""
        return max(1, -(-self.total // PAGE))


@dataclass(frozen=True)
class Counts:
    """How much is in each view, and in each step of 待我办理."""

    views: dict[View, int]
    steps: list[tuple[str, int]] = field(default_factory=list)


def open_count(session: Session, actor: Actor) -> int:
    """How many tasks wait for the actor (待我办理)."""
    return session.scalar(select(func.count(WorkItem.id)).where(mine(actor))) or 0


def counts(session: Session, actor: Actor, now: datetime) -> Counts:
    """The numbers beside the views."""
    late, today = WorkItem.due_at < now, due_in(DueIn.TODAY, now)
    unclaimed = WorkItem.assignee_id.is_(None)
    total = func.count(WorkItem.id)
    own = session.execute(
        select(total, total.filter(late), total.filter(today), total.filter(unclaimed)).where(
            mine(actor)
        )
    ).one()
    views = dict(zip((View.MINE, View.LATE, View.TODAY, View.UNCLAIMED), own, strict=True))
    for view in (View.WAITING, View.DONE):
        views[view] = session.scalar(_counting(condition(view, actor, now))) or 0
    steps = session.execute(
        select(WorkItem.name, total)
        .where(mine(actor))
        .group_by(WorkItem.name)
        .order_by(func.min(WorkItem.stage).nulls_first(), WorkItem.name)
    )
    return Counts(views, [(name, n) for name, n in steps.tuples()])


def _counting(where: Any) -> Select[tuple[int]]:
    return select(func.count(WorkItem.id)).outerjoin(GuaranteeCase, with_case()).where(where)


def page(
    session: Session, actor: Actor, view: View, filters: Filters, now: datetime, number: int = 1
) -> Page:
    """A page of a view, by due date (我已办理: newest first)."""
    where = [condition(view, actor, now), *narrow(filters, now)]
    counting = select(func.count(WorkItem.id)).outerjoin(GuaranteeCase, with_case())
    total = session.scalar(counting.where(*where)) or 0
    number = max(1, min(number, -(-total // PAGE)))
    query = _rows(view).where(*where).limit(PAGE).offset((number - 1) * PAGE)
    return Page(_filled(session, query), total, number)


def everything(
    session: Session,
    actor: Actor,
    view: View,
    filters: Filters,
    now: datetime,
    only: Collection[int] = (),
) -> list[Row]:
    """The rows of a view for an export, or those of `only` among them."""
    where = [condition(view, actor, now), *narrow(filters, now)]
    if only:
        where.append(WorkItem.id.in_(only))
    return _filled(session, _rows(view).where(*where).limit(MOST))


def rows_of(session: Session, actor: Actor, ids: Collection[int], now: datetime) -> list[Row]:
    """The chosen ones of the actor's open tasks."""
    return everything(session, actor, View.MINE, Filters(), now, ids) if ids else []


def ids(
    session: Session, actor: Actor, view: View, filters: Filters, now: datetime
) -> Sequence[int]:
    """The ids of a view in its order: what is before and after a task."""
    query = select(WorkItem.id).outerjoin(GuaranteeCase, with_case())
    query = query.where(condition(view, actor, now), *narrow(filters, now))
    return session.scalars(query.order_by(*_order(view)).limit(MOST)).all()


def group_counts(
    session: Session, actor: Actor, view: View, filters: Filters, now: datetime
) -> dict[DueIn, int]:
    """How many of a view fall into each group of due days."""
    total = func.count(WorkItem.id)
    wanted = [total.filter(due_in(when, now)) for when in DueIn]
    query = select(*wanted).select_from(WorkItem).outerjoin(GuaranteeCase, with_case())
    found = session.execute(query.where(condition(view, actor, now), *narrow(filters, now))).one()
    return dict(zip(DueIn, found, strict=True))


@dataclass(frozen=True)
class Options:
    """What the filters offer in a view."""

    steps: list[str]
    referrers: list[tuple[int, str]]
    banks: list[tuple[int, str]]


def options(session: Session, actor: Actor, view: View, now: datetime) -> Options:
    """The steps, referrers and banks that occur in a view."""
    where = condition(view, actor, now)
    base = select(WorkItem.id).outerjoin(GuaranteeCase, with_case()).where(where)
    steps = session.scalars(
        select(WorkItem.name).distinct().where(WorkItem.id.in_(base)).order_by(WorkItem.name)
    ).all()
    cases = select(GuaranteeCase.id).join(WorkItem, with_case()).where(WorkItem.id.in_(base))
    referrers = (
        select(Organisation.id, Organisation.short_name)
        .distinct()
        .join(ReferralBatch, ReferralBatch.org_id == Organisation.id)
        .join(ReferralItem)
        .where(ReferralItem.case_id.in_(cases))
        .order_by(Organisation.id)
    )
    banks = (
        select(Organisation.id, Organisation.short_name)
        .distinct()
        .join(GuaranteeCase, Organisation.id == BANK)
        .where(GuaranteeCase.id.in_(cases))
        .order_by(Organisation.id)
    )
    return Options(list(steps), _pairs(session, referrers), _pairs(session, banks))


def _pairs(session: Session, query: Select[tuple[int, str]]) -> list[tuple[int, str]]:
    return [(key, name) for key, name in session.execute(query).tuples()]


Holder = aliased(Organisation)
Lender = aliased(Organisation)
Owner = aliased(Person)


def _order(view: View) -> list[Any]:
    if view is View.DONE:
        return [WorkItem.completed_at.desc(), WorkItem.id.desc()]
    return [WorkItem.due_at.asc().nulls_last(), WorkItem.id]


def _rows(view: View) -> Select[Any]:
    return (
        select(WorkItem, Instance, GuaranteeCase, Enterprise.name, Holder, Lender, Owner.name)
        .join(Instance, Instance.id == WorkItem.instance_id)
        .outerjoin(GuaranteeCase, with_case())
        .outerjoin(Enterprise, Enterprise.id == GuaranteeCase.enterprise_id)
        .join(Holder, Holder.id == WorkItem.org_id)
        .outerjoin(Lender, Lender.id == BANK)
        .outerjoin(Owner, Owner.id == WorkItem.assignee_id)
        .add_columns(AMOUNT)
        .order_by(*_order(view))
    )


def _filled(session: Session, query: Select[Any]) -> list[Row]:
    found = session.execute(query).all()
    cases = [row[2].id for row in found if row[2] is not None]
    checks, referrers = _checks(session, cases), referrers_of(session, cases)
    clocks = _clocks(session, {row[0].instance_id for row in found})
    return [_row(row, checks, referrers, clocks) for row in found]


def _row(
    row: Any,
    checks: dict[int, dict[str, int]],
    referrers: dict[int, tuple[str, ...]],
    clocks: dict[int, list[Clock]],
) -> Row:
    item, instance, case, firm, holder, lender, owner, amount = row
    own = [clock for clock in clocks.get(item.instance_id, []) if clock.name == item.clock]
    return Row(
        item_id=item.id,
        name=item.name,
        stage=item.stage,
        title=firm or instance.title,
        number=case.case_no if case else "",
        case_id=case.id if case else None,
        referrers=referrers.get(case.id, ()) if case else (),
        amount=amount,
        bank=lender.short_name if lender else None,
        bank_is_wish=case is not None and case.bank_id is None,
        checks=checks.get(case.id, {}) if case else {},
        due_at=item.due_at,
        provisional=item.provisional,
        paused_days=sum(map(paused_days, own)),
        own_clock_paused=any(c.paused_at is not None for c in clocks.get(item.instance_id, [])),
        suspended=instance.suspended_at is not None and item.completed_at is None,
        who=holder.short_name,
        assignee=owner,
        opened_at=item.opened_at,
        completed_at=item.completed_at,
        outcome=item.outcome,
        form_key=item.form_key,
        process_key=item.process_key,
        element_id=item.element_id,
    )


def _checks(session: Session, cases: Sequence[int]) -> dict[int, dict[str, int]]:
    found: dict[int, dict[str, int]] = defaultdict(dict)
    if cases:
        query = (
            select(CheckResult.case_id, OUTCOME, func.count(CheckResult.id))
            .where(CheckResult.case_id.in_(cases))
            .group_by(CheckResult.case_id, OUTCOME)
        )
        for case_id, outcome, n in session.execute(query).tuples():
            found[case_id][outcome] = n
    return found


def referrers_of(session: Session, cases: Sequence[int]) -> dict[int, tuple[str, ...]]:
    """Who referred each case, the first first."""
    found: dict[int, tuple[str, ...]] = {}
    if cases:
        query = (
            select(ReferralItem.case_id, Organisation.short_name)
            .join(ReferralBatch, ReferralBatch.id == ReferralItem.batch_id)
            .join(Organisation, Organisation.id == ReferralBatch.org_id)
            .where(ReferralItem.case_id.in_(cases))
            .order_by(ReferralItem.submitted_at, ReferralItem.id)
        )
        for case_id, name in session.execute(query).tuples():
            if case_id is not None and name not in found.get(case_id, ()):
                found[case_id] = (*found.get(case_id, ()), name)
    return found


def _clocks(session: Session, instances: Collection[int]) -> dict[int, list[Clock]]:
    found: dict[int, list[Clock]] = defaultdict(list)
    if instances:
        for clock in session.scalars(select(Clock).where(Clock.instance_id.in_(instances))):
            found[clock.instance_id].append(clock)
    return found


def late_elsewhere(session: Session, actor: Actor, now: datetime) -> list[Row]:
    """Overdue tasks of others that the actor's organisation waits for, the oldest first."""
    query = _rows(View.WAITING).where(elsewhere(actor), WorkItem.due_at < now).limit(MOST)
    return _filled(session, query)


def open_items(session: Session, instance_id: int) -> list[WorkItem]:
    """The open tasks of an instance."""
    query = select(WorkItem).where(WorkItem.instance_id == instance_id, OPEN)
    return list(session.scalars(query.options(joinedload(WorkItem.organisation))))
