"""What takes long costs steps: no text keeps a worker busy, it reaches its bound first."""

from datetime import datetime, time, timedelta
from time import process_time
from zoneinfo import ZoneInfo, available_timezones

import pytest

from engine.feel import FeelError, compile_expression, evaluate, limits
from engine.feel.wide import WideDate, WideMoment

PARIS = ZoneInfo("Europe/Paris")

CONTEXT: dict[str, object] = {
    "t": "a" * 2000,
    "long": "a" * 100_000,
    "years": [WideMoment(WideDate(10_000 + n, 1, 1), time(0, 0, 0, n)) for n in range(10_000)],
    "zones": [datetime(2024, 1, 1, tzinfo=PARIS) + timedelta(hours=n) for n in range(10_000)],
    "pieces": "$1" * 3000,
    "places": sorted(available_timezones())[:200],
    "nowhere": [f"Nowhere{n}" for n in range(200)],
    "lengths": [timedelta(seconds=1.5)] * 10_000,
    "keys": {str(n): n for n in range(10_000)},
    "numbers": [n * 7919 % 10_007 for n in range(10_000)],
}
SIGNS = "".join(chr(0x100 + 2 * n) for n in range(390))
SUBSETS = "[a-z-" * 29 + "[b]" + "]" * 29

STEPS = 20_000
"""A fifth of what is allowed, so that showing that the bound is reached costs a fifth."""

SECONDS = 1.0
"""Of the processor: ten times what so many steps take, so what was not paid for shows."""


@pytest.fixture(autouse=True)
def _few_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_STEPS", STEPS)


def refused(source: str) -> FeelError:
    """The error of a text whose evaluation has to end at its bound, and soon."""
    evaluate("1", {})
    error, taken = timed(source)
    assert error is not None
    assert error.code == "feel_limit"
    assert taken < SECONDS
    return error


def timed(source: str) -> tuple[FeelError | None, float]:
    """How an evaluation ends, and the processor's seconds that it took."""
    began = process_time()
    try:
        evaluate(source, CONTEXT)
    except FeelError as error:
        return error, process_time() - began
    return None, process_time() - began


@pytest.mark.parametrize(
    "pattern",
    [
        f'"[^{SIGNS}]{{900}}b"',
        f'"{SUBSETS}{{900}}b"',
        r'"\\p{L}{900}b"',
        r'"[\\w\\d\\s\\D\\S]{900}b"',
        '"[^b-y]{900}b", "i"',
        '"(^|$|a){200}b", "m"',
        '"' + "(a?)" * 100 + 'b"',
    ],
    ids=["many signs", "subsets", "category", "classes", "ignoring case", "anchors", "groups"],
)
def test_a_pattern_pays_for_the_signs_that_it_has_to_compare(pattern: str) -> None:
    refused(f"matches(t, {pattern})")


@pytest.mark.parametrize(
    "pattern", ["x{1000}y{900}", "a?" * 200, "[ab] " * 80], ids=["repeats", "options", "long"]
)
def test_every_new_pattern_is_paid_for(pattern: str) -> None:
    refused(f'for i in 1..9999 return matches("", "{pattern}" + string(i), "x")')


def test_a_pattern_is_paid_for_once_in_an_evaluation() -> None:
    found = evaluate('for i in 1..9999 return matches("", "x{1000}y{900}")', {})
    assert found == [False] * 9999


def test_an_evaluation_pays_for_a_pattern_that_another_has_compiled() -> None:
    source = "[" + ", ".join(f'matches("", p + "{n}")' for n in range(30)) + "]"
    for _ in range(2):
        with pytest.raises(FeelError):
            evaluate(source, {"p": "x{1000}y{900}"})


def test_compiling_leaves_to_the_evaluation_what_would_take_long() -> None:
    hard = f'matches("{"a" * 20}", "(a*)*\\\\1b")'
    source = f"if x then {' or '.join([hard] * 200)} else date(2025, 1, 31).day"
    began = process_time()
    compiled = compile_expression(source)
    assert process_time() - began < SECONDS
    assert compiled.evaluate({"x": False}) == 31
    with pytest.raises(FeelError):
        compiled.evaluate({"x": True})


def test_compiling_says_what_is_wrong_with_a_pattern_that_is_written_out() -> None:
    with pytest.raises(FeelError, match="样式不能使用"):
        compile_expression('if x then matches("a", "(") else 1')


