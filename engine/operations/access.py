"""Who may see and do what: organisation scope and the object-level check, in one place."""

from typing import Any, cast

from sqlalchemy import exists, or_, select, true
from sqlalchemy.orm import Session, aliased
from sqlalchemy.sql.elements import ColumnElement

from engine.errors import NotAllowed, NotFound
from engine.models import (
    GuaranteeCase,
    LoanCase,
    LoanStatus,
    Organisation,
    OrgKind,
    PartyBinding,
    ReferralItem,
    Role,
    WorkItem,
    WorkStatus,
)
from engine.models.referral import ReferralBatch
from engine.people import Actor
from engine.text import text

OVERSEERS = frozenset({OrgKind.FINANCE.value, OrgKind.PLATFORM.value})

# a bank that did not take the case has no more business with it
GIVEN_UP = (
    LoanStatus.REFUSED.value,
    LoanStatus.SILENT.value,
    LoanStatus.DECLINED.value,
    LoanStatus.WITHDRAWN.value,
)


def sees_all(actor: Actor) -> bool:
    """Whether the organisation oversees others: a finance bureau its district, the platform all."""
    return actor.is_system or actor.org_kind in OVERSEERS


def everywhere(actor: Actor) -> bool:
    """Whether no district limits the actor: the system itself and the platform's auditors."""
    return actor.is_system or actor.org_kind == OrgKind.PLATFORM.value


def taking_part(actor: Actor, instance_id: Any) -> ColumnElement[bool]:
    """Whether the actor's organisation plays a party in the instance."""
    if everywhere(actor):
        return true()
    bound = exists().where(
        PartyBinding.instance_id == instance_id, PartyBinding.org_id == actor.org_id
    )
    return bound.correlate_except(PartyBinding)


def own_district(actor: Actor, org_id: Any) -> ColumnElement[bool]:
    """Whether an organisation is of the actor's district, for those who oversee one."""
    if everywhere(actor):
        return true()
    if not sees_all(actor):
        return cast("ColumnElement[bool]", org_id == actor.org_id)
    # aliases, so that a query that joins organisations does not take these for its own
    here, other = aliased(Organisation), aliased(Organisation)
    own = select(here.district_code).where(here.id == actor.org_id)
    there = select(other.district_code).where(other.id == org_id)
    return there.scalar_subquery() == own.scalar_subquery()


def visible_cases(actor: Actor) -> ColumnElement[bool]:
    """The cases an organisation takes part in: referred, bound to a party, or was assigned to.

    A finance bureau plays its party in every case of its district and in no other.
    """
    if everywhere(actor):
        return true()
    referred = exists().where(
        ReferralItem.case_id == GuaranteeCase.id,
        ReferralItem.batch_id == ReferralBatch.id,
        ReferralBatch.org_id == actor.org_id,
    )
    lent = exists().where(
        LoanCase.case_id == GuaranteeCase.id,
        LoanCase.bank_id == actor.org_id,
        LoanCase.status.not_in(GIVEN_UP),
    )
    # of their own tables, also within a query that has them too
    return or_(
        referred.correlate_except(ReferralItem, ReferralBatch),
        taking_part(actor, GuaranteeCase.instance_id),
        lent.correlate_except(LoanCase),
    )


def case_for(session: Session, case_id: int, actor: Actor) -> GuaranteeCase:
    """The case, if the actor's organisation takes part in it. Raises NotFound otherwise."""
    query = select(GuaranteeCase).where(GuaranteeCase.id == case_id, visible_cases(actor))
    found = session.scalar(query)
    if found is None:
        raise NotFound()
    return found


def visible_items(actor: Actor) -> ColumnElement[bool]:
    """Work items of the actor's organisation in the roles held there."""
    return (WorkItem.org_id == actor.org_id) & WorkItem.role.in_(actor.roles)


def check_may_do(actor: Actor, item: WorkItem) -> None:
    """Raise NotAllowed with the reason when the actor may not work on an open item."""
    if item.org_id != actor.org_id:
        raise NotFound()
    if item.role not in actor.roles:
        raise NotAllowed("wrong_role", text("这一步由本单位的{role}办理", role=_role(item.role)))
    if actor.person_id in item.excluded:
        raise NotAllowed(
            "maker_is_checker",
            text("前一步由本人经办，复核不能是同一人"),
            text("请本单位另一位复核人办理"),
        )
    if item.assignee_id is not None and item.assignee_id != actor.person_id:
        raise NotAllowed("claimed", text("这项任务已由他人认领"), text("请其释放，或由负责人转办"))


def _role(role: str) -> str:
    return {
        Role.MAKER.value: "经办",
        Role.CHECKER.value: "复核",
        Role.HEAD.value: "负责人",
    }.get(role, role)


def open_item(session: Session, item_id: int, actor: Actor, *, lock: bool = False) -> WorkItem:
    """The work item, if it is the organisation's, or it oversees the case. Raises NotFound."""
    mine = WorkItem.org_id == actor.org_id
    if sees_all(actor):
        mine = or_(mine, taking_part(actor, WorkItem.instance_id))
    query = select(WorkItem).where(WorkItem.id == item_id, mine)
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    item = session.scalar(query)
    if item is None:
        raise NotFound()
    return item


def is_open(item: WorkItem) -> bool:
    """Whether it still has to be done."""
    return item.status == WorkStatus.OPEN.value
