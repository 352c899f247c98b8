"""Published decisions: which one is meant, what it says, and a record of why."""

from collections.abc import Mapping
from dataclasses import dataclass
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
from engine.runtime.per_deployment import PerDeployment
from engine.runtime.scripts import StepFailed
from engine.text import text
from engine.writes import add_row

_models: dict[tuple[tuple[str, str], ...], dict[str, Model]] = {}


@dataclass(frozen=True)
class _Published:
    """A model, and the definition that it is of."""

    definition_id: int
    key: str
    model: Model


@dataclass(frozen=True)
class _Answer:
    """What a decision says, of which facts."""

    source: _Published
    decision: str
    facts: dict[str, Any]
    result: Result


def ask(ctx: StepContext, decision: str, facts: Mapping[str, Any]) -> Result:
    """What a decision says of facts by the names of its inputs, dates and amounts as such or as
    text; the answer is kept with the case, with its explanation.

    Raises StepFailed for an unknown decision and where a bound is reached, DecisionRefused when
    there is no answer.
    """
    found = _ask(ctx, decision, facts)
    _keep(ctx, found)
    return found.result


class Consultation:
    """Asks decisions without a record: what they would say. Raises what `ask` raises."""

    def __init__(self, ctx: StepContext) -> None:
        self._ctx = ctx
        self._answers: list[_Answer] = []

    def __call__(self, decision: str, facts: Mapping[str, Any]) -> Result:
        self._answers.append(_ask(self._ctx, decision, facts))
        return self._answers[-1].result

    def keep(self) -> None:
        """Keep the answers with the case after all."""
        for answer in self._answers:
            _keep(self._ctx, answer)


def _ask(ctx: StepContext, decision: str, facts: Mapping[str, Any]) -> _Answer:
    source = _find(ctx, decision)
    given = {name: native(facts[name]) for name in source.model.input_types if name in facts}
    try:
        result = source.model.evaluate(decision, given)
    except FeelError as error:
        raise _failed("decision_failed", decision, str(error)) from error
    result.required()
    return _Answer(source, decision, given, result)


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


def _find(ctx: StepContext, decision: str) -> _Published:
    """In the instance's own deployment; one from before there was such a table asks the current."""
    found = _deployed(ctx.session, ctx.instance.deployment_id).get(decision)
    if found is None:
        found = _deployed(ctx.session, current_deployment(ctx.session)).get(decision)
    if found is None:
        raise _failed("unknown_decision", decision, str(text("没有发布")))
    return found


def _published(session: Session, deployment_id: int) -> dict[str, _Published]:
    """The models of a deployment by the ids and names of their decisions, the first by key."""
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
    found: dict[str, _Published] = {}
    for row in rows:
        source = _Published(row.id, row.key, _models[content][row.key])
        for one in source.model.decisions:
            found.setdefault(one.id, source)
            found.setdefault(one.name, source)
    return found


_deployed = PerDeployment(_published)


def _keep(ctx: StepContext, answer: _Answer) -> None:
    found = answer.result.to_json()
    values = {
        "instance_id": ctx.instance.id,
        "subject": ctx.instance.subject,
        "element_id": ctx.element_id,
        "definition_id": answer.source.definition_id,
        "definition_key": answer.source.key,
        "decision": answer.decision,
        "inputs": answer.facts,
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
