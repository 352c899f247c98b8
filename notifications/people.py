"""Who gets a mail: holders of a role, an organisation's people, an enterprise's address."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.models import (
    Enterprise,
    Membership,
    Organisation,
    OrgKind,
    PartyBinding,
    Person,
    Role,
    WorkItem,
)

MAKER = (Role.MAKER.value,)
HEAD = (Role.HEAD.value,)


@dataclass(frozen=True)
class Recipient:
    """An address, and whose it is. An enterprise has no account and no person_id."""

    address: str
    name: str
    locale: str
    person_id: int | None = None


def holders(session: Session, org_ids: Iterable[int], roles: Sequence[str]) -> list[Recipient]:
    """Active people holding one of the roles in one of the organisations, each once."""
    query = (
        select(Person)
        .join(Membership, Membership.person_id == Person.id)
        .join(Organisation, Organisation.id == Membership.org_id)
        .where(
            Membership.org_id.in_(set(org_ids)),
            Membership.role.in_(roles),
            Membership.active,
            Person.active,
            Organisation.active,
        )
        .distinct()
        .order_by(Person.id)
    )
    return [_of(person) for person in session.scalars(query) if is_address(person.email)]


def _of(person: Person) -> Recipient:
    return Recipient(person.email, person.name, person.locale, person.id)


def persons(session: Session, ids: Iterable[int]) -> list[Recipient]:
    """These people, as far as they are active."""
    query = select(Person).where(Person.id.in_(set(ids)), Person.active).order_by(Person.id)
    return [_of(person) for person in session.scalars(query) if is_address(person.email)]


def doers(session: Session, item: WorkItem) -> list[Recipient]:
    """Whoever took the task, else everyone who may do it."""
    if item.assignee_id is not None:
        return persons(session, [item.assignee_id])
    found = holders(session, [item.org_id], [item.role])
    return [one for one in found if one.person_id not in item.excluded]


def finance_heads(session: Session, item: WorkItem) -> list[Recipient]:
    """The heads of the finance bureau of this case, or of its organisation's district."""
    bound = select(PartyBinding.org_id).where(
        PartyBinding.instance_id == item.instance_id, PartyBinding.party == "finance"
    )
    org_ids = session.scalars(bound).all() or kind_ids(
        session, OrgKind.FINANCE, item.organisation.district_code
    )
    return holders(session, org_ids, HEAD)


def settlers(session: Session, instance_id: int) -> list[Recipient]:
    """Who settles an instance's incidents: heads and administrators of its finance bureau."""
    bound = select(PartyBinding.org_id).where(
        PartyBinding.instance_id == instance_id, PartyBinding.party == "finance"
    )
    found = holders(session, session.scalars(bound).all(), (Role.HEAD.value, Role.ADMIN.value))
    return found or holders(session, kind_ids(session, OrgKind.PLATFORM), (Role.ADMIN.value,))


def kind_ids(session: Session, kind: OrgKind, district: str | None = None) -> list[int]:
    """The active organisations of a kind, in one district or everywhere."""
    query = select(Organisation.id).where(Organisation.kind == kind.value, Organisation.active)
    if district is not None:
        query = query.where(Organisation.district_code == district)
    return list(session.scalars(query.order_by(Organisation.id)))


def enterprise(found: Enterprise | None) -> list[Recipient]:
    """The enterprise's own address, if it gave one."""
    if found is None or not is_address(found.email):
        return []
    return [Recipient(found.email or "", found.name, "zh")]


def is_address(address: str | None) -> bool:
    """One plain ASCII address: no spaces, no line ends, so that it cannot add a header."""
    if not address or not address.isascii() or len(address) > 254:
        return False
    local, at, domain = address.partition("@")
    safe = not set(address) & set(' \t\r\n,;:<>()[]"\\') and address.isprintable()
    return bool(at and local and domain) and "@" not in domain and safe
