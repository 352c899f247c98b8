"""An owner changes a rule by publishing its table: the next cases go by it, running ones do not."""

from datetime import timedelta

from sqlalchemy import select

from engine.config import ROOT
from engine.models import GuaranteeCase, WorkItem
from engine.models.running import Evaluation
from engine.operations import tasks
from engine.people import SYSTEM
from engine.runtime.definitions import SourceFile, publish, read_files
from tests.imports.builders import code, row
from tests.operations.banking import at, begin, listed, loan, sign, subject
from tests.operations.world import World

MEDIUM_REVENUE = ("&gt;= 划型界限.revenue_medium", "&gt;= 90000000")
ALWAYS_HEAD = (
    '<outputEntry id="first_review_level_4_out1"><text>"CHECKER"</text>',
    '<outputEntry id="first_review_level_4_out1"><text>"HEAD"</text>',
)
ONE_REFUSAL = ("tried &gt;= max_attempts", "tried &gt;= 1")


def change(world: World, key: str, before: str, after: str) -> None:
    """Publish `bpmn/` with one table changed, as its owner would."""

    def edited(one: SourceFile) -> SourceFile:
        source = one.source.decode()
        assert before in source
        return SourceFile(one.kind, one.key, one.name, source.replace(before, after).encode())

    files = [edited(one) if one.key == key else one for one in read_files(ROOT / "bpmn")]
    world.now += timedelta(minutes=1)
    publish(world.session, files, SYSTEM, world.now, "改规则")
    world.session.commit()


def sent(world: World) -> GuaranteeCase:
    firm = code()
    world.send("nanxiang", row(统一社会信用代码=firm, 从业人员=400, 营业收入=8800))
    return world.case(firm)


def kept(world: World, case: GuaranteeCase, decision: str) -> list[Evaluation]:
    query = select(Evaluation).where(
        Evaluation.subject == subject(case), Evaluation.decision == decision
    )
    return list(world.session.scalars(query.order_by(Evaluation.id)))


def test_the_size_follows_the_table_and_a_running_case_its_own_version(world: World) -> None:
    before = sent(world)
    assert before.size_class == "MEDIUM"
    change(world, "size_class", *MEDIUM_REVENUE)
    after = sent(world)
    assert after.size_class == "SMALL"
    world.review(before, outcome="REJECT", reject_reason="R01", note="重新看过")
    assert before.size_class == "MEDIUM"
    assert [one.result for one in kept(world, before, "size_class")] == ["MEDIUM", "MEDIUM"]


def test_every_check_of_a_table_is_kept_with_its_facts_where_it_was_asked(world: World) -> None:
    case = sent(world)
    (size,) = kept(world, case, "size_class")
    assert (size.inputs["employees"], size.inputs["revenue"]) == ("400", "8800.00")
    assert size.explanation["tables"][-1]["matched"]
    assert size.element_id == kept(world, case, "screening_proposal")[0].element_id != ""
    world.review(case)
    assert kept(world, case, "screening_proposal")[-1].element_id == "first_review"
    (level,) = kept(world, case, "first_review_level")
    assert (level.result, level.element_id) == ("CHECKER", "decide_level")


def test_the_owner_says_which_reviews_the_head_decides_on(world: World) -> None:
    case = sent(world)
    world.review(case)
    assert [one.element_id for one in world.open_tasks(subject(case))] == ["first_check"]
    change(world, "approval", *ALWAYS_HEAD)
    case = sent(world)
    world.review(case)
    assert [one.element_id for one in world.open_tasks(subject(case))] == ["head_opinion"]


def test_the_owner_says_after_how_many_refusals_a_case_is_coordinated(town: World) -> None:
    sign(town, "bank")
    sign(town, "bank2")
    change(town, "bank_routing", *ONE_REFUSAL)
    case = listed(town, prefers="bank")
    begin(town, case)
    maker = at(town, case).maker
    town.do(subject(case), "accept_case", maker, outcome="REFUSE", refuse_reason="AREA")
    assert [one.element_id for one in town.open_tasks(subject(case))] == ["coordinate"]
    assert loan(town, case).attempt == 1


def test_an_opinion_can_be_taken_back_although_a_table_was_asked_after_it(world: World) -> None:
    case = sent(world)
    world.review(case)
    item = world.session.scalars(
        select(WorkItem).where(WorkItem.element_id == "first_review", WorkItem.status == "DONE")
    ).one()
    tasks.take_back(world.session, item.id, world["finance"].maker, world.now)
    assert [one.element_id for one in world.open_tasks(subject(case))] == ["first_review"]
