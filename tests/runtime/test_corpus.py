"""The interchange models of the BPMN MIWG: every file is executable here, or refused with reasons.

Models hardly ever say who does a task or on what condition a flow is taken. So each process is
also checked with that filled in (tests.runtime.furnish): its structure then deploys or is refused,
and what deploys is driven to its end, as bytes between any two steps.
"""

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import pytest
from lxml import etree

from engine.runtime.lint import Called, Known, Report, lint
from engine.runtime.normalise import main_process
from engine.runtime.registry import Operation, operations
from tests.runtime.diagrams import chain, event, process, user
from tests.runtime.drive import compiled, drive, perform
from tests.runtime.furnish import CALLED, DECISION, OPERATION, furnish, processes

ROOT = Path(__file__).parents[2]
CORPUS = ROOT.parent / "shared" / "bpmn-corpus"
AS_THEY_ARE, FURNISHED = 10, 184  # what deploys, at least; circles of plain tasks do not
SEEDS = range(3)

INNER = process(CALLED, event("start", "s") + user("u") + event("end", "e") + chain("s", "u", "e"))


def nothing() -> None:
    """The operation of service tasks; never called here."""


@lru_cache(maxsize=1)
def files() -> tuple[Path, ...]:
    """The models; skips the test, saying so, when they are not beside the project."""
    found = tuple(sorted(CORPUS.glob("*/*.bpmn")))
    if not found:
        pytest.skip("../shared/bpmn-corpus is not there: no interchange model was checked")
    return found


@lru_cache(maxsize=1)
def known() -> Known:
    """What the filled-in models name."""
    work = Operation(OPERATION, "service", nothing, "corpus")
    return Known(
        forms={"f": None},
        decisions=frozenset({DECISION}),
        processes={CALLED: Called()},
        operations={**operations(), OPERATION: work},
    )


@pytest.fixture(autouse=True)
def _without_tables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.runtime.incidents.perform", perform)


def furnished() -> Iterator[tuple[str, str, bytes]]:
    """Every process of every file, filled in: where it is from, its id, the file."""
    for path in files():
        source = path.read_bytes()
        root = etree.fromstring(source, etree.XMLParser(recover=True))
        for key in processes(root):
            yield f"{path.parent.name}/{path.name}", key, furnish(source, key)


def told(report: Report) -> None:
    """Every finding says where, what and what to do."""
    assert report.findings, report.file
    for one in report.findings:
        assert one.element, one
        assert one.name, one
        assert one.line > 0, one
        assert str(one.message), one
        assert str(one.remedy), one


def test_every_model_deploys_or_is_refused_with_place_reason_and_remedy() -> None:
    deployed = []
    for path in files():
        report = lint(path.read_bytes(), path.name, known())
        if report.ok:
            deployed.append(path.name)
        else:
            told(report)
    print(f"{len(deployed)} of {len(files())} models deploy as they are")
    assert len(deployed) >= AS_THEY_ARE


def test_what_deploys_as_it_is_can_be_driven_to_its_end() -> None:
    for path in files():
        source = path.read_bytes()
        if lint(source, path.name, known()).ok:
            root = etree.fromstring(source)
            main = main_process(root)
            assert main is not None
            key = main.get("id", "")
            specs = compiled(key, (key, source), (CALLED, INNER))
            for seed in SEEDS:
                drive(specs, seed)


def test_what_deploys_once_it_is_filled_in_can_be_driven_to_its_end() -> None:
    driven, refused = 0, 0
    for where, key, source in furnished():
        report = lint(source, key, known())
        if not report.ok:
            told(report)
            refused += 1
            continue
        specs = compiled(key, (key, source), (CALLED, INNER))
        for seed in SEEDS:
            try:
                drive(specs, seed)
            except AssertionError as error:
                pytest.fail(f"{where} {key} seed {seed}: {error}")
        driven += 1
    print(f"{driven} processes deploy once filled in, all driven to their end; {refused} refused")
    assert driven >= FURNISHED
