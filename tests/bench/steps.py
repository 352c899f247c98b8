"""What a step costs: against the plain host, over a thousand rounds, in bytes and round trips."""

import tempfile
import time
from collections.abc import Callable
from statistics import median

from sqlalchemy import text as sql
from sqlalchemy.orm import Session, sessionmaker

from engine.db import unit_of_work
from tests.bench.measure import Report, measure
from tests.bench.plain import PlainHost
from tests.bench.shape import called, case, loop
from tests.bench.work import Walk, Work

RUNTIME_TABLES = ("instance", "party_binding", "clock", "timer", "subscription", "deadline")
PLAIN_STEPS = 120  # of the loop; the plain host takes seconds a step soon after
STEPS = 15  # of the case: nine of its own, three reviews, three of the called process


def measure_steps(report: Report, work: Work) -> None:
    """Starting, and steps that also run services, a called process and three reviews; ours and
    the plain host's, in turns."""
    report.times("start_case", measure(lambda: work.start("case15"), 100), 5.0)
    plain = PlainHost(work.factory, "case15", case(ours=False), called())
    ours, theirs = [], []
    for _ in range(20):  # in turns: what slows the machine slows both
        ours += _case(lambda: Walk(work, "case15"))
        theirs += _plain_case(plain)
    mine = report.times("step_of_a_mixed_case", ours, 4.0)
    other = report.times("plain_host_step_of_a_mixed_case", theirs)
    report.at_least("plain_host_over_ours_short_case", other / mine, "times", 10)


def _case(begin: Callable[[], Walk]) -> list[float]:
    walk = begin()
    walk.begin()
    return [_timed(walk) for _ in range(STEPS)]


def _plain_case(host: PlainHost) -> list[float]:
    case_id = host.start()
    return [_timed(lambda: host.complete(case_id)) for _ in range(STEPS)]


def _timed(call: Callable[[], object]) -> float:
    began = time.perf_counter()
    call()
    return (time.perf_counter() - began) * 1000


def measure_loop(report: Report, work: Work) -> None:
    """A thousand completions of nothing but user tasks, with a parallel block in every round."""
    walk = Walk(work, "loop")
    walk.begin()
    found = [_timed(walk) for _ in range(1000)]
    middle = report.times("complete_user_task", found, 4.0)
    report.at_least("completions_per_second", 1000 / middle, "1/s", 250)
    plain = PlainHost(work.factory, "loop", loop(ours=False))
    case_id = plain.start()
    slow = [_timed(lambda: plain.complete(case_id)) for _ in range(PLAIN_STEPS)]
    first, last = _in_turns(Walk(work, "loop"), walk)
    early = report.times("loop_first_100_steps", first, 4.0)
    late = report.times("loop_last_100_steps", last, 4.0)
    other = report.times(f"plain_host_loop_steps_to_{PLAIN_STEPS}", slow[-30:])
    ours = median(found[PLAIN_STEPS - 30 : PLAIN_STEPS])
    report.at_least("plain_host_over_ours_long_case", other / ours, "times", 10)
    report.at_most("loop_last_over_first", late / early, "times", 1.3)


def _in_turns(new: Walk, old: Walk) -> tuple[list[float], list[float]]:
    """The first hundred steps of a case and the next of an old one: what slows the machine slows
    both."""
    new.begin()
    pairs = [(_timed(new), _timed(old)) for _ in range(100)]
    return [one for one, _ in pairs], [other for _, other in pairs]


def measure_across(report: Report, work: Work) -> None:
    """A completion where the client is on another processor than the server."""
    walk = Walk(work, "loop")
    walk.begin()
    report.times("complete_user_task_across_processors", [_timed(walk) for _ in range(300)])


def measure_round_trips(report: Report, work: Work) -> None:
    """Every exchange with the server in one step, those that begin and commit it among them."""
    walk = Walk(work, "loop")
    walk.begin()
    walk()
    report.at_most("round_trips_a_step", _round_trips(work, walk), "exchanges", 2 + 2)


def _round_trips(work: Work, call: Callable[[], object]) -> int:
    engine = work.factory.kw["bind"]
    with tempfile.NamedTemporaryFile("r") as trace:
        with engine.connect() as connection:
            pgconn = connection.connection.driver_connection.pgconn
        pgconn.trace(trace.fileno())
        call()
        pgconn.untrace()
        trace.seek(0)
        return trace.read().count("ReadyForQuery")


def measure_bytes(report: Report, factory: sessionmaker[Session], work: Work) -> None:
    """What a finished case leaves in the runtime's tables and their indexes, history apart."""
    for table in RUNTIME_TABLES:
        _run(factory, f"VACUUM FULL {table}")
    before, cases = _size(factory), 100
    for _ in range(cases):
        _case(lambda: Walk(work, "case15"))
    for table in RUNTIME_TABLES:
        _run(factory, f"VACUUM FULL {table}")
    report.at_most("finished_case", (_size(factory) - before) / cases / 1024, "KB", 10)


def _run(factory: sessionmaker[Session], statement: str) -> None:
    engine = factory.kw["bind"].execution_options(isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql(statement)


def _size(factory: sessionmaker[Session]) -> int:
    query = sql(
        "SELECT sum(pg_total_relation_size(name::regclass))"
        " FROM unnest(CAST(:names AS text[])) name"
    )
    with unit_of_work(factory) as session:
        return int(session.scalar(query, {"names": list(RUNTIME_TABLES)}) or 0)
