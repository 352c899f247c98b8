"""Published decisions: which one is meant, what it says, and a record of why."""

from collections.abc import Hashable, Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.audit.encoding import native
from engine.dmn import Model, Result, load_models
from engine.feel import FeelError
from engine.models import Definition, DefinitionKind, DeploymentMember
from engine.models.running import Evaluation
from engine.runtime.context import StepContext
from engine.runtime.in_force import current_deployment
from engine.runtime.scripts import StepFailed
from engine.text import text
from engine.writes import add_row

Published = tuple[int, str, Model]  # definition, its key, what it decides
_models: dict[tuple[tuple[str, str], ...], dict[str, Model]] = {}
_deployed: dict[tuple[Hashable, int], list[Published]] = {}


def ask(ctx: StepContext, decision: str, facts: Mapping[str, Any], *, keep: bool) -> Result:
    """What a decision says of facts by the names of its inputs, dates and amounts as such or as
    text; `keep` stores the answer with its explanation.

    Raises StepFailed for an unknown decision and where a bound is reached, DecisionRefused when
    there is no answer.
    """
    definition_id, key, model = _find(ctx, decision)
    given = {name: native(facts[name]) for name in model.input_types if name in facts}
    try:
        result = model.evaluate(decision, given)
    except FeelError as error:
        raise _failed("decision_failed", decision, str(error)) from error
    result.required()
    if keep:
        _keep(ctx, (definition_id, key, decision), given, result)
    return result


def mapped(value: Any, mapping: str) -> Any:
    """A decision's value in the form that the diagram asks for: camunda's singleEntry,
    singleResult, collectEntries or resultList."""
    rows = value if isinstance(value, list) else [value]
    if mapping == "resultList":
        return rows
    if mapping == "collectEntries":
        return [_entry(row) for row in rows]
    return _entry(value) if mapping == "singleEntry" else value


def _entry(row: Any) -> Any:
    return next(iter(row.values())) if isinstance(row, dict) and len(row) == 1 else row


def _find(ctx: StepContext, decision: str) -> Published:
    """In the instance's own deployment; one from before there was such a table asks the current."""
    own = _in_deployment(ctx.session, ctx.instance.deployment_id, decision)
    found = own or _in_deployment(ctx.session, current_deployment(ctx.session), decision)
    if found is None:
        raise _failed("unknown_decision", decision, str(text("没有发布")))
    return found


def _in_deployment(session: Session, deployment_id: int, decision: str) -> Published | None:
    for found in _published(session, deployment_id):
        if decision in {name for one in found[2].decisions for name in (one.id, one.name)}:
            return found
    return None


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


def _keep(
    ctx: StepContext,
    source: tuple[int, str, str],
    inputs: dict[str, Any],
    result: Result,
) -> None:
    found = result.to_json()
    values = {
        "instance_id": ctx.instance.id,
        "subject": ctx.instance.subject,
        "element_id": ctx.element_id,
        "definition_id": source[0],
        "definition_key": source[1],
        "decision": source[2],
        "inputs": inputs,
        "result": found["value"],
        "explanation": found,
        "at": ctx.now,
    }
    add_row(ctx.session, Evaluation, values)


def _failed(code: str, decision: str, why: str) -> StepFailed:
    return StepFailed(
        code,
        text("决策{decision}无法作出：{why}", decision=decision, why=why),
        text("请流程管理员改正决策表后重新发布"),
    )
