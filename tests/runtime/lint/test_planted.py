"""One mistake in each diagram: it is found, named, placed, and a remedy is given."""

import pytest

from tests.runtime.lint.hidden import DISGUISED, MISPLACED
from tests.runtime.lint.outside import EVENTS, FOREIGN, NAMES
from tests.runtime.lint.planting import Planted, check
from tests.runtime.lint.structure import CONSTRUCTS, SHAPE
from tests.runtime.lint.ways import GATEWAYS, JOINS, PATHS
from tests.runtime.lint.work import MULTI, PEOPLE, SERVICES

ALL = {
    **SHAPE,
    **CONSTRUCTS,
    **PATHS,
    **GATEWAYS,
    **JOINS,
    **PEOPLE,
    **SERVICES,
    **EVENTS,
    **MULTI,
    **FOREIGN,
    **NAMES,
    **DISGUISED,
    **MISPLACED,
}


@pytest.mark.parametrize("planted", ALL.values(), ids=ALL)
def test_a_mistake_is_found_named_placed_and_has_a_remedy(planted: Planted) -> None:
    report = check(planted.source)
    assert not report.ok
    found = [
        one
        for one in report.errors
        if one.element == planted.element
        and all(word in str(one.message) for word in planted.words)
    ]
    assert found, [(one.element, str(one.message)) for one in report.findings]
    assert found[0].line == planted.line()
    assert found[0].name
    assert len(str(found[0].remedy)) > 1


@pytest.mark.parametrize("planted", ALL.values(), ids=ALL)
def test_nothing_else_is_blamed(planted: Planted) -> None:
    lines = {one.line for one in check(planted.source).errors}
    assert len(lines) <= 3, [str(one.message) for one in check(planted.source).findings]
