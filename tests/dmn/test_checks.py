"""What is said about a table before it is published, with row, column and line."""

import time
from collections.abc import Sequence

import pytest

from engine.dmn.checks import check_file
from tests.dmn.files import decision, file, inputs, literal, needs, source

AMOUNT = {"amount": "number"}
SIZES = (
    '<itemDefinition name="tSize"><typeRef>string</typeRef><allowedValues>'
    '<text>"大","中","小"</text></allowedValues></itemDefinition>'
)


def said(content: bytes) -> list[tuple[str, str]]:
    return [(one.level.value, str(one.message)) for one in check_file(content, "m.dmn")]


def messages(
    columns: dict[str, str], rows: Sequence[Sequence[str]], policy: str = "UNIQUE"
) -> list[str]:
    content = source(columns, rows, policy=f'hitPolicy="{policy}"')
    return [message for _, message in said(content)]


def test_a_complete_table_without_overlaps_has_no_findings() -> None:
    rows = [("< 5", "1"), ("[5..10]", "2"), ("> 10", "3")]
    assert messages(AMOUNT, rows) == []


def test_overlapping_rows_are_errors_and_say_where() -> None:
    found = said(source(AMOUNT, [("<= 10", "1"), (">= 10", "2")]))
    assert found == [("error", "“d”第1行和第2行同时符合：amount 10")]


def test_gaps_are_warnings_and_say_where() -> None:
    found = said(source(AMOUNT, [("< 10", "1"), ("> 10", "2")]))
    assert found == [("warning", "“d”没有一行包括：amount 10")]
    columns = {"a": "number", "b": "boolean"}
    rows = [("< 10", "true", "1"), (">= 10", "-", "2")]
    assert messages(columns, rows) == ["“d”没有一行包括：a < 10，b false"]


@pytest.mark.parametrize(
    ("columns", "rows", "expected"),
    [
        ({"s": "string"}, [('"A"', "1")], "“d”没有一行包括：s 其他值"),
        ({"s": "string"}, [('"A"', "1"), ('not("A")', "2")], None),
        ({"s": "string"}, [('"A","B"', "1"), ('"B"', "2"), ("-", "3")], "“d”第1行和第2行同时符合"),
        (AMOUNT, [("[1..5)", "1"), ("[5..9]", "2"), ("< 1, > 9", "3")], None),
        (AMOUNT, [("-1", "1"), ("not(-1)", "2")], None),
        (AMOUNT, [("null", "1"), ("< 5", "2"), (">= 5", "3")], None),
        (AMOUNT, [("< 5", "2"), (">= 5", "3"), ("? > 3", "4")], None),
        ({"day": "date"}, [('< date("2025-01-01")', "1"), ('>= @"2025-01-01"', "2")], None),
        ({"n": "days and time duration"}, [('<= @"P3D"', "1")], "“d”没有一行包括：n > P3D"),
        ({}, [], None),
    ],
)
def test_cells_of_every_kind_are_understood(
    columns: dict[str, str], rows: list[tuple[str, ...]], expected: str | None
) -> None:
    found = messages(columns, rows)
    if expected is None:
        assert found == []
    else:
        assert found[0].startswith(expected)


def test_rows_that_can_never_match_are_found() -> None:
    rows = [("< 10", "1"), ("< 20", "2"), ("[5..15]", "3"), ("-", "4")]
    assert messages(AMOUNT, rows, "FIRST") == ["“d”第3行永远轮不到：前面各行已经包括它"]
    assert messages(AMOUNT, [("[9..1]", "1"), ("-", "2")]) == [
        "“d”第1行第1列（amount）：没有值能符合[9..1]"
    ]


def test_any_allows_rows_that_overlap_and_agree() -> None:
    assert messages(AMOUNT, [("< 9", "1"), ("-", "1")], "ANY") == []
    assert "同时符合" in messages(AMOUNT, [("< 9", "1"), ("-", "2")], "ANY")[0]


def test_ranked_outputs_need_their_order() -> None:
    rows = [("-", '"A"')]
    priority = 'hitPolicy="PRIORITY"'
    assert "优先次序" in said(source(AMOUNT, rows, policy=priority))[0][1]
    listed = '<output name="o"><outputValues><text>"B","C"</text></outputValues></output>'
    [found] = said(source(AMOUNT, rows, policy=priority, outputs=listed))
    assert found == ("error", '“d”第1行第2列（o）："A"不在允许值里')


def test_allowed_values_bound_the_column_and_refuse_others() -> None:
    body = SIZES + inputs({"规模": "tSize"})

    def with_rows(*cells: str) -> list[str]:
        table = source({"规模": "tSize"}, [(cell, "1") for cell in cells]).decode()
        logic = table[table.index("<decision ") : table.index("</definitions>")]
        return [message for _, message in said(file(body + logic))]

    assert with_rows('"大"', '"中","小"') == []
    assert with_rows('"大"', '"中"') == ['“d”没有一行包括：规模 "小"']
    assert '没有值能符合"巨"' in with_rows('"巨"', "-")[0]
    assert '"巨"不在允许值里' in with_rows('"大","巨"', '"中","小"')[0]


def test_kinds_that_do_not_go_together_are_errors_with_line() -> None:
    content = source(AMOUNT, [("< 5", "1"), ('"A"', "2")])
    [found] = check_file(content, "m.dmn")
    assert (found.level.value, found.line, found.name) == ("error", 5, "d")
    assert str(found.message) == '“d”第2行第1列（amount）："A"是string，这一列是number'
    typed = source(AMOUNT, [("-", '"A"')], outputs='<output name="o" typeRef="number"/>')
    assert "这一列是number" in said(typed)[0][1]


def test_unknown_names_fields_and_comparisons_are_errors() -> None:
    kinds = (
        '<itemDefinition name="tFirm"><itemComponent name="name"><typeRef>string</typeRef>'
        "</itemComponent></itemDefinition>"
    )
    body = kinds + inputs({"firm": "tFirm", "n": "number"})
    required = needs("i_firm", "i_n")

    def of(expression: str) -> list[str]:
        content = file(body + decision("d", literal(expression), requires=required))
        return [message for _, message in said(content)]

    assert of('firm.name = "x" and n > 3') == []
    assert of("nn > 3") == ["“d”用到的nn不存在"]
    assert of("firm.nam") == ["“d”里没有字段nam"]
    assert of("firm.name > n") == ["“d”把string和number作比较"]
    assert of("count(for x in [1] return x)") == []
    assert of("chek(n)") == ["“d”用到的chek不存在"]


def test_a_file_that_cannot_be_loaded_has_one_finding() -> None:
    [found] = check_file(b"<x", "m.dmn")
    assert (found.level.value, found.line) == ("error", 1)
    assert str(found.remedy)


def test_an_intricate_table_is_checked_in_bounded_time() -> None:
    columns = {f"c{i}": "number" for i in range(8)}
    rows = [
        (*(f"[{(r * 7 + c * 3) % 50}..{(r * 11 + c * 5) % 50 + 50}]" for c in range(8)), "1")
        for r in range(300)
    ]
    started = time.perf_counter()
    found = messages(columns, rows, "FIRST")
    assert time.perf_counter() - started < 20
    assert any("太复杂" in message for message in found)
