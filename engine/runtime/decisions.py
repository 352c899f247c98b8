"""Business rule tasks: which published decision is meant, what it says, and a record of why."""

from collections.abc import Hashable, Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.dmn import DecisionRefused, Model, Result, load
from engine.feel import FeelError
from engine.models import Definition, DefinitionKind, DeploymentMember
from engine.models.running import Evaluation
from engine.runtime.context import StepContext
from engine.runtime.scripts import CHILD, StepFailed
from engine.text import text
from engine.writes import add_row

Published = tuple[int, str, Model]  # definition, its key, what it decides
_models: dict[tuple[tuple[str, str], ...], dict[str, Model]] = {}
_deployed: dict[tuple[Hashable, int], list[Published]] = {}


def load_models(sources: Mapping[str, bytes]) -> dict[str, Model]:
    """Compile files of decisions that may import one another. Raises DecisionRefused."""
    made: dict[str, Model] = {}
    left = sorted(sources)
    while left:
        waiting = [key for key in left if not _load(made, key, sources[key], last=False)]
        if len(waiting) == len(left):
            _load(made, left[0], sources[left[0]], last=True)
        left = waiting
    return made


def _load(made: dict[str, Model], key: str, source: bytes, *, last: bool) -> bool:
    try:
        made[key] = load(source, key, imports=list(made.values()))
    except DecisionRefused as refused:
        if last or refused.code != "unknown_import":
            raise
        return False
    return True


def decide(ctx: StepContext, task: Any, decision: str, mapping: str) -> Any:
    """What a decision of the instance's deployment says of the task's data, as JSON can hold it.

    `mapping` is camunda's: singleEntry, singleResult, collectEntries or resultList. Keeps the
    evaluation. Raises StepFailed for an unknown decision, DecisionRefused when there is no answer.
    """
    definition_id, key, model = _find(ctx, task, decision)
    try:
        result = model.evaluate(decision, task.data)
        value = result.required()
    except FeelError as error:
        raise _failed("decision_failed", task, decision, str(error)) from error
    _keep(ctx, task, (definition_id, key, decision), _inputs(model, task.data), result)
    return mapped(value, mapping)


def mapped(value: Any, mapping: str) -> Any:
    """A decision's value in the form that the diagram asks for."""
    rows = value if isinstance(value, list) else [value]
    if mapping == "resultList":
        return rows
    if mapping == "collectEntries":
        return [_entry(row) for row in rows]
    return _entry(value) if mapping == "singleEntry" else value


def _entry(row: Any) -> Any:
    return next(iter(row.values())) if isinstance(row, dict) and len(row) == 1 else row


def _find(ctx: StepContext, task: Any, decision: str) -> Published:
    for found in _published(ctx.session, ctx.instance.deployment_id):
        if decision in {name for one in found[2].decisions for name in (one.id, one.name)}:
            return found
    raise _failed("unknown_decision", task, decision, str(text("没有发布")))


def _published(session: Session, deployment_id: int) -> list[Published]:
    place = (session.get_bind().engine.url, deployment_id)
    if place not in _deployed:
        query = (
            select(Definition)
            .join(DeploymentMember)
            .where(
                DeploymentMember.deployment_id == deployment_id,
                Definition.kind == DefinitionKind.DECISION.value,
            )
            .order_by(Definition.key)
        )
        rows = session.scalars(query).all()
        content = tuple((row.key, row.digest) for row in rows)
        if content not in _models:
            _models[content] = load_models({row.key: row.source for row in rows})
        _deployed[place] = [(row.id, row.key, _models[content][row.key]) for row in rows]
    return _deployed[place]


def _inputs(model: Model, data: Mapping[str, Any]) -> dict[str, Any]:
    names = [one.name for one in model.elements.values() if one.role == "input"]
    return {name: data[name] for name in names if name in data}


def _keep(
    ctx: StepContext,
    task: Any,
    source: tuple[int, str, str],
    inputs: dict[str, Any],
    result: Result,
) -> None:
    found = result.to_json()
    values = {
        "instance_id": ctx.instance.id,
        "subject": ctx.instance.subject,
        "element_id": str(task.task_spec.name).removesuffix(CHILD),
        "definition_id": source[0],
        "definition_key": source[1],
        "decision": source[2],
        "inputs": inputs,
        "result": found["value"],
        "explanation": found,
        "at": ctx.now,
    }
    add_row(ctx.session, Evaluation, values)


def _failed(code: str, task: Any, decision: str, why: str) -> StepFailed:
    return StepFailed(
        code,
        text(
            "“{name}”的决策{decision}无法作出：{why}",
            name=task.task_spec.bpmn_name or task.task_spec.name,
            decision=decision,
            why=why,
        ),
        text("请流程管理员改正决策表后重新发布"),
    )
