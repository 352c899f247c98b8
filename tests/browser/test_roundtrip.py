"""Opening and saving a diagram without a change says the same: ours, and those of other tools."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, FilePayload, Page

from engine.config import ROOT
from engine.runtime.same import first_difference
from tests.browser.conftest import Site
from tests.browser.test_drawing import begin, sign_in
from tests.runtime.test_corpus import files

OPEN_AND_SAVE = """async (xml) => {
  try {
    const {warnings} = await danbaoModeler.importXML(xml);
    const told = warnings.map((one) => one.message);
    return {xml: (await danbaoModeler.saveXML({format: true})).xml, told};
  } catch (error) { return {refused: String(error)}; }
}"""
CANNOT_OPEN = 13  # of the corpus: models without a drawing, or that are no BPMN
UNREADABLE = (
    14  # of the corpus: ids that are none or that two elements have; the page lets nobody edit them
)


@pytest.fixture
def drawing(browser: Browser, site: Site) -> Iterator[Page]:
    """The drawing page, which saves nothing any more."""
    context = browser.new_context(locale="zh-CN")
    page = context.new_page()
    sign_in(page, site, "owner")
    begin(page, site)
    page.evaluate("danbaoSaving.halt()")
    yield page
    context.close()


def saved(page: Page, path: Path) -> tuple[bytes, list[str]] | None:
    """The file as the page saves it, and what of it could not be read; None where it cannot be
    opened."""
    found = page.evaluate(OPEN_AND_SAVE, path.read_bytes().decode("utf-8-sig"))
    if "xml" not in found:
        return None
    unread = [words for words in found["told"] if words.startswith("unparsable content")]
    return found["xml"].encode(), unread


def test_every_diagram_of_ours_is_the_same_after_opening_and_saving(drawing: Page) -> None:
    for path in sorted((ROOT / "bpmn" / "processes").glob("*.bpmn")):
        found = saved(drawing, path)
        assert found is not None, path.name
        again, unread = found
        assert not unread, path.name
        assert first_difference(path.read_bytes(), again) is None, path.name


def test_an_interchange_model_is_the_same_after_opening_and_saving(drawing: Page) -> None:
    closed: list[str] = []
    unreadable: list[str] = []
    changed: list[str] = []
    for path in files():
        name = f"{path.parent.name}/{path.name}"
        found = saved(drawing, path)
        if found is None:
            closed.append(name)
            continue
        again, unread = found
        difference = first_difference(path.read_bytes(), again, drawing=False)
        if unread:
            unreadable.append(name)
        elif difference is not None:
            changed.append(f"{name}: {difference}")
    assert not changed, "\n".join(changed)
    assert len(closed) <= CANNOT_OPEN, closed
    assert len(unreadable) <= UNREADABLE, unreadable


def upload(page: Page, site: Site, source: bytes) -> None:
    page.goto(f"{site.url}/studio/processes/bank_approval")
    page.locator("details.app-upload summary").click()
    file: FilePayload = {"name": "b.bpmn", "mimeType": "application/xml", "buffer": source}
    page.set_input_files("#f-file", file)
    page.locator("details.app-upload button[type=submit]").click()


def test_a_file_that_would_lose_something_in_saving_can_only_be_looked_at(
    browser: Browser, site: Site
) -> None:
    context = browser.new_context(locale="zh-CN")
    page = context.new_page()
    sign_in(page, site, "owner")
    begin(page, site)
    own = (ROOT / "bpmn" / "processes" / "bank_approval.bpmn").read_bytes()
    page.evaluate("danbaoSaving.halt()")
    upload(page, site, own.replace(b"approve_loan", "审批 贷款".encode()))
    page.get_by_role("link", name="打开画图").click()
    note = page.locator(".db-st-note")
    note.wait_for()
    assert "审批 贷款" in note.inner_text()
    assert page.locator("#db-tools").is_hidden()
    context.close()
