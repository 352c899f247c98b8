"""The whitelist (G1) and the subsidy sheet (G4) as workbooks."""

import io
from datetime import date
from decimal import Decimal
from typing import Any

import openpyxl
import pytest
from sqlalchemy.orm import Session

from engine.documents.subsidy_sheet import subsidy_sheet
from engine.documents.whitelist_sheet import whitelist_sheet
from engine.errors import Conflict
from engine.imports.model import Cell
from engine.models import Whitelist
from tests.imports.builders import code, row
from tests.operations.lent import agreement, filed
from tests.operations.subsidised import approved, began, pay, rows, settle, verify
from tests.operations.world import NOW, World


@pytest.fixture
def world(session: Session) -> World:
    found = World(session).found()
    found._add("treasury", "区国库", "TREASURY")
    return found


def page(data: bytes) -> list[list[Any]]:
    sheet = openpyxl.load_workbook(io.BytesIO(data)).worksheets[0]
    return [list(line) for line in sheet.iter_rows(values_only=True)]


def lines(data: bytes) -> list[str]:
    return [str(line[0]) for line in page(data) if line[0] is not None]


def test_the_subsidy_sheet_adds_up_in_figures_and_words(world: World) -> None:
    terms = agreement(world)
    first = filed(world, terms, "8000.01")
    filed(world, terms, "409.50")
    batch = approved(world)
    rows(world, batch)[0].enterprise.name = "=HYPERLINK(1)"
    pay(world, batch)
    settle(world, batch)
    world.session.flush()
    data = subsidy_sheet(world.session, batch, "科创贷", world.now)
    found = page(data)
    assert found[0][0] == "科创贷担保费补贴计算表"
    assert "JD-BT-2025Q4" in found[1][0]
    assert "ZF1" in found[1][0]
    head, one = found[2], found[3]
    values = dict(zip(head, one, strict=True))
    assert values["企业名称"] == "=HYPERLINK(1)"
    assert values["备案编号"] == first.filing_no
    assert (values["实缴担保费（元）"], values["补贴金额（元）"]) == (8000.01, 8000.01)
    assert values["收款账号"] == "6222000012345678"  # text: Excel would round a long number
    assert values["结果"] == "已支付"
    total = found[5]
    assert (total[1], total[8], total[9]) == ("合计", 8409.51, "捌仟肆佰零玖元伍角壹分")
    cell = openpyxl.load_workbook(io.BytesIO(data)).worksheets[0]["B4"]
    assert (cell.data_type, cell.quotePrefix) == ("s", True)


def test_excluded_rows_stand_below_the_total(world: World) -> None:
    terms = agreement(world)
    filed(world, terms, "100.00")
    filed(world, terms, "200.00")
    batch = began(world)
    out = rows(world, batch)[0]
    verify(world, batch, excluded=[out.id], note="重复享受")
    found = page(subsidy_sheet(world.session, batch, "科创贷", world.now))
    total = next(line for line in found if line[1] == "合计")
    assert total[8] == 200
    below = found[found.index(total) + 2]
    assert (below[1], below[12], below[13]) == (out.enterprise.name, "剔除", "剔除：重复享受")


def released(world: World) -> Whitelist:
    firm = code()
    qualified: dict[str, Cell] = {"资质": "高新技术企业", "资质有效期至": date(2027, 3, 31)}
    world.send("nanxiang", row(统一社会信用代码=firm, **qualified))
    case = world.case(firm)
    world.pass_first(case)
    world.pass_centre(case, "2500000")
    release = world.session.query(Whitelist).one()
    subject, finance = f"whitelist:{release.id}", world["finance"]
    world.do(subject, "compile_release", finance.maker, cases=[case.id])
    world.do(subject, "confirm_release", finance.checker, outcome="CONFIRM")
    return release


def test_the_whitelist_states_each_enterprise_and_its_hash(world: World) -> None:
    release = released(world)
    data = whitelist_sheet(world.session, release, NOW)
    found = page(data)
    values = dict(zip(found[2], found[3], strict=True))
    entry = release.entries[0]
    assert values["统一社会信用代码"] == entry.enterprise.uscc
    assert (values["街镇"], values["推荐单位"]) == ("南翔镇", "南翔镇")
    assert values["资质"] == "高新技术企业"
    assert (values["建议金额（万元）"], values["融资需求（万元）"]) == (250, 500)
    assert values["有效期至"].date() == entry.valid_to
    assert values["状态"] == "有效"
    assert any(str(release.digest) in line for line in lines(data))
    assert str(release.wl_no) in found[1][0]


def test_a_list_that_is_not_released_is_not_printed(world: World) -> None:
    with pytest.raises(Conflict):
        whitelist_sheet(world.session, Whitelist(programme="JD_KCD", created_at=NOW), NOW)


def test_sheets_hold_amounts_exactly(world: World) -> None:
    terms = agreement(world)
    filed(world, terms, "0.01")
    batch = began(world)
    found = page(subsidy_sheet(world.session, batch, "科创贷", world.now))
    assert Decimal(str(found[3][8])) == Decimal("0.01")
