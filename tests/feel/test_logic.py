"""Three values, comparisons, ranges and choices."""

import pytest

from engine.feel import evaluate


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("true and null", None),
        ("false and null", False),
        ("null and false", False),
        ("true or null", True),
        ("false or null", None),
        ("true and 1", None),
        ("not(null)", None),
        ("not(false)", True),
        ("null = null", True),
        ("1 = null", False),
        ("1 != null", True),
        ('1 = "1"', None),
        ("null > 1", None),
        ('"a" < "b"', True),
        ("all([true, null])", None),
        ("all([])", True),
        ("any([false, true, null])", True),
        ("true or false and false", True),
    ],
)
def test_null_spreads_unless_the_other_side_decides(source: str, expected: object) -> None:
    assert evaluate(source, {}) is expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("5 between 1 and 5", True),
        ("x between 1 and 3 and true", False),
        ("5 in [1..5]", True),
        ("5 in [1..5)", False),
        ("5 in [1..5[", False),
        ("1 in ]1..5]", False),
        ("1 in (1..5)", False),
        ("x in (1, 5, 7)", True),
        ("x in (< 3, > 4)", True),
        ("x in >= 6", False),
        ("x in [1, 2, 3]", False),
        ("x in [[4..6], 9]", True),
        ('"b" in ["a".."c"]', True),
        ('@"2025-03-01" in [@"2025-01-01"..@"2025-12-31"]', True),
        ("x in 银行", True),
        ("null in [1..5]", None),
        ("[1] = [1]", True),
        ("{a: 1} = {a: 1}", True),
        ("{a: 1} = {a: 2}", False),
    ],
)
def test_values_are_found_in_ranges_and_lists(source: str, expected: object) -> None:
    assert evaluate(source, {"x": 5, "银行": [4, 5]}) is expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("1 instance of number", True),
        ('"a" instance of number', False),
        ("null instance of number", False),
        ('date("2025-01-01") instance of date', True),
        ('@"P1D" instance of days and time duration', True),
        ('@"P1M" instance of years and months duration', True),
        ("[1, 2] instance of list<number>", True),
        ('[1, "a"] instance of list<number>', False),
        ('{a: "x"} instance of context<a: string>', True),
        ("(function(x) x) instance of function", True),
        ("(function(x) x) instance of function<Any> -> Any", True),
        ("1 instance of nonsense", None),
        ("sum instance of function", True),
    ],
)
def test_instance_of_tells_types_apart(source: str, expected: object) -> None:
    assert evaluate(source, {}) is expected


def test_if_takes_the_else_branch_unless_the_condition_is_true() -> None:
    source = 'if 金额 > 1000 then "大额" else if 金额 > 100 then "中额" else "小额"'
    assert evaluate(source, {"金额": 5000}) == "大额"
    assert evaluate(source, {"金额": 500}) == "中额"
    assert evaluate(source, {}) == "小额"


def test_the_branch_that_is_not_taken_is_not_evaluated() -> None:
    assert evaluate("if true then 1 else boom()", {}, {"boom": lambda: 1 / 0}) == 1
