"""Hit policies, what a table explains, and what it refuses."""

import json
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest

from engine.dmn import DecisionRefused, Model, load
from engine.feel import FeelError
from tests.dmn.files import (
    THIRTY_INPUTS,
    decision,
    file,
    inputs,
    literal,
    model,
    needs,
    source,
    thirty_rules,
)
from tests.dmn.files import table as table_of

AMOUNT = {"amount": "number"}
OVERLAP = [("< 10", '"A"'), ("[5..20]", '"B"'), ("> 15", '"A"')]
ORDERED = '<output name="o"><outputValues><text>"B","A"</text></outputValues></output>'


@pytest.mark.parametrize(
    ("policy", "amount", "expected"),
    [
        ("UNIQUE", 3, "A"),
        ("UNIQUE", 7, None),
        ("ANY", 7, None),
        ("ANY", 3, "A"),
        ("FIRST", 7, "A"),
        ("PRIORITY", 7, "B"),
        ("OUTPUT ORDER", 7, ["B", "A"]),
        ("RULE ORDER", 7, ["A", "B"]),
        ("COLLECT", 16, ["B", "A"]),
    ],
)
def test_each_hit_policy_chooses_as_the_standard_says(
    policy: str, amount: int, expected: object
) -> None:
    found = model(AMOUNT, OVERLAP, policy=f'hitPolicy="{policy}"', outputs=ORDERED)
    assert found.evaluate("d", {"amount": amount}).value == expected


@pytest.mark.parametrize(
    ("aggregation", "expected"), [("SUM", 6), ("MIN", 1), ("MAX", 3), ("COUNT", 3)]
)
def test_collect_aggregates(aggregation: str, expected: int) -> None:
    rows = [("> 1", "1"), ("> 2", "2"), ("> 3", "3"), ("> 100", "100")]
    policy = f'hitPolicy="COLLECT" aggregation="{aggregation}"'
    assert model(AMOUNT, rows, policy=policy).evaluate("d", {"amount": 9}).value == expected


def test_rules_that_contradict_each_other_are_a_problem_and_never_an_answer() -> None:
    for policy, words in (("UNIQUE", "第1、2行同时符合"), ("ANY", "结果不同")):
        result = model(AMOUNT, OVERLAP, policy=f'hitPolicy="{policy}"').evaluate("d", {"amount": 7})
        assert result.value is None
        assert words in str(result.faults[0].message)
        with pytest.raises(DecisionRefused, match=words):
            result.required()


def test_any_accepts_rules_that_agree() -> None:
    rows = [("< 10", '"A"'), ("< 20", '"A"')]
    result = model(AMOUNT, rows, policy='hitPolicy="ANY"').evaluate("d", {"amount": 7})
    assert (result.value, result.faults) == ("A", ())


def test_no_rule_gives_the_default_or_null() -> None:
    default = (
        '<output name="o"><defaultOutputEntry><text>"人工"</text></defaultOutputEntry></output>'
    )
    assert model(AMOUNT, [("> 5", '"A"')]).evaluate("d", {"amount": 1}).value is None
    found = model(AMOUNT, [("> 5", '"A"')], outputs=default)
    assert found.evaluate("d", {"amount": 1}).value == "人工"


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ('hitPolicy="COLLECT"', []),
        ('hitPolicy="RULE ORDER"', []),
        ('hitPolicy="COLLECT" aggregation="COUNT"', 0),
        ('hitPolicy="COLLECT" aggregation="SUM"', None),
    ],
)
def test_policies_of_several_answers_give_none_of_them_when_nothing_matches(
    policy: str, expected: object
) -> None:
    found = model(AMOUNT, [("> 5", "1")], policy=policy)
    assert found.evaluate("d", {"amount": 1}).value == expected


LISTED = "<outputValues><text>{}</text></outputValues>"


def _bounded(rows: list[tuple[str, ...]], outputs: str = '<output name="o"/>') -> Model:
    """A table that allows amounts from 0 to 100."""
    allowed = "</inputExpression><inputValues><text>[0..100]</text></inputValues>"
    content = source(AMOUNT, rows, policy='hitPolicy="FIRST"', outputs=outputs).decode()
    return load(content.replace("</inputExpression>", allowed).encode(), "m")


