"""What is drawn to do harm harms neither the owner's pages nor those of the staff."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Dialog, Page, Request, expect

from engine.config import ROOT
from engine.db import unit_of_work
from engine.people import SYSTEM
from engine.runtime.definitions import SourceFile, publish, read_files
from tests.browser.conftest import Bureau, Site
from tests.browser.test_drawing import CHOOSE, drawn, sign_in
from tests.browser.test_roundtrip import upload

KEY = "bank_approval"
SCRIPT = "<script>window.hacked=1</script>"
IMAGE = '<img src=x onerror="window.hacked=1"><svg onload="window.hacked=1">'
AWAY = "https://evil.example"


def quoted(words: str) -> str:
    """As the value of an attribute."""
    return words.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")


def _own() -> str:
    return (ROOT / "bpmn" / "processes" / f"{KEY}.bpmn").read_text("utf-8")


def named() -> bytes:
    """Script in everything that people read; it can still be executed, and be published."""
    names = ("授信审批", "审批复核", "复核结果", "合作银行", "协议已落实", "确认", "银行审批放款")
    words = _own()
    for n, name in enumerate(names):
        assert f'name="{name}"' in words, name
        words = words.replace(f'name="{name}"', f'name="{quoted((SCRIPT, IMAGE)[n % 2])}"')
    notes = "<bpmn:documentation>"
    return words.replace(notes, notes + quoted(IMAGE)).encode()


def poisoned() -> bytes:
    """Beside that: script in values, addresses of other hosts, styles that fetch."""
    link = f"javascript:window.hacked=1;{AWAY}"
    changes = {
        'value="approval_period"': f'value="{quoted(IMAGE)}"',
        'camunda:formKey="bank_decision"': f'camunda:formKey="{link}"',
        'camunda:candidateGroups="bank:maker"': f'camunda:candidateGroups="{quoted(SCRIPT)}"',
        'value="J3.4"': f'value="{link}"',
        "=decision_route</camunda": f"={quoted(IMAGE)}</camunda",
        'bpmnElement="approve_loan"': f'bpmnElement="approve_loan" bioc:fill="url({AWAY}/a#x)" '
        f'bioc:stroke="red;background:url({AWAY}/b)"',
        "<bpmn:definitions ": f'<?xml-stylesheet href="{AWAY}/x.xsl" type="text/xsl"?>\n'
        '<bpmn:definitions xmlns:bioc="http://bpmn.io/schema/bpmn/biocolor/1.0" ',
    }
    words = named().decode()
    for before, after in changes.items():
        assert before in words, before
        words = words.replace(before, after)
    return words.encode()


@dataclass
class Watched:
    """A page, and what must not happen on it."""

    page: Page
    site: Site
    dialogs: list[str] = field(default_factory=list)
    hosts: set[str] = field(default_factory=set)

    def harmless(self) -> None:
        """Nothing ran, nothing asked, nothing was fetched from elsewhere."""
        self.page.wait_for_timeout(300)
        assert self.page.evaluate("window.hacked") is None, self.page.url
        assert self.dialogs == []
        assert self.hosts <= {urlsplit(self.site.url).netloc}, self.hosts
        assert (
            self.page.locator("img[src=x], [onerror], [onload], a[href^='javascript']").count() == 0
        )

    def visit(self, path: str) -> None:
        answer = self.page.goto(f"{self.site.url}{path}")
        assert answer is not None
        assert answer.status == 200, path
        self.harmless()


@pytest.fixture
def watched(browser: Browser, bureau: Bureau) -> Iterator[Watched]:
    context = browser.new_context(locale="zh-CN", viewport={"width": 1366, "height": 768})
    found = Watched(context.new_page(), bureau.site)

    def asked(dialog: Dialog) -> None:
        found.dialogs.append(dialog.message)
        dialog.dismiss()

    def sent(request: Request) -> None:
        if not request.url.startswith(("data:", "blob:")):
            found.hosts.add(urlsplit(request.url).netloc)

    found.page.on("dialog", asked)
    context.on("request", sent)
    yield found
    context.close()


def test_a_poisoned_file_harms_no_page_of_its_owner(watched: Watched) -> None:
    page, site = watched.page, watched.site
    sign_in(page, site, "owner")
    upload(page, site, poisoned())
    expect(page.locator("main [role=status]").first).to_contain_text("已存入草稿")
    draft = urlsplit(page.url).path
    watched.visit(draft)
    watched.visit(f"{draft}/compare")
    watched.visit(f"/studio/processes/{KEY}")
    watched.visit(f"{draft}/edit")
    drawn(page)
    for element in page.evaluate(
        "danbaoModeler.get('elementRegistry').getAll().map(one => one.id)"
    ):
        page.evaluate(CHOOSE, element)
    page.get_by_role("tab").last.click()
    watched.harmless()
    expect(page.locator("#db-find")).to_contain_text("<script>")
    with page.expect_download() as taken:
        page.locator("a", has_text="下载").first.click()
    assert taken.value.suggested_filename.endswith(".bpmn")
    watched.harmless()


def test_published_names_harm_no_page_of_the_staff(watched: Watched, bureau: Bureau) -> None:
    with unit_of_work(bureau.site.factory) as session:
        files = [_as(one) for one in read_files(ROOT / "bpmn")]
        publish(session, files, SYSTEM, bureau.world.now, "换名称")
    case = bureau.case()
    item = bureau.world.open_tasks(f"case:{case.id}")[0].id
    page, site = watched.page, watched.site
    sign_in(page, site, "bank-maker")
    for path in ("/inbox", f"/tasks/{item}", f"/tasks/{item}/diagram", f"/cases/{case.id}",
                 f"/cases/{case.id}/path", "/cases"):  # fmt: skip
        watched.visit(path)
    page.goto(f"{site.url}/tasks/{item}")
    page.locator("summary", has_text="流程图").click()
    expect(page.locator("#path svg.bp")).to_contain_text("<script>")
    watched.harmless()


def _as(one: SourceFile) -> SourceFile:
    return SourceFile(one.kind, one.key, one.name, named()) if one.key == KEY else one


def _large(many: int) -> bytes:
    """A process of many tasks in a row."""
    row = range(many)
    tasks = "".join(f'<bpmn:manualTask id="t{n}"/>' for n in row)
    flows = "".join(
        f'<bpmn:sequenceFlow id="f{n}" sourceRef="t{n}" targetRef="t{n + 1}"/>' for n in row[:-1]
    )
    shapes = "".join(
        f'<bpmndi:BPMNShape id="s{n}" bpmnElement="t{n}"><dc:Bounds x="{n % 70 * 130}" '
        f'y="{n // 70 * 110}" width="100" height="80"/></bpmndi:BPMNShape>'
        for n in row
    )
    opening = _own().split("<bpmn:collaboration")[0]
    return (
        f'{opening}<bpmn:process id="{KEY}" isExecutable="true">{tasks}{flows}</bpmn:process>'
        f'<bpmndi:BPMNDiagram id="d"><bpmndi:BPMNPlane id="p" bpmnElement="{KEY}">{shapes}'
        "</bpmndi:BPMNPlane></bpmndi:BPMNDiagram></bpmn:definitions>"
    ).encode()


def test_a_file_of_five_thousand_elements_is_refused_and_one_of_two_thousand_opens(
    watched: Watched,
) -> None:
    page, site = watched.page, watched.site
    sign_in(page, site, "owner")
    upload(page, site, _large(5_000))
    expect(page.locator("main [role=alert]").first).to_contain_text("最多3000个")
    upload(page, site, _large(2_000))
    expect(page.locator("main [role=status]").first).to_contain_text("已存入草稿")
    watched.visit(f"{urlsplit(page.url).path}/edit")
    drawn(page)
