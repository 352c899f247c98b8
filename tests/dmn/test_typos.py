"""Typing errors of owners in the shipped tables: none of them is published without a word."""

import pytest

from engine.dmn.checks import check_file
from tests.dmn.test_cases import FOLDER

TYPOS = [
    ("scope", "经营地核查.outcome", "经营地核查.outcom", "没有字段outcom"),
    ("approval", 'c.outcome = "MISSING"', 'c.outcme = "MISSING"', "没有字段outcme"),
    ("approval", 'c.outcome = "MISSING"', 'c.outcome = "MISSNG"', '"MISSNG"不在允许值里'),
    ("negative_list", '<text>"FAIL"</text></inputEntry>', '<text>"FAlL"</text></inputEntry>',
     '没有值能符合"FAlL"'),
    ("scope", '<text>"REJECT"</text></outputEntry>', '<text>"REJEKT"</text></outputEntry>',
     '"REJEKT"不在允许值里'),
    ("scope", '<text>"FAIL"</text></outputEntry>', '<text>"FAlL"</text></outputEntry>',
     '"FAlL"不在允许值里'),
    ("ceiling", 'typeRef="number"><text>超出金额', 'typeRef="string"><text>超出金额',
     "列的类型是string，而给它的值是number"),
    ("ceiling", '<text>"CASE_BY_CASE"</text></outputEntry>',
     '<text>"CASEBYCASE"</text></outputEntry>', '"CASEBYCASE"不在允许值里'),
    ("lpr_cap", "item.published_on = max", "item.published_at = max", "没有字段published_at"),
]  # fmt: skip


@pytest.mark.parametrize(("key", "right", "wrong", "words"), TYPOS)
def test_a_typing_error_keeps_a_shipped_table_from_being_published(
    key: str, right: str, wrong: str, words: str
) -> None:
    source = (FOLDER / f"{key}.dmn").read_text("utf-8")
    assert right in source
    found = check_file(source.replace(right, wrong).encode(), key)
    errors = [str(one.message) for one in found if one.level.value == "error"]
    assert any(words in message for message in errors), errors
