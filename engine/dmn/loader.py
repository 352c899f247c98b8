"""Reads and compiles a file of decisions."""

from collections.abc import Iterable, Mapping

from lxml import etree

from engine.dmn import compile as _compile
from engine.dmn import table as _table
from engine.dmn.boxed import Place, name_of
from engine.dmn.errors import DecisionRefused, refuse
from engine.dmn.graph import Element, plan, read_elements, read_logic
from engine.dmn.model import Model, ServiceFunction, Step
from engine.dmn.nodes import Broken
from engine.dmn.source import children, read_xml
from engine.dmn.types import ItemTypes, component_names
from engine.feel import FeelError, Functions
from engine.feel.compile import Reads, Scope, compile_node
from engine.feel.expression import guarded
from engine.feel.nodes import Node
from engine.feel.scope import Fn, Frame
from engine.feel.values import TypeOf
from engine.text import text

_REGISTERED = (_compile, _table)  # importing them registers how nodes are compiled


def load(
    source: bytes,
    name: str,
    *,
    imports: Iterable[Model] = (),
    functions: Functions | None = None,
    tolerant: bool = False,
) -> Model:
    """Read and compile a DMN 1.2-1.5 file. Raises DecisionRefused with the element and line.

    `imports` are the models that the file may import; `functions` the host's by FEEL name, which
    evaluate() may replace. `tolerant` turns expressions that cannot be read into null.
    """
    loader = _Loader(read_xml(source, name), name, functions or {}, tolerant)
    try:
        return guarded(loader.load, {model.namespace: model for model in imports})
    except FeelError as error:
        raise DecisionRefused("bad_expression", error.message, error.remedy, name=name) from error


def load_models(sources: Mapping[str, bytes]) -> dict[str, Model]:
    """Compile files of decisions that may import one another. Raises DecisionRefused."""
    made: dict[str, Model] = {}
    left = sorted(sources)
    while left:
        waiting = [key for key in left if not _load(made, key, sources[key], last=False)]
        if len(waiting) == len(left):
            _load(made, left[0], sources[left[0]], last=True)
        left = waiting
    return made


def _load(made: dict[str, Model], key: str, source: bytes, *, last: bool) -> bool:
    try:
        made[key] = load(source, key, imports=list(made.values()))
    except DecisionRefused as refused:
        if last or refused.code != "unknown_import":
            raise
        return False
    return True


class _Loader:
    def __init__(
        self, root: etree._Element, name: str, functions: Functions, tolerant: bool
    ) -> None:
        self.root = root
        self.name = name
        self.functions = functions
        self.tolerant = tolerant

    def load(self, available: Mapping[str, Model]) -> Model:
        imported = self._imported(available)
        known = {
            key: (prefix, element)
            for prefix, model in imported.items()
            for key, element in model.own.items()
        }
        self.types = ItemTypes(self.root, _types(imported))
        own = read_elements(self.root, self.types, known)
        self.fields = self._fields(imported)
        elements = {**own}
        steps: dict[str, Step] = {}
        for model in imported.values():
            elements.update(model.elements)
            steps.update(model.steps)
        namespace = self.root.get("namespace", "")
        made = Model(self.name, namespace, self.types.known, own, elements, self.functions, steps)
        steps.update((key, self._step(element, made)) for key, element in own.items())
        plan(own, elements, ())  # refuses circles
        return made

    def _fields(self, imported: Mapping[str, Model]) -> frozenset[str]:
        """The names of components, entries, columns, outputs and elements: what follows a dot."""
        roots = [self.root, *(e.xml for model in imported.values() for e in model.own.values())]
        named = {name_of(node) for root in roots for node in root.iter() if node.get("name")}
        return component_names(self.types.known) | named

    def _imported(self, available: Mapping[str, Model]) -> dict[str, Model]:
        found: dict[str, Model] = {}
        for node in children(self.root, "import"):
            if "DMN" not in node.get("importType", ""):
                continue
            model = available.get(node.get("namespace", ""))
            if model is None:
                message = text("要引入的{namespace}没有找到", namespace=node.get("namespace"))
                raise refuse("unknown_import", node, message, text("先发布被引入的文件"))
            found[name_of(node)] = model
        return found

    def _step(self, element: Element, model: Model) -> Step:
        if element.service is not None:
            return Step(element, _service(model, element))
        if element.role == "input":
            return Step(element, lambda _frame: None)
        functions = frozenset(self.functions)
        names = element.names
        place = Place(self.types, names, functions, self.fields, self.tolerant)
        element.node = read_logic(element, place)
        if element.node is None:
            return Step(element, lambda _frame: None)
        scope = Scope(Reads(), names, functions, self.types.known, names, nested=True)
        run = self._compiled(element, element.node, scope)
        knowledge = element.role == "knowledge"
        element.unknown = frozenset(scope.reads.certain - {"?"})
        return Step(element, _calling_itself(element.name, run) if knowledge else run)

    def _compiled(self, element: Element, node: Node, scope: Scope) -> Fn:
        try:
            return compile_node(node, scope)
        except FeelError as error:
            if self.tolerant:
                return compile_node(Broken(node.pos, error), scope)
            refusal = refuse("bad_expression", element.xml, error.message, error.remedy)
            refusal.line = error.line or refusal.line
            raise refusal from error


def _types(imported: Mapping[str, Model]) -> dict[str, TypeOf]:
    return {
        f"{prefix}.{name}" if prefix else name: kind
        for prefix, model in imported.items()
        for name, kind in model.types.items()
    }


def _calling_itself(name: str, make: Fn) -> Fn:
    """A function is among the names that it sees."""

    def run(frame: Frame) -> object:
        names: dict[str, object] = dict(frame.names)
        names[name] = made = make(Frame(names, frame.run, frame.run))
        return made

    return run


def _service(model: Model, element: Element) -> Fn:
    return lambda _frame: ServiceFunction(model, element)
