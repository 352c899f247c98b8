"""Where the tokens of a running process can still get to, under any version of its diagram."""

from collections.abc import Iterable, Iterator, Set
from typing import Any

from SpiffWorkflow.bpmn.specs.mixins.parallel_gateway import ParallelGateway
from SpiffWorkflow.util.task import TaskState

from engine.runtime.migration_tree import is_open
from engine.runtime.place import CHILD
from engine.runtime.routes import NOTHING, after, reach


def _ahead(spec: Any, begin: Iterable[str], without: Set[str] = NOTHING) -> set[str]:
    """The elements after `begin` (itself only in a loop); nothing of `without` is entered."""
    return reach(spec, (name for key in begin for name in after(spec, key)), without)


def open_names(part: Any) -> set[str]:
    """The elements at which something is under way."""
    return {task.task_spec.name for task in part.tasks.values() if is_open(task)}


def stuck_joins(part: Any, spec: Any) -> Iterator[tuple[str, str]]:
    """Parallel joins ahead that would wait forever, each with an input that nothing can reach."""
    begin = open_names(part)
    ahead = _ahead(spec, begin) | begin
    for name in ahead:
        join = spec.task_specs.get(name)
        if isinstance(join, ParallelGateway) and len(join._inputs) > 1:
            missing = _missing(part, spec, join, begin)
            if missing is not None:
                yield name, missing


def _missing(part: Any, spec: Any, join: Any, begin: set[str]) -> str | None:
    tokens = begin - {join.name}
    coming = _ahead(spec, tokens, {join.name}) | tokens | _arrived(part, join.name)
    return next((one for one in join._inputs if one not in coming), None)


def _arrived(part: Any, join: str) -> set[str]:
    return {
        task.parent.task_spec.name
        for task in part.tasks.values()
        if task.task_spec.name == join
        and task.state != TaskState.COMPLETED
        and task.parent is not None
        and task.parent.state == TaskState.COMPLETED
    }


def unstarted(part: Any, target: Any) -> tuple[list[str], list[str]]:
    """Names of the elements that are new in `target`: those still to come, and those missed."""
    ahead = _ahead(target, open_names(part))
    new = [
        one
        for name, one in target.task_specs.items()
        if name not in part.spec.task_specs and one.bpmn_id and not name.endswith(CHILD)
    ]
    coming = [_name(one) for one in new if one.name in ahead]
    return coming, [_name(one) for one in new if one.name not in ahead]


def passed_anew(part: Any, target: Any) -> list[str]:
    """Names of tasks that were done and only the new version leads to again."""
    begin = open_names(part)
    again = _ahead(target, begin) - _ahead(part.spec, begin)
    done = {
        task.task_spec.name for task in part.tasks.values() if task.state == TaskState.COMPLETED
    }
    specs = (target.task_specs[name] for name in sorted(again & done))
    return [_name(one) for one in specs if one.bpmn_id and one.manual]


def _name(spec: Any) -> str:
    return str(spec.bpmn_name or spec.bpmn_id)
