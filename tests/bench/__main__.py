"""`make bench`: one JSON line a metric, `{metric, median, p95, unit, target, ok, ratio}`.

Medians within one run on a real server with durable settings. `ratio` compares with the run's
first metric (opening a transaction and reading one row), because machines differ and are noisy.
"""

import json
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median, quantiles

from sqlalchemy import text as sql
from sqlalchemy.orm import Session, sessionmaker

from engine import db, postgres
from engine.config import Settings
from engine.db import unit_of_work
from engine.feel import compile_expression
from engine.imports import check_rows, read_list
from tests.bench.work import Work, big_list, big_list_context


def main() -> int:
    """Measure everything; 1 when a target is missed."""
    folder = Path(tempfile.mkdtemp(prefix="danbao-bench-", dir="/tmp"))
    folder.chmod(0o711)
    settings = Settings(var=folder, secret_key="x" * 32)
    engine = db.make_engine(postgres.start(settings))
    try:
        db.migrate(engine)
        return _measure_all(db.session_factory(engine))
    finally:
        engine.dispose()
        postgres.erase(settings)


def _measure_all(factory: sessionmaker[Session]) -> int:
    base = measure(lambda: _read_one(factory), 200)
    missed = report("read_one_row", base, None, base)
    work = Work(factory)
    missed += report("start_instance", measure(work.start, 100), 5.0, base)
    missed += report("complete_user_task", measure(work.complete, 200), 4.0, base)
    condition = compile_expression("amount > 1000")
    context = {"amount": 2000}
    per_thousand = measure(lambda: [condition.evaluate(context) for _ in range(1000)], 20)
    missed += report("feel_condition_x1000", per_thousand, 3.0, base)
    data = big_list(2000)
    listed = measure(lambda: check_rows(read_list(data, "list.xlsx"), big_list_context()), 5)
    missed += report("check_2000_row_list", listed, 15_000.0, base)
    return 1 if missed else 0


def _read_one(factory: sessionmaker[Session]) -> None:
    with unit_of_work(factory) as session:
        session.execute(sql("SELECT 1"))


def measure(call: Callable[[], object], times: int) -> list[float]:
    """Milliseconds of each call, after one that is not counted."""
    call()
    found = []
    for _ in range(times):
        began = time.perf_counter()
        call()
        found.append((time.perf_counter() - began) * 1000)
    return found


def report(metric: str, found: list[float], target: float | None, base: list[float]) -> int:
    """Print a metric's line; 1 when its target is missed."""
    middle = median(found)
    ok = target is None or middle <= target
    line = {
        "metric": metric,
        "median": round(middle, 3),
        "p95": round(quantiles(found, n=20)[-1], 3),
        "unit": "ms",
        "target": target,
        "ok": ok,
        "ratio": round(middle / median(base), 2),
    }
    sys.stdout.write(json.dumps(line) + "\n")
    return 0 if ok else 1


if __name__ == "__main__":
    sys.exit(main())
