"""A process owner draws: by pointer and by keys, saved by itself, kept from the second person."""

import gzip
import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Dialog, Page, expect
from sqlalchemy import select

from engine.config import ROOT
from engine.db import unit_of_work
from engine.models import Draft
from engine.runtime.compare import compare
from tests.browser.conftest import Site
from web.demo.world import PASSWORD

SENT = {".js", ".css", ".woff2"}
SVG = "#db-canvas .djs-container > svg"
SELECTED = "danbaoModeler.get('selection').get().map(one => one.id)"
CHOOSE = "id => danbaoModeler.get('selection').select(danbaoModeler.get('elementRegistry').get(id))"


def sign_in(page: Page, site: Site, username: str) -> None:
    page.context.clear_cookies()
    page.goto(f"{site.url}/login")
    page.fill("#u", username)
    page.fill("#p", PASSWORD)
    page.click("button.btn-primary")
    expect(page.locator(".db-who")).to_be_visible()


def drawn(page: Page) -> None:
    """Wait until one can draw."""
    page.wait_for_selector("html[data-studio=ready]")


def begin(page: Page, site: Site, key: str = "bank_approval") -> None:
    """Begin a draft of a process from its page."""
    page.goto(f"{site.url}/studio/processes/{key}")
    page.locator(f"form[action$='/processes/{key}/draft'] button").first.click()
    drawn(page)


def source(site: Site) -> str:
    with unit_of_work(site.factory) as session:
        found = session.scalars(select(Draft)).one().source
    return found.decode() if isinstance(found, bytes) else str(found)


def saved(page: Page) -> None:
    expect(page.locator("#db-saved")).to_have_attribute("data-state", "saved")


@pytest.fixture
def drawing(page: Page, site: Site) -> Iterator[Page]:
    """The drawing page with a fresh draft of the bank's approval."""
    sign_in(page, site, "owner")
    begin(page, site)
    yield page
    assert page.evaluate("window.danbaoMissing") == [], "texts without a translation"


def test_a_step_is_put_in_between_and_named_with_keys_alone(drawing: Page, site: Site) -> None:
    drawing.focus(SVG)
    drawing.evaluate(CHOOSE, "approve_check")
    drawing.keyboard.press("a")
    expect(drawing.locator(".djs-popup")).to_be_visible()
    drawing.keyboard.press("Enter")
    expect(drawing.locator(".djs-direct-editing-content")).to_be_focused()
    drawing.keyboard.type("主管会审")
    drawing.keyboard.press("Enter")

    expect(drawing.locator("#db-saved")).to_have_text(re.compile("稍后保存|正在保存"))
    saved(drawing)

    text = source(site)
    assert '<bpmn:userTask id="user_task_1" name="主管会审">' in text
    assert 'sourceRef="approve_check" targetRef="user_task_1"' in text
    assert 'sourceRef="user_task_1" targetRef="gw_approve_check"' in text
    assert "formKey" not in text.split('id="user_task_1"', 1)[1].split("</bpmn:userTask>")[0]


def test_what_is_wrong_is_marked_listed_and_keeps_from_submitting(drawing: Page) -> None:
    drawing.evaluate(CHOOSE, "approve_check")
    drawing.get_by_role("button", name="接一步").click()
    drawing.keyboard.press("Enter")
    drawing.keyboard.type("主管会审")
    drawing.keyboard.press("Enter")
    saved(drawing)

    row = drawing.locator("tr[data-element=user_task_1]").first
    expect(row).to_contain_text("错误")
    expect(
        drawing.locator(".djs-overlays[data-container-id=user_task_1] .db-st-mark")
    ).to_be_visible()
    drawing.evaluate(CHOOSE, "approve_loan")
    row.get_by_role("button").click()
    assert drawing.evaluate(SELECTED) == ["user_task_1"]
    expect(drawing.locator("#db-submit")).to_have_attribute("aria-disabled", "true")
    expect(drawing.locator("#db-why")).to_contain_text("先改正")

    drawing.get_by_role("tab", name=re.compile("比较")).click()
    expect(drawing.locator("#db-st-results")).to_contain_text("主管会审")


def test_one_undo_takes_a_step_and_the_room_for_it_back(drawing: Page, site: Site) -> None:
    before = source(site)
    drawing.evaluate(CHOOSE, "approve_check")
    drawing.get_by_role("button", name="接一步").click()
    drawing.keyboard.press("Enter")
    drawing.keyboard.press("Escape")
    drawing.get_by_role("button", name="撤销").click()
    saved(drawing)

    expect(drawing.get_by_role("button", name="撤销")).to_have_attribute("aria-disabled", "true")
    assert "user_task_1" not in source(site)
    assert compare(before.encode(), source(site).encode()) == []


