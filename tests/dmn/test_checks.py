"""What is said about a table before it is published, with row, column and line."""

from collections.abc import Sequence

import pytest

from engine.dmn.checks import check_file
from tests.dmn.files import decision, file, inputs, literal, needs, source, table

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
        (AMOUNT, [("< 5", "2"), (">= 5", "3"), ("? > 3", "4")], "“d”第1行和第3行同时符合"),
        (AMOUNT, [("? < 5", "2"), ("? in [5..9]", "3"), ("9 < ?", "4")], None),
        (AMOUNT, [("? in (< 5, 7)", "2"), ("? between 5 and 6", "3")], "“d”没有一行包括"),
        (AMOUNT, [("? = 5", "2"), ("? != 5", "3")], None),
        ({"s": "string"}, [('["a".."c"]', "1"), ('< "a", > "c"', "2")], None),
        ({"day": "date"}, [('<= @"2024-01-01"', "1"), ('>= @"2024-01-02"', "2")], None),
        (
            {"day": "date"},
            [('<= @"2024-01-01"', "1"), ('>= @"2024-01-03"', "2")],
            "“d”没有一行包括：day (2024-01-01..2024-01-03)",
        ),
        ({"p": "years and months duration"}, [('<= @"P1Y"', "1"), ('>= @"P13M"', "2")], None),
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
    whole = [("< 10", "1"), (">= 10", "2"), ("-", "3")]  # the last takes what has no value
    assert messages(AMOUNT, whole, "FIRST") == []
    assert messages({"b": "boolean"}, [("true", "1"), ("false", "2"), ("-", "3")], "FIRST") == []
    taken = [*whole[:2], ("null", "3"), ("-", "4")]
    assert messages(AMOUNT, taken, "FIRST") == ["“d”第4行永远轮不到：前面各行已经包括它"]
    assert messages(AMOUNT, [("[9..1]", "1"), ("-", "2")]) == [
        "“d”第1行第1列（amount）：没有值能符合[9..1]"
    ]


def test_any_allows_rows_that_overlap_and_agree() -> None:
    assert messages(AMOUNT, [("< 9", "1"), ("-", "1")], "ANY") == []
    assert messages(AMOUNT, [("< 9", "1"), ("-", "1.0")], "ANY") == []
    assert "同时符合" in messages(AMOUNT, [("< 9", "1"), ("-", "2")], "ANY")[0]
    assert "同时符合" in messages(AMOUNT, [("< 9", "1"), ("-", "true")], "ANY")[0]


def test_ranked_outputs_need_their_order() -> None:
    rows = [("-", '"A"')]
    priority = 'hitPolicy="PRIORITY"'
    assert "优先次序" in said(source(AMOUNT, rows, policy=priority))[0][1]
    listed = '<output name="o"><outputValues><text>"B","C"</text></outputValues></output>'
    [found] = said(source(AMOUNT, rows, policy=priority, outputs=listed))
    assert found == ("error", '“d”第1行第2列（o）："A"不在允许值里')


def test_ranked_rows_that_can_never_decide_are_found() -> None:
    listed = '<output name="o"><outputValues><text>"B","C"</text></outputValues></output>'
    rows = [("< 10", '"C"'), ("-", '"B"'), ("> 20", '"C"')]
    found = said(source(AMOUNT, rows, policy='hitPolicy="PRIORITY"', outputs=listed))
    assert [message for _, message in found] == [
        f"“d”第{row}行永远不能决定：次序在先的各行已经包括它" for row in (1, 3)
    ]


@pytest.mark.parametrize("policy", ["UNIQUE", "FIRST", "ANY", "RULE ORDER", "COLLECT"])
def test_outputs_outside_their_list_are_errors_under_every_policy(policy: str) -> None:
    listed = (
        '<output name="o"><outputValues><text>"REJECT","PASS"</text></outputValues>'
        '<defaultOutputEntry><text>"PAS"</text></defaultOutputEntry></output>'
    )
    rows = [("< 10", '"REJEKT"'), (">= 10", '"PASS"')]
    found = said(source(AMOUNT, rows, policy=f'hitPolicy="{policy}"', outputs=listed))
    assert ("error", '“d”第1行第2列（o）："REJEKT"不在允许值里') in found
    assert ("error", '“d”第2列（o）："PAS"不在允许值里') in found


def test_rows_without_an_answer_are_errors_and_half_answers_warnings() -> None:
    assert ("error", "“d”第1行第2列（o）：没有填写结果") in said(source(AMOUNT, [("-", "")]))
    two = '<output name="o"/><output name="p"/>'
    assert said(source(AMOUNT, [("-", "-", "1")], outputs=two)) == [
        ("warning", "“d”第1行第2列（o）：没有填写结果")
    ]
    assert said(source(AMOUNT, [("-", "null")])) == []


def test_only_numbers_can_be_added_up() -> None:
    policy = 'hitPolicy="COLLECT" aggregation="SUM"'
    [found] = said(source(AMOUNT, [("-", '"A"')], policy=policy))
    assert found == ("error", '“d”第1行第2列（o）："A"是string，这一列是number')


def test_columns_that_cannot_be_checked_are_named_where_it_matters() -> None:
    odd = [("count(?) > 1", "1"), ("5", "2")]
    assert messages(AMOUNT, odd)[-1] == (
        "“d”第1列（amount）没有检查重叠和遗漏：有的格子要到运行时才知道"
    )
    assert messages(AMOUNT, [*odd, ("-", "3")], "FIRST") == []


def test_a_date_that_does_not_exist_is_an_empty_cell() -> None:
    rows = [('< date("2024-02-30")', "1"), ('>= date("2024-03-01")', "2")]
    found = messages({"day": "date"}, rows)
    assert '“d”第1行第1列（day）：没有值能符合< date("2024-02-30")' in found
    assert not any("同时符合" in one for one in found)


