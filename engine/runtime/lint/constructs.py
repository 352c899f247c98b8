"""Constructs that SpiffWorkflow 3.2.0 gets silently wrong, or that have no meaning here."""

from collections.abc import Iterator

from lxml import etree

from engine.findings import Finding, short
from engine.runtime.lint.page import Page
from engine.runtime.normalise.links import links
from engine.runtime.normalise.plain import BOOLEANS
from engine.runtime.normalise.source import (
    BPMN,
    FLOW_NODES,
    bpmn,
    definitions_of,
    flow_nodes,
    local,
)
from engine.text import Text, text

_NO_PATTERN = text("改用排他、包容或并行网关表达")
_REFUSED_NODES = {
    "complexGateway": (text("不支持复杂网关"), _NO_PATTERN),
    "adHocSubProcess": (
        text("不支持即席子流程：其中的先后次序不会被执行"),
        text("用顺序流连好次序，改为普通子流程"),
    ),
    "transaction": (
        text("不支持事务子流程：取消和补偿不会发生"),
        text("改为普通子流程，用错误边界事件处理失败"),
    ),
}
_DEFINITIONS = {
    "compensateEventDefinition": (
        text("不支持补偿事件：补偿不会发生"),
        text("把需要撤销的工作画成普通任务"),
    ),
    "cancelEventDefinition": (text("不支持取消事件"), text("改用错误事件")),
    "conditionalEventDefinition": (
        text("不支持条件事件：数据变化时它不会触发"),
        text("改用消息事件，或在任务后用排他网关判断"),
    ),
}
_ALLOWED = {
    "startEvent": set[str](),
    "endEvent": {"message", "signal", "escalation", "error", "terminate"},
    "intermediateThrowEvent": {"message", "signal", "escalation", "link"},
    "intermediateCatchEvent": {"message", "signal", "timer", "link"},
    "boundaryEvent": {"message", "signal", "timer", "error", "escalation"},
}
_KINDS = {
    "message": text("消息"),
    "signal": text("信号"),
    "timer": text("定时"),
    "error": text("错误"),
    "escalation": text("升级"),
    "terminate": text("终止"),
    "link": text("链接"),
}
_NOT_FLOW = {
    "documentation", "extensionElements", "laneSet", "sequenceFlow", "ioSpecification",
    "property", "dataObject", "dataObjectReference", "dataStoreReference", "association",
    "group", "textAnnotation", "auditing", "monitoring", "incoming", "outgoing",
    "multiInstanceLoopCharacteristics", "standardLoopCharacteristics", "supportedInterfaceRef",
    "correlationSubscription", "resourceRole", "performer", "humanPerformer", "potentialOwner",
    "supports", "dataInputAssociation", "dataOutputAssociation", "artifact", "categoryValueRef",
}  # fmt: skip


def refused_nodes(page: Page) -> Iterator[Finding]:
    """Gateways and sub-processes that cannot be executed."""
    for node in page.nodes():
        refused = _REFUSED_NODES.get(local(node))
        if refused:
            yield page.error(node, *refused)
        elif node.get("triggeredByEvent") == "true":
            yield page.error(
                node,
                text("不支持事件子流程：它不会中断主流程"),
                text("改为边界事件，附着在需要中断的任务或子流程上"),
            )
        if node.get("isForCompensation") == "true":
            yield page.error(node, *_DEFINITIONS["compensateEventDefinition"])
        if node.get("instantiate") == "true":
            yield page.error(
                node, text("不支持由消息启动的流程"), text("用普通的开始事件，由业务操作启动")
            )


def unknown_elements(page: Page) -> Iterator[Finding]:
    """Elements of BPMN that no process executes (choreographies, conversations)."""
    for scope in page.scopes():
        for node in scope:
            kind = local(node)
            if kind and kind not in FLOW_NODES and kind not in _NOT_FLOW:
                yield page.error(
                    node, text("不支持{kind}", kind=short(kind)), text("改用任务、事件或网关")
                )


def standard_loops(page: Page) -> Iterator[Finding]:
    """Loops are drawn, not ticked."""
    for node in page.nodes():
        if node.find(bpmn("standardLoopCharacteristics")) is not None:
            yield page.error(
                node,
                text("不支持标准循环标记"),
                text("用排他网关和一条回到任务的顺序流画出循环，或用多实例"),
            )


