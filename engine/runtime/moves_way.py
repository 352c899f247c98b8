"""The way of a token to a step: back to one that was passed, on, or another way from before.

A step that was passed is gone back to. One that was not is reached along the flow, leaving out
what every way there passes; or from something passed already, as if the flow had gone another way.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from SpiffWorkflow.util.task import TaskState

from engine.runtime import moves_tree, needs, routes
from engine.runtime.moves_rules import Place, Rules, name_of, rule_of
from engine.runtime.steps_done import Done
from engine.text import Text, text


@dataclass(frozen=True)
class Way:
    """`earlier`: the step was passed. `undone`: what was done since. `left_out`: the elements (with
    their process) that would have come before it. `refusal`: why it cannot be reached."""

    earlier: bool
    undone: tuple[Done, ...] = ()
    left_out: tuple[tuple[Any, Any], ...] = ()
    refusal: Text | None = None


def way(places: Sequence[Place], spec: Any, rules: Rules, done: Sequence[Done]) -> Way:
    """The way to a step, or why there is none.

    `places`: the token's, up to the one whose process the step belongs to.
    """
    place = places[-1]
    line = [one for one in routes.path(routes.whole(place.task))[:-1] if _is_passed(one)]
    names = [one.task_spec.name for one in line]
    again = spec.name == place.element
    if again or spec.name in names:
        at = len(line) if again else len(names) - 1 - names[::-1].index(spec.name)
        undone = _since(done, line[at - 1] if at else None)
        why = _back(rules, undone)
        return Way(not again, tuple(undone), refusal=why)
    return _onwards(places, spec, rules, done, line)


def _is_passed(task: Any) -> bool:
    return bool(task.state == TaskState.COMPLETED and getattr(task.task_spec, "bpmn_id", None))


def _since(done: Sequence[Done], task: Any | None) -> Sequence[Done]:
    """What was done after a task, anywhere in the instance."""
    if task is None:
        return done
    last = max((n for n, one in enumerate(done) if one.task_id == str(task.id)), default=-1)
    return done[last + 1 :]


def _back(rules: Rules, undone: Sequence[Done]) -> Text | None:
    """Why what was done may not be gone back behind: it is in force, or a check would be made
    again without the work that it checks."""
    again = {one.element_id for one in undone}
    for one in undone:
        rule = rules(one.process_key, one.element_id, one.operation)
        alone = not one.makers or not one.makers <= again
        if rule.back is not None or (alone and rule.again is not None):
            return rule.back or rule.again
    return None


def _onwards(
    places: Sequence[Place],
    spec: Any,
    rules: Rules,
    done: Sequence[Done],
    line: Sequence[Any],
) -> Way:
    """The way on from here, or another way from something that was passed already."""
    here = places[-1].element
    part = places[-1].part
    called = part.top_workflow.subprocess_specs
    begins: list[tuple[str, Sequence[Done]]] = [(here, ())]
    begins += [(one.task_spec.name, _since(done, one)) for one in reversed(line)]
    found: Text | None = None
    for n, (begin, undone) in enumerate(begins):
        inner = routes.between(part.spec, begin, spec.name)
        if inner is None:
            continue
        passed = moves_tree.steps_in(part.spec, called, inner)
        if n == 0 or not _comes_again(part.spec, here, spec.name, line):
            if n and here in routes.reach(part.spec, routes.after(part.spec, begin), {spec.name}):
                continue  # what was answered there chose the way to here: that stands
            passed = [*moves_tree.rest_of(places, called), *passed]
        why = _over(rules, passed) or _back(rules, undone)
        if why is None:
            return Way(False, tuple(undone), tuple(passed))
        found = found or why
    return Way(False, refusal=found or text("流程图里没有通往“{name}”的路", name=name_of(spec)))


def _comes_again(spec: Any, here: str, target: str, line: Sequence[Any]) -> bool:
    """Whether every way on from the step comes by here, or by what comes before it, again: so
    that nothing is left out for good."""
    before = {one.task_spec.name for one in line if needs.sets(one.task_spec, {})}
    left = (before | {here}) - {target}
    return "End" not in routes.reach(spec, [routes.entry(spec, target).name], left)


def _over(rules: Rules, passed: Sequence[tuple[Any, Any]]) -> Text | None:
    found = (rule_of(rules, spec, one).over for spec, one in passed)
    return next((one for one in found if one is not None), None)
