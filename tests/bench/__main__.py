"""`make bench`: one JSON line a metric, `{metric, median, p95, unit, target, ok, ratio}`.

Medians within one run on a real server with durable settings, which is on the same processor: in a
step they take turns, and what it takes to wake another one is the machine's affair (on a virtual
one up to a millisecond each time). `complete_user_task_across_processors` shows that too.
"""

import sys
import tempfile
from pathlib import Path
from statistics import median

from sqlalchemy import text as sql
from sqlalchemy.orm import Session, sessionmaker

from engine import db, postgres
from engine.config import Settings
from engine.db import unit_of_work
from engine.feel import compile_expression
from tests.bench.decisions import measure_simulation
from tests.bench.lists import measure_lists
from tests.bench.measure import Report, measure
from tests.bench.processors import only_on, processors
from tests.bench.steps import (
    measure_across,
    measure_bytes,
    measure_loop,
    measure_round_trips,
    measure_steps,
)
from tests.bench.sweeps import measure_sweeps
from tests.bench.work import Work
from tests.dmn.files import THIRTY_INPUTS, thirty_rules


def main() -> int:
    """Measure everything; 1 when a target is missed."""
    folder = Path(tempfile.mkdtemp(prefix="danbao-bench-", dir="/tmp"))
    folder.chmod(0o711)
    settings = Settings(var=folder, secret_key="x" * 32)
    everywhere = processors()
    one = set(sorted(everywhere)[-1:])
    with only_on(one):
        engine = db.make_engine(postgres.start(settings))
        try:
            db.migrate(engine)
            return _measure_all(db.session_factory(engine), everywhere - one)
        finally:
            engine.dispose()
            postgres.erase(settings)


def _measure_all(factory: sessionmaker[Session], others: set[int]) -> int:
    report = Report()
    report.times("read_one_row", measure(lambda: _read_one(factory), 200))
    report.times("python_20000_operations", measure(_count, 200))
    work = Work(factory)
    measure_steps(report, work)
    measure_loop(report, work)
    with only_on(others):
        measure_across(report, work)
    measure_round_trips(report, work)
    measure_bytes(report, factory, work)
    measure_sweeps(report, work)
    _measure_feel(report)
    measure_simulation(report, factory)
    measure_lists(report, factory)
    return 1 if report.missed else 0


def _read_one(factory: sessionmaker[Session]) -> None:
    with unit_of_work(factory) as session:
        session.execute(sql("SELECT 1"))


def _count() -> None:
    """Something that only the processor and Python decide, to know the machine by."""
    found: dict[int, int] = {}
    for number in range(20_000):
        found[number & 255] = number


def _measure_feel(report: Report) -> None:
    condition = compile_expression("amount > 1000")
    context = {"amount": 2000}
    found = measure(lambda: [condition.evaluate(context) for _ in range(1000)], 20)
    report.times("feel_condition_x1000", found, 3.0)
    model = thirty_rules()
    decision = model.decision("d")
    found = measure(lambda: [model.run(decision, THIRTY_INPUTS) for _ in range(1000)], 20)
    report.at_least("decisions_per_second", 1_000_000 / median(found), "1/s", 20_000)


if __name__ == "__main__":
    sys.exit(main())
