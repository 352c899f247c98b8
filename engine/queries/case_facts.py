"""What is known of a case and its enterprise, for the task page and the case page."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from engine.domain.programme import Parameters
from engine.errors import DanbaoError
from engine.models import (
    Authorisation,
    CheckResult,
    Enterprise,
    GuaranteeCase,
    LoanCase,
    Organisation,
    OrgKind,
    ReferralBatch,
    ReferralItem,
)
from engine.operations.access import visible_cases
from engine.operations.exposure import COUNTED, Exposure, exposure
from engine.people import Actor
from engine.runtime.in_force import programme_of

NAMED = (
    *("purposes", "sub_districts", "judgement_items", "industries", "scopes"),
    *("referral_categories", "qualifications"),
)
ORDER = {"FAIL": 0, "MISSING": 1, "JUDGE": 2, "NOTICE": 3, "PASS": 4}


@dataclass(frozen=True)
class Referred:
    """One referrer's entry. Amount 元, term months."""

    org: str
    amount: Decimal
    term: int
    purpose: str
    remark: str
    batch_no: str
    row_no: int | None
    at: datetime | None


@dataclass(frozen=True)
class Facts:
    """A case with its enterprise, its referrers and its wish."""

    case: GuaranteeCase
    enterprise: Enterprise
    referred: tuple[Referred, ...]
    wish: str | None
    bank: str | None
    guarantor: str | None
    authorised_until: date | None
    codes: dict[str, str]  # names of codes: qualifications, purposes, categories …


def facts_of(
    session: Session, case_id: int, actor: Actor, parameters: Parameters | None
) -> Facts | None:
    """What is known of a case; None when the actor's organisation does not take part."""
    query = (
        select(GuaranteeCase)
        .where(GuaranteeCase.id == case_id, visible_cases(actor))
        .options(joinedload(GuaranteeCase.enterprise))
    )
    case = session.scalar(query)
    if case is None:
        return None
    names = _names(session, [case.pref_bank_id, case.bank_id, case.guarantor_id])
    return Facts(
        case=case,
        enterprise=case.enterprise,
        referred=_referred(session, case.id, actor),
        wish=names.get(case.pref_bank_id),
        bank=names.get(case.bank_id),
        guarantor=names.get(case.guarantor_id),
        authorised_until=session.scalar(
            select(Authorisation.valid_to)
            .where(Authorisation.enterprise_id == case.enterprise_id)
            .order_by(Authorisation.valid_to.desc())
            .limit(1)
        ),
        codes=code_names(parameters),
    )


def _names(session: Session, ids: Sequence[int | None]) -> dict[int | None, str]:
    wanted = [one for one in ids if one is not None]
    query = select(Organisation.id, Organisation.short_name).where(Organisation.id.in_(wanted))
    return dict(session.execute(query).tuples().all()) if wanted else {}


def _referred(session: Session, case_id: int, actor: Actor) -> tuple[Referred, ...]:
    """The entries of a case: all for those who review it, for others their own (spec B)."""
    query = (
        select(ReferralItem, ReferralBatch.batch_no, Organisation.short_name)
        .join(ReferralBatch, ReferralBatch.id == ReferralItem.batch_id)
        .join(Organisation, Organisation.id == ReferralBatch.org_id)
        .where(ReferralItem.case_id == case_id)
        .order_by(ReferralItem.submitted_at, ReferralItem.id)
    )
    if actor.org_kind in (OrgKind.REFERRER.value, OrgKind.BANK.value):
        query = query.where(ReferralBatch.org_id == actor.org_id)
    return tuple(
        Referred(
            org,
            item.need_amount,
            item.need_term,
            item.need_purpose,
            item.remark,
            batch_no,
            item.row_no,
            item.submitted_at,
        )
        for item, batch_no, org in session.execute(query).tuples()
    )


def code_names(parameters: Parameters | None) -> dict[str, str]:
    """The names of the codes that the programme's lists hold."""
    found: dict[str, str] = {}
    for name in NAMED:
        if parameters is not None and name in parameters:
            for item in parameters.code_list(name).items:
                found[item.code] = item.name
    return found


def parameters_of(session: Session, programme: str, day: date) -> Parameters | None:
    """The programme's parameters of a day; None before it is in force."""
    try:
        return programme_of(session, programme).at(day)
    except DanbaoError:
        return None


def checks_of(session: Session, case_id: int) -> list[CheckResult]:
    """The automatic checks, what needs somebody first."""
    found = session.scalars(
        select(CheckResult).where(CheckResult.case_id == case_id).order_by(CheckResult.id)
    )
    return sorted(found, key=lambda one: (ORDER.get(one.outcome, 9), one.id))


@dataclass(frozen=True)
class Room:
    """What an enterprise takes of its ceilings, 元. `now_` is what this case would add."""

    taken: Exposure
    normal: Decimal
    key: Decimal
    ceiling: Decimal
    now_: Decimal

    @property
    def total(self) -> Decimal:
        """With this case."""
        return self.taken.total + self.now_

    @property
    def left(self) -> Decimal:
        """What would be left; negative when it is too much."""
        return self.ceiling - self.total

    @property
    def most(self) -> Decimal:
        """The most this case may take."""
        return max(self.ceiling - self.taken.total, Decimal("0.00"))


def room_of(
    session: Session,
    case: GuaranteeCase,
    parameters: Parameters | None,
    amount: Decimal | None = None,
    support_class: str | None = None,
) -> Room | None:
    """The exposure against both ceilings (J4.1, D.2); `amount` instead of what is proposed."""
    if parameters is None:
        return None
    ceilings = {one.value: value for one, value in parameters.ceilings().items()}
    loan = _counted(session, case.id)
    own = case.approved_amount or case.suggested_amount or case.need_amount
    if loan is not None and loan.credit_line is not None:
        own = loan.credit_line
    chosen = support_class or case.support_class or "NORMAL"
    taken = exposure(session, case.enterprise_id, case.programme, without=loan.id if loan else None)
    return Room(
        taken,
        ceilings["NORMAL"],
        ceilings["KEY"],
        ceilings.get(chosen, ceilings["NORMAL"]),
        amount if amount is not None else own,
    )


def _counted(session: Session, case_id: int) -> LoanCase | None:
    """The case's own loan once it counts: it must not be added to itself."""
    query = select(LoanCase).where(LoanCase.case_id == case_id, LoanCase.status.in_(COUNTED))
    return session.scalar(query.order_by(LoanCase.attempt.desc()).limit(1))
