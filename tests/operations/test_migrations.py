"""A step more in the bank's approval: cases before it, at it and beyond it all go their way."""

from dataclasses import replace

import pytest
from sqlalchemy import select

from engine.audit.verify import verify_chain
from engine.config import ROOT
from engine.models import GuaranteeCase, Instance
from engine.operations.migration_batches import ask_migration
from engine.operations.migration_preview import preview
from engine.operations.migrations import migrate, undo
from engine.people import SYSTEM
from engine.runtime.definitions import publish, read_files
from tests.operations.banking import (
    at,
    check_payment,
    confirm,
    decide,
    district,
    pay_out,
    sign,
    subject,
)
from tests.operations.test_whole_way import accept, file, whitelisted
from tests.operations.world import World

STEP = """<bpmn:userTask id="approve_head" name="行长审定" camunda:formKey="review_check"
 camunda:candidateGroups="bank:head"><bpmn:extensionElements><camunda:properties>
<camunda:property name="deadline" value="approval_period" />
<camunda:property name="clock" value="approval" /></camunda:properties></bpmn:extensionElements>
</bpmn:userTask><bpmn:sequenceFlow id="flow_head" sourceRef="approve_head"
 targetRef="weigh_decision" />"""
DRAWN = """<bpmndi:BPMNShape id="approve_head_di" bpmnElement="approve_head">
<dc:Bounds x="990" y="280" width="100" height="60" /></bpmndi:BPMNShape>
<bpmndi:BPMNEdge id="flow_head_di" bpmnElement="flow_head"><di:waypoint x="1040" y="340" />
<di:waypoint x="1040" y="405" /></bpmndi:BPMNEdge>"""
LINE_END = '<di:waypoint x="1040" y="405" />'
CONFIRMED = 'sourceRef="gw_approve_check" targetRef="weigh_decision"'


@pytest.fixture
def town(world: World) -> World:
    """A district with a bank that has an agreement."""
    district(world)
    for bank in ("bank", "bank2", "bank3"):
        sign(world, bank)
    world.session.commit()
    return world


def with_the_head(world: World) -> int:
    """Publish bpmn/ with one step more before the bank's result is settled."""
    files = read_files(ROOT / "bpmn")
    for place, one in enumerate(files):
        if one.key == "bank_approval":
            source = one.source.decode().replace(
                CONFIRMED, CONFIRMED.replace("weigh_decision", "approve_head")
            )
            source = source.replace("</bpmn:process>", STEP + "</bpmn:process>")
            source = source.replace(LINE_END, LINE_END.replace("405", "280"))
            source = source.replace("</bpmndi:BPMNPlane>", DRAWN + "</bpmndi:BPMNPlane>")
            files[place] = replace(one, source=source.encode())
    now = world.now.replace(hour=world.now.hour + 1)
    return publish(world.session, files, SYSTEM, now, "加行长审定").deployment_id


def instance(world: World, case: GuaranteeCase) -> Instance:
    query = select(Instance).where(Instance.subject == subject(case))
    return world.session.scalars(query).one()


def at_approval(world: World) -> GuaranteeCase:
    case = whitelisted(world)
    accept(world, case)
    return case


def move(world: World, to: int, *cases: GuaranteeCase) -> list[int]:
    ids = [instance(world, case).id for case in cases]
    batch = ask_migration(world.session, "bank_approval", ids, to, SYSTEM, "加行长审定", world.now)
    return [migrate(world.session, one, to, SYSTEM, batch, world.now).id for one in ids]


def test_cases_before_at_and_after_the_new_step_go_on(town: World) -> None:
    before, checking, paying, filing = (at_approval(town) for _ in range(4))
    for case in (checking, paying, filing):
        decide(town, case)
    for case in (paying, filing):
        confirm(town, case)
    pay_out(town, filing)
    check_payment(town, filing)
    to = with_the_head(town)
    found = preview(town.session, "bank_approval", SYSTEM)
    told = {group.places: [str(one) for one in group.effects] for group in found.groups}
    assert [group.can for group in found.groups] == [True] * len(found.groups)
    assert told["授信审批",] == ["将经过新增的“行长审定”"]
    assert told["审批复核",] == ["将经过新增的“行长审定”"]
    due = {case.id: town.open_tasks(subject(case))[0].due_at for case in (before, checking)}
    move(town, to, before, checking, paying, filing)
    assert {case.id: town.open_tasks(subject(case))[0].due_at for case in (before, checking)} == due
    decide(town, before)
    for case in (before, checking):
        confirm(town, case)
        town.do(subject(case), "approve_head", at(town, case).head, outcome="CONFIRM")
        pay_out(town, case)
        check_payment(town, case)
    pay_out(town, paying)
    check_payment(town, paying)
    for case in (before, checking, paying, filing):
        file(town, case)
        assert verify_chain(town.session, subject(case)).ok
    assert [case.stage for case in (before, checking, paying, filing)] == [7, 7, 7, 7]


def test_a_case_that_is_moved_back_never_meets_the_new_step(town: World) -> None:
    case = at_approval(town)
    state = bytes(instance(town, case).state)
    (migration,) = move(town, with_the_head(town), case)
    undo(town.session, migration, SYSTEM, "暂缓", town.now)
    assert instance(town, case).state == state
    decide(town, case)
    confirm(town, case)
    assert [item.element_id for item in town.open_tasks(subject(case))] == ["disburse"]
