"""评分: independent, blind until all have submitted, averaged and ranked (P4, J3.3.1)."""

from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import Any

from sqlalchemy import delete, func, or_, select
from sqlalchemy.orm import Session

from engine.domain.money import half_up
from engine.errors import InvalidInput, NotAllowed
from engine.models import (
    BankSelection,
    Bid,
    Membership,
    Organisation,
    OrgKind,
    PartyBinding,
    Person,
    Role,
    Score,
)
from engine.operations.decisions import note_of, require_note
from engine.operations.parties import person_of
from engine.runtime.context import Routing, StepContext, form_operation, service_operation
from engine.runtime.registry import INTEGER, LIST
from engine.text import Text, text

CLAUSE = "J3.3.1"
MIN_SCORERS = 3
DROP_FROM = 5  # with so many marks the highest and the lowest do not count
HUNDRED = Decimal(100)
YES = ("on", "true", "1", "yes", "CONFLICT")


def bids_of(session: Session, selection: BankSelection, *, applied: bool = True) -> Sequence[Bid]:
    """The bids of the selection's round, by id; with `applied` only those that take part."""
    query = select(Bid).where(Bid.selection_id == selection.id, Bid.round == selection.round)
    if applied:
        query = query.where(Bid.declined.is_(False))
    return session.scalars(query.order_by(Bid.id)).all()


def ranked(session: Session, selection: BankSelection) -> Sequence[Bid]:
    """The bids that reached the threshold, best first."""
    found = [bid for bid in bids_of(session, selection) if bid.rank is not None]
    return sorted(found, key=lambda bid: bid.rank or 0)


def scorer_candidates(session: Session, selection: BankSelection) -> Sequence[Person]:
    """Who may score: active makers of the selection's finance bureau or of a guarantor, by id."""
    bureau = select(PartyBinding.org_id).where(
        PartyBinding.instance_id == selection.instance_id, PartyBinding.party == "finance"
    )
    query = (
        select(Person)
        .join(Membership, Membership.person_id == Person.id)
        .join(Organisation, Organisation.id == Membership.org_id)
        .where(
            or_(Organisation.kind == OrgKind.GUARANTOR.value, Organisation.id.in_(bureau)),
            # the scoring task is a maker's
            Membership.role == Role.MAKER.value,
            Membership.active,
            Person.active,
            Organisation.active,
        )
    )
    return session.scalars(query.distinct().order_by(Person.id)).all()


def _selection(ctx: StepContext, selection_id: int | None = None) -> BankSelection:
    key = int(ctx.data["selection_id"]) if selection_id is None else selection_id
    return ctx.session.get_one(BankSelection, key, with_for_update=True, populate_existing=True)


@form_operation("selection.record_scorers", "指定评分人", sets={"scorers": LIST})
def record_scorers(ctx: StepContext, values: Mapping[str, Any]) -> Routing:
    """At least three different active makers of finance bureau or guarantors; all score anew.

    Returns {"scorers": [person ids]}. Raises InvalidInput.
    """
    selection = _selection(ctx)
    chosen = list(dict.fromkeys(int(one) for one in values.get("scorers") or []))
    if len(chosen) < MIN_SCORERS:
        raise InvalidInput({"scorers": text("至少{n}名不同的评分人", n=MIN_SCORERS)})
    allowed = {person.id for person in scorer_candidates(ctx.session, selection)}
    if not set(chosen) <= allowed:
        raise InvalidInput({"scorers": text("评分人须是区财政局或担保机构的在岗经办")})
    before = {"scorers": selection.scorers, "scores": _drop_scores(ctx.session, selection)}
    selection.scorers = chosen
    message = text("指定{n}名评分人", n=len(chosen))
    after = {"scorers": chosen, "note": note_of(values)}
    ctx.audit("selection.scorers", message, before=before, after=after, clause=CLAUSE)
    return {"scorers": chosen}


