"""The ways through a process, read from its executable form: what follows what, what every way
passes, which elements stand in which branch of a parallel split. Pure."""

from collections.abc import Iterable, Iterator, Set
from functools import lru_cache
from typing import Any

from SpiffWorkflow.bpmn.specs.defaults import BoundaryEvent, InclusiveGateway, ParallelGateway
from SpiffWorkflow.bpmn.specs.mixins.multiinstance_task import LoopTask

from engine.runtime.elements.waiting import EventGateway
from engine.runtime.place import CHILD

SPLIT = ".BoundaryEventSplit"
Branch = tuple[str, str]  # the split and the first element of one of its flows

NOTHING: frozenset[str] = frozenset()


def after(spec: Any, name: str) -> list[str]:
    """The elements right behind one, the library's own among them."""
    one = spec.task_specs.get(name)
    return list(one._outputs) if one is not None else []


def reach(spec: Any, begin: Iterable[str], without: Set[str] = NOTHING) -> set[str]:
    """`begin` and everything behind it; nothing of `without` is entered."""
    found: set[str] = set()
    stack = [name for name in begin if name not in without]
    while stack:
        name = stack.pop()
        if name not in found:
            found.add(name)
            stack += [following for following in after(spec, name) if following not in without]
    return found


def between(spec: Any, source: str, target: str) -> list[str] | None:
    """The elements that every way from `source` to `target` passes, both left out.

    None when there is no way. To be asked for elements of one process.
    """
    behind = reach(spec, after(spec, source))
    if target not in behind:
        return None
    inner = (name for name in spec.task_specs if name in behind and name not in (source, target))
    return [name for name in inner if target not in reach(spec, after(spec, source), {name})]


def entry(spec: Any, name: str) -> Any:
    """Where a token enters an element: the task before it that minds its boundary events."""
    return spec.task_specs.get(f"{name}{SPLIT}") or spec.task_specs[name]


def branches(spec: Any, name: str) -> frozenset[Branch]:
    """The parallel branches in which an element stands, from their split to their join."""
    return _branches(spec).get(name, frozenset())


@lru_cache(maxsize=256)
def _branches(spec: Any) -> dict[str, frozenset[Branch]]:
    found: dict[str, set[Branch]] = {}
    for branch, inside in _insides(spec):
        for name in inside:
            found.setdefault(name, set()).add(branch)
    return {name: frozenset(some) for name, some in found.items()}


def _insides(spec: Any) -> Iterator[tuple[Branch, set[str]]]:
    for split in spec.task_specs.values():
        if _is_parallel(split) and len(split._outputs) > 1:
            yield from _of_gateway(spec, split)
        elif isinstance(split, BoundaryEvent) and not split.cancel_activity:
            yield _beside_host(spec, split)


def _is_parallel(one: Any) -> bool:
    return isinstance(one, ParallelGateway | InclusiveGateway)


def _of_gateway(spec: Any, split: Any) -> Iterator[tuple[Branch, set[str]]]:
    itself = frozenset({split.name})
    behind = {first: reach(spec, [first], itself) for first in split._outputs}
    shared = [name for name in spec.task_specs if sum(name in one for one in behind.values()) > 1]
    joins = {name for name in shared if _is_join(spec.task_specs[name])} | itself
    for first in split._outputs:
        yield (split.name, first), reach(spec, [first], joins)


def _is_join(one: Any) -> bool:
    return _is_parallel(one) and len(one._inputs) > 1


def _beside_host(spec: Any, event: Any) -> tuple[Branch, set[str]]:
    host = event._inputs[0].removesuffix(SPLIT)
    return (event.name, event.name), reach(spec, [event.name]) - reach(spec, after(spec, host))


def loop_of(task: Any) -> Any | None:
    """The multi-instance that a task is one of; None for any other task."""
    parent = task.parent
    is_one = task.task_spec.name.endswith(CHILD) and parent is not None
    return parent if is_one and isinstance(parent.task_spec, LoopTask) else None


def gateway_of(task: Any) -> Any | None:
    """The event-based gateway that a waiting event stands behind; None for any other task."""
    parent = task.parent
    return parent if parent is not None and isinstance(parent.task_spec, EventGateway) else None


def standing(task: Any) -> Any:
    """The task that stands for a token: of instances and of events behind a gateway the one."""
    return loop_of(task) or gateway_of(task) or task


def whole(task: Any) -> Any:
    """The task with what belongs to it in the tree: its multi-instance, its boundary events."""
    one = standing(task)
    parent = one.parent
    is_split = parent is not None and parent.task_spec.name == f"{one.task_spec.name}{SPLIT}"
    return parent if is_split else one


def path(task: Any) -> list[Any]:
    """The tasks from the root of the task's own process down to it."""
    found = [task]
    while found[-1].parent is not None:
        found.append(found[-1].parent)
    return found[::-1]
