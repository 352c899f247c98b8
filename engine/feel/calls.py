"""Compiles calls and lambdas, and calls every kind of function."""

import inspect
from collections.abc import Callable, Sequence

from engine.feel import nodes
from engine.feel.compile import Scope, compile_node, compiles
from engine.feel.convert import from_python
from engine.feel.errors import FeelError, Pos
from engine.feel.limits import MAX_STACK, too_big
from engine.feel.loops import cost
from engine.feel.registry import BUILTINS, Builtin, call_builtin, charge_call
from engine.feel.scope import Fn, Frame, Run
from engine.feel.types import coerce, resolve
from engine.feel.values import Function, HostFunction, SignedFunction, TypeOf, kind_of
from engine.text import text

ArgNames = tuple[str, ...] | None


class BoundFunction(SignedFunction):
    """A function that runs in the evaluation that calls it; bounded in depth and steps."""

    __slots__ = ("levels", "steps")

    levels: int
    steps: int

    def run(self, given: dict[str, object], run: Run) -> object:
        """The result for arguments that were bound to the parameters' names."""
        raise NotImplementedError


class Closure(BoundFunction):
    """A lambda with the frame that it was made in."""

    __slots__ = ("body", "frame")

    def __init__(
        self,
        node: nodes.Lambda,
        kinds: tuple[TypeOf | None, ...],
        steps: int,
        body: Fn,
        frame: Frame,
    ) -> None:
        super().__init__("function", node.params, kinds, node.result)
        self.levels = node.body.height + 1
        self.steps = steps
        self.body = body
        self.frame = frame

    def run(self, given: dict[str, object], run: Run) -> object:
        return self.body(Frame(given, self.frame, run))


@compiles(nodes.Lambda)
def _lambda(node: nodes.Lambda, scope: Scope) -> Fn:
    inner = scope.inside(*node.params)
    body, steps = compile_node(node.body, inner), cost(node, inner)
    kinds = tuple(kind and resolve(kind, scope.types) for kind in node.types)
    return lambda frame: Closure(node, kinds, steps, body, frame)


@compiles(nodes.Call)
def _call(node: nodes.Call, scope: Scope) -> Fn:
    callee = node.callee
    if isinstance(callee, nodes.Name) and callee.name not in scope.bound:
        if callee.name == "is defined" and len(node.args) == 1:
            return _is_defined(node.args[0], scope)
        if callee.name in scope.functions:
            return _call_host(callee.name, node, scope)
        if callee.name in BUILTINS and callee.name not in scope.declared:
            return _call_builtin(BUILTINS[callee.name], node, scope)
    return _call_value(node, scope)


def _call_builtin(function: Builtin, node: nodes.Call, scope: Scope) -> Fn:
    args = [compile_node(arg, scope) for arg in node.args]
    names, pos = node.names, node.pos
    constant = _constant(function, node, scope)
    if constant is not None and not isinstance(constant, list | dict):
        return lambda _frame: constant
    return lambda frame: call_builtin(function, [arg(frame) for arg in args], names, frame.run, pos)


def _constant(function: Builtin, node: nodes.Call, scope: Scope) -> object:
    """What date("2025-01-01") gives every time; null for what fails, whose reason is for later.

    What takes long is left to the evaluations, which bound it: all calls of a text share a few
    steps, or whoever published or checked it would wait for each of them.
    """
    values = [arg.value for arg in node.args if isinstance(arg, nodes.Literal)]
    if len(values) < len(node.args):
        return None
    try:
        return call_builtin(function, values, node.names, Run({}, {}, scope.folding), node.pos)
    except FeelError as error:
        if error.code == "feel_limit":
            return None
        raise


def _call_host(name: str, node: nodes.Call, scope: Scope) -> Fn:
    args = [compile_node(arg, scope) for arg in node.args]
    names, pos = node.names, node.pos

    def call(frame: Frame) -> object:
        values = [arg(frame) for arg in args]
        return call_host(name, frame.run.functions[name], values, names, frame.run, pos)

    return call


def _call_value(node: nodes.Call, scope: Scope) -> Fn:
    callee = compile_node(node.callee, scope)
    args = [compile_node(arg, scope) for arg in node.args]

    def call(frame: Frame) -> object:
        function = callee(frame)
        values = [arg(frame) for arg in args]
        if isinstance(function, Function):
            return invoke(function, values, node.names, frame.run, node.pos)
        message = text("没有函数{name}", name=_written(node.callee))
        frame.run.budget.note(node.pos, message)
        return None

    return call


