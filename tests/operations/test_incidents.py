"""What staff do with a failure, who may, and what must not happen."""

from collections.abc import Callable

import pytest
from sqlalchemy import select

from engine.audit.verify import verify
from engine.errors import Conflict, InvalidInput, NotAllowed, NotFound, RuleRefused
from engine.models import AuditEvent, GuaranteeCase, Whitelist, WorkItem
from engine.operations import incidents
from engine.operations.move_rules import EFFECTS
from engine.people import SYSTEM, Actor
from engine.queries import incidents as queries
from engine.runtime.context import operations
from engine.text import text
from tests.imports.builders import row
from tests.operations.breaking import QUEUE, Broken, incident_of, stuck_case
from tests.operations.subsidised import began
from tests.operations.world import World, office, person


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> Broken:
    return Broken(monkeypatch, QUEUE, ValueError("boom"))


@pytest.fixture
def case(world: World, broken: Broken) -> GuaranteeCase:
    return stuck_case(world)


Act = Callable[[World, int, Actor], object]
ACTS: dict[str, Act] = {
    "retry": lambda w, key, who: incidents.retry(w.session, key, who, w.now),
    "edit": lambda w, key, who: incidents.retry_with(
        w.session, key, who, {"case_id": "1"}, "x", w.now
    ),
    "skip": lambda w, key, who: incidents.skip(w.session, key, who, {}, "x", w.now),
    "end": lambda w, key, who: incidents.end_case(w.session, key, who, "x", w.now),
}


def admin(world: World, code: str = "finance") -> Actor:
    return person(world.session, world[code].org, f"{code}-admin", "admin")


def test_a_stuck_case_does_not_look_finished(world: World, case: GuaranteeCase) -> None:
    assert world.open_tasks(f"case:{case.id}") == []
    assert (case.status, case.stage) == ("OPEN", 2)
    assert case.instance_id is not None
    assert queries.troubled(world.session, [case.instance_id]) == {case.instance_id}


def test_the_head_tries_again_and_the_case_goes_on(
    world: World, case: GuaranteeCase, broken: Broken
) -> None:
    head = world["finance"].head
    found = incident_of(world)
    tried = incidents.retry(world.session, found.id, head, world.now)
    assert (tried.done, found.attempts, found.status) == (False, 2, "RETRYING")
    broken.mend()
    assert incidents.retry(world.session, found.id, head, world.now).done
    lists = world.session.scalars(select(Whitelist)).all()
    assert len(lists) == 1, "待发布白名单只开一份"
    assert world.task(f"whitelist:{lists[0].id}", "compile_release")
    assert (found.status, found.resolution) == ("RESOLVED", "RETRIED")
    assert found.resolved_by == head.person_id
    assert world.actions(f"case:{case.id}").count("incident.retried") == 2
    with pytest.raises(Conflict, match="已经处理"):
        incidents.retry(world.session, found.id, head, world.now)
    assert broken.calls == 3
    assert verify(world.session).ok


def test_who_may_and_who_may_not(world: World, case: GuaranteeCase) -> None:
    key = incident_of(world).id
    other = office(world.session, "minhang", "闵行区财政局", "FINANCE", district_code="310112")
    foreign = person(world.session, other.org, "mh-admin", "admin")
    for act in ACTS.values():
        for who in (foreign, other.head, world["bank"].head, world["kewei"].head):
            with pytest.raises(NotFound):
                act(world, key, who)
        for who in (world["finance"].maker, world["nanxiang"].head, admin_of_referrer(world)):
            with pytest.raises(NotAllowed):
                act(world, key, who)
    assert incident_of(world).attempts == 1, "没有人动过"
    platform = office(world.session, "ops", "平台", "PLATFORM")
    for who in (admin(world), person(world.session, platform.org, "root", "admin")):
        assert incidents.retry(world.session, key, who, world.now).incident.id == key
    with pytest.raises(NotAllowed):
        incidents.retry(world.session, key, platform.maker, world.now)
    assert not incidents.sees_traceback(world["finance"].head)
    assert incidents.sees_traceback(admin_again(world))
    assert not incidents.sees_traceback(admin_of_referrer(world))


def admin_again(world: World) -> Actor:
    one = world["finance"]
    return Actor(one.maker.person_id, one.org.id, "a", frozenset({"admin"}), "FINANCE")


def admin_of_referrer(world: World) -> Actor:
    one = world["nanxiang"]
    return Actor(one.maker.person_id, one.org.id, "a", frozenset({"admin"}), "REFERRER")


def test_ids_are_changed_by_the_platform_only_and_the_change_is_on_record(
    world: World, case: GuaranteeCase, broken: Broken
) -> None:
    found = incident_of(world)
    head = world["finance"].head
    for given in ({"case_id": "999"}, {"other": "1"}):
        with pytest.raises(InvalidInput):
            incidents.retry_with(world.session, found.id, head, given, "改", world.now)
    platform = office(world.session, "ops", "平台", "PLATFORM")
    root = person(world.session, platform.org, "root", "admin")
    with pytest.raises(InvalidInput):
        incidents.retry_with(world.session, found.id, root, {"case_id": "x1"}, "改", world.now)
    with pytest.raises(InvalidInput):
        incidents.retry_with(world.session, found.id, root, {"case_id": "999"}, " ", world.now)
    tried = incidents.retry_with(world.session, found.id, root, {"case_id": "999"}, "改", world.now)
    assert (tried.done, found.inputs) == (False, {"case_id": 999})
    broken.mend()
    back = {"case_id": str(case.id)}
    assert incidents.retry_with(world.session, found.id, root, back, "改回", world.now).done
    assert (found.resolution, found.reason) == ("EDITED", "改回")
    edits = world.session.scalars(
        select(AuditEvent).where(AuditEvent.action == "incident.edited").order_by(AuditEvent.seq)
    ).all()
    assert [one.reason for one in edits] == ["改", "改回"]
    assert edits[0].before == {"inputs": {"case_id": case.id}}
    assert verify(world.session).ok


