"""What the rest of the system uses: compile once (cached), evaluate often."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeVar

from engine.feel import calls, loops, nodes, operators
from engine.feel.compile import Reads, Scope, compile_node
from engine.feel.convert import check_result
from engine.feel.errors import FeelError
from engine.feel.parser import parse
from engine.feel.scope import Fn, Run, TestFn
from engine.feel.values import kind_of
from engine.text import text

Functions = Mapping[str, Callable[..., object]]
"""Functions of the host by their FEEL name, such as `working days`."""

Given = TypeVar("Given")
Made = TypeVar("Made")

_NO_FUNCTIONS: Functions = {}
_REGISTERED = (calls, loops, operators)  # importing them registers how nodes are compiled


@dataclass(frozen=True, slots=True)
class Expression:
    """A compiled expression; safe to share between threads.

    `names` are read from the context for sure; `perhaps` are names inside filters that may also
    be fields of the elements (declare names in compile_expression to have them told apart).
    """

    source: str
    names: frozenset[str]
    perhaps: frozenset[str]
    functions: Functions
    run: Fn

    def evaluate(self, context: Mapping[str, object], functions: Functions | None = None) -> object:
        """The FEEL value in this context; null (None) where FEEL says so.

        `functions` replace those of compile time for this evaluation. Raises FeelError when a
        bound is reached, a host function refuses, or the context holds foreign values.
        """
        return check_result(guarded(self.run, Run(context, functions or self.functions)))


def guarded(work: Callable[[Given], Made], given: Given) -> Made:
    """Do it with a net under it: whatever an owner wrote, only FeelError comes out."""
    try:
        return work(given)
    except RecursionError as error:
        # The caller may already be deep in the stack, where our own bounds are not enough.
        raise FeelError(
            "feel_limit", text("表达式的嵌套层数太多"), remedy=text("把表达式拆小")
        ) from error


def compile_expression(
    source: str,
    *,
    names: Collection[str] | None = None,
    functions: Functions | None = None,
) -> Expression:
    """Compile a FEEL expression.

    `names` are the context's names: needed for names with spaces, and to tell them from fields
    in filters. `functions` are the host's; others with the same names may be given to evaluate().
    Raises FeelError with line, column, what was expected, and a remedy.
    """
    known = functions or _NO_FUNCTIONS
    compiled = _compile(source, frozenset(names or ()), frozenset(known))
    if not known:
        return compiled
    return Expression(source, compiled.names, compiled.perhaps, known, compiled.run)


@lru_cache(maxsize=4096)
def _compile(source: str, names: frozenset[str], functions: frozenset[str]) -> Expression:
    scope = Scope(Reads(), names, functions)
    run = guarded(lambda given: compile_node(parse(given, names | functions), scope), source)
    reads = scope.reads
    perhaps = frozenset(reads.perhaps - reads.certain)
    return Expression(source, frozenset(reads.certain), perhaps, _NO_FUNCTIONS, run)


def evaluate(
    source: str, context: Mapping[str, object], functions: Functions | None = None
) -> object:
    """Compile and evaluate; the context's own names may hold spaces."""
    spaced = frozenset(name for name in context if not name.isidentifier())
    return compile_expression(source, names=spaced, functions=functions).evaluate(context)


@dataclass(frozen=True, slots=True)
class UnaryTests:
    """The compiled tests of a decision table's input cell."""

    source: str
    names: frozenset[str]
    functions: Functions
    test: TestFn

    def matches(
        self,
        value: object,
        context: Mapping[str, object] | None = None,
        functions: Functions | None = None,
    ) -> bool:
        """Whether the value (`?`) passes; a test that cannot be answered is not passed."""
        frame = Run({**(context or {}), _TESTED: value}, functions or self.functions)
        return guarded(lambda run: self.test(run, frame.read(_TESTED, value)), frame) is True


_TESTED = "?"


def compile_unary_tests(
    source: str,
    *,
    names: Collection[str] | None = None,
    functions: Functions | None = None,
) -> UnaryTests:
    """Compile `-`, `"A","B"`, `not("A")`, `[1..5]`, `< 5`, `? > 3`; empty text is `-`."""
    known = functions or _NO_FUNCTIONS
    compiled = _compile_tests(source, frozenset(names or ()), frozenset(known))
    if not known:
        return compiled
    return UnaryTests(source, compiled.names, known, compiled.test)


@lru_cache(maxsize=4096)
def _compile_tests(source: str, names: frozenset[str], functions: frozenset[str]) -> UnaryTests:
    scope = Scope(Reads(), names, functions)

    def build(given: str) -> TestFn:
        node = parse(given, names | functions, "unary_tests")
        if not isinstance(node, nodes.Tests):
            node = nodes.Tests(node.pos, (node,), False, False)
        return operators.compile_tests(node, scope)

    test = guarded(build, source if source.strip() else "-")
    return UnaryTests(source, frozenset(scope.reads.certain), _NO_FUNCTIONS, test)


@dataclass(frozen=True, slots=True)
class Condition:
    """A compiled condition of a diagram: its answer is True or False, or an error that says why."""

    source: str
    expression: Expression

    @property
    def names(self) -> frozenset[str]:
        return self.expression.names

    def evaluate(self, context: Mapping[str, object], functions: Functions | None = None) -> bool:
        """True or False. Null is refused: taking it for false would send a case the wrong way."""
        frame = Run(context, functions or self.expression.functions)
        answer = guarded(self.expression.run, frame)
        if answer is True or answer is False:
            return answer
        if answer is None:
            raise self._unanswered(context, frame)
        source, kind = self._text(), kind_of(answer)
        message = text("条件“{source}”的结果是{kind}，不是“是”或“否”", source=source, kind=kind)
        remedy = text("写成比较，例如 {source} = …", source=source)
        raise FeelError("feel_type", message, remedy=remedy)

    def _unanswered(self, context: Mapping[str, object], frame: Run) -> FeelError:
        missing = sorted(name for name in self.names if context.get(name) is None)
        if missing:
            names, source = "、".join(missing), self._text()
            message = text("条件“{source}”没有结果：{names}没有取值", source=source, names=names)
            remedy = text("先填写{names}，或在条件里写明没有取值时怎么走", names=names)
            return FeelError("feel_null", message, remedy=remedy)
        pos, reason = frame.budget.reason or (None, text("里面有没有取值的项"))
        message = text("条件“{source}”没有结果：{reason}", source=self._text(), reason=reason)
        return FeelError("feel_null", message, pos=pos, remedy=text("核对各项的名称和种类"))

    def _text(self) -> str:
        return self.expression.source.strip()


def compile_condition(
    source: str,
    *,
    names: Collection[str] | None = None,
    functions: Functions | None = None,
) -> Condition:
    """Compile a condition, written with or without the leading `=` that some modelers put."""
    plain = _without_marker(source)
    return Condition(source, compile_expression(plain, names=names, functions=functions))


def _without_marker(source: str) -> str:
    """A blank for the `=`, so that columns stay those of the text that was written."""
    marker = len(source) - len(source.lstrip())
    return source[:marker] + " " + source[marker + 1 :] if source[marker:][:1] == "=" else source