def test_a_value_that_the_table_does_not_allow_is_refused_though_a_row_takes_it() -> None:
    result = _bounded([(">= 90", '"A"'), ("-", '"B"')]).evaluate("d", {"amount": 101})
    assert result.value == "A"
    with pytest.raises(DecisionRefused, match="“d”的“amount”是101，不在允许值里") as refused:
        result.required()
    assert str(refused.value.remedy).startswith("可以是[0..100]")
    assert _bounded([("-", '"B"')]).evaluate("d", {}).required() == "B"


def test_an_answer_that_the_table_does_not_list_is_refused() -> None:
    default = "<defaultOutputEntry><text>amount</text></defaultOutputEntry>"
    outputs = f'<output name="o">{LISTED.format("1, 2")}{default}</output>'
    found = _bounded([("< 9", "amount")], outputs)
    assert found.evaluate("d", {"amount": 1}).required() == 1
    with pytest.raises(DecisionRefused, match="“d”第1行的“o”得出3，不在允许值里"):
        found.evaluate("d", {"amount": 3}).required()
    with pytest.raises(DecisionRefused, match="“d”的默认值“o”是9，不在允许值里"):
        found.evaluate("d", {"amount": 9}).required()
    two = f'<output name="o"/><output name="p">{LISTED.format("1, 2")}</output>'
    with pytest.raises(DecisionRefused, match="“d”第1行的“p”得出null"):
        _bounded([("-", "7", "")], two).evaluate("d", {"amount": 1}).required()


def test_null_is_no_answer_where_no_row_decided() -> None:
    result = model(AMOUNT, [("< 5", '"A"')]).evaluate("d", {"amount": 5})
    assert result.value is None
    with pytest.raises(DecisionRefused, match="“d”没有一行符合（amount=5），得不出结果"):
        result.required()
    assert model(AMOUNT, [("-", "null")]).evaluate("d", {"amount": 5}).required() is None
    assert model(AMOUNT, [], policy='hitPolicy="COLLECT"').evaluate("d", {}).required() == []


def test_the_table_without_a_row_is_named_where_its_null_is_what_comes_out() -> None:
    first = table_of(AMOUNT, [("< 5", "amount")])
    requires = needs("first", kind="requiredDecision")
    body = inputs(AMOUNT) + decision("first", first, requires=needs("i_amount"))
    found = load(file(body + decision("d", literal("first + 1"), requires=requires)), "m")
    assert found.evaluate("d", {"amount": 1}).required() == 2
    with pytest.raises(DecisionRefused, match="“first”没有一行符合"):
        found.evaluate("d", {"amount": 9}).required()
    apart = load(file(body + decision("d", literal("7"), requires=requires)), "m")
    assert apart.evaluate("d", {"amount": 9}).required() == 7


def test_an_answer_of_another_type_than_declared_is_refused_and_not_null() -> None:
    logic = table_of(AMOUNT, [("-", '"A"')])
    body = inputs(AMOUNT) + decision("d", logic, requires=needs("i_amount"), kind="number")
    with pytest.raises(DecisionRefused, match='“d”得出"A"，不是声明的类型'):
        load(file(body), "m").evaluate("d", {"amount": 1}).required()


def test_an_answer_that_rests_on_more_tables_than_are_looked_at_is_refused() -> None:
    function = "<encapsulatedLogic><formalParameter name='amount'/>{}</encapsulatedLogic>"
    body = '<businessKnowledgeModel id="f" name="f"><variable name="f"/>{}</businessKnowledgeModel>'
    knowledge = body.format(function.format(table_of(AMOUNT, [("-", "1")])))
    loop = literal("sum(for i in 1..1001 return f(i))")
    found = load(
        file(knowledge + decision("d", loop, requires=needs("f", kind="requiredKnowledge"))), "m"
    )
    result = found.evaluate("d", {})
    assert result.value == 1001
    with pytest.raises(DecisionRefused, match="没有全部核对"):
        result.required()


