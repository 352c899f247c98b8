"""Where names are looked up while an expression is evaluated."""

from collections.abc import Callable, Mapping

from engine.feel.convert import from_python
from engine.feel.limits import Budget


class Frame:
    """Names of one level: a loop's variable, a lambda's parameters, a filtered element's fields.

    The outermost frame is a `Run`. Frames are never changed once something else can see them.
    """

    __slots__ = ("names", "parent", "run")

    def __init__(self, names: Mapping[str, object], parent: "Frame", run: "Run") -> None:
        self.names = names
        self.parent: Frame | None = parent
        self.run = run


class Run(Frame):
    """One evaluation: the caller's context, its functions, and what may still be spent."""

    __slots__ = ("budget", "cache", "functions", "traces")

    def __init__(
        self,
        context: Mapping[str, object],
        functions: Mapping[str, Callable[..., object]],
        budget: Budget | None = None,
    ) -> None:
        self.names = context
        self.parent = None
        self.run = self
        self.functions = functions
        self.budget = budget or Budget()
        self.traces: list[object] | None = None  # what decision tables tell about themselves
        self.cache: dict[tuple[str, ...], object] = {}

    def read(self, name: str, value: object, path: tuple[str, ...] = ()) -> object:
        """The context's Python value at `name` and `path` as a FEEL value, converted once."""
        place = (name, *path)
        if place in self.cache:
            return self.cache[place]
        converted = self.cache[place] = from_python(value, name)
        return converted


Fn = Callable[[Frame], object]
"""A compiled expression."""

TestFn = Callable[[Frame, object], bool | None]
"""A compiled unary test: frame and the tested value in; None when they do not go together."""
