"""遴选: notice, bids, approval by institution and bureau, publication (P4, J3.3.1).

The scoring in between is engine.operations.scoring.
"""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from engine.audit.trail import record
from engine.clock import local_date
from engine.errors import Conflict, InvalidInput, NotFound, RuleRefused
from engine.models import BankSelection, Bid, Organisation, OrgKind, WorkItem, WorkStatus
from engine.operations import locks
from engine.operations.agreement_start import start_agreement
from engine.operations.agreement_terms import refuse_high_ratio
from engine.operations.decisions import note_of, require_note
from engine.operations.lending import shown
from engine.operations.numbers import next_number
from engine.operations.parties import finance_of, post_of
from engine.operations.same_person import refuse_same_person
from engine.operations.scoring import MIN_SCORERS, bids_of, counted_marks, ranked
from engine.people import Actor
from engine.runtime import step
from engine.runtime.context import Routing, StepContext, form_operation, service_operation
from engine.runtime.in_force import programme_of
from engine.runtime.registry import DATE, INTEGER, LIST
from engine.text import Text, text

CLAUSE = "J3.3.1"
MIN_BIDS = 2
OPEN, PUBLISHED = "OPEN", "PUBLISHED"
NOTICE_SETS = {"invited": LIST, "apply_until": DATE}
CRITERIA = {
    "quota": "承诺额度",
    "rate_offer": "利率报价",
    "approval_days": "审批天数",
    "ratio": "担保比例",
    "sme_record": "小微业绩",
    "prior_score": "上年度评分",
}
SHOWN = ("title", "criteria", "seats", "threshold", "apply_until", "invited", "round", "status")
BID = ("branch", "quota", "rate_offer", "approval_days", "ratio", "sme_record", "declined")


def start_selection(
    session: Session, guarantor_id: int, programme: str, actor: Actor, now: datetime
) -> BankSelection:
    """Begin a selection for one guarantor. Raises NotFound, Conflict when one is running."""
    guarantor = session.get(Organisation, guarantor_id)
    if guarantor is None or guarantor.kind != OrgKind.GUARANTOR.value:
        raise NotFound(text("没有找到这家担保机构"))
    locks.take(session, f"selection:{programme}:{guarantor_id}")
    _refuse_running(session, programme, guarantor_id)
    scheme = programme_of(session, programme)
    series = f"{scheme.abbreviation}-LX-{local_date(now).year}"
    selection = BankSelection(
        selection_no=f"{series}-{next_number(session, series):02}",
        programme=programme,
        guarantor_id=guarantor_id,
        title=f"{scheme.name}合作银行遴选（{guarantor.short_name}）",
        created_at=now,
    )
    session.add(selection)
    session.flush()
    finance = finance_of(session, scheme.district_code)
    _start(session, selection, finance, actor, now)
    return selection


def _refuse_running(session: Session, programme: str, guarantor_id: int) -> None:
    running = session.scalar(
        select(BankSelection.selection_no).where(
            BankSelection.programme == programme,
            BankSelection.guarantor_id == guarantor_id,
            BankSelection.status == OPEN,
        )
    )
    if running is not None:
        raise Conflict(
            "selection_running",
            text("该机构的遴选{no}正在进行", no=running),
            text("先办结在办的遴选"),
        )


def _start(
    session: Session, selection: BankSelection, finance: int, actor: Actor, now: datetime
) -> None:
    chain = f"selection:{selection.id}"
    record(
        session,
        chain=chain,
        action="selection.started",
        summary=text("启动遴选{no}", no=selection.selection_no),
        actor=actor,
        now=now,
        after={"guarantor_id": selection.guarantor_id, "programme": selection.programme},
        clause=CLAUSE,
    )
    instance = step.start_instance(
        session,
        "bank_selection",
        subject=chain,
        title=selection.title,
        programme=selection.programme,
        data={"selection_id": selection.id},
        parties={"finance": finance, "guarantor": selection.guarantor_id},
        actor=actor,
        now=now,
    )
    selection.instance_id = instance.id
    session.flush()


def _selection(ctx: StepContext, selection_id: int | None = None) -> BankSelection:
    key = int(ctx.data["selection_id"]) if selection_id is None else selection_id
    return ctx.session.get_one(BankSelection, key, with_for_update=True, populate_existing=True)


