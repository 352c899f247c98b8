"""Moving a running workflow to other specifications: what may move, and the move itself.

The library's own migration resets what is active: timers begin again, multi-instance children
lose their item. Here active tasks stay exactly as they are; only what lies ahead of them is
predicted anew. Whoever would lose something is refused (spiffworkflow-notes, Migration).
"""

from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from typing import Any

from SpiffWorkflow.bpmn.specs.event_definitions.timer import TimerEventDefinition
from SpiffWorkflow.bpmn.specs.mixins.events.event_types import CatchingEvent
from SpiffWorkflow.bpmn.specs.mixins.events.intermediate_event import EventBasedGateway
from SpiffWorkflow.bpmn.specs.mixins.multiinstance_task import LoopTask
from SpiffWorkflow.bpmn.specs.mixins.subworkflow_task import SubWorkflowTask
from SpiffWorkflow.util.task import TaskState

from engine.runtime.codec import Specs
from engine.runtime.migration_tree import (
    JOIN,
    SPLIT,
    ahead,
    is_leftover,
    is_open,
    kept,
    pass_over,
    targets,
)
from engine.runtime.place import CHILD
from engine.runtime.reach import passed_anew, stuck_joins, unstarted
from engine.text import Text, text

WAIT = text("等这一步办结后再迁移")
STAY = text("这件事按原版本办完，或在新版本里保留这一步再发布")
LOOP_PARTS = ("cardinality", "data_input", "data_output", "input_item", "output_item", "condition")


@dataclass(frozen=True)
class Obstacle:
    """Why a workflow cannot move: at which element, and what would make it possible."""

    element: str
    name: str
    why: Text
    remedy: Text


def check(workflow: Any, new: Specs) -> list[Obstacle]:
    """What keeps the workflow from moving to `new`; empty when it can. Changes nothing."""
    found: list[Obstacle] = []
    for part, target in targets(workflow, new):
        if target is None or part.completed:
            continue
        for look in (_removed, _changed, _tokens):  # each takes for granted what the last found
            found = found or list(look(part, target))
    return list({(one.element, str(one.why)): one for one in found}.values())


def effects(workflow: Any, new: Specs) -> list[Text]:
    """What the move means for this workflow, where it is not refused."""
    found: list[Text] = []
    for part, target in targets(workflow, new):
        if target is None or part.completed:
            continue
        coming, missed = unstarted(part, target)
        found += [text("将经过新增的“{name}”", name=name) for name in coming]
        found += [text("不经过新增的“{name}”", name=name) for name in missed]
        again = passed_anew(part, target)
        found += [text("会再次经过“{name}”", name=name) for name in again]
        found += _waiting_notes(part, target)
    return list({str(one): one for one in found}.values())


def swap(workflow: Any, new: Specs) -> None:
    """Put the workflow on `new`, which `check` found possible.

    Afterwards it is good for `encode` only: what listens to its ends still knows the old ones.
    """
    for part, target in list(targets(workflow, new)):
        if target is None:
            workflow.subprocesses.pop(part.parent_task_id)
            continue
        _give(part, target)
    workflow.subprocess_specs = new.called


def _give(part: Any, target: Any) -> None:
    for task in [one for one in part.tasks.values() if is_leftover(one, target)]:
        pass_over(part, task)
    opened = [task for task in part.tasks.values() if is_open(task)]
    for task in opened:
        for child in ahead(task):
            part._remove_task(child.id)
    part.spec = target
    for task in part.tasks.values():
        task.task_spec = target.task_specs[task.task_spec.name]
    for task in opened:
        _predict(task)


def _predict(task: Any) -> None:
    state = task.state
    if state == TaskState.ERROR:  # the library predicts nothing after a failure; a retry needs it
        task._state = TaskState.READY
    task.task_spec._predict_hook(task)
    task._state = state
    mask = TaskState.PREDICTED_MASK | TaskState.FUTURE
    for child in ahead(task):
        child.task_spec._predict(child, mask=mask)


def place(workflow: Any) -> list[str]:
    """Names of the steps and waits at which a workflow stands."""
    parts = [workflow, *workflow.get_active_subprocesses()]
    tasks = [task for part in parts for task in part.tasks.values() if is_open(task)]
    return sorted({name_of(task) for task in tasks if _stands(task)})


def _stands(task: Any) -> bool:
    spec = task.task_spec
    waits = isinstance(spec, CatchingEvent) and task.state == TaskState.WAITING
    ready = spec.manual and task.state == TaskState.READY
    return bool(ready or waits or task.state == TaskState.ERROR)


def shape(workflow: Any) -> Hashable:
    """What `check` and `effects` depend on: workflows of one shape get one answer."""
    parts = [workflow, *sorted(workflow.subprocesses.values(), key=lambda one: one.depth)]
    return tuple((_caller(workflow, part), part.completed, _rows(part)) for part in parts)


def _caller(workflow: Any, part: Any) -> str:
    if part is workflow:
        return ""
    return str(workflow.get_task_from_id(part.parent_task_id).task_spec.name)


def _rows(part: Any) -> Hashable:
    found = set()
    for task in kept(part):
        parent = task.parent
        above = (parent.task_spec.name, parent.state) if parent is not None else None
        found.add((task.task_spec.name, task.state, bool(task.children), above))
    return frozenset(found)


