"""Text functions, and patterns that cannot run away."""

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.feel import FeelError, evaluate


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ('"担保" + "通"', "担保通"),
        ('string length("担保通🐎")', 4),
        ('upper case("abc")', "ABC"),
        ('lower case("ABC")', "abc"),
        ('contains("批次担保", "担保")', True),
        ('starts with("abc", "ab")', True),
        ('ends with("abc", "ab")', False),
        ('substring("foobar", 3)', "obar"),
        ('substring("foobar", -2, 1)', "a"),
        ('substring before("a-b", "-")', "a"),
        ('substring after("a-b", "-")', "b"),
        ('string join(["a", "b"], "、")', "a、b"),
        ("string(1.50)", "1.50"),
        ('string([1, "a", {b: null}])', '[1, "a", {b: null}]'),
        ('string(@"P1D")', "P1D"),
        ('"\\u62c5\\n\\"x\\""', '担\n"x"'),
        ('"\\uD83D\\uDC0E"', "🐎"),
    ],
)
def test_text(source: str, expected: object) -> None:
    assert evaluate(source, {}) == expected


@pytest.mark.parametrize(
    ("value", "pattern", "expected"),
    [
        ("91310114MA1GW0XX1A", "^[0-9A-HJ-NPQRTUWXY]{18}$", True),
        ("9131", "^[0-9]{18}$", False),
        ("foobar", "^fo*b", True),
        ("aXb", "a[^a-z]b", True),
        ("e", "[a-z-[aeiou]]", False),
        ("2025-01-31", r"^\d{4}-\d{2}-\d{2}$", True),
        ("上海嘉定", r"^\p{L}+$", True),
        ("abab", "^(ab|cd)+$", True),
        ("abc", "^(a|b)*$", False),
        ("aaa", "^a{2,3}?$", True),
        ("", "^$", True),
    ],
)
def test_matches_follows_the_usual_patterns(value: str, pattern: str, expected: bool) -> None:
    assert evaluate("matches(v, p)", {"v": value, "p": pattern}) is expected


def test_flags_change_how_a_pattern_is_read() -> None:
    assert evaluate('matches("ABC", "b", "i")', {}) is True
    assert evaluate('matches("a b", "a [ ] b", "x")', {}) is True
    assert evaluate('matches("a", "a", [])', {}) is None


@given(
    st.text("abc", max_size=12),
    st.lists(st.sampled_from(["a", "b*", "(a|b)", "[ab]+", "c?", "(ab)*", "."]), max_size=5),
)
def test_patterns_find_the_same_place_as_pythons(value: str, parts: list[str]) -> None:
    pattern = "".join(parts)
    context = {"v": value, "p": pattern}
    assert evaluate("matches(v, p)", context) is (re.search(pattern, value) is not None)


@given(st.text("ab,", max_size=12))
def test_split_cuts_at_every_match(value: str) -> None:
    assert evaluate('split(v, ",+")', {"v": value}) == re.split(",+", value)


@pytest.mark.parametrize(
    "pattern", ["(a+)+$", "(a|a|aa)*c", "(a*)*b", "a*a*a*a*a*c", "(.*)(.*)(.*)9"]
)
def test_patterns_that_hang_other_engines_answer_at_once(pattern: str) -> None:
    started = time.process_time()
    assert evaluate("matches(v, p)", {"v": "a" * 2000 + "b", "p": pattern}) in (True, False)
    assert time.process_time() - started < 2


@pytest.mark.parametrize(
    "pattern",
    ["(", ")", "a**", "[", "[z-a]", "(?=a)", "a{1001}", "((a{1000}){1000}){1000}", "*"],
)
def test_patterns_that_are_not_supported_are_refused_with_a_reason(pattern: str) -> None:
    with pytest.raises(FeelError, match="样式不能使用"):
        evaluate("matches(v, p)", {"v": "a", "p": pattern})