def _drop_scores(session: Session, selection: BankSelection) -> list[dict[str, Any]]:
    """Forget the marks and ranks of an earlier scoring; returns the marks for the audit trail."""
    bids = bids_of(session, selection)
    ids = [bid.id for bid in bids]
    old = session.scalars(select(Score).where(Score.bid_id.in_(ids)).order_by(Score.id)).all()
    shown = [{"bid": s.bid_id, "scorer": s.scorer_id, "total": str(s.total)} for s in old]
    session.execute(delete(Score).where(Score.bid_id.in_(ids)))
    for bid in bids:
        bid.average, bid.rank, bid.chosen = None, None, False
    return shown


@form_operation("selection.record_score", "记录评分", keeps_values=False)
def record_score(ctx: StepContext, values: Mapping[str, Any]) -> Routing:
    """All bids at once: `mark_<bid>_<criterion>` 0 to 100 each, weighted; or `mark_<bid>`, the
    total. `conflict_<bid>` declares a conflict with one bid, `conflict` = CONFLICT with all.

    Raises NotAllowed for anybody who is no scorer, InvalidInput for a mark missing or out of range.
    """
    selection, scorer = _selection(ctx), person_of(ctx.actor)
    if scorer not in selection.scorers:
        raise NotAllowed("not_a_scorer", text("本人不是这次遴选的评分人"))
    note, all_of_them = note_of(values), values.get("conflict") == "CONFLICT"
    if all_of_them:
        require_note(note)
    wrong: dict[str, Text] = {}
    scores = []
    for bid in bids_of(ctx.session, selection):
        conflict = all_of_them or str(values.get(f"conflict_{bid.id}") or "") in YES
        marks = {} if conflict else _marks(selection, bid, values, wrong)
        scores.append((bid, conflict, marks))
    if wrong:
        raise InvalidInput(wrong)
    for bid, conflict, marks in scores:
        _keep(ctx, selection, bid, conflict, marks, note)
    conflicts = [bid.bank_id for bid, conflict, _ in scores if conflict]
    # the marks themselves are in no trail that others read before all have submitted
    ctx.audit("selection.scored", text("提交评分"), after={"conflicts": conflicts}, clause=CLAUSE)
    return {}


def _marks(
    selection: BankSelection, bid: Bid, values: Mapping[str, Any], wrong: dict[str, Text]
) -> dict[str, str]:
    """The marks of a bid by criterion, as strings; problems go into `wrong`."""
    whole = values.get(f"mark_{bid.id}")
    if whole is not None:
        return {"total": str(_mark(f"mark_{bid.id}", whole, wrong))}
    marks = {}
    for criterion in selection.criteria:
        field = f"mark_{bid.id}_{criterion['code']}"
        marks[str(criterion["code"])] = str(_mark(field, values.get(field), wrong))
    return marks


def _mark(field: str, given: Any, wrong: dict[str, Text]) -> Decimal:
    try:
        mark = Decimal(str(given).strip())
    except InvalidOperation:
        mark = Decimal("NaN")
    in_range = mark.is_finite() and 0 <= mark <= HUNDRED
    if not in_range or mark != mark.quantize(Decimal("0.01")):
        wrong[field] = text("打0至100分，最多两位小数；有利害关系的须申明")
        return Decimal(0)
    return mark


def _total(selection: BankSelection, marks: Mapping[str, str]) -> Decimal:
    if "total" in marks:
        return half_up(Decimal(marks["total"]))
    weights = {str(one["code"]): Fraction(int(one["weight"]), 100) for one in selection.criteria}
    exact = sum((weights[code] * Fraction(mark) for code, mark in marks.items()), Fraction(0))
    return half_up(exact)


def _keep(
    ctx: StepContext,
    selection: BankSelection,
    bid: Bid,
    conflict: bool,
    marks: dict[str, str],
    note: str,
) -> None:
    scorer = person_of(ctx.actor)
    query = select(Score).where(Score.bid_id == bid.id, Score.scorer_id == scorer)
    score = ctx.session.scalar(query) or Score(bid_id=bid.id, scorer_id=scorer)
    score.conflict, score.marks, score.note, score.at = conflict, marks, note, ctx.now
    score.total = Decimal(0) if conflict else _total(selection, marks)
    ctx.session.add(score)


