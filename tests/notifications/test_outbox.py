"""Who is told what, in one mail and not in eighty."""

import re
import threading
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from engine.config import Settings
from engine.db import unit_of_work
from engine.events import emit
from engine.jobs.deadlines import sweep_deadlines
from engine.models import DeadlineKind, DomainEvent, Enterprise, GuaranteeCase, OutboxMail, WorkItem
from engine.models.people import Role
from engine.operations.account_link import account_token, read_account_token
from notifications.outbox import make_mails
from notifications.render import TEMPLATES, environment
from notifications.rules import KINDS, RULES
from notifications.senders import send_due
from tests.jobs.conftest import NOW, Factory, World, person
from tests.notifications.conftest import Post

AGO = timedelta(minutes=-1)
LATER = NOW + timedelta(minutes=1)


def tell(factory: Factory, kind: str, **payload: object) -> None:
    with unit_of_work(factory) as session:
        emit(session, kind, "case:1", payload, NOW)


def make(factory: Factory, settings: Settings) -> list[OutboxMail]:
    """The mails of one round, in order of address."""
    with unit_of_work(factory) as session:
        known = set(session.scalars(select(OutboxMail.id)))
        make_mails(session, LATER, settings)
    with factory() as session:
        found = session.scalars(select(OutboxMail).order_by(OutboxMail.recipient))
        return [mail for mail in found if mail.id not in known]


def test_eighty_opened_tasks_are_one_mail_to_each_person(
    factory: Factory, settings: Settings, world: World, post: Post
) -> None:
    with unit_of_work(factory) as session:
        person(session, "maker_en", world.bank, Role.MAKER, locale="en")
    for _ in range(80):
        tell(factory, "task_opened", work_item_id=world.item())
    maker, english = make(factory, settings)
    assert (maker.recipient, english.recipient) == (
        "maker@example.gov.cn",
        "maker_en@example.gov.cn",
    )
    assert maker.subject == "【担保通】新待办80件"
    assert "另有30件" in maker.body
    assert english.subject == "【Danbao】80 new tasks"
    assert make(factory, settings) == []
    assert send_due(factory, settings, LATER).sent == 2
    assert len(post.arrived) == 2


def test_a_list_that_opens_little_by_little_is_still_one_mail(
    factory: Factory, settings: Settings, world: World
) -> None:
    added = []
    for second in range(0, 90, 5):
        item_id = world.item()
        with unit_of_work(factory) as session:
            moment = NOW + timedelta(seconds=second)
            if second < 60:
                emit(session, "task_opened", "case:1", {"work_item_id": item_id}, moment)
            added.append(make_mails(session, moment, settings))
    assert sum(added) == 1
    assert added[-3] == 1
    with factory() as session:
        assert session.scalars(select(OutboxMail.subject)).one() == "【担保通】新待办12件"


def test_a_mail_about_one_task_names_it_its_day_and_its_page(
    factory: Factory, settings: Settings, world: World
) -> None:
    item_id = world.item()
    with unit_of_work(factory) as session:
        session.get_one(WorkItem, item_id).due_at = NOW + timedelta(hours=2)
    tell(factory, "task_opened", work_item_id=item_id)
    [mail] = make(factory, settings)
    assert mail.subject == "【担保通】待办：某科技公司 · 授信审批"
    assert "2026年3月2日（周一）前办结，今天到期" in mail.body
    assert f"https://danbao.example.gov.cn/tasks/{item_id}" in mail.body
    assert f'href="https://danbao.example.gov.cn/tasks/{item_id}"' in mail.html


def test_only_people_who_may_do_the_task_are_told(
    factory: Factory, settings: Settings, world: World
) -> None:
    with unit_of_work(factory) as session:
        second = person(session, "second", world.bank, Role.MAKER)
        gone = person(session, "gone", world.bank, Role.MAKER)
        gone.active = False
        person(session, "checker", world.bank, Role.CHECKER)
        person(session, "elsewhere", world.finance, Role.MAKER)
        without = person(session, "without", world.bank, Role.MAKER)
        without.email = ""
    item_id = world.item()
    with unit_of_work(factory) as session:
        session.get_one(WorkItem, item_id).excluded = [world.maker.id]
    tell(factory, "task_opened", work_item_id=item_id)
    assert [mail.recipient for mail in make(factory, settings)] == [second.email]


def test_a_claimed_task_concerns_its_taker_only(
    factory: Factory, settings: Settings, world: World
) -> None:
    with unit_of_work(factory) as session:
        taker = person(session, "taker", world.bank, Role.MAKER)
    item_id = world.item()
    with unit_of_work(factory) as session:
        session.get_one(WorkItem, item_id).assignee_id = taker.id
    tell(factory, "task_urged", work_item_id=item_id, by="李科长")
    [mail] = make(factory, settings)
    assert mail.recipient == taker.email
    assert "催办人：李科长。" in mail.body


def test_a_task_done_meanwhile_is_not_told_any_more(
    factory: Factory, settings: Settings, world: World
) -> None:
    item_id = world.item()
    tell(factory, "task_opened", work_item_id=item_id)
    with unit_of_work(factory) as session:
        session.get_one(WorkItem, item_id).status = "DONE"
    assert make(factory, settings) == []
    with factory() as session:
        assert session.scalars(select(DomainEvent.handled_at)).one() == LATER