def test_a_skipped_step_is_not_done_and_the_case_goes_on(
    world: World, case: GuaranteeCase, broken: Broken
) -> None:
    found, head = incident_of(world), world["finance"].head
    calls = broken.calls
    with pytest.raises(InvalidInput):
        incidents.skip(world.session, found.id, head, {"nonsense": "1"}, "x", world.now)
    with pytest.raises(InvalidInput):
        incidents.skip(world.session, found.id, head, {}, "", world.now)
    incidents.skip(world.session, found.id, head, {}, "已在系统外登记", world.now)
    assert broken.calls == calls
    assert (found.resolution, found.reason) == ("SKIPPED", "已在系统外登记")
    row = world.session.scalars(
        select(AuditEvent).where(AuditEvent.action == "incident.skipped")
    ).one()
    assert (row.reason, row.actor_id) == ("已在系统外登记", head.person_id)
    assert case.status == "OPEN"
    assert verify(world.session).ok


def test_routing_values_are_of_the_declared_kind(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    Broken(monkeypatch, "screening.run_checks", ValueError("boom"))
    world.send("nanxiang", row())
    found, head = incident_of(world), world["finance"].head
    for given in ({"authorisation_present": "maybe"}, {"review_result": "REJECTED"}):
        with pytest.raises(InvalidInput):
            incidents.skip(world.session, found.id, head, given, "x", world.now)
    assert found.status == "RETRYING"
    given = {"authorisation_present": "true", "review_result": ""}
    incidents.skip(world.session, found.id, head, given, "人工核查过", world.now)
    case = world.session.scalars(select(GuaranteeCase)).one()
    assert [item.element_id for item in world.open_tasks(f"case:{case.id}")] == ["first_review"]


def test_ending_closes_the_case_and_everything_of_it(world: World, case: GuaranteeCase) -> None:
    found, head = incident_of(world), world["finance"].head
    with pytest.raises(InvalidInput):
        incidents.end_case(world.session, found.id, head, " ", world.now)
    incidents.end_case(world.session, found.id, head, "企业已注销", world.now)
    world.session.commit()
    assert case.status == "WITHDRAWN"
    assert (incident_of(world).resolution, incident_of(world).reason) == ("ENDED", "企业已注销")
    assert world.open_tasks(f"case:{case.id}") == []
    actions = world.actions(f"case:{case.id}")
    assert {"incident.ended", "instance.cancelled", "case.withdrawn"} <= set(actions)
    with pytest.raises(Conflict):
        incidents.retry(world.session, found.id, head, world.now)
    assert verify(world.session).ok


def test_what_a_rule_says_to_the_system_is_kept_in_its_words(
    world: World, broken: Broken, case: GuaranteeCase
) -> None:
    broken.error = RuleRefused("full", text("名单已满{n}件", n=3))
    found = incident_of(world)
    tried = incidents.retry(world.session, found.id, SYSTEM, world.now)
    assert not tried.done
    assert found.message == {"template": "名单已满{n}件", "params": {"n": 3}}


def test_the_list_shows_ones_own_district(world: World, case: GuaranteeCase) -> None:
    other = office(world.session, "minhang", "闵行区财政局", "FINANCE", district_code="310112")
    for who in (world["finance"].head, admin(world)):
        assert queries.unsettled_count(world.session, who) == 1
        assert queries.page(world.session, who, None).total == 1
    for who in (other.head, world["finance"].maker, world["bank"].head):
        assert queries.unsettled_count(world.session, who) == 0
        assert queries.page(world.session, who, None).rows == []
    assert world.session.scalars(select(WorkItem).where(WorkItem.status == "OPEN")).all() == []


@pytest.mark.parametrize("given", [{}, {"subsidy_rows": "0"}])
def test_what_money_rests_on_is_not_skipped(
    world: World, monkeypatch: pytest.MonkeyPatch, given: dict[str, str]
) -> None:
    mended = Broken(monkeypatch, "subsidies.calculate", ValueError("boom"))
    office(world.session, "treasury", "区国库", "TREASURY")
    batch = began(world)
    found, head = incident_of(world), world["finance"].head
    with pytest.raises(RuleRefused, match="不能跳过"):
        incidents.skip(world.session, found.id, head, given, "已在系统外核算", world.now)
    assert (found.status, found.reason) == ("RETRYING", None)
    assert world.open_tasks(f"subsidy:{batch.id}") == []
    mended.mend()
    assert incidents.retry(world.session, found.id, head, world.now).done


def test_only_known_operations_are_kept_from_being_skipped() -> None:
    assert operations().keys() >= EFFECTS
