"""Regular expressions (XPath's, as FEEL uses them) that cannot run away.

Python's `re` backtracks: `(a+)+$` against thirty letters hangs a worker. Here a pattern becomes a
small program that is run by following all its threads at once (Pike's machine), so the time is
the text's length times the program's, whatever the pattern. Alternatives and quantifiers keep the
order of preference that writers of patterns expect. Only patterns with back-references, which
cannot be run this way, try one way after the other, and then the budget bounds the time.
"""

import re
from dataclasses import dataclass, field
from functools import lru_cache

from engine.feel.limits import Budget
from engine.feel.regex_parse import (
    Anchor,
    AnyOf,
    Back,
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


Slots = tuple[int, ...]
"""Where a match began and, if it is over, ended; then the same of each group, -1 when unset."""


@dataclass(slots=True)
class Step:
    """One instruction: test a sign, go on in order of preference, assert, note a place, or end."""

    signs: AnyOf | None = None
    anchor: Anchor | None = None
    goto: tuple[int, ...] = ()
    slot: int | None = None
    back: Back | None = None


@dataclass(slots=True)
class Pattern:
    """A compiled pattern; `slots` are the places that a match notes, two for each group."""

    steps: list[Step] = field(default_factory=list)
    slots: int = 2
    backtracks: bool = False

    def find(self, value: str, start: int, budget: Budget) -> tuple[int, int] | None:
        """Where the first match from `start` on begins and ends."""
        found = self.match(value, start, budget)
        return (found[0], found[1]) if found else None

    def match(self, value: str, start: int, budget: Budget) -> Slots | None:
        """The places of the first match from `start` on."""
        if self.backtracks:
            return self._try_all(value, start, budget)
        threads: dict[int, Slots] = {}  # step → what its match has noted, preferred first
        found: Slots | None = None
        for at in range(start, len(value) + 1):
            if found is None:
                self._follow(threads, (0, self._begin(at)), at, value, budget)
            budget.charge(1 + (len(threads) >> 3))
            threads, ended = self._advance(threads, at, value, budget)
            found = found if ended is None else (ended[0], at, *ended[2:])
            if not threads and found:
                return found
        return found

    def _begin(self, at: int) -> Slots:
        return (at, -1, *(-1,) * (self.slots - 2))

    def _advance(
        self, threads: dict[int, Slots], at: int, value: str, budget: Budget
    ) -> tuple[dict[int, Slots], Slots | None]:
        """The threads behind the sign at `at`, and what a match noted that ends here."""
        ahead: dict[int, Slots] = {}
        for index, noted in threads.items():
            step = self.steps[index]
            if step.signs is None:
                # The end: threads of lower preference are dropped.
                return ahead, noted
            if at < len(value) and step.signs.holds(value[at]):
                self._follow(ahead, (index + 1, noted), at + 1, value, budget)
        return ahead, None

    def _follow(
        self,
        threads: dict[int, Slots],
        thread: tuple[int, Slots],
        at: int,
        value: str,
        budget: Budget,
    ) -> None:
        """Add the thread, following jumps to the steps that test a sign or end."""
        seen: set[int] = set()
        waiting = [thread]
        while waiting:
            current, noted = waiting.pop()
            if current in seen or current in threads:
                continue
            seen.add(current)
            step = self.steps[current]
            if step.goto:
                waiting.extend((target, noted) for target in reversed(step.goto))
            elif step.slot is not None:
                waiting.append((current + 1, _noting(noted, step.slot, at)))
            elif step.anchor is None:
                threads[current] = noted
            elif step.anchor.holds(value, at):
                waiting.append((current + 1, noted))
        budget.charge(len(seen) * self.slots >> 5)

    def _try_all(self, value: str, start: int, budget: Budget) -> Slots | None:
        """Backtracking, which references to groups need; the budget bounds it."""
        for began in range(start, len(value) + 1):
            waiting = [(0, began, self._begin(began))]
            while waiting:
                budget.charge(1 + (self.slots >> 4))
                current, at, noted = waiting.pop()
                step = self.steps[current]
                if step.goto:
                    waiting.extend((target, at, noted) for target in reversed(step.goto))
                elif step.slot is not None:
                    waiting.append((current + 1, at, _noting(noted, step.slot, at)))
                elif (end := _past(step, value, at, noted)) is not None:
                    budget.charge(end - at >> 7)
                    waiting.append((current + 1, end, noted))
                elif step.signs is None and step.anchor is None and step.back is None:
                    return (began, at, *noted[2:])
        return None


def _noting(noted: Slots, slot: int, at: int) -> Slots:
    return (*noted[:slot], at, *noted[slot + 1 :])


def _past(step: Step, value: str, at: int, noted: Slots) -> int | None:
    """Where the text goes on after a step that tests it; None when it fails, or tests nothing."""
    if step.signs is not None:
        return at + 1 if at < len(value) and step.signs.holds(value[at]) else None
    if step.anchor is not None:
        return at if step.anchor.holds(value, at) else None
    if step.back is None:
        return None
    first, last = noted[2 * step.back.place : 2 * step.back.place + 2]
    return step.back.end(value, at, value[first:last] if last >= 0 else "")


@lru_cache(maxsize=256)
def compile_pattern(pattern: str, flags: str) -> Pattern:
    """A pattern ready to run; raises FeelError (feel_function) for what is not supported."""
    compiled = Pattern()
    _emit(compiled.steps, parse_pattern(pattern, flags))
    compiled.steps.append(Step())
    noted = [step.slot for step in compiled.steps if step.slot is not None]
    compiled.slots = max(noted, default=1) + 1
    compiled.backtracks = any(step.back for step in compiled.steps)
    return compiled


def _emit(steps: list[Step], item: Item) -> None:
    if len(steps) > _MAX_PROGRAM:
        raise refuse(text("重复次数太多"))
    if isinstance(item, AnyOf):
        steps.append(Step(signs=item))
    elif isinstance(item, Anchor):
        steps.append(Step(anchor=item))
    elif isinstance(item, Back):
        steps.append(Step(back=item))
    elif isinstance(item, Group):
        _emit_group(steps, item)
    elif isinstance(item, Sequence):
        _emit_sequence(steps, item)
    elif isinstance(item, Choice):
        _emit_choice(steps, item)
    else:
        _emit_repeat(steps, item)


def _emit_group(steps: list[Step], group: Group) -> None:
    if group.place is not None:
        steps.append(Step(slot=2 * group.place))
    _emit(steps, group.body)
    if group.place is not None:
        steps.append(Step(slot=2 * group.place + 1))


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


_PIECE = re.compile(r"\$([0-9]+)|\\([$\\])|([^$\\]+)")


def replacement_pieces(replacement: str, groups: int) -> list[str | int] | None:
    """Texts and places of groups; None when a `$` or `\\` stands alone.

    Of the digits behind `$`, as many count as there are groups; groups that are missing are empty.
    """
    pieces: list[str | int] = []
    at = 0
    while at < len(replacement):
        found = _PIECE.match(replacement, at)
        if found is None:
            return None
        at = found.end()
        if found[1] is None:
            pieces.append(found[2] or found[3])
        else:
            pieces.extend(_reference(found[1], groups))
    return pieces


def _reference(digits: str, groups: int) -> list[str | int]:
    size = min(len(digits), 3)
    while size > 1 and int(digits[:size]) > groups:
        size -= 1
    place = int(digits[:size])
    return [*([place] if place <= groups else []), digits[size:]]
