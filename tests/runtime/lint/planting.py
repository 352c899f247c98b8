"""Small diagrams with one mistake each, every element on a line of its own."""

from dataclasses import dataclass

from engine.runtime.lint import Called, Known, Report, lint
from engine.runtime.registry import Kind, Operation
from tests.runtime.diagrams import chain, event, flow, process, service

DEFINE = (
    '<bpmn:message id="m" name="hello"/><bpmn:signal id="sig" name="fire"/>'
    '<bpmn:error id="err" name="wrong" errorCode="W"/>'
    '<bpmn:escalation id="esc" name="up" escalationCode="U"/>'
)


def nothing() -> None:
    """An operation that is never called."""


OPERATIONS = {
    "test.work": Operation(
        "test.work",
        "service",
        nothing,
        "work",
        sets={"result": ("GOOD", "BAD"), "number": Kind.INTEGER},
        inputs={"case_id": True, "note": False},
    ),
    "test.record": Operation("test.record", "form", nothing, "record", sets={"chosen": Kind.TEXT}),
}
KNOWN = Known(
    forms={"f": frozenset({"PASS", "RETURN"}), "free": None},
    operations=OPERATIONS,
    decisions=frozenset({"rating"}),
    processes={
        "other": Called({"found": None}, frozenset()),
        "back": Called({}, frozenset({"p"})),
    },
    starts={"p": {"case_id": None, "many": None}},
)


@dataclass(frozen=True)
class Planted:
    """A diagram with a mistake: on which element, which words tell it, on whose line."""

    body: str
    element: str
    words: tuple[str, ...]
    at: str = ""  # what stands on the line, when that is not the element's own
    outside: str = DEFINE

    @property
    def source(self) -> bytes:
        """The file."""
        return spread(process("p", self.body, self.outside))

    def line(self) -> int:
        """Where the finding must point."""
        mark = (self.at or f'id="{self.element}"').encode()
        return next(
            number for number, line in enumerate(self.source.split(b"\n"), 1) if mark in line
        )


def spread(source: bytes) -> bytes:
    """Every element on a line of its own."""
    for prefix in (b"bpmn", b"camunda"):
        source = source.replace(b"<%s:" % prefix, b"\n<%s:" % prefix)
    return source


def check(source: bytes, known: Known = KNOWN) -> Report:
    """The report on a diagram."""
    return lint(source, "p", known)


def between(middle: str, *ids: str) -> str:
    """Start, what stands between, end; joined in order."""
    return event("start", "s") + middle + event("end", "e") + chain("s", *ids, "e")


def choice(condition: str, before: str = "", *ids: str) -> str:
    """A choice between two ends on a condition, behind other elements."""
    gateway = '<bpmn:exclusiveGateway id="g" name="g" default="g_no"/>'
    return (
        event("start", "s")
        + before
        + gateway
        + event("end", "yes")
        + event("end", "no")
        + chain("s", *ids, "g")
        + flow("g", "yes", condition)
        + flow("g", "no")
    )


def element(kind: str, key: str, inner: str = "", **attributes: str) -> str:
    """Any element."""
    given = "".join(f' {name.replace("_", ":")}="{value}"' for name, value in attributes.items())
    return f'<bpmn:{kind} id="{key}" name="{key}"{given}>{inner}</bpmn:{kind}>'


def caught(kind: str, inner: str = "", **attributes: str) -> str:
    """An event definition."""
    given = "".join(f' {name}="{value}"' for name, value in attributes.items())
    return f"<bpmn:{kind}EventDefinition{given}>{inner}</bpmn:{kind}EventDefinition>"


def properties(**values: str) -> str:
    """Extension elements with our properties."""
    entries = "".join(
        f'<camunda:property name="{name}" value="{value}"/>' for name, value in values.items()
    )
    return (
        f"<bpmn:extensionElements><camunda:properties>{entries}</camunda:properties>"
        "</bpmn:extensionElements>"
    )


def edge(key: str, host: str, inner: str, **attributes: str) -> str:
    """A boundary event with an end of its own."""
    return (
        element("boundaryEvent", key, inner, attachedToRef=host, **attributes)
        + event("end", f"{key}_end")
        + chain(key, f"{key}_end")
    )


TIMER = caught("timer", "<bpmn:timeDuration>P1D</bpmn:timeDuration>")
WORK = service("w", "test.work", case_id="=case_id")
TWO_ENDS = event("end", "a") + event("end", "b")


def one(body: str, key: str, *words: str, at: str = "") -> Planted:
    """A single element between start and end."""
    return Planted(between(body, key), key, words, at)


def inner(kind: str, *, start: str = "", **attributes: str) -> str:
    """A sub-process of a kind, with a start and an end."""
    return element(
        kind,
        "sub",
        element("startEvent", "is", start) + event("end", "ie") + chain("is", "ie"),
        **attributes,
    )
