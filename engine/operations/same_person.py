"""Maker and checker are never one person (spec B); the task list keeps them apart already, and a
diagram that forgets `excludes` still cannot bring them together."""

from sqlalchemy import select

from engine.errors import NotAllowed
from engine.models import WorkItem, WorkStatus
from engine.runtime.context import StepContext
from engine.text import text


def refuse_same_person(ctx: StepContext, element_id: str) -> None:
    """Raise NotAllowed when the actor did the last `element_id` of this instance."""
    query = (
        select(WorkItem.performer_id)
        .where(
            WorkItem.instance_id == ctx.instance.id,
            WorkItem.element_id == element_id,
            WorkItem.status == WorkStatus.DONE.value,
        )
        .order_by(WorkItem.completed_at.desc(), WorkItem.id.desc())
        .limit(1)
    )
    refuse_maker(ctx, ctx.session.scalar(query))


def refuse_maker(ctx: StepContext, maker_id: int | None) -> None:
    """Raise NotAllowed when the actor is the maker."""
    if maker_id is not None and maker_id == ctx.actor.person_id:
        raise NotAllowed(
            "maker_is_checker",
            text("前一步由本人经办，复核不能是同一人"),
            text("请本单位另一位复核人办理"),
        )
