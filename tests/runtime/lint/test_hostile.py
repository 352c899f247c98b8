"""Whatever a file holds, the answer is a report: nothing raises, is fetched, or hangs."""

import time
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.runtime.lint import lint
from engine.runtime.lint.files import Given, reports
from tests.runtime.diagrams import HEAD, chain, event, flow, process, user
from tests.runtime.lint.outside import EVENTS, FOREIGN, NAMES
from tests.runtime.lint.planting import KNOWN, between
from tests.runtime.lint.structure import CONSTRUCTS
from tests.runtime.lint.ways import GATEWAYS, JOINS

SOUND = process("p", between(user("u") + user("v"), "u", "v"))
SECONDS = 10.0

LAUGHS = (
    b'<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "ha">'
    + b"".join(b'<!ENTITY %c "%s">' % (98 + i, b"&%c;" % (97 + i) * 10) for i in range(12))
    + b']><bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL">&m;'
    b"</bpmn:definitions>"
)
XXE = b'<?xml version="1.0"?><!DOCTYPE l [<!ENTITY x SYSTEM "file:///etc/passwd">]>' + SOUND.split(
    b"?>", 1
)[1].replace(b'name="u"', b'name="&x;"')
UNREADABLE = {
    "nothing": b"",
    "blanks": b"  \n ",
    "text": "流程".encode(),
    "bytes": bytes(range(256)) * 4,
    "nul bytes": SOUND.replace(b"start", b"st\0art"),
    "half a file": SOUND[: len(SOUND) // 2],
    "laughs": LAUGHS,
    "external entity": XXE,
    "entity in utf-16": XXE.decode().replace('version="1.0"', "", 1).encode("utf-16"),
    "parameter entity": b'<!DOCTYPE l [<!ENTITY % x SYSTEM "http://localhost:9/x">%x;]><l/>',
    "html": b"<html><body>no</body></html>",
    "json": b'{"a": 1}',
    "deep": b"<a>" * 100_000 + b"</a>" * 100_000,
    "unknown encoding": b'<?xml version="1.0" encoding="klingon"?><a/>',
    "wrong encoding": '<?xml version="1.0" encoding="UTF-8"?><a>银</a>'.encode("gbk"),
    "fifty megabytes": b"<a>" + b" " * 50_000_000 + b"</a>",
    "undeclared prefix": b"<bpmn:definitions/>",
    "no process": f"{HEAD}</bpmn:definitions>".encode(),
    "empty process": process("p", ""),
}


@pytest.mark.parametrize("source", UNREADABLE.values(), ids=UNREADABLE)
def test_what_cannot_be_read_is_refused_with_a_line_and_a_remedy(source: bytes) -> None:
    started = time.process_time()
    report = lint(source, "p", KNOWN)
    assert time.process_time() - started < SECONDS
    assert report.errors
    for one in report.findings:
        assert one.line >= 1
        assert str(one.message)
        assert str(one.remedy)
        assert "root:" not in str(one.message) + one.name, "no file of ours is told"


MANY = [f"u{number}" for number in range(900)]
HUGE = {
    "long chain": process(
        "p",
        event("start", "s")
        + "".join(map(user, MANY))
        + event("end", "e")
        + chain("s", *MANY, "e"),
    ),
    "many branches": process(
        "p",
        event("start", "s")
        + "".join(map(user, MANY))
        + event("end", "e")
        + "".join(flow("s", key) + flow(key, "e") for key in MANY),
    ),
    "everything to everything": process(
        "p",
        event("start", "s")
        + "".join(map(user, MANY[:60]))
        + event("end", "e")
        + "".join(f'<bpmn:sequenceFlow sourceRef="{a}" targetRef="{b}"/>'
                  for a in ["s", *MANY[:60]] for b in [*MANY[:60], "e"]),
    ),
    "choices in parallel": process(
        "p",
        event("start", "s")
        + "".join(
            f'<bpmn:inclusiveGateway id="{key}" default="{key}_e"/>' + flow("s", key)
            + flow(key, "e") + flow(key, "e2", "true") + flow(key, "e3", "true")
            for key in MANY[:200]
        )
        + event("end", "e") + event("end", "e2") + event("end", "e3"),
    ),
    "long id": SOUND.replace(b'"v"', b'"' + b"v" * 500_000 + b'"'),
    "long name": SOUND.replace(b'name="v"', b'name="' + b"n" * 1_000_000 + b'"'),
    "long expression": process(
        "p",
        between(user("u", deadline="=" + "1+" * 300_000 + "1"), "u"),
    ),
    "nested expression": process("p", between(user("u", deadline="=" + "(" * 100_000), "u")),
    "many strays": process(
        "p", between(user("u"), "u") + "".join(
            f'<bpmn:userTask id="x{number}"/>' for number in range(2_900))
    ),
    "strays without end": process(
        "p", between(user("u"), "u") + "".join(
            f'<bpmn:userTask id="x{number}"/>' for number in range(20_000))
    ),
    "many starts": process(
        "p", "".join(f'<bpmn:startEvent id="s{number}"/>' for number in range(2_900))
    ),
    "many sub-processes": process(
        "p", between(user("u"), "u") + "".join(
            f'<bpmn:subProcess id="x{number}"/>' for number in range(1_000))
    ),
    "many thrown": process(
        "p", between(user("u"), "u") + "".join(
            f'<bpmn:endEvent id="x{number}"><bpmn:errorEventDefinition/></bpmn:endEvent>'
            for number in range(2_900))
    ),
    "too many names to follow": process(
        "p", event("start", "s") + "".join(f'<bpmn:userTask id="{key}"/>' for key in MANY)
        + "".join(f'<bpmn:userTask id="v{key}"/>' for key in MANY)
        + "".join(f'<bpmn:userTask id="w{key}"/>' for key in MANY) + event("end", "e")
        + chain("s", *MANY, *(f"v{key}" for key in MANY), *(f"w{key}" for key in MANY), "e"),
    ),
    "deep sub-processes": process("p", '<bpmn:subProcess id="x">' * 60 + "</bpmn:subProcess>" * 60),
    "same flow again and again": process(
        "p", between(user("u"), "u") + '<bpmn:sequenceFlow sourceRef="u" targetRef="e"/>' * 8_000
    ),
}  # fmt: skip


@pytest.mark.parametrize("source", HUGE.values(), ids=HUGE)
def test_size_costs_seconds_at_most(source: bytes) -> None:
    started = time.process_time()
    report = lint(source, "p", KNOWN)
    assert time.process_time() - started < SECONDS
    assert len(report.findings) <= 200
    assert all(len(str(one.message)) < 1000 for one in report.findings)
    assert all(len(one.element) <= 120 for one in report.findings)


SEEDS = [
    one.source
    for group in (CONSTRUCTS, GATEWAYS, JOINS, EVENTS, FOREIGN, NAMES)
    for one in group.values()
]
PIECES = (
    *(b"<", b">", b'"', b"&", b"\0", b"</", b"/>", b"&#0;", b"&#x10FFFF;", b"id=", b"xmlns="),
    *(b'sourceRef="u"', b'targetRef=""', b'id="u"', b'attachedToRef="u"', b"<bpmn:subProcess>"),
    *(b"</bpmn:process>", b"<bpmn:process>", b"<!--", b"]]>", b"\xff\xfe", b"${", b"=", b"P1D"),
)


def mangled(seed: int) -> bytes:
    """A diagram with pieces cut out, doubled, moved and put in."""
    random = Random(seed)  # noqa: S311 (no secret)
    source = bytearray(random.choice(SEEDS))
    for _ in range(random.randint(1, 6)):
        at, length = random.randrange(len(source)), random.randint(1, 60)
        what = random.randrange(4)
        piece = source[at : at + length]
        if what == 0:
            del source[at : at + length]
        elif what == 1:
            source[at:at] = piece
        elif what == 2:
            source[at:at] = random.choice(PIECES)
        else:
            to = random.randrange(len(source))
            source[to:to] = piece
    return bytes(source)


@settings(max_examples=600, deadline=None, derandomize=True, database=None)
@given(seed=st.integers(0, 2**32))
def test_a_mangled_diagram_never_raises(seed: int) -> None:
    report = lint(mangled(seed), "p", KNOWN)
    assert all(one.line >= 1 and str(one.message) and str(one.remedy) for one in report.findings)


def swapped(seed: int) -> bytes:
    """A well-formed diagram whose attributes and elements have changed places."""
    from lxml import etree

    random = Random(seed)  # noqa: S311 (no secret)
    root = etree.fromstring(random.choice(SEEDS))
    nodes = list(root.iter())
    for _ in range(random.randint(1, 8)):
        one, other = random.choice(nodes), random.choice(nodes)
        keys = list(one.attrib)
        if keys and random.random() < 0.6:
            key = random.choice(keys)
            one.set(key, random.choice([*(str(v) for v in other.attrib.values()), "", "x"]))
        elif one is not root and other not in one.iter():
            other.append(one)
    return etree.tostring(root)


@settings(max_examples=600, deadline=None, derandomize=True, database=None)
@given(seed=st.integers(0, 2**32))
def test_a_jumbled_diagram_never_raises(seed: int) -> None:
    report = lint(swapped(seed), "p", KNOWN)
    assert all(one.line >= 1 and str(one.message) and str(one.remedy) for one in report.findings)


@settings(max_examples=100, deadline=None, derandomize=True, database=None)
@given(content=st.binary(max_size=200), ending=st.sampled_from([".form", ".dmn", ".yaml", ".x"]))
def test_no_file_of_any_kind_raises(content: bytes, ending: str) -> None:
    (report,) = reports([Given(f"a{ending}", content)], [])
    assert report.file == f"a{ending}"
