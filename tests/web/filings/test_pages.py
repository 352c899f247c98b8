"""Filings on pages: who sees which, figures, filters, the form of one filing."""

from decimal import Decimal
from io import BytesIO

import pytest
from openpyxl import load_workbook

from engine.models import Agreement, Filing
from tests.operations.banking import district, sign
from tests.operations.lent import agreement, filed
from tests.operations.world import World
from tests.web.conftest import SignIn


@pytest.fixture
def town(world: World) -> World:
    return district(world)


@pytest.fixture
def terms(town: World) -> Agreement:
    return agreement(town)


def named(filing: Filing) -> str:
    return filing.case.enterprise.name


def test_each_organisation_sees_its_own_filings_only(
    town: World, terms: Agreement, sign_in: SignIn
) -> None:
    ours = filed(town, terms)
    theirs = filed(town, sign(town, "bank2", "jdg"))
    town._add("mhfinance", "闵行区财政局", "FINANCE", district_code="310112")
    town.session.commit()
    for reader in (town["bank"].maker, town["centre"].checker):
        page = sign_in(reader)
        assert named(ours) in page.page("/filings/")
        assert named(theirs) not in page.page("/filings/")
        assert page.get(f"/filings/{ours.id}").status_code == 200
        assert page.get(f"/filings/{theirs.id}").status_code == 404
        book = load_workbook(BytesIO(page.get("/filings/export.xlsx").data))
        [listed] = book.worksheets
        assert [row[0].value for row in listed.iter_rows(min_row=2)] == [named(ours)]
    bureau = sign_in(town["finance"].maker).page("/filings/")
    assert named(ours) in bureau
    assert named(theirs) in bureau
    stranger = sign_in(town["mhfinance"].maker)
    assert named(ours) not in stranger.page("/filings/")
    assert stranger.get(f"/filings/{ours.id}").status_code == 404


def test_referrers_and_the_treasury_have_no_such_page(
    town: World, terms: Agreement, sign_in: SignIn
) -> None:
    one = filed(town, terms)
    town._add("treasury", "区国库", "TREASURY")
    town.session.commit()
    for key in ("nanxiang", "treasury"):
        reader = sign_in(town[key].maker)
        assert reader.get("/filings/").status_code == 403
        assert reader.get(f"/filings/{one.id}").status_code == 403
        assert reader.get("/filings/export.xlsx").status_code == 403


def test_the_figures_are_of_what_the_filters_leave(
    town: World, terms: Agreement, sign_in: SignIn
) -> None:
    paid = filed(town, terms, "8000.00", guaranteed_amount=Decimal("1600000"))
    open_ = filed(town, terms, "5000.50", fee_paid=None, fee_paid_on=None, late=True)
    filed(town, terms, "7000.00", status="REJECTED", fee_paid=None, fee_paid_on=None)
    town.session.commit()
    bureau = sign_in(town["finance"].maker)
    page = bureau.page("/filings/")
    assert "13,000.50" in page
    assert "5,000.50" in page
    assert "1笔逾期报送" in page
    waiting = bureau.page("/filings/?status=UNPAID")
    assert named(open_) in waiting
    assert named(paid) not in waiting
    assert named(open_) in bureau.page("/filings/?late=1&month=2025-12")
    assert "没有符合筛选的备案" in bureau.page("/filings/?month=2025-11")
    odd = bureau.page("/filings/?status=%27&month=2025-13&bank=99999999999999999999&page=99")
    assert named(paid) in odd


def test_a_filings_form_states_its_amounts_and_how_they_came_about(
    town: World, terms: Agreement, sign_in: SignIn
) -> None:
    from engine.domain.guarantee import FeeTerms, guarantee

    made = guarantee(Decimal(2000000), Decimal("0.8"), FeeTerms(Decimal("0.005")), version="T1")
    one = filed(
        town,
        terms,
        "8000.00",
        guarantee_ratio=made.ratio,
        guaranteed_amount=made.guaranteed,
        trace=made.trace.to_dict(),
        late=True,
        late_reason="系统停机",
        invoice_no="FP-1",
    )
    town.session.commit()
    page = sign_in(town["centre"].maker).page(f"/filings/{one.id}")
    said = (one.filing_no, terms.agr_no, "1,600,000.00", "80%", "FP-1", "系统停机", "舍到分")
    for words in said:
        assert str(words) in page
