"""Whatever the file and the inputs: an answer, or an error of our own, and soon."""

from contextlib import suppress
from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.dmn import DecisionRefused, load
from engine.dmn.checks import check_file
from engine.errors import DanbaoError
from tests.dmn.files import decision, file, inputs, literal, needs, source
from tests.feel.test_safety import WORDS

SLOW = settings(max_examples=150, deadline=3000, suppress_health_check=[HealthCheck.too_slow])
COLUMNS = {"a": "number", "b": "string"}
POLICIES = (
    *("UNIQUE", "ANY", "FIRST", "PRIORITY", "OUTPUT ORDER", "RULE ORDER", "COLLECT"),
    *('COLLECT" aggregation="SUM', 'COLLECT" aggregation="MIN', 'COLLECT" aggregation="COUNT'),
)
CELLS = st.sampled_from(
    [
        *("-", "", "< 5", "[1..5]", "not(3)", '"A","B"', "null", "a", "? > 1", "b + 1", "true"),
        *('date("2025-01-01")', "[1, 2]", "function(x) x", "count(?)", "-1", "not(null)", "{}"),
        *("]1..2[", '"A".b', "a = b", "some x in ? satisfies x > 1", "(< 5)", "1/0", "0.1"),
    ]
)
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=5),
    st.decimals(),
    st.dates(),
    st.datetimes(),
    st.timedeltas(),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=6,
)


def settle(content: bytes, given_inputs: dict[str, object]) -> None:
    """Load, check, evaluate and explain; only our own errors may come out."""
    check_file(content, "m.dmn")
    for tolerant in (False, True):
        with suppress(DanbaoError):
            made = load(content, "m.dmn", tolerant=tolerant)
            result = made.evaluate("d", given_inputs)
            result.to_json()
            assert all(str(line) for table in result.explanation for line in table.in_words())


@SLOW
@given(
    st.lists(st.tuples(CELLS, CELLS, CELLS), max_size=5),
    st.sampled_from(POLICIES),
    VALUES,
    VALUES,
)
def test_no_table_and_no_input_raises_anything_but_our_own_errors(
    rows: list[tuple[str, str, str]], policy: str, a: object, b: object
) -> None:
    settle(source(COLUMNS, rows, policy=f'hitPolicy="{policy}"'), {"a": a, "b": b})


@SLOW
@given(st.lists(st.sampled_from(WORDS), max_size=10), VALUES)
def test_no_expression_raises_anything_but_our_own_errors(words: list[str], a: object) -> None:
    body = inputs({"a": "number"}) + decision(
        "d", literal(" ".join(words)), requires=needs("i_a"), kind="string"
    )
    settle(file(body), {"a": a})


@SLOW
@given(st.data())
def test_no_damaged_file_raises_anything_but_our_own_errors(data: st.DataObject) -> None:
    whole = source(COLUMNS, [("< 5", '"A"', "1"), ("-", "-", "a")])
    at = data.draw(st.integers(0, len(whole) - 1))
    length = data.draw(st.integers(1, 40))
    filling = data.draw(st.sampled_from([b"", b"<rule/>", b"x", b'"', b"<list/>", b"&amp;", b"#"]))
    settle(whole[:at] + filling + whole[at + length :], {"a": 1})


def test_a_file_of_nothing_but_text_is_refused() -> None:
    sums = "".join(decision(f"d{i}", literal("+".join(["1"] * 4900))) for i in range(80))
    with pytest.raises(DecisionRefused, match="300000个字符"):
        load(file(sums), "m.dmn")


def test_deep_boxes_are_refused() -> None:
    for depth in (40, 200, 20_000):
        logic = "<list>" * depth + literal("1") + "</list>" * depth
        with pytest.raises(DecisionRefused):
            load(file(decision("d", logic)), "m.dmn")


def test_values_that_python_has_and_json_has_not_are_understood() -> None:
    body = inputs({"a": "Any"}) + decision("d", literal("[a]"), requires=needs("i_a"))
    made = load(file(body), "m.dmn")
    for value in (date(2025, 1, 1), Decimal("1.5"), timedelta(1), datetime(2025, 1, 1)):  # noqa: DTZ001
        assert made.evaluate("d", {"a": value}).value == [value]
