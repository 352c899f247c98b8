"""Lists, contexts, paths, filters and loops."""

from collections.abc import Mapping

import pytest

from engine.feel import evaluate, to_json_native

LOANS: Mapping[str, object] = {
    "limit": 300,
    "loans": [
        {"bank": "甲", "amount": 100, "firm": {"name": "A"}},
        {"bank": "乙", "amount": 500, "firm": {"name": "B"}},
        {"bank": "丙", "amount": None},
    ],
}


def json_of(source: str) -> object:
    return to_json_native(evaluate(source, LOANS))


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("[1, 2, 3][1]", 1),
        ("[1, 2, 3][-1]", 3),
        ("[1, 2, 3][4]", None),
        ("[][1]", None),
        ("[1, 2, 3][1.5]", None),
        ("[1, 2, 3][-0.5]", None),
        ("[1, 2, 3][0]", None),
        ("[1, 2, 3][-0.9999999999999999999999999999999999]", None),
        ("[1, 2, 3][limit / 200]", None),
        ("[1, 2, 3][item / 2 + 1]", None),
        ("sublist([1, 2, 3], 2.5)", [2, 3]),
        ("sublist([1, 2, 3], 2, 1.5)", [2]),
        ("remove([1, 2, 3], -0.9999999999999999999999999999999999)", None),
        ("[1, 2, 3][item > 1]", [2, 3]),
        ("[5, 6][limit - 299]", 5),
        ("loans[amount > limit].bank", ["乙"]),
        ("loans[item.amount <= limit][1].bank", "甲"),
        ("loans[1].firm.name", "A"),
        ("loans.firm.name", ["A", "B", None]),
        ("loans[bank = limit]", []),
        ("null[item > 1]", []),
        ("7[1]", 7),
        ("limit.nothing", None),
        ("missing.name", None),
        ("{a: 1, b: a + 1}.b", 2),
        ('{"a b": 1}.a b', 1),
        ("{first name: 1, x: first name + 1}.x", 2),
        ("{f: function(n) if n < 2 then 1 else n * f(n - 1), r: f(5)}.r", 120),
        ('get value({a: 1}, "a")', 1),
        ("get entries({a: 1})", [{"key": "a", "value": 1}]),
    ],
)
def test_paths_and_filters_reach_into_values(source: str, expected: object) -> None:
    assert json_of(source) == expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("for x in [1, 2] return x * 2", [2, 4]),
        ("for x in 1..3 return x", [1, 2, 3]),
        ("for x in 3..1 return x", [3, 2, 1]),
        ("for x in 1..2, y in [x, 10] return x * y", [1, 10, 4, 20]),
        ("for first part in [1] return first part + 1", [2]),
        ("for x in 1..4 return if x < 3 then 1 else partial[-1] + partial[-2]", [1, 1, 2, 3]),
        ('for d in @"2025-02-28"..@"2025-03-01" return d', ["2025-02-28", "2025-03-01"]),
        ("for x in limit.none return x", None),
        ("some x in [1, 2] satisfies x > 1", True),
        ("every x in [1, 2] satisfies x > 1", False),
        ("every x in [] satisfies false", True),
        ("some x in [null, 1] satisfies x > 1", None),
        ("some l in loans satisfies l.amount > limit", True),
        ("some x in [1, 2], y in [2, 3] satisfies x = y", True),
    ],
)
def test_loops_run_over_lists_ranges_and_days(source: str, expected: object) -> None:
    assert json_of(source) == expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("list contains([1, null], null)", True),
        ("count([1, 2])", 2),
        ("count(list: [])", 0),
        ("min(3, 1, 2)", 1),
        ('max(["a", "c", "b"])', "c"),
        ('min([1, "a"])', None),
        ("sum([])", None),
        ("append([1], 2, 3)", [1, 2, 3]),
        ("concatenate([1], [2, [3]])", [1, 2, [3]]),
        ("distinct values([1, 2, 1])", [1, 2]),
        ("flatten([1, [2, [3]]])", [1, 2, 3]),
        ("reverse([1, 2])", [2, 1]),
        ("index of([1, 2, 1], 1)", [1, 3]),
    ],
)
def test_list_functions(source: str, expected: object) -> None:
    assert json_of(source) == expected


def test_functions_take_arguments_by_place_or_by_name() -> None:
    assert json_of("(function(a, b) a - b)(5, 1)") == 4
    assert json_of("{f: function(a, b) a - b}.f(b: 1, a: 5)") == 4
    assert json_of('substring(string: "abcd", start position: 2, length: 2)') == "bc"
    assert json_of('substring(text: "abcd", start: 2)') is None


def test_the_callers_own_values_are_never_changed() -> None:
    mine = [1, 2]
    assert json_of("append(loans, 1)[1].bank") == "甲"
    evaluate("append(a, 3)", {"a": mine})
    assert mine == [1, 2]


def test_is_defined_tells_a_missing_name_from_one_that_is_null() -> None:
    context = {"a": None, "b": {"c": None}}
    assert evaluate("is defined(a)", context) is True
    assert evaluate("is defined(z)", context) is False
    assert evaluate("is defined(b.c)", context) is True
    assert evaluate("is defined(b.d)", context) is False


def test_the_dots_of_an_iteration_are_no_ranges() -> None:
    source = "for x in 1..1, y in function(z) [] return x"
    assert evaluate(f"({source})", {}) == evaluate(source, {})
