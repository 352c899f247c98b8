"""Selections of partner banks (P4): sealed until closed, blind until every scorer has submitted."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, exists, false, or_, select, true
from sqlalchemy.orm import Session

from engine.errors import NotFound
from engine.models import (
    BankSelection,
    Bid,
    Organisation,
    OrgKind,
    PartyBinding,
    Person,
    Score,
    WorkItem,
    WorkStatus,
)
from engine.operations.scoring import all_scored, bids_of, visible_scores
from engine.people import Actor

# where a selection stands: notice, bids, scorers, scores, approval, and its ends
NOTICE, BIDS, SCORERS, SCORES = "NOTICE", "BIDS", "SCORERS", "SCORES"
APPROVAL, PUBLISHED, NO_BANK = "APPROVAL", "PUBLISHED", "NO_BANK"
_PHASES = {
    "announce": NOTICE,
    "apply": BIDS,
    "appoint_scorers": SCORERS,
    "score": SCORES,
    "approve_institution": APPROVAL,
    "approve_selection": APPROVAL,
}


@dataclass(frozen=True)
class SelectionLine:
    """A selection in a list."""

    id: int
    selection_no: str
    title: str
    guarantor: str
    guarantor_id: int
    phase: str
    round: int
    apply_until: date | None
    published_at: datetime | None
    created_at: datetime
    chosen: tuple[str, ...]


@dataclass(frozen=True)
class Criterion:
    """A criterion of the notice; the weights add up to 100."""

    code: str
    name: str
    weight: int


@dataclass(frozen=True)
class Mark:
    """One scorer's marks for one bid, as the reader may see them."""

    scorer: str
    scorer_id: int
    conflict: bool
    marks: dict[str, str]
    total: Decimal


@dataclass(frozen=True)
class BidLine:
    """A bid as the reader may see it; `average` and `rank` once all have scored."""

    id: int
    bank_id: int
    bank: str
    declined: bool
    branch: str
    quota: Decimal | None
    rate_offer: Decimal | None
    approval_days: int | None
    ratio: Decimal | None
    sme_record: str
    note: str
    at: datetime
    average: Decimal | None
    rank: int | None
    chosen: bool
    marks: tuple[Mark, ...] = ()


@dataclass(frozen=True)
class Invited:
    """A bank that was asked: ANSWERED, WAITING or SILENT (had no word by the closing)."""

    bank_id: int
    bank: str
    state: str


@dataclass(frozen=True)
class SelectionSheet:
    """A selection as the reader may see it now. `blind`: scoring has not ended."""

    line: SelectionLine
    criteria: tuple[Criterion, ...]
    seats: int
    threshold: Decimal
    invited: tuple[Invited, ...]
    bids: tuple[BidLine, ...]
    sealed: bool
    blind: bool
    scorers: tuple[tuple[int, str, bool], ...]  # person, name, has submitted
    tasks: tuple[WorkItem, ...]


def visible_selections(actor: Actor) -> ColumnElement[bool]:
    """The guarantor's own, the bureau's, those a bank was invited to, those a person scores."""
    if actor.is_system or actor.org_kind == OrgKind.PLATFORM.value:
        return true()
    invited = BankSelection.invited.contains([actor.org_id])
    if actor.org_kind == OrgKind.BANK.value:
        bid = exists().where(Bid.selection_id == BankSelection.id, Bid.bank_id == actor.org_id)
        return or_(invited, bid)
    if actor.org_kind not in (OrgKind.FINANCE.value, OrgKind.GUARANTOR.value):
        return false()
    bound = exists().where(
        PartyBinding.instance_id == BankSelection.instance_id,
        PartyBinding.org_id == actor.org_id,
    )
    scores = BankSelection.scorers.contains([actor.person_id])
    return or_(bound, BankSelection.guarantor_id == actor.org_id, scores)


