"""Listed firms, banks and agreements, and the steps of P4 to P6 that most tests begin with."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import count
from typing import Any

import pytest

from engine.errors import DanbaoError
from engine.models import (
    Agreement,
    AuditEvent,
    Enterprise,
    GuaranteeCase,
    LoanCase,
    Whitelist,
    WhitelistEntry,
)
from engine.operations.lending import loan_of
from engine.people import SYSTEM
from engine.runtime.step import start_instance
from tests.imports.builders import code
from tests.operations.world import PROGRAMME, Office, World, office

NUMBERS = count(1)
BANKS = {"bank": "申城银行", "bank2": "浦江银行", "bank3": "嘉定农商行", "bank4": "沪上银行"}


def district(world: World) -> World:
    """More banks and a second guarantor."""
    for key, name in BANKS.items():
        if key not in world.offices:
            world.offices[key] = office(world.session, key, name, "BANK", source_type="BANK")
    world.offices["jdg"] = office(
        world.session, "jdg", "嘉定担保", "GUARANTOR", guarantor_code="DISTRICT_CO"
    )
    world.session.commit()
    return world


def sign(world: World, bank: str, guarantor: str = "centre", **values: Any) -> Agreement:
    """An agreement in force, without the way there."""
    given: dict[str, Any] = {
        "guarantee_ratio": Decimal("0.8"),
        "effective_from": date(2025, 12, 1),
        "effective_to": date(2026, 11, 30),
        "status": "EFFECTIVE",
        **values,
    }
    one = Agreement(
        agr_no=given.pop("agr_no", f"JD-XY-2025-{next(NUMBERS):02}"),
        programme=PROGRAMME,
        guarantor_id=world[guarantor].org.id,
        bank_id=world[bank].org.id,
        finance_id=world["finance"].org.id,
        created_at=world.now,
        **given,
    )
    world.session.add(one)
    world.session.flush()
    return one


def firm(world: World, **values: Any) -> Enterprise:
    """An enterprise."""
    name = f"上海甲{next(NUMBERS)}科技有限公司"
    one = Enterprise(uscc=code(), updated_at=world.now, **{"name": name, **values})
    world.session.add(one)
    world.session.flush()
    return one


def listed(
    world: World,
    amount: str = "3000000",
    *,
    of: Enterprise | None = None,
    support_class: str = "NORMAL",
    prefers: str | None = None,
    status: str = "OPEN",
    valid_to: date = date(2026, 12, 8),
) -> GuaranteeCase:
    """A case on a released whitelist, with nothing running yet."""
    number, enterprise = next(NUMBERS), of or firm(world)
    case = GuaranteeCase(
        case_no=f"JD-2025-{number:06}",
        programme=PROGRAMME,
        enterprise_id=enterprise.id,
        referred_at=world.now,
        category="SUBDISTRICT_REFERRAL",
        need_amount=Decimal(amount),
        need_term=12,
        need_purpose="OPERATING",
        pref_bank_id=world[prefers].org.id if prefers else None,
        support_class=support_class,
        suggested_amount=Decimal(amount),
        approved_amount=Decimal(amount),
        status=status,
        stage=3,
    )
    released = Whitelist(
        wl_no=f"JD-WL-202512-{number:02}",
        programme=PROGRAMME,
        status="RELEASED",
        released_on=date(2025, 12, 8),
        created_at=world.now,
    )
    world.session.add_all([case, released])
    world.session.flush()
    entry = WhitelistEntry(
        whitelist_id=released.id,
        seq=1,
        case_id=case.id,
        enterprise_id=enterprise.id,
        support_class=support_class,
        suggested_amount=Decimal(amount),
        valid_to=valid_to,
    )
    world.session.add(entry)
    world.session.flush()
    return case


def subject(case: GuaranteeCase) -> str:
    return f"case:{case.id}"


def begin(world: World, case: GuaranteeCase, process: str = "bank_assignment", **more: str) -> None:
    """Start one stage's process for a case, as if the stages before had ended."""
    instance = start_instance(
        world.session,
        process,
        subject=subject(case),
        title=case.case_no,
        programme=PROGRAMME,
        data={"case_id": case.id},
        parties={
            "finance": world["finance"].org.id,
            "centre": world["centre"].org.id,
            **{party: world[key].org.id for party, key in more.items()},
        },
        actor=SYSTEM,
        now=world.now,
    )
    case.instance_id = instance.id
    world.session.flush()


