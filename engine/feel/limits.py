"""The bounds that keep an owner's text from exhausting a worker, and the budget of one evaluation.

A bound that is reached is always a `FeelError`, never a silent null: a half-computed answer about
public money is worse than none.
"""

from typing import TYPE_CHECKING

from engine.feel.errors import FeelError, Pos
from engine.text import Text, text

if TYPE_CHECKING:
    from engine.feel.regex import Pattern

MAX_SOURCE = 10_000  # characters of one expression
MAX_BRACKETS = 100  # brackets open at the same time
MAX_HEIGHT = 60  # levels of the syntax tree; one level is up to three Python frames
MAX_STACK = 180  # levels that are active at once, counting functions that call functions
MAX_STEPS = 100_000  # one step is about eight small operations
MAX_FOLDED = 2_000  # steps of the calls that one text's compilation may settle in advance
MAX_LIST = 10_000  # elements of one list
MAX_STRING = 100_000  # characters of one string
MAX_EXPONENT = 9_999  # of **
MAX_DEPTH = 50  # nesting of one value
MAX_DECLARED = 100  # names with spaces that one text introduces


def too_big(what: Text, limit: int, pos: Pos | None = None) -> FeelError:
    """The error for a bound that was reached: `what` is bounded by `limit`."""
    return FeelError(
        "feel_limit",
        text("{what}超过上限{limit}", what=what, limit=limit),
        pos=pos,
        remedy=text("把表达式拆小，或缩小要处理的数据"),
    )


class Budget:
    """What one evaluation may still spend, and the latest reason why something became null.

    `patterns` are the regular expressions that it has paid for, by text and flags.
    """

    __slots__ = ("patterns", "reason", "stack", "steps")

    def __init__(self, steps: int | None = None) -> None:
        self.steps = MAX_STEPS if steps is None else steps
        self.stack = MAX_STACK
        self.patterns: dict[tuple[str, str], Pattern] = {}
        self.reason: tuple[Pos | None, Text] | None = None

    def charge(self, steps: int, pos: Pos | None = None) -> None:
        """Spend steps; raises FeelError (feel_limit) when none are left."""
        self.steps -= steps
        if self.steps < 0:
            raise too_big(text("计算步数"), MAX_STEPS, pos)

    def note(self, pos: Pos | None, reason: Text) -> None:
        """Remember why a value became null, so that a condition without an answer can say so."""
        self.reason = (pos, reason)


def check_string(value: str, budget: Budget, pos: Pos | None = None) -> str:
    """The string itself, if it is not too long; long ones cost steps."""
    if len(value) > MAX_STRING:
        raise too_big(text("文字长度"), MAX_STRING, pos)
    budget.charge(len(value) >> 7, pos)
    return value


def check_list(value: list[object], budget: Budget, pos: Pos | None = None) -> list[object]:
    """The list itself, if it is not too long; long ones cost steps."""
    if len(value) > MAX_LIST:
        raise too_big(text("列表长度"), MAX_LIST, pos)
    budget.charge(len(value) >> 3, pos)
    return value
