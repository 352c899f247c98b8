"""The trail is found by what people know, and each organisation finds only its own."""

from datetime import date, timedelta
from io import BytesIO

import pytest
from openpyxl import load_workbook
from sqlalchemy.orm import Session

from engine.audit.queries import Period, Search, actions, search, stream
from engine.audit.sheet import workbook
from engine.audit.trail import record
from engine.db import unit_of_work
from engine.models import Enterprise, GuaranteeCase, Organisation, OrgKind, PartyBinding
from engine.models.lending import LoanCase
from engine.people import SYSTEM, Actor
from engine.text import text
from tests.jobs.conftest import NOW, Factory, World, organisation


class Trail:
    """Two cases: the bank takes part in the first one only."""

    def __init__(self, factory: Factory, world: World) -> None:
        self.world = world
        with unit_of_work(factory) as session:
            self.mine = _case(session, "JD-1", "91310114MA1GT00001", "甲科技")
            self.other = _case(session, "JD-2", "91310114MA1GT00002", "乙科技")
            self.stranger = organisation(session, OrgKind.BANK, "他行")
            session.add(
                LoanCase(
                    case_id=self.mine,
                    attempt=1,
                    bank_id=world.bank.id,
                    assigned_by="SCORE",
                    assigned_at=NOW,
                    traces={},
                )
            )
            instance = world.instance(session, "batch:1")
            session.add(PartyBinding(instance_id=instance.id, party="bank", org_id=world.bank.id))
            head = Actor(world.finance_head.id, world.finance.id, "局长")
            _row(session, f"case:{self.mine}", "case.opened", SYSTEM)
            _row(session, f"case:{self.other}", "case.opened", SYSTEM, days=1)
            _row(session, f"case:{self.other}", "task.urged", head, days=2)
            _row(session, "batch:1", "referral.opened", SYSTEM)
            _row(session, "system", "task.urged", Actor(world.maker.id, world.bank.id, "张三"))
            _row(session, "case:x", "odd", SYSTEM)


def _case(session: Session, number: str, uscc: str, name: str) -> int:
    firm = Enterprise(uscc=uscc, name=name, qualifications=[], adverse=[], updated_at=NOW)
    session.add(firm)
    session.flush()
    case = GuaranteeCase(
        case_no=number,
        programme="JD_KCD",
        enterprise_id=firm.id,
        referred_at=NOW,
        category="OTHER",
        need_amount=1,
        need_term=12,
        need_purpose="",
    )
    session.add(case)
    session.flush()
    return case.id


def _row(session: Session, chain: str, action: str, actor: Actor, days: int = 0) -> None:
    record(
        session,
        chain=chain,
        action=action,
        summary=text("{name}", name="=1+1"),
        actor=actor,
        now=NOW + timedelta(days=days),
        after={"amount": "1.00"},
        reason='=HYPERLINK("http://x")',
    )


@pytest.fixture
def trail(factory: Factory, world: World) -> Trail:
    return Trail(factory, world)


@pytest.fixture
def world(factory: Factory) -> World:
    return World(factory)


def _found(session: Session, wanted: Search, visible_org: int | None = None) -> list[str]:
    page = search(session, wanted, visible_org=visible_org)
    return [f"{entry.chain} {entry.action}" for entry in page.entries]


def test_an_organisation_sees_its_cases_its_processes_and_its_own_acts_only(
    session: Session, trail: Trail
) -> None:
    assert _found(session, Search(), trail.world.bank.id) == [
        "system task.urged",
        "batch:1 referral.opened",
        f"case:{trail.mine} case.opened",
    ]
    assert _found(session, Search(), trail.stranger.id) == []
    assert len(_found(session, Search())) == 6


def test_asking_for_another_s_case_finds_nothing(session: Session, trail: Trail) -> None:
    assert _found(session, Search(case=trail.other), trail.world.bank.id) == []
    assert _found(session, Search(case="乙科技"), trail.world.bank.id) == []
    assert len(_found(session, Search(case="乙科技"))) == 2


def test_every_filter_narrows(session: Session, trail: Trail) -> None:
    mine = [f"case:{trail.mine} case.opened"]
    assert _found(session, Search(case="JD-1")) == mine
    assert _found(session, Search(case="91310114MA1GT00001")) == mine
    assert _found(session, Search(case="%")) == []
    assert len(_found(session, Search(action="task"))) == 2
    assert len(_found(session, Search(action="task.urged"))) == 2
    assert _found(session, Search(action="ta")) == []
    assert len(_found(session, Search(person=trail.world.maker.id))) == 1
    assert len(_found(session, Search(organisation=trail.world.finance.id))) == 1
    days = Period(date(2026, 3, 3), date(2026, 3, 3))
    assert _found(session, Search(period=days)) == [f"case:{trail.other} case.opened"]


def test_pages_follow_each_other_without_gap_or_double(session: Session, trail: Trail) -> None:
    seen: list[int] = []
    before = None
    while True:
        page = search(session, Search(), visible_org=None, before=before, size=4)
        seen += [entry.id for entry in page.entries]
        before = page.next_before
        if before is None:
            break
    assert seen == sorted(set(seen), reverse=True)
    assert len(seen) == 6


def test_the_sheet_holds_no_formula_and_keeps_its_limit(session: Session, trail: Trail) -> None:
    content = workbook(stream(session, Search(), visible_org=None, limit=5))
    sheet = load_workbook(BytesIO(content)).active
    assert sheet is not None
    rows = list(sheet.iter_rows())
    assert len(rows) == 6
    assert all(cell.data_type in ("s", "n") for row in rows for cell in row)
    assert rows[1][7].value == "=1+1"
    assert rows[1][10].value == '=HYPERLINK("http://x")'
    assert rows[1][10].quotePrefix


def test_the_acts_for_the_filter_are_those_that_occur(session: Session, trail: Trail) -> None:
    assert actions(session) == ["case.opened", "odd", "referral.opened", "task.urged"]


def test_an_entry_names_person_and_organisation(session: Session, trail: Trail) -> None:
    page = search(session, Search(person=trail.world.maker.id), visible_org=None)
    [entry] = page.entries
    assert (entry.person, entry.organisation) == ("maker姓名", "上海银行嘉定支行")
    assert session.get_one(Organisation, trail.world.bank.id).name == entry.organisation
