"""Whatever the text, the answer is a value or a FeelError, and it comes soon."""

import inspect
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime, time
from time import process_time
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.feel import (
    BUILTINS,
    FeelError,
    compile_condition,
    compile_expression,
    compile_unary_tests,
    evaluate,
    to_json_native,
)
from engine.feel.wide import NanoTime, WideDate, WideMoment

CONTEXT: dict[str, object] = {
    "a": 1,
    "x": "text",
    "l": [1, 2, 3],
    "c": {"a": 1, "b": [None, True]},
    "金额": 5,
    "big": list(range(10_000)),
    "f": "$1" * 3000,
    "years": [WideDate(10_000, 1, 1), date(2024, 1, 1)],
    "clocks": [NanoTime(time(10), 1), time(10)],
    "moments": [WideMoment(WideDate(-1, 1, 1), time(0)), datetime(2024, 1, 1)],  # noqa: DTZ001
    "zones": [datetime(1, 1, 1, tzinfo=ZoneInfo("Asia/Shanghai")), datetime(1, 1, 1, tzinfo=UTC)],
}
VOCABULARY = """
a x l c 金额 big item partial ? 1 0 2.5 1e6000 9 -1 null true false "a" "2025-01-31" "P1D" "(a|b)*"
+ - * / ** = != < <= > >= ( ) [ ] { } , : . .. -> @ not and or in if then else between instance of
for some every return satisfies function number list date @"2025-01-01" @"P1Y" @"PT1S" @"10:00:00Z"
sum( count( min( string( append( concatenate( flatten( matches( split( floor( date( duration( abs(
substring( modulo( all( number( decimal( get( {f: f(n) 1..9999 "(a)\\1" "$1" "[1..2]" 2.5 -1
@"10000-01-01T00:00:00Z" @"2024-01-01T00:00:00.000000001" @"10:00:00.000000001Z" years clocks
moments zones @"2024-03-10T03:30:00@America/New_York" @"9999-12-31T23:59:59-18:00" min( max( sort(
reverse( union( replace( sublist( remove( range( context( median( mode( stddev( product( sqrt(
exp( log( is( before( after( meets( overlaps( during( starts( time( @"10000-01-01" [1..5]
@"10:00:00.000000001"
"""
WORDS = (
    *VOCABULARY.split(),
    *("round half up(", "date and time(", "list contains(", "distinct values(", "is defined("),
    *("for i in", "1..9999 return", "some i in", "{f: function(n)", "f(n)", "string join("),
)


SECONDS = 3.0
"""Of the processor, which no text takes: a bounded evaluation needs less than one."""


def settle(source: str) -> None:
    """Use a text in every way there is; only FeelError may come out."""
    uses: list[Callable[[], object]] = [
        lambda: to_json_native(evaluate(source, CONTEXT)),
        lambda: compile_condition(source).evaluate(CONTEXT),
        lambda: compile_unary_tests(source).matches(1, CONTEXT),
    ]
    for use in uses:
        began = process_time()
        refusal = refusal_of(use)
        assert process_time() - began < SECONDS
        if refusal is not None:
            assert str(refusal)
            assert str(refusal.remedy)
            assert all(str(label) for label in refusal.expected)


def refusal_of(use: Callable[[], object]) -> FeelError | None:
    """The FeelError that comes out, if any; other exceptions fail the test."""
    try:
        use()
    except FeelError as error:
        return error
    return None


@settings(deadline=None)
@given(st.text(max_size=80))
def test_no_text_raises_anything_but_feel_error(source: str) -> None:
    settle(source)


@settings(max_examples=600, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.lists(st.sampled_from(WORDS), max_size=14))
def test_no_mixture_of_feel_words_raises_anything_but_feel_error(words: list[str]) -> None:
    settle(" ".join(words))


VALUES = st.recursive(
    st.sampled_from([word for word in VOCABULARY.split() if word[-1] not in "+-*/=<>([{"]),
    lambda inner: st.lists(inner, max_size=3).map(lambda items: f"[{', '.join(items)}]"),
    max_leaves=3,
)


@settings(max_examples=600, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.sampled_from(sorted(BUILTINS)), st.lists(VALUES, max_size=4))
def test_no_arguments_of_a_function_raise_anything_but_feel_error(
    name: str, args: list[str]
) -> None:
    settle(f"{name}({', '.join(args)})")


