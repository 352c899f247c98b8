"""What is too large is refused at once, and what is just small enough does not take long."""

import time

import pytest

from engine.models import DefinitionKind
from engine.runtime.lint.gate import report_on
from engine.runtime.lint.gather import Source
from engine.runtime.lint.size import MOST_ELEMENTS, MOST_LINES
from tests.runtime.coverage.parts import element, gateway
from tests.runtime.diagrams import chain, event, flow, process, user
from tests.runtime.lint.planting import between, check

SECONDS = 20.0


def _sound(body: str) -> bytes:
    return process("p", between(user("u"), "u") + body)


def _parts(number: int) -> bytes:
    return _sound("".join(f'<bpmn:subProcess id="sp{one}"/>' for one in range(number)))


def _ring(number: int) -> bytes:
    tasks = "".join(f'<bpmn:task id="t{one}"/>' for one in range(number))
    around = "".join(
        f'<bpmn:sequenceFlow sourceRef="t{one}" targetRef="t{(one + 1) % number}"/>'
        for one in range(number)
    )
    return process("p", event("start", "s") + flow("s", "t0") + tasks + around)


def _unset(number: int) -> bytes:
    setting = "\n".join(f"abcdefgh{one:05d} = 1" for one in range(number))
    asking = ", ".join(f"abcdefgx{one:05d}" for one in range(400))
    body = element("scriptTask", "x", f"<bpmn:script>{setting}</bpmn:script>")
    body += element("scriptTask", "y", f"<bpmn:script>z = [{asking}]</bpmn:script>")
    return process("p", between(body, "x", "y"))


def _names(blocks: int, each: int) -> bytes:
    body = event("start", "s") + event("end", "e") + flow("s", "x0")
    for one in range(blocks):
        lines = "\n".join(f"n{one}_{number} = 1" for number in range(each))
        body += element("scriptTask", f"x{one}", f"<bpmn:script>{lines}</bpmn:script>")
        body += gateway("exclusive", f"g{one}", f"g{one}_e") + chain(f"x{one}", f"g{one}", "e")
        body += "".join(flow(f"g{one}", f"x{other}", "true") for other in range(blocks))
    return process("p", body)


ATTRIBUTES = " ".join(f'camunda:a{one}="1"' for one in range(20_000))
LARGE = {
    "sub-processes": _parts(MOST_ELEMENTS),
    "a ring": _ring(MOST_ELEMENTS),
    "attributes": _sound("").replace(b"<bpmn:userTask", f"<bpmn:userTask {ATTRIBUTES}".encode()),
    "lines": _sound("\n" * (MOST_LINES + 1)),
}


@pytest.mark.parametrize("source", LARGE.values(), ids=LARGE)
def test_what_is_too_large_has_one_finding(source: bytes) -> None:
    (found,) = check(source).findings
    assert "超过" in str(found.message) or "太多" in str(found.message)


def test_more_names_than_can_be_followed_are_not_passed_over_in_silence() -> None:
    assert any("检查不过来" in str(one.message) for one in check(_names(50, 150)).findings)


JUST = {
    "sub-processes": _parts(MOST_ELEMENTS - 10),
    "a ring": _ring(MOST_ELEMENTS // 2 - 10),
    "names that nothing sets": _unset(5000),
    "names that go everywhere": _names(15, 50),
}


@pytest.mark.parametrize("source", JUST.values(), ids=JUST)
def test_what_is_just_small_enough_does_not_take_long(source: bytes) -> None:
    started = time.process_time()
    assert report_on(Source(DefinitionKind.PROCESS, "p", source), []).findings is not None
    assert time.process_time() - started < SECONDS
