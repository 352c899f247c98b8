"""Which event tells whom what. Events of other kinds concern nobody by mail."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from engine.models import (
    Agreement,
    DomainEvent,
    Filing,
    GuaranteeCase,
    OrgKind,
    ReferralBatch,
    ReferralItem,
    SubsidyRow,
    Whitelist,
    WhitelistEntry,
)
from engine.models.running import Incident, IncidentStatus
from engine.operations.account_link import VALID, account_token
from notifications import links, people
from notifications.definitions import KINDS as DEFINITIONS
from notifications.definitions import about_draft
from notifications.drafts import Draft, Post, Told
from notifications.interventions import KINDS as INTERVENTIONS
from notifications.interventions import about_task
from notifications.people import Recipient
from notifications.tasks import KINDS as TASK_KINDS

Lines = list[dict[str, Any]]


Rule = Callable[[Post, DomainEvent], Iterator[Told]]


def event_drafts(post: Post, event: DomainEvent) -> list[Draft]:
    """The drafts for one event that is not about a task."""
    rule = RULES.get(event.kind)
    drafts = []
    for told in rule(post, event) if rule else ():
        for recipient in told.recipients:
            context = {**told.values, "recipient": recipient.name, "url": post.url(told.path)}
            drafts.append(Draft(f"event:{event.id}", recipient, event.kind, context))
    return drafts


def _case(post: Post, event: DomainEvent) -> GuaranteeCase:
    return post.session.get_one(GuaranteeCase, int(event.payload["case_id"]))


def _about(case: GuaranteeCase, event: DomainEvent) -> dict[str, Any]:
    payload = event.payload
    return {
        "enterprise": case.enterprise.name,
        "case_no": case.case_no,
        "reasons": [str(reason) for reason in payload.get("reasons") or []],
        "note": str(payload.get("note") or payload.get("reason") or ""),
        "by": str(payload.get("by") or ""),
    }


def _referrers(post: Post, case: GuaranteeCase) -> list[Recipient]:
    query = (
        select(ReferralBatch.org_id)
        .join(ReferralItem, ReferralItem.batch_id == ReferralBatch.id)
        .where(ReferralItem.case_id == case.id)
    )
    return people.holders(post.session, post.session.scalars(query), people.MAKER)


def _to_referrers(post: Post, event: DomainEvent) -> Iterator[Told]:
    """case_returned, case_rejected, case_rejection_final, case_expired.

    {case_id, reasons?, note?}
    """
    case = _case(post, event)
    yield Told(_referrers(post, case), _about(case, event), links.case(case.id))


def _to_bank(post: Post, event: DomainEvent) -> Iterator[Told]:
    """case_assigned: {case_id, bank_id?}."""
    case = _case(post, event)
    bank = event.payload.get("bank_id") or case.bank_id
    if bank is not None:
        to = people.holders(post.session, [int(bank)], people.MAKER)
        yield Told(to, _about(case, event), links.case(case.id))


def _withdrawn(post: Post, event: DomainEvent) -> Iterator[Told]:
    """case_withdrawn: {case_id, reason, by}: to the bank that has it and the finance bureau."""
    case = _case(post, event)
    org_ids = people.kind_ids(post.session, OrgKind.FINANCE)
    org_ids += [case.bank_id] if case.bank_id else []
    to = people.holders(post.session, org_ids, people.MAKER)
    yield Told(to, _about(case, event), links.case(case.id))


def _entry_changed(post: Post, event: DomainEvent) -> Iterator[Told]:
    """whitelist_entry_changed: {case_id, status}: to its bank and its referrers."""
    case = _case(post, event)
    to = _referrers(post, case)
    if case.bank_id is not None:
        to += people.holders(post.session, [case.bank_id], people.MAKER)
    values = {**_about(case, event), "status": str(event.payload["status"])}
    yield Told(to, values, links.case(case.id))


def _released(post: Post, event: DomainEvent) -> Iterator[Told]:
    """whitelist_released: {whitelist_id}: to the banks, and to the referrers of its cases."""
    found = post.session.get_one(Whitelist, int(event.payload["whitelist_id"]))
    referrers = (
        select(ReferralBatch.org_id)
        .join(ReferralItem, ReferralItem.batch_id == ReferralBatch.id)
        .join(WhitelistEntry, WhitelistEntry.case_id == ReferralItem.case_id)
        .where(WhitelistEntry.whitelist_id == found.id)
    )
    org_ids = [*people.kind_ids(post.session, OrgKind.BANK), *post.session.scalars(referrers)]
    values = {
        "wl_no": found.wl_no or "",
        "count": len(found.entries),
        "released_on": found.released_on.isoformat() if found.released_on else None,
    }
    yield Told(people.holders(post.session, org_ids, people.MAKER), values)


def _fee(post: Post, event: DomainEvent) -> Iterator[Told]:
    """fee_notice: {filing_id} (or case_id and fee_due): to the bank, and to the enterprise."""
    payload = event.payload
    filing = post.session.get(Filing, int(payload.get("filing_id") or 0))
    case = filing.case if filing else _case(post, event)
    fee = payload.get("fee_due") or (filing.fee_due if filing else None)
    values = {
        **_about(case, event),
        "filing_no": str(payload.get("filing_no") or (filing.filing_no if filing else "") or ""),
        "fee_due": str(fee) if fee is not None else None,
        "pay_by": str(payload["pay_by"]) if payload.get("pay_by") else None,
    }
    if case.bank_id:
        to = people.holders(post.session, [case.bank_id], people.MAKER)
        yield Told(to, {**values, "linked": True}, links.case(case.id))
    yield Told(people.enterprise(case.enterprise), {**values, "linked": False}, "/")


def _rows(post: Post, event: DomainEvent) -> list[SubsidyRow]:
    """{row_id}, {row_ids} or {batch_id}: the subsidy rows an event is about."""
    payload = event.payload
    query = select(SubsidyRow).order_by(SubsidyRow.id)
    if payload.get("row_id") or payload.get("row_ids"):
        ids = payload.get("row_ids") or [payload["row_id"]]
        return list(post.session.scalars(query.where(SubsidyRow.id.in_(ids))))
    return list(post.session.scalars(query.where(SubsidyRow.batch_id == int(payload["batch_id"]))))


def _account_link(post: Post, event: DomainEvent) -> Iterator[Told]:
    """subsidy_account_link: {row_id | row_ids | batch_id, publicity_to?}: to each enterprise."""
    for row in _rows(post, event):
        if row.status != "PROPOSED":
            continue
        token = account_token(post.settings.secret_key, row.id, post.now)
        values = {
            "enterprise": row.enterprise.name,
            "amount": str(row.amount),
            "publicity_to": event.payload.get("publicity_to"),
            "valid_to": (post.now + VALID - timedelta(days=1)).date().isoformat(),
        }
        yield Told(people.enterprise(row.enterprise), values, links.account(token))


def _paid(post: Post, event: DomainEvent) -> Iterator[Told]:
    """subsidy_paid: {row_id | row_ids | batch_id}: to each enterprise the sum of its paid rows."""
    sums: dict[int, tuple[SubsidyRow, Decimal]] = {}
    for row in _rows(post, event):
        if row.status == "PAID":
            before = sums.get(row.enterprise_id, (row, Decimal(0)))[1]
            sums[row.enterprise_id] = (row, before + row.amount)
    for row, amount in sums.values():
        values = {"enterprise": row.enterprise.name, "amount": str(amount)}
        yield Told(people.enterprise(row.enterprise), values, "/")


def _referral(post: Post, event: DomainEvent) -> Iterator[Told]:
    """referral_opened, referral_closing: {org_id | org_ids, period, closing_on, batch_id?}."""
    payload = event.payload
    org_ids = payload.get("org_ids") or [payload["org_id"]]
    values = {"period": str(payload["period"]), "closing_on": str(payload["closing_on"])}
    yield Told(people.holders(post.session, org_ids, people.MAKER), values)


def _expiring(post: Post, event: DomainEvent) -> Iterator[Told]:
    """agreement_expiring: {agreement_id, days}: to the makers of its three parties."""
    found = post.session.get_one(Agreement, int(event.payload["agreement_id"]))
    parties = [found.bank_id, found.guarantor_id, found.finance_id]
    values = {
        "agr_no": found.agr_no,
        "bank": found.bank.name,
        "effective_to": found.effective_to.isoformat() if found.effective_to else None,
        "days": int(event.payload["days"]),
    }
    yield Told(people.holders(post.session, parties, people.MAKER), values)


def _incident(post: Post, event: DomainEvent) -> Iterator[Told]:
    """incident_opened: {incident_id}: to the heads and administrators of its finance bureau, the
    platform's administrators where there is none. Nothing once it is settled."""
    found = post.session.get_one(Incident, int(event.payload["incident_id"]))
    if found.status != IncidentStatus.OPEN.value:
        return
    values = {
        "title": found.instance.title,
        "name": found.name,
        "reference": found.reference,
        "attempts": found.attempts,
    }
    to = people.settlers(post.session, found.instance_id)
    yield Told(to, values, links.incident(found.id))


RULES: dict[str, Rule] = {
    "case_returned": _to_referrers,
    "case_rejected": _to_referrers,
    "case_rejection_final": _to_referrers,
    "case_expired": _to_referrers,
    "case_assigned": _to_bank,
    "case_withdrawn": _withdrawn,
    "whitelist_entry_changed": _entry_changed,
    "whitelist_released": _released,
    "fee_notice": _fee,
    "subsidy_account_link": _account_link,
    "subsidy_paid": _paid,
    "referral_opened": _referral,
    "referral_closing": _referral,
    "agreement_expiring": _expiring,
    "incident_opened": _incident,
    **dict.fromkeys(INTERVENTIONS, about_task),
    **dict.fromkeys(DEFINITIONS, about_draft),
}
KINDS = TASK_KINDS | RULES.keys()
