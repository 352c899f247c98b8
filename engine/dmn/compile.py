"""Compiles what DMN adds to FEEL, except decision tables (table.py)."""

from engine.dmn.nodes import Block, Boolean, Broken, Row, Strict, Typed
from engine.feel import nodes
from engine.feel.compile import Scope, compile_node, compiles
from engine.feel.scope import Fn, Frame
from engine.feel.types import coerce
from engine.text import text


@compiles(Typed)
def _typed(node: Typed, scope: Scope) -> Fn:
    value, kind = compile_node(node.value, scope), node.type
    return lambda frame: coerce(value(frame), kind, frame.run.budget)


@compiles(Broken)
def _broken(node: Broken, _scope: Scope) -> Fn:
    pos, reason = node.pos, node.error.message

    def nothing(frame: Frame) -> object:
        frame.run.budget.note(pos, reason)
        return None

    return nothing


class _NotBoolean(Exception):
    """A condition was something else; caught by the boxed expression around it."""


@compiles(Boolean)
def _boolean(node: Boolean, scope: Scope) -> Fn:
    value = compile_node(node.value, scope)

    def check(frame: Frame) -> object:
        found = value(frame)
        if found is None or isinstance(found, bool):
            return found
        raise _NotBoolean

    return check


@compiles(Strict)
def _strict(node: Strict, scope: Scope) -> Fn:
    value, pos = compile_node(node.value, scope), node.pos

    def attempt(frame: Frame) -> object:
        try:
            return value(frame)
        except _NotBoolean:
            frame.run.budget.note(pos, text("条件的结果不是“是”或“否”"))
            return None

    return attempt


@compiles(Row)
def _row(node: Row, scope: Scope) -> Fn:
    entries = [(k, compile_node(v, scope)) for k, v in zip(node.keys, node.values, strict=True)]
    return lambda frame: {key: value(frame) for key, value in entries}


@compiles(Block)
def _block(node: Block, scope: Scope) -> Fn:
    entries: list[tuple[str, Fn]] = []
    for key, value in zip(node.keys, node.values, strict=True):
        inner = scope.inside(key) if isinstance(value, nodes.Lambda) else scope.inside()
        entries.append((key, compile_node(value, inner)))
        scope = scope.inside(key)
    result = compile_node(node.result, scope.inside())

    def build(frame: Frame) -> object:
        made: dict[str, object] = {}
        level = Frame(made, frame, frame.run)
        for key, value in entries:
            made[key] = value(level)
        return result(level)

    return build
