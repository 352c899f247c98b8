"""Decision models: loaded and compiled once, evaluated often, by any number of threads."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from engine.dmn import table as _table
from engine.dmn.declared import as_declared
from engine.dmn.errors import DecisionRefused
from engine.dmn.explain import TableExplanation, explain, stored
from engine.dmn.faults import Fault, faults_of
from engine.dmn.graph import Element, Role, Service, plan
from engine.dmn.nodes import Table, Typed
from engine.feel import Functions, from_python, to_json_native
from engine.feel.calls import BoundFunction, invoke
from engine.feel.convert import check_result
from engine.feel.expression import guarded
from engine.feel.scope import Fn, Frame, Run
from engine.feel.types import coerce
from engine.feel.values import SignedFunction, TypeOf
from engine.text import Text, text


@dataclass(frozen=True, slots=True)
class Step:
    """How one element gets its value, once everything that it requires has one."""

    element: Element
    run: Fn


@dataclass(frozen=True)
class Result:
    """What came out, and why.

    `value` is a FEEL value, `table` what gave it if that was a table; `faults` say why it cannot
    be used; `reason` is the latest cause of a null.
    """

    value: object
    traces: Sequence[_table.Trace]
    reason: Text | None = None
    table: Table | None = None

    @cached_property
    def faults(self) -> tuple[Fault, ...]:
        return tuple(faults_of(self.traces, self.value, self.table, self.reason))

    @cached_property
    def explanation(self) -> tuple[TableExplanation, ...]:
        """Per decision table that was asked: what matched with which inputs, what nearly did."""
        return tuple(explain(trace) for trace in self.traces)

    def required(self) -> object:
        """The value as JSON can hold it.

        Raises DecisionRefused when a table had no one answer or none at all, was given a value
        that it does not allow, or gave one that it does not list.
        """
        for fault in self.faults:
            raise DecisionRefused("no_answer", fault.message, fault.remedy)
        return to_json_native(self.value)

    def to_json(self) -> dict[str, object]:
        """The result and its explanation, to be stored with a case."""
        return {
            "value": to_json_native(self.value),
            "tables": [table.to_json() for table in self.explanation],
            "problems": [stored(fault.message) for fault in self.faults],
            "reason": stored(self.reason) if self.value is None else None,
        }


@dataclass(eq=False)
class Model:
    """The decisions of one file, and of the files that it imports."""

    name: str
    namespace: str
    types: Mapping[str, TypeOf]
    own: Mapping[str, Element]
    elements: Mapping[str, Element]
    functions: Functions
    steps: Mapping[str, Step]
    _plans: dict[tuple[str, ...], list[str]] = field(default_factory=dict)

    def decision(self, wanted: str) -> Element:
        """A decision or decision service by id or name. Raises DecisionRefused."""
        return self.find(wanted, ("decision", "service"))

    def find(self, wanted: str, roles: tuple[Role, ...]) -> Element:
        """An element of one of these roles by id or name. Raises DecisionRefused."""
        usable = [element for element in self.own.values() if element.role in roles]
        for attribute in ("id", "name"):
            for element in usable:
                if wanted == getattr(element, attribute):
                    return element
        message = text("{model}里没有决策{name}", model=self.name, name=wanted)
        raise DecisionRefused("unknown_decision", message, text("核对决策的标识"), name=wanted)

    @cached_property
    def input_types(self) -> dict[str, TypeOf | None]:
        """The input data that evaluations may be given, with their types."""
        return {e.name: e.type for e in self.elements.values() if e.role == "input"}

    @property
    def decisions(self) -> list[Element]:
        return [element for element in self.own.values() if element.role == "decision"]

    def inputs_of(self, wanted: str) -> list[str]:
        """The names of the input data that a decision rests on. Raises DecisionRefused."""
        found = self.decision(wanted)
        keys = found.service.outputs if found.service else (found.key,)
        needed = (self.elements[key] for key in plan(keys, self.elements, ()))
        return [element.name for element in needed if element.role == "input"]

    def evaluate(
        self, wanted: str, inputs: Mapping[str, object], functions: Functions | None = None
    ) -> Result:
        """Evaluate a decision or decision service with inputs by name; missing ones are null.

        Inputs may be JSON: text is read as the date or number that the model declares.
        Raises DecisionRefused for an unknown decision, FeelError when a bound is reached or an
        input is no data.
        """
        kinds = self.input_types
        given = {name: as_declared(value, kinds.get(name)) for name, value in inputs.items()}
        return self.run(self.decision(wanted), given, functions)

    def run(
        self, element: Element, inputs: Mapping[str, object], functions: Functions | None = None
    ) -> Result:
        """The same for an element that was found before; text among the inputs stays text."""
        run = Run({}, functions or self.functions)
        value = guarded(lambda frame: self._value(element, inputs, frame), run)
        reason = run.budget.reason
        why = reason[1] if reason else None
        return Result(check_result(value), _traces(run), why, _table_of(element))

    def _value(self, element: Element, inputs: Mapping[str, object], run: Run) -> object:
        if element.role == "knowledge":
            return self._call(element, inputs, run)
        if element.service is None:
            return self.compute((element.key,), inputs, run, {})[element.key]
        known = {key: _input(self.elements[key], inputs, run) for key in element.service.parameters}
        values = self.compute(element.service.outputs, inputs, run, known)
        return coerced(element, service_result(self, element, values), run)

    def _call(self, element: Element, inputs: Mapping[str, object], run: Run) -> object:
        """Call a function of the file with the inputs that its parameters name."""
        function = self.compute((element.key,), {}, run, {})[element.key]
        if not isinstance(function, SignedFunction):
            return None
        args = [from_python(inputs.get(name), name) for name in function.params]
        return invoke(function, args, None, run, None)

    def compute(
        self,
        wanted: tuple[str, ...],
        inputs: Mapping[str, object],
        run: Run,
        known: dict[str, object],
    ) -> dict[str, object]:
        """The values of elements by key, `known` ones among them."""
        order = self._plans.get((*wanted, "|", *known))
        if order is None:
            order = self._plans[(*wanted, "|", *known)] = plan(wanted, self.elements, known)
        for key in order:
            element = self.elements[key]
            if element.role == "input":
                known[key] = _input(element, inputs, run)
            else:
                known[key] = self.steps[key].run(_frame(element, known, run))
        return known


def _table_of(element: Element) -> Table | None:
    node = element.node
    node = node.value if isinstance(node, Typed) else node
    return node if isinstance(node, Table) else None


def _traces(run: Run) -> list[_table.Trace]:
    return [trace for trace in run.traces or () if isinstance(trace, _table.Trace)]


def _input(element: Element, inputs: Mapping[str, object], run: Run) -> object:
    value = from_python(inputs.get(element.name), element.name)
    return coerced(element, value, run)


def coerced(element: Element, value: object, run: Run) -> object:
    kind = _result_type(element.type) if element.service else element.type
    return value if kind is None else coerce(value, kind, run.budget)


def _frame(element: Element, known: Mapping[str, object], run: Run) -> Frame:
    """The names that an element sees: what it requires, imported things under their import."""
    names: dict[str, object] = {}
    for key, path in element.requires.items():
        if len(path) == 1:
            names[path[0]] = known[key]
        else:
            group = names.setdefault(path[0], {})
            if isinstance(group, dict):
                group[path[1]] = known[key]
    return Frame(names, run, run)


def service_result(model: Model, element: Element, values: Mapping[str, object]) -> object:
    """One output stands alone, several are a context by name."""
    outputs = element.service.outputs if element.service else ()
    if len(outputs) == 1:
        return values[outputs[0]]
    return {model.elements[key].name: values[key] for key in outputs}


class ServiceFunction(BoundFunction):
    """A decision service that is called like a function."""

    __slots__ = ("element", "model")

    def __init__(self, model: Model, element: Element) -> None:
        service = element.service or Service((), ())
        given = [model.elements[key] for key in service.parameters]
        names, kinds = tuple(g.name for g in given), tuple(g.type for g in given)
        super().__init__(element.name, names, kinds, _result_type(element.type))
        self.levels = 10
        self.steps = 10
        self.model = model
        self.element = element

    def run(self, given: dict[str, object], run: Run) -> object:
        service = self.element.service or Service((), ())
        pairs = zip(service.parameters, self.params, strict=True)
        known = {key: given[name] for key, name in pairs}
        values = self.model.compute(service.outputs, {}, run, known)
        value = service_result(self.model, self.element, values)
        return value if self.result is None else coerce(value, self.result, run.budget)


def _result_type(kind: TypeOf | None) -> TypeOf | None:
    if kind is not None and kind.name == "function":
        return kind.parts[-1] if kind.parts else None
    return kind
