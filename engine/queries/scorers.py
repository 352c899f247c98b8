"""Who may be appointed to score a selection, with the organisation they score for (P4)."""

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from engine.models import BankSelection, Membership, Organisation, OrgKind, PartyBinding, Role
from engine.operations.scoring import scorer_candidates


def scorers_offered(session: Session, found: BankSelection) -> list[tuple[int, str, str]]:
    """Who may be appointed to score: person, name, organisation; the bureau's own people first."""
    people = {person.id: person.name for person in scorer_candidates(session, found)}
    finance = select(PartyBinding.org_id).where(
        PartyBinding.instance_id == found.instance_id, PartyBinding.party == "finance"
    )
    posts = (
        select(Membership.person_id, Organisation.short_name)
        .join(Organisation, Organisation.id == Membership.org_id)
        .where(
            Membership.person_id.in_(people),
            Membership.role == Role.MAKER.value,
            Membership.active,
            or_(
                Organisation.id.in_(finance),
                Organisation.kind == OrgKind.GUARANTOR.value,
            ),
        )
        .order_by(Organisation.kind, Organisation.id, Membership.person_id)
    )
    seen: dict[int, tuple[int, str, str]] = {}
    for person_id, org in session.execute(posts).tuples():
        seen.setdefault(person_id, (person_id, people[person_id], org))
    return list(seen.values())