def event_definitions(page: Page) -> Iterator[Finding]:
    """Every event has at most one definition, of a kind that its place allows."""
    for node in page.nodes(*_ALLOWED):
        found = definitions_of(node)
        references = node.findall(bpmn("eventDefinitionRef"))
        if len(found) + len(references) > 1 or node.get("parallelMultiple") == "true":
            yield page.error(
                node,
                text("不支持一个事件有几个触发条件"),
                text("拆成几个事件，各有一个触发条件"),
            )
        elif references:
            yield page.error(
                node, text("事件的触发条件写在别处，不会被执行"), text("在事件里直接选定触发条件")
            )
        elif found:
            yield from _definition(page, node, found[0])
        elif local(node) in ("intermediateCatchEvent", "boundaryEvent"):
            yield page.error(
                node, text("事件没有触发条件，会一直等下去"), text("选定消息、信号或定时器")
            )


def _definition(page: Page, node: etree._Element, definition: etree._Element) -> Iterator[Finding]:
    refused = _DEFINITIONS.get(local(definition))
    kind = local(definition).removesuffix("EventDefinition")
    if refused:
        yield page.error(node, *refused)
    elif local(node) == "startEvent":
        yield page.error(node, *_start(kind))
    elif kind not in _ALLOWED[local(node)]:
        yield page.error(
            node, text("这里的{kind}事件不会被执行", kind=_called(kind)), text("换一种事件")
        )


def _start(kind: str) -> tuple[Text, Text]:
    if kind == "timer":
        return text("不支持定时启动"), text("用普通的开始事件；定期启动由业务操作或计划任务发起")
    return (
        text("不支持由{kind}事件启动的流程", kind=_called(kind)),
        text("用普通的开始事件，由业务操作启动"),
    )


def _called(kind: str) -> Text:
    return _KINDS.get(kind) or Text("{kind}", {"kind": short(kind)})


def one_start(page: Page) -> Iterator[Finding]:
    """A process or sub-process begins in one place."""
    for scope in page.scopes():
        starts = [node for node in flow_nodes(scope) if local(node) == "startEvent"]
        for node in starts[1:]:
            yield page.error(
                node,
                text("有{n}个开始事件，不知道从哪里开始", n=len(starts)),
                text("只留一个开始事件，在它后面用网关分开"),
            )


def matching_links(page: Page) -> Iterator[Finding]:
    """Every link leads to one catching event of its name in the same scope."""
    for scope in page.scopes():
        throws = links(scope, "intermediateThrowEvent")
        catches = links(scope, "intermediateCatchEvent")
        for name, nodes in throws.items():
            if not catches.get(name):
                for node in nodes:
                    yield page.error(
                        node,
                        text("链接“{name}”没有对应的接收端", name=short(name)),
                        text("在同一流程里加一个同名的链接接收事件"),
                    )
        for name, nodes in catches.items():
            for node in nodes[1:] if name in throws else nodes:
                yield page.error(node, *_catch(name, name in throws))


def _catch(name: str, thrown: bool) -> tuple[Text, Text]:
    if thrown:
        return (
            text("链接“{name}”有几个接收端", name=short(name)),
            text("只留一个，或给链接起不同的名字"),
        )
    return (
        text("链接“{name}”没有发出端", name=short(name)),
        text("加一个同名的链接发出事件，或删去接收端"),
    )


def marked_not_executable(page: Page) -> Iterator[Finding]:
    """Some tools mark every process so; publishing one means to have it executed."""
    if page.process.get("isExecutable") == "false":
        yield page.warning(
            page.process,
            text("流程标为不可执行，发布后照样执行"),
            text("在建模工具里把它标为可执行"),
        )


def neither_true_nor_false(page: Page) -> Iterator[Finding]:
    """What is ticked or not in a tool is `true` or `false` (or `1` or `0`) in the file."""
    for node in page.process.iter(f"{{{BPMN}}}*"):
        for name in BOOLEANS:
            value = node.get(name, "false")
            if value not in ("true", "false"):
                yield page.error(
                    node,
                    text("{name}写的“{value}”不是true或false", name=name, value=short(value)),
                    text("在建模工具里重新勾选这一项，或写成true或false"),
                )


def passed_at_once(page: Page) -> Iterator[Finding]:
    """A task without a kind is nobody's; a manual task says that this is meant."""
    for node in page.own_nodes("task"):
        yield page.warning(
            node,
            text("“{name}”没有任务类型，走到就过，不会交给任何人", name=page.name(node)),
            text("改为用户任务或服务任务；只作说明的，改为手工任务"),
        )


RULES = (
    passed_at_once,
    neither_true_nor_false,
    marked_not_executable,
    refused_nodes,
    unknown_elements,
    standard_loops,
    event_definitions,
    one_start,
    matching_links,
)