def test_a_loaded_page_goes_on_with_its_draft_and_a_second_person_only_looks(
    drawing: Page, site: Site, browser: Browser
) -> None:
    drawing.reload()
    drawn(drawing)
    expect(drawing.locator("#db-tools")).to_be_visible()

    second = browser.new_context(locale="zh-CN", viewport={"width": 1366, "height": 768}).new_page()
    sign_in(second, site, "owner2")
    second.goto(drawing.url)
    drawn(second)
    expect(second.locator("#db-editor")).to_contain_text("在编辑")
    expect(second.locator("#db-tools")).to_be_hidden()

    second.on("dialog", lambda dialog: dialog.accept())
    second.get_by_role("button", name="接手编辑").click()
    expect(second.locator("#db-tools")).to_be_visible()
    drawing.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(drawing.locator(".db-st-note")).to_contain_text("接手了这份草稿")
    with drawing.expect_download() as taken:
        drawing.get_by_role("button", name="下载我的一份").click()
    assert taken.value.suggested_filename == "bank_approval.bpmn"
    second.context.close()


def test_names_with_markup_stay_text_wherever_they_are_shown(drawing: Page) -> None:
    name = "<img src=x onerror=window.hacked=1><script>window.hacked=1</script>"
    drawing.evaluate(
        "name => danbaoModeler.get('modeling').updateProperties("
        "danbaoModeler.get('elementRegistry').get('approve_loan'), {name})",
        name,
    )
    drawing.evaluate(CHOOSE, "approve_check")
    drawing.get_by_role("button", name="连到").click()
    expect(drawing.locator(".djs-popup")).to_contain_text("<img src=x")
    drawing.keyboard.press("Escape")
    drawing.focus(SVG)
    drawing.keyboard.press("Control+f")
    drawing.keyboard.type("img")
    expect(drawing.locator(".djs-search-results")).to_contain_text("<img src=x")
    saved(drawing)

    assert drawing.evaluate("window.hacked") is None
    assert drawing.locator("img[src=x]").count() == 0


def test_the_page_is_small_and_soon_ready_without_anything_in_the_cache(drawing: Page) -> None:
    files = [file for file in (ROOT / "web/static/bundles").iterdir() if file.suffix in SENT]
    html = len(gzip.compress(drawing.content().encode()))
    assert html + sum(len(gzip.compress(file.read_bytes())) for file in files) < 600 * 1024

    devtools = drawing.context.new_cdp_session(drawing)
    devtools.send("Network.setCacheDisabled", {"cacheDisabled": True})
    devtools.send("Performance.enable", {"timeDomain": "threadTicks"})  # other work counts for none
    drawing.reload()
    drawn(drawing)
    found = devtools.send("Performance.getMetrics")["metrics"]
    assert next(one["value"] for one in found if one["name"] == "TaskDuration") < 3


def test_a_page_with_changes_that_are_not_saved_asks_before_it_is_left(drawing: Page) -> None:
    asked: list[str] = []

    def stay(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    drawing.on("dialog", stay)
    drawing.locator("[data-element-id=approve_loan] .djs-hit").first.click()
    drawing.keyboard.press("Shift+ArrowDown")
    drawing.close(run_before_unload=True)
    expect(drawing.locator("#db-saved")).to_have_attribute("data-state", "saved")

    assert asked == ["beforeunload"]


def test_every_menu_is_translated_and_offers_nothing_that_the_checks_refuse(
    drawing: Page,
) -> None:
    offered = drawing.evaluate(
        """() => {
          const get = (name) => danbaoModeler.get(name);
          const menus = ["bpmn-replace", "db-follow", "db-connect", "db-lane"];
          const found = new Set();
          for (const element of get("elementRegistry").filter((one) => one.parent)) {
            Object.keys(get("contextPad").getEntries(element)).forEach((id) => found.add(id));
            for (const menu of menus) {
              Object.keys(get("popupMenu")._getContext(element, menu).entries)
                .forEach((id) => found.add(id));
            }
          }
          return [...found];
        }"""
    )

    refused = ("ad-hoc", "transaction", "complex", "compensation", "cancel", "conditional-bound")
    assert "replace-with-service-task" in offered
    assert [one for one in offered if any(word in one for word in refused)] == []
