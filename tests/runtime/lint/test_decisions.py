"""Diagrams and the decisions they ask: what is asked is set before, what is compared can come."""

from collections.abc import Iterable

import pytest

from engine.config import ROOT
from engine.runtime.definitions import read_files
from engine.runtime.lint.gate import reports_on
from engine.runtime.lint.gather import Source


def _errors(key: str, *changes: tuple[str, str]) -> list[str]:
    """The errors of all shipped files when one decision file is edited."""
    return [
        f"{report.file}: {error.message}"
        for report in reports_on(_edited(key, changes))
        for error in report.errors
    ]


def _edited(key: str, changes: Iterable[tuple[str, str]]) -> Iterable[Source]:
    for one in read_files(ROOT / "bpmn"):
        source = one.source
        if one.key == key:
            for old, new in changes:
                assert old.encode() in source
                source = source.replace(old.encode(), new.encode())
        yield Source(one.kind, one.key, source)


def test_the_shipped_diagrams_set_all_that_they_ask() -> None:
    assert _errors("ceiling") == []


@pytest.mark.parametrize(
    ("key", "changes", "expected"),
    [
        (
            "ceiling",
            [('name="requested"', 'name="amount"'), ("exposure + requested", "exposure + amount")],
            "bank_approval: 决策要问的amount，前面没有任何步骤设定",
        ),
        (
            "approval",
            [('"HEAD"</text></outputEntry>', '"BOSS"</text></outputEntry>'),
             ('"HEAD","', '"BOSS","')],
            "filing: filing_level不会是“HEAD”",
        ),
    ],
)  # fmt: skip
def test_what_no_longer_fits_a_diagram_keeps_the_set_from_being_published(
    key: str, changes: list[tuple[str, str]], expected: str
) -> None:
    assert expected in _errors(key, *changes)
