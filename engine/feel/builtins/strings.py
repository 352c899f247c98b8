"""Text functions. Positions count characters from 1, or from the end when negative."""

from decimal import ROUND_HALF_EVEN, Decimal

from engine.feel import convert
from engine.feel.limits import MAX_DEPTH, MAX_STRING, Budget, check_string, too_big
from engine.feel.printer import quoted
from engine.feel.regex import prepare, replacement_pieces
from engine.feel.registry import builtin
from engine.feel.values import Range
from engine.text import text


@builtin("string", "from: any", budget=True)
def string(budget: Budget, value: object) -> str | None:
    return None if value is None else check_string("".join(_show(value, budget, 0)), budget)


def _show(value: object, budget: Budget, depth: int) -> list[str]:
    """The parts of a value's text; inside lists and contexts, strings are quoted.

    Each part is paid for when it is made: one list can hold a long text thousands of times.
    """
    budget.charge(1)
    if depth >= MAX_DEPTH:
        raise too_big(text("值的嵌套层数"), MAX_DEPTH)
    if isinstance(value, list):
        return ["[", *_joined([_show(item, budget, depth + 1) for item in value]), "]"]
    if isinstance(value, dict):
        entries = [
            [check_string(f"{key}: ", budget), *_show(item, budget, depth + 1)]
            for key, item in value.items()
        ]
        return ["{", *_joined(entries), "}"]
    return [check_string(_show_alone(value, depth), budget)]


def _show_alone(value: object, depth: int) -> str:
    if isinstance(value, str) and depth:
        return quoted(value)
    return convert.format_range(value) if isinstance(value, Range) else convert.format_scalar(value)


def _joined(shown: list[list[str]]) -> list[str]:
    parts: list[str] = []
    for i, part in enumerate(shown):
        parts.extend([", ", *part] if i else part)
    return parts


@builtin("string length", "string: string")
def string_length(value: str) -> Decimal:
    return Decimal(len(value))


@builtin("upper case", "string: string")
def upper_case(value: str) -> str:
    return value.upper()


@builtin("lower case", "string: string")
def lower_case(value: str) -> str:
    return value.lower()


@builtin("contains", "string: string", "match: string")
def contains(value: str, match: str) -> bool:
    return match in value


@builtin("starts with", "string: string", "match: string")
def starts_with(value: str, match: str) -> bool:
    return value.startswith(match)


@builtin("ends with", "string: string", "match: string")
def ends_with(value: str, match: str) -> bool:
    return value.endswith(match)


@builtin("substring", "string: string", "start position: number", "length: number?")
def substring(value: str, start: Decimal, length: Decimal | None = None) -> str | None:
    # Bounded before it becomes an int: one of 6,000 digits takes long to make.
    nearest = min(max(start, Decimal(-len(value))), Decimal(len(value) + 1))
    first = int(nearest.to_integral_value(ROUND_HALF_EVEN)) if start else 0
    if first == 0 or (length is not None and length < 1):
        return None
    begin = first - 1 if first > 0 else len(value) + first
    count = len(value) if length is None else int(min(length, Decimal(len(value))))
    return value[begin : begin + count]


@builtin("substring before", "string: string", "match: string")
def substring_before(value: str, match: str) -> str:
    return value[: max(value.find(match), 0)]


@builtin("substring after", "string: string", "match: string")
def substring_after(value: str, match: str) -> str:
    at = value.find(match)
    return "" if at < 0 else value[at + len(match) :]


@builtin("matches", "input: string", "pattern: string", "flags: string?", budget=True)
def matches(budget: Budget, value: str, pattern: str, flags: str | None = None) -> bool:
    return prepare(pattern, flags or "", budget).find(value, 0, budget) is not None


@builtin(
    "replace",
    *("input: string", "pattern: string", "replacement: string", "flags: string?"),
    budget=True,
)
def replace(
    budget: Budget, value: str, pattern: str, replacement: str, flags: str | None = None
) -> str | None:
    """Every match replaced; `$1` is the first group, `$0` all of it. A match of nothing is null."""
    compiled = prepare(pattern, flags or "", budget)
    budget.charge(len(replacement) >> 3)
    pieces = replacement_pieces(replacement, compiled.slots // 2 - 1)
    if pieces is None or compiled.find("", 0, budget):
        return None
    parts: list[str] = []
    start, size = 0, 0
    while found := compiled.match(value, start, budget):
        budget.charge(1 + (len(pieces) >> 3))
        parts.append(value[start : found[0]])
        parts.extend(p if isinstance(p, str) else _group(value, found, p) for p in pieces)
        start = found[1]
        size += sum(map(len, parts[-len(pieces) - 1 :]))
        if size > MAX_STRING:
            raise too_big(text("文字长度"), MAX_STRING)
    return "".join([*parts, value[start:]])


def _group(value: str, found: tuple[int, ...], place: int) -> str:
    first, last = found[2 * place : 2 * place + 2]
    return value[first:last] if last >= 0 else ""


@builtin("split", "string: string", "delimiter: string", budget=True)
def split(budget: Budget, value: str, delimiter: str) -> list[object] | None:
    """The parts between the matches of a pattern; a pattern that matches nothing gives null."""
    pattern = prepare(delimiter, "", budget)
    if pattern.find("", 0, budget):
        return None
    parts: list[object] = []
    start = 0
    while found := pattern.find(value, start, budget):
        parts.append(value[start : found[0]])
        start = found[1]
    return [*parts, value[start:]]


@builtin("string join", "list: list", "delimiter: string?")
def string_join(items: list[object], delimiter: str | None = None) -> str | None:
    if any(item is not None and not isinstance(item, str) for item in items):
        return None
    between = delimiter or ""
    words = [item for item in items if isinstance(item, str)]
    if sum(map(len, words)) + len(between) * len(words) > MAX_STRING:
        raise too_big(text("文字长度"), MAX_STRING)
    return between.join(words)
