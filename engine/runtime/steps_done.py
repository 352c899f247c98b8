"""What an instance has passed, in order, with the operation of each step."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from engine.models import StepHistory
from engine.runtime import needs
from engine.runtime.run import Run


@dataclass(frozen=True)
class Done:
    """An element that was passed; `operation` is empty for one that records nothing, `makers` are
    the elements whose work it checked (`excludes`)."""

    task_id: str
    process_key: str
    element_id: str
    name: str
    operation: str
    makers: frozenset[str] = frozenset()


def done_by(run: Run) -> list[Done]:
    """Everything passed, the oldest first."""
    query = (
        select(
            StepHistory.task_id,
            StepHistory.process_key,
            StepHistory.element_id,
            StepHistory.name,
        )
        .where(StepHistory.instance_id == run.ctx.instance.id)
        .order_by(StepHistory.id)
    )
    rows = run.ctx.session.execute(query).tuples()
    return [_done(run.workflow, row) for row in rows]


def _done(workflow: Any, row: tuple[str, str, str, str]) -> Done:
    one = _element(workflow, row[1], row[2])
    if one is None:
        return Done(*row, operation="")
    named = needs.properties(one).get("excludes", "").split(",")
    makers = frozenset(name.strip() for name in named if name.strip())
    return Done(*row, needs.operation_of(one), makers)


def _element(workflow: Any, process_key: str, element_id: str) -> Any | None:
    top: Any = workflow.spec
    spec = top if top.name == process_key else workflow.subprocess_specs.get(process_key)
    return spec.task_specs.get(element_id) if spec is not None else None
