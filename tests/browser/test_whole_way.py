"""One enterprise from the list to the paid subsidy, every party clicking its own part."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from playwright.sync_api import Page, expect
from sqlalchemy import select

from engine.audit.verify import verify
from engine.clock import local_date
from engine.db import unit_of_work
from engine.models import (
    Agreement,
    Filing,
    GuaranteeCase,
    Organisation,
    SubsidyBatch,
    SubsidyRow,
)
from engine.operations.account_link import account_token
from engine.operations.subsidies import start_batch
from engine.people import SYSTEM
from tests.browser.conftest import Site
from web.demo.world import PASSWORD

NAME = "上海禾丰宏晟信息技术有限公司"
LIST = (
    "企业名称,统一社会信用代码,推荐类别,资质,资质有效期至,所属街镇,经营地址,行业,从业人员（人）,"
    "营业收入（万元）,资产总额（万元）,是否涉农,融资需求（万元）,期限（月）,资金用途,意向银行,"
    "是否目标落户,联系人,联系电话,推荐说明\n"
    f"{NAME},91310114NGNKLH27CU,高新技术企业,高新技术企业,2028-03-28,菊园新区,菊园新区示例路799号,"
    "信息技术,120,2460,3190,否,200,12,日常经营周转,申城银行嘉定支行,否,联系人01,13851940558,\n"
)


class Staff:
    """People at one browser, one after the other."""

    def __init__(self, page: Page, site: Site) -> None:
        self.page, self.site = page, site

    def sign_in(self, username: str) -> None:
        """Sign in as somebody else."""
        self.page.context.clear_cookies()
        self.page.goto(f"{self.site.url}/login")
        self.page.fill("#u", username)
        self.page.fill("#p", PASSWORD)
        self.page.click("button.btn-primary")
        expect(self.page.locator(".db-who")).to_be_visible()

    def open_task(self, username: str, name: str) -> None:
        """Sign in and open the first task of that name in the inbox."""
        self.site.sweep()
        self.sign_in(username)
        self.page.goto(f"{self.site.url}/inbox")
        row = self.page.locator("tr.it", has_text=name)
        row.first.locator(".what a").click()
        expect(self.page.locator("#decide, form .db-submit").first).to_be_visible()

    def do(self, username: str, name: str, outcome: str = "", **fields: str) -> None:
        """Do a task: answer the judgements, choose the outcome, fill in, submit."""
        self.open_task(username, name)
        for group in self.page.locator("fieldset.db-judge").all():
            group.locator("label").first.click()
        if outcome:
            self.page.locator(".db-out label").filter(
                has=self.page.locator(f"input[value={outcome}]")
            ).click()
        for key, value in fields.items():
            self._fill(key, value)
        before = self.page.url
        self.page.locator(".db-acts button.btn-primary").click()
        self.page.wait_for_load_state()
        wrong = self.page.locator(".db-summary")
        assert wrong.count() == 0, wrong.inner_text()
        assert self.page.url != before, f"{name}: nothing was submitted"

    def _fill(self, key: str, value: str) -> None:
        field = self.page.locator(f"[name={key}]").first
        kind = field.get_attribute("type")
        if field.evaluate("node => node.tagName") == "SELECT":
            field.select_option(value)
        elif kind == "checkbox":
            field.check()
        elif kind == "radio":
            self.page.locator(f"[name={key}][value={value}]").check()
        else:
            field.fill(value)


def _agreement_in_force(site: Site) -> None:
    """The tripartite agreement that the banks' selection has led to before this story begins."""
    with unit_of_work(site.factory) as session:
        ids = dict(session.execute(select(Organisation.code, Organisation.id)).tuples().all())
        agreement = Agreement(
            agr_no="JD-XY-2026-01",
            programme="JD_KCD",
            guarantor_id=ids["centre"],
            bank_id=ids["shencheng"],
            finance_id=ids["finance"],
            status="EFFECTIVE",
            effective_from=local_date(site.now) - timedelta(days=30),
            effective_to=local_date(site.now) + timedelta(days=700),
            created_at=site.now,
        )
        session.add(agreement)


def _days(site: Site, days: int) -> str:
    return (local_date(site.now) + timedelta(days=days)).isoformat()


def _refer(staff: Staff, folder: Path) -> None:
    path = folder / "2026-06_区科委_需求名单.csv"
    path.write_bytes(LIST.encode("gb18030"))
    staff.sign_in("kewei.maker")
    page = staff.page
    page.goto(f"{staff.site.url}/referrals/")
    page.get_by_role("button", name="新建").first.click()
    page.set_input_files("input[type=file]", str(path))
    page.get_by_role("button", name="上传").first.click()
    page.get_by_role("button", name="交复核").first.click(timeout=15_000)
    page.wait_for_load_state()
    if page.get_by_role("button", name="交复核").count():
        page.get_by_role("button", name="交复核").first.click()
        page.wait_for_load_state()
    staff.do("kewei.checker", "复核报送", "PASS", authorisations_signed="on")


