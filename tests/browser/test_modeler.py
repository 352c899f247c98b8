"""An owner changes the loan process in the browser, another signs it, and cases go by it."""

from playwright.sync_api import Page, expect

from engine.audit.verify import verify
from tests.browser.conftest import Bureau, Site
from tests.browser.test_drawing import CHOOSE, begin, saved, sign_in
from tests.operations.banking import (
    approve,
    check_payment,
    loan,
    pay_out,
)

NEW = "user_task_1"


def fill(page: Page, name: str, value: str) -> None:
    """Fill in one of the panel's fields and leave it."""
    page.fill(f"#db-p-{name}", value)
    page.keyboard.press("Tab")


def choose(page: Page, name: str, label: str) -> None:
    page.select_option(f"#db-p-{name}", label=label)


def follow(page: Page, after: str, kind: str, name: str) -> None:
    """Put a step behind another with the keys of the menu, and name it."""
    page.evaluate(CHOOSE, after)
    page.get_by_role("button", name="接一步").click()
    page.keyboard.type(kind)
    page.keyboard.press("Enter")
    page.keyboard.type(name)
    page.keyboard.press("Enter")


def test_a_step_that_an_owner_adds_is_passed_by_new_cases_and_not_by_old_ones(
    bureau: Bureau, page: Page
) -> None:
    site = bureau.site
    old = bureau.case()
    _draw(page, site)
    _sign(page, site)
    new = bureau.case()
    assert (bureau.version(old), bureau.version(new)) == (1, 2)

    world = bureau.world
    approve(world, old)
    pay_out(world, old)
    check_payment(world, old)
    assert loan(world, old).status == "DISBURSED"
    assert bureau.open(old) == []

    approve(world, new)
    world.session.commit()
    assert bureau.open(new) == [NEW]
    _decide(page, site, "RETURN", "利率偏高，重新测算")
    assert bureau.open(new) == ["approve_loan"]
    approve(world, new)
    world.session.commit()
    _decide(page, site, "CONFIRM", "")
    assert bureau.open(new) == ["disburse"]
    assert verify(world.session).problems == []


def _draw(page: Page, site: Site) -> None:
    """Add the step with its gateway, be told of a mistake, mend it, submit."""
    sign_in(page, site, "owner")
    begin(page, site)
    follow(page, "approve_check", "人办", "主管会审")
    choose(page, "party", "合作银行 负责人")
    choose(page, "form", "复核 v1")
    choose(page, "deadline-way", "表达式")
    fill(page, "deadline-feel", '=due("head_period")')
    row = page.locator(f"tr[data-element={NEW}]", has_text="head_period")
    expect(row).to_contain_text("错误")
    expect(page.locator("#db-submit")).to_have_attribute("aria-disabled", "true")

    page.evaluate(CHOOSE, NEW)
    choose(page, "deadline-way", "固定时长")
    fill(page, "deadline-n", "3")
    choose(page, "escalateTo", "区财政局 负责人")
    follow(page, NEW, "排他", "会审结果")
    page.get_by_role("button", name="连到").click()
    page.keyboard.type("授信审批")
    page.keyboard.press("Enter")
    fill(page, "condition", f'={NEW}_outcome = "RETURN"')
    page.evaluate(CHOOSE, "exclusive_gateway_1")
    choose(page, "default", "复核结果")
    expect(page.locator("#db-find tr[data-element]", has_text="错误")).to_have_count(0)
    saved(page)
    page.click("#db-submit")
    page.fill("#f-note", "加主管会审一步")
    page.get_by_role("button", name="提请发布").click()
    expect(page.locator("main [role=status]").first).to_contain_text("已提请发布")


def _sign(page: Page, site: Site) -> None:
    """The other owner reads what changed, and signs."""
    sign_in(page, site, "owner2")
    page.goto(f"{site.url}/studio")
    page.get_by_role("link", name="看改动").click()
    expect(page.locator("main")).to_contain_text("主管会审")
    page.get_by_role("button", name="签发").click()
    expect(page.locator("main [role=status]").first).to_contain_text("已签发")


def _decide(page: Page, site: Site, outcome: str, note: str) -> None:
    """The bank's head does the new step from the inbox."""
    sign_in(page, site, "bank-head")
    page.goto(f"{site.url}/inbox")
    page.locator("tr.it", has_text="主管会审").locator(".what a").click()
    page.locator(f"input[name=outcome][value={outcome}]").check()
    if note:
        page.fill("[name=note]", note)
    page.locator(".db-acts button.btn-primary").click()
    expect(page.locator("main [role=status]").first).to_be_visible()
