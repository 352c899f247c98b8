"""The operations that diagrams name, with what they take and what they set.

What an operation `sets` are the routing keys it may return, each with its possible values when
they are few, else its kind. Publication checks every name in an expression against them, and a
key that is returned without being declared is an error of ours, refused when it happens.
"""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import wraps
from typing import TYPE_CHECKING, Any

from engine.errors import DanbaoError
from engine.text import text

if TYPE_CHECKING:
    from engine.runtime.context import StepContext

Routing = dict[str, Any]
FormOperation = Callable[["StepContext", Mapping[str, Any]], Routing | None]
ServiceOperation = Callable[..., Routing | None]


class Kind(StrEnum):
    """What a routing value is, where its values are not few."""

    BOOLEAN = "boolean"
    INTEGER = "integer"
    TEXT = "text"
    DATE = "date"
    LIST = "list"


BOOLEAN, INTEGER, TEXT, DATE, LIST = Kind
Domain = Kind | tuple[str | None, ...]
Sets = Mapping[str, Domain]


@dataclass(frozen=True)
class Operation:
    """A registered operation: `kind` is "form" (records a completed form) or "service".

    `inputs` of a service operation say whether each must be given. Without `keeps_values` the
    form's values are stored by the operation alone: neither the task nor the audit trail repeats
    what others may not read yet. What a `final` one decides is in force at once, and cannot be
    taken back (撤回) with the step. `asks` are the ids of the published decisions it goes by.
    """

    name: str
    kind: str
    function: Callable[..., Routing | None]
    title: str
    keeps_values: bool = True
    final: bool = False
    sets: Sets = field(default_factory=dict)
    inputs: Mapping[str, bool] = field(default_factory=dict)
    asks: tuple[str, ...] = ()


_REGISTRY: dict[str, Operation] = {}
_STARTS: dict[str, Sets] = {}


def form_operation(
    name: str,
    title: str,
    *,
    sets: Sets | None = None,
    keeps_values: bool = True,
    final: bool = False,
    asks: tuple[str, ...] = (),
) -> Callable[[FormOperation], FormOperation]:
    """Register `function(ctx, values) -> routing values` to record a completed form."""

    def register(function: FormOperation) -> FormOperation:
        checked = _declared(name, function, sets or {})
        _REGISTRY[name] = Operation(
            name, "form", checked, title, keeps_values, final, sets or {}, asks=asks
        )
        return function

    return register


def service_operation(
    name: str, title: str, *, sets: Sets | None = None, asks: tuple[str, ...] = ()
) -> Callable[[ServiceOperation], ServiceOperation]:
    """Register `function(ctx, **inputs) -> routing values` for service tasks."""

    def register(function: ServiceOperation) -> ServiceOperation:
        checked, inputs = _declared(name, function, sets or {}), _inputs(function)
        _REGISTRY[name] = Operation(
            name, "service", checked, title, sets=sets or {}, inputs=inputs, asks=asks
        )
        return function

    return register


def _inputs(function: ServiceOperation) -> dict[str, bool]:
    parameters = inspect.signature(function).parameters.values()
    return {
        one.name: one.default is one.empty for one in parameters if one.kind is one.KEYWORD_ONLY
    }


def _declared(
    name: str, function: Callable[..., Routing | None], sets: Sets
) -> Callable[..., Routing | None]:
    @wraps(function)
    def checked(*args: Any, **inputs: Any) -> Routing | None:
        found = function(*args, **inputs)
        undeclared = "、".join(sorted((found or {}).keys() - sets.keys()))
        if undeclared:
            raise DanbaoError(
                "undeclared_key",
                text("操作{name}返回了没有登记的{keys}", name=name, keys=undeclared),
                text("在登记操作处的sets里写上"),
            )
        return found

    return checked


def starts_with(process_key: str, **sets: Domain) -> None:
    """Register what a process is started with, besides the programme."""
    _STARTS[process_key] = {**_STARTS.get(process_key, {}), **sets}


def operation(name: str) -> Operation | None:
    """The operation of that name; None when there is none (publication refuses such a diagram)."""
    return operations().get(name)


def operations() -> Mapping[str, Operation]:
    """All operations by name."""
    import engine.operations  # noqa: F401  (its modules register themselves)

    return _REGISTRY


def starts() -> Mapping[str, Sets]:
    """What each process is started with."""
    import engine.operations  # noqa: F401  (its modules register themselves)

    return _STARTS
