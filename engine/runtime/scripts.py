"""What SpiffWorkflow calls a script engine: FEEL and registered operations, never Python."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from engine.errors import DanbaoError
from engine.feel import FeelError, evaluate, to_json_native
from engine.runtime.context import StepContext, operation
from engine.runtime.deadlines import clock_time, due_moment
from engine.runtime.place import CHILD, blame, element_of
from engine.text import Text, text

Round = dict[str, Any]  # of a cycle: {"next": ISO, "left": rounds from it on or -1, "period": ISO}
_LITERAL = re.compile(r"P|\d{4}-\d{2}-\d{2}")
_CYCLE = re.compile(r"R(?P<count>\d*)/(?:(?P<start>\d[^/]*)/)?(?P<period>P[^/]+)")


class StepFailed(DanbaoError):
    """A diagram that cannot go on: a condition without a value, an unknown operation."""

    status = 422


class FeelScriptEngine:
    """Evaluates conditions, inputs and timers of one step of one instance."""

    def __init__(self, context: StepContext) -> None:
        self.context = context
        self.now: datetime = context.now
        self.watched = not context.actor.is_system  # does a person wait for the answer?
        self.stuck = context.facts is not None and context.facts.stuck
        self.environment = self  # the library looks for it; message correlations are not used

    @property
    def holds_timers(self) -> bool:
        """Whether timers that are due wait for the sweep: what fails behind one of them is told
        there, and not to somebody whose step is another."""
        return self.watched and self.stuck

    def evaluate(
        self, task: Any, expression: str, external_context: Mapping[str, Any] | None = None
    ) -> Any:
        """The JSON-native value of a FEEL expression over the task's data, and over what the
        library or a multi-instance adds. Raises StepFailed."""
        source = expression.strip().removeprefix("=")
        data = {**task.data, **external_context} if external_context else task.data
        try:
            return to_json_native(evaluate(source, data, {"due": self._due}))
        except FeelError as error:
            raise _failed(
                task,
                "expression_failed",
                text(
                    "“{name}”的表达式无法计算：{source}（{why}）",
                    name=_name(task),
                    source=source,
                    why=str(error),
                ),
            ) from error

    def _due(self, period: object) -> str:
        return due_moment(str(period), self.context.parameters, self.now).at.isoformat()

    def due_moment(self, task: Any, expression: str) -> str:
        """The absolute ISO time of a timer: a parameter's name, a duration, a date, or FEEL that
        gives one of them. Raises StepFailed."""
        body = expression.strip()
        literal = _LITERAL.match(body) or body in self.context.parameters
        value = body if literal else self.evaluate(task, body)
        try:
            return self._due(value)
        except (DanbaoError, ValueError) as error:
            raise bad_time(task, value) from error

    def first_round(self, task: Any, expression: str) -> Round:
        """The first round of a cycle: `R3/P1D`, `R/PT8H`, with a start `R/2026-01-01/P7D`, or FEEL
        that gives one. Raises StepFailed."""
        body = expression.strip()
        value = body if _CYCLE.match(body) else self.evaluate(task, body)
        matched = _CYCLE.fullmatch(value) if isinstance(value, str) else None
        if matched is None or matched["count"] == "0":
            raise bad_time(task, value)
        left = int(matched["count"]) if matched["count"] else -1
        try:
            start = self._due(matched["start"] or matched["period"])
            comes_again = datetime.fromisoformat(self._due(matched["period"])) > self.now
        except (DanbaoError, ValueError) as error:
            raise bad_time(task, value) from error
        if not comes_again:
            raise bad_time(task, value)
        return {"next": start, "left": left, "period": matched["period"]}

    def next_round(self, last: Round) -> Round | None:
        """The first round after now, when `last` has fired; rounds that were missed count."""
        moment, passed = self._after_now(last["period"], datetime.fromisoformat(last["next"]))
        left = -1 if last["left"] < 0 else last["left"] - passed
        if left == 0 or (last["left"] > 0 and left < 0):
            return None
        return {"next": moment.isoformat(), "left": left, "period": last["period"]}

    def _after_now(self, period: str, moment: datetime) -> tuple[datetime, int]:
        """The first round after now, and how many rounds have gone by from `moment` on."""
        step = clock_time(period)
        if step is not None:
            passed = (self.now - moment) // step + 1
            return moment + passed * step, passed
        passed = 0
        while moment <= self.now:
            moment = due_moment(period, self.context.parameters, moment).at
            passed += 1
        return moment, passed

    def run_operation(self, task: Any, name: str, inputs: Mapping[str, Any]) -> dict[str, Any]:
        """Call a service operation in the step's transaction; its own errors pass through."""
        found = operation(name)
        if found is None or found.kind != "service":
            raise StepFailed("unknown_operation", text("没有名为{name}的操作", name=name))
        self._enter(task)
        self.context.services_run += 1
        self.context.data = task.data
        return found.function(self.context, **inputs) or {}

    def decide(self, task: Any, decision: str, mapping: str) -> Any:
        """What a published decision says of the task's data, in the form that `mapping` asks for
        (decisions.mapped). Raises StepFailed, DecisionRefused."""
        from engine.runtime.decisions import mapped

        self._enter(task)
        return mapped(self.context.decide(decision, task.data).required(), mapping)

    def _enter(self, task: Any) -> None:
        self.context.element_id = element_of(task)

    def send_message(self, task: Any, name: str) -> None:
        """Send a message with the correlation that its element gives."""
        self.context.send(name, correlation_of(task, self))

    def send_signal(self, name: str) -> None:
        """Send a signal to all other instances."""
        self.context.broadcast(name)

    def validate(self, expression: str) -> None:
        """Publication checks expressions; nothing is done here."""


def _failed(task: Any, code: str, message: Text) -> StepFailed:
    error = StepFailed(code, message, text("请流程管理员改正流程图后重新发布"))
    blame(error, task)
    return error


def bad_time(task: Any, value: object) -> StepFailed:
    """The failure of a step whose time cannot be understood."""
    shown = "null" if value is None else str(value)[:80]
    message = text("“{name}”的时间{value}无法理解", name=_name(task), value=shown)
    return _failed(task, "bad_time", message)


def _name(task: Any) -> str:
    return str(task.task_spec.bpmn_name or task.task_spec.name)


def correlation_of(task: Any, engine: Any) -> str:
    """What a message event or task is about, e.g. the number of a case. Raises StepFailed."""
    expression = properties_of(task).get("correlation")
    if expression is None:
        return str(None)  # about nothing in particular, on both sides
    value = engine.evaluate(task, expression)
    if value is None:
        # two instances that do not know what they are about would take each other's messages
        raise _failed(
            task,
            "no_correlation",
            text("“{name}”的消息没有对应的事项：{source}为空", name=_name(task), source=expression),
        )
    return str(value)


def properties_of(task: Any) -> dict[str, str]:
    """The vocabulary of the task's element (design, Diagram vocabulary)."""
    found: dict[str, str] = getattr(task.task_spec, "extensions", {}).get("properties", {})
    if not found and task.task_spec.name.endswith(CHILD):
        outer = task.workflow.spec.task_specs[element_of(task)]
        found = getattr(outer, "extensions", {}).get("properties", {})
    return found
