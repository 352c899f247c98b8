"""What the tables know of an applicant, for the pure checks of engine.domain.screening (P2)."""

import re
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from engine.domain.enterprise import Qualification
from engine.domain.parameter_kinds import CodeItem
from engine.domain.programme import Parameters, Programme
from engine.domain.screening import AdverseEvent, Applicant, Referral
from engine.domain.size import Figures
from engine.models import (
    Authorisation,
    Enterprise,
    EntryStatus,
    GuaranteeCase,
    ReferralBatch,
    ReferralItem,
    WhitelistEntry,
)
from engine.operations.enterprises import day_of
from engine.operations.exposure import exposure

# An address that names another district of the city is not in ours, whatever 街镇 says.
DISTRICTS = re.compile(
    r"(黄浦|徐汇|长宁|静安|普陀|虹口|杨浦|闵行|宝山|嘉定|浦东新|金山|松江|青浦|奉贤|崇明)区"
)


def applicant_of(
    session: Session,
    case: GuaranteeCase,
    programme: Programme,
    parameters: Parameters,
    answers: Mapping[str, bool] | None = None,
) -> Applicant:
    """The applicant of a case. What nobody has looked up stays unknown (None), so that it is asked.

    An empty list of adverse events is unknown too: no register is queried yet that would say that
    a firm is clean. The need counts as the case has it once it was corrected.
    """
    firm = session.get_one(Enterprise, case.enterprise_id)
    industry = _industry(firm, parameters)
    return Applicant(
        size_industry=firm.size_industry,
        figures=_figures(firm),
        in_district=in_district(firm, programme, parameters),
        target_settle=case.target_settle,
        agricultural=firm.is_agri,
        scope=industry.get("scope") if industry else None,
        qualifications=tuple(_qualification(each) for each in firm.qualifications),
        referrals=tuple(_referral(item) for item in referrals(session, case)),
        adverse=tuple(_adverse(each) for each in firm.adverse) or None,
        excluded_by=_excluded(firm, parameters),
        authorised_until=authorised_until(session, firm.id),
        whitelisted_until=_whitelisted_until(session, case),
        outstanding=exposure(session, firm.id, case.programme).total,
        answers=dict(answers or {}),
    )


def _figures(firm: Enterprise) -> Figures:
    employees = None if firm.employees is None else Decimal(firm.employees)
    return Figures(employees, firm.revenue, firm.assets)


def _industry(firm: Enterprise, parameters: Parameters) -> CodeItem | None:
    return parameters.code_list("industries").find(firm.industry) if firm.industry else None


def _excluded(firm: Enterprise, parameters: Parameters) -> str | None:
    """The excluded industry that the firm's words name. None: the reviewer has to look (N4)."""
    if not firm.industry:
        return None
    item = parameters.code_list("negative_industries").find(firm.industry)
    return item.code if item else None


def in_district(firm: Enterprise, programme: Programme, parameters: Parameters) -> bool | None:
    """Whether the business address is in the programme's district; None without an address.

    The address decides (J2.1.3; registration codes prove nothing, I.27): another district that it
    names outweighs the list's 街镇 column.
    """
    address = firm.biz_address or ""
    named = DISTRICTS.search(address)
    if named:
        return named[0] == programme.district
    known = parameters.code_list("sub_districts")
    if firm.sub_district and known.get(firm.sub_district):
        return True
    if not address:
        return None
    return any(item.name in address for item in known.items)


def _qualification(stored: Mapping[str, Any]) -> Qualification:
    return Qualification(
        str(stored["code"]), day_of(stored.get("expires_on")), bool(stored.get("open_ended"))
    )


def _adverse(stored: Mapping[str, Any]) -> AdverseEvent:
    return AdverseEvent(
        str(stored.get("kind") or ""), day_of(stored.get("on")), str(stored.get("text") or "")
    )


def referrals(session: Session, case: GuaranteeCase) -> Sequence[ReferralItem]:
    """The referrers' entries that were joined in the case, first submission first."""
    query = (
        select(ReferralItem)
        .where(ReferralItem.case_id == case.id)
        .options(joinedload(ReferralItem.batch).joinedload(ReferralBatch.organisation))
        .order_by(ReferralItem.submitted_at, ReferralItem.id)
    )
    return session.scalars(query).all()


def _referral(item: ReferralItem) -> Referral:
    return Referral(
        referrer=item.batch.organisation.short_name,
        source_type=item.batch.source_type,
        category=item.category,
        need_amount=item.need_amount,
        need_term=item.need_term,
        remark=item.remark,
        submitted_at=item.submitted_at,
    )


def authorised_until(session: Session, enterprise_id: int) -> date | None:
    """The last day of the enterprise's credit authorisations."""
    last = select(func.max(Authorisation.valid_to))
    return session.scalar(last.where(Authorisation.enterprise_id == enterprise_id))


def _whitelisted_until(session: Session, case: GuaranteeCase) -> date | None:
    """The end of another, active whitelist entry of the enterprise in the programme."""
    query = (
        select(func.max(WhitelistEntry.valid_to))
        .join(GuaranteeCase)
        .where(
            WhitelistEntry.enterprise_id == case.enterprise_id,
            WhitelistEntry.status == EntryStatus.ACTIVE.value,
            WhitelistEntry.case_id != case.id,
            GuaranteeCase.programme == case.programme,
        )
    )
    return session.scalar(query)
