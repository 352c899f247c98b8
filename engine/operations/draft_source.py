"""The diagram of a draft: readable and of the right process, whatever else is wrong with it yet."""

import re
from xml.sax.saxutils import quoteattr

from lxml import etree

from engine.runtime.normalise import BPMN, DiagramRefused, parse_xml
from engine.runtime.picture_model import BPMNDI, MAX_SHAPES
from engine.text import text

ENCODING = re.compile(r"""\sencoding\s?=\s?["'][^"']{0,40}["']""")
PARTS = frozenset(
    f"{{{BPMN}}}{name}"
    for name in ("incoming", "outgoing", "flowNodeRef", "sequenceFlow", "documentation")
)
DECLARATION = 200  # characters in which a file says how it is encoded
MOST_NODES = MAX_SHAPES
MOST_ATTRIBUTES = 100
LONGEST_NAME = 200
LONGEST_VALUE = 10_000
"""What is larger than any diagram needs to be is refused before anything looks at all of it."""
NEW = """<?xml version="1.0" encoding="UTF-8"?>
<bpmn:definitions xmlns:bpmn="{bpmn}" xmlns:bpmndi="http://www.omg.org/spec/BPMN/20100524/DI" \
xmlns:dc="http://www.omg.org/spec/DD/20100524/DC" \
xmlns:di="http://www.omg.org/spec/DD/20100524/DI" \
xmlns:camunda="http://camunda.org/schema/1.0/bpmn" id="definitions_{key}" \
targetNamespace="http://danbao/bpmn">
  <bpmn:process id="{key}" name={name} isExecutable="true">
    <bpmn:startEvent id="start"><bpmn:outgoing>flow_start</bpmn:outgoing></bpmn:startEvent>
    <bpmn:endEvent id="end"><bpmn:incoming>flow_start</bpmn:incoming></bpmn:endEvent>
    <bpmn:sequenceFlow id="flow_start" sourceRef="start" targetRef="end" />
  </bpmn:process>
  <bpmndi:BPMNDiagram id="diagram_{key}">
    <bpmndi:BPMNPlane id="plane_{key}" bpmnElement="{key}">
      <bpmndi:BPMNShape id="start_di" bpmnElement="start">\
<dc:Bounds x="160" y="160" width="36" height="36" /></bpmndi:BPMNShape>
      <bpmndi:BPMNShape id="end_di" bpmnElement="end">\
<dc:Bounds x="400" y="160" width="36" height="36" /></bpmndi:BPMNShape>
      <bpmndi:BPMNEdge id="flow_start_di" bpmnElement="flow_start">\
<di:waypoint x="196" y="178" /><di:waypoint x="400" y="178" /></bpmndi:BPMNEdge>
    </bpmndi:BPMNPlane>
  </bpmndi:BPMNDiagram>
</bpmn:definitions>
"""


def new_diagram(key: str, name: str) -> bytes:
    """A process that begins and ends."""
    return NEW.format(bpmn=BPMN, key=key, name=quoteattr(name)).encode()


def check_source(key: str, source: bytes) -> str:
    """The name of the process in a file that is a diagram of the process `key`.

    Raises DiagramRefused for what is not safe, not XML, too large, no BPMN or another process.
    """
    root = parse_xml(source, key)
    if root.tag != f"{{{BPMN}}}definitions":
        raise DiagramRefused(
            "not_bpmn", text("不是BPMN文件"), text("用建模工具画流程，保存为BPMN 2.0")
        )
    _refuse_excess(root)
    processes = root.findall(f"{{{BPMN}}}process")
    found = next((one for one in processes if one.get("id") == key), None)
    if found is None:
        raise _other(key, processes)
    return " ".join((found.get("name") or _pool(root, key) or key).split())


def in_utf8(key: str, source: bytes) -> bytes:
    """The same file in UTF-8, which is what browsers read. Raises DiagramRefused as parse_xml."""
    encoding = parse_xml(source, key).getroottree().docinfo.encoding or "UTF-8"
    if encoding.upper() in ("UTF-8", "ASCII", "US-ASCII"):
        return source
    try:
        words = source.decode(encoding).removeprefix("\ufeff")
    except (LookupError, UnicodeError) as error:
        raise DiagramRefused(
            "encoding", text("不能识别的编码{name}", name=encoding[:40]), text("另存为UTF-8编码")
        ) from error
    head = ENCODING.sub(' encoding="UTF-8"', words[:DECLARATION], count=1)
    return (head + words[DECLARATION:]).encode()


def _refuse_excess(root: etree._Element) -> None:
    drawn = sum(1 for _ in root.iter(f"{{{BPMNDI}}}BPMNShape"))
    nodes = sum(1 for one in root.iter(f"{{{BPMN}}}*") if one.tag not in PARTS)
    if max(drawn, nodes) > MOST_NODES:
        raise DiagramRefused(
            "too_many",
            text("图上有{n}个元素，最多{most}个", n=max(drawn, nodes), most=MOST_NODES),
            text("拆成几个流程，用调用活动连接"),
        )
    for one in root.iter(etree.Element):
        values = (
            [*one.attrib.values(), one.text or ""] if len(one.attrib) <= MOST_ATTRIBUTES else ()
        )
        longest = max(map(len, values), default=LONGEST_VALUE + 1)
        if longest > LONGEST_VALUE or len(one.get("name", "")) > LONGEST_NAME:
            raise DiagramRefused(
                "too_long",
                text("第{line}行的元素太大", line=one.sourceline),
                text(
                    "名称不超过{name}个字，其他内容不超过{value}个字，属性不超过{many}个",
                    name=LONGEST_NAME,
                    value=LONGEST_VALUE,
                    many=MOST_ATTRIBUTES,
                ),
            )


def _pool(root: etree._Element, key: str) -> str | None:
    pools = root.iter(f"{{{BPMN}}}participant")
    return next((one.get("name") for one in pools if one.get("processRef") == key), None)


def _other(key: str, processes: list[etree._Element]) -> DiagramRefused:
    ids = "、".join(str(one.get("id"))[:60] for one in processes[:3])
    return DiagramRefused(
        "other_process",
        text("文件里没有流程{key}，只有{ids}", key=key, ids=ids)
        if ids
        else text("文件里没有流程{key}", key=key),
        text("把流程的id改为{key}，或在那个流程的页面上传", key=key),
    )
