"""Beginning a tripartite agreement: its number, version and first terms (P5, J3.3.2)."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from engine.audit.trail import record
from engine.clock import local_date
from engine.errors import Conflict, NotFound
from engine.models import Agreement, AgreementStatus, Organisation, OrgKind
from engine.operations import locks
from engine.operations.agreement_terms import FIELDS, SHOWN
from engine.operations.agreements_in_force import PREPARING
from engine.operations.lending import shown
from engine.operations.numbers import next_number
from engine.operations.parties import finance_of
from engine.people import Actor
from engine.runtime import step
from engine.runtime.in_force import programme_of
from engine.text import text

CLAUSE = "J3.3.2"
# taken over from the version before, else from the programme; an amendment changes what it must
TERMS = tuple(name for name in FIELDS if name not in ("effective_from", "effective_to"))


def start_agreement(
    session: Session,
    bank_id: int,
    guarantor_id: int,
    programme: str,
    actor: Actor,
    now: datetime,
    **terms: Any,
) -> Agreement:
    """A draft for a bank and a guarantor; with one in force it is its next version (P5).

    `terms`: columns to begin with (a successful bid's ratio, quota, days). Raises NotFound for
    organisations of another kind, Conflict when a draft of the two is already on its way.
    """
    _require_kind(session, bank_id, OrgKind.BANK)
    _require_kind(session, guarantor_id, OrgKind.GUARANTOR)
    locks.take(session, f"agreement:{programme}:{bank_id}:{guarantor_id}")
    before = _latest(session, programme, bank_id, guarantor_id)
    if before is not None and before.status in PREPARING:
        raise Conflict(
            "agreement_on_its_way",
            text("双方已有在办的协议{no}", no=before.agr_no),
            text("先办结在办的协议"),
        )
    agr_no, version = _identity(session, programme, now, before)
    agreement = Agreement(agr_no=agr_no, version=version, programme=programme, created_at=now)
    agreement.bank_id, agreement.guarantor_id = bank_id, guarantor_id
    agreement.finance_id = finance_of(session, programme_of(session, programme).district_code)
    _begin_with(session, agreement, before, terms, local_date(now))
    session.add(agreement)
    session.flush()
    _start(session, agreement, actor, now)
    return agreement


def _require_kind(session: Session, org_id: int, kind: OrgKind) -> None:
    org = session.get(Organisation, org_id)
    if org is None or org.kind != kind.value or not org.active:
        raise NotFound(text("没有找到这家单位"))


def _latest(session: Session, programme: str, bank_id: int, guarantor_id: int) -> Agreement | None:
    query = select(Agreement).where(
        Agreement.programme == programme,
        Agreement.bank_id == bank_id,
        Agreement.guarantor_id == guarantor_id,
    )
    return session.scalar(query.order_by(Agreement.id.desc()).limit(1))


def _identity(
    session: Session, programme: str, now: datetime, before: Agreement | None
) -> tuple[str, int]:
    """Number and version: the next version of one in force, else a new number."""
    going_on = (AgreementStatus.EFFECTIVE.value, AgreementStatus.SUSPENDED.value)
    if before is not None and before.status in going_on:
        last = select(func.max(Agreement.version)).where(Agreement.agr_no == before.agr_no)
        return before.agr_no, (session.scalar(last) or 1) + 1
    scheme = programme_of(session, programme)
    series = f"{scheme.abbreviation}-XY-{local_date(now).year}"
    return f"{series}-{next_number(session, series):02}", 1


def _begin_with(
    session: Session,
    agreement: Agreement,
    before: Agreement | None,
    terms: Mapping[str, Any],
    today: date,
) -> None:
    parameters = programme_of(session, agreement.programme).at(today)
    agreement.ceiling_normal = parameters.money("ceiling_normal")
    agreement.ceiling_key = parameters.money("ceiling_key")
    agreement.fee_rate = parameters.ratio("fee_rate")
    agreement.fee_basis = parameters.code("fee_basis")
    agreement.risk_cap_guarantor = parameters.ratio("risk_cap_guarantor")
    agreement.risk_cap_total = parameters.ratio("risk_cap_total")
    agreement.claim_rules = {"overdue_trigger_days": parameters.integer("overdue_claim_days")}
    if before is not None:
        for name in TERMS:
            setattr(agreement, name, getattr(before, name))
        agreement.claim_rules = dict(before.claim_rules or {})
    for name in set(terms) & set(FIELDS):
        setattr(agreement, name, terms[name])


def _start(session: Session, agreement: Agreement, actor: Actor, now: datetime) -> None:
    bank, guarantor = agreement.bank, agreement.guarantor
    record(
        session,
        chain=f"agreement:{agreement.id}",
        action="agreement.started",
        summary=text("发起三方协议{no}第{v}版", no=agreement.agr_no, v=agreement.version),
        actor=actor,
        now=now,
        after={"bank": bank.name, "guarantor": guarantor.name, **shown(agreement, SHOWN)},
        clause=CLAUSE,
    )
    instance = step.start_instance(
        session,
        "tripartite_agreement",
        subject=f"agreement:{agreement.id}",
        title=f"{agreement.agr_no} {bank.short_name}、{guarantor.short_name}",
        programme=agreement.programme,
        data={"agreement_id": agreement.id},
        parties={
            "bank": agreement.bank_id,
            "guarantor": agreement.guarantor_id,
            "finance": agreement.finance_id,
        },
        actor=actor,
        now=now,
    )
    agreement.instance_id = instance.id
    session.flush()
