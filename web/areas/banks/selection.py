"""One selection of partner banks: notice, bids, scores, ranking, decision."""

from decimal import Decimal

from flask import render_template

from engine.models import OrgKind
from engine.queries.selections import BidLine, SelectionSheet, selection_sheet
from web.areas.banks.common import area, reader
from web.unit import reading


@area.get("/selections/<int:selection_id>")
def selection(selection_id: int) -> str:
    """A selection as the reader may see it now: sealed, then blind, then open."""
    acting = reader()
    found = selection_sheet(reading(), selection_id, acting)
    return render_template(
        "banks/selection.html",
        s=found,
        line=found.line,
        own=acting.org_kind == OrgKind.BANK.value,
        own_tasks=[
            one
            for one in found.tasks
            if one.org_id == acting.org_id
            and one.role in acting.roles
            and one.assignee_id in (None, acting.person_id)
        ],
        ranked=ranked(found),
    )


def ranked(found: SelectionSheet) -> bool:
    """Whether there is a ranking to show."""
    return any(bid.average is not None for bid in found.bids)


@area.app_template_filter("mark_of")
def mark_of(bid: BidLine, scorer_id: int) -> str:
    """A scorer's total for a bid, as far as the reader may see it."""
    for mark in bid.marks:
        if mark.scorer_id == scorer_id:
            return "—" if mark.conflict else f"{Decimal(mark.total):f}"
    return ""
