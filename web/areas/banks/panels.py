"""What the task page shows beside the forms of agreements and selections; who may score."""

from typing import Any

from flask_babel import gettext

from engine.forms import Option
from engine.models import Agreement, BankSelection, OrgKind, WorkItem
from engine.operations.agreements import round_of
from engine.queries.agreements import agreement_sheet
from engine.queries.scorers import scorers_offered
from engine.queries.selections import SelectionSheet, own_bid, selection_sheet
from web.areas.banks.agreement import RATIOS, term_names, term_words, terms_shown
from web.areas.banks.selection import ranked
from web.choices import choices, session_of
from web.login import actor
from web.prefill import Prefill, prefill
from web.task_panels import Panel, panel
from web.unit import reading


def subject_of(item: WorkItem) -> int:
    """The number in what the item's instance is about (agreement:3, selection:5)."""
    return int(item.instance.subject.partition(":")[2])


@panel("tripartite_agreement")
def _agreement(item: WorkItem) -> Panel:
    found = agreement_sheet(reading(), subject_of(item), actor())
    # the drafter fills the terms in on the form beside
    terms = () if item.element_id == "draft" else terms_shown(found.terms)
    context = {
        "a": found,
        "line": found.line,
        "terms": terms,
        "names": term_names(),
        "words": term_words,
        "drafting": item.element_id == "draft",
    }
    return Panel("banks/_agreement_panel.html", context)


@prefill("agreement")
def _terms(item: WorkItem) -> Prefill:
    """The draft begins with what the agreement holds: its version before, the bid, the scheme."""
    found = reading().get(Agreement, subject_of(item))
    if found is None:
        return Prefill()
    names = [name for name in term_names() if name != "claim_overdue_days"]
    values: dict[str, Any] = {name: getattr(found, name) for name in names}
    values |= {name: f"{getattr(found, name).normalize():f}" for name in RATIOS}
    values["claim_overdue_days"] = (found.claim_rules or {}).get("overdue_trigger_days")
    values |= {"bank": found.bank_id, "guarantor": found.guarantor_id}
    said = _wanted_changes(found)
    return Prefill(values, {"note": said} if said else {})


def _wanted_changes(found: Agreement) -> str:
    number = round_of(found)
    return gettext("第%(n)s轮；上一轮的修改意见见左侧", n=number) if number > 1 else ""


BID = ("branch", "quota", "rate_offer", "approval_days", "ratio", "sme_record", "note")


@prefill("selection_bid")
def _bid(item: WorkItem) -> Prefill:
    """A bid that was taken back begins with what it said; nobody else learns it."""
    if item.org_id != actor().org_id:
        return Prefill()
    found = own_bid(reading(), subject_of(item), item.org_id)
    if found is None or found.declined:
        return Prefill()
    values: dict[str, Any] = {name: getattr(found, name) for name in BID}
    plain = {"ratio", "rate_offer"}
    return Prefill(
        values | {name: f"{values[name].normalize():f}" for name in plain if values[name]}
    )


@panel("bank_selection")
def _selection(item: WorkItem) -> Panel:
    found = selection_sheet(reading(), subject_of(item), actor())
    context = {
        "s": found,
        "line": found.line,
        "step": item.element_id,
        "ranked": ranked(found),
        "own": actor().org_kind == OrgKind.BANK.value,
        "mine": item.assignee_id in (None, actor().person_id) and item.status == "OPEN",
        "labels": _labels(found),
    }
    return Panel("banks/_selection_panel.html", context)


def _labels(found: SelectionSheet) -> dict[str, str]:
    """What the inputs of the score sheet are called in an error summary."""
    return {
        f"mark_{bid.id}_{one.code}": f"{bid.bank} {one.name}"
        for bid in found.bids
        for one in found.criteria
    }


@choices("scorers")
def _scorers(item: WorkItem) -> list[Option]:
    session = session_of(item)
    selection = session.get_one(BankSelection, subject_of(item))
    return [
        Option(str(key), gettext("%(name)s（%(org)s）", name=name, org=org))
        for key, name, org in scorers_offered(session, selection)
    ]
