"""三方协议: drafted, reviewed, signed, in effect; and bound to cases (P5, J3.3.2)."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.errors import Conflict, InvalidInput, RuleRefused
from engine.models import (
    Agreement,
    AgreementReview,
    AgreementStatus,
    GuaranteeCase,
)
from engine.operations.agreement_life import replace_older, tell_waiting
from engine.operations.agreement_start import CLAUSE
from engine.operations.agreement_terms import SHOWN, apply_terms
from engine.operations.agreements_in_force import free_quota, in_force
from engine.operations.decisions import note_of
from engine.operations.lending import loan_of, shown
from engine.operations.parties import person_of, post_of
from engine.operations.same_person import refuse_same_person
from engine.runtime.context import Routing, StepContext, form_operation, service_operation
from engine.runtime.registry import BOOLEAN
from engine.text import text

SIGNING_ORDER = ("bank", "guarantor", "finance")


def _agreement(ctx: StepContext, agreement_id: int | None = None) -> Agreement:
    key = int(ctx.data["agreement_id"]) if agreement_id is None else agreement_id
    return ctx.session.get_one(Agreement, key, with_for_update=True, populate_existing=True)


def round_of(agreement: Agreement) -> int:
    """The number of the review round that runs or comes next: one more than were refused."""
    return len(agreement.redlines or []) + 1


@form_operation("agreements.record_draft", "记录协议文本")
def record_draft(ctx: StepContext, values: Mapping[str, Any]) -> Routing:
    """The terms of the draft. Raises RuleRefused `ratio_above_cap`, `risk_cap`, InvalidInput."""
    agreement = _agreement(ctx)
    _require_status(agreement, AgreementStatus.DRAFT, AgreementStatus.REVIEW)
    before = shown(agreement, SHOWN)
    apply_terms(agreement, values, ctx.parameters, ctx.today)
    agreement.status = AgreementStatus.REVIEW.value
    message = text("起草{no}，送三方审阅（第{n}轮）", no=agreement.agr_no, n=round_of(agreement))
    reason = agreement.override_reason or note_of(values) or None
    after = shown(agreement, SHOWN)
    ctx.audit(
        "agreement.drafted", message, before=before, after=after, reason=reason, clause=CLAUSE
    )
    return {}


def _require_status(agreement: Agreement, *expected: AgreementStatus) -> None:
    if agreement.status not in {one.value for one in expected}:
        raise Conflict(
            "agreement_status", text("协议{no}的状态已经变化，没有再改动", no=agreement.agr_no)
        )


@form_operation("agreements.record_review", "记录审阅意见")
def record_review(ctx: StepContext, values: Mapping[str, Any]) -> Routing:
    """A party's word in this round: AGREE, or REDLINE with the change it wants.

    Raises InvalidInput without one; NotAllowed for the bureau's own drafter.
    """
    agreement, party = _agreement(ctx), _party(ctx)
    _require_status(agreement, AgreementStatus.REVIEW)
    if party == "finance":
        refuse_same_person(ctx, "draft")
    agree = values["outcome"] == "AGREE"
    redline = "" if agree else str(values.get("redline") or "").strip()
    if not agree and not redline:
        raise InvalidInput({"redline": text("写明修改意见")})
    _drop_earlier_word(ctx, agreement, party)
    ctx.session.add(
        AgreementReview(
            agreement_id=agreement.id,
            round=round_of(agreement),
            party=party,
            agree=agree,
            redline=redline,
            by_id=person_of(ctx.actor),
            at=ctx.now,
        )
    )
    message = text("审阅：同意") if agree else text("审阅：提出修改")
    after = {"party": party, "round": round_of(agreement), "agree": agree, "redline": redline}
    ctx.audit("agreement.reviewed", message, after=after, reason=redline or None, clause=CLAUSE)
    return {}


def _party(ctx: StepContext) -> str:
    """The party whose task this is. Raises Conflict for a diagram that asks anybody else."""
    party = ctx.work_item.party if ctx.work_item else ""
    if party not in SIGNING_ORDER:
        raise Conflict("unknown_party", text("三方之外的单位不参与协议"))
    return party


def _drop_earlier_word(ctx: StepContext, agreement: Agreement, party: str) -> None:
    """A word that was taken back (撤回) is replaced by the new one."""
    for review in _round(ctx.session, agreement):
        if review.party == party:
            ctx.session.delete(review)
    ctx.session.flush()


def _round(session: Session, agreement: Agreement) -> list[AgreementReview]:
    query = select(AgreementReview).where(
        AgreementReview.agreement_id == agreement.id, AgreementReview.round == round_of(agreement)
    )
    return list(session.scalars(query.order_by(AgreementReview.id)))


@service_operation("agreements.collect_reviews", "汇总审阅意见", sets={"reviews_agree": BOOLEAN})
def collect_reviews(ctx: StepContext, *, agreement_id: int) -> Routing:
    """Whether all three parties agree in this round; else the redlines go back to the drafter.

    Returns {"reviews_agree"}.
    """
    agreement = _agreement(ctx, agreement_id)
    reviews = _round(ctx.session, agreement)
    number, agreed = round_of(agreement), {one.party for one in reviews if one.agree}
    if agreed == set(SIGNING_ORDER):
        agreement.status, agreement.signatures = AgreementStatus.SIGNING.value, []
        after = {"round": number, "status": agreement.status}
        ctx.audit("agreement.agreed", text("三方一致，进入签署"), after=after, clause=CLAUSE)
        return {"reviews_agree": True}
    wanted = [{"party": one.party, "text": one.redline} for one in reviews if not one.agree]
    agreement.redlines = [*(agreement.redlines or []), {"round": number, "wanted": wanted}]
    agreement.status = AgreementStatus.DRAFT.value
    message = text("第{n}轮有修改意见，退回起草", n=number)
    ctx.audit("agreement.redlined", message, after={"wanted": wanted}, clause=CLAUSE)
    payload = {"agreement_id": agreement.id, "round": number, "wanted": wanted}
    ctx.emit("agreement_redlined", **payload)
    return {"reviews_agree": False}


@form_operation("agreements.record_signature", "记录签署")
def record_signature(ctx: StepContext, values: Mapping[str, Any]) -> Routing:
    """A party signs: the bank, then the guarantor, then the bureau. `signed_on`, `file`.

    Raises InvalidInput: signed in the future, or no scan. RuleRefused out of order.
    """
    agreement, party = _agreement(ctx), _party(ctx)
    _require_status(agreement, AgreementStatus.SIGNING)
    signed_on: date = values["signed_on"]
    if signed_on > ctx.today:
        raise InvalidInput({"signed_on": text("签署日期不得晚于今天")})
    earlier = [one for one in agreement.signatures or [] if one["party"] != party]
    _refuse_out_of_order(party, [str(one["party"]) for one in earlier])
    signature = {
        "party": party,
        "org_id": post_of(ctx.actor),
        "person_id": person_of(ctx.actor),
        "name": ctx.actor.name,
        "signed_on": signed_on.isoformat(),
        "files": list(values.get("file") or []),
    }
    agreement.signatures = [*earlier, signature]
    message = text("{name}签署{no}", name=ctx.actor.name, no=agreement.agr_no)
    ctx.audit("agreement.signed", message, after=signature, clause=CLAUSE)
    return {}


def _refuse_out_of_order(party: str, signed: list[str]) -> None:
    before = SIGNING_ORDER[: SIGNING_ORDER.index(party)]
    if signed != list(before):
        raise RuleRefused(
            "signing_order",
            text("签署顺序为银行、担保机构、区财政局"),
            text("等前一方签署后再签"),
        )


@service_operation("agreements.take_effect", "协议生效")
def take_effect(ctx: StepContext, *, agreement_id: int) -> Routing:
    """All three have signed: in effect from `effective_from`, not before the last signature.

    An older version is REPLACED on that day; cases that wait for it go on. Raises Conflict.
    """
    agreement = _agreement(ctx, agreement_id)
    _require_status(agreement, AgreementStatus.SIGNING)
    if [one["party"] for one in agreement.signatures or []] != list(SIGNING_ORDER):
        raise Conflict("not_signed", text("三方还没有签齐"))
    before = shown(agreement, SHOWN)
    _not_before_signed(agreement)
    agreement.status = AgreementStatus.EFFECTIVE.value
    ctx.session.flush()
    message = text("协议{no}自{day}生效", no=agreement.agr_no, day=str(agreement.effective_from))
    after = shown(agreement, SHOWN)
    ctx.audit("agreement.effective", message, before=before, after=after, clause=CLAUSE)
    ctx.emit("agreement_effective", agreement_id=agreement.id, agr_no=agreement.agr_no)
    if agreement.effective_from is not None and agreement.effective_from <= ctx.today:
        replace_older(ctx.session, agreement, ctx.actor, ctx.now)
        tell_waiting(ctx.session, agreement, ctx.send)
    return {}


def _not_before_signed(agreement: Agreement) -> None:
    """signed <= from < to: what was signed later than it was to begin begins when it is signed."""
    last = max(date.fromisoformat(str(one["signed_on"])) for one in agreement.signatures)
    first, until = agreement.effective_from, agreement.effective_to
    agreement.effective_from = last if first is None or first < last else first
    if until is None or until <= agreement.effective_from:
        raise RuleRefused(
            "agreement_over",
            text("签署时协议已到期"),
            text("核对签署日期；确已过期的，重新起草"),
        )


@service_operation(
    "agreements.bind", "确定适用协议", sets={"agreement_result": ("EFFECTIVE", "MISSING")}
)
def bind(ctx: StepContext, *, case_id: int) -> Routing:
    """The agreement in force between the case's bank and a guarantor decides the guarantor.

    With several, the one with the most free quota. Returns {"agreement_result": "EFFECTIVE" or
    "MISSING"}; suspended and expired agreements take no new cases.
    """
    case, loan = ctx.session.get_one(GuaranteeCase, case_id), loan_of(ctx.session, case_id)
    found = in_force(ctx.session, case.programme, ctx.today, bank_id=loan.bank_id)
    if not found:
        message = text("{bank}没有生效的三方协议，等待协议生效", bank=loan.bank.short_name)
        ctx.audit("agreement.missing", message, clause=CLAUSE)
        ctx.emit("agreement_missing", case_id=case.id, bank_id=loan.bank_id)
        return {"agreement_result": "MISSING"}
    agreement = max(found, key=lambda one: (_room(ctx.session, one), -one.id))
    before = {"agreement_id": case.agreement_id, "guarantor_id": case.guarantor_id}
    case.agreement_id = loan.agreement_id = agreement.id
    case.guarantor_id = agreement.guarantor_id
    ctx.bind("guarantor", agreement.guarantor_id)
    message = text("适用协议{no}", no=agreement.agr_no)
    after = {"agreement_id": agreement.id, "guarantor_id": agreement.guarantor_id}
    ctx.audit("agreement.bound", message, before=before, after=after, clause=CLAUSE)
    return {"agreement_result": "EFFECTIVE"}


def _room(session: Session, agreement: Agreement) -> float:
    free = free_quota(session, agreement)
    return float("inf") if free is None else float(free)
