"""Elements where no modeler draws them, and what is said more than once.

The library looks for flows, conditions and messages anywhere below an element. What stands
elsewhere or twice would run otherwise than it is shown.
"""

from collections import Counter
from collections.abc import Iterator, Mapping

from lxml import etree

from engine.findings import Finding, short
from engine.runtime.lint.page import Page
from engine.runtime.normalise.source import (
    BPMN,
    CAMUNDA,
    EVENTS,
    FLOW_NODES,
    SCOPES,
    TASKS,
    bpmn,
    local,
    text_of,
)
from engine.runtime.normalise.vocabulary import PROPERTIES
from engine.text import text

_HOLDERS = frozenset({"process", *SCOPES})
_ACTIVITIES = frozenset({*TASKS, *SCOPES, "callActivity"})
_TIMES = ("timeDate", "timeDuration", "timeCycle")
_MULTI, _LOOP = "multiInstanceLoopCharacteristics", "standardLoopCharacteristics"
_PARENTS: Mapping[str, frozenset[str]] = {
    **dict.fromkeys((*FLOW_NODES, "sequenceFlow", "laneSet"), _HOLDERS),
    **dict.fromkeys(_TIMES, frozenset({"timerEventDefinition"})),
    **dict.fromkeys((_MULTI, _LOOP), _ACTIVITIES),
    **dict.fromkeys(("loopCardinality", "loopDataInputRef", "inputDataItem"), frozenset({_MULTI})),
    **dict.fromkeys(
        ("process", "message", "signal", "error", "escalation"), frozenset({"definitions"})
    ),
    "conditionExpression": frozenset({"sequenceFlow"}),
    "condition": frozenset({"conditionalEventDefinition"}),
    "script": frozenset({"scriptTask"}),
    "completionCondition": frozenset({_MULTI, "adHocSubProcess"}),
    "loopCondition": frozenset({_LOOP}),
    "childLaneSet": frozenset({"lane"}),
    "lane": frozenset({"laneSet", "childLaneSet"}),
    "flowNodeRef": frozenset({"lane"}),
}
_DEFINING = frozenset({*EVENTS, "definitions"})
_ONCE = {
    *("conditionExpression", "condition", "script", "loopCardinality", "loopDataInputRef"),
    *("completionCondition", _MULTI, _LOOP, "time"),
}
_PROPERTY = f"{{{BPMN}}}extensionElements/{{{CAMUNDA}}}properties/{{{CAMUNDA}}}property"


def misplaced(page: Page) -> Iterator[Finding]:
    """Steps, flows and their settings stand where the standard has them."""
    for node in _elements(page):
        parent = node.getparent()
        if parent is None or _may_hold(parent, local(node)):
            continue
        kind, holder = short(local(node)), short(etree.QName(parent).localname)
        yield page.error(
            node,
            text("{kind}不能在{holder}里面：图上看不见，却可能照样执行", kind=kind, holder=holder),
            text("删去它；要用的，在建模工具里画"),
        )


def _may_hold(parent: etree._Element, kind: str) -> bool:
    if kind.endswith("EventDefinition"):
        return local(parent) in _DEFINING
    return kind not in _PARENTS or local(parent) in _PARENTS[kind]


def _elements(page: Page) -> Iterator[etree._Element]:
    """Everything of BPMN but the other pools, which are not executed."""
    for child in page.root:
        if child.tag != bpmn("process") or child is page.process:
            yield from child.iter(f"{{{BPMN}}}*")


def words_beside_a_time(page: Page) -> Iterator[Finding]:
    """A timer says its time and nothing else."""
    for node in page.process.iter(bpmn("timerEventDefinition")):
        times = [child for child in node if local(child) in _TIMES]
        said = "".join(str(part) for part in node.itertext()).strip()
        if len(times) == 1 and said != text_of(times[0]):
            yield page.error(
                node, text("定时器里除了时间还有别的文字"), text("只留时间，说明写在事件上")
            )


def repeated(page: Page) -> Iterator[Finding]:
    """What there can be one of is not said twice: the engine takes one of them."""
    for node in page.process.iter(f"{{{BPMN}}}*"):
        kinds = Counter("time" if local(one) in _TIMES else local(one) for one in node)
        found = [kind for kind, times in kinds.items() if times > 1 and kind in _ONCE]
        for kind in [*found, *_properties(node)]:
            yield page.error(
                node,
                text("{kind}写了几次，只有一个会生效", kind=short(kind)),
                text("只留一个"),
            )


def _properties(node: etree._Element) -> Iterator[str]:
    names = [one.get("name") for one in node.iterfind(_PROPERTY)]
    prefix = f"{{{CAMUNDA}}}"
    names += [str(key).removeprefix(prefix) for key in node.attrib if str(key).startswith(prefix)]
    yield from (name for name, times in Counter(names).items() if name in PROPERTIES and times > 1)


RULES = (misplaced, words_beside_a_time, repeated)