def test_a_missing_value_is_a_gap_only_where_the_table_or_the_input_speaks_of_it() -> None:
    rows = [("true", "1"), ("false", "2")]
    assert messages({"b": "boolean"}, rows) == []
    content = source({"b": "boolean"}, rows).decode()
    described = content.replace(
        'name="b">', 'name="b"><description>合规，不明为空</description>', 1
    )
    assert said(described.encode()) == [("warning", "“d”没有一行包括：b 没有值")]


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


def test_a_number_beside_the_allowed_numbers_is_found() -> None:
    content = source(AMOUNT, [("5, 500", "1"), ("< 5, > 5", "2")])
    allowed = "</inputExpression><inputValues><text>[0..100]</text></inputValues>"
    bounded = content.replace(b"</inputExpression>", allowed.encode())
    assert ("error", "“d”第1行第1列（amount）：500不在允许值里") in said(bounded)


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


def test_a_column_declared_as_another_type_than_its_value_is_an_error() -> None:
    content = source(AMOUNT, [("< 5", "1"), (">= 5", "2")])
    typed = content.replace(b'Expression typeRef="number"', b'Expression typeRef="string"')
    assert said(typed) == [("error", "“d”第1列（amount）：列的类型是string，而给它的值是number")]


def test_a_result_of_another_type_than_declared_is_an_error() -> None:
    typed = file(decision("d", literal('"A"'), kind="number"))
    assert said(typed) == [("error", "“d”的结果是string，而声明的类型是number")]


ITEMS = (
    '<itemDefinition name="tItems" isCollection="true"><itemComponent name="outcome">'
    '<typeRef>string</typeRef><allowedValues><text>"PASS","FAIL"</text></allowedValues>'
    "</itemComponent></itemDefinition>"
)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ('some c in items satisfies c.outcome = "FAIL"', []),
        ("some c in items satisfies c.outcme = 1", ["“d”里没有字段outcme"]),
        ("items[item.outcme = 1]", ["“d”里没有字段outcme"]),
        ("items.outcme", ["“d”里没有字段outcme"]),
        ("count(for c in items return c.outcme) > 1", ["“d”里没有字段outcme"]),
        ('items[outcome = "FAlL"]', ['“d”："FAlL"不在允许值里']),
        ('some c in items satisfies c.outcome in ("PASS", "FAlL")', ['“d”："FAlL"不在允许值里']),
        ("some c in items satisfies c.outcome > 1", ["“d”把string和number作比较"]),
        ("{a: items, b: a.outcme}", ["“d”里没有字段outcme"]),
    ],
)
def test_loops_filters_and_entries_know_what_they_go_through(
    expression: str, expected: list[str]
) -> None:
    body = ITEMS + inputs({"items": "tItems"})
    content = file(body + decision("d", literal(expression), requires=needs("i_items")))
    assert [message for _, message in said(content)] == expected


FEED = needs("first", kind="requiredDecision")
LISTED = '<outputValues><text>"PASS","FAIL"</text></outputValues>'
TWO = f'<output name="outcome">{LISTED}</output><output name="n"/>'
ONE = '<output name="outcome"/>'


def _fed(outputs: str, answers: tuple[str, ...], column: str, cell: str) -> list[str]:
    """The findings about a table that asks what another gives."""
    first = table(AMOUNT, [("< 5", *answers), (">= 5", *answers)], outputs=outputs)
    then = table({column: "string"}, [(cell, "1"), ("-", "2")], policy='hitPolicy="FIRST"')
    body = inputs(AMOUNT) + decision("first", first, requires=needs("i_amount"))
    return [message for _, message in said(file(body + decision("d", then, requires=FEED)))]


def test_what_a_table_gives_is_known_to_those_that_ask_it() -> None:
    assert _fed(TWO, ('"PASS"', "1"), "first.outcome", '"PASS"') == []
    [found] = _fed(TWO, ('"PASS"', "1"), "first.outcom", '"PASS"')
    assert found == "“d”第1列（first.outcom）里没有字段outcom"
    [found] = _fed(TWO, ('"PASS"', "1"), "first.outcome", '"FAlL"')
    assert found == '“d”第1行第1列（first.outcome）：没有值能符合"FAlL"'
    [found] = _fed(ONE, ('"PASS"',), "first", '"FAIL"')
    assert found == '“d”第1行第1列（first）：没有值能符合"FAIL"'


def test_what_a_table_gives_must_be_allowed_where_it_is_asked() -> None:
    first = table(AMOUNT, [("-", '"CASEBYCASE"')])
    then = table({"first": "string"}, [('"BATCH"', "1"), ('"CASE_BY_CASE"', "2")])
    listed = '</inputExpression><inputValues><text>"BATCH","CASE_BY_CASE"</text></inputValues>'
    then = then.replace("</inputExpression>", listed)
    body = inputs(AMOUNT) + decision("first", first, requires=needs("i_amount"))
    assert ("error", '“d”第1列（first）：会得到"CASEBYCASE"，它不在允许值里') in said(
        file(body + decision("d", then, requires=FEED))
    )


def test_findings_in_cells_name_row_and_column() -> None:
    [found] = messages(AMOUNT, [("< 5", "1"), (">= amunt", "2"), ("-", "3")], "FIRST")
    assert found == "“d”第2行第1列（amount）用到的amunt不存在"
    [broken] = messages(AMOUNT, [("< 5", "1"), (">= ", "2")])
    assert "（表中第2行第1列）" in broken


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
    found = messages(columns, rows, "FIRST")  # which ends: what it may compare is counted
    assert any("太复杂" in message for message in found)