def _written(node: nodes.Node) -> str:
    if isinstance(node, nodes.Name):
        return node.name
    return f"{_written(node.base)}.{node.key}" if isinstance(node, nodes.Path) else "(…)"


def invoke(
    function: Function, args: Sequence[object], names: ArgNames, run: Run, pos: Pos | None
) -> object:
    """Call a function value, whichever kind it is."""
    if isinstance(function, BoundFunction):
        return _call_bound(function, args, names, run, pos)
    if isinstance(function, HostFunction):
        return call_host(function.name, function.call, args, names, run, pos)
    if isinstance(function, Builtin):
        return call_builtin(function, args, names, run, pos)
    raise FeelError("feel_type", text("{kind}不能调用", kind=kind_of(function)), pos=pos)


def _call_bound(
    function: BoundFunction, args: Sequence[object], names: ArgNames, run: Run, pos: Pos | None
) -> object:
    params = function.params
    given = dict(zip(names or params, args, strict=False))
    if len(args) != len(params) or given.keys() != set(params):
        run.budget.note(pos, text("这个函数要{count}个参数", count=len(params)))
        return None
    if not _coerce_given(function, given, run, pos):
        run.budget.note(pos, text("参数的种类不对"))
        return None
    return _within_stack(function, given, run, pos)


def _coerce_given(
    function: BoundFunction, given: dict[str, object], run: Run, pos: Pos | None
) -> bool:
    """Make the arguments what their parameters declare; False when one cannot be."""
    try:
        for name, kind in zip(function.params, function.kinds, strict=True):
            if kind is not None and given[name] is not None:
                given[name] = coerce(given[name], kind, run.budget)
                if given[name] is None:
                    return False
    except FeelError as error:
        error.place(pos)
        raise
    return True


def _within_stack(
    function: BoundFunction, given: dict[str, object], run: Run, pos: Pos | None
) -> object:
    """Run the body, if it does not pile up too high on the calls around it."""
    levels = function.levels
    if levels > run.budget.stack:
        raise too_big(text("函数互相调用的层数"), MAX_STACK, pos)
    run.budget.charge(function.steps, pos)
    run.budget.stack -= levels
    try:
        return function.run(given, run)
    finally:
        run.budget.stack += levels


def call_host(
    name: str,
    function: Callable[..., object],
    args: Sequence[object],
    names: ArgNames,
    run: Run,
    pos: Pos | None,
) -> object:
    """Call a function of the host with FEEL values; a refusal of its own (DanbaoError) passes.

    Named arguments are matched with `_` for spaces. Raises FeelError (feel_function) when the
    function cannot work with the arguments.
    """
    try:
        charge_call(1, args, run.budget)
        positional, named = _host_args(function, args, names)
        return from_python(function(*positional, **named), name)
    except FeelError as error:
        error.place(pos)
        raise
    except (TypeError, ValueError, ArithmeticError, LookupError) as error:
        message = text("函数{name}不能使用这些参数：{why}", name=name, why=str(error))
        raise FeelError("feel_function", message, pos=pos) from error


def _host_args(
    function: Callable[..., object], args: Sequence[object], names: ArgNames
) -> tuple[Sequence[object], dict[str, object]]:
    if names is None:
        return args, {}
    known = inspect.signature(function).parameters
    given = {name.replace(" ", "_"): value for name, value in zip(names, args, strict=True)}
    unknown = [name for name in given if name not in known]
    if unknown:
        raise TypeError("、".join(unknown))
    return (), given


def _is_defined(node: nodes.Node, scope: Scope) -> Fn:
    """Whether a name or a path exists, be it null; any other expression, whether it is not null."""
    value = compile_node(node, scope)
    if isinstance(node, nodes.Name):
        name = node.name
        return lambda frame: _has_name(frame, name)
    if not isinstance(node, nodes.Path):
        return lambda frame: value(frame) is not None
    base, key = compile_node(node.base, scope), node.key

    def has_key(frame: Frame) -> bool:
        holder = base(frame)
        return key in holder if isinstance(holder, dict) else value(frame) is not None

    return has_key


def _has_name(frame: Frame | None, name: str) -> bool:
    while frame is not None:
        if name in frame.names:
            return True
        frame = frame.parent
    return False
