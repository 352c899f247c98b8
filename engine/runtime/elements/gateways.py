"""Gateways by BPMN's token rules.

A token is an arrival: a task of the gateway that waits, and whose parent is complete. A join uses
one token of each incoming flow and leaves surplus ones. (The library looks at the whole tree: in a
loop a join counts the tokens of earlier rounds, and an inclusive join looks back along one path
only and past running sub-processes, so that it goes on too early.) A condition must be true or
false: no other value counts as either.
"""

from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from SpiffWorkflow.bpmn.specs.control import _EndJoin
from SpiffWorkflow.bpmn.specs.defaults import (
    ExclusiveGateway,
    InclusiveGateway,
    ParallelGateway,
)
from SpiffWorkflow.util.task import TaskState

from engine.runtime.elements.data import merged
from engine.runtime.scripts import StepFailed
from engine.text import text

if TYPE_CHECKING:
    from SpiffWorkflow.bpmn.specs.mixins.unstructured_join import UnstructuredJoin as _Base
else:
    _Base = object

_ACTIVE = TaskState.READY | TaskState.WAITING | TaskState.STARTED


class _Join(_Base):
    """Waits for tokens, and goes on with the data of all that it uses."""

    def _taken(self, tokens: list[Any]) -> list[Any] | None:
        raise NotImplementedError

    def _update_hook(self, my_task: Any) -> bool:
        if my_task.has_state(TaskState.FINISHED_MASK):
            return False
        taken = self._taken(_tokens(self, my_task))
        if taken is None or my_task not in taken:
            my_task._set_state(TaskState.WAITING)
            return False
        my_task.data = merged([token.parent for token in taken])
        for token in taken:
            if token is not my_task:
                token.cancel()
        return True

    def _run_hook(self, my_task: Any) -> bool:  # noqa: ARG002 (the data are there already)
        return True


def _tokens(spec: Any, my_task: Any) -> list[Any]:
    """The arrivals at the gateway, this one first."""
    others = [
        task
        for task in my_task.workflow.tasks.values()
        if task.task_spec is spec
        and task is not my_task
        and task.has_state(TaskState.WAITING | TaskState.FUTURE)
        and task.parent.state == TaskState.COMPLETED
    ]
    return [my_task, *others]


def _one_of_each(tokens: Iterable[Any], wanted: Counter[str]) -> list[Any]:
    left, taken = Counter(wanted), []
    for token in tokens:
        if left[token.parent.task_spec.name] > 0:
            left[token.parent.task_spec.name] -= 1
            taken.append(token)
    return taken


class Parallel(_Join, ParallelGateway):
    """A parallel gateway: a token of every incoming flow."""

    def _taken(self, tokens: list[Any]) -> list[Any] | None:
        wanted: Counter[str] = Counter(self._inputs)
        taken = _one_of_each(tokens, wanted)
        return taken if len(taken) == wanted.total() else None


class Inclusive(_Join, InclusiveGateway):
    """An inclusive gateway: waits while a token elsewhere could still come along an empty flow."""

    def _taken(self, tokens: list[Any]) -> list[Any] | None:
        full = {token.parent.task_spec.name for token in tokens}
        empty = set(self._inputs) - full
        if empty and any(self._may_come(spec, full, empty) for spec in _elsewhere(self, tokens[0])):
            return None
        return _one_of_each(tokens, Counter(self._inputs))

    def _may_come(self, spec: Any, full: set[str], empty: set[str]) -> bool:
        reached = self._reached(spec)
        return not reached.isdisjoint(empty) and reached.isdisjoint(full)

    def _reached(self, spec: Any) -> set[str]:
        """Which incoming flows, by where they come from, a token in `spec` can reach."""
        seen, left = {self.name, spec.name}, [spec]
        while left:
            for following in left.pop().outputs:
                if following.name not in seen:
                    seen.add(following.name)
                    left.append(following)
        return seen & set(self._inputs)

    def _run_hook(self, my_task: Any) -> bool:
        names = [
            name
            for condition, name in self.cond_task_specs
            if condition is not None and holds(condition, my_task)
        ]
        defaults = [name for condition, name in self.cond_task_specs if condition is None]
        _follow(my_task, names or defaults)
        return True


def _elsewhere(spec: Any, my_task: Any) -> list[Any]:
    """The elements with tokens that have not come to the gateway."""
    return [
        task.task_spec
        for task in my_task.workflow.tasks.values()
        if task.task_spec is not spec and _is_token(task)
    ]


def _is_token(task: Any) -> bool:
    if task.has_state(_ACTIVE):
        return True
    # a sibling whose turn comes later in the same moment
    arriving = task.has_state(TaskState.FUTURE) and task.parent is not None
    return bool(arriving and task.parent.state == TaskState.COMPLETED)


class Exclusive(ExclusiveGateway):
    """An exclusive gateway: the first flow whose condition is true, else the default."""

    def _run_hook(self, my_task: Any) -> bool:
        chosen = self.default_task_spec
        for condition, name in self.cond_task_specs:
            if condition is not None and holds(condition, my_task):
                chosen = name
                break
        _follow(my_task, [chosen] if chosen is not None else [])
        return True


def holds(condition: Any, task: Any) -> bool:
    """Whether a condition is true; null counts as false. Raises StepFailed for other values."""
    value = condition._matches(task)
    if value is None or isinstance(value, bool):
        return bool(value)
    raise StepFailed(
        "not_boolean",
        text(
            "“{name}”的条件{source}得到{value}，不是真或假",
            name=_name(task),
            source=condition.args[0],
            value=str(value),
        ),
        text("请流程管理员改正流程图后重新发布"),
    )


def _follow(my_task: Any, names: list[str]) -> None:
    if not names:
        raise StepFailed(
            "no_way",
            text("“{name}”没有一个条件成立，也没有默认流向", name=_name(my_task)),
            text("请流程管理员改正流程图后重新发布"),
        )
    specs = my_task.workflow.spec.task_specs
    my_task._sync_children([specs[name] for name in names], TaskState.FUTURE)
    for child in my_task.children:
        child.task_spec._predict(child, mask=TaskState.FUTURE | TaskState.PREDICTED_MASK)


def _name(task: Any) -> str:
    return str(task.task_spec.bpmn_name or task.task_spec.name)


class EndJoin(_EndJoin):
    """Where all paths of a process end; its data are what a calling process gets back."""

    def _run_hook(self, my_task: Any) -> bool:
        tokens = [
            task
            for task in my_task.workflow.tasks.values()
            if task.task_spec is self and task.parent.state == TaskState.COMPLETED
        ]
        my_task.data = merged([token.parent for token in tokens])
        my_task.workflow.data.update(my_task.data)
        return True
