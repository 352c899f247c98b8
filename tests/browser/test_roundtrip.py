"""Opening and saving a diagram without a change says the same: ours, and those of other tools."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from engine.config import ROOT
from engine.runtime.same import first_difference
from tests.browser.conftest import Site
from tests.browser.test_drawing import begin, sign_in
from tests.runtime.test_corpus import files

OPEN_AND_SAVE = """async (xml) => {
  try {
    const {warnings} = await danbaoModeler.importXML(xml);
    return {xml: (await danbaoModeler.saveXML({format: true})).xml, told: warnings.length};
  } catch (error) { return {refused: String(error)}; }
}"""
CANNOT_OPEN = 13  # of the corpus: models without a drawing, or that are no BPMN
LOSES = 24  # of the corpus: with ids that are none, or references to nothing


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


def saved(page: Page, path: Path) -> tuple[bytes, bool] | None:
    """The file as the page saves it, and whether the page was told that it cannot hold all of it;
    None where it cannot be opened."""
    found = page.evaluate(OPEN_AND_SAVE, path.read_bytes().decode("utf-8-sig"))
    return (found["xml"].encode(), found["told"] > 0) if "xml" in found else None


def test_every_diagram_of_ours_is_the_same_after_opening_and_saving(drawing: Page) -> None:
    for path in sorted((ROOT / "bpmn" / "processes").glob("*.bpmn")):
        found = saved(drawing, path)
        assert found is not None, path.name
        again, told = found
        assert not told, path.name
        assert first_difference(path.read_bytes(), again) is None, path.name


def test_an_interchange_model_is_the_same_after_saving_or_its_owner_is_warned(
    drawing: Page,
) -> None:
    closed, warned, changed = [], [], []
    for path in files():
        found = saved(drawing, path)
        if found is None:
            closed.append(path.name)
            continue
        again, told = found
        difference = first_difference(path.read_bytes(), again, drawing=False)
        if difference is not None:
            (warned if told else changed).append(f"{path.parent.name}/{path.name}: {difference}")
    assert not changed, "\n".join(changed)
    assert len(closed) <= CANNOT_OPEN, closed
    assert len(warned) <= LOSES, warned
