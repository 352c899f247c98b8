"""Selections on pages: sealed until closed, blind until all have scored, open in the end."""

import pytest

from engine.models import BankSelection, Score, WorkItem
from engine.operations.selection import start_selection
from tests.operations.banking import district
from tests.operations.selecting import (
    announce,
    apply_all,
    appoint,
    bid,
    bids,
    own,
    place,
    score,
)
from tests.operations.world import PROGRAMME, World
from tests.web.conftest import SignIn

MARKS = {"bank": "91.23", "bank2": "70", "bank3": "83.45"}


@pytest.fixture
def town(world: World) -> World:
    return district(world)


@pytest.fixture
def selection(town: World) -> BankSelection:
    centre = town["centre"].org.id
    return start_selection(town.session, centre, PROGRAMME, town["finance"].maker, town.now)


def path(selection: BankSelection) -> str:
    return f"/banks/selections/{selection.id}"


def test_bids_are_sealed_until_the_closing(
    town: World, selection: BankSelection, sign_in: SignIn
) -> None:
    announce(town, selection)
    bid(town, selection, "bank", branch="嘉定支行甲")
    town.session.commit()
    for reader in (town["finance"].maker, town["finance"].head, town["centre"].head):
        page = sign_in(reader).page(path(selection))
        assert "嘉定支行甲" not in page
        assert "50,000.00" not in page
        assert "申请还没有截止" in page
    assert "嘉定支行甲" in sign_in(town["bank"].maker).page(path(selection))


def test_a_bank_never_sees_another_banks_bid_or_a_selection_it_was_not_invited_to(
    town: World, selection: BankSelection, sign_in: SignIn
) -> None:
    announce(town, selection)
    bid(town, selection, "bank", branch="嘉定支行甲")
    bid(town, selection, "bank2", branch="南翔支行乙")
    bid(town, selection, "bank3", branch="安亭支行丙")
    town.session.commit()
    page = sign_in(town["bank2"].maker).page(path(selection))
    assert "南翔支行乙" in page
    assert "嘉定支行甲" not in page
    assert "申城银行" not in page
    stranger = sign_in(town["bank4"].maker)
    assert stranger.get(path(selection)).status_code == 404
    assert selection.title not in stranger.page("/banks/")
    done = own_done(town, selection, "bank")
    assert sign_in(town["bank2"].maker).get(f"/tasks/{done}").status_code == 404


def own_done(town: World, selection: BankSelection, bank: str, element: str = "apply") -> int:
    """The id of an organisation's task, done or not."""
    query = town.session.query(WorkItem.id).filter_by(
        instance_id=selection.instance_id, element_id=element, org_id=town[bank].org.id
    )
    return int(query.one()[0])


def test_the_bureau_learns_nothing_sealed_or_blind_from_the_tasks_of_others(
    town: World, selection: BankSelection, sign_in: SignIn
) -> None:
    announce(town, selection)
    bid(town, selection, "bank", branch="嘉定支行甲")
    town.session.commit()
    head = sign_in(town["finance"].head)
    assert "嘉定支行甲" not in head.page(f"/tasks/{own_done(town, selection, 'bank')}")
    bid(town, selection, "bank2")
    bid(town, selection, "bank3")
    scorers = appoint(town, selection)
    score(town, selection, scorers[1], MARKS)
    town.session.commit()
    done = own_done(town, selection, "centre", "score")
    assert "91.23" not in head.page(f"/tasks/{done}")


def test_marks_stay_hidden_until_every_scorer_has_submitted(
    town: World, selection: BankSelection, sign_in: SignIn
) -> None:
    announce(town, selection)
    apply_all(town, selection)
    first, second, third = appoint(town, selection)
    score(town, selection, first, MARKS)
    score(town, selection, second, MARKS)
    town.session.commit()
    readers = (town["finance"].head, town["finance"].checker, third, town["centre"].head)
    for reader in readers:
        page = sign_in(reader).page(path(selection))
        assert "91.23" not in page
        assert "83.45" not in page
        assert "2 / 3人已提交" in page
    task = own(town, selection, "score", third)
    assert "91.23" not in sign_in(third).page(f"/tasks/{task}")
    score(town, selection, third, MARKS)
    town.session.commit()
    page = sign_in(town["finance"].head).page(path(selection))
    assert "91.23" in page
    assert "入选" in page
    bank = sign_in(town["bank"].maker).page(path(selection))
    assert "91.23" not in bank
    assert "入选" not in bank


