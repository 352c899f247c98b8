"""流程干预: suspend, resume, move, reassign and cancel what is running.

By the head or an administrator of the finance bureau that the instance belongs to, or an
administrator of the platform; always with a reason, audited before → after, and told to those whose
task went away or appeared. Whoever may not know of the instance is told that it does not exist.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.errors import Conflict, InvalidInput, NotAllowed, NotFound, RuleRefused
from engine.models import (
    Instance,
    InstanceStatus,
    Organisation,
    PartyBinding,
    Person,
    WorkItem,
    WorkStatus,
)
from engine.operations import cases
from engine.operations.access import open_item, taking_part
from engine.operations.incidents import case_of, is_settler
from engine.operations.move_rules import UNDO, rule_for
from engine.operations.tasks import colleagues
from engine.people import Actor
from engine.runtime import moves, suspension
from engine.runtime.context import StepContext, is_sealed
from engine.runtime.deadlines import forget_deadlines
from engine.runtime.run import Run, context_of, lock_instance, open_run, save_run
from engine.text import Text, text
from engine.writes import amend

SHORTEST = 4  # characters of a reason
FIXED: dict[str, Text] = {
    "bank": text("银行由系统推荐，由银行答复或登记不予授信后换下一家"),
    "guarantor": text("担保机构由三方协议或遴选确定，不能单独改派"),
    "referrer": text("推荐单位不能改派，由其撤回后另行推荐"),
    "finance": text("区财政局是本区的主办单位，不能改派"),
    "scorer": text("评分人由区财政局指定，退回到指定评分人的步骤"),
}
"""Parties that cannot be given to another organisation, and why: other tables say the same."""


def may_intervene(actor: Actor) -> bool:
    """Whether the actor's post lets them intervene at all."""
    return is_settler(actor)


def instance_for(session: Session, instance_id: int, actor: Actor) -> Instance:
    """The instance, for one who may intervene in it. Raises NotFound, NotAllowed."""
    query = select(Instance).where(Instance.id == instance_id, taking_part(actor, Instance.id))
    found = session.scalar(query)
    if found is None:
        raise NotFound()
    if not may_intervene(actor):
        raise NotAllowed("may_not_intervene", text("流程干预由区财政局负责人或系统管理员办理"))
    return found


def suspend(
    session: Session, instance_id: int, reason: str, actor: Actor, now: datetime
) -> Instance:
    """暂停: nobody and nothing moves it until it is resumed; clocks stop.

    Raises NotFound, NotAllowed, InvalidInput (no reason), Conflict (suspended or ended already).
    """
    instance = _locked(session, instance_id, reason, actor)
    ctx = suspension.suspend(session, instance, reason.strip(), actor, now)
    _audit(ctx, "instance.suspended", text("暂停{title}", title=instance.title), reason, _RUN_STOP)
    _emit_all(ctx, "instance_suspended", reason)
    return instance


def resume(
    session: Session, instance_id: int, reason: str, actor: Actor, now: datetime
) -> Instance:
    """恢复: it goes on, and what had not been due moves on by the pause. Raises as `suspend`."""
    instance = _locked(session, instance_id, reason, actor)
    since = instance.suspended_at
    ctx, moved = suspension.resume(session, instance, actor, now)
    after = {
        "status": InstanceStatus.RUNNING.value,
        "suspended_at": since,
        "due_at": {str(one.item.id): [one.before, one.item.due_at] for one in moved},
    }
    change = ({"status": InstanceStatus.SUSPENDED.value}, after)
    _audit(ctx, "instance.resumed", text("恢复{title}", title=instance.title), reason, change)
    _emit_all(ctx, "instance_resumed", reason)
    return instance


def move(
    session: Session,
    instance_id: int,
    task_id: str,
    process_key: str,
    element_id: str,
    reason: str,
    actor: Actor,
    now: datetime,
    *,
    beside: bool = False,
    values: Mapping[str, Any] | None = None,
) -> moves.Target:
    """退回到, 重办 or 跳到: the open step goes away, another opens with the data as they are.

    Raises what `suspend` raises, RuleRefused (why it is not possible), InvalidInput for routing
    values that the steps left out would have set.
    """
    _require_reason(reason)
    instance = lock_instance(session, instance_for(session, instance_id, actor).id)
    run = open_run(session, instance, actor, now)
    run.engine.watched = True
    before = dict(run.ctx.known.open_items)
    found = moves.move(
        run, task_id, process_key, element_id, rule_for, beside=beside, values=values
    )
    for name in dict.fromkeys(one.operation for one in reversed(found.undone)):
        if name in UNDO:
            UNDO[name](run.ctx)
    save_run(run)
    _tell_moved(run, found, before, reason, values or {})
    return found


