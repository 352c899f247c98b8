"""Which bank a case goes to: preference, relationship, score; refusal, silence, coordination."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.errors import InvalidInput, RuleRefused
from engine.models import (
    BankSelection,
    Bid,
    GuaranteeCase,
    LoanCase,
    PartyBinding,
    ReferralBatch,
    ReferralItem,
)
from tests.firing import fire_timers
from tests.operations.banking import (
    at,
    begin,
    firm,
    listed,
    loan,
    refused,
    sign,
    subject,
)
from tests.operations.world import PROGRAMME, World


def scored(world: World, bank: str, average: str) -> None:
    """A successful bid of a published selection of the centre."""
    number = world.session.query(BankSelection).count()
    one = BankSelection(
        selection_no=f"JD-LX-2025-{number:02}",
        programme=PROGRAMME,
        guarantor_id=world["centre"].org.id,
        title="遴选",
        status="PUBLISHED",
        published_at=world.now,
        created_at=world.now,
    )
    world.session.add(one)
    world.session.flush()
    bid = Bid(selection_id=one.id, bank_id=world[bank].org.id, chosen=True, at=world.now)
    bid.average = Decimal(average)
    world.session.add(bid)
    world.session.flush()


def referred_by(world: World, case: GuaranteeCase, bank: str) -> None:
    """The bank had the enterprise on its own list."""
    batch = ReferralBatch(
        batch_no=f"RF-{case.id}",
        programme=PROGRAMME,
        period="2025-12",
        org_id=world[bank].org.id,
        source_type="BANK",
        closing_on=date(2025, 12, 25),
        created_at=world.now,
    )
    world.session.add(batch)
    world.session.flush()
    item = ReferralItem(
        batch_id=batch.id,
        enterprise_id=case.enterprise_id,
        category="EXISTING_BORROWER",
        need_amount=case.need_amount,
        need_term=12,
        need_purpose="OPERATING",
        row={},
        case_id=case.id,
        submitted_at=world.now,
    )
    world.session.add(item)
    world.session.flush()


def answer(world: World, case: GuaranteeCase, outcome: str, **values: object) -> None:
    given = {"refuse_reason": "AREA"} if outcome == "REFUSE" else {}
    maker = at(world, case).maker
    world.do(subject(case), "accept_case", maker, outcome=outcome, **{**given, **values})


def bound(session: Session, case: GuaranteeCase, party: str) -> int | None:
    query = select(PartyBinding.org_id).where(
        PartyBinding.instance_id == case.instance_id, PartyBinding.party == party
    )
    return session.scalar(query)


def test_the_preferred_bank_comes_first_and_is_told(town: World) -> None:
    for bank in ("bank", "bank2", "bank3"):
        sign(town, bank)
    scored(town, "bank", "95")
    case = listed(town, prefers="bank3")
    begin(town, case)
    assert case.bank_id == town["bank3"].org.id
    assert loan(town, case).assigned_by == "PREFERENCE"
    assert bound(town.session, case, "bank") == town["bank3"].org.id
    told = town.events("case_assigned")
    assert [one.payload["bank_id"] for one in told] == [town["bank3"].org.id]


def test_without_a_preference_the_bank_that_referred_the_firm_comes_first(town: World) -> None:
    for bank in ("bank", "bank2"):
        sign(town, bank)
    scored(town, "bank", "99")
    case = listed(town)
    referred_by(town, case, "bank2")
    begin(town, case)
    assert (case.bank_id, loan(town, case).assigned_by) == (town["bank2"].org.id, "RELATIONSHIP")


def test_else_the_best_score_then_the_most_room(town: World) -> None:
    sign(town, "bank", batch_quota=Decimal("5000000"))
    sign(town, "bank2", batch_quota=Decimal("9000000"))
    sign(town, "bank3")
    scored(town, "bank", "80")
    scored(town, "bank2", "80")
    case = listed(town)
    begin(town, case)
    assert case.bank_id == town["bank2"].org.id, "同分时额度多的优先"


def test_a_bank_whose_package_is_used_up_is_passed_over(town: World) -> None:
    terms = sign(town, "bank", batch_quota=Decimal("3000000"))
    sign(town, "bank2")
    scored(town, "bank", "99")
    taken = listed(town)
    town.session.add(
        LoanCase(
            case_id=taken.id,
            attempt=1,
            bank_id=terms.bank_id,
            agreement_id=terms.id,
            assigned_by="SCORE",
            status="APPROVED",
            assigned_at=town.now,
            credit_line=Decimal("3000000"),
        )
    )
    case = listed(town, prefers="bank")
    begin(town, case)
    assert case.bank_id == town["bank2"].org.id


def test_a_preferred_bank_without_an_agreement_comes_after_those_with_one(town: World) -> None:
    sign(town, "bank2")
    sign(town, "bank3", status="DRAFT")
    case = listed(town, prefers="bank3")
    begin(town, case)
    assert case.bank_id == town["bank2"].org.id
    answer(town, case, "REFUSE")
    assert case.bank_id == town["bank3"].org.id, "协议在办的意向银行可以等"


def test_a_suspended_or_expired_agreement_takes_no_case(town: World) -> None:
    sign(town, "bank", status="SUSPENDED")
    sign(town, "bank2", effective_to=date(2025, 12, 7), effective_from=date(2025, 12, 1))
    sign(town, "bank3", effective_from=date(2026, 1, 1))
    case = listed(town, prefers="bank")
    begin(town, case)
    assert town.task(subject(case), "coordinate").org_id == town["finance"].org.id


def test_refusal_goes_to_another_bank_and_after_three_the_bureau_coordinates(town: World) -> None:
    for bank in ("bank", "bank2", "bank3", "bank4"):
        sign(town, bank)
    case = listed(town)
    begin(town, case)
    asked = []
    for _ in range(3):
        asked.append(case.bank_id)
        answer(town, case, "REFUSE")
    assert len(set(asked)) == 3, "不重复推荐"
    assert town.task(subject(case), "coordinate")
    assert len(town.events("case_needs_coordination")) == 1


def test_silence_passes_the_case_on_without_anybody_doing_anything(town: World) -> None:
    sign(town, "bank")
    sign(town, "bank2")
    case = listed(town, prefers="bank")
    begin(town, case)
    first = loan(town, case)
    assert case.instance_id is not None
    town.session.commit()
    fire_timers(town.session, case.instance_id, town.now + timedelta(days=5))
    assert first.status == "SILENT"
    assert (case.bank_id, loan(town, case).attempt) == (town["bank2"].org.id, 2)


def test_acceptance_notes_the_shanghai_day(town: World) -> None:
    sign(town, "bank")
    case = listed(town)
    begin(town, case)
    town.now = datetime(2025, 12, 9, 16, 30, tzinfo=UTC)  # the tenth in Shanghai
    answer(town, case, "ACCEPT")
    assert loan(town, case).accepted_on == date(2025, 12, 10)
    assert town.open_tasks(subject(case)) == []


def test_a_refusal_needs_its_reason(town: World) -> None:
    sign(town, "bank")
    case = listed(town)
    begin(town, case)
    with refused(town, InvalidInput) as why:
        answer(town, case, "REFUSE", refuse_reason=None)
    assert why.fields == {"refuse_reason"}
    with refused(town, InvalidInput) as why:
        answer(town, case, "REFUSE", refuse_reason="OTHER", note=" ")
    assert why.fields == {"note"}


def test_coordination_names_a_bank_with_an_agreement_in_force(town: World) -> None:
    case = listed(town, prefers="bank")
    begin(town, case)
    finance = town["finance"].maker
    given = {"outcome": "ASSIGN", "bank": town["bank"].org.id}
    with refused(town, RuleRefused) as why:
        town.do(subject(case), "coordinate", finance, **given)
    assert why.code == "agreement_missing"
    sign(town, "bank")
    town.do(subject(case), "coordinate", finance, **given)
    assert loan(town, case).assigned_by == "COORDINATION"
    answer(town, case, "ACCEPT")


def test_coordination_may_end_without_a_bank_but_says_why(town: World) -> None:
    case = listed(town)
    begin(town, case)
    finance = town["finance"].maker
    with refused(town, InvalidInput):
        town.do(subject(case), "coordinate", finance, outcome="CLOSE", note="")
    town.do(subject(case), "coordinate", finance, outcome="CLOSE", note="三家均无额度")
    assert town.open_tasks(subject(case)) == []


def test_a_bank_that_is_switched_off_gets_nothing(town: World) -> None:
    sign(town, "bank")
    sign(town, "bank2")
    town["bank"].org.active = False
    case = listed(town, of=firm(town), prefers="bank")
    begin(town, case)
    assert case.bank_id == town["bank2"].org.id