def _whitelist(staff: Staff) -> None:
    staff.do("finance.maker", "白名单初审", "PASS", suggested_amount="200")
    staff.do("finance.checker", "初审复核", "CONFIRM")
    staff.do("centre.maker", "担保中心审核", "PASS", approved_amount="200")
    staff.do("centre.checker", "担保中心复核", "CONFIRM")
    staff.open_task("finance.maker", "编制白名单")
    box = staff.page.locator("[name=cases]").first
    box.check()
    staff.page.locator(".db-acts button.btn-primary").click()
    staff.page.wait_for_load_state()
    staff.do("finance.checker", "复核发布", "CONFIRM")


def _lend(staff: Staff) -> None:
    staff.do("shencheng.maker", "受理", "ACCEPT")
    terms = {"credit_line": "200", "rate": "2.90", "rate_type": "FIXED", "term_months": "12"}
    staff.do("shencheng.maker", "授信审批", "APPROVED", **terms)
    staff.do("shencheng.checker", "审批复核", "CONFIRM")
    staff.do(
        "shencheng.maker",
        "签订合同并放款",
        contract_no="JK-1",
        contract_date=_days(staff.site, 0),
        loan_no="20260001",
        amount="200",
        disbursed_on=_days(staff.site, 0),
        maturity_on=_days(staff.site, 365),
        loan_type="WORKING_CAPITAL",
    )
    staff.do("shencheng.checker", "放款复核", "CONFIRM")


def _file(staff: Staff) -> None:
    staff.do("shencheng.maker", "报送备案", attestation="on")
    staff.do("centre.maker", "备案审核", "ACCEPTED")
    staff.do("centre.checker", "备案复核", "CONFIRM")
    paid = {"fee_paid": "8000.00", "fee_paid_on": _days(staff.site, 0), "invoice_no": "26310001"}
    staff.do("centre.maker", "登记担保费", **paid)


def _subsidise(staff: Staff) -> None:
    site = staff.site
    site.now = datetime(2026, 7, 2, 2, 0, tzinfo=UTC)
    with unit_of_work(site.factory) as session:
        start_batch(session, "JD_KCD", "2026Q2", SYSTEM, site.now)
    staff.do("finance.maker", "核对补贴测算", "SUBMIT")
    staff.do("finance.checker", "复核补贴测算", "CONFIRM")
    _confirm_account(staff)
    site.wait(days=8)
    staff.do("finance.maker", "处理公示结果", "PROCEED")
    staff.do("finance.head", "分管领导审批", "APPROVE")
    staff.do("treasury.maker", "国库支付", paid_on=_days(site, 0), voucher_no="ZF2026070001")
    staff.do("treasury.checker", "支付复核", "CONFIRM")


def _confirm_account(staff: Staff) -> None:
    """The enterprise, without an account, through the link in its mail."""
    with staff.site.factory() as session:
        row = session.scalars(select(SubsidyRow)).one()
    token = account_token(staff.site.settings.secret_key, row.id, staff.site.now)
    page = staff.page
    page.context.clear_cookies()
    page.goto(f"{staff.site.url}/e/{token}")
    page.fill("[name=account_name]", NAME)
    page.fill("[name=account_no]", "310000000000001")
    page.fill("[name=account_bank]", "申城银行嘉定支行")
    page.get_by_role("button", name="确认").first.click()
    expect(page.get_by_text("收款账号已确认").first).to_be_visible()


def test_an_enterprise_goes_from_the_list_to_the_paid_subsidy_by_clicking(
    page: Page, site: Site, tmp_path: Path
) -> None:
    _agreement_in_force(site)
    staff = Staff(page, site)
    parts: list[Callable[[], None]] = [
        lambda: _refer(staff, tmp_path),
        lambda: _whitelist(staff),
        lambda: _lend(staff),
        lambda: _file(staff),
        lambda: _subsidise(staff),
    ]
    for part in parts:
        part()
    with site.factory() as session:
        case = session.scalars(select(GuaranteeCase)).one()
        filing = session.scalars(select(Filing)).one()
        row = session.scalars(select(SubsidyRow)).one()
        batch = session.scalars(select(SubsidyBatch)).one()
        assert (case.status, batch.status, row.status) == ("DONE", "PAID", "PAID")
        assert filing.guaranteed_amount == Decimal("1600000.00")
        assert (filing.fee_paid, row.amount) == (Decimal("8000.00"), Decimal("8000.00"))
        assert verify(session).ok
