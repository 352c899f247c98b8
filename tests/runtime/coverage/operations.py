"""Operations that the diagrams of these tests name."""

from sqlalchemy import func, select

from engine.errors import RuleRefused
from engine.models import DomainEvent
from engine.runtime.context import StepContext, service_operation
from engine.runtime.registry import INTEGER
from engine.text import text

NOTED = "cover_noted"


@service_operation("cover.note", "记一笔", sets={"noted": INTEGER})
def _note(ctx: StepContext, *, what: object = None) -> dict[str, object]:
    """Write a row, and say how many there are now."""
    ctx.emit(NOTED, what=str(what))
    ctx.session.flush()
    count = ctx.session.scalar(select(func.count()).where(DomainEvent.kind == NOTED))
    return {"noted": count}


MOODS: list[Exception] = []


@service_operation("cover.moody", "依次出错")
def _moody(ctx: StepContext) -> None:
    """Raise the next of `MOODS`, behind a row and a party that must not stay."""
    ctx.emit(NOTED, what="half")
    ctx.session.flush()
    finance = ctx.party("finance")
    if MOODS and finance is not None:
        ctx.bind("bank", finance)
    if MOODS:
        raise MOODS.pop(0)


@service_operation("cover.refuse", "写了再拒绝")
def _refuse(ctx: StepContext, *, code: str, what: object = "half") -> None:
    """Write a row and send a message, then refuse with a code."""
    ctx.emit(NOTED, what=str(what))
    ctx.session.flush()
    ctx.send("half_done", 1)
    raise RuleRefused(code, text("不行"))
