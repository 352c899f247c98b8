"""Two versions side by side: what differs comes first, and leads to its place in both pictures."""

import re

from engine.models import Draft
from engine.operations import draft_saving
from tests.operations.drafting import TAB, owner
from tests.operations.world import World
from tests.web.referrals.conftest import SignIn
from tests.web.studio.test_pages import begun
from tests.web.visitor import Visitor

PROPERTY = '<camunda:property name="{}" value="{}" />'


def compared(world: World, visitor: Visitor, *changes: tuple[str, str]) -> str:
    """The page that compares a draft, changed so, with the version in force."""
    draft = world.session.query(Draft).one_or_none() or begun(world)
    source = draft.source.decode()
    for old, new in changes:
        assert old in source, old
        source = source.replace(old, new, 1)
    if changes:
        author, content = owner(world), source.encode()
        draft_saving.save(world.session, draft.id, draft.revision, TAB, content, author, world.now)
        world.session.commit()
    return visitor.page(f"/studio/drafts/{draft.id}/compare")


def test_values_are_told_in_the_words_of_the_panel(world: World, sign_in: SignIn) -> None:
    page = compared(
        world,
        sign_in(owner(world)),
        ('camunda:formKey="bank_decision" camunda:candidateGroups="bank:maker"',
         'camunda:formKey="filing" camunda:candidateGroups="finance:checker"'),
        (PROPERTY.format("deadline", "approval_period"), PROPERTY.format("deadline", "P5D")),
        (PROPERTY.format("operation", "loans.record_decision"),
         PROPERTY.format("operation", "loans.record_material")),
        (PROPERTY.format("clause", "J3.4"), PROPERTY.format("clause", "J4.2")),
        ('camunda:decisionRef="loan_route"', 'camunda:decisionRef="loan_ceiling"'),
        ('=due("disbursement_period")', '=due("filing_period")'),
    )  # fmt: skip
    page = page[: page.index("app-panes")]
    words = " ".join(re.sub(r"<[^>]+>", "", page).split())
    for one in (
        "“授信审批”的承办 合作银行经办→区财政局复核",
        "→5日",
        "参数“授信审批”（",
        "J3.4 三（四）→J4.2",
        "→参数“报送备案”（",
    ):
        assert one in words, one
    for code in ("bank:maker", "loans.record", "approval_period"):
        assert code not in page


def test_each_difference_leads_to_its_element_in_the_pictures_that_have_it(
    world: World, sign_in: SignIn
) -> None:
    name = 'id="approve_check" name="审批复核"'
    more = '<bpmn:textAnnotation id="note"><bpmn:text>看</bpmn:text></bpmn:textAnnotation>'
    page = compared(
        world,
        sign_in(owner(world)),
        (name, name.replace("审批复核", "授信复核")),
        ("</bpmn:process>", f"{more}</bpmn:process>"),
    )
    links = re.findall(r'href="#((?:old|new)-[^"]+)"', page)
    assert links == ["old-approve_check", "new-approve_check"], "the note is not drawn"
    for link in links:
        assert page.count(f' id="{link}"') == 1
    assert page.index("app-diffs") < page.index("app-panes")
    marked = re.findall(r'<g class="bp-node bp-task is-changed" data-element="(\w+)"', page)
    assert marked == ["approve_check", "approve_check"]
    legend = page[page.index("app-legend") : page.index("app-panes")]
    assert "已改" in legend
    assert "移动" not in legend


def test_what_does_not_differ_says_so(world: World, sign_in: SignIn) -> None:
    visitor = sign_in(owner(world))
    same = compared(world, visitor)
    assert "草稿与v1没有不同" in same
    assert "图上的位置也没有变" in same
    assert same.count('class="db-diagram"') == 1
    moved = compared(world, visitor, ('x="410" y="145"', 'x="411" y="145"'))
    assert "内容都相同，只有图上的位置不同" in moved
    assert moved.count('class="db-diagram"') == 2