def test_a_scorer_scores_on_the_sheet_and_what_is_wrong_is_said_beside_it(
    town: World, selection: BankSelection, sign_in: SignIn
) -> None:
    announce(town, selection)
    apply_all(town, selection)
    first = appoint(town, selection)[0]
    town.session.commit()
    task = f"/tasks/{own(town, selection, 'score', first)}"
    scorer, found = sign_in(first), bids(town, selection)
    codes = [str(one["code"]) for one in selection.criteria]
    marks = {f"mark_{found[b].id}_{c}": "80" for b in ("bank", "bank2") for c in codes}
    sheet = scorer.page(task)
    assert all(f'name="mark_{found["bank3"].id}_{code}"' in sheet for code in codes)
    wrong = scorer.post(task, task, conflict="NONE", **marks)
    assert wrong.status_code == 422
    assert 'value="80"' in wrong.text
    assert "打0至100分" in wrong.text
    assert "嘉定农商行 承诺额度：" in wrong.text
    done = scorer.post(
        task, task, conflict="NONE", **marks, **{f"conflict_{found['bank3'].id}": "on"}
    )
    assert done.status_code == 303
    kept = {one.bid_id: one for one in town.session.query(Score)}
    assert kept[found["bank3"].id].conflict
    assert str(kept[found["bank"].id].total) == "80.00"


def test_only_the_scorers_of_this_bureau_and_the_guarantors_are_offered(
    town: World, selection: BankSelection, sign_in: SignIn
) -> None:
    town._add("mhfinance", "闵行区财政局", "FINANCE", district_code="310112")
    announce(town, selection)
    apply_all(town, selection)
    town.session.commit()
    task = town.task(place(selection), "appoint_scorers")
    page = sign_in(town["finance"].maker).page(f"/tasks/{task.id}")
    assert "finance-maker（区财政局）" in page
    assert "jdg-maker（嘉定担保）" in page
    assert "闵行区财政局" not in page
    assert "bank-maker（" not in page


def test_after_publication_a_bank_sees_who_was_chosen_and_its_own_marks_only(
    town: World, selection: BankSelection, sign_in: SignIn
) -> None:
    announce(town, selection)
    apply_all(town, selection)
    for scorer in appoint(town, selection):
        score(town, selection, scorer, MARKS)
    for element, office in (("approve_institution", "centre"), ("approve_selection", "finance")):
        town.do(place(selection), element, town[office].head, outcome="APPROVE", note="同意")
    town.session.commit()
    page = sign_in(town["bank2"].maker).page(path(selection))
    assert "入选2家" in page
    assert "申城银行、嘉定农商行" in page
    assert "70.00" in page
    assert "91.23" not in page


def test_a_selection_is_begun_by_the_bureaus_maker_only(town: World, sign_in: SignIn) -> None:
    given = {"guarantor": town["jdg"].org.id, "programme": PROGRAMME}
    bank = sign_in(town["bank"].maker)
    assert bank.post("/banks/selections/new", "/banks/", **given).status_code == 403
    maker = sign_in(town["finance"].maker)
    assert maker.client.post("/banks/selections/new", data=given).status_code == 400
    answer = maker.post("/banks/selections/new", "/banks/selections/new", **given)
    made = town.session.query(BankSelection).one()
    assert answer.status_code == 303
    assert answer.location == f"/tasks/{town.task(place(made), 'announce').id}"
    assert made.title in maker.page("/banks/")


def test_a_bid_taken_back_is_offered_again_as_it_was(
    town: World, selection: BankSelection, sign_in: SignIn
) -> None:
    announce(town, selection)
    bid(town, selection, "bank", branch="嘉定支行甲")
    town.session.commit()
    maker = sign_in(town["bank"].maker)
    task = f"/tasks/{own_done(town, selection, 'bank')}"
    assert maker.post(f"{task}/take-back", task).status_code == 303
    page = maker.page(task)
    assert all(f'value="{said}"' in page for said in ("嘉定支行甲", "50,000.00", "2.9", "0.8"))
    assert "嘉定支行甲" not in sign_in(town["finance"].head).page(task)


def test_a_bank_that_applies_is_not_told_who_else_is_asked(
    town: World, selection: BankSelection, sign_in: SignIn
) -> None:
    announce(town, selection)
    bid(town, selection, "bank3")
    town.session.commit()
    maker = sign_in(town["bank"].maker)
    path_ = f"/tasks/{own(town, selection, 'apply', town['bank'].maker)}"
    answer = maker.post(path_, path_, outcome="DECLINE", note="本轮不参加")
    assert answer.status_code == 303
    for page in (maker.page(answer.location), maker.page(path_)):
        assert "浦江银行" not in page
        assert "嘉定农商行" not in page