def element_id(spec_name: str) -> str:
    """The diagram's element that a specification belongs to."""
    for ending in (CHILD, SPLIT, JOIN):
        spec_name = spec_name.removesuffix(ending)
    return spec_name


def name_of(task: Any) -> str:
    """What people call the element of a task."""
    key = element_id(task.task_spec.name)
    spec = task.workflow.spec.task_specs.get(key)
    return str(getattr(spec, "bpmn_name", None) or key)


def _obstacle(task: Any, why: Text, remedy: Text = WAIT) -> Obstacle:
    return Obstacle(element_id(task.task_spec.name), name_of(task), why, remedy)


def _removed(part: Any, target: Any) -> Iterator[Obstacle]:
    for task in kept(part):
        if task.task_spec.name in target.task_specs or is_leftover(task, target):
            continue
        name = name_of(task)
        if is_open(task):
            why = text("正在“{name}”，新版本里没有这一步", name=name)
            yield _obstacle(task, why, text("先办结或移到别的步骤，再迁移"))
        else:
            yield _obstacle(task, text("已经过“{name}”，新版本里没有这一步", name=name), STAY)


def _changed(part: Any, target: Any) -> Iterator[Obstacle]:
    for task in part.tasks.values():
        if is_open(task):
            why = _open_change(task, target)
            if why is not None:
                yield _obstacle(task, why)
        elif _other_split(task, target):
            name = name_of(task)
            yield _obstacle(task, text("“{name}”分出的几路还在办理，新版本换了分法", name=name))


def _open_change(task: Any, target: Any) -> Text | None:
    old, name = task.task_spec, name_of(task)
    new = target.task_specs[old.name]
    if _kind(old) != _kind(new):
        return text("“{name}”正在办理，新版本里是另一种步骤", name=name)
    if isinstance(old, LoopTask) and _loop(old) != _loop(new):
        return text("“{name}”正在逐项办理，新版本改了逐项的依据", name=name)
    if isinstance(old, SubWorkflowTask) and old.spec != new.spec:
        return text("“{name}”正在办理，新版本改为调用{called}", name=name, called=new.spec)
    if isinstance(old, EventBasedGateway) and _branches(old) != _branches(new):
        return text("“{name}”正在等候，新版本改了等候的事件", name=name)
    return _attached_change(task, target)


def _kind(spec: Any) -> tuple[type, type | None]:
    event = spec.event_definition if isinstance(spec, CatchingEvent) else None
    return type(spec), type(event) if event is not None else None


def _loop(spec: Any) -> list[str]:
    parts = (getattr(spec, name, None) for name in LOOP_PARTS)
    return [str(getattr(part, "bpmn_id", part)) for part in parts]


def _branches(spec: Any) -> list[tuple[str, str]]:
    return [(one.name, type(one.event_definition).__name__) for one in spec.outputs] + [
        ("", type(one).__name__) for one in getattr(spec.event_definition, "event_definitions", [])
    ]


def _attached_change(task: Any, target: Any) -> Text | None:
    """A boundary event begins with its host's beginning: one added later would never fire."""
    parent, name = task.parent, name_of(task)
    if parent is not None and parent.task_spec.name.endswith(SPLIT):
        split = target.task_specs.get(parent.task_spec.name)
        if split is None or task.task_spec.name not in split._outputs:
            return text("“{name}”在新版本里属于另一个步骤", name=name)
    split = target.task_specs.get(task.task_spec.name + SPLIT)
    before = task.workflow.spec.task_specs.get(task.task_spec.name + SPLIT)
    known = before._outputs if before is not None else [task.task_spec.name]
    added = [key for key in split._outputs if key not in known] if split is not None else []
    if not added:
        return None
    event = target.task_specs[added[0]].bpmn_name or added[0]
    return text("“{name}”已经开始，新版本给它加的“{event}”不会再触发", name=name, event=event)


def _other_split(task: Any, target: Any) -> bool:
    """A gateway that let several tokens out which are still under way, and is another one now."""
    new = target.task_specs.get(task.task_spec.name)
    if new is None or len(task.children) < 2 or type(new) is type(task.task_spec):
        return False
    return sum(any(is_open(one) for one in child) for child in task.children) > 1


def _tokens(part: Any, target: Any) -> Iterator[Obstacle]:
    before = dict(stuck_joins(part, part.spec))
    for join, missing in stuck_joins(part, target):
        if join in before:
            continue
        name = target.task_specs[join].bpmn_name or join
        source = target.task_specs[missing].bpmn_name or missing
        why = text("“{name}”要等“{source}”，而这件事不会经过那里", name=name, source=source)
        yield Obstacle(join, name, why, text("等几路汇合之后再迁移"))


def _waiting_notes(part: Any, target: Any) -> Iterator[Text]:
    for task in part.tasks.values():
        if task.state != TaskState.WAITING or not isinstance(task.task_spec, CatchingEvent):
            continue
        old = task.task_spec.event_definition
        new = target.task_specs[task.task_spec.name].event_definition
        if isinstance(old, TimerEventDefinition):
            if old.expression != new.expression:
                yield text("“{name}”已定的时间不变", name=name_of(task))
        elif old.name != new.name:
            yield text("“{name}”改为等候消息{message}", name=name_of(task), message=new.name)
