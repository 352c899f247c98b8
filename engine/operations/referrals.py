"""P1 as the diagrams call it: list prepared, checked, sent; authorisation and corrections later."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from engine.domain.dates import add_months
from engine.errors import InvalidInput, RuleRefused
from engine.models import (
    Authorisation,
    BatchStatus,
    GuaranteeCase,
    ReferralBatch,
    ReferralItem,
)
from engine.operations import batches, enterprises
from engine.operations.parties import person_of, post_of
from engine.operations.same_person import refuse_same_person
from engine.people import SYSTEM
from engine.runtime.context import Routing, StepContext, form_operation
from engine.runtime.registry import BOOLEAN
from engine.text import text

AUTHORISED_MONTHS = 12
# what a correction may change: field of the form -> column of the enterprise
CORRECTABLE = {
    "name": "name",
    "legal_rep": "legal_rep_name",
    "controller": "controller_name",
    "reg_address": "reg_address",
    "biz_address": "biz_address",
    "sub_district": "sub_district",
    "industry": "industry",
    "size_industry": "size_industry",
    "employees": "employees",
    "revenue": "revenue",
    "assets": "assets",
    "is_agri": "is_agri",
    "contact": "contact_name",
    "contact_name": "contact_name",
    "phone": "contact_phone",
    "contact_phone": "contact_phone",
    "email": "email",
}
NEEDS = {
    "need_amount": "need_amount",
    "need_term": "need_term",
    "purpose": "need_purpose",
    "need_purpose": "need_purpose",
}


def _batch(ctx: StepContext) -> ReferralBatch:
    return batches.own_batch(ctx.session, int(ctx.data["batch_id"]), SYSTEM, lock=True)


def _count(session: Session, batch: ReferralBatch) -> int:
    ids = select(ReferralItem.id).where(ReferralItem.batch_id == batch.id)
    return len(session.scalars(ids).all())


@form_operation(
    "referrals.record_prepared", "记录名单编报", sets={"nil_return": BOOLEAN}, final=True
)
def record_prepared(ctx: StepContext, values: Mapping[str, Any]) -> Routing:
    """SUBMIT hands the rows to the checker; NIL says that there is nothing new this month.

    Raises RuleRefused `batch_empty`, `nil_with_rows` (nil_return excludes rows, fields.csv).
    """
    batch = _batch(ctx)
    batches.refuse_unless_draft(batch)
    rows, nil = _count(ctx.session, batch), values["outcome"] == "NIL"
    _refuse_mismatch(rows, nil)
    batch.status, batch.nil_return = BatchStatus.CHECKING.value, nil
    message = text("本月无新增") if nil else text("名单{n}家，交复核", n=rows)
    after = {"status": batch.status, "nil_return": nil, "rows": rows}
    ctx.audit("referral.prepared", message, after=after, clause=batches.CLAUSE)
    return {"nil_return": nil}


def _refuse_mismatch(rows: int, nil: bool) -> None:
    if nil and rows:
        raise RuleRefused(
            "nil_with_rows",
            text("名单里有{n}家企业，不能报本月无新增", n=rows),
            text("报送名单，或先移出全部企业"),
        )
    if not nil and not rows:
        raise RuleRefused(
            "batch_empty",
            text("名单里还没有企业"),
            text("上传名单并确认，或报本月无新增"),
        )


@form_operation("referrals.record_checked", "记录名单复核", final=True)
def record_checked(ctx: StepContext, values: Mapping[str, Any]) -> Routing:
    """PASS lets the list be sent, RETURN opens it again. Raises NotAllowed for the maker.

    `authorisations_signed`: every enterprise on the list has signed 征信授权; it is recorded for
    each, valid for twelve months.
    """
    refuse_same_person(ctx, "prepare_list")
    batch = _batch(ctx)
    if values["outcome"] == "RETURN":
        _reopen(ctx, batch, str(values.get("note") or ""))
        return {}
    signed = bool(values.get("authorisations_signed"))
    if signed:
        _authorise_all(ctx, batch)
    after = {"authorisations_signed": signed}
    ctx.audit("referral.checked", text("名单复核通过"), after=after, clause=batches.CLAUSE)
    return {}


def _reopen(ctx: StepContext, batch: ReferralBatch, note: str) -> None:
    if not note.strip():
        raise InvalidInput({"note": text("写明退回原因")})
    before = {"status": batch.status, "nil_return": batch.nil_return}
    batch.status, batch.nil_return = BatchStatus.DRAFT.value, False
    after = {"status": batch.status}
    message = text("名单退回经办")
    ctx.audit("referral.list_returned", message, before=before, after=after, reason=note)


def _authorise_all(ctx: StepContext, batch: ReferralBatch) -> None:
    ids = select(ReferralItem.enterprise_id).where(ReferralItem.batch_id == batch.id)
    common = {
        "org_id": batch.org_id,
        "signed_on": ctx.today,
        "valid_to": add_months(ctx.today, AUTHORISED_MONTHS),
        "attested_by": person_of(ctx.actor),
    }
    rows = [{"enterprise_id": each, **common} for each in ctx.session.scalars(ids)]
    if rows:
        ctx.session.execute(insert(Authorisation), rows)


def case_of(ctx: StepContext) -> GuaranteeCase:
    """The case that the instance is about."""
    return ctx.session.get_one(GuaranteeCase, int(ctx.data["case_id"]))


@form_operation("referrals.record_authorisation", "记录征信授权")
def record_authorisation(ctx: StepContext, values: Mapping[str, Any]) -> Routing:
    """An authorisation handed in later (P2). `signed_on`, `valid_to` (twelve months if blank).

    Raises InvalidInput: signed in the future, or not valid any more.
    """
    signed: date = values["signed_on"]
    until: date = values.get("valid_to") or add_months(signed, AUTHORISED_MONTHS)
    _refuse_dates(signed, until, ctx.today)
    case = case_of(ctx)
    ctx.session.add(
        Authorisation(
            enterprise_id=case.enterprise_id,
            org_id=post_of(ctx.actor),
            signed_on=signed,
            valid_to=until,
            attested_by=person_of(ctx.actor),
        )
    )
    after = {"signed_on": signed, "valid_to": until, "file": values.get("file")}
    ctx.audit("referral.authorised", text("补交征信授权"), after=after, clause="C.P2")
    return {}


def _refuse_dates(signed: date, until: date, today: date) -> None:
    if signed > today:
        raise InvalidInput({"signed_on": text("签署日期晚于今天")})
    if until <= signed:
        raise InvalidInput({"valid_to": text("有效期应晚于签署日期")})
    if until < today:
        raise InvalidInput({"valid_to": text("授权已过期，请企业重新签署")})


@form_operation("referrals.record_correction", "记录补正")
def record_correction(ctx: StepContext, values: Mapping[str, Any]) -> Routing:
    """What the referrer corrected after a return or a hold; blank fields stay as they are.

    A corrected need changes the case and the referrer's own entry. Raises InvalidInput.
    """
    given = {name: value for name, value in values.items() if value not in (None, "")}
    case = case_of(ctx)
    before, after = _correct_enterprise(ctx, case, given)
    old, new = _correct_need(ctx, case, given)
    statement = str(given.get("statement") or given.get("note") or "")
    files = given.get("files") or given.get("file") or []
    if not (after or new or statement or files):
        raise InvalidInput({"statement": text("写明补正了什么")})
    ctx.audit(
        "referral.corrected",
        text("补正推荐材料"),
        before={**before, **old},
        after={**after, **new, "files": files},
        reason=statement or None,
        clause="C.P2",
    )
    return {}


def _correct_enterprise(
    ctx: StepContext, case: GuaranteeCase, given: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    changes = {column: given[name] for name, column in CORRECTABLE.items() if name in given}
    if "industry" in changes and "size_industry" not in changes:
        words = str(changes["industry"])
        changes["size_industry"] = enterprises.size_industry(words, ctx.parameters)
    if "qualifications" in given:
        changes["qualifications"] = list(given["qualifications"])
    enterprise = enterprises.lock(ctx.session, [case.enterprise_id])[case.enterprise_id]
    before = enterprises.correct(enterprise, changes, ctx.now)
    return before, {column: changes[column] for column in before}


def _correct_need(
    ctx: StepContext, case: GuaranteeCase, given: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    changes = {column: given[name] for name, column in NEEDS.items() if name in given}
    if "need_amount" in changes and changes["need_amount"] <= 0:
        raise InvalidInput({"need_amount": text("需求金额应大于0")})
    changes = {name: value for name, value in changes.items() if getattr(case, name) != value}
    before = {name: getattr(case, name) for name in changes}
    for name, value in changes.items():
        setattr(case, name, value)
    # 推荐说明 is the referrer's own; the case has none
    own = changes | {name: given[name] for name in ("remark",) if name in given}
    for item in _own_items(ctx, case) if own else ():
        for name, value in own.items():
            setattr(item, name, value)
    return before, own


def _own_items(ctx: StepContext, case: GuaranteeCase) -> list[ReferralItem]:
    query = (
        select(ReferralItem)
        .join(ReferralBatch)
        .where(ReferralItem.case_id == case.id, ReferralBatch.org_id == ctx.actor.org_id)
    )
    return list(ctx.session.scalars(query))
