"""Tasks that run by themselves: operations, FEEL assignments, decisions, and those that pass."""

from typing import Any

from SpiffWorkflow.spiff.specs.defaults import ManualTask, NoneTask, ScriptTask, ServiceTask
from SpiffWorkflow.spiff.specs.event_definitions import ErrorEventDefinition

from engine.errors import RuleRefused
from engine.runtime import incidents
from engine.runtime.elements.boundary import raise_to_boundary
from engine.runtime.elements.scripts import assignments
from engine.runtime.scripts import properties_of


def catch_refusal(task: Any, error: Exception) -> bool:
    """Let the error event at or around the task have what a rule refused; False without one."""
    if not isinstance(error, RuleRefused):
        return False
    return raise_to_boundary(task, ErrorEventDefinition(error.code, code=error.code))


class OperationTask(ServiceTask):
    """A service task whose topic is an operation of ours; its result is merged into the data.

    A rule that refuses goes to the error event at the task's edge that names its code, or around
    it; what the operation did is undone first. (The library turns every error into `NameError`.)
    """

    def _execute(self, task: Any) -> bool | None:
        def caught(error: Exception) -> bool:
            return catch_refusal(task, error)

        return incidents.perform(task, self.operation_name, self.operation_params, caught)

    def _run_hook(self, my_task: Any) -> bool | None:
        return self._execute(my_task)

    def _on_cancel(self, my_task: Any) -> None:
        incidents.left(my_task)
        super()._on_cancel(my_task)


class FeelScript(ScriptTask):
    """A script task: FEEL assignments, each seeing the ones before; or with a result variable
    one expression, read as it stands."""

    def _run_hook(self, my_task: Any) -> bool:
        engine = my_task.workflow.script_engine
        variable = properties_of(my_task).get("resultVariable")
        whole = [(variable, self.script)] if variable else None
        for name, expression in whole or assignments(self.script):
            my_task.data[name] = engine.evaluate(my_task, expression)
        return True


class DecisionTask(ServiceTask):
    """A business rule task: the decision's id is the operation's name, its result a variable."""

    def _run_hook(self, my_task: Any) -> bool:
        engine = my_task.workflow.script_engine
        mapping = self.operation_params["mapDecisionResult"]["value"]
        value = engine.decide(my_task, self.operation_name, mapping)
        my_task.data[self.result_variable] = value
        return True


class PassedManual(ManualTask):
    """A manual task: nothing for the system to do; history shows that it was passed."""

    def __init__(self, wf_spec: Any, bpmn_id: str, **kwargs: Any) -> None:
        super().__init__(wf_spec, bpmn_id, **kwargs)
        self.manual = False


class PassedTask(NoneTask):
    """A task that says no more than its name; passed like a manual one."""

    def __init__(self, wf_spec: Any, bpmn_id: str, **kwargs: Any) -> None:
        super().__init__(wf_spec, bpmn_id, **kwargs)
        self.manual = False
