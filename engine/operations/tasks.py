"""What a person does with a task: read, claim, hand over, draft, complete, take back, urge."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.clock import local_date
from engine.domain.calendar import working_days_between
from engine.errors import Conflict, NotAllowed, NotFound
from engine.events import emit
from engine.models import (
    Membership,
    Organisation,
    Person,
    Role,
    WorkItem,
    WorkStatus,
)
from engine.operations.access import check_may_do, is_open, open_item, sees_all
from engine.people import Actor
from engine.runtime import step
from engine.runtime.context import is_sealed
from engine.runtime.deadlines import paused_days
from engine.runtime.facts import Facts, lock_item
from engine.runtime.run import require_running
from engine.text import text


@dataclass(frozen=True)
class Completed:
    """What completing did: `already` is true when the same person had done it before; `open_items`
    are the ids of what there is to do now."""

    item: WorkItem
    already: bool
    open_items: list[int]


def complete(
    session: Session, item_id: int, actor: Actor, values: Mapping[str, Any], now: datetime
) -> Completed:
    """办结 a task with its validated form values.

    A second click by the same person is answered with what already happened and changes nothing;
    somebody else is told who did it (Conflict). Raises NotFound, NotAllowed, RuleRefused,
    InvalidInput; then nothing is changed.
    """
    # the instance's row is the one lock of a step: whoever waited for it sees what the first did
    locked = lock_item(session, item_id, actor.org_id)
    item = locked.item if locked else open_item(session, item_id, actor)
    if not is_open(item):
        return _answer_closed(session, item, actor)
    check_may_do(actor, item)
    if locked is None:
        raise NotFound()
    notes = {"used_days": _used_days(item, locked.facts, now)}
    ctx = step.complete_task(session, locked, values, actor, now, notes)
    ctx.audit(
        "task.completed",
        text("{name}：办结", name=item.name),
        after={"outcome": item.outcome, "values": item.values, "element": item.element_id},
        clause=item.clause or None,
    )
    return Completed(item, already=False, open_items=sorted(ctx.known.open_items.values()))


def _answer_closed(session: Session, item: WorkItem, actor: Actor) -> Completed:
    if item.status == WorkStatus.DONE.value and item.performer_id == actor.person_id:
        followers = [follower.id for follower in _opened(session, item.instance_id)]
        return Completed(item, already=True, open_items=followers)
    who = session.get(Person, item.performer_id) if item.performer_id else None
    if who is None:
        raise Conflict("task_gone", text("这项任务已因流程变化撤销，没有再改动"))
    raise Conflict(
        "task_done",
        text("这项任务已由{who}办结，没有再改动", who=who.name),
        text("返回待办，看下一件"),
    )


def _opened(session: Session, instance_id: int) -> list[WorkItem]:
    query = select(WorkItem).where(
        WorkItem.instance_id == instance_id, WorkItem.status == WorkStatus.OPEN.value
    )
    return list(session.scalars(query))


def _used_days(item: WorkItem, facts: Facts, now: datetime) -> int:
    """Working days used, the start day excluded; days on which the clock stood do not count."""
    clock = facts.clocks.get(item.clock) if item.clock else None
    if clock is None:
        return working_days_between(local_date(item.opened_at), local_date(now))
    used = working_days_between(local_date(clock.started_at), local_date(now))
    return max(0, used - paused_days(clock))


def mark_read(item: WorkItem, actor: Actor, now: datetime) -> None:
    """Remember that its organisation has opened the task; 撤回 of the step before ends here."""
    if item.first_read_at is None and item.org_id == actor.org_id and item.role in actor.roles:
        item.first_read_at = now


def _held_item(session: Session, item_id: int, actor: Actor) -> WorkItem:
    """An item, locked after its instance as every step does: else a claim and a completion that
    meet wait for each other."""
    item = open_item(session, item_id, actor)
    _require_open(item)
    step.lock_instance(session, item.instance_id, suspended=True)
    return open_item(session, item_id, actor, lock=True)


def claim(session: Session, item_id: int, actor: Actor, now: datetime) -> WorkItem:
    """认领: from now on only this person works on it."""
    item = _held_item(session, item_id, actor)
    _require_moving(item)
    check_may_do(actor, item)
    if item.assignee_id is None:
        item.assignee_id = actor.person_id
        _audit(session, item, actor, now, "task.claimed", "{name}：认领")
    return item


def release(session: Session, item_id: int, actor: Actor, now: datetime) -> WorkItem:
    """Give a claimed task back to the organisation; by whoever claimed it, or its head."""
    item = _held_item(session, item_id, actor)
    _require_moving(item)
    if item.org_id != actor.org_id:
        raise NotFound()
    if item.assignee_id not in (None, actor.person_id) and Role.HEAD.value not in actor.roles:
        raise NotAllowed("claimed", text("只有认领人或负责人可以释放"))
    if item.assignee_id is not None:
        _hand(item, None, actor)
        _audit(session, item, actor, now, "task.released", "{name}：释放")
    return item


def transfer(
    session: Session, item_id: int, actor: Actor, person_id: int, reason: str, now: datetime
) -> WorkItem:
    """转办 to a colleague who holds the role and is not excluded; by one who could do it, or the
    head. Whoever must keep out of a task does not choose who does it either."""
    item = _held_item(session, item_id, actor)
    _require_moving(item)
    if item.org_id != actor.org_id:
        raise NotFound()
    if Role.HEAD.value not in actor.roles or actor.person_id in item.excluded:
        check_may_do(actor, item)
    if item.assignee_id not in (None, actor.person_id) and Role.HEAD.value not in actor.roles:
        raise NotAllowed("claimed", text("这项任务已由他人认领"), text("请负责人转办"))
    if person_id not in {person.id for person in colleagues(session, item)}:
        raise NotAllowed("cannot_take", text("对方不担任这个岗位，或须回避"))
    _hand(item, person_id, actor)
    emit(
        session,
        "task_transferred",
        item.instance.subject,
        {"work_item_id": item.id, "person_id": person_id, "by": actor.name},
        now,
    )
    _audit(session, item, actor, now, "task.transferred", "{name}：转办", reason)
    return item


def _hand(item: WorkItem, person_id: int | None, actor: Actor) -> None:
    """Give it to another, or to nobody. A sealed draft (a scorer's marks) goes along only when its
    holder hands it to somebody."""
    handed_on = person_id is not None and item.assignee_id == actor.person_id
    if is_sealed(item) and not handed_on:
        item.draft = item.draft_at = None
    item.assignee_id = person_id


def colleagues(session: Session, item: WorkItem) -> list[Person]:
    """Who could do this task: active holders of its role in its organisation, not excluded."""
    query = (
        select(Person)
        .join(Membership)
        .where(
            Membership.org_id == item.org_id,
            Membership.role == item.role,
            Membership.active,
            Person.active,
        )
        .order_by(Person.id)
    )
    return [person for person in session.scalars(query) if person.id not in item.excluded]


def post_of(session: Session, person_id: int) -> int:
    """The organisation a person works for (for tasks given to a person). Raises NotFound."""
    query = (
        select(Membership.org_id)
        .join(Organisation)
        .where(Membership.person_id == person_id, Membership.active)
        .order_by(Membership.id)
        .limit(1)
    )
    found = session.scalar(query)
    if found is None:
        raise NotFound(text("这个人没有岗位"))
    return found


def save_draft(
    session: Session, item_id: int, actor: Actor, values: Mapping[str, Any], now: datetime
) -> WorkItem:
    """存草稿: keep what was typed, unchecked."""
    item = open_item(session, item_id, actor, lock=True)
    _require_open(item)
    check_may_do(actor, item)
    item.draft, item.draft_at = dict(values), now
    return item


def take_back(session: Session, item_id: int, actor: Actor, now: datetime) -> WorkItem:
    """撤回 one's own completed task, as long as nobody has opened what followed.

    Possible while the instance has not moved since and the step had no effects outside its forms.
    """
    item = open_item(session, item_id, actor)
    instance = step.lock_instance(session, item.instance_id)
    session.refresh(item)
    if item.performer_id != actor.person_id or item.status != WorkStatus.DONE.value:
        raise NotAllowed("not_yours", text("只能撤回本人办结的任务"))
    followers = _opened(session, instance.id)
    if instance.undo_item_id != item.id:
        raise Conflict("moved_on", text("后面的步骤已经生效，不能撤回"), text("请下一步退回"))
    if any(follower.first_read_at or follower.assignee_id for follower in followers):
        raise Conflict("already_read", text("下一步已经打开，不能撤回"), text("请下一步退回"))
    step.restore_state(session, instance, item, now)
    _audit(session, item, actor, now, "task.taken_back", "{name}：撤回")
    return item


def urge(session: Session, item_id: int, actor: Actor, now: datetime) -> WorkItem:
    """催办: a mail to whoever has the task, at most once a day."""
    item = _held_item(session, item_id, actor)
    _require_moving(item)
    working = {Role.MAKER.value, Role.CHECKER.value, Role.HEAD.value}
    may = actor.roles & working if sees_all(actor) else Role.HEAD.value in actor.roles
    if not may:
        raise NotAllowed("may_not_urge", text("催办由区财政局或本单位负责人发起"))
    payload = {"work_item_id": item.id, "by": actor.name, "day": str(local_date(now))}
    emit(session, "task_urged", item.instance.subject, payload, now)
    _audit(session, item, actor, now, "task.urged", "{name}：催办")
    return item


def _require_open(item: WorkItem) -> None:
    if not is_open(item):
        raise Conflict("task_closed", text("这项任务已经办结，没有再改动"))


def _require_moving(item: WorkItem) -> None:
    _require_open(item)
    require_running(item.instance)


def _audit(
    session: Session,
    item: WorkItem,
    actor: Actor,
    now: datetime,
    action: str,
    template: str,
    reason: str | None = None,
) -> None:
    from engine.audit.trail import record

    record(
        session,
        chain=item.instance.subject,
        action=action,
        summary=text(template, name=item.name),
        actor=actor,
        now=now,
        after={"work_item": item.id, "element": item.element_id},
        reason=reason,
    )
