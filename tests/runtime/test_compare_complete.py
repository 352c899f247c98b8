"""Whatever makes two files say something else is told; nothing that is executed can slip by."""

from collections.abc import Callable, Iterator

import pytest
from lxml import etree

from engine.config import ROOT
from engine.runtime.compare import compare
from engine.runtime.normalise import BPMN
from engine.runtime.same import first_difference
from tests.runtime.diagrams import HEAD

FILES = sorted((ROOT / "bpmn" / "processes").glob("*.bpmn"))
DI = "{http://www.omg.org/spec/BPMN/20100524/DI}"
Mutant = tuple[str, Callable[[], bytes]]

# what the published processes do not have: other events, loops, data, notes, several pools
REST = f"""{HEAD}
<bpmn:message id="m" name="通知"/><bpmn:signal id="sig" name="信号"/>
<bpmn:error id="err" name="出错" errorCode="E1"/>
<bpmn:escalation id="esc" name="上报" escalationCode="C1"/>
<bpmn:collaboration id="c">
  <bpmn:participant id="own" name="本区" processRef="p"/>
  <bpmn:participant id="foreign" name="银行"/>
  <bpmn:messageFlow id="mf" name="送达" sourceRef="throw" targetRef="foreign" messageRef="m"/>
  <bpmn:textAnnotation id="out"><bpmn:text>泳池外的注释</bpmn:text></bpmn:textAnnotation>
</bpmn:collaboration>
<bpmn:category id="cat"><bpmn:categoryValue id="val" value="一组"/></bpmn:category>
<bpmn:process id="p" name="全" isExecutable="true"><bpmn:documentation>说明</bpmn:documentation>
  <bpmn:laneSet id="ls"><bpmn:lane id="l1" name="上"><bpmn:childLaneSet id="cls">
    <bpmn:lane id="l11" name="左"><bpmn:flowNodeRef>one</bpmn:flowNodeRef></bpmn:lane>
    <bpmn:lane id="l12" name="右"><bpmn:flowNodeRef>throw</bpmn:flowNodeRef></bpmn:lane>
  </bpmn:childLaneSet></bpmn:lane></bpmn:laneSet>
  <bpmn:startEvent id="s" isInterrupting="false">
    <bpmn:signalEventDefinition id="sd" signalRef="sig"/></bpmn:startEvent>
  <bpmn:userTask id="one" name="一" camunda:formKey="f" camunda:assignee="=who">
    <bpmn:extensionElements><camunda:properties><camunda:property name="reminders" value="P0D"/>
    </camunda:properties><camunda:executionListener event="start" class="x"/>
    </bpmn:extensionElements>
    <bpmn:multiInstanceLoopCharacteristics id="mi" isSequential="true" camunda:collection="people"
      camunda:elementVariable="who"><bpmn:loopCardinality>3</bpmn:loopCardinality>
      <bpmn:completionCondition>=enough</bpmn:completionCondition>
    </bpmn:multiInstanceLoopCharacteristics></bpmn:userTask>
  <bpmn:scriptTask id="two" scriptFormat="feel"><bpmn:script>a = 1</bpmn:script>
    <bpmn:standardLoopCharacteristics id="sl" testBefore="true" loopMaximum="2">
    <bpmn:loopCondition>=more</bpmn:loopCondition></bpmn:standardLoopCharacteristics>
  </bpmn:scriptTask>
  <bpmn:callActivity id="call" calledElement="q"><bpmn:extensionElements>
    <camunda:in source="a" target="b"/><camunda:out variables="all"/>
    <camunda:inputOutput><camunda:outputParameter name="o">=1</camunda:outputParameter>
    </camunda:inputOutput></bpmn:extensionElements></bpmn:callActivity>
  <bpmn:intermediateThrowEvent id="throw" name="发"><bpmn:messageEventDefinition id="md"
    messageRef="m"/></bpmn:intermediateThrowEvent>
  <bpmn:intermediateCatchEvent id="catch"><bpmn:conditionalEventDefinition id="cd">
    <bpmn:condition>=a > 1</bpmn:condition></bpmn:conditionalEventDefinition>
  </bpmn:intermediateCatchEvent>
  <bpmn:intermediateCatchEvent id="cycle"><bpmn:timerEventDefinition id="td">
    <bpmn:timeCycle>R3/P1D</bpmn:timeCycle></bpmn:timerEventDefinition>
  </bpmn:intermediateCatchEvent>
  <bpmn:intermediateThrowEvent id="link"><bpmn:linkEventDefinition id="ld" name="甲"/>
  </bpmn:intermediateThrowEvent>
  <bpmn:boundaryEvent id="b1" attachedToRef="sub" cancelActivity="false">
    <bpmn:escalationEventDefinition id="ed" escalationRef="esc"/></bpmn:boundaryEvent>
  <bpmn:boundaryEvent id="b2" attachedToRef="sub">
    <bpmn:errorEventDefinition id="erd" errorRef="err"/></bpmn:boundaryEvent>
  <bpmn:subProcess id="sub" name="里面"><bpmn:startEvent id="is"/><bpmn:task id="it" name="内"/>
    <bpmn:endEvent id="ie"><bpmn:terminateEventDefinition id="te"/></bpmn:endEvent>
    <bpmn:sequenceFlow id="if1" sourceRef="is" targetRef="it"/>
    <bpmn:sequenceFlow id="if2" sourceRef="it" targetRef="ie"/></bpmn:subProcess>
  <bpmn:subProcess id="esp" triggeredByEvent="true"><bpmn:startEvent id="es">
    <bpmn:compensateEventDefinition id="ced"/></bpmn:startEvent></bpmn:subProcess>
  <bpmn:inclusiveGateway id="g" default="f4"/><bpmn:eventBasedGateway id="eg" instantiate="true"/>
  <bpmn:dataObject id="do" isCollection="true"/>
  <bpmn:dataObjectReference id="dor" name="材料" dataObjectRef="do"/>
  <bpmn:textAnnotation id="note"><bpmn:text>注意</bpmn:text></bpmn:textAnnotation>
  <bpmn:association id="as" sourceRef="one" targetRef="note" associationDirection="One"/>
  <bpmn:group id="gr" categoryValueRef="val"/>
  <bpmn:sequenceFlow id="f1" sourceRef="s" targetRef="one"/>
  <bpmn:sequenceFlow id="f2" sourceRef="one" targetRef="g"/>
  <bpmn:sequenceFlow id="f3" name="是" sourceRef="g" targetRef="two">
    <bpmn:conditionExpression language="feel">=a</bpmn:conditionExpression></bpmn:sequenceFlow>
  <bpmn:sequenceFlow id="f3b" name="也是" sourceRef="g" targetRef="two">
    <bpmn:conditionExpression>=b</bpmn:conditionExpression></bpmn:sequenceFlow>
  <bpmn:sequenceFlow id="f4" sourceRef="g" targetRef="call"/>
</bpmn:process></bpmn:definitions>""".encode()


