"""The steps of a selection of banks that its tests begin with."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from engine.models import BankSelection, Bid
from engine.operations import tasks
from engine.people import Actor
from tests.operations.banking import BANKS
from tests.operations.world import World, person

WEIGHTS = {
    "weight_quota": 20,
    "weight_rate_offer": 25,
    "weight_approval_days": 20,
    "weight_ratio": 10,
    "weight_sme_record": 15,
    "weight_prior_score": 10,
}
UNTIL = date(2025, 12, 19)


def place(selection: BankSelection) -> str:
    return f"selection:{selection.id}"


def announce(world: World, selection: BankSelection, *banks: str, **values: Any) -> None:
    given = {
        "title": "2026年度合作银行遴选",
        "seats": 2,
        "threshold": Decimal(60),
        "apply_until": UNTIL,
        "invited": [world[bank].org.id for bank in banks or ("bank", "bank2", "bank3")],
        **WEIGHTS,
        **values,
    }
    world.do(place(selection), "announce", world["finance"].maker, **given)


def own(world: World, selection: BankSelection, element: str, actor: Actor) -> int:
    """The open task of this element that is for this actor."""
    for item in world.open_tasks(place(selection)):
        mine = item.assignee_id == actor.person_id or item.assignee_id is None
        if item.element_id == element and item.org_id == actor.org_id and mine:
            return item.id
    raise AssertionError(f"{element} is not open for {actor.name}")


def do(world: World, selection: BankSelection, element: str, actor: Actor, **values: Any) -> None:
    item = own(world, selection, element, actor)
    tasks.complete(world.session, item, actor, values, world.now)
    world.session.flush()


def bid(world: World, selection: BankSelection, bank: str, **values: Any) -> None:
    given = {
        "outcome": "APPLY",
        "branch": "嘉定支行",
        "quota": Decimal("500000000"),
        "rate_offer": Decimal("2.9"),
        "approval_days": 7,
        "ratio": Decimal("0.8"),
        "sme_record": "小微余额20亿元",
        **values,
    }
    do(world, selection, "apply", world[bank].maker, **given)


def bids(world: World, selection: BankSelection) -> dict[str, Bid]:
    found = world.session.query(Bid).filter_by(selection_id=selection.id, round=selection.round)
    names = {world[bank].org.id: bank for bank in BANKS}
    return {names[one.bank_id]: one for one in found}


def appoint(world: World, selection: BankSelection, count: int = 3) -> list[Actor]:
    """Name scorers: the makers of bureau and guarantors, and more of the bureau's if needed."""
    people = [world[key].maker for key in ("finance", "centre", "jdg")]
    bureau = world["finance"].org
    people += [person(world.session, bureau, f"scorer{n}", "maker") for n in range(count - 3)]
    ids = [one.person_id for one in people]
    world.do(place(selection), "appoint_scorers", world["finance"].maker, scorers=ids)
    return people


def score(
    world: World, selection: BankSelection, scorer: Actor, marks: Mapping[str, str], **more: Any
) -> None:
    """The same mark for every criterion of a bank."""
    codes = [str(one["code"]) for one in selection.criteria]
    found = bids(world, selection)
    given = {
        f"mark_{found[bank].id}_{code}": mark for bank, mark in marks.items() for code in codes
    }
    do(world, selection, "score", scorer, **{"conflict": "NONE", **given, **more})


def apply_all(world: World, selection: BankSelection, **rates: str) -> None:
    for bank in ("bank", "bank2", "bank3"):
        bid(world, selection, bank, rate_offer=Decimal(rates.get(bank, "2.9")))


def ranked(world: World, selection: BankSelection) -> dict[str, tuple[Decimal | None, int | None]]:
    return {bank: (one.average, one.rank) for bank, one in bids(world, selection).items()}
