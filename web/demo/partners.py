"""What the simulated staff decide when banks are selected and agreements are made."""

from sqlalchemy import select

from engine.domain.calendar import add_working_days
from engine.domain.dates import add_months
from engine.models import Agreement, BankSelection, Bid, Membership, Organisation, OrgKind, Role
from web.demo.answers import Asked, Raw, decides, raw


@decides("announce")
def _announce(asked: Asked) -> Raw | None:
    banks = select(Organisation.id).where(
        Organisation.kind == OrgKind.BANK.value, Organisation.district_code == "310114"
    )
    return raw(
        title=asked.item.instance.title,
        weight_quota="20",
        weight_rate_offer="25",
        weight_approval_days="20",
        weight_ratio="10",
        weight_sme_record="15",
        weight_prior_score="10",
        seats="3",
        threshold="60",
        apply_until=add_working_days(asked.today, 5).isoformat(),
        invited=list(asked.session.scalars(banks)),
    )


@decides("apply")
def _bid(asked: Asked) -> Raw | None:
    return raw(
        outcome="APPLY",
        branch=asked.item.organisation.name,
        quota=str(asked.rng.choice((20000, 30000, 50000))),
        rate_offer=str(asked.rng.choice(("2.85", "2.95", "3.00"))),
        approval_days=str(asked.rng.choice((5, 7, 10))),
        ratio="0.8",
        sme_record="近三年小微贷款余额持续增长",
    )


@decides("appoint_scorers")
def _scorers(asked: Asked) -> Raw | None:
    query = (
        select(Membership.person_id)
        .join(Organisation)
        .where(
            Organisation.code.in_(("finance", "centre", "jdguarantee")),
            Membership.role == Role.MAKER.value,
        )
    )
    return raw(scorers=list(asked.session.scalars(query)))


@decides("score")
def _score(asked: Asked) -> Raw | None:
    selection = asked.session.scalars(
        select(BankSelection).where(BankSelection.instance_id == asked.item.instance_id)
    ).one()
    bids = asked.session.scalars(
        select(Bid).where(
            Bid.selection_id == selection.id, Bid.round == selection.round, ~Bid.declined
        )
    )
    marks = {f"mark_{bid.id}": str(asked.rng.randint(70, 96)) for bid in bids}
    return raw(conflict="NONE", **marks)


@decides("draft")
def _draft(asked: Asked) -> Raw | None:
    agreement = asked.session.scalars(
        select(Agreement).where(Agreement.instance_id == asked.item.instance_id)
    ).one()
    return raw(
        bank=agreement.bank_id,
        guarantor=agreement.guarantor_id,
        effective_from=asked.today.isoformat(),
        effective_to=add_months(asked.today, 24).isoformat(),
        ceiling_normal="1000",
        ceiling_key="2000",
        guarantee_ratio="0.8",
        fee_rate="0.005",
        fee_basis="FLAT",
        risk_cap_guarantor="0.04",
        risk_cap_total="0.05",
        approval_days="10",
        day_type="CALENDAR",
        filing_days="10",
        batch_quota="50000",
        claim_overdue_days="60",
    )


@decides("sign_bank", "sign_guarantor", "sign_finance")
def _sign(asked: Asked) -> Raw | None:
    return raw(signed_on=asked.today.isoformat())