HOSTILE = {
    "brackets": "(" * 4999 + "1" + ")" * 4999,
    "lists": "[" * 10_000,
    "minus": "-" * 9999 + "1",
    "functions": "function(x) " * 800 + "x",
    "if": "if true then " * 100 + "1" + " else 2" * 100,
    "path": "a" + ".b" * 4000,
    "comments": "/*" * 4999,
    "long": "1" * 10_001,
    "digits": "9" * 9_999,
    "exponent": "2 ** 10000000",
    "range": "for i in 1..1000000000000 return i",
    "product": "for a in big, b in big return 1",
    "some": "some a in big, b in big satisfies a + b < 0",
    "filters": "count(big[count(big[item > 0]) > 0])",
    "recursion": "{f: function(n) f(n + 1), r: f(1)}.r",
    "tree": "{f: function(n) if n = 0 then 0 else f(n-1) + f(n-1), r: f(30)}.r",
    "doubling": 'for i in 1..60 return if i = 1 then "x" else partial[-1] + partial[-1]',
    "shared": "for i in 1..100 return partial",
    "shared text": "string(for i in 1..100 return partial)",
    "shared equals": "(for i in 1..60 return partial) = (for i in 1..60 return partial)",
    "shared flatten": "flatten(for i in 1..60 return partial)",
    "joined": "concatenate(big, big)",
    "surrogate": '"\\uD800"',
    "sort": "sort(big, function(x, y) count(sort(big, function(a, b) a > b)) > 0)",
    "empty groups": 'replace(string join(for i in 1..9999 return "a"), "a()", f)',
    "back": 'matches(string join(for i in 1..9999 return "a"), "(a*)*\\1b")',
    "merge": "for i in big return context merge(for j in big return c)",
    "names": "{" + ",".join(f"n {i}: {i}" for i in range(1000)) + "}",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_is_refused_quickly(name: str) -> None:
    evaluate("1", {})
    started = process_time()
    with pytest.raises(FeelError) as caught:
        evaluate(HOSTILE[name], CONTEXT)
    assert process_time() - started < SECONDS
    assert caught.value.remedy or caught.value.code == "feel_syntax"


def test_many_names_that_begin_alike_cost_no_more_than_few() -> None:
    names = frozenset(f"a b c {i}" for i in range(20_000))
    compile_expression("a", names=names)
    started = process_time()
    with pytest.raises(FeelError):
        compile_expression("a b c " * 1_500, names=names)
    assert process_time() - started < SECONDS


def test_powers_of_powers_stay_numbers_of_34_digits() -> None:
    assert evaluate("9 ** 9 ** 9 ** 9 ** 9", {}) is None
    assert evaluate("9 ** 9 ** 9 > 0", {}) is True


def test_a_caller_deep_in_the_stack_gets_a_feel_error() -> None:
    compiled = compile_expression("[" * 50 + "1" + "]" * 50)

    def deeper(levels: int) -> object:
        return deeper(levels - 1) if levels else compiled.evaluate({})

    used = len(inspect.stack(0))
    with pytest.raises(FeelError, match="嵌套"):
        deeper(sys.getrecursionlimit() - used - 60)
    assert deeper(10) is not None


def test_values_that_contain_themselves_are_refused() -> None:
    loop: list[object] = []
    loop.append(loop)
    with pytest.raises(FeelError, match="嵌套"):
        evaluate("loop", {"loop": loop})


@pytest.mark.parametrize(
    ("source", "line", "column", "expected"),
    [
        ("1 +", 1, 4, "一个值"),
        ("a > 1\n  and (b", 2, 9, ")"),
        ("if a then 1", 1, 12, "else"),
        ("a b", 1, 3, "表达式的结尾"),
        ("for x in l", 1, 11, "return"),
    ],
)
def test_a_syntax_error_says_where_and_what_was_expected(
    source: str, line: int, column: int, expected: str
) -> None:
    with pytest.raises(FeelError) as caught:
        evaluate(source, {})
    assert (caught.value.code, caught.value.line, caught.value.column) == (
        "feel_syntax",
        line,
        column,
    )
    assert expected in {str(label) for label in caught.value.expected}


@pytest.mark.parametrize(
    ("source", "remedy"),
    [
        ("a == 1", "相等只写一个 ="),
        ("a && b", "and"),
        ("a != 1 ！", "放进引号"),
        ("（a）", "半角的 ("),
        ("a = “通过”", '半角的 "'),
        ("a = '通过'", '半角双引号 "'),
        ('a = "通过', "半角引号"),
        ('@"2025-1-1"', "2025-01-31"),
    ],
)
def test_frequent_mistakes_are_answered_with_what_to_write(source: str, remedy: str) -> None:
    with pytest.raises(FeelError) as caught:
        evaluate(source, {})
    assert remedy in str(caught.value.remedy)


@pytest.mark.parametrize(
    ("source", "code", "column"),
    [
        ('1 + matches("a", "(")', "feel_function", 5),
        ('1 + matches(x, x + "(")', "feel_function", 5),
        ('"b" + string join(for i in 1..9999 return string(big))', "feel_limit", 43),
        ("1 + (for i in big, j in big return 1)[1]", "feel_limit", 6),
        ("1 + count(big[count(big[item > 0]) > 0])", "feel_limit", 24),
        ("1 + {f: function(n) f(n + 1), r: f(1)}.r", "feel_limit", 21),
        ("1 + count((for i in 1..9999 return partial)[1])", "feel_limit", 12),
        ("1 + count(for i in 1..9999 return big.a)", "feel_limit", 35),
        ("1 + 9 ** 10000", "feel_limit", 7),
        ("for i in 1..9999 return list = list", "feel_limit", 30),
        ("for i in 1..9999 return i in list", "feel_limit", 27),
        ("for i in 1..9999 return list instance of list<number>", "feel_limit", 30),
        ("for i in 1..9999 return (function(l: list<number>) 1)(list)", "feel_limit", 26),
        ("for i in 1..9999 return host(list)", "feel_limit", 25),
    ],
)
def test_a_bound_or_a_bad_pattern_says_where(source: str, code: str, column: int) -> None:
    context = {**CONTEXT, "list": list(range(9_000))}
    with pytest.raises(FeelError) as caught:
        evaluate(f"\n{source}", context, {"host": len})
    found = caught.value
    assert (found.code, found.line, found.column) == (code, 2, column)


def test_a_bound_that_a_cell_reaches_has_a_place() -> None:
    tests = compile_unary_tests('\n not("b", ' + ", ".join(["big"] * 99) + ")")
    with pytest.raises(FeelError) as caught:
        tests.matches(-1, CONTEXT)
    assert (caught.value.line, caught.value.column) == (2, 2)
