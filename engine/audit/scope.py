"""Whose rows of the trail somebody may read: their organisation's, their district's, or all."""

from dataclasses import dataclass

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Select,
    and_,
    case,
    cast,
    exists,
    func,
    or_,
    select,
)
from sqlalchemy.orm import aliased

from engine.models import (
    AuditEvent,
    GuaranteeCase,
    Instance,
    LoanCase,
    Membership,
    Organisation,
    OrgKind,
    PartyBinding,
    ReferralBatch,
    ReferralItem,
)


@dataclass(frozen=True)
class District:
    """A district by its code, and the codes of its programmes."""

    code: str
    programmes: tuple[str, ...]


# who brings or funds a case reads no opinion or finding of those who review it
CLOSED_TO = (OrgKind.REFERRER.value, OrgKind.BANK.value)
# what becomes of a case is told to everybody who takes part
TOLD = ("case.opened", "case.closed", "case.expired", "case.withdrawn", "whitelist.listed")


def of_organisation(org_id: int) -> ColumnElement[bool]:
    """Chains of what the organisation takes part in, and rows of its own people.

    Of a case's chain a referrer or a bank reads what its own people did, and what became of it.
    """
    own = aliased(Organisation)
    reviews = exists().where(own.id == org_id, own.kind.not_in(CLOSED_TO))
    open_ = or_(reviews, AuditEvent.action.in_(TOLD))
    return or_(
        AuditEvent.org_id == org_id,
        and_(open_, _about_case(_takes_part(org_id))),
        AuditEvent.chain.in_(_bound_subjects(org_id)),
    )


def of_district(district: District) -> ColumnElement[bool]:
    """What belongs to the district's programmes, what its people did, and what is nobody's."""
    ours = select(Instance.subject).where(Instance.programme.in_(district.programmes))
    others = select(Instance.subject).where(Instance.programme.not_in(district.programmes))
    own_people = select(Organisation.id).where(Organisation.district_code == district.code)
    nobodys = and_(AuditEvent.org_id.is_(None), ~_about_stranger(district.code))
    return or_(
        AuditEvent.chain.in_(ours),
        and_(AuditEvent.chain.not_in(others), or_(AuditEvent.org_id.in_(own_people), nobodys)),
    )


def _number_in(kind: str) -> ColumnElement[int]:
    # Only then is the rest of the name a number; CASE keeps the cast from the other chains.
    digits = case(
        (
            AuditEvent.chain.regexp_match(f"^{kind}:[0-9]{{1,18}}$"),
            func.split_part(AuditEvent.chain, ":", 2),
        )
    )
    return cast(digits, BigInteger)


def _about_case(rule: ColumnElement[bool]) -> ColumnElement[bool]:
    return exists().where(and_(GuaranteeCase.id == _number_in("case"), rule))


def _about_stranger(district: str) -> ColumnElement[bool]:
    """Rows about a person who holds posts, but none in this district."""
    post, org = aliased(Membership), aliased(Organisation)
    held = exists().where(post.person_id == _number_in("person"))
    here = exists().where(
        post.person_id == _number_in("person"),
        org.id == post.org_id,
        org.district_code == district,
    )
    return and_(held, ~here)


def _takes_part(org_id: int) -> ColumnElement[bool]:
    item, batch, loan, party = (
        aliased(ReferralItem),
        aliased(ReferralBatch),
        aliased(LoanCase),
        aliased(PartyBinding),
    )
    return or_(
        exists().where(
            item.case_id == GuaranteeCase.id, item.batch_id == batch.id, batch.org_id == org_id
        ),
        exists().where(loan.case_id == GuaranteeCase.id, loan.bank_id == org_id),
        exists().where(party.instance_id == GuaranteeCase.instance_id, party.org_id == org_id),
    )


def _bound_subjects(org_id: int) -> Select[tuple[str]]:
    return (
        select(Instance.subject)
        .join(PartyBinding, PartyBinding.instance_id == Instance.id)
        .where(PartyBinding.org_id == org_id, Instance.subject.not_like("case:%"))
    )
