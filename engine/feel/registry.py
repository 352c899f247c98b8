"""Built-in functions: declared with their FEEL parameters, chosen by number, name and kind.

    @builtin("substring", "string: string", "start position: number", "length: number?")
    def substring(value: str, start: Decimal, length: Decimal | None = None) -> object: ...

A trailing `?` makes a parameter optional. A leading `*` takes all arguments, or the one list that
is given instead; `**` takes all arguments, however many.
One name may be declared several times with different parameters. When no declaration accepts the
arguments, the result is null with a reason, as FEEL says.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Literal, TypeVar

from engine.feel.errors import FeelError, Pos
from engine.feel.limits import Budget, check_list, check_string
from engine.feel.scope import Run
from engine.feel.values import Function, Months, Range, TypeOf
from engine.feel.wide import NanoTime, WideDate, WideMoment
from engine.text import text

Implementation = TypeVar("Implementation", bound=Callable[..., object])

_ACCEPTS: dict[str, tuple[type, ...]] = {
    "number": (Decimal,),
    "string": (str,),
    "boolean": (bool,),
    "date": (date, WideDate),
    "time": (time, NanoTime),
    "date and time": (datetime, WideMoment),
    "duration": (timedelta, Months),
    "list": (list,),
    "context": (dict,),
    "range": (Range,),
    "function": (Function,),
}
_ABSENT = object()
"""Stands for an argument that was not given."""

_REFUSED = object()
"""Stands for a value that its parameter does not accept."""


@dataclass(frozen=True, slots=True)
class Param:
    name: str
    kind: str
    optional: bool = False
    rest: bool = False
    many: bool = False


@dataclass(frozen=True, slots=True)
class Overload:
    """One way to call a built-in; the function may take the Budget or the Run first."""

    params: tuple[Param, ...]
    call: Callable[..., object]
    needs: Literal["", "budget", "run"]

    def bind(self, args: Sequence[object], names: tuple[str, ...] | None) -> list[object] | None:
        """The arguments in order and coerced, or None when they do not fit."""
        placed = self._by_name(args, names) if names else self._by_place(args)
        if placed is None:
            return None
        bound = [_coerce(p, v) for p, v in zip(self.params, placed, strict=True)]
        while bound and bound[-1] is _ABSENT and self.params[len(bound) - 1].optional:
            bound.pop()
        for i, value in enumerate(bound):
            if value is _ABSENT and self.params[i].optional:
                bound[i] = None
        return None if any(value is _REFUSED or value is _ABSENT for value in bound) else bound

    def takes(self, kinds: Sequence[TypeOf]) -> bool:
        """Whether arguments of these types fit."""
        needed = sum(not param.optional for param in self.params)
        if not needed <= len(kinds) <= len(self.params):
            return False
        pairs = zip(self.params, kinds, strict=False)
        return all(param.kind in ("any", kind.name) for param, kind in pairs)

    def _by_place(self, args: Sequence[object]) -> list[object] | None:
        if self.params and self.params[0].rest:
            single = len(args) == 1 and isinstance(args[0], list) and not self.params[0].many
            return [args[0] if single else list(args)] if args else None
        if len(args) > len(self.params):
            return None
        return [*args, *[_ABSENT] * (len(self.params) - len(args))]

    def _by_name(self, args: Sequence[object], names: tuple[str, ...]) -> list[object] | None:
        given = dict(zip(names, args, strict=True))
        if given.keys() - {param.name for param in self.params}:
            return None
        return [given.get(param.name, _ABSENT) for param in self.params]


def _coerce(param: Param, value: object) -> object:
    """The value if the parameter accepts it: one element stands for a list of it, and back."""
    if value is _ABSENT or param.kind == "any":
        return value
    if value is None:
        return None if param.optional else _REFUSED
    types = _ACCEPTS[param.kind]
    if type(value) in types or (param.kind == "function" and isinstance(value, Function)):
        return value
    if param.kind == "list":
        return [value]
    if isinstance(value, list) and len(value) == 1 and type(value[0]) in types:
        return value[0]
    return _REFUSED


class Builtin(Function):
    """A named built-in with all its overloads; a call costs `steps`, long arguments more."""

    __slots__ = ("overloads", "steps")

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.overloads: list[Overload] = []
        self.steps = 1

    def takes(self, kinds: Sequence[TypeOf]) -> bool:
        return any(overload.takes(kinds) for overload in self.overloads)


BUILTINS: dict[str, Builtin] = {}


def builtin(
    name: str, *params: str, budget: bool = False, run: bool = False, steps: int = 1
) -> Callable[[Implementation], Implementation]:
    """Register a function under its FEEL name; see the module's text for `params`.

    `steps` are for functions that take longer than most: a step is about eight microseconds.
    """
    overload = tuple(_param(declared) for declared in params)
    needs: Literal["", "budget", "run"] = "run" if run else "budget" if budget else ""

    def register(function: Implementation) -> Implementation:
        entry = BUILTINS.setdefault(name, Builtin(name))
        entry.overloads.append(Overload(overload, function, needs))
        entry.steps = max(entry.steps, steps)
        return function

    return register


def _param(declared: str) -> Param:
    name, _, kind = (part.strip() for part in declared.partition(":"))
    optional, rest, many = kind.endswith("?"), name.startswith("*"), name.startswith("**")
    return Param(name.lstrip("*"), kind.removesuffix("?"), optional, rest, many)


def call_builtin(
    function: Builtin,
    args: Sequence[object],
    names: tuple[str, ...] | None,
    run: Run,
    pos: Pos | None,
) -> object:
    """Call the first overload that fits; null with a reason when none does."""
    budget = run.budget
    try:
        charge_call(function.steps, args, budget)
        for overload in function.overloads:
            bound = overload.bind(args, names)
            if bound is not None:
                return _checked(_attempt(overload, bound, function.name, run, pos), budget)
    except FeelError as error:
        error.place(pos)
        raise
    budget.note(pos, text("函数{name}不能这样使用：参数的个数或种类不对", name=function.name))
    return None


def _attempt(
    overload: Overload, bound: list[object], name: str, run: Run, pos: Pos | None
) -> object:
    given: dict[str, list[object]] = {"": [], "budget": [run.budget], "run": [run]}
    try:
        result = overload.call(*given[overload.needs], *bound)
    except (ArithmeticError, ValueError):
        # Beyond the calendar or the numbers: null by the standard's rule for wrong arguments.
        result = None
    if result is None:
        run.budget.note(pos, text("函数{name}对这些参数没有结果", name=name))
    return result


def charge_call(steps: int, args: Sequence[object], budget: Budget) -> None:
    """A call costs steps, and long arguments more, before anything is done with them."""
    for arg in args:
        if isinstance(arg, list | dict):
            steps += len(arg) >> 3
        elif isinstance(arg, str):
            steps += len(arg) >> 7
    budget.charge(steps)


def _checked(result: object, budget: Budget) -> object:
    if isinstance(result, str):
        return check_string(result, budget)
    return check_list(result, budget) if isinstance(result, list) else result