def selections(session: Session, actor: Actor) -> list[SelectionLine]:
    """The selections that the actor may know of, newest first."""
    query = (
        select(BankSelection, Organisation.short_name)
        .join(Organisation, Organisation.id == BankSelection.guarantor_id)
        .where(visible_selections(actor))
        .order_by(BankSelection.id.desc())
    )
    found = session.execute(query).tuples().all()
    phases = _phases(session, [one for one, _ in found])
    chosen = _chosen(session, [one.id for one, _ in found])
    return [_line(one, name, phases[one.id], chosen.get(one.id, ())) for one, name in found]


def _line(one: BankSelection, guarantor: str, phase: str, chosen: Sequence[str]) -> SelectionLine:
    return SelectionLine(
        id=one.id,
        selection_no=one.selection_no,
        title=one.title,
        guarantor=guarantor,
        guarantor_id=one.guarantor_id,
        phase=phase,
        round=one.round,
        apply_until=one.apply_until,
        published_at=one.published_at,
        created_at=one.created_at,
        chosen=tuple(chosen) if phase == PUBLISHED else (),
    )


def _phases(session: Session, found: Sequence[BankSelection]) -> dict[int, str]:
    """Where each stands, by its open tasks; a selection that is over by its status."""
    query = select(WorkItem.instance_id, WorkItem.element_id).where(
        WorkItem.instance_id.in_([one.instance_id for one in found]),
        WorkItem.status == WorkStatus.OPEN.value,
    )
    at = {instance: _PHASES.get(element, NOTICE) for instance, element in session.execute(query)}
    return {
        one.id: one.status if one.status != "OPEN" else at.get(one.instance_id, NOTICE)
        for one in found
    }


def _chosen(session: Session, ids: Sequence[int]) -> dict[int, tuple[str, ...]]:
    query = (
        select(Bid.selection_id, Organisation.short_name)
        .join(Organisation, Organisation.id == Bid.bank_id)
        .where(Bid.selection_id.in_(ids), Bid.chosen)
        .order_by(Bid.selection_id, Bid.rank)
    )
    found: dict[int, tuple[str, ...]] = {}
    for key, name in session.execute(query).tuples() if ids else ():
        found[key] = (*found.get(key, ()), name)
    return found


def selection_for(session: Session, selection_id: int, actor: Actor) -> BankSelection:
    """The selection, if the actor may know of it. Raises NotFound otherwise."""
    query = select(BankSelection).where(BankSelection.id == selection_id, visible_selections(actor))
    found = session.scalar(query)
    if found is None:
        raise NotFound()
    return found


def selection_sheet(session: Session, selection_id: int, actor: Actor) -> SelectionSheet:
    """A selection with what the actor may see of it now.

    A bank sees its own bid only, until and after the end. Others see bids once they are closed,
    marks once every scorer has submitted; before that a scorer sees the own ones.
    """
    found = selection_for(session, selection_id, actor)
    guarantor = session.get_one(Organisation, found.guarantor_id)
    phase = _phases(session, [found])[found.id]
    chosen = _chosen(session, [found.id]).get(found.id, ())
    bids = bids_of(session, found, applied=False)
    blind = not all_scored(session, found)
    return SelectionSheet(
        line=_line(found, guarantor.short_name, phase, chosen),
        criteria=tuple(Criterion(c["code"], c["name"], int(c["weight"])) for c in found.criteria),
        seats=found.seats,
        threshold=found.threshold,
        invited=_invited(session, found, bids, phase, actor),
        bids=_bids(session, found, bids, phase, blind, actor),
        sealed=phase in (NOTICE, BIDS),
        blind=blind,
        scorers=_scorers(session, found, bids) if _oversees(actor) else (),
        tasks=_tasks(session, found),
    )


def own_bid(session: Session, selection_id: int, bank_id: int) -> Bid | None:
    """What a bank has said in the round that runs. The caller is of that bank."""
    found = session.get_one(BankSelection, selection_id)
    query = select(Bid).where(
        Bid.selection_id == selection_id, Bid.round == found.round, Bid.bank_id == bank_id
    )
    return session.scalar(query)


