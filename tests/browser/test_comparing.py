"""Two versions side by side: walked through by links and keys, both pictures at the same place."""

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from engine.db import unit_of_work
from engine.models import Draft
from tests.browser.conftest import Site
from tests.browser.test_drawing import begin, sign_in

PLACES = "[...document.querySelectorAll('.app-panes .db-diagram')].map(one => one.scrollLeft)"
WIDTHS = "[...document.querySelectorAll('svg.bp')].map(one => one.getBoundingClientRect().width)"
INSIDE = """id => { const one = document.getElementById(id).getBoundingClientRect();
  const box = document.getElementById(id).closest('.db-diagram').getBoundingClientRect();
  return one.left >= box.left && one.right <= box.right && one.top >= box.top
    && one.bottom <= box.bottom; }"""


@pytest.fixture
def comparing(page: Page, site: Site) -> Page:
    """The page that compares a draft with two steps renamed and one gone."""
    sign_in(page, site, "owner")
    begin(page, site)
    with unit_of_work(site.factory) as session:
        draft = session.scalars(select(Draft)).one()
        source = draft.source.decode().replace('name="授信审批"', 'name="授信"')
        source = source.replace('name="登记额度失效"', 'name="额度失效"')
        gone = r'<bpmn:endEvent id="end_line_expired".*?</bpmn:endEvent>'
        draft.source = re.sub(gone, "", source, flags=re.S).encode()
        number = draft.id
    page.goto(f"{site.url}/studio/drafts/{number}/compare")
    return page


def places(page: Page) -> Any:
    return page.evaluate(PLACES)


def test_links_and_keys_lead_through_the_differences(comparing: Page) -> None:
    now = comparing.locator(".app-compare__now")
    comparing.get_by_role("link", name="在图上看：草稿").last.click()
    expect(now).to_contain_text("/")
    aimed = comparing.locator(".is-aimed")
    expect(aimed).to_have_count(2)
    for one in aimed.all():
        assert comparing.evaluate(INSIDE, one.get_attribute("id"))
    comparing.keyboard.press("j")
    expect(now).to_contain_text("1/")
    comparing.keyboard.press("k")
    comparing.get_by_role("link", name="下一处").click()
    expect(now).to_contain_text("1/")


def test_both_pictures_scroll_and_zoom_together(comparing: Page) -> None:
    comparing.evaluate("document.querySelector('.app-panes .db-diagram').scrollLeft = 300")
    comparing.wait_for_function(f"{PLACES}[1] === 300")
    before = comparing.evaluate(WIDTHS)
    comparing.get_by_role("button", name="放大").click()
    after = comparing.evaluate(WIDTHS)
    assert all(new > old for old, new in zip(before, after, strict=True))
    assert len(set(places(comparing))) == 1
    comparing.get_by_role("button", name="适合窗口").click()
    assert places(comparing) == [0, 0]


def test_side_by_side_when_there_is_room_else_one_under_the_other(comparing: Page) -> None:
    left, right = comparing.locator(".app-pane").all()

    def tops() -> list[float]:
        boxes = [one.bounding_box() for one in (left, right)]
        return [box["y"] for box in boxes if box]

    assert len(set(tops())) == 1
    comparing.set_viewport_size({"width": 390, "height": 844})
    assert len(set(tops())) == 2
    assert comparing.evaluate("document.documentElement.scrollWidth") == 390
