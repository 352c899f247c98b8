"""What staff do with a failure on a case: try again, change its inputs, skip it, end the case.

By an administrator of the platform, or an administrator or head of the finance bureau that the
instance belongs to. Whoever may not know of the instance is told that it does not exist.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, false, select
from sqlalchemy.orm import Session

from engine.audit.encoding import native
from engine.audit.trail import record
from engine.errors import Conflict, InvalidInput, NotAllowed, NotFound, RuleRefused
from engine.models import GuaranteeCase, Instance, OrgKind, Role
from engine.models.running import Incident, Resolution
from engine.operations import cases
from engine.operations.access import taking_part
from engine.operations.incident_values import Raw, edited, routing
from engine.operations.move_rules import EFFECTS
from engine.people import Actor
from engine.runtime import retries
from engine.runtime.registry import Sets, operation
from engine.text import Text, text

ROLES = {
    OrgKind.PLATFORM.value: frozenset({Role.ADMIN.value}),
    OrgKind.FINANCE.value: frozenset({Role.ADMIN.value, Role.HEAD.value}),
}


@dataclass(frozen=True)
class Tried:
    """What another attempt came to; `done` is false when it failed once more."""

    incident: Incident
    done: bool


def is_settler(actor: Actor) -> bool:
    """Whether the actor's post lets them settle incidents at all."""
    return actor.is_system or bool(actor.roles & ROLES.get(actor.org_kind or "", frozenset()))


def sees_traceback(actor: Actor) -> bool:
    """Whether the actor is an administrator of the platform or of a finance bureau."""
    return is_settler(actor) and Role.ADMIN.value in actor.roles


def to_settle(actor: Actor) -> ColumnElement[bool]:
    """The incidents that the actor may settle."""
    return taking_part(actor, Incident.instance_id) if is_settler(actor) else false()


def retry(session: Session, incident_id: int, actor: Actor, now: datetime) -> Tried:
    """重试: the operation once more, with the inputs it had. A failure is kept, not raised.

    Raises NotFound, NotAllowed, Conflict (settled meanwhile, suspended, ended).
    """
    found, instance = _locked(session, incident_id, actor)
    return _try(session, instance, found, Resolution.RETRIED, actor, now)


def retry_with(
    session: Session, incident_id: int, actor: Actor, inputs: Raw, reason: str, now: datetime
) -> Tried:
    """改参数重试: the operation with other inputs, as they were typed. They stay with the incident
    if it fails once more. Raises what `retry` raises, and InvalidInput."""
    found, instance = _locked(session, incident_id, actor)
    _require_reason(reason)
    before = dict(found.inputs or {})
    after = native(edited(found.inputs, inputs, actor))
    if after == before:
        raise InvalidInput({"inputs": text("参数没有改动")})
    changed = {key for key in after if after[key] != before.get(key)}
    found.edited = sorted({*found.edited, *changed})
    found.inputs, found.reason = after, reason.strip()
    summary = text("{name}：改参数重试", name=found.name)
    change = {"before": {"inputs": before}, "after": {"inputs": after}}
    _record(session, instance, found, "incident.edited", summary, actor, now, reason, **change)
    session.flush()
    return _try(session, instance, found, Resolution.EDITED, actor, now)


def skip(
    session: Session, incident_id: int, actor: Actor, values: Raw, reason: str, now: datetime
) -> Incident:
    """跳过: go on as if the operation had answered with `values`. Nothing else of it is done.

    Raises what `retry` raises, InvalidInput, RuleRefused for what others rely on, and what the
    steps behind it raise; then nothing is changed.
    """
    found, instance = _locked(session, incident_id, actor)
    _require_reason(reason)
    if not found.task_id:
        raise Conflict("nothing_to_skip", text("这一步整体没有办成，不能跳过"), text("改正后重试"))
    if not can_be_skipped(found):
        why = text("“{name}”使金额或资格生效，不能跳过", name=found.name)
        raise RuleRefused("may_not_skip", why, text("改正后重试"))
    given = routing(routing_of(found), values)
    found.reason = reason.strip()
    summary = text("{name}：跳过，没有执行", name=found.name)
    after = {"values": given}
    _record(session, instance, found, "incident.skipped", summary, actor, now, reason, after=after)
    retries.pass_by(session, instance, found, given, actor, now)
    return found


def can_be_skipped(found: Incident) -> bool:
    """Whether anybody may go on without the operation that failed."""
    return bool(found.task_id) and found.operation not in EFFECTS


def end_case(
    session: Session, incident_id: int, actor: Actor, reason: str, now: datetime
) -> GuaranteeCase:
    """终止: end the case, as if it had been withdrawn; not once its loan contract is signed.

    Raises what `retry` raises, InvalidInput, Conflict `contract_signed` or `not_a_case`.
    """
    found, instance = _locked(session, incident_id, actor)
    _require_reason(reason)
    case = case_of(session, instance)
    if case is None:
        raise Conflict("not_a_case", text("只有案件可以在这里终止"), text("改正后重试，或跳过"))
    summary = text("{name}没有办成，终止案件", name=found.name)
    found.reason = reason.strip()
    retries.settle(found, Resolution.ENDED, actor, now)
    _record(session, instance, found, "incident.ended", summary, actor, now, reason)
    return cases.end_case(session, case, reason.strip(), actor, now)


def case_of(session: Session, instance: Instance) -> GuaranteeCase | None:
    """The case whose own process the instance is."""
    kind, _, key = instance.subject.partition(":")
    case = session.get(GuaranteeCase, int(key)) if kind == "case" and key.isdigit() else None
    return case if case is not None and case.instance_id == instance.id else None


def routing_of(found: Incident) -> Sets:
    """What the incident's operation may answer."""
    known = operation(found.operation) if found.operation else None
    return known.sets if known is not None else {}


def _locked(session: Session, incident_id: int, actor: Actor) -> tuple[Incident, Instance]:
    query = select(Incident).where(
        Incident.id == incident_id, taking_part(actor, Incident.instance_id)
    )
    found = session.scalar(query)
    if found is None:
        raise NotFound()
    if not is_settler(actor):
        raise NotAllowed("may_not_settle", text("异常由区财政局负责人或系统管理员处理"))
    return found, retries.lock_unsettled(session, found)


def _require_reason(reason: str) -> None:
    if not reason.strip():
        raise InvalidInput({"reason": text("写明原因")})


def _try(
    session: Session,
    instance: Instance,
    found: Incident,
    resolution: Resolution,
    actor: Actor,
    now: datetime,
) -> Tried:
    done = retries.try_again(session, instance, found, actor, now, resolution)
    if done or not actor.is_system:
        answer = text("{name}：重试，办成", name=found.name)
        if not done:
            answer = text("{name}：重试，没有办成", name=found.name)
        after = {"done": done, "attempts": found.attempts}
        _record(session, instance, found, "incident.retried", answer, actor, now, after=after)
    return Tried(found, done)


def _record(
    session: Session,
    instance: Instance,
    found: Incident,
    action: str,
    summary: Text,
    actor: Actor,
    now: datetime,
    reason: str = "",
    *,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    record(
        session,
        chain=instance.subject,
        action=action,
        summary=summary,
        actor=actor,
        now=now,
        before=before,
        after={"reference": found.reference, "element": found.element_id, **(after or {})},
        reason=reason.strip() or None,
    )