def all_scored(session: Session, selection: BankSelection) -> bool:
    """Whether every scorer has submitted; only then may anybody see another's marks."""
    ids = [bid.id for bid in bids_of(session, selection)]
    query = select(func.count(func.distinct(Score.scorer_id))).where(
        Score.bid_id.in_(ids), Score.scorer_id.in_(selection.scorers)
    )
    submitted = session.scalars(query).one()
    return bool(selection.scorers) and submitted == len(selection.scorers)


def visible_scores(
    session: Session, selection: BankSelection, person_id: int | None
) -> Sequence[Score]:
    """The marks that a person may see now: one's own, and all once everybody has submitted."""
    ids = [bid.id for bid in bids_of(session, selection)]
    query = select(Score).where(Score.bid_id.in_(ids))
    if not all_scored(session, selection):
        query = query.where(Score.scorer_id == person_id)
    return session.scalars(query.order_by(Score.bid_id, Score.scorer_id)).all()


def _valid(session: Session, selection: BankSelection) -> dict[int, list[Decimal]]:
    """The totals that count for each bid: of its scorers without a conflict."""
    bids = bids_of(session, selection)
    query = select(Score).where(
        Score.bid_id.in_([bid.id for bid in bids]),
        Score.scorer_id.in_(selection.scorers),
        Score.conflict.is_(False),
    )
    found: dict[int, list[Decimal]] = {}
    for score in session.scalars(query):
        found.setdefault(score.bid_id, []).append(score.total)
    return found


def counted_marks(session: Session, selection: BankSelection) -> dict[int, int]:
    """How many marks count for each bid."""
    return {bid: len(totals) for bid, totals in _valid(session, selection).items()}


def average(totals: Sequence[Decimal]) -> Decimal:
    """The mean, HALF_UP to 0.01; of five marks or more without the highest and the lowest."""
    kept = sorted(totals)[1:-1] if len(totals) >= DROP_FROM else list(totals)
    return half_up(sum(map(Fraction, kept), Fraction(0)) / len(kept))


@service_operation("selection.rank", "汇总排名", sets={"ranked_count": INTEGER})
def rank(ctx: StepContext, *, selection_id: int) -> Routing:
    """Average, threshold, rank; of equal averages the lower rate comes first; the first N seats
    are chosen. Returns {"ranked_count"}: how many reached the threshold."""
    selection = _selection(ctx, selection_id)
    totals = _valid(ctx.session, selection)
    bids = bids_of(ctx.session, selection)
    for bid in bids:
        bid.average = average(totals[bid.id]) if bid.id in totals else None
        bid.rank, bid.chosen = None, False
    passed = [b for b in bids if b.average is not None and b.average >= selection.threshold]
    for place, bid in enumerate(sorted(passed, key=_order), start=1):
        bid.rank, bid.chosen = place, place <= selection.seats
    ctx.session.flush()
    scores = ctx.session.scalars(
        select(Score).where(Score.bid_id.in_([bid.id for bid in bids])).order_by(Score.id)
    )
    after = {
        "ranking": [{"bank_id": b.bank_id, "average": b.average, "rank": b.rank} for b in bids],
        "marks": [{"bid": s.bid_id, "scorer": s.scorer_id, "total": s.total} for s in scores],
    }
    message = text("汇总评分，{n}家达到分数线", n=len(passed))
    ctx.audit("selection.ranked", message, after=after, clause=CLAUSE)
    if not passed:
        selection.status = "NO_BANK"
    return {"ranked_count": len(passed)}


def _order(bid: Bid) -> tuple[Decimal, Decimal, Decimal, int]:
    return (
        -(bid.average or Decimal(0)),
        bid.rate_offer or HUNDRED,
        -(bid.quota or Decimal(0)),
        bid.id,
    )