@form_operation("selection.record_notice", "记录遴选公告", sets=NOTICE_SETS)
def record_notice(ctx: StepContext, values: Mapping[str, Any]) -> Routing:
    """Criteria with weights that add up to 100, seats, threshold, last day, invited banks.

    A notice after too few bids begins another round. Returns {"invited": [organisation ids],
    "apply_until": ISO date}. Raises InvalidInput.
    """
    selection = _selection(ctx)
    criteria = _criteria(values)
    invited = list(dict.fromkeys(int(one) for one in values.get("invited") or []))
    wrong = _notice_problems(ctx, values, criteria, invited)
    if wrong:
        raise InvalidInput(wrong)
    before = shown(selection, SHOWN)
    if bids_of(ctx.session, selection, applied=False):
        selection.round += 1
    selection.title = str(values["title"]).strip()
    selection.criteria, selection.invited = criteria, invited
    selection.seats, selection.threshold = values["seats"], values["threshold"]
    selection.apply_until = values["apply_until"]
    message = text("发布遴选公告，邀请{n}家银行", n=len(invited))
    after = shown(selection, SHOWN)
    ctx.audit("selection.announced", message, before=before, after=after, clause=CLAUSE)
    until = values["apply_until"].isoformat()
    ctx.emit("selection_announced", selection_id=selection.id, org_ids=invited, apply_until=until)
    return {"invited": invited, "apply_until": until}


