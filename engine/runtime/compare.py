"""What differs between two versions of a diagram, in words an official understands.

It compares what the files say, not what is executed: elements by id, then what each says of
itself, then the flows. Positions on the page do not count.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from enum import StrEnum

from lxml import etree

from engine.runtime.normalise import BPMN, CAMUNDA, parse_xml
from engine.runtime.picture import KINDS
from engine.text import Text, text

FLOW_NODES = ("Task", "task", "Event", "Gateway", "subProcess", "callActivity", "transaction")
NAMES = {
    "formKey": text("表单"),
    "candidateGroups": text("承办"),
    "deadline": text("时限"),
    "reminders": text("提醒"),
    "escalateTo": text("升级到"),
    "excludes": text("不得同一人"),
    "clause": text("依据"),
    "operation": text("登记方式"),
    "clock": text("计时"),
    "pauses": text("暂停的计时"),
    "stage": text("阶段"),
    "topic": text("自动操作"),
    "calledElement": text("调用的流程"),
    "decisionRef": text("决策表"),
    "correlation": text("消息对应的编号"),
    "assignee": text("办理人"),
    "organisation": text("办理单位"),
    "event": text("等候的事件"),
    "loop": text("逐项办理"),
    "inputs": text("输入"),
    "script": text("赋值"),
    "host": text("所属步骤"),
    "interrupting": text("是否中断步骤"),
}
NOTHING = text("无")


class Kind(StrEnum):
    """What sort of difference it is."""

    ADDED = "ADDED"
    REMOVED = "REMOVED"
    RENAMED = "RENAMED"
    CHANGED = "CHANGED"
    MOVED = "MOVED"
    FLOW = "FLOW"
    CONDITION = "CONDITION"


@dataclass(frozen=True)
class Difference:
    """One difference: at which element (its id in the newer file, else the older), and what."""

    kind: Kind
    element: str
    words: Text


@dataclass
class _Node:
    id: str
    tag: str
    name: str
    said: dict[str, str]

    @property
    def shown(self) -> str:
        return self.name or self.id


@dataclass
class _Diagram:
    nodes: dict[str, _Node] = field(default_factory=dict)
    flows: dict[tuple[str, str], str] = field(default_factory=dict)  # (source, target) -> condition
    order: list[str] = field(default_factory=list)


def compare(old: bytes, new: bytes) -> list[Difference]:
    """The differences from `old` to `new`, what was added first. Raises DiagramRefused."""
    before, after = _read(old), _read(new)
    found = [*_added(before, after), *_removed(before, after), *_changed(before, after)]
    return [*found, *_moved(before, after), *_flows(before, after)]


def _read(source: bytes) -> _Diagram:
    diagram = _Diagram()
    for node in parse_xml(source, "BPMN").iter(f"{{{BPMN}}}*"):
        tag = etree.QName(node.tag).localname
        if node.get("id") and tag.endswith(FLOW_NODES):
            one = _Node(
                node.get("id", ""), tag, " ".join(node.get("name", "").split()), _said(node)
            )
            diagram.nodes[one.id] = one
        elif tag == "sequenceFlow":
            pair = (node.get("sourceRef", ""), node.get("targetRef", ""))
            diagram.flows[pair] = _condition(node)
    _mark_defaults(source, diagram)
    diagram.order = _order(diagram)
    return diagram


def _condition(flow: etree._Element) -> str:
    return " ".join(flow.findtext(f"{{{BPMN}}}conditionExpression", "").split()).removeprefix("=")


def _mark_defaults(source: bytes, diagram: _Diagram) -> None:
    root = parse_xml(source, "BPMN")
    defaults = {node.get("default") for node in root.iter() if node.get("default")}
    for flow in root.iter(f"{{{BPMN}}}sequenceFlow"):
        if flow.get("id") in defaults:
            pair = (flow.get("sourceRef", ""), flow.get("targetRef", ""))
            diagram.flows[pair] = "default"


def _said(node: etree._Element) -> dict[str, str]:
    said = {
        etree.QName(key).localname: str(value)
        for key, value in node.attrib.items()
        if str(key).startswith(f"{{{CAMUNDA}}}")
    }
    path = f"{{{BPMN}}}extensionElements/{{{CAMUNDA}}}properties/{{{CAMUNDA}}}property"
    said |= {one.get("name", ""): one.get("value", "") for one in node.iterfind(path)}
    said |= {key: read(node) for key, read in _READERS.items()}
    return {key: value for key, value in said.items() if value and key != "type"}


def _event(node: etree._Element) -> str:
    for child in node:
        if isinstance(child.tag, str) and child.tag.endswith("EventDefinition"):
            words = [etree.QName(child.tag).localname.removesuffix("EventDefinition")]
            words += [str(value) for key, value in child.attrib.items() if str(key).endswith("Ref")]
            return " ".join([*words, *"".join(str(part) for part in child.itertext()).split()])
    return ""


def _loop(node: etree._Element) -> str:
    loop = node.find(f"{{{BPMN}}}multiInstanceLoopCharacteristics")
    if loop is None:
        return ""
    words = [str(value) for _, value in sorted(loop.attrib.items())]
    return " ".join([*words, *"".join(str(part) for part in loop.itertext()).split()])


def _inputs(node: etree._Element) -> str:
    path = f"{{{BPMN}}}extensionElements/{{{CAMUNDA}}}inputOutput/{{{CAMUNDA}}}inputParameter"
    found = (f"{one.get('name', '')} {one.text or ''}".strip() for one in node.iterfind(path))
    return "; ".join(sorted(found))


_READERS: Mapping[str, Callable[[etree._Element], str]] = {
    "calledElement": lambda node: node.get("calledElement", ""),
    "host": lambda node: node.get("attachedToRef", ""),
    "interrupting": lambda node: node.get("cancelActivity", ""),
    "event": _event,
    "loop": _loop,
    "inputs": _inputs,
    "script": lambda node: node.findtext(f"{{{BPMN}}}script", "").strip(),
}


def _order(diagram: _Diagram) -> list[str]:
    """Elements from the start on, each before what follows it."""
    after: dict[str, list[str]] = {}
    for source, target in diagram.flows:
        after.setdefault(source, []).append(target)
    for node in diagram.nodes.values():
        if "host" in node.said:
            after.setdefault(node.said["host"], []).append(node.id)
    starts = [key for key, node in diagram.nodes.items() if node.tag == "startEvent"]
    found: dict[str, None] = {}
    queue = [*starts]
    while queue:
        key = queue.pop(0)
        if key not in found and key in diagram.nodes:
            found[key] = None
            queue += after.get(key, [])
    return [*found, *(key for key in diagram.nodes if key not in found)]


def _kind(node: _Node) -> Text:
    return KINDS.get(node.tag, text("步骤"))


def _added(before: _Diagram, after: _Diagram) -> Iterator[Difference]:
    for key in after.order:
        if key in before.nodes:
            continue
        node, source = after.nodes[key], _before(after, key)
        words = text("新增{kind}“{name}”", kind=_kind(node), name=node.shown)
        if source is not None:
            words = text("新增{kind}“{name}”，在“{after}”之后", kind=_kind(node), name=node.shown,
                         after=source.shown)  # fmt: skip
        yield Difference(Kind.ADDED, key, words)


def _before(diagram: _Diagram, key: str) -> _Node | None:
    host = diagram.nodes[key].said.get("host")
    sources = [host] if host else [source for source, target in diagram.flows if target == key]
    return next((diagram.nodes[one] for one in sources if one in diagram.nodes), None)


def _removed(before: _Diagram, after: _Diagram) -> Iterator[Difference]:
    for key in before.order:
        if key not in after.nodes:
            node = before.nodes[key]
            words = text("删去{kind}“{name}”", kind=_kind(node), name=node.shown)
            yield Difference(Kind.REMOVED, key, words)


def _changed(before: _Diagram, after: _Diagram) -> Iterator[Difference]:
    for key in after.order:
        if key not in before.nodes:
            continue
        old, new = before.nodes[key], after.nodes[key]
        if old.shown != new.shown:
            words = text("“{old}”改名为“{new}”", old=old.shown, new=new.shown)
            yield Difference(Kind.RENAMED, key, words)
        if old.tag != new.tag:
            words = text("“{name}”由{old}改为{new}", name=new.shown, old=_kind(old), new=_kind(new))
            yield Difference(Kind.CHANGED, key, words)
        for what in sorted({*old.said, *new.said}):
            if old.said.get(what) != new.said.get(what):
                yield Difference(Kind.CHANGED, key, _says(new, what, old.said, new.said))


def _says(node: _Node, what: str, old: Mapping[str, str], new: Mapping[str, str]) -> Text:
    return text(
        "“{name}”的{what}由{old}改为{new}",
        name=node.shown,
        what=NAMES.get(what, what),
        old=old.get(what) or NOTHING,
        new=new.get(what) or NOTHING,
    )


def _moved(before: _Diagram, after: _Diagram) -> Iterator[Difference]:
    """Common elements that changed places; as few as explain the new order."""
    old = [key for key in before.order if key in after.nodes]
    new = [key for key in after.order if key in before.nodes]
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    stays = {old[at + n] for at, _, size in matcher.get_matching_blocks() for n in range(size)}
    common = before.nodes.keys() & after.nodes.keys()
    for key in new:
        source = _before(after, key)
        if key in stays or source is None:
            continue
        # a longer way to a step changes the order of the walk, not the step's place
        if _comes_from(before, key, common) != _comes_from(after, key, common):
            words = text("“{name}”移到“{after}”之后", name=after.nodes[key].shown,
                         after=source.shown)  # fmt: skip
            yield Difference(Kind.MOVED, key, words)


def _flows(before: _Diagram, after: _Diagram) -> Iterator[Difference]:
    common = before.nodes.keys() & after.nodes.keys()
    for (source, target), said in after.flows.items():
        if not {source, target} <= common:
            continue
        names = {"source": after.nodes[source].shown, "target": after.nodes[target].shown}
        if (source, target) not in before.flows:
            if not _leads(before, source, target, common):
                words = text("“{source}”之后可到“{target}”", **names)
                yield Difference(Kind.FLOW, source, words)
        elif before.flows[source, target] != said:
            words = _condition_words(names, before.flows[source, target], said)
            yield Difference(Kind.CONDITION, source, words)
    for source, target in before.flows.keys() - after.flows.keys():
        if {source, target} <= common and not _leads(after, source, target, common):
            names = {"source": after.nodes[source].shown, "target": after.nodes[target].shown}
            yield Difference(Kind.FLOW, source, text("“{source}”之后不再到“{target}”", **names))


def _condition_words(names: dict[str, str], old: str, new: str) -> Text:
    words = {"old": _when(old), "new": _when(new)}
    return text("从“{source}”到“{target}”的条件由{old}改为{new}", **names, **words)


def _when(condition: str) -> Text | str:
    if condition == "default":
        return text("其余情况")
    return condition or NOTHING


def _comes_from(diagram: _Diagram, target: str, common: set[str]) -> set[str]:
    return {source for source in common if _leads(diagram, source, target, common)}


def _leads(diagram: _Diagram, source: str, target: str, common: set[str]) -> bool:
    """Whether one leads to the other by way of elements that only this diagram has."""
    stack, seen = [source], {source}
    while stack:
        here = stack.pop()
        for begin, end in diagram.flows:
            if begin == here and end == target:
                return True
            if begin == here and end not in common and end not in seen:
                seen.add(end)
                stack.append(end)
    return False