def standing(
    session: Session, instance: Instance, actor: Actor, now: datetime
) -> list[moves.Token]:
    """Where an instance stands, for a page; nothing is changed."""
    return moves.tokens(_read(session, instance, actor, now))


def destinations(
    session: Session, instance: Instance, task_id: str, actor: Actor, now: datetime
) -> list[moves.Target]:
    """Where a token could be moved to, or why not, for a page. Raises Conflict when it has gone."""
    return moves.targets(_read(session, instance, actor, now), task_id, rule_for)


def _read(session: Session, instance: Instance, actor: Actor, now: datetime) -> Run:
    if instance.status not in (InstanceStatus.RUNNING.value, InstanceStatus.SUSPENDED.value):
        raise Conflict("instance_ended", text("这件事已经办结或撤销，没有再改动"))
    # from the table, not from memory: what a page looks at is never given back to the next step
    return open_run(session, instance, actor, now, state=instance.state)


def reassign_person(
    session: Session,
    item_id: int,
    person_id: int | None,
    reason: str,
    actor: Actor,
    now: datetime,
) -> WorkItem:
    """改派 to another person of its organisation who holds the role and is not excluded (maker ≠
    checker), or back to the organisation (None); also when nobody there can hand it over. Whoever
    must keep out of the task does not choose who does it either.

    Raises what `suspend` raises, NotAllowed `cannot_take` or `maker_is_checker`, Conflict (closed).
    """
    found = open_item(session, item_id, actor)
    instance = _locked(session, found.instance_id, reason, actor, suspended=False)
    item = open_item(session, item_id, actor, lock=True)
    if item.status != WorkStatus.OPEN.value:
        raise Conflict("task_closed", text("这项任务已经办结，没有再改动"))
    if item.party == "scorer":
        raise RuleRefused("party_fixed", FIXED["scorer"])
    if actor.person_id in item.excluded:
        raise NotAllowed(
            "maker_is_checker",
            text("前一步由本人经办，复核不能是同一人"),
            text("请本单位另一位负责人或系统管理员改派"),
        )
    if person_id is not None and person_id not in {one.id for one in colleagues(session, item)}:
        raise NotAllowed("cannot_take", text("对方不担任这个岗位，或须回避"))
    before, item.assignee_id = item.assignee_id, person_id
    if is_sealed(item):
        item.draft = item.draft_at = None
    ctx = context_of(session, instance, actor, now)
    change = ({"assignee": _name(session, before)}, {"assignee": _name(session, person_id)})
    _audit(ctx, "task.reassigned", text("{name}：改派", name=item.name), reason, change)
    _tell_persons(ctx, item, before, person_id, reason)
    return item


def reassign_party(
    session: Session,
    instance_id: int,
    party: str,
    org_id: int,
    reason: str,
    actor: Actor,
    now: datetime,
) -> Instance:
    """改派 a party's part to another organisation of the same kind and district; its open tasks
    open there, each with its whole time. Raises as `move`."""
    instance = _locked(session, instance_id, reason, actor, suspended=False)
    run = open_run(session, instance, actor, now)
    ctx, before = run.ctx, dict(run.ctx.known.open_items)
    old = ctx.party(party)
    if old is None or org_id not in {one.id for one in successors(session, ctx.instance, party)}:
        raise RuleRefused(
            "party_fixed", FIXED.get(party, text("只能改派给同区同类的其他单位")), None
        )
    ctx.bind(party, org_id)
    for task_id, item_id in before.items():
        item = session.get_one(WorkItem, item_id)
        if (item.party, item.org_id) == (party, old):
            amend(session, item, status=WorkStatus.CANCELLED.value, completed_at=now)
            forget_deadlines(session, item_id)
            del ctx.known.open_items[task_id]
    save_run(run)
    change = ({"party": party, "org": old}, {"party": party, "org": org_id})
    _audit(ctx, "instance.reassigned", text("改派{title}", title=instance.title), reason, change)
    _tell_gone(ctx, before, reason)
    return instance


