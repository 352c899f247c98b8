"""Expressions parse, and name only what an earlier step has set, with values it can have."""

from collections.abc import Iterator
from difflib import get_close_matches

from engine.feel import BUILTINS, FeelError, compile_expression, nodes
from engine.feel.parser import parse
from engine.findings import Finding, short
from engine.runtime.lint.constants import wrong_constants
from engine.runtime.lint.data import solve
from engine.runtime.lint.expressions import Written, written
from engine.runtime.lint.foreign import JUEL
from engine.runtime.lint.known import Names
from engine.runtime.lint.moments import is_time
from engine.runtime.lint.page import Page
from engine.runtime.lint.services import facts
from engine.text import text

MOST_SUGGESTED = 20  # names of a diagram that something close is looked for
MOST_EFFORT = 500_000  # names that expressions may use, added up over all expressions
MOST_COMPARED = 500  # names that each of them is compared with


def expressions(page: Page) -> Iterator[Finding]:
    """All that is to be said of every expression."""
    flow, effort = solve(page), 0
    if not flow.complete:
        yield _too_much(page)
        return
    yield from facts(page, flow)
    for one in written(page, flow):
        effort += 1 + len(one.names)
        if effort > MOST_EFFORT:
            yield _too_much(page)
            return
        if any(sign in one.source for sign in JUEL):
            continue  # told as what it is
        try:
            reads = _reads(page, one)
            tree = parse(one.source, page.known.functions)
        except FeelError as error:
            yield _unreadable(page, one, error)
            continue
        yield from _unset(page, one, reads)
        yield from _impossible(page, one, tree)
        yield from _periods(page, one, tree)
        if not reads:
            yield from wrong_constants(page, one)


def _too_much(page: Page) -> Finding:
    return page.error(
        page.process,
        text("表达式和设定的名称太多，检查不过来"),
        text("拆成几个流程，再用调用活动连接"),
    )


def _reads(page: Page, one: Written) -> frozenset[str]:
    functions = dict.fromkeys(page.known.functions, _never)
    return compile_expression(one.source, names=one.names, functions=functions).names - (
        set(BUILTINS) - one.names.keys()
    )


def _never(*_: object) -> object:
    raise NotImplementedError  # compiled only to see what it reads


def _unreadable(page: Page, one: Written, error: FeelError) -> Finding:
    return page.error(
        one.at,
        text("表达式“{source}”写错了：{why}", source=short(one.source), why=error.message),
        error.remedy or text("按FEEL改写，例如 =amount > 100"),
    )


def _unset(page: Page, one: Written, reads: frozenset[str]) -> Iterator[Finding]:
    for name in sorted(reads - one.names.keys()):
        close = _closest(page, name, one.names)
        yield page.error(
            one.at,
            text(
                "“{source}”用到的{name}，前面没有任何步骤设定",
                source=short(one.source),
                name=short(name),
            ),
            text("是否指{name}？", name=close)
            if close
            else text("改正名称，或在前面加上设定它的任务；由外部带入的写在流程属性data里"),
        )


def _closest(page: Page, name: str, names: Names) -> str | None:
    """What is likely meant; looked for only so often, as it takes long among many names."""
    tried = page.cache.setdefault("suggested", [])
    if not isinstance(tried, list) or len(tried) >= MOST_SUGGESTED:
        return None
    tried.append(name)
    found = get_close_matches(name[:80], sorted(names)[:MOST_COMPARED], 1, 0.75)
    return found[0] if found else None


def walk(tree: nodes.Node) -> Iterator[nodes.Node]:
    """A syntax tree's nodes (their height is bounded by the parser)."""
    yield tree
    for child in tree.children():
        yield from walk(child)


def _impossible(page: Page, one: Written, tree: nodes.Node) -> Iterator[Finding]:
    """A comparison with a text that the name never is."""
    for node in walk(tree):
        for name, value in _compared(node):
            possible = one.names.get(name)
            if possible is None or value in possible:
                continue
            choices = sorted(str(each) for each in possible if each is not None)
            yield page.error(
                one.at,
                text("{name}不会是“{value}”", name=short(name), value=short(value)),
                text("可能的取值：{names}", names="、".join(choices) or "—"),
            )


def _compared(node: nodes.Node) -> Iterator[tuple[str, str]]:
    if isinstance(node, nodes.Compare) and node.op in ("=", "!="):
        for one, other in ((node.left, node.right), (node.right, node.left)):
            yield from _pair(one, other)
    elif isinstance(node, nodes.In):
        for test in node.tests:
            yield from _pair(node.value, test)


def _pair(one: nodes.Node, other: nodes.Node) -> Iterator[tuple[str, str]]:
    written_out = isinstance(other, nodes.Literal) and isinstance(other.value, str)
    if isinstance(one, nodes.Name) and isinstance(other, nodes.Literal) and written_out:
        yield one.name, str(other.value)


def _periods(page: Page, one: Written, tree: nodes.Node) -> Iterator[Finding]:
    """`due("…")` names a period of the programme."""
    for node in walk(tree):
        if not (isinstance(node, nodes.Call) and _is_due(node.callee) and node.args):
            continue
        period = node.args[0].value if isinstance(node.args[0], nodes.Literal) else None
        known = period in page.known.parameters
        if isinstance(period, str) and not known and not is_time(period):
            yield page.error(
                one.at,
                text("期限“{name}”不是方案参数", name=short(period)),
                text("写方案里的期限参数名，或P5D这样的期限"),
            )


def _is_due(callee: nodes.Node) -> bool:
    return isinstance(callee, nodes.Name) and callee.name == "due"


RULES = (expressions,)
