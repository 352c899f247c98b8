"""Which routing values the rest of a process still reads before anything sets them.

A value may come from a step that somebody jumps over: then it is asked for, or the jump refused.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any

from SpiffWorkflow.bpmn.specs.mixins.multiinstance_task import LoopTask
from SpiffWorkflow.bpmn.specs.mixins.subworkflow_task import SubWorkflowTask

from engine.feel import FeelError, compile_expression
from engine.runtime.place import CHILD
from engine.runtime.registry import Domain, operation, operations
from engine.runtime.routes import reach

FUNCTIONS = {"due": lambda period: period}
READ = ("organisation", "assignee", "correlation")  # properties that are always FEEL


def needed(spec: Any, called: Mapping[str, Any], begin: str) -> frozenset[str]:
    """The names that are read from `begin` on, on some way before they are set."""
    live: dict[str, frozenset[str]] = {}
    region = reach(spec, [begin])
    changed = True
    while changed:
        changed = False
        for name in region:
            one = spec.task_specs[name]
            out = frozenset[str]().union(*(live.get(next_, frozenset()) for next_ in one._outputs))
            found = reads(one, called) | (out - sets(one, called))
            changed = changed or found != live.get(name, frozenset())
            live[name] = found
    return live[begin]


def after_call(spec: Any, called: Mapping[str, Any], caller: str) -> frozenset[str]:
    """What is needed once a called process has ended."""
    following = spec.task_specs[caller]._outputs
    return frozenset[str]().union(*(needed(spec, called, name) for name in following))


def all_set(spec: Any, called: Mapping[str, Any], names: Iterable[str]) -> frozenset[str]:
    """What any of these elements may set."""
    return frozenset[str]().union(*(sets(spec.task_specs[name], called) for name in names))


def sets(one: Any, called: Mapping[str, Any]) -> frozenset[str]:
    """What an element may set."""
    if isinstance(one, SubWorkflowTask):
        inner = called.get(one.spec)
        return all_set(inner, called, inner.task_specs) if inner is not None else frozenset()
    known = operation(operation_of(one))
    names = set(known.sets) if known is not None else set()
    names |= set(_results(one))
    if one.manual:
        names.add(f"{one.name.removesuffix(CHILD)}_outcome")
    return frozenset(names)


def _results(one: Any) -> Iterator[str]:
    found = properties(one).get("resultVariable")
    if found:
        yield found
    script = getattr(one, "script", None)
    yield from (
        re.findall(r"^\s*([^\s=]+)\s*=(?!=)", script, re.M) if isinstance(script, str) else ()
    )


def reads(one: Any, called: Mapping[str, Any]) -> frozenset[str]:
    """What an element reads itself, a call everything that its process needs."""
    if isinstance(one, SubWorkflowTask):
        inner = called.get(one.spec)
        return needed(inner, called, inner.start.name) if inner is not None else frozenset()
    found = frozenset[str]().union(*(names_in(source) for source in _expressions(one)))
    return found - _own(one)


def _own(one: Any) -> frozenset[str]:
    item = getattr(one, "input_item", None)
    return frozenset({item.bpmn_id}) if item is not None else frozenset()


def _expressions(one: Any) -> Iterator[str]:
    for condition, _ in getattr(one, "cond_task_specs", ()):
        if condition is not None:
            yield str(condition.args[0])
    for parameter in getattr(one, "operation_params", {}).values():
        yield str(parameter["value"])
    given = properties(one)
    yield from (given[name] for name in READ if name in given)
    if given.get("deadline", "").startswith("="):
        yield given["deadline"]
    body = getattr(getattr(one, "event_definition", None), "expression", None)
    if body and not str(body).strip().startswith(("P", "R")):
        yield str(body)
    yield from _loop(one)


def _loop(one: Any) -> Iterator[str]:
    if isinstance(one, LoopTask):
        source = getattr(one, "data_input", None)
        parts = (getattr(source, "bpmn_id", None), getattr(one, "cardinality", None))
        yield from (str(part) for part in (*parts, one.condition) if part)
        child = one._wf_spec.task_specs[one.task_spec]
        yield from _expressions(child)


@lru_cache(maxsize=4096)
def names_in(source: str) -> frozenset[str]:
    """The context's names in a FEEL expression; none in one that cannot be read."""
    try:
        return compile_expression(source.strip().removeprefix("="), functions=FUNCTIONS).names
    except FeelError:
        return frozenset()


def properties(one: Any) -> dict[str, str]:
    """The vocabulary of an element (design, Diagram vocabulary)."""
    found: dict[str, str] = getattr(one, "extensions", {}).get("properties", {})
    other = _other(one) if not found else None
    return found if other is None else getattr(other, "extensions", {}).get("properties", {})


def _other(one: Any) -> Any | None:
    """Of a multi-instance its single one, and the other way about: the parser tells either."""
    if isinstance(one, LoopTask):
        return one._wf_spec.task_specs.get(one.task_spec)
    outer = one.name.removesuffix(CHILD)
    return one._wf_spec.task_specs.get(outer) if outer != one.name else None


def operation_of(one: Any) -> str:
    """The operation that an element calls or records with; empty for none."""
    called = getattr(one, "operation_name", None)
    inner = _other(one) if called is None and isinstance(one, LoopTask) else None
    called = called or getattr(inner, "operation_name", None)
    return str(called or properties(one).get("operation", ""))


def domain_of(name: str) -> Domain | None:
    """What a routing value may be, where an operation has told of it."""
    for one in operations().values():
        if name in one.sets:
            return one.sets[name]
    return None
