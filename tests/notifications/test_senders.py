"""Every mail arrives once, whatever the mail server does meanwhile."""

import email
import threading
from dataclasses import replace
from datetime import timedelta
from email.message import EmailMessage
from email.policy import default

import pytest
from aiosmtpd.controller import Controller
from sqlalchemy import select

from engine.config import Settings
from engine.db import unit_of_work
from engine.errors import Conflict
from engine.models import OutboxMail
from engine.people import SYSTEM
from notifications import queries
from notifications.outbox import resend
from notifications.queries import MailState
from notifications.senders import Sent, send_due
from tests.jobs.conftest import NOW, Factory
from tests.notifications.conftest import Post


def mail(factory: Factory, number: int, **values: object) -> int:
    row = {
        "event_key": f"event:{number}",
        "recipient": f"p{number}@example.gov.cn",
        "template": "task_opened",
        "context": {},
        "subject": f"【担保通】待办{number}",
        "body": "甲：\r\n.\r\n.点开头\r\n",
        "html": "<p>甲</p>",
        "due_at": NOW,
        "created_at": NOW,
        **values,
    }
    with unit_of_work(factory) as session:
        added = OutboxMail(**row)
        session.add(added)
        session.flush()
        return added.id


def parsed(content: bytes) -> EmailMessage:
    return email.message_from_bytes(content, policy=default)


def states(factory: Factory) -> list[str]:
    with factory() as session:
        found = session.scalars(select(OutboxMail).order_by(OutboxMail.id))
        return [queries.state_of(one).value for one in found]


def test_a_mail_arrives_complete_and_once(factory: Factory, settings: Settings, post: Post) -> None:
    mail(factory, 1)
    assert send_due(factory, settings, NOW) == Sent(sent=1)
    assert send_due(factory, settings, NOW) == Sent()
    [(address, content)] = post.arrived
    message = parsed(content)
    assert address == "p1@example.gov.cn"
    assert message["Subject"] == "【担保通】待办1"
    assert message["From"].addresses[0].display_name == "担保通"
    assert message["Message-ID"].endswith("@danbao.example.gov.cn>")
    plain = message.get_body(("plain",))
    assert plain is not None
    assert plain.get_content().splitlines() == ["甲：", ".", ".点开头"]
    assert states(factory) == ["SENT"]


def test_mails_wait_while_the_server_is_down_and_arrive_once_when_it_is_back(
    factory: Factory, settings: Settings, port: int
) -> None:
    for number in range(5):
        mail(factory, number)
    for minute in range(30):
        assert send_due(factory, settings, NOW + timedelta(minutes=minute)).sent == 0
    handler = Post()
    controller = Controller(handler, hostname="127.0.0.1", port=port)
    controller.start()
    for minute in range(30, 60):
        send_due(factory, settings, NOW + timedelta(minutes=minute))
    controller.stop()
    assert sorted(address for address, _ in handler.arrived) == [
        f"p{number}@example.gov.cn" for number in range(5)
    ]
    assert states(factory) == ["SENT"] * 5


def test_a_server_that_is_away_for_a_week_is_given_up(factory: Factory, settings: Settings) -> None:
    mail(factory, 1)
    send_due(factory, settings, NOW + timedelta(days=6))
    assert states(factory) == ["WAITING"]
    send_due(factory, settings, NOW + timedelta(days=8))
    assert states(factory) == ["FAILED"]


def test_a_refused_address_is_tried_ten_times_and_harms_no_other_mail(
    factory: Factory, settings: Settings, post: Post
) -> None:
    post.refuse["p1@example.gov.cn"] = "550 5.1.1 no such mailbox"
    mail(factory, 1)
    mail(factory, 2)
    assert send_due(factory, settings, NOW) == Sent(sent=1, refused=1)
    for hour in range(1, 40):
        send_due(factory, settings, NOW + timedelta(hours=hour))
    assert [address for address, _ in post.arrived] == ["p2@example.gov.cn"]
    assert states(factory) == ["FAILED", "SENT"]
    with factory() as session:
        refused = session.scalars(select(OutboxMail).order_by(OutboxMail.id).limit(1)).one()
        assert refused.attempts == 10
        assert refused.last_error == "550 5.1.1 no such mailbox"


def test_a_refusal_for_now_is_tried_again_later(
    factory: Factory, settings: Settings, post: Post
) -> None:
    post.refuse["p1@example.gov.cn"] = "451 4.7.1 greylisted"
    mail(factory, 1)
    send_due(factory, settings, NOW)
    post.refuse.clear()
    assert send_due(factory, settings, NOW + timedelta(seconds=59)) == Sent()
    assert send_due(factory, settings, NOW + timedelta(seconds=60)) == Sent(sent=1)


def test_a_server_that_hangs_up_midway_gets_the_same_mail_again(
    factory: Factory, settings: Settings, post: Post
) -> None:
    post.hang_up = 1
    mail(factory, 1)
    mail(factory, 2)
    assert send_due(factory, settings, NOW) == Sent(refused=1)
    send_due(factory, settings, NOW + timedelta(minutes=2))
    assert sorted(address for address, _ in post.arrived) == [
        "p1@example.gov.cn",
        "p2@example.gov.cn",
    ]


def test_the_message_id_is_the_same_for_every_try(
    factory: Factory, settings: Settings, post: Post
) -> None:
    from notifications.senders import message_id

    mail(factory, 1)
    with factory() as session:
        expected = message_id(session.scalars(select(OutboxMail)).one(), settings)
    post.refuse["p1@example.gov.cn"] = "450 later"
    send_due(factory, settings, NOW)
    post.refuse.clear()
    send_due(factory, settings, NOW + timedelta(hours=1))
    assert parsed(post.arrived[0][1])["Message-ID"] == expected


def test_a_mail_whose_outcome_is_unknown_is_not_sent_again_by_itself(
    factory: Factory, settings: Settings, post: Post
) -> None:
    mail_id = mail(factory, 1, sending_at=NOW - timedelta(hours=1), attempts=1)
    assert send_due(factory, settings, NOW) == Sent()
    assert states(factory) == ["UNKNOWN"]
    with unit_of_work(factory) as session:
        resend(session, mail_id, NOW)
    assert send_due(factory, settings, NOW) == Sent(sent=1)
    with unit_of_work(factory) as session, pytest.raises(Conflict):
        resend(session, mail_id, NOW)


def test_without_a_mail_server_mails_stay_in_the_outbox(
    factory: Factory, settings: Settings
) -> None:
    mail(factory, 1)
    assert send_due(factory, replace(settings, smtp=None), NOW) == Sent(waiting=True)
    with factory() as session:
        assert queries.counts(session, SYSTEM)[MailState.WAITING] == 1
        page = queries.outbox(session, SYSTEM, state=MailState.WAITING)
        assert [one.attempts for one in page.mails] == [0]


def test_senders_at_once_send_every_mail_once(
    factory: Factory, settings: Settings, post: Post
) -> None:
    for number in range(30):
        mail(factory, number)
    threads = [threading.Thread(target=send_due, args=(factory, settings, NOW)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    addresses = [address for address, _ in post.arrived]
    assert len(addresses) == len(set(addresses)) == 30


def test_a_subject_cannot_add_headers(factory: Factory, settings: Settings, post: Post) -> None:
    mail(factory, 1, subject="企业\r\nBcc: all@example.gov.cn\r\n\r\n正文")
    send_due(factory, settings, NOW)
    message = parsed(post.arrived[0][1])
    assert message["Bcc"] is None
    assert message["Subject"] == "企业 Bcc: all@example.gov.cn 正文"
