"""Compiles for, some, every and filters: what is done for each element of a list."""

from collections.abc import Callable, Iterable, Iterator
from datetime import date, timedelta
from decimal import Decimal

from engine.feel import nodes
from engine.feel.compile import Scope, compile_node, compiles
from engine.feel.limits import MAX_LIST, check_list, too_big
from engine.feel.nodes import Node, mentions
from engine.feel.scope import Fn, Frame
from engine.feel.values import CONTEXT, Range, kind_of
from engine.text import text

Source = tuple[str, Fn, Fn | None]
"""A loop's variable, what it runs over, and the end when that is `from..to`."""


Body = Callable[[Frame, list[object]], object]
"""The body of a `for`: its frame, and the results so far."""

_PARTIAL = "partial"


def cost(node: Node, scope: Scope) -> int:
    """Steps that one evaluation of a loop's body takes: by its nodes, and how deep they stand."""
    return 1 + (node.size * (16 + scope.levels) >> 7)


def _sources(iterations: tuple[nodes.Iteration, ...], scope: Scope) -> tuple[list[Source], Scope]:
    """Later sources see the variables of earlier ones."""
    sources: list[Source] = []
    for each in iterations:
        end = compile_node(each.end, scope) if each.end else None
        sources.append((each.name, compile_node(each.source, scope), end))
        scope = scope.inside(each.name)
    return sources, scope


def _frames(sources: list[Source], frame: Frame, node: Node, steps: int) -> Iterator[Frame | None]:
    """A frame for each combination of elements, the last source running fastest.

    Yields None, once, when a source is not something to run over.
    """
    name, source, end = sources[0]
    items = _items(frame, source(frame), end(frame) if end else None, node, bool(end))
    if items is None:
        yield None
        return
    for item in items:
        frame.run.budget.charge(steps, node.pos)
        inner = Frame({name: item}, frame, frame.run)
        if len(sources) == 1:
            yield inner
        else:
            yield from _frames(sources[1:], inner, node, steps)


def _items(
    frame: Frame, value: object, end: object, node: Node, to_end: bool
) -> Iterable[object] | None:
    """The elements of a list, of `from..to`, or of a range; None if it is none of these."""
    if to_end:
        return _within(Range(value, end, True, True), node)
    if isinstance(value, list):
        return value
    if isinstance(value, Range):
        return _within(value, node)
    if value is None:
        return None
    frame.run.budget.note(node.pos, text("{kind}不能逐个取值", kind=kind_of(value)))
    return [value]


def _within(bounds: Range, node: Node) -> Iterable[object] | None:
    """Whole numbers or days from one end to the other, downwards if that is smaller.

    They are made one by one: a `some` may stop at the first of thousands.
    """
    start, end = bounds.start, bounds.end
    if type(start) is date and type(end) is date:
        days = _offsets(Decimal((end - start).days), bounds, node)
        return (start + timedelta(days=i) for i in days)
    if not isinstance(start, Decimal) or not isinstance(end, Decimal):
        return None
    if start != start.to_integral_value() or end != end.to_integral_value():
        return None
    offsets = _offsets(CONTEXT.subtract(end, start), bounds, node)
    return (CONTEXT.add(start, Decimal(i)) for i in offsets)


def _offsets(distance: Decimal, bounds: Range, node: Node) -> range:
    if not -MAX_LIST < distance < MAX_LIST:
        raise too_big(text("循环次数"), MAX_LIST, node.pos)
    last = int(distance)
    offsets = range(last + 1) if last >= 0 else range(0, last - 1, -1)
    offsets = offsets if bounds.start_included else offsets[1:]
    return offsets if bounds.end_included else offsets[:-1]


@compiles(nodes.For)
def _for(node: nodes.For, scope: Scope) -> Fn:
    sources, inner = _sources(node.iterations, scope)
    steps = cost(node, inner)
    plain = compile_node(node.body, inner.inside(_PARTIAL))
    body = _with_partial(plain, node) if mentions(node.body, _PARTIAL) else _without_partial(plain)

    def collect(frame: Frame) -> object:
        results: list[object] = []
        for each in _frames(sources, frame, node, steps):
            if each is None:
                return None
            results.append(body(each, results))
            if len(results) > MAX_LIST:
                raise too_big(text("列表长度"), MAX_LIST, node.pos)
        return results

    return collect


def _with_partial(body: Fn, node: Node) -> Body:
    """The body sees a copy of the results so far, which it may keep as its own result."""

    def run(frame: Frame, results: list[object]) -> object:
        so_far = list(check_list(results, frame.run.budget, node.pos))
        return body(Frame({_PARTIAL: so_far}, frame, frame.run))

    return run


def _without_partial(body: Fn) -> Body:
    return lambda frame, _results: body(frame)


@compiles(nodes.Quantified)
def _quantified(node: nodes.Quantified, scope: Scope) -> Fn:
    """Three-valued like `or` (some) and `and` (every)."""
    sources, inner = _sources(node.iterations, scope)
    body, steps = compile_node(node.body, inner), cost(node, inner)
    decisive = node.decisive

    def decide(frame: Frame) -> object:
        answer: bool | None = not decisive
        for each in _frames(sources, frame, node, steps):
            found = None if each is None else body(each)
            if found is decisive:
                return decisive
            if not isinstance(found, bool):
                answer = None
        return answer

    return decide


@compiles(nodes.Filter)
def _filter(node: nodes.Filter, scope: Scope) -> Fn:
    base = compile_node(node.base, scope)
    if _is_index(node.condition):
        index = compile_node(node.condition, scope)
        return lambda frame: element(_as_list(base(frame)), index(frame))
    inner = scope.inside_filter()
    condition, steps = compile_node(node.condition, inner), cost(node.condition, inner)

    def select(frame: Frame) -> object:
        items = _as_list(base(frame))
        kept: list[object] = []
        for item in check_list(items, frame.run.budget, node.pos):
            frame.run.budget.charge(steps, node.pos)
            found = condition(_item_frame(item, frame))
            if isinstance(found, Decimal):
                return element(items, found)
            if found is True:
                kept.append(item)
        return kept

    return select


def _is_index(node: Node) -> bool:
    value = node.value if isinstance(node, nodes.Negate) else node
    return isinstance(value, nodes.Literal) and isinstance(value.value, Decimal)


def _as_list(value: object) -> list[object]:
    """One value stands for the list of it, null for the empty list."""
    if isinstance(value, list):
        return value
    return [] if value is None else [value]


def _item_frame(item: object, frame: Frame) -> Frame:
    """In a filter the element is `item`, and its own fields are names too."""
    inner = Frame({"item": item}, frame, frame.run)
    return Frame(item, inner, frame.run) if isinstance(item, dict) else inner


def element(items: list[object], index: object) -> object:
    """The element at a whole place counted from 1, or from the end when negative."""
    if not isinstance(index, Decimal) or not -len(items) <= index <= len(items):
        return None
    place = int(index)
    if not place or place != index:
        return None
    return items[place - 1 if place > 0 else place]
