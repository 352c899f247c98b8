"""Lists: what is taken over, what is not, and what a second upload does."""

from decimal import Decimal

import pytest
from sqlalchemy import func, select

from engine.errors import Conflict, InvalidInput, NotFound, RuleRefused
from engine.imports import ListRefused
from engine.models import Enterprise, GuaranteeCase, ListUpload, ReferralItem
from engine.operations.list_items import add_row, remove_item
from engine.operations.lists import confirm_upload, import_list, upload_list
from tests.imports.builders import code, listed, row, xlsx
from tests.operations.world import NOW, PERIOD, PROGRAMME, World


def items(world: World) -> list[ReferralItem]:
    return list(world.session.scalars(select(ReferralItem).order_by(ReferralItem.id)))


def test_an_uploaded_list_changes_nothing_until_it_is_confirmed(world: World) -> None:
    batch, maker = world.batch("nanxiang"), world["nanxiang"].maker
    data = xlsx(listed(row(), row(融资需求="面议")))
    upload = upload_list(world.session, batch.id, "名单.xlsx", data, maker, NOW)
    assert (len(upload.report["accepted"]), upload.report["refused_rows"]) == (1, [3])
    assert upload.report["refused"][0]["remedy"]["template"]
    assert items(world) == []
    assert world.session.scalar(select(Enterprise)) is None
    assert upload.content == data


def test_only_the_good_rows_of_a_confirmed_list_are_in_the_batch(world: World) -> None:
    done = world.fill("nanxiang", row(融资需求=500), row(期限=48))
    assert (done.added, done.changed, done.unchanged) == (1, (), 0)
    (item,) = items(world)
    assert item.need_amount == Decimal("5000000.00"), "万元 of the heading is stored as 元"
    assert item.enterprise.name == item.row["name"]


def test_confirming_twice_takes_nothing_over_twice(world: World) -> None:
    batch, maker = world.batch("nanxiang"), world["nanxiang"].maker
    data = xlsx(listed(row()))
    upload = upload_list(world.session, batch.id, "名单.xlsx", data, maker, NOW)
    first = confirm_upload(world.session, upload.id, maker, NOW)
    (item,) = items(world)
    remove_item(world.session, item.id, maker, NOW)
    assert confirm_upload(world.session, upload.id, maker, NOW) == first
    assert items(world) == [], "what was taken out stays out"


def test_a_corrected_list_adds_only_what_is_new_and_says_what_it_changed(world: World) -> None:
    same, other = code(), code()
    firm, kept = (
        {"统一社会信用代码": same, "企业名称": "上海示例科技有限公司"},
        row(统一社会信用代码=other),
    )
    world.fill("nanxiang", row(**firm, 融资需求=500), kept)
    done = world.fill("nanxiang", row(**firm, 融资需求=600), kept, row())
    assert (done.added, done.unchanged) == (1, 1)
    assert done.changed[0].fields == ("need_amount",)
    assert len(items(world)) == 3
    assert items(world)[0].need_amount == Decimal("6000000.00")


def test_a_list_in_which_no_row_is_good_cannot_be_confirmed(world: World) -> None:
    with pytest.raises(RuleRefused) as refused:
        world.fill("nanxiang", row(期限=48))
    assert refused.value.code == "list_without_rows"


def test_a_draft_does_not_change_what_is_known_of_an_enterprise(world: World) -> None:
    same = code()
    world.send("nanxiang", row(统一社会信用代码=same, 经营地址="南翔镇一号"))
    world.fill("kewei", row(统一社会信用代码=same, 经营地址="南翔镇二号", 推荐类别="高企"))
    assert world.case(same).enterprise.biz_address == "南翔镇一号"


def test_somebody_elses_batch_is_not_found(world: World) -> None:
    batch, stranger = world.batch("nanxiang"), world["kewei"].maker
    data = xlsx(listed(row()))
    with pytest.raises(NotFound):
        upload_list(world.session, batch.id, "名单.xlsx", data, stranger, NOW)
    mine = upload_list(world.session, batch.id, "名单.xlsx", data, world["nanxiang"].maker, NOW)
    with pytest.raises(NotFound):
        confirm_upload(world.session, mine.id, stranger, NOW)


