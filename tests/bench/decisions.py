"""What it costs to replay 10,000 past evaluations through an edited table."""

import json
import time
from datetime import timedelta

from sqlalchemy import text as sql
from sqlalchemy.orm import Session, sessionmaker

from engine.clock import utc_now
from engine.config import ROOT
from engine.db import unit_of_work
from engine.dmn import Model, load_models
from engine.models import Definition, DefinitionKind
from engine.queries.simulation import simulate
from tests.bench.measure import Report

COUNT = 10_000
DIFFERENT = 500  # amounts: as many explanations are read as there are evaluations
FILE = ROOT / "bpmn" / "decisions" / "ceiling.dmn"
INSERT = sql(
    "INSERT INTO evaluation (subject, element_id, definition_key, definition_id, decision,"
    " inputs, result, explanation, at) SELECT 'case:' || n, 'route', 'ceiling', :definition,"
    " 'loan_route', :inputs, :result, :explanation, :at FROM generate_series(1, :count) n"
)


def measure_simulation(report: Report, factory: sessionmaker[Session]) -> None:
    """Evaluations of the route of a loan, replayed with a rule that allows less."""
    source = FILE.read_bytes()
    with unit_of_work(factory) as session:
        _fill(session, load_models({"ceiling": source})["ceiling"], source)
    edited = source.replace(b"max(exposure + requested", b"max(exposure + requested + 2000000")
    model = load_models({"ceiling": edited})["ceiling"]
    began = time.perf_counter()
    with factory() as session:
        found = simulate(session, model, utc_now() - timedelta(days=1))
    taken = time.perf_counter() - began
    assert found.total >= COUNT
    assert found.changes
    report.at_most("simulate_10000_evaluations", taken * COUNT / found.total, "s", 10)


def _fill(session: Session, model: Model, source: bytes) -> None:
    now = utc_now()
    kind, key = DefinitionKind.DECISION.value, "bench_ceiling"
    definition = Definition(
        kind=kind, key=key, version=1, name=key, digest="0" * 64, source=source, published_at=now
    )
    session.add(definition)
    session.flush()
    for n in range(DIFFERENT):
        inputs = {
            "programme_ceiling": "10000000",
            "exposure": str(n * 20_000),
            "requested": "1000000.00",
            "bank_decision": "APPROVED",
        }
        result = model.evaluate("loan_route", inputs).to_json()
        values = {
            "definition": definition.id,
            "inputs": json.dumps(inputs),
            "result": json.dumps(result["value"]),
            "explanation": json.dumps(result),
            "at": now,
            "count": COUNT // DIFFERENT,
        }
        session.execute(INSERT, values)