SLOW_CALLS = {
    "roots": ("(i ** 1.2345) ** 0.81 + ", 400),
    "logarithms": ("log(exp(i / 7)) + ", 400),
    "square roots": ("sqrt(i / 7) + ", 400),
    "dates": ('date(d).day + date and time(d + "T00:00:00@Asia/Shanghai").day + ', 100),
    "durations": ('duration("P" + string(i) + "D").days + ', 200),
    "ranges": ('range("[1.." + string(i) + "]").end + ', 200),
    "relations": ("(if overlaps before([1..i], [2..i]) then 1 else 0) + ", 100),
}


@pytest.mark.parametrize("name", SLOW_CALLS)
def test_functions_that_take_longer_than_others_cost_more(name: str) -> None:
    term, times = SLOW_CALLS[name]
    refused(f'{{d: "2025-01-31", r: for i in 1..9999 return {term * times} 0}}.r')


def test_a_function_that_is_handed_to_another_costs_steps_each_time() -> None:
    refused("for i in 1..9999 return count(sort(numbers, before))")


def test_names_cost_more_the_deeper_they_are_looked_up_from() -> None:
    outer = "".join(f"for a{n} in [1] return (" for n in range(45))
    names = " + ".join(["a0"] * 1500)
    refused(f"{outer}for i in 1..9999 return {names}{')' * 45}")
    refused(
        "for "
        + ", ".join(f"a{n} in [1]" for n in range(250))
        + f", i in 1..9999 return {' + '.join(['a0'] * 1200)}"
    )


LONG = '{x: substring(long, 2) + "漢", y: substring(long, 2) + "c", '
LONGS = LONG + "many: for i in 1..5000 return if odd(i) then x else y, r: "
SLOW_COMPARISONS = {
    "long texts": LONG + f"r: for i in 1..9999 return [{', '.join(['x < y'] * 500)}]}}.r",
    "sorting long texts": LONGS + "for i in 1..99 return count(sort(many))}.r",
    "the least of long texts": LONGS + "for i in 1..99 return min(many)}.r",
    "ranges of long texts": LONGS + "for i in 1..99 return y in (for m in many return [m..m])}.r",
    "equal long texts": LONGS + "for i in 1..99 return index of(many, substring(y, 1))}.r",
    "distant years": "for i in 1..9999 return min(years)",
    "distinct distant years": "distinct values(years)",
    "zones": "for i in 1..9999 return count(distinct values(zones))",
}


@pytest.mark.parametrize("name", SLOW_COMPARISONS)
def test_comparisons_that_take_longer_than_those_of_numbers_cost_steps(name: str) -> None:
    refused(SLOW_COMPARISONS[name])


@pytest.mark.parametrize("start", ["1e6144", "-1e6144", "1e-6143"])
def test_a_place_far_outside_of_a_text_is_answered_at_once(start: str) -> None:
    error, taken = timed(f'for i in 1..3000 return substring("text", {start} / i, {start})')
    assert error is None
    assert taken < SECONDS


OTHERS = {
    "pieces of a replacement": 'for i in 1..9999 return replace("", "a", pieces)',
    "contexts deep inside": 'for i in 1..9999 return context put({a: keys}, ["a", "x"], i)',
    "fields of many": "for i in 1..9999 return count(lengths.seconds)",
    "large types": "for i in 1..9999 return count instance of function<"
    + ", ".join(["list<Any>"] * 500)
    + "> -> Any",
    "texts in a text": "string(for i in 1..9999 return long)",
    "numbers in a text": "for i in 1..9999 return string length(string([1e6144, [1..1e6144]]))",
    "keys in a text": "string(for i in 1..9999 return context put({}, long, i))",
}


@pytest.mark.parametrize("name", OTHERS)
def test_what_is_hidden_in_a_value_is_paid_for(name: str) -> None:
    refused(OTHERS[name])


def test_a_some_that_stops_at_once_does_not_make_what_it_does_not_look_at() -> None:
    error, taken = timed(
        "every i in 1..500 satisfies some j in 1..9999 satisfies some k in [1..9999) satisfies true"
    )
    assert error is None
    assert taken < SECONDS


@pytest.mark.parametrize("names", ["places", "nowhere"])
def test_zones_are_not_looked_for_on_the_disk_again_and_again(
    names: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "MAX_STEPS", 5 * STEPS)
    error, taken = timed(f'for i in 1..25, z in {names} return is(time("00:00:00@" + z), null)')
    assert error is None
    assert taken < SECONDS


@pytest.mark.parametrize("part", ["long", "1e6144", "[1..1e6144]", "{long: long}.long"])
def test_a_result_that_shares_its_parts_is_refused_before_it_is_written(part: str) -> None:
    with pytest.raises(FeelError, match="上限"):
        evaluate(f"for i in 1..9999 return {part}", CONTEXT)
