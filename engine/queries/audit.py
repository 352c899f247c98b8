"""What the audit pages show beside the rows of the trail: what a chain is about, and its seal."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from engine.audit.scope import District
from engine.models import (
    AuditCheckpoint,
    AuditEvent,
    Enterprise,
    GuaranteeCase,
    Instance,
    Membership,
    Organisation,
    OrgKind,
    Person,
    Role,
)
from engine.operations.access import sees_all
from engine.people import Actor
from engine.runtime.in_force import programmes


@dataclass(frozen=True)
class Scope:
    """What somebody may read: arguments of engine.audit.queries. Both None: everything."""

    visible_org: int | None
    district: District | None


@dataclass(frozen=True)
class Subject:
    """What a chain is about. `number` is the case's number, empty for what has none."""

    number: str
    title: str
    case_id: int | None = None


@dataclass(frozen=True)
class Seal:
    """A signed checkpoint: its number and when."""

    number: int
    at: datetime


@dataclass(frozen=True)
class SealState:
    """How far the trail is sealed; `newest` None before the first seal."""

    newest: Seal | None
    sealed: int
    unsealed: int


def scope_of(session: Session, actor: Actor, district_code: str) -> Scope:
    """The platform reads all, a finance bureau its district, others what they take part in."""
    if not sees_all(actor):
        return Scope(actor.org_id, None)
    if actor.org_kind == OrgKind.PLATFORM.value:
        return Scope(None, None)
    found = programmes(session).values()
    codes = tuple(one.code for one in found if one.district_code == district_code)
    return Scope(None, District(district_code, codes))


def organisations(session: Session, scope: Scope) -> list[tuple[int, str]]:
    """The organisations that the filter offers: (id, short name)."""
    query = select(Organisation.id, Organisation.short_name).order_by(Organisation.id)
    if scope.visible_org is not None:
        query = query.where(Organisation.id == scope.visible_org)
    elif scope.district is not None:
        query = query.where(Organisation.district_code == scope.district.code)
    return [(key, name) for key, name in session.execute(query).tuples()]


def names(session: Session) -> tuple[dict[int, str], dict[int, str]]:
    """Organisations' short names by id; and the names of makers, among whom scorers are chosen."""
    orgs = session.execute(select(Organisation.id, Organisation.short_name)).tuples()
    makers = (
        select(Person.id, Person.name)
        .join(Membership, Membership.person_id == Person.id)
        .where(Membership.role == Role.MAKER.value)
    )
    return dict(orgs.all()), dict(session.execute(makers).tuples().all())


def subjects(session: Session, chains: Collection[str]) -> dict[str, Subject]:
    """What the chains are about; those that nobody knows are left out."""
    found = _people(session, chains) | _organisations(session, chains)
    query = select(Instance.subject, Instance.title).where(Instance.subject.in_(chains))
    found |= {subject: Subject("", title) for subject, title in session.execute(query).tuples()}
    return found | _cases(session, chains)


def _numbers(chains: Collection[str], kind: str) -> list[int]:
    parts = (chain.split(":", 1) for chain in chains)
    return [int(rest[0]) for head, *rest in parts if head == kind and rest and rest[0].isdigit()]


def _cases(session: Session, chains: Collection[str]) -> dict[str, Subject]:
    query = (
        select(GuaranteeCase.id, GuaranteeCase.case_no, Enterprise.name)
        .join(GuaranteeCase.enterprise)
        .where(GuaranteeCase.id.in_(_numbers(chains, "case")))
    )
    rows = session.execute(query).tuples()
    return {f"case:{key}": Subject(number, name, key) for key, number, name in rows}


def _people(session: Session, chains: Collection[str]) -> dict[str, Subject]:
    query = select(Person.id, Person.username, Person.name)
    rows = session.execute(query.where(Person.id.in_(_numbers(chains, "person")))).tuples()
    return {f"person:{key}": Subject(username, name) for key, username, name in rows}


def _organisations(session: Session, chains: Collection[str]) -> dict[str, Subject]:
    query = select(Organisation.id, Organisation.code, Organisation.name)
    rows = session.execute(query.where(Organisation.id.in_(_numbers(chains, "org")))).tuples()
    return {f"org:{key}": Subject(code, name) for key, code, name in rows}


def seals(session: Session, ids: Collection[int]) -> Mapping[int, Seal]:
    """The seal of each event that has one."""
    if not ids:
        return {}
    query = select(AuditCheckpoint).where(
        AuditCheckpoint.last_id >= min(ids), AuditCheckpoint.first_id <= max(ids)
    )
    found = session.scalars(query).all()
    return {
        one: Seal(seal.id, seal.at)
        for seal in found
        for one in ids
        if seal.first_id <= one <= seal.last_id
    }


def seal_state(session: Session) -> SealState:
    """How far everything is sealed."""
    query = select(AuditCheckpoint).order_by(AuditCheckpoint.last_id.desc()).limit(1)
    newest = session.scalar(query)
    last = newest.last_id if newest else 0
    total = select(func.count()).select_from(AuditEvent)
    sealed = session.scalar(total.where(AuditEvent.id <= last)) or 0
    unsealed = session.scalar(total.where(AuditEvent.id > last)) or 0
    return SealState(Seal(newest.id, newest.at) if newest else None, sealed, unsealed)
