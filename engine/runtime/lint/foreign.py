"""What other engines would run, and this one would leave aside without a word."""

from collections.abc import Iterator
from itertools import chain

from lxml import etree

from engine.findings import Finding, short
from engine.runtime.lint.page import Page
from engine.runtime.normalise.source import BPMN, CAMUNDA, local
from engine.text import Text, text

_LISTENER = (text("监听器不会被执行"), text("把这件事画成服务任务，用登记操作完成"))
_CODE = (text("不运行流程图里指定的程序"), text("类型选External，在topic写登记操作的名称"))
_ELEMENTS = {
    "executionListener": _LISTENER,
    "taskListener": _LISTENER,
    "connector": _CODE,
    "script": (text("这里的脚本不会被执行"), text("写成=开头的FEEL表达式，或用登记操作")),
    "outputParameter": (text("输出映射不会生效"), text("操作登记的结果自动并入数据，删去输出映射")),
    "formData": (text("流程图里画的表单不会显示"), text("做成表单文件，在formKey写上它的代码")),
    "out": (text("输出映射不会生效"), text("被调用流程的结果自动并入，删去映射")),
    "errorEventDefinition": (text("这里的错误映射不会生效"), text("在任务上附着错误边界事件")),
}
_ATTRIBUTES = {
    "class": _CODE,
    "delegateExpression": _CODE,
    "expression": _CODE,
    "variableMappingClass": _CODE,
    "variableMappingDelegateExpression": _CODE,
    "caseRef": (text("不支持调用CMMN案例"), text("在calledElement写上流程的id")),
}
ENGINES = {
    "http://camunda.org/schema/zeebe/1.0": "Camunda 8 (zeebe)",
    "http://spiffworkflow.org/bpmn/schema/1.0/core": "SpiffWorkflow",
    "http://activiti.org/bpmn": "Activiti",
    "http://flowable.org/bpmn": "Flowable",
}
JUEL = ("${", "#{")


def listeners_and_code(page: Page) -> Iterator[Finding]:
    """Listeners, classes, connectors and mappings of Camunda."""
    for node in page.process.iter(f"{{{CAMUNDA}}}*"):
        refused = _ELEMENTS.get(etree.QName(node).localname)
        if refused:
            yield page.error(node, *refused)
        elif etree.QName(node).localname == "in" and _maps(node):
            yield page.error(
                node,
                text("输入映射不会生效"),
                text("被调用流程拿到全部数据，删去映射"),
            )
    for node in page.process.iter(f"{{{BPMN}}}*"):
        for name, refused in _ATTRIBUTES.items():
            if node.get(f"{{{CAMUNDA}}}{name}") is not None:
                yield page.error(node, *refused)


def _maps(node: etree._Element) -> bool:
    return any(node.get(name) for name in ("source", "sourceExpression", "target"))


def inputs_of_others(page: Page) -> Iterator[Finding]:
    """Only operations take inputs."""
    for node in page.nodes():
        if node.get(f"{{{CAMUNDA}}}topic") is None and _inputs(node):
            yield page.error(
                node,
                text("“{name}”的输入映射不会生效", name=page.name(node)),
                text("只有服务任务的操作接受输入，删去输入映射"),
            )


def _inputs(node: etree._Element) -> bool:
    path = f"{{{BPMN}}}extensionElements/{{{CAMUNDA}}}inputOutput/{{{CAMUNDA}}}inputParameter"
    return node.find(path) is not None


def other_engines(page: Page) -> Iterator[Finding]:
    """Extensions of other engines, once for each element."""
    for node in page.process.iter(f"{{{BPMN}}}*"):
        engine = _engine(node)
        if engine:
            yield page.error(node, *_other(engine))


def _engine(node: etree._Element) -> str | None:
    extensions = node.find(f"{{{BPMN}}}extensionElements")
    tags = [child.tag for child in extensions] if extensions is not None else []
    for name in chain(node.attrib, tags):
        uri = str(name).removeprefix("{").partition("}")[0]
        if uri in ENGINES:
            return ENGINES[uri]
    return None


def _other(engine: str) -> tuple[Text, Text]:
    return (
        text("{engine}的扩展属性不会生效", engine=engine),
        text("建模时选Camunda 7，改用这里的属性"),
    )


def java_expressions(page: Page) -> Iterator[Finding]:
    """Expressions in the language of Java engines."""
    for node in page.process.iter(f"{{{BPMN}}}*", f"{{{CAMUNDA}}}*"):
        if local(node) in ("documentation", "script", "text"):
            continue
        said = (str(value) for name, value in node.attrib.items() if name != "name")
        values = [node.text or "", *said]
        found = next((value for value in values if any(sign in value for sign in JUEL)), None)
        if found is not None:
            yield page.error(
                node,
                text("表达式{source}不会被执行", source=short(found.strip())),
                text("改写成FEEL，以=开头，例如 =amount > 100"),
            )


def bound_to_versions(page: Page) -> Iterator[Finding]:
    """What is called is what was published together, or since; never a version of one's choice."""
    for node in page.nodes("callActivity", "businessRuleTask"):
        for name in ("calledElementBinding", "decisionRefBinding"):
            binding = node.get(f"{{{CAMUNDA}}}{name}", "deployment")
            if binding not in ("deployment", "latest"):
                yield page.error(
                    node,
                    text(
                        "不能指定调用哪个版本：{name}写的是{binding}",
                        name=name,
                        binding=short(binding),
                    ),
                    text("绑定选latest或deployment，调用的是一起发布的版本"),
                )


RULES = (bound_to_versions, listeners_and_code, inputs_of_others, other_engines, java_expressions)
