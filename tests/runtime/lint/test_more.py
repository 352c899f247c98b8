"""What would be left aside without a word, or never come to rest, is told."""

import pytest

from engine.models import DefinitionKind
from engine.runtime.lint import Finding, Level
from engine.runtime.lint.files import Given, reports
from engine.runtime.lint.gate import reports_on
from engine.runtime.lint.gather import Source
from tests.runtime.coverage.parts import catch, end, gateway
from tests.runtime.diagrams import chain, event, flow, process, service, user
from tests.runtime.lint.planting import (
    TIMER,
    between,
    caught,
    check,
    choice,
    element,
    inner,
    spread,
)


def _loop(body: str, *ids: str, condition: str) -> bytes:
    return process(
        "p",
        event("start", "s")
        + gateway("exclusive", "a")
        + body
        + gateway("exclusive", "b", "b_e")
        + end("e")
        + chain("s", "a", *ids, "b", "e")
        + flow("b", "a", condition),
    )


WORK = service("w", "test.work", case_id="=case_id")
REST = "停不下来"


@pytest.mark.parametrize(
    ("source", "rests"),
    [
        (_loop("", condition="=case_id = 1"), False),
        (_loop(element("manualTask", "m"), "m", condition="=true"), False),
        (_loop(WORK, "w", condition="=case_id = 1"), False),
        (_loop(WORK, "w", condition='=result = "BAD"'), True),
        (_loop(user("u"), "u", condition="=case_id = 1"), True),
        (_loop(catch("t", TIMER), "t", condition="=case_id = 1"), True),
    ],
)
def test_a_circle_without_a_wait_asks_for_what_is_set_on_it(source: bytes, rests: bool) -> None:
    found = [str(one.message) for one in check(source).errors]
    assert [REST in one for one in found] == ([] if rests else [True])


def _warned(body: str) -> list[Finding]:
    report = check(process("p", body))
    assert report.ok
    return [one for one in report.findings if one.level is Level.WARNING]


def test_what_means_nothing_is_warned_of() -> None:
    (found,) = _warned(between(element("task", "t"), "t"))
    assert (found.element, "没有任务类型" in str(found.message)) == ("t", True)
    split = gateway("parallel", "g", "g_u") + user("u") + user("v") + end("e2")
    (found,) = _warned(
        event("start", "s") + split + chain("s", "g", "u", "e2") + chain("g", "v", "e2")
    )
    assert (found.element, "默认流" in str(found.message)) == ("g", True)


TWO_TIMES = caught(
    "timer",
    "<bpmn:timeDuration>P1D</bpmn:timeDuration><bpmn:timeDate>2030-01-01</bpmn:timeDate>",
)
REFUSED = {
    "two times": (between(element("intermediateCatchEvent", "t", TWO_TIMES), "t"), "几个时间"),
    "a version": (
        between(
            element("callActivity", "c", calledElement="other").replace(
                "calledElement=", 'camunda:calledElementBinding="version" calledElement='
            ),
            "c",
        ),
        "哪个版本",
    ),
    "java behind a name": (
        between(user("u", "${x}").replace('name="u"', 'name="${y}"'), "u"),
        "${x}",
    ),
}


@pytest.mark.parametrize(("body", "word"), REFUSED.values(), ids=REFUSED)
def test_what_would_be_left_aside_is_refused(body: str, word: str) -> None:
    assert any(word in str(one.message) for one in check(process("p", body)).errors)


def test_a_name_may_hold_any_signs() -> None:
    named = user("u").replace('name="u"', 'name="金额 ${x} #{1}"')
    assert check(process("p", between(named, "u"))).findings == ()


SUB = inner("subProcess")
ONE, TWO = (spread(process(key, between(SUB, "sub"))) for key in ("one", "two"))


def test_files_are_told_what_publication_tells() -> None:
    other = spread(process("other_id", between(user("u"), "u")))
    processes = {"one": ONE, "two": TWO, "three": other}
    sources = [Source(DefinitionKind.PROCESS, *one) for one in processes.items()]
    sources.append(Source(DefinitionKind.FORM, "f", b'{"type": "default", "components": []}'))
    given = [Given(f"{key}.bpmn", source) for key, source in processes.items()]
    told = {one.file: one.findings for one in reports(given, sources)}
    published = {one.file: one.findings for one in reports_on(sources)}
    assert told == {f"{key}.bpmn": published[key] for key in processes}
    for key in ("one", "two"):
        (found,) = published[key]
        assert (found.element, found.name, found.line) == ("sub", "sub", 5)
    (found,) = published["three"]
    assert (found.element, "别的id" in str(found.message)) == ("other_id", True)


def test_a_warning_does_not_hide_another_id() -> None:
    source = process("q", choice("=true", element("task", "t"), "t"))
    (report,) = reports([Given("p.bpmn", source)], [])
    assert any("别的id" in str(one.message) for one in report.errors)
