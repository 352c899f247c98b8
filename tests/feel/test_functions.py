"""The built-in functions of DMN 1.5 beyond arithmetic: their answers, and null for the rest."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.feel import BUILTINS, evaluate, to_json_native

STANDARD = """
date | date and time | time | number | string | duration | years and months duration | context
range | not | substring | string length | upper case | lower case | substring before | contains
substring after | replace | starts with | ends with | matches | split | string join | count | min
list contains | max | sum | mean | all | any | sublist | append | concatenate | insert before
remove | reverse | index of | union | distinct values | flatten | product | median | stddev | mode
list replace | decimal | floor | ceiling | round up | round down | round half up | abs | modulo
round half down | sqrt | log | exp | odd | even | is | day of year | day of week | month of year
week of year | before | after | meets | met by | overlaps | overlaps before | overlaps after
finishes | finished by | includes | during | starts | started by | coincides | sort | get value
get entries | context put | context merge
"""


def test_every_function_of_the_standard_is_there() -> None:
    wanted = {name.strip() for name in STANDARD.replace("\n", "|").split("|") if name.strip()}
    assert wanted - BUILTINS.keys() == set()


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("median([8, 2, 5, 7])", 6),
        ("median([])", None),
        ("mode([3, 1, 3, 1, 2])", [1, 3]),
        ("mode([])", []),
        ("stddev([2, 4, 7, 5]) > 2.0816 and stddev([2, 4, 7, 5]) < 2.0817", True),
        ("stddev([1])", None),
        ('product([2, "a"])', None),
        ("sqrt(16)", 4),
        ("sqrt(-1)", None),
        ("log(exp(1)) > 0.9999", True),
        ("log(0)", None),
        ("exp(99999)", None),
        ("0 ** 0", 1),
        ("sublist([1, 2, 3], -2)", [2, 3]),
        ("sublist([1, 2, 3], 2, 5)", None),
        ("insert before([1, 2], 3, 9)", [1, 2, 9]),
        ("insert before([1, 2], 4, 9)", None),
        ("remove([1, 2, 3], -1)", [1, 2]),
        ("remove([1], 0)", None),
        ("list replace([1, 2, 3], 2, 9)", [1, 9, 3]),
        ("list replace([2, 4, 7], function(item, newItem) item < newItem, 5)", [5, 5, 7]),
        ("list replace([2], function(item) true, 5)", None),
        ("sort([3, 1, 2], function(x, y) x > y)", [3, 2, 1]),
        ('sort(["b", "a"])', ["a", "b"]),
        ('sort([1, "a"])', None),
        ("sort([3, 1], function(x, y) 1)", None),
        ("append(null, 1)", None),
        ("concatenate([1], null)", None),
        ('context([{key: "a", value: 1}])', {"a": 1}),
        ('context([{key: "a", value: 1}, {key: "a", value: 2}])', None),
        ('context put({a: {b: 1}}, ["a", "c"], 2)', {"a": {"b": 1, "c": 2}}),
        ('context put({a: 1}, ["a", "c"], 2)', None),
        ("context put({a: 1}, [], 2)", None),
        ("context merge([{a: 1}, {a: 2, b: 3}])", {"a": 2, "b": 3}),
        ("context merge([1])", None),
        ('get value({a: {b: 1}}, ["a", "b"])', 1),
        ('range("[1..3]") = [1..3]', True),
        ('range("[date(\\"2025-01-01\\")..@\\"2025-01-02\\")").end included', False),
        ('range("[3..1]")', None),
        ('range("[..1]")', None),
        ('is(@"P1D", @"PT24H")', True),
        ('is(@"10:00:00Z", @"10:00:00@Etc/UTC")', False),
        ("is(1)", False),
        ('replace("abracadabra", "a(.)", "a$1$1")', "abbraccaddabbra"),
        ('replace("abc", "(b)", "[$1$0]")', "a[bb]c"),
        ('replace("abc", "b", "\\\\$")', "a$c"),
        ('replace("abc", "b", "$")', None),
        ('replace("abc", "x*", "-")', None),
        ('replace("ABC", "b", "-", "i")', "A-C"),
        ('matches("aA", "(a)\\\\1", "i")', True),
        ('matches("ab", "(a)\\\\1")', False),
        ('matches("上海", "\\\\p{IsCJKUnifiedIdeographs}+")', True),
        ('years and months duration(@"2024-01-31", @"2025-01-30T10:00:00")', "P11M"),
        ("before([1..5), [5..9])", True),
        ("before(5, [5..9])", False),
        ("meets([1..5], [5..9])", True),
        ("overlaps([1..5], (5..9])", False),
        ("during(3, [1..5])", True),
        ("includes([1..5], [2..3])", True),
        ("finishes(5, [1..5])", True),
        ("started by([1..5], 1)", True),
        ("coincides(3, 3)", True),
        ('before(1, "a")', None),
        ('during(@"2025-01-02", [@"2025-01-01"..@"2025-01-31"])', True),
    ],
)
def test_functions(source: str, expected: object) -> None:
    assert to_json_native(evaluate(source, {})) == expected


ENDS = st.tuples(st.integers(0, 6), st.integers(0, 6)).map(sorted)
RANGES = st.builds(
    lambda ends, opening, closing: f"{opening}{ends[0]}..{ends[1]}{closing}",
    ENDS,
    st.sampled_from("[("),
    st.sampled_from("])"),
)
OPPOSITES = {
    "before": "after",
    "meets": "met by",
    "overlaps before": "overlaps after",
    "finishes": "finished by",
    "during": "includes",
    "starts": "started by",
    "overlaps": "overlaps",
    "coincides": "coincides",
}


@given(RANGES, RANGES, st.sampled_from(sorted(OPPOSITES)))
def test_a_relation_of_ranges_is_its_opposite_the_other_way_round(
    a: str, b: str, relation: str
) -> None:
    there = evaluate(f"{relation}({a}, {b})", {})
    assert there is evaluate(f"{OPPOSITES[relation]}({b}, {a})", {})
    assert isinstance(there, bool)


@given(RANGES, RANGES)
def test_ranges_that_coincide_start_finish_and_include_each_other(a: str, b: str) -> None:
    if evaluate(f"coincides({a}, {b})", {}):
        names = ("starts", "finishes", "during", "includes")
        assert all(evaluate(f"{name}({a}, {b})", {}) is True for name in names)


@given(st.lists(st.integers(-50, 50), max_size=30))
def test_sort_with_a_function_is_a_stable_sort(items: list[int]) -> None:
    found = evaluate("sort(l, function(x, y) x < y)", {"l": items})
    assert found == sorted(items)
