"""Where a loan goes is what the published decision table says, kept with its reasons."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from sqlalchemy import select

from engine.config import ROOT
from engine.dmn import load_models
from engine.models import GuaranteeCase
from engine.models.running import Evaluation
from engine.people import SYSTEM
from engine.queries.simulation import simulate
from engine.runtime.definitions import publish, read_files
from tests.operations.banking import approve, confirm, decide, loan, sign, take_on
from tests.operations.world import World


def routed(world: World, case: GuaranteeCase) -> Evaluation:
    query = select(Evaluation).where(Evaluation.subject == f"case:{case.id}")
    return world.session.scalars(query).one()


def test_the_route_is_kept_with_its_facts_and_the_rows_that_decided(town: World) -> None:
    case = take_on(town, "bank", sign(town, "bank"), "3000000")
    approve(town, case)
    kept = routed(town, case)
    assert (kept.decision, kept.result, kept.element_id) == ("loan_route", "BATCH", "decide_route")
    assert kept.inputs["bank_decision"] == "APPROVED"
    assert Decimal(kept.inputs["requested"]) == 3_000_000
    said = [match["annotation"] for one in kept.explanation["tables"] for match in one["matched"]]
    assert any("J4.1" in words for words in said)


def test_a_refusal_of_the_bank_is_routed_by_the_table_too(town: World) -> None:
    case = take_on(town, "bank", sign(town, "bank"))
    decide(town, case, outcome="DECLINED", decline_reason="CASHFLOW")
    confirm(town, case)
    assert routed(town, case).result == "DECLINED"
    assert loan(town, case).status == "DECLINED"


def _edited() -> bytes:
    """Everything above 2,000,000 yuan goes case by case, whatever the ceilings."""
    source = (ROOT / "bpmn" / "decisions" / "ceiling.dmn").read_bytes()
    changed = source.replace(
        "max(exposure + requested - 单户上限, 0)".encode(),
        "max(exposure + requested - min(单户上限, 2000000), 0)".encode(),
    )
    assert changed != source
    return changed


def test_an_owner_changes_the_rule_by_publishing_the_table(town: World) -> None:
    files = [replace(one, source=_edited()) if one.key == "ceiling" else one
             for one in read_files(ROOT / "bpmn")]  # fmt: skip
    publish(town.session, files, SYSTEM, town.now + timedelta(hours=1), "上限改为200万元")
    case = take_on(town, "bank", sign(town, "bank"), "3000000")
    approve(town, case)
    assert routed(town, case).result == "CASE_BY_CASE"
    assert loan(town, case).status == "CASE_BY_CASE"


def test_what_the_edited_table_would_have_changed_is_told_before_it_is_published(
    town: World,
) -> None:
    terms = sign(town, "bank")
    for amount in ("1000000", "3000000"):
        approve(town, take_on(town, "bank", terms, amount))
    model = load_models({"ceiling": _edited()})["ceiling"]
    found = simulate(town.session, model, town.now - timedelta(days=1))
    assert found.total == 2
    (change,) = found.changes
    assert (change.before, change.after) == ("BATCH", "CASE_BY_CASE")
    assert "担保方式" in {rule.table for rule in change.would}
