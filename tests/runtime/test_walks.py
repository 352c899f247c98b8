"""Whatever people, deadlines and operations do, a shipped diagram comes to an end or to a wait."""

from collections.abc import Iterator
from random import Random

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from tests.runtime.walking import LONGEST, Walk, diagrams, elements, perform

WALKS = 500


@pytest.fixture(scope="module", autouse=True)
def _without_tables() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("engine.runtime.incidents.perform", perform)
        yield


@pytest.mark.parametrize("key", sorted(diagrams()))
def test_every_walk_ends_or_waits(key: str) -> None:
    ends, passed = 0, set[str]()

    @settings(
        max_examples=WALKS,
        derandomize=True,
        deadline=None,
        database=None,
        phases=(Phase.explicit, Phase.generate),
    )
    @given(seed=st.integers(min_value=0, max_value=2**32))
    def walk(seed: int) -> None:
        nonlocal ends
        found = Walk(key, Random(seed))  # noqa: S311 (no secret)
        found.go()
        ends += found.ended
        passed.update(found.passed)
        if not found.ended:
            again = {name for name in found.choices if found.choices.count(name) > 1}
            assert again, f"{LONGEST} steps without coming by any person's choice twice"

    walk()
    assert ends > WALKS // 2, "most walks come to an end"
    assert elements(key) - passed == set(), "and between them they come everywhere"
