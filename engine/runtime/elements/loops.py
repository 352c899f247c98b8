"""Multi-instance activities whose instances leave no data behind.

Results are in tables. The library's deep merge mixes lists and leaves the loop variable in the
data, so that a second round would fail; it hangs on a negative number of instances.
"""

from typing import TYPE_CHECKING, Any

from SpiffWorkflow.spiff.specs.defaults import (
    ParallelMultiInstanceTask,
    SequentialMultiInstanceTask,
)
from SpiffWorkflow.spiff.specs.spiff_task import SpiffBpmnTask
from SpiffWorkflow.util.task import TaskState

from engine.runtime.elements.cancel import cancel_instances
from engine.runtime.scripts import StepFailed
from engine.text import text

if TYPE_CHECKING:
    from SpiffWorkflow.bpmn.specs.mixins.multiinstance_task import MultiInstanceTask as _Base
else:
    _Base = object

MOST = 1000  # instances; each is a task of its own in every step's state


class _Quiet(_Base):
    """What parallel and sequential instances have in common."""

    def _update_hook(self, my_task: Any) -> bool | None:
        if my_task.has_state(TaskState.FINISHED_MASK):
            return None
        SpiffBpmnTask._update_hook(self, my_task)
        items = self._items(my_task)
        my_task.internal_data.update(merged=[], total=len(items))
        if not items:
            return True
        my_task._set_state(TaskState.STARTED)
        self._start(my_task, items)
        return None

    def _start(self, my_task: Any, items: list[Any]) -> None:
        raise NotImplementedError

    def _items(self, my_task: Any) -> list[Any]:
        engine = my_task.workflow.script_engine
        if self.cardinality is not None:
            number = engine.evaluate(my_task, self.cardinality)
            if isinstance(number, bool) or not isinstance(number, int) or number < 0:
                raise _refused("bad_cardinality", my_task, number)
            return list(range(_bounded(my_task, number)))
        found = engine.evaluate(my_task, self.data_input.bpmn_id)
        if not isinstance(found, list):
            raise _refused("bad_collection", my_task, found)
        _bounded(my_task, len(found))
        return found

    def _instance(self, my_task: Any, item: Any, number: int) -> None:
        spec = my_task.workflow.spec.task_specs[self.task_spec]
        if not spec.completed_event.is_connected(self.merge_child):
            spec.completed_event.connect(self.merge_child)
        child = my_task._add_child(spec, TaskState.WAITING)
        child.triggered = True
        child.internal_data["key_or_index"] = number
        if self.input_item is not None:
            # instances take over the data of the whole, which would win over a variable of theirs
            my_task.data.pop(self.input_item.bpmn_id, None)
            child.data[self.input_item.bpmn_id] = item
        spec._update(child)

    def merge_child(self, workflow: Any, child: Any) -> None:  # noqa: ARG002 (the library's hook)
        """An instance is complete: end, or start the next. Nothing is merged."""
        my_task = child.parent
        if my_task is None or my_task.has_state(TaskState.FINISHED_MASK):
            return
        my_task.internal_data["merged"].append(str(child.id))
        if self._is_over(my_task, child):
            cancel_instances(my_task)
            my_task._set_state(TaskState.READY)
        else:
            self._go_on(my_task)

    def _go_on(self, my_task: Any) -> None:
        """Parallel instances are all there already."""

    def _is_over(self, my_task: Any, child: Any) -> bool:
        done = len(my_task.internal_data["merged"])
        total = my_task.internal_data.get("total", len(list(self._instances(my_task))))
        if done >= total or self.condition is None:
            return bool(done >= total)
        counts = {
            "nrOfInstances": total,
            "nrOfCompletedInstances": done,
            "nrOfActiveInstances": self._active(my_task),
        }
        engine = my_task.workflow.script_engine
        return engine.evaluate(child, self.condition, counts) is True

    def _active(self, my_task: Any) -> int:
        unfinished = TaskState.NOT_FINISHED_MASK
        return sum(one.has_state(unfinished) for one in self._instances(my_task))


class QuietParallel(_Quiet, ParallelMultiInstanceTask):
    """Instances that all begin at once."""

    def _start(self, my_task: Any, items: list[Any]) -> None:
        for number, item in enumerate(items):
            self._instance(my_task, item, number)


class QuietSequential(_Quiet, SequentialMultiInstanceTask):
    """Instances one after the other; the items are those of the beginning."""

    def _start(self, my_task: Any, items: list[Any]) -> None:
        my_task.internal_data["items"] = items
        self._instance(my_task, items[0], 0)

    def _go_on(self, my_task: Any) -> None:
        number = len(my_task.internal_data["merged"])
        self._instance(my_task, my_task.internal_data["items"][number], number)


def _bounded(task: Any, number: int) -> int:
    if number > MOST:
        raise _refused("too_many_instances", task, number)
    return number


def _refused(code: str, task: Any, value: object) -> StepFailed:
    messages = {
        "bad_cardinality": text("“{name}”的次数是{value}，须是零或正整数", **_about(task, value)),
        "bad_collection": text("“{name}”要逐项办理的不是清单：{value}", **_about(task, value)),
        "too_many_instances": text("“{name}”一次要办{value}项，太多", **_about(task, value)),
    }
    return StepFailed(code, messages[code], text("请流程管理员改正流程图，或改正数据后重试"))


def _about(task: Any, value: object) -> dict[str, str]:
    name = task.task_spec.bpmn_name or task.task_spec.name
    return {"name": str(name), "value": "null" if value is None else str(value)[:80]}