def successors(session: Session, instance: Instance, party: str) -> Sequence[Organisation]:
    """Whom a party's part could be given to: active, of the same kind and district, not itself."""
    if party in FIXED:
        return []
    bound = select(PartyBinding.org_id).where(
        PartyBinding.instance_id == instance.id, PartyBinding.party == party
    )
    now_bound = session.get(Organisation, session.scalar(bound) or 0)
    if now_bound is None:
        return []
    query = select(Organisation).where(
        Organisation.kind == now_bound.kind,
        Organisation.district_code == now_bound.district_code,
        Organisation.active,
        Organisation.id != now_bound.id,
    )
    return session.scalars(query.order_by(Organisation.id)).all()


def cancel(
    session: Session, instance_id: int, reason: str, actor: Actor, now: datetime
) -> Instance:
    """撤销 a case as a whole, as if it had been withdrawn; not once its loan contract is signed.

    Raises what `suspend` raises, Conflict `contract_signed`, RuleRefused for what is no case.
    """
    instance = _locked(session, instance_id, reason, actor)
    case = case_of(session, instance)
    if case is None:
        raise RuleRefused(
            "not_a_case",
            text("只有案件可以在这里撤销"),
            text("名单由推荐单位撤回；其他事项暂停后由流程管理员处理"),
        )
    ctx = context_of(session, instance, actor, now)
    before = dict(ctx.known.open_items)
    cases.end_case(session, case, reason.strip(), actor, now)
    ctx.known.open_items.clear()
    _tell_gone(ctx, before, reason)
    return instance


Change = tuple[Mapping[str, Any], Mapping[str, Any]]
_RUN_STOP: Change = (
    {"status": InstanceStatus.RUNNING.value},
    {"status": InstanceStatus.SUSPENDED.value},
)


def _locked(
    session: Session, instance_id: int, reason: str, actor: Actor, *, suspended: bool = True
) -> Instance:
    found = instance_for(session, instance_id, actor)
    _require_reason(reason)
    return lock_instance(session, found.id, suspended=suspended)


def _require_reason(reason: str) -> None:
    if len(reason.strip()) < SHORTEST:
        raise InvalidInput({"reason": text("写明原因，至少{n}个字", n=SHORTEST)})


def _name(session: Session, person_id: int | None) -> str | None:
    person = session.get(Person, person_id) if person_id is not None else None
    return person.name if person is not None else None


def _audit(ctx: StepContext, action: str, summary: Text, reason: str, change: Change) -> None:
    ctx.audit(action, summary, before=change[0], after=change[1], reason=reason.strip())


def _emit_all(ctx: StepContext, kind: str, reason: str) -> None:
    """To everybody who has an open task in it."""
    for item_id in ctx.known.open_items.values():
        ctx.emit(kind, work_item_id=item_id, by=ctx.actor.name, reason=reason.strip())


def _tell_gone(ctx: StepContext, before: Mapping[str, int], reason: str) -> None:
    """Tell those whose task went away; who got one is told by the task's own event."""
    gone = set(before.values()) - set(ctx.known.open_items.values())
    for item_id in sorted(gone):
        ctx.emit("task_gone", work_item_id=item_id, by=ctx.actor.name, reason=reason.strip())


def _tell_moved(
    run: Run,
    target: moves.Target,
    before: Mapping[str, int],
    reason: str,
    values: Mapping[str, Any],
) -> None:
    gone = [f"{one.process_key}.{one.element_id}" for one in target.gone]
    kind = text("重办“{name}”", name=target.name)
    if not target.current:
        kind = text("退回到“{name}”", name=target.name)
        if not target.earlier:
            kind = text("跳到“{name}”", name=target.name)
    undone = [f"{one.process_key}.{one.element_id}" for one in target.undone if one.operation]
    after = {"step": f"{target.process_key}.{target.element_id}", "undone": undone}
    change = ({"steps": gone}, {**after, "values": dict(values)} if values else after)
    _audit(run.ctx, "instance.moved", kind, reason, change)
    _tell_gone(run.ctx, before, reason)


def _tell_persons(
    ctx: StepContext, item: WorkItem, before: int | None, after: int | None, reason: str
) -> None:
    common = {"work_item_id": item.id, "by": ctx.actor.name}
    if before is not None and before != after:
        ctx.emit("task_gone", **common, person_id=before, reason=reason.strip())
    if after is not None:
        ctx.emit("task_transferred", **common, person_id=after)
