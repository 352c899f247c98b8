"""Mistakes in how it is joined."""

from tests.runtime.diagrams import chain, event, flow, user
from tests.runtime.lint.planting import (
    TIMER,
    TWO_ENDS,
    Planted,
    between,
    edge,
    element,
)

PATHS = {
    "unreachable": Planted(
        between(user("u"), "u") + user("stray") + event("end", "e2") + chain("stray", "e2"),
        "stray",
        ("stray", "永远走不到"),
    ),
    "unreachable ring": Planted(
        between(user("u"), "u") + user("r1") + user("r2") + chain("r1", "r2", "r1"),
        "r1",
        ("永远走不到",),
    ),
    "dead end": Planted(
        event("start", "s")
        + '<bpmn:parallelGateway id="g" name="g"/>'
        + user("u")
        + event("end", "e")
        + chain("s", "g", "u")
        + flow("g", "e"),
        "u",
        ("后面没有路",),
    ),
    "endless": Planted(
        event("start", "s") + user("u") + user("v") + event("end", "e") + chain("s", "u", "v", "u"),
        "u",
        ("走不到任何结束",),
    ),
    "empty": Planted("<bpmn:laneSet id='l'/>", "p", ("没有可以执行的流程",)),
}


def undecided(gateway: str) -> Planted:
    """Two ways out with a condition each, and none for when neither holds."""
    return Planted(
        event("start", "s")
        + gateway
        + TWO_ENDS
        + chain("s", "g")
        + flow("g", "a", "case_id = 1")
        + flow("g", "b", "case_id = 2"),
        "g",
        ("默认流",),
    )


GATEWAYS = {
    "no default": undecided('<bpmn:exclusiveGateway id="g" name="g"/>'),
    "inclusive without default": undecided('<bpmn:inclusiveGateway id="g" name="g"/>'),
    "conditions on all flows of a task": undecided(user("g")),
    "no condition": Planted(
        event("start", "s")
        + '<bpmn:exclusiveGateway id="g" name="g" default="g_a"/>'
        + TWO_ENDS
        + chain("s", "g")
        + flow("g", "a")
        + flow("g", "b"),
        "g_b",
        ("没有条件",),
    ),
    "condition on the only flow": Planted(
        event("start", "s") + user("u") + event("end", "e") + chain("s", "u")
        + flow("u", "e", "case_id = 1"),
        "u_e",
        ("不会被判断",),
    ),
    "condition on a gateway's only flow": Planted(
        event("start", "s") + '<bpmn:exclusiveGateway id="g" name="g"/>' + event("end", "e")
        + chain("s", "g") + flow("g", "e", "case_id = 1"),
        "g_e",
        ("只有这一条路",),
    ),
    "condition behind a parallel gateway": Planted(
        event("start", "s")
        + '<bpmn:parallelGateway id="g" name="g"/>'
        + TWO_ENDS
        + chain("s", "g", "a")
        + flow("g", "b", "case_id = 1"),
        "g_b",
        ("不会被判断",),
    ),
    "one event": Planted(
        between(
            '<bpmn:eventBasedGateway id="g" name="g"/>'
            + element("intermediateCatchEvent", "t", TIMER),
            "g",
            "t",
        ),
        "g",
        ("不足两个",),
    ),
    "no event": Planted(
        event("start", "s")
        + '<bpmn:eventBasedGateway id="g" name="g"/>'
        + element("intermediateCatchEvent", "t", TIMER)
        + user("u")
        + event("end", "e")
        + chain("s", "g", "t", "e")
        + chain("g", "u", "e"),
        "g",
        ("u", "不是等待"),
    ),
}  # fmt: skip


def split_and_join(split: str, join: str) -> str:
    default = ' default="g_u"' if split != "parallelGateway" else ""
    condition = "" if split == "parallelGateway" else "case_id = 1"
    return (
        event("start", "s")
        + f'<bpmn:{split} id="g" name="g"{default}/>'
        + user("u")
        + user("v")
        + f'<bpmn:{join} id="j" name="together"/>'
        + event("end", "e")
        + chain("s", "g", "u", "j", "e")
        + flow("g", "v", condition)
        + flow("v", "j")
    )


JOINS = {
    "parallel join after a choice": Planted(
        split_and_join("exclusiveGateway", "parallelGateway"), "j", ("together", "一直等下去")
    ),
    "parallel join after an inclusive split": Planted(
        split_and_join("inclusiveGateway", "parallelGateway"), "j", ("together", "一直等下去")
    ),
    "join that its own loop leads to": Planted(
        event("start", "s")
        + '<bpmn:parallelGateway id="j" name="j"/>'
        + user("u")
        + '<bpmn:exclusiveGateway id="g" name="g" default="g_e"/>'
        + event("end", "e")
        + chain("s", "j", "u", "g", "e")
        + flow("g", "j", "case_id = 1"),
        "j",
        ("一直等下去",),
    ),
    "join that a deadline cuts off": Planted(
        event("start", "s")
        + '<bpmn:parallelGateway id="g" name="g"/>'
        + user("u")
        + user("v")
        + edge("late", "v", TIMER)
        + '<bpmn:parallelGateway id="j" name="j"/>'
        + event("end", "e")
        + chain("s", "g", "u", "j", "e")
        + chain("g", "v", "j"),
        "j",
        ("v", "一直等下去"),
    ),
}