def test_escalations_go_to_the_heads(factory: Factory, settings: Settings, world: World) -> None:
    world.item((DeadlineKind.ESCALATE_HEAD, AGO), (DeadlineKind.ESCALATE_FINANCE, AGO))
    sweep_deadlines(factory, NOW)
    finance, head = make(factory, settings)
    assert (finance.recipient, head.recipient) == (
        "finance_head@example.gov.cn",
        "head@example.gov.cn",
    )
    assert "上海银行嘉定支行" in finance.body


def test_an_office_s_shared_mailbox_gets_one_mail(
    factory: Factory, settings: Settings, world: World
) -> None:
    with unit_of_work(factory) as session:
        colleague = person(session, "colleague", world.bank, Role.MAKER)
        colleague.email = "MAKER@example.gov.cn"
    tell(factory, "task_opened", work_item_id=world.item())
    assert len(make(factory, settings)) == 1


def test_rounds_at_once_make_every_mail_once(
    factory: Factory, settings: Settings, world: World
) -> None:
    for _ in range(40):
        tell(factory, "task_opened", work_item_id=world.item())

    def round_() -> None:
        with unit_of_work(factory) as session:
            make_mails(session, LATER, settings)

    threads = [threading.Thread(target=round_) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with factory() as session:
        told = [
            line["url"]
            for mail in session.scalars(select(OutboxMail))
            for line in mail.context["lines"]
        ]
        assert len(told) == len(set(told)) == 40


def test_a_broken_event_waits_a_day_and_stops_no_other(
    factory: Factory, settings: Settings, world: World
) -> None:
    tell(factory, "case_rejected", case_id=999)
    tell(factory, "unheard_of", anything=1)
    tell(factory, "task_opened", work_item_id=world.item())
    assert len(make(factory, settings)) == 1
    unhandled = select(func.count()).where(DomainEvent.handled_at.is_(None))
    with unit_of_work(factory) as session:
        assert session.scalar(unhandled) == 1
        make_mails(session, NOW + timedelta(days=2), settings)
    with factory() as session:
        assert session.scalar(unhandled) == 0


def case(factory: Factory, world: World, **values: object) -> int:
    with unit_of_work(factory) as session:
        enterprise = Enterprise(
            uscc="91310114MA1GT00001",
            name="<b>某科技</b>\r\nBcc: x@y.cn",
            email="finance@firm.example",
            qualifications=[],
            adverse=[],
            updated_at=NOW,
        )
        session.add(enterprise)
        session.flush()
        found = GuaranteeCase(
            case_no="JD-2026-0001",
            programme="JD_KCD",
            enterprise_id=enterprise.id,
            referred_at=NOW,
            category="OTHER",
            need_amount=1,
            need_term=12,
            need_purpose="",
            bank_id=world.bank.id,
        )
        session.add(found)
        session.flush()
        return found.id


def test_what_people_typed_cannot_become_markup_or_headers(
    factory: Factory, settings: Settings, world: World
) -> None:
    tell(factory, "case_assigned", case_id=case(factory, world), bank_id=world.bank.id)
    [mail] = make(factory, settings)
    assert mail.recipient == "maker@example.gov.cn"
    assert "<b>" not in mail.html
    assert "&lt;b&gt;某科技" in mail.html
    assert "\n" not in mail.subject
    assert mail.subject == "【担保通】转来企业：<b>某科技</b> Bcc: x@y.cn"


def test_a_fee_notice_reaches_the_enterprise_without_links_it_cannot_open(
    factory: Factory, settings: Settings, world: World
) -> None:
    tell(factory, "fee_notice", case_id=case(factory, world), fee_due="40000.00")
    firm, bank = make(factory, settings)
    assert firm.recipient == "finance@firm.example"
    assert firm.person_id is None
    assert "40,000.00" in firm.body
    assert "http" not in firm.body
    assert "https://danbao.example.gov.cn/cases/" in bank.body


def test_a_referral_period_is_told_to_the_organisation_s_makers(
    factory: Factory, settings: Settings, world: World
) -> None:
    payload = {"org_id": world.bank.id, "period": "2026-03", "closing_on": "2026-03-25"}
    tell(factory, "referral_opened", **payload)
    [mail] = make(factory, settings)
    assert mail.subject == "【担保通】2026-03需求名单开始编报"
    assert "截止日期：2026年3月25日（周三）" in mail.body


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_kind_has_its_subject_and_its_body(kind: str) -> None:
    for form in ("txt", "html"):
        environment(form).get_template(f"{kind}/subject.txt")
        environment(form).get_template(f"{kind}/body.jinja")


def test_every_template_belongs_to_a_kind_and_is_plain() -> None:
    folders = {path.name for path in TEMPLATES.iterdir() if path.is_dir()}
    assert folders == KINDS
    assert RULES.keys() <= KINDS
    for path in Path(TEMPLATES).rglob("*"):
        if path.is_file():
            assert not re.search("您|！|抱歉|请注意", path.read_text()), path


def test_an_account_link_is_good_for_a_month_and_only_as_it_was_signed() -> None:
    token = account_token("k" * 32, 7, NOW)
    read = read_account_token("k" * 32, token, NOW + timedelta(days=29))
    assert read is not None
    assert read.row_id == 7
    assert read_account_token("k" * 32, token, NOW + timedelta(days=31)) is None
    assert read_account_token("z" * 32, token, NOW) is None
    assert read_account_token("k" * 32, token[:-2] + "xx", NOW) is None
    assert read_account_token("k" * 32, "", NOW) is None
