"""Item definitions: from the XML to FEEL types, whatever their order in the file."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import cast

from lxml import etree

from engine.dmn.errors import line_of, refuse
from engine.dmn.regions import accepts, values_of
from engine.dmn.source import child, children, text_of
from engine.feel import FeelError, UnaryTests, compile_unary_tests
from engine.feel.nodes import Tests
from engine.feel.parser import parse
from engine.feel.types import ANY
from engine.feel.values import TYPE_NAMES, TypeOf
from engine.text import text

_SIMPLE = {
    **{name: TypeOf(name) for name in TYPE_NAMES},
    **dict.fromkeys(("integer", "long", "double"), TypeOf("number")),  # as Camunda 7 says it
    "dateTime": TypeOf("date and time"),
    "dayTimeDuration": TypeOf("days and time duration"),
    "yearMonthDuration": TypeOf("years and months duration"),
}


class ItemTypes:
    """The types of one file: its own by name, imported ones as `import.name`."""

    def __init__(self, root: etree._Element, imported: Mapping[str, TypeOf]) -> None:
        self._items = {item.get("name", ""): item for item in children(root, "itemDefinition")}
        self.known: dict[str, TypeOf] = dict(imported)
        self._open: set[str] = set()
        for name, item in self._items.items():
            self._named(name, item)

    def find(self, reference: str | None, node: etree._Element) -> TypeOf | None:
        """What a typeRef means; None when there is none, or it says Any.

        Raises DecisionRefused when the type is not there.
        """
        name = _plain(reference)
        if not name or name == "Any":
            return None
        found = _SIMPLE.get(name) or self.known.get(name)
        if found is None and name in self._items:
            found = self._named(name, node)
        if found is None:
            message = text("没有名为{name}的类型", name=name)
            raise refuse(
                "unknown_type", node, message, text("先在“类型”里定义，或选一个已有的类型")
            )
        return found

    def _named(self, name: str, node: etree._Element) -> TypeOf:
        if name in self.known:
            return self.known[name]
        if name in self._open:
            message = text("类型{name}的定义里用到了它自己", name=name)
            raise refuse("circular", node, message, text("改用另一个类型"))
        self._open.add(name)
        self.known[name] = self._build(self._items[name])
        return self.known[name]

    def _build(self, item: etree._Element) -> TypeOf:
        single = self._single(item)
        if item.get("isCollection") != "true":
            return single
        whole = _constraint(child(item, "typeConstraint"), item)
        return TypeOf("list", (), (single,), whole)

    def _single(self, item: etree._Element) -> TypeOf:
        function = child(item, "functionItem")
        components = list(children(item, "itemComponent"))
        if function is not None:
            return self._function(function)
        if components:
            keys = tuple(component.get("name", "") for component in components)
            return TypeOf("context", keys, tuple(map(self._build, components)))
        reference = child(item, "typeRef")
        base = self.find(None if reference is None else reference.text, item) or ANY
        allows = _constraint(child(item, "allowedValues"), item)
        if item.get("isCollection") != "true":
            allows = _both(allows, _constraint(child(item, "typeConstraint"), item))
        return TypeOf(base.name, base.keys, base.parts, _both(base.allows, allows))

    def _function(self, function: etree._Element) -> TypeOf:
        given = [self.find(p.get("typeRef"), p) or ANY for p in children(function, "parameters")]
        result = self.find(function.get("outputTypeRef"), function) or ANY
        return TypeOf("function", (), (*given, result))


def _plain(reference: str | None) -> str:
    """`feel:number`, as older files say it, is `number`."""
    return (reference or "").strip().removeprefix("feel:")


@dataclass(frozen=True, slots=True)
class Allowed:
    """Allowed values: whether a value is one of them, and what was written."""

    tests: Tests
    compiled: UnaryTests

    def __call__(self, value: object) -> bool:
        return self.compiled.matches(value)


def _constraint(
    allowed: etree._Element | None, item: etree._Element
) -> Callable[[object], bool] | None:
    source = text_of(allowed).strip()
    if not source:
        return None
    try:
        tests = parse(source, (), "unary_tests", line_of(item))
        compiled = compile_unary_tests(source)
    except FeelError as error:
        message = text("允许值无法读懂：{why}", why=error.message)
        raise refuse("bad_expression", item, message, text('写成 "甲","乙" 或 [1..5]')) from error
    return Allowed(cast("Tests", tests), compiled)


def _both(
    first: Callable[[object], bool] | None, second: Callable[[object], bool] | None
) -> Callable[[object], bool] | None:
    if first is None or second is None:
        return first or second
    return _Both(first, second)


@dataclass(frozen=True, slots=True)
class _Both:
    first: Callable[[object], bool]
    second: Callable[[object], bool]

    def __call__(self, value: object) -> bool:
        return self.first(value) and self.second(value)


@dataclass(frozen=True, slots=True)
class Listed:
    """The values that a table says it gives; `given` are those that its rules really give, where
    these are fixed. Only checks use it."""

    tests: Tests
    given: Tests | None

    def __call__(self, value: object) -> bool:
        values = values_of(self.tests)
        return values is None or any(accepts(one, value) for one in values)


def allowed_tests(kind: TypeOf | None) -> Tests | None:
    """What a type's allowed values were written as; the narrower ones of two."""
    allows = kind.allows if kind else None
    if isinstance(allows, _Both):
        allows = allows.second
    return allows.tests if isinstance(allows, Allowed | Listed) else None


def given_tests(kind: TypeOf | None) -> Tests | None:
    """The values that can really come, where a table gives them; else the allowed ones."""
    allows = kind.allows if kind else None
    return (allows.given if isinstance(allows, Listed) else None) or allowed_tests(kind)


def component_names(types: Mapping[str, TypeOf]) -> frozenset[str]:
    """All names of components, at any depth."""
    found: set[str] = set()
    waiting = list(types.values())
    while waiting:
        kind = waiting.pop()
        found.update(kind.keys)
        waiting.extend(kind.parts)
    return frozenset(found)
