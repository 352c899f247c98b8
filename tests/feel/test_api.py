"""Compiling, names, host functions, unary tests and conditions."""

from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum

import pytest

from engine.errors import RuleRefused
from engine.feel import (
    FeelError,
    compile_condition,
    compile_expression,
    compile_unary_tests,
    evaluate,
    to_json_native,
)


def working_days(start: date, n: Decimal) -> date:
    return start + timedelta(days=int(n))


def refuse() -> None:
    raise RuleRefused("quota_full", "额度已满")


def test_the_same_text_is_compiled_once() -> None:
    assert compile_expression("a + 1") is compile_expression("a + 1")


def test_an_expression_says_which_names_it_reads() -> None:
    found = compile_expression(
        "if 金额 > 上限 then case.bank else sum(for x in 列表 return x * 率)"
    )
    assert found.names == {"金额", "上限", "case", "列表", "率"}


def test_names_inside_a_filter_may_be_fields_unless_they_are_declared() -> None:
    source = "loans[amount > limit]"
    assert compile_expression(source).names == {"loans"}
    assert compile_expression(source).perhaps == {"amount", "limit"}
    declared = compile_expression(source, names=["loans", "limit"])
    assert declared.names == {"loans", "limit"}


def test_names_with_spaces_and_signs_are_read_when_they_are_in_scope() -> None:
    expression = compile_expression("loan amount * 2 - a-b", names=["loan amount", "a-b"])
    assert expression.evaluate({"loan amount": 5, "a-b": 1}) == 9
    assert evaluate("贷款 金额 + 1", {"贷款 金额": 1}) == 2


def test_a_context_name_wins_over_a_built_in_that_is_not_called() -> None:
    assert evaluate("count + 1", {"count": 2}) == 3
    assert evaluate("count([1])", {"count": 2}) == 1


def test_host_functions_are_called_by_place_or_name_and_may_change_per_evaluation() -> None:
    functions = {"working days": working_days}
    start = {"start": date(2025, 1, 1)}
    expression = compile_expression("working days(start, 3)", functions=functions)
    assert expression.evaluate(start) == date(2025, 1, 4)
    assert evaluate("working days(n: 1, start: start)", start, functions) == date(2025, 1, 2)
    other = {"working days": lambda day, n: day}
    assert expression.evaluate(start, other) == date(2025, 1, 1)


def test_a_host_function_that_cannot_use_its_arguments_is_named_with_its_place() -> None:
    with pytest.raises(FeelError, match="working days") as caught:
        evaluate('1 + working days("x", 3)', {}, {"working days": working_days})
    assert (caught.value.code, caught.value.line, caught.value.column) == ("feel_function", 1, 5)


def test_a_business_rule_inside_a_host_function_refuses_in_its_own_name() -> None:
    with pytest.raises(RuleRefused, match="额度已满"):
        evaluate("check()", {}, {"check": refuse})


def test_values_that_are_not_data_are_refused() -> None:
    with pytest.raises(FeelError, match="thing"):
        evaluate("thing", {"thing": object()})
    with pytest.raises(FeelError, match="thing"):
        evaluate("thing", {"thing": {1: 2}})


def test_python_attributes_cannot_be_reached() -> None:
    assert evaluate("x.__class__", {"x": "a"}) is None
    assert evaluate("x.real", {"x": 1}) is None
    assert evaluate("__import__", {}) is None
    assert evaluate('__import__("os")', {}) is None


def test_strings_of_an_enumeration_are_plain_text() -> None:
    class Outcome(StrEnum):
        RETURNED = "RETURNED"

    assert evaluate('o = "RETURNED"', {"o": Outcome.RETURNED}) is True


def test_results_become_json() -> None:
    source = '{n: 1.5, d: @"2025-01-01", l: [true, null, 2], r: [1..5)}'
    assert to_json_native(evaluate(source, {})) == {
        "n": "1.5",
        "d": "2025-01-01",
        "l": [True, None, 2],
        "r": "[1..5)",
    }
    with pytest.raises(FeelError):
        to_json_native(evaluate("function(x) x", {}))


@pytest.mark.parametrize(
    ("cell", "value", "expected"),
    [
        ("-", None, True),
        ("", 1, True),
        ('"A","B"', "B", True),
        ('"A","B"', "C", False),
        ('not("A")', "A", False),
        ('not("A","B")', "C", True),
        ("[1..5]", 5, True),
        ("[1..5)", 5, False),
        ("< 5", 4, True),
        ("< 5, > 10", 7, False),
        ("? > 3 and ? < limit", 5, True),
        ("not(? > 3) and true", 5, False),
        ("limit", 6, True),
        ("null", None, True),
        ("< 5", None, False),
        ("< 5", "x", False),
        ("true", True, True),
        ("true", False, False),
        ("false", False, True),
        ("[1, 2]", 2, True),
        ('@"2025-01-01"', date(2025, 1, 1), True),
        ('starts with(?, "沪")', "沪A", True),
        ("-1", -1, True),
    ],
)
def test_a_decision_cell_tests_its_input(cell: str, value: object, expected: bool) -> None:
    assert compile_unary_tests(cell).matches(value, {"limit": 6}) is expected


def test_a_condition_may_start_with_an_equals_sign() -> None:
    assert compile_condition("= amount > 5").evaluate({"amount": 6}) is True
    assert compile_condition("amount > 5").evaluate({"amount": 4}) is False
    with pytest.raises(FeelError) as caught:
        compile_condition("= amount >")
    assert (caught.value.line, caught.value.column) == (1, 11)


def test_a_condition_never_takes_an_unset_name_for_false() -> None:
    condition = compile_condition('outcome = "通过" and amount > 5')
    with pytest.raises(FeelError, match="amount没有取值") as caught:
        condition.evaluate({"outcome": "通过"})
    assert caught.value.code == "feel_null"
    assert "amount" in str(caught.value.remedy)
    assert condition.evaluate({"outcome": "退回"}) is False


def test_a_condition_without_an_answer_says_what_does_not_go_together() -> None:
    with pytest.raises(FeelError, match="string和number不能比较") as caught:
        compile_condition("amount > 5").evaluate({"amount": "6"})
    assert (caught.value.line, caught.value.column) == (1, 8)
    with pytest.raises(FeelError, match="没有“amount”"):
        compile_condition("case.amount > 5").evaluate({"case": {}})
    with pytest.raises(FeelError, match="没有函数chek"):
        compile_condition("chek(1)").evaluate({"chek": 1})


def test_a_condition_that_is_not_boolean_is_refused() -> None:
    with pytest.raises(FeelError, match=r"amount.*number") as caught:
        compile_condition("amount").evaluate({"amount": 1})
    assert caught.value.code == "feel_type"