def test_the_explanation_has_the_values_of_outputs_and_not_only_their_text() -> None:
    two = '<output name="o"/><output name="p"/>'
    rows = [("> 5", "amount", "amount * 2"), ("-", "1", "2")]
    found = model(AMOUNT, rows, policy='hitPolicy="FIRST"', outputs=two)
    [table] = found.evaluate("d", {"amount": 7}).explanation
    assert [match.results for match in table.matched] == [(7, 14), None]
    assert table.to_json()["matched"][0]["results"] == [7, 14]  # type: ignore[index]


def test_several_outputs_are_a_context() -> None:
    outputs = '<output name="档"/><output name="率" typeRef="number"/>'
    found = model(AMOUNT, [("> 5", '"甲"', "0.5")], outputs=outputs)
    assert found.evaluate("d", {"amount": 6}).value == {"档": "甲", "率": Decimal("0.5")}


def test_the_explanation_says_what_matched_and_which_cell_kept_near_misses_out() -> None:
    columns = {"kind": "string", "amount": "number"}
    rows = [('"A"', "< 10", "1"), ('"A"', ">= 10", "2"), ('"B"', "< 10", "3"), ('"B"', "> 99", "4")]
    [table] = model(columns, rows).evaluate("d", {"kind": "A", "amount": 5}).explanation
    assert table.inputs == (("kind", "A"), ("amount", 5))
    assert [match.row for match in table.matched] == [1]
    missed = [(miss.row, miss.column, miss.cell, miss.value) for miss in table.near_misses]
    assert missed == [(2, "amount", ">= 10", 5), (3, "kind", '"B"', "A")]
    words = [str(sentence) for sentence in table.in_words()]
    assert words[0] == "“d”第1行符合（kind=A，amount=5）"
    assert "第2行只差“amount”：要求>= 10，实际5" in words


def test_the_explanation_says_which_of_the_matching_rows_decided() -> None:
    for policy, row in (("FIRST", 1), ("PRIORITY", 2)):
        found = model(AMOUNT, OVERLAP, policy=f'hitPolicy="{policy}"', outputs=ORDERED)
        [table] = found.evaluate("d", {"amount": 7}).explanation
        assert ([match.row for match in table.matched], table.decided) == ([1, 2], (row,))
        assert str(table.in_words()[1]) == f"由第{row}行决定"


def test_an_explanation_stays_small_and_names_what_json_cannot_hold() -> None:
    rows = [(f"{i}", "true", f"{i}") for i in range(300)]
    found = model({"amount": "number", "listed": "boolean"}, rows)
    [table] = found.evaluate("d", {"amount": -1, "listed": True}).explanation
    assert len(table.near_misses) == 20
    odd = load(file(decision("d", table_of({"abs": "Any"}, [("-", "1")]))), "m")
    assert odd.evaluate("d", {}).explanation[0].inputs == (("abs", "function"),)


def test_the_explanation_is_json() -> None:
    stored = thirty_rules().evaluate("d", THIRTY_INPUTS).to_json()
    assert json.loads(json.dumps(stored)) == stored
    assert stored["value"] == "R3"


def test_a_missing_or_foreign_input_is_null_and_matches_only_what_says_so() -> None:
    rows = [("null", '"没有"'), ("< 5", '"少"'), (">= 5", '"多"')]
    found = model(AMOUNT, rows)
    assert found.evaluate("d", {}).value == "没有"
    assert found.evaluate("d", {"amount": "x"}).value == "没有"


def test_a_cell_that_says_true_refuses_what_is_not_known() -> None:
    rows = [("true", '"yes"'), ("false", '"no"'), ("null", '"unknown"')]
    found = model({"sound": "boolean"}, rows)
    given = {True: "yes", False: "no", None: "unknown"}
    assert {value: found.evaluate("d", {"sound": value}).value for value in given} == given


def test_foreign_values_and_unknown_decisions_are_refused() -> None:
    found = model(AMOUNT, OVERLAP)
    with pytest.raises(FeelError, match="amount"):
        found.evaluate("d", {"amount": object()})
    with pytest.raises(DecisionRefused, match="没有决策x"):
        found.evaluate("x", {})


def test_a_model_serves_many_threads() -> None:
    found = thirty_rules()

    def value(amount: int) -> object:
        return found.evaluate("d", {**THIRTY_INPUTS, "amount": amount}).value

    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(value, [0, 150, 350, 450] * 50))
    assert together == [value(amount) for amount in (0, 150, 350, 450)] * 50