def at(world: World, case: GuaranteeCase) -> Office:
    """The bank that has the case."""
    return next(one for one in world.offices.values() if one.org.id == case.bank_id)


def loan(world: World, case: GuaranteeCase) -> LoanCase:
    return loan_of(world.session, case.id)


def take_on(
    world: World, bank: str, agreement: Agreement, amount: str = "3000000", **more: Any
) -> GuaranteeCase:
    """A case that a bank has accepted under an agreement, at the beginning of its approval."""
    case = listed(world, amount, **more)
    case.bank_id, case.agreement_id = world[bank].org.id, agreement.id
    case.guarantor_id = agreement.guarantor_id
    world.session.add(
        LoanCase(
            case_id=case.id,
            attempt=1,
            bank_id=world[bank].org.id,
            agreement_id=agreement.id,
            assigned_by="SCORE",
            status="ACCEPTED",
            assigned_at=world.now,
            accepted_on=date(2025, 12, 8),
        )
    )
    world.session.flush()
    begin(world, case, "bank_approval", bank=bank)
    return case


def decide(world: World, case: GuaranteeCase, **values: Any) -> None:
    """The bank's maker decides; approves the whole amount at 2.95 % unless told otherwise."""
    given: dict[str, Any] = {"outcome": "APPROVED"}
    if values.get("outcome", "APPROVED") in ("APPROVED", "PARTIAL"):
        given |= {
            "credit_line": case.approved_amount,
            "rate": Decimal("2.95"),
            "rate_type": "FIXED",
            "term_months": 12,
            "is_first_loan": True,
        }
    world.do(subject(case), "approve_loan", at(world, case).maker, **{**given, **values})


def confirm(world: World, case: GuaranteeCase, **values: Any) -> None:
    """The bank's checker confirms the decision."""
    given = {"outcome": "CONFIRM", **values}
    world.do(subject(case), "approve_check", at(world, case).checker, **given)


def approve(world: World, case: GuaranteeCase, **values: Any) -> None:
    """Decided and confirmed."""
    decide(world, case, **values)
    confirm(world, case)


def pay_out(world: World, case: GuaranteeCase, **values: Any) -> None:
    """Contract and disbursement of the whole line on 8 December 2025."""
    given = {
        "contract_no": f"JK-{case.id}",
        "contract_date": date(2025, 12, 8),
        "loan_no": f"JJ-{case.id}",
        "amount": loan(world, case).credit_line,
        "disbursed_on": date(2025, 12, 8),
        "maturity_on": date(2026, 12, 8),
        "loan_type": "WORKING_CAPITAL",
    }
    world.do(subject(case), "disburse", at(world, case).maker, **{**given, **values})


def check_payment(world: World, case: GuaranteeCase, **values: Any) -> None:
    """The bank's checker confirms the disbursement."""
    given = {"outcome": "CONFIRM", **values}
    world.do(subject(case), "disburse_check", at(world, case).checker, **given)


@dataclass
class Refused:
    """What was refused, filled in at the end of `refused`."""

    error: DanbaoError | None = None

    @property
    def code(self) -> str:
        assert self.error is not None
        return self.error.code

    @property
    def fields(self) -> set[str]:
        return set(getattr(self.error, "fields", {}))


@contextmanager
def refused(world: World, kind: type[DanbaoError]) -> Iterator[Refused]:
    """Something that is refused and leaves the database as it was."""
    world.session.commit()
    before = world.session.query(AuditEvent).count()
    found = Refused()
    with pytest.raises(kind) as caught:
        yield found
    found.error = caught.value
    world.session.rollback()
    assert world.session.query(AuditEvent).count() == before
