"""`python -m tests.dmn_tck DIR [-v]`: one JSON line; with -v the failures before it."""

import argparse
import json
from collections.abc import Iterable, Sequence
from pathlib import Path

from tests.dmn_tck.run import Outcome, run_all


def main(argv: Sequence[str] | None = None) -> int:
    """0 when all tests pass and there are any."""
    parser = argparse.ArgumentParser(prog="python -m tests.dmn_tck", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("-v", "--verbose", action="store_true", help="list the failures")
    given = parser.parse_args(argv)
    outcomes = list(run_all(given.folder))
    if given.verbose:
        for outcome in outcomes:
            if not outcome.passed:
                kind = "NEEDS JAVA" if outcome.passed is None else "FAILED"
                print(f"{kind} {outcome.name}: {outcome.message}")
    found = summary(outcomes)
    print(json.dumps(found, ensure_ascii=False))
    return 0 if found["total"] and found["passed"] == found["total"] else 1


def summary(outcomes: Iterable[Outcome]) -> dict[str, object]:
    """The numbers, in all and by level; tests that need Java by name."""
    levels: dict[str, dict[str, int]] = {}
    java: list[str] = []
    for outcome in outcomes:
        if outcome.passed is None:
            java.append(outcome.name)
            continue
        count = levels.setdefault(outcome.level, {"passed": 0, "total": 0})
        count["passed"] += outcome.passed
        count["total"] += 1
    return {
        "passed": sum(count["passed"] for count in levels.values()),
        "total": sum(count["total"] for count in levels.values()),
        "by_level": levels,
        "not_applicable": java,
    }


if __name__ == "__main__":
    raise SystemExit(main())
