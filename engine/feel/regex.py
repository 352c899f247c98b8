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
    """One instruction: test a sign, go on in order of preference, assert, note a place, or end.

    `effort` is what testing the sign costs, in small operations.
    """

    signs: AnyOf | None = None
    anchor: Anchor | None = None
    goto: tuple[int, ...] = ()
    slot: int | None = None
    back: Back | None = None
    effort: int = 1


@dataclass(slots=True)
class _Front:
    """The threads at one place of the text, the preferred first, and all steps that led to them."""

    threads: dict[int, Slots] = field(default_factory=dict)  # step → what its match has noted
    seen: set[int] = field(default_factory=set)


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
        front = _Front()
        found: Slots | None = None
        for at in range(start, len(value) + 1):
            if found is None:
                self._follow(front, (0, self._begin(at)), at, value)
            budget.charge(1 + (self._effort(front) >> 3))
            front, ended = self._advance(front.threads, at, value)
            found = found if ended is None else (ended[0], at, *ended[2:])
            if found and not front.threads:
                return found
        return found

    def _begin(self, at: int) -> Slots:
        return (at, -1, *(-1,) * (self.slots - 2))

    def _effort(self, front: _Front) -> int:
        """What was done to reach a place and what testing the sign there will cost."""
        effort = len(front.seen) * (1 + (self.slots >> 5))
        for index in front.threads:
            effort += self.steps[index].effort
        return effort

    def _advance(
        self, threads: dict[int, Slots], at: int, value: str
    ) -> tuple[_Front, Slots | None]:
        """The threads behind the sign at `at`, and what a match noted that ends here."""
        ahead = _Front()
        for index, noted in threads.items():
            step = self.steps[index]
            if step.signs is None:
                # The end: threads of lower preference are dropped.
                return ahead, noted
            if at < len(value) and step.signs.holds(value[at]):
                self._follow(ahead, (index + 1, noted), at + 1, value)
        return ahead, None

    def _follow(self, front: _Front, thread: tuple[int, Slots], at: int, value: str) -> None:
        """Add the thread, following jumps to the steps that test a sign or end."""
        waiting = [thread]
        while waiting:
            current, noted = waiting.pop()
            if current in front.seen:
                continue
            front.seen.add(current)
            step = self.steps[current]
            if step.goto:
                waiting.extend([(target, noted) for target in reversed(step.goto)])
            elif step.slot is not None:
                waiting.append((current + 1, _noting(noted, step.slot, at)))
            elif step.anchor is None:
                front.threads[current] = noted
            elif step.anchor.holds(value, at):
                waiting.append((current + 1, noted))

    def _try_all(self, value: str, start: int, budget: Budget) -> Slots | None:
        """Backtracking, which references to groups need; the budget bounds it."""
        for began in range(start, len(value) + 1):
            waiting = [(0, began, self._begin(began))]
            while waiting:
                current, at, noted = waiting.pop()
                step = self.steps[current]
                budget.charge(1 + (self.slots >> 4) + (_effort_at(step, noted) >> 3))
                if step.goto:
                    waiting.extend((target, at, noted) for target in reversed(step.goto))
                elif step.slot is not None:
                    waiting.append((current + 1, at, _noting(noted, step.slot, at)))
                elif (end := _past(step, value, at, noted)) is not None:
                    waiting.append((current + 1, end, noted))
                elif step.signs is None and step.anchor is None and step.back is None:
                    return (began, at, *noted[2:])
        return None


def _noting(noted: Slots, slot: int, at: int) -> Slots:
    return (*noted[:slot], at, *noted[slot + 1 :])


def _effort_at(step: Step, noted: Slots) -> int:
    """What a test costs on one way: the length of the text that a reference means."""
    if step.back is None:
        return step.effort
    first, last = _noted(noted, step.back.place)
    return last - first >> 4


def _noted(noted: Slots, place: int) -> tuple[int, int]:
    """Where a group's text begins and ends, -1 when it has none."""
    return noted[2 * place], noted[2 * place + 1]


def _past(step: Step, value: str, at: int, noted: Slots) -> int | None:
    """Where the text goes on after a step that tests it; None when it fails, or tests nothing."""
    if step.signs is not None:
        return at + 1 if at < len(value) and step.signs.holds(value[at]) else None
    if step.anchor is not None:
        return at if step.anchor.holds(value, at) else None
    if step.back is None:
        return None
    first, last = _noted(noted, step.back.place)
    return step.back.end(value, at, value[first:last] if last >= 0 else "")


def prepare(pattern: str, flags: str, budget: Budget) -> Pattern:
    """A pattern ready to run; raises FeelError (feel_function) for what is not supported.

    An evaluation pays for each of its patterns once, whether or not it was compiled before: its
    answer must not hang on what else the process did.
    """
    known = budget.patterns.get((pattern, flags))
    if known is None:
        known = budget.patterns[pattern, flags] = compile_pattern(pattern, flags)
        budget.charge(len(pattern) + len(known.steps) >> 1)
    return known


@lru_cache(maxsize=256)
def compile_pattern(pattern: str, flags: str) -> Pattern:
    """The program of a pattern; raises FeelError (feel_function) for what is not supported."""
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
        steps.append(Step(signs=item, effort=item.effort()))
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