def _oversees(actor: Actor) -> bool:
    return actor.org_kind != OrgKind.BANK.value


def _invited(
    session: Session, found: BankSelection, bids: Sequence[Bid], phase: str, actor: Actor
) -> tuple[Invited, ...]:
    ids = [int(one) for one in found.invited or []]
    if not _oversees(actor):
        ids = [one for one in ids if one == actor.org_id]
    answered = {bid.bank_id for bid in bids}
    waiting = "WAITING" if phase in (NOTICE, BIDS) else "SILENT"
    orgs = session.scalars(select(Organisation).where(Organisation.id.in_(ids)))
    return tuple(
        Invited(org.id, org.short_name, "ANSWERED" if org.id in answered else waiting)
        for org in sorted(orgs, key=lambda org: org.id)
    )


def _bids(
    session: Session,
    found: BankSelection,
    bids: Sequence[Bid],
    phase: str,
    blind: bool,
    actor: Actor,
) -> tuple[BidLine, ...]:
    if not _oversees(actor):
        own = [bid for bid in bids if bid.bank_id == actor.org_id]
        return tuple(_bid(bid, show=phase == PUBLISHED, marks=()) for bid in own)
    if phase in (NOTICE, BIDS):
        return ()
    marks = _marks(session, found, actor)
    lines = [_bid(bid, show=not blind, marks=marks.get(bid.id, ())) for bid in bids]
    return tuple(sorted(lines, key=_order))


def _order(one: BidLine) -> tuple[bool, int, Decimal, int]:
    return (one.declined, one.rank or 1000, -(one.average or Decimal(0)), one.id)


def _bid(bid: Bid, *, show: bool, marks: tuple[Mark, ...]) -> BidLine:
    return BidLine(
        id=bid.id,
        bank_id=bid.bank_id,
        bank=bid.bank.short_name,
        declined=bid.declined,
        branch=bid.branch,
        quota=bid.quota,
        rate_offer=bid.rate_offer,
        approval_days=bid.approval_days,
        ratio=bid.ratio,
        sme_record=bid.sme_record,
        note=bid.note,
        at=bid.at,
        average=bid.average if show else None,
        rank=bid.rank if show else None,
        chosen=bid.chosen and show,
        marks=marks,
    )


def _marks(session: Session, found: BankSelection, actor: Actor) -> dict[int, tuple[Mark, ...]]:
    scores = visible_scores(session, found, actor.person_id)
    names = _names(session, [score.scorer_id for score in scores])
    by_bid: dict[int, tuple[Mark, ...]] = {}
    for score in scores:
        name = names.get(score.scorer_id, "")
        plain: dict[str, Any] = score.marks or {}
        mark = Mark(name, score.scorer_id, score.conflict, plain, score.total)
        by_bid[score.bid_id] = (*by_bid.get(score.bid_id, ()), mark)
    return by_bid


def _names(session: Session, ids: Sequence[int]) -> dict[int, str]:
    query = select(Person.id, Person.name).where(Person.id.in_(ids))
    return dict(session.execute(query).tuples().all()) if ids else {}


def _scorers(
    session: Session, found: BankSelection, bids: Sequence[Bid]
) -> tuple[tuple[int, str, bool], ...]:
    ids = [int(one) for one in found.scorers or []]
    query = select(Score.scorer_id).where(Score.bid_id.in_([bid.id for bid in bids])).distinct()
    done = set(session.scalars(query))
    names = _names(session, ids)
    return tuple((key, names.get(key, ""), key in done) for key in ids)


def _tasks(session: Session, found: BankSelection) -> tuple[WorkItem, ...]:
    query = select(WorkItem).where(
        WorkItem.instance_id == found.instance_id, WorkItem.status == WorkStatus.OPEN.value
    )
    return tuple(session.scalars(query.order_by(WorkItem.id)))