def mutants(source: bytes) -> Iterator[tuple[str, bytes]]:
    """The file with one thing changed, taken away or added, once for each sort of place."""
    root = etree.fromstring(source)
    seen: set[str] = set()
    for node in list(root.iter()):
        for place, mutant in _at(root, node):
            if place not in seen:
                seen.add(place)
                yield place, mutant()


def _at(root: etree._Element, node: etree._Element) -> Iterator[Mutant]:
    def written() -> bytes:
        return bytes(etree.tostring(root))

    place = "/".join(etree.QName(one.tag).localname for one in [*node.iterancestors(), node])
    place += "+" + node.get("name", "") if node.tag.endswith("}property") else ""
    for key, value in [(str(key), str(value)) for key, value in node.attrib.items()]:
        node.set(key, f"{value}x")
        yield f"{place} {key}: other", written
        del node.attrib[key]
        yield f"{place} {key}: gone", written
        node.set(key, value)
    if (node.text or "").strip():
        text, node.text = node.text, f"{node.text}x"
        yield f"{place}: text", written
        node.text = text
    for change, mutant in _whole(node, written):
        yield f"{place}: {change}", mutant


def _whole(node: etree._Element, written: Callable[[], bytes]) -> Iterator[Mutant]:
    parent = node.getparent()
    if parent is not None:
        at, tail = parent.index(node), node.tail
        parent.remove(node)
        yield "gone", written
        node.tail = tail
        parent.insert(at, node)
    if node.get("id") and not node.tag.endswith("}documentation"):
        more = etree.SubElement(node, f"{{{BPMN}}}documentation")
        more.text = "还有"
        yield "said more", written
        node.remove(more)


def missed(source: bytes) -> list[str]:
    """Changes that are not told, or only as a line of the file."""
    found = []
    root = etree.fromstring(source)
    for drawn in root.findall(f"{DI}BPMNDiagram"):
        root.remove(drawn)
    bare = etree.tostring(root)
    for place, mutant in mutants(bare):
        told = [str(one.words) for one in compare(bare, mutant)]
        is_same = not told and first_difference(bare, mutant, drawing=False) is None
        if not (is_same or told) or any("文件另有不同" in one for one in told):
            found.append(f"{place} {told}")
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_no_change_of_a_published_process_goes_untold(path: object) -> None:
    assert missed(path.read_bytes()) == []  # type: ignore[attr-defined]


def test_no_change_of_anything_else_that_bpmn_has_goes_untold() -> None:
    assert missed(REST) == []


def test_what_there_are_no_words_for_is_told_by_its_line() -> None:
    two = b'<camunda:property name="%s" value="1"/>'
    old = REST.replace(b"</camunda:properties>", two % b"a" + two % b"b" + b"</camunda:properties>")
    new = REST.replace(b"</camunda:properties>", two % b"b" + two % b"a" + b"</camunda:properties>")
    (found,) = compare(old, new)
    assert str(found.words).startswith("“一”的其他内容另有不同：第")
    assert found.element == "one"
