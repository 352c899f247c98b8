"""One tripartite agreement: terms, rounds of review, what changed between them, signatures."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.errors import NotFound
from engine.models import (
    Agreement,
    AgreementReview,
    AuditEvent,
    Person,
    WorkItem,
    WorkStatus,
)
from engine.operations.agreement_terms import FIELDS
from engine.operations.agreements import SIGNING_ORDER, round_of
from engine.people import Actor
from engine.queries.banks import AgreementLine, agreement_lines, visible_agreements

REVIEW = "REVIEW"
DRAFTED = "agreement.drafted"


@dataclass(frozen=True)
class Review:
    """A party's word in a round."""

    party: str
    agree: bool
    redline: str
    person: str
    at: datetime


@dataclass(frozen=True)
class Change:
    """A term that a draft changed, as stored in the trail (JSON values)."""

    name: str
    old: Any
    new: Any


@dataclass(frozen=True)
class Round:
    """A round of review. `changes`: what this round's draft changed; `missing`: who is awaited."""

    number: int
    reviews: tuple[Review, ...] = ()
    changes: tuple[Change, ...] = ()
    drafted_at: datetime | None = None
    drafted_by: str = ""
    missing: tuple[str, ...] = ()


@dataclass(frozen=True)
class Signature:
    """A signature. `files` are attachment ids."""

    party: str
    name: str
    signed_on: date
    files: tuple[int, ...]


@dataclass(frozen=True)
class Event:
    """A line of the agreement's trail."""

    at: datetime
    summary: Mapping[str, Any]
    person: str
    reason: str | None
    action: str


@dataclass(frozen=True)
class AgreementSheet:
    """An agreement with everything its page shows. `terms`: column values by name."""

    line: AgreementLine
    terms: Mapping[str, Any]
    created_at: datetime
    rounds: tuple[Round, ...] = ()
    signatures: tuple[Signature, ...] = ()
    events: tuple[Event, ...] = ()
    versions: tuple[AgreementLine, ...] = ()
    tasks: tuple[WorkItem, ...] = field(default=())

    @property
    def unsigned(self) -> tuple[str, ...]:
        """The parties that have still to sign, in their order."""
        signed = {one.party for one in self.signatures}
        return tuple(party for party in SIGNING_ORDER if party not in signed)


def agreement_for(session: Session, agreement_id: int, actor: Actor) -> Agreement:
    """The agreement, if the actor's organisation is a party to it. Raises NotFound."""
    query = select(Agreement).where(Agreement.id == agreement_id, visible_agreements(actor))
    found = session.scalar(query)
    if found is None:
        raise NotFound()
    return found


def agreement_sheet(session: Session, agreement_id: int, actor: Actor) -> AgreementSheet:
    """One agreement with all its page shows. Raises NotFound outside the actor's scope."""
    found = agreement_for(session, agreement_id, actor)
    lines = agreement_lines(session, actor, Agreement.agr_no == found.agr_no)
    line = next(one for one in lines if one.id == found.id)
    events = _events(session, found)
    terms = {name: getattr(found, name) for name in (*FIELDS, "bank_year_ratio")}
    terms["claim_overdue_days"] = (found.claim_rules or {}).get("overdue_trigger_days")
    return AgreementSheet(
        line=line,
        terms=terms,
        created_at=found.created_at,
        rounds=_rounds(session, found, events),
        signatures=tuple(_signature(one) for one in found.signatures or []),
        # the steps themselves are in the trail beside what they did: once is enough
        events=tuple(_event(*one) for one in events if one[0].action.startswith("agreement.")),
        versions=tuple(lines),
        tasks=_tasks(session, found.instance_id),
    )


def _signature(stored: Mapping[str, Any]) -> Signature:
    return Signature(
        party=str(stored["party"]),
        name=str(stored.get("name") or ""),
        signed_on=date.fromisoformat(str(stored["signed_on"])),
        files=tuple(int(one) for one in stored.get("files") or []),
    )


def _event(event: AuditEvent, name: str | None) -> Event:
    return Event(event.at, event.summary, name or "", event.reason, event.action)


def _events(session: Session, agreement: Agreement) -> list[tuple[AuditEvent, str | None]]:
    query = (
        select(AuditEvent, Person.name)
        .outerjoin(Person, Person.id == AuditEvent.actor_id)
        .where(AuditEvent.chain == f"agreement:{agreement.id}")
        .order_by(AuditEvent.seq)
    )
    return list(session.execute(query).tuples())


def _tasks(session: Session, instance_id: int | None) -> tuple[WorkItem, ...]:
    query = select(WorkItem).where(
        WorkItem.instance_id == instance_id, WorkItem.status == WorkStatus.OPEN.value
    )
    return tuple(session.scalars(query.order_by(WorkItem.id)))


def _rounds(
    session: Session, agreement: Agreement, events: list[tuple[AuditEvent, str | None]]
) -> tuple[Round, ...]:
    reviews = _reviews(session, agreement)
    # a draft that was taken back and submitted again is in the trail twice: the last one counts
    drafts = {
        int(event.summary["params"]["n"]): (event, name)
        for event, name in events
        if event.action == DRAFTED
    }
    return tuple(
        _round(n, reviews.get(n, ()), drafts.get(n, (None, None)), agreement)
        for n in sorted({*reviews, *drafts})
    )


def _reviews(session: Session, agreement: Agreement) -> dict[int, tuple[Review, ...]]:
    query = (
        select(AgreementReview, Person.name)
        .join(Person, Person.id == AgreementReview.by_id)
        .where(AgreementReview.agreement_id == agreement.id)
        .order_by(AgreementReview.round, AgreementReview.id)
    )
    found: dict[int, tuple[Review, ...]] = {}
    for one, name in session.execute(query).tuples():
        review = Review(one.party, one.agree, one.redline, name, one.at)
        found[one.round] = (*found.get(one.round, ()), review)
    return found


def _round(
    number: int,
    reviews: tuple[Review, ...],
    draft: tuple[AuditEvent | None, str | None],
    agreement: Agreement,
) -> Round:
    event, name = draft
    heard = {one.party for one in reviews}
    waiting = agreement.status == REVIEW and number == round_of(agreement)
    return Round(
        number=number,
        reviews=reviews,
        changes=_changes(event) if event is not None and number > 1 else (),
        drafted_at=event.at if event is not None else None,
        drafted_by=name or "",
        missing=tuple(p for p in SIGNING_ORDER if p not in heard) if waiting else (),
    )


def _changes(event: AuditEvent) -> tuple[Change, ...]:
    """The terms that differ before and after a draft."""
    old, new = _flat(event.before or {}), _flat(event.after or {})
    names = (*FIELDS, "claim_overdue_days")
    return tuple(
        Change(name, old.get(name), new.get(name))
        for name in names
        if old.get(name) != new.get(name)
    )


def _flat(stored: Mapping[str, Any]) -> dict[str, Any]:
    rules = stored.get("claim_rules") or {}
    return {**stored, "claim_overdue_days": rules.get("overdue_trigger_days")}