def _criteria(values: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The criteria that count: those with a weight above 0."""
    given = {code: int(values.get(f"weight_{code}") or 0) for code in CRITERIA}
    return [
        {"code": code, "name": CRITERIA[code], "weight": weight}
        for code, weight in given.items()
        if weight
    ]


def _notice_problems(
    ctx: StepContext,
    values: Mapping[str, Any],
    criteria: list[dict[str, Any]],
    invited: list[int],
) -> dict[str, Text]:
    wrong: dict[str, Text] = {}
    total = sum(one["weight"] for one in criteria)
    if total != 100 or any(one["weight"] < 0 for one in criteria):
        wrong["weight_quota"] = text("权重合计须为100，现为{total}", total=total)
    if not str(values.get("title") or "").strip():
        wrong["title"] = text("填写公告标题")
    if (values.get("seats") or 0) < 1:
        wrong["seats"] = text("至少1个名额")
    threshold = values.get("threshold")
    if threshold is None or not 0 <= threshold <= 100:
        wrong["threshold"] = text("分数线在0到100之间")
    until: date | None = values.get("apply_until")
    if until is None or until <= ctx.today:
        wrong["apply_until"] = text("截止日期须晚于今天")
    if len(invited) < MIN_BIDS or len(_banks(ctx.session, invited)) < len(invited):
        wrong["invited"] = text("至少邀请{n}家在用的合作银行", n=MIN_BIDS)
    return wrong


def _banks(session: Session, ids: list[int]) -> list[int]:
    query = select(Organisation.id).where(
        Organisation.id.in_(ids), Organisation.kind == OrgKind.BANK.value, Organisation.active
    )
    return list(session.scalars(query))


@form_operation("selection.record_bid", "记录银行申请", keeps_values=False)
def record_bid(ctx: StepContext, values: Mapping[str, Any]) -> Routing:
    """APPLY with branch, quota (元), rate (%), days, ratio and SME record; or DECLINE.

    Sealed: what was offered enters the trail when the bids are closed. Raises InvalidInput;
    RuleRefused `bids_closed`, `ratio_above_cap`.
    """
    selection, bank_id = _selection(ctx), post_of(ctx.actor)
    if selection.apply_until is None or ctx.today > selection.apply_until:
        raise RuleRefused("bids_closed", text("申请已截止"))
    declined = values["outcome"] == "DECLINE"
    if not declined:
        _check_bid(ctx, values)
    bid = _own_bid(ctx, selection, bank_id)
    bid.declined, bid.note, bid.at = declined, note_of(values), ctx.now
    for name in BID[:-1]:
        if not declined:
            setattr(bid, name, values[name])
    ctx.audit("selection.bid", text("答复遴选"), after={"bank_id": bank_id}, clause=CLAUSE)
    return {}


def _check_bid(ctx: StepContext, values: Mapping[str, Any]) -> None:
    wrong = {
        name: text("须大于0")
        for name in ("quota", "rate_offer", "approval_days", "ratio")
        if values.get(name) is None or values[name] <= 0
    }
    wrong |= {
        name: text("必填") for name in ("branch", "sme_record") if not str(values.get(name) or "")
    }
    if wrong:
        raise InvalidInput(wrong)
    refuse_high_ratio(values["ratio"], ctx.parameters)


def _own_bid(ctx: StepContext, selection: BankSelection, bank_id: int) -> Bid:
    """The bank's bid of this round; one that was taken back (撤回) is written over."""
    query = select(Bid).where(
        Bid.selection_id == selection.id, Bid.round == selection.round, Bid.bank_id == bank_id
    )
    found = ctx.session.scalar(query)
    if found is None:
        found = Bid(selection_id=selection.id, round=selection.round, bank_id=bank_id, at=ctx.now)
        ctx.session.add(found)
    return found


@service_operation("selection.close_bids", "截止申请", sets={"bid_count": INTEGER})
def close_bids(ctx: StepContext, *, selection_id: int) -> Routing:
    """Count the bids; with fewer than two the notice goes out again. Returns {"bid_count"}."""
    selection = _selection(ctx, selection_id)
    _drop_taken_back(ctx, selection)
    count = len(bids_of(ctx.session, selection))
    message = text("第{round}轮截止，有效申请{n}家", round=selection.round, n=count)
    opened = bids_of(ctx.session, selection, applied=False)
    sheets = [{"bank_id": bid.bank_id, **shown(bid, BID)} for bid in opened]
    after = {"round": selection.round, "bid_count": count, "bids": sheets}
    ctx.audit("selection.closed", message, after=after, clause=CLAUSE)
    if count < MIN_BIDS:
        # what was applied for so far is void: the next notice is a new round for everybody
        selection.round += 1
        ctx.emit("selection_rerun", selection_id=selection.id, round=selection.round)
    return {"bid_count": count}


def _drop_taken_back(ctx: StepContext, selection: BankSelection) -> None:
    """A bid whose task is open again at the closing was taken back (撤回): it does not count."""
    waiting = select(WorkItem.org_id).where(
        WorkItem.instance_id == ctx.instance.id,
        WorkItem.operation == "selection.record_bid",
        WorkItem.status == WorkStatus.OPEN.value,
    )
    gone = delete(Bid).where(
        Bid.selection_id == selection.id,
        Bid.round == selection.round,
        Bid.bank_id.in_(waiting),
    )
    ctx.session.execute(gone)


@form_operation("selection.record_institution", "记录担保机构审定")
def record_institution(ctx: StepContext, values: Mapping[str, Any]) -> Routing:
    """The guarantor's head: APPROVE the ranking or RETURN it to be scored again, with a note."""
    return _opinion(ctx, values, "selection.institution_decided", text("担保机构审定"))


@form_operation("selection.record_finance", "记录区财政局审定")
def record_finance(ctx: StepContext, values: Mapping[str, Any]) -> Routing:
    """The bureau's head: as the institution's. NotAllowed for whoever made the notice."""
    refuse_same_person(ctx, "announce")
    return _opinion(ctx, values, "selection.finance_decided", text("区财政局审定"))


def _opinion(ctx: StepContext, values: Mapping[str, Any], action: str, message: Text) -> Routing:
    selection, note = _selection(ctx), note_of(values)
    require_note(note)
    outcome = str(values["outcome"])
    if outcome == "APPROVE":
        _refuse_too_few_marks(ctx.session, selection)
    chosen = [bid.bank_id for bid in ranked(ctx.session, selection) if bid.chosen]
    after = {"outcome": outcome, "chosen": chosen}
    ctx.audit(action, message, after=after, reason=note, clause=CLAUSE)
    return {}


def _refuse_too_few_marks(session: Session, selection: BankSelection) -> None:
    """Conflicts may leave a bid with fewer than three marks: then others have to score."""
    counts = counted_marks(session, selection)
    short = [bid for bid in bids_of(session, selection) if counts.get(bid.id, 0) < MIN_SCORERS]
    if short:
        raise RuleRefused(
            "too_few_scores",
            text("{bank}的有效评分少于{n}份", bank=short[0].bank.short_name, n=MIN_SCORERS),
            text("退回，重新指定没有利害关系的评分人"),
        )


@service_operation("selection.publish", "公布遴选结果")
def publish(ctx: StepContext, *, selection_id: int) -> Routing:
    """The chosen banks are published; for each an agreement is begun from its bid (P5)."""
    selection = _selection(ctx, selection_id)
    if selection.status == PUBLISHED:
        return {}
    bids = ranked(ctx.session, selection)
    chosen = [bid for bid in bids if bid.chosen]
    selection.status, selection.published_at = PUBLISHED, ctx.now
    message = text("公布入选银行{n}家", n=len(chosen))
    after = {
        "chosen": [bid.bank_id for bid in chosen],
        "scores": {b.bank_id: b.average for b in bids},
    }
    ctx.audit("selection.published", message, after=after, clause=CLAUSE)
    ctx.emit(
        "selection_published",
        selection_id=selection.id,
        chosen=[bid.bank_id for bid in chosen],
        org_ids=[bid.bank_id for bid in bids_of(ctx.session, selection)],
    )
    for bid in sorted(chosen, key=lambda one: one.rank or 0):
        _begin_agreement(ctx, selection, bid)
    return {}


def _begin_agreement(ctx: StepContext, selection: BankSelection, bid: Bid) -> None:
    terms: dict[str, Any] = {
        "guarantee_ratio": bid.ratio,
        "approval_days": bid.approval_days,
        "batch_quota": bid.quota,
    }
    bank, guarantor, programme = bid.bank_id, selection.guarantor_id, selection.programme
    try:
        start_agreement(ctx.session, bank, guarantor, programme, ctx.actor, ctx.now, **terms)
    except Conflict as already:
        # the two are drafting one; the result of the selection does not wait for it
        reason = str(already.message)
        ctx.audit("selection.agreement_exists", text("已有在办的协议"), reason=reason)
