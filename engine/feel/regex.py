"""Regular expressions (XPath's, as FEEL uses them) that cannot run away.

Python's `re` backtracks: `(a+)+$` against thirty letters hangs a worker. Here a pattern becomes a
small program that is run by following all its threads at once (Pike's machine), so the time is
the text's length times the program's, whatever the pattern. Alternatives and quantifiers keep the
order of preference that writers of patterns expect. Back-references cannot be run this way and are
refused.
"""

from dataclasses import dataclass, field
from functools import lru_cache

from engine.feel.limits import Budget
from engine.feel.regex_parse import (
    Anchor,
    AnyOf,
    Choice,
    Group,
    Item,
    Repeat,
    Sequence,
    parse_pattern,
    refuse,
)
from engine.text import text

_MAX_PROGRAM = 2_000


@dataclass(slots=True)
class Step:
    """One instruction: test a sign, go two ways in order of preference, assert a place, or end."""

    signs: AnyOf | None = None
    anchor: Anchor | None = None
    goto: tuple[int, ...] = ()


@dataclass(slots=True)
class Pattern:
    """A compiled pattern."""

    steps: list[Step] = field(default_factory=list)

    def find(self, value: str, start: int, budget: Budget) -> tuple[int, int] | None:
        """Where the first match from `start` on begins and ends."""
        threads: dict[int, int] = {}  # step → where its match began, preferred first
        found: tuple[int, int] | None = None
        for at in range(start, len(value) + 1):
            if found is None:
                self._follow(threads, (0, at), at, value, budget)
            budget.charge(1 + (len(threads) >> 3))
            threads, ended = self._advance(threads, at, value, budget)
            found = found if ended is None else (ended, at)
            if not threads and found:
                return found
        return found

    def _advance(
        self, threads: dict[int, int], at: int, value: str, budget: Budget
    ) -> tuple[dict[int, int], int | None]:
        """The threads behind the sign at `at`, and where a match began that ends here."""
        ahead: dict[int, int] = {}
        for index, began in threads.items():
            step = self.steps[index]
            if step.signs is None:
                # The end: threads of lower preference are dropped.
                return ahead, began
            if at < len(value) and step.signs.holds(value[at]):
                self._follow(ahead, (index + 1, began), at + 1, value, budget)
        return ahead, None

    def _follow(
        self,
        threads: dict[int, int],
        thread: tuple[int, int],
        at: int,
        value: str,
        budget: Budget,
    ) -> None:
        """Add the thread, following jumps to the steps that test a sign or end."""
        seen: set[int] = set()
        first, began = thread
        waiting = [first]
        while waiting:
            current = waiting.pop()
            if current in seen or current in threads:
                continue
            seen.add(current)
            step = self.steps[current]
            if step.goto:
                waiting.extend(reversed(step.goto))
            elif step.anchor is None:
                threads[current] = began
            elif step.anchor.holds(value, at):
                waiting.append(current + 1)
        budget.charge(len(seen) >> 4)


@lru_cache(maxsize=256)
def compile_pattern(pattern: str, flags: str) -> Pattern:
    """A pattern ready to run; raises FeelError (feel_function) for what is not supported."""
    compiled = Pattern()
    _emit(compiled.steps, parse_pattern(pattern, flags))
    compiled.steps.append(Step())
    return compiled


def _emit(steps: list[Step], item: Item) -> None:
    if len(steps) > _MAX_PROGRAM:
        raise refuse(text("重复次数太多"))
    if isinstance(item, AnyOf):
        steps.append(Step(signs=item))
    elif isinstance(item, Anchor):
        steps.append(Step(anchor=item))
    elif isinstance(item, Group):
        _emit(steps, item.body)
    elif isinstance(item, Sequence):
        _emit_sequence(steps, item)
    elif isinstance(item, Choice):
        _emit_choice(steps, item)
    else:
        _emit_repeat(steps, item)


def _emit_sequence(steps: list[Step], sequence: Sequence) -> None:
    if not sequence.parts:
        _emit_nothing(steps)
    for part in sequence.parts:
        _emit(steps, part)


def _emit_nothing(steps: list[Step]) -> None:
    """A step even for nothing, so that repeating nothing often reaches the bound."""
    steps.append(Step(goto=(len(steps) + 1,)))


def _emit_choice(steps: list[Step], choice: Choice) -> None:
    exits: list[Step] = []
    for part in choice.parts[:-1]:
        here, fork = len(steps), Step()
        steps.append(fork)
        _emit(steps, part)
        exits.append(Step())
        steps.append(exits[-1])
        fork.goto = (here + 1, len(steps))
    _emit(steps, choice.parts[-1])
    for leave in exits:
        leave.goto = (len(steps),)


def _emit_repeat(steps: list[Step], repeat: Repeat) -> None:
    _emit_nothing(steps)
    for _ in range(repeat.low):
        _emit(steps, repeat.body)
    if repeat.high is None:
        _emit_star(steps, repeat)
        return
    forks: list[tuple[int, Step]] = []
    for _ in range(repeat.high - repeat.low):
        forks.append((len(steps), Step()))
        steps.append(forks[-1][1])
        _emit(steps, repeat.body)
    for here, fork in forks:
        fork.goto = _preferring(repeat, here + 1, len(steps))


def _emit_star(steps: list[Step], repeat: Repeat) -> None:
    here, fork = len(steps), Step()
    steps.append(fork)
    _emit(steps, repeat.body)
    steps.append(Step(goto=(here,)))
    fork.goto = _preferring(repeat, here + 1, len(steps))


def _preferring(repeat: Repeat, inside: int, outside: int) -> tuple[int, int]:
    return (outside, inside) if repeat.lazy else (inside, outside)
