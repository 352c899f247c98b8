"""Messages and signals from one instance to others."""

from collections.abc import Callable

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.models import Subscription
from tests.runtime.coverage.conftest import Begin, Case, Run
from tests.runtime.coverage.parts import (
    about,
    catch,
    element,
    end,
    gateway,
    message,
    outside,
    signal,
    throw,
)
from tests.runtime.diagrams import chain, event, process, user

SENDER = process(
    "sender",
    event("start", "s")
    + user("u")
    + throw("t", message("hello"), about("=case_id"))
    + end("e", message("bye"), about("=case_id + 1"))
    + chain("s", "u", "t", "e"),
    outside(messages="hello bye"),
)
RECEIVER = process(
    "receiver",
    event("start", "s")
    + element("receiveTask", "r", about("=case_id"), messageRef="m_hello")
    + catch("c", message("bye"), about("=case_id + 1"))
    + user("u")
    + end("e")
    + chain("s", "r", "c", "u", "e"),
    outside(messages="hello bye"),
)
Deploy = Callable[..., None]


def test_messages_go_to_other_instances_of_the_same_matter(deploy: Deploy, begin: Begin) -> None:
    deploy(("sender", SENDER), ("receiver", RECEIVER))
    meant, other = begin("receiver", case_id=7), begin("receiver", case_id=8)
    sender = begin("sender", case_id=7)
    sender.do("u")
    assert sender.ended == "e"
    assert meant.open == ["u"], "先收到hello，再收到结束时的bye"
    assert (other.open, other.passed) == ([], ["s"])


SEND_TASK = process(
    "p",
    event("start", "s")
    + element("sendTask", "t", about('="all"'), messageRef="m_hello")
    + element(
        "sendTask",
        "op",
        "<bpmn:extensionElements><camunda:inputOutput>"
        '<camunda:inputParameter name="what">="sent"</camunda:inputParameter>'
        "</camunda:inputOutput></bpmn:extensionElements>",
        **{"camunda:type": "external", "camunda:topic": "cover.note"},
    )
    + catch("c", message("hello"), about('="all"'))
    + end("e")
    + chain("s", "t", "op", "c", "e"),
    outside(messages="hello"),
)


def test_a_send_task_sends_or_calls_its_operation_and_a_message_can_come_home(run: Run) -> None:
    case = run(SEND_TASK)
    assert case.noted == ["sent"]
    assert case.ended == "e", "保存时已在等，收到自己发的"


PING = process(
    "ping",
    event("start", "s")
    + gateway("exclusive", "x")
    + throw("t", message("ping"), about('="p"'))
    + catch("c", message("pong"), about('="p"'))
    + chain("s", "x", "t", "c", "x"),
    outside(messages="ping pong"),
)
PONG = PING.replace(b"ping", b"tmp").replace(b"pong", b"ping").replace(b"tmp", b"pong")


def test_instances_that_answer_each_other_for_ever_are_stopped(
    deploy: Deploy, begin: Begin
) -> None:
    deploy(("ping", PING), ("pong", PONG), gate=False)
    first = begin("ping")
    second = begin("pong")
    assert first.instance.status == second.instance.status == "RUNNING"
    assert first.passed.count("t") < 20


ALARM = process(
    "alarm",
    event("start", "s") + user("u") + end("e", signal("alarm")) + chain("s", "u", "e"),
    outside(signals="alarm other"),
)
LISTENER = process(
    "listener",
    event("start", "s")
    + gateway("parallel", "g")
    + catch("i", signal("alarm"))
    + catch("k", signal("other"))
    + user("u")
    + end("e")
    + end("e2")
    + chain("s", "g", "i", "u", "e")
    + chain("g", "k", "e2"),
    outside(signals="alarm other"),
)


def test_a_signal_reaches_every_instance_that_waits_for_it(
    deploy: Deploy, begin: Begin, session: Session
) -> None:
    deploy(("alarm", ALARM), ("listener", LISTENER))
    listeners = [begin("listener") for _ in range(3)]
    kinds = session.scalars(select(Subscription.kind)).all()
    assert set(kinds) == {"SIGNAL"}
    assert listeners[0].deliver("alarm", "") == 0, "信号不是消息"
    sender = begin("alarm")
    sender.do("u")
    assert sender.ended == "e"
    for listener in listeners:
        assert listener.open == ["u"]
        assert listener.passed.count("i") == 1
        assert "k" not in listener.passed, "别的信号"


def test_a_signal_is_caught_once_inside_the_instance_that_sends_it(run: Run) -> None:
    source = process(
        "p",
        event("start", "s")
        + gateway("parallel", "g")
        + catch("i", signal("alarm"))
        + user("u")
        + throw("t", signal("alarm"))
        + end("e")
        + end("e2")
        + chain("s", "g", "i", "e2")
        + chain("g", "u", "t", "e"),
        outside(signals="alarm"),
    )
    case = run(source)
    assert case.ended is None
    case.do("u")
    assert case.ended is not None
    assert case.passed.count("i") == 1


def test_one_receiver_that_fails_does_not_stop_the_sender_or_the_others(
    deploy: Deploy, begin: Begin
) -> None:
    broken = LISTENER.replace(b'id="listener"', b'id="broken"').replace(
        b'candidateGroups="finance:maker"', b'candidateGroups="nobody:maker"'
    )
    deploy(("alarm", ALARM), ("listener", LISTENER), ("broken", broken), gate=False)
    bad, good = begin("broken"), begin("listener")
    sender = begin("alarm")
    sender.do("u")
    assert sender.ended == "e"
    assert good.open == ["u"]
    assert (bad.open, bad.instance.status) == ([], "RUNNING"), "留待重试"
    assert isinstance(bad, Case)
