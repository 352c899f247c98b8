"""What SpiffWorkflow calls a script engine: FEEL and registered operations, never Python."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from engine.errors import DanbaoError
from engine.feel import FeelError, evaluate, to_json_native
from engine.runtime.context import StepContext, operation
from engine.runtime.deadlines import due_moment
from engine.text import text


class StepFailed(DanbaoError):
    """A diagram that cannot go on: a condition without a value, an unknown operation."""

    status = 422


class FeelScriptEngine:
    """Evaluates conditions, inputs and timers of one step of one instance."""

    def __init__(self, context: StepContext) -> None:
        self.context = context
        self.now: datetime = context.now
        self.watched = not context.actor.is_system  # does a person wait for the answer?
        self.environment = self  # the library looks for it; message correlations are not used

    def evaluate(self, task: Any, expression: str, external_context: object = None) -> Any:
        """The JSON-native value of a FEEL expression over the task's data."""
        del external_context
        source = expression.strip().removeprefix("=")
        functions = {"due": self._due}
        try:
            return to_json_native(evaluate(source, task.data, functions))
        except FeelError as error:
            raise StepFailed(
                "expression_failed",
                text(
                    "“{name}”的表达式无法计算：{source}（{why}）",
                    name=task.task_spec.bpmn_name or task.task_spec.name,
                    source=source,
                    why=str(error),
                ),
                text("请流程管理员改正流程图后重新发布"),
            ) from error

    def _due(self, period: object) -> str:
        return due_moment(str(period), self.context.parameters, self.now).at.isoformat()

    def due_moment(self, task: Any, expression: str) -> str:
        """The absolute ISO time of a timer: a FEEL expression, an ISO date or a duration."""
        body = expression.strip()
        if body.startswith("P"):
            return self._due(body)
        value = self.evaluate(task, body)
        return due_moment(str(value), self.context.parameters, self.now).at.isoformat()

    def run_operation(self, task: Any, name: str, inputs: Mapping[str, Any]) -> dict[str, Any]:
        """Call a service operation in the step's transaction; its own errors pass through."""
        found = operation(name)
        if found is None or found.kind != "service":
            raise StepFailed("unknown_operation", text("没有名为{name}的操作", name=name))
        self.context.data = task.data
        self.context.services_run += 1
        return found.function(self.context, **inputs) or {}

    def validate(self, expression: str) -> None:
        """Publication checks expressions; nothing is done here."""