def test_a_list_that_was_handed_on_takes_no_more_rows(world: World) -> None:
    world.send("nanxiang", row())
    batch = world.session.scalars(select(ReferralItem)).one().batch
    with pytest.raises(Conflict):
        upload_list(
            world.session,
            batch.id,
            "名单.xlsx",
            xlsx(listed(row())),
            world["nanxiang"].maker,
            NOW,
        )
    with pytest.raises(Conflict):
        remove_item(world.session, items(world)[0].id, world["nanxiang"].maker, NOW)


def test_what_is_no_list_is_refused_and_not_kept(world: World) -> None:
    batch = world.batch("nanxiang")
    with pytest.raises(ListRefused):
        upload_list(world.session, batch.id, "a.pdf", b"%PDF-1.7", world["nanxiang"].maker, NOW)


KEYED = {
    "name": "上海录入科技有限公司",
    "category": "街镇推荐",
    "sub_district": "南翔镇",
    "biz_address": "南翔镇示例路1号",
    "industry": "智能装备",
    "employees": "45",
    "revenue": "2600",
    "need_amount": "300",
    "need_term": "12",
    "purpose": "采购原材料",
}


def test_a_keyed_row_is_checked_like_a_listed_one(world: World) -> None:
    batch, maker = world.batch("nanxiang"), world["nanxiang"].maker
    good = {**KEYED, "uscc": code()}
    wrong = {**good, "need_term": "48", "uscc": "123", "phone": ""}
    with pytest.raises(InvalidInput) as refused:
        add_row(world.session, batch.id, wrong, maker, NOW, need_unit="万元")
    assert set(refused.value.fields) == {"need_term", "uscc", "phone"}
    item = add_row(world.session, batch.id, good, maker, NOW, need_unit="万元")
    assert item.need_amount == Decimal("3000000.00")


def test_keying_an_enterprise_twice_is_refused_but_correcting_its_row_is_not(world: World) -> None:
    batch, maker = world.batch("nanxiang"), world["nanxiang"].maker
    good = {**KEYED, "uscc": code()}
    item = add_row(world.session, batch.id, good, maker, NOW, need_unit="万元")
    with pytest.raises(InvalidInput):
        add_row(world.session, batch.id, good, maker, NOW, need_unit="万元")
    changed = {**good, "need_amount": "200"}
    add_row(world.session, batch.id, changed, maker, NOW, need_unit="万元", item_id=item.id)
    assert [each.need_amount for each in items(world)] == [Decimal("2000000.00")]


def test_a_file_can_be_imported_in_one_go(world: World) -> None:
    one = world["nanxiang"]
    data = xlsx(listed(row(), row(期限=48)))
    found = import_list(
        world.session, "名单.xlsx", data, one.org.id, PROGRAMME, PERIOD, one.maker, NOW
    )
    assert found.confirmed is not None
    assert found.confirmed.added == 1
    assert found.batch.batch_no == "JD-RF-202512-nanxiang-1"
    again = import_list(
        world.session, "名单.xlsx", data, one.org.id, PROGRAMME, PERIOD, one.maker, NOW
    )
    assert again.batch.id == found.batch.id
    assert again.confirmed is not None
    assert again.confirmed.unchanged == 1


def test_progress_is_told_while_rows_are_checked(world: World) -> None:
    batch, told = world.batch("nanxiang"), list[tuple[int, int]]()
    data = xlsx(listed(*(row() for _ in range(60))))
    upload_list(
        world.session,
        batch.id,
        "名单.xlsx",
        data,
        world["nanxiang"].maker,
        NOW,
        lambda done, total: told.append((done, total)),
    )
    assert told[-1] == (60, 60)
    assert len(told) > 1
    upload = world.session.scalars(select(ListUpload)).one()
    assert (upload.progress, upload.total) == (60, 60)


def test_two_thousand_rows_are_confirmed_at_once_and_no_case_is_opened(world: World) -> None:
    batch, maker = world.batch("nanxiang"), world["nanxiang"].maker
    data = xlsx(listed(*(row() for _ in range(2000))))
    upload = upload_list(world.session, batch.id, "名单.xlsx", data, maker, NOW)
    assert confirm_upload(world.session, upload.id, maker, NOW).added == 2000
    assert world.session.scalar(select(func.count(Enterprise.id))) == 2000
    assert world.session.scalar(select(func.count(GuaranteeCase.id))) == 0
