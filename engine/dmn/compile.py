"""Compiles what DMN adds to FEEL, except decision tables (table.py)."""

from engine.dmn.nodes import Block, Broken, Row, Typed
from engine.feel import nodes
from engine.feel.compile import Scope, compile_node, compiles
from engine.feel.scope import Fn, Frame
from engine.feel.types import coerce


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
