"""The last word: what passes every rule is parsed by SpiffWorkflow, and begun."""

from collections.abc import Iterator

from lxml import etree
from SpiffWorkflow.bpmn.parser.ValidationException import ValidationException

from engine.findings import Finding, short
from engine.runtime.elements import DanbaoParser
from engine.runtime.lint.page import Page
from engine.runtime.normalise import BPMN, normalise
from engine.text import text

_STUB = (
    '<d:definitions xmlns:d="{ns}"><d:process id="{key}" isExecutable="true">'
    '<d:startEvent id="begin"/><d:endEvent id="finish"/>'
    '<d:sequenceFlow id="go" sourceRef="begin" targetRef="finish"/></d:process></d:definitions>'
)


def not_executable(page: Page, source: bytes) -> Iterator[Finding]:
    """What the library's parser refuses, with the element where it tells one."""
    from engine.runtime.codec import Specs, new_workflow, settle

    parser = DanbaoParser()
    try:
        parser.add_bpmn_xml(normalise(source, page.key), page.key)
        for called in {node.get("calledElement", "") for node in page.nodes("callActivity")}:
            parser.add_bpmn_xml(_stub(called), called)
        spec = parser.get_spec(page.key)
        new_workflow(settle(Specs(spec, parser.get_subprocess_specs(page.key))))
    except RecursionError:
        yield page.error(
            page.process,
            text("流程太长，引擎读不下去"),
            text("把一段连续的步骤移到另一个流程里，用调用活动连接"),
        )
    except ValidationException as error:
        yield _refused(page, error)
    except (ValueError, LookupError, TypeError, AttributeError, NotImplementedError) as error:
        # whatever the library stumbles over is told, never thrown at the owner
        yield page.error(
            page.process,
            text("引擎不能执行这个流程：{why}", why=short(repr(error), 200)),
            text("简化最近改动的部分后重试"),
        )


def _stub(key: str) -> etree._Element:
    root = etree.fromstring(_STUB.format(ns=BPMN, key="stub"))
    root[0].set("id", key)
    return root


def _refused(page: Page, error: ValidationException) -> Finding:
    where = {node.get("id"): node for node in page.nodes()}.get(getattr(error, "id", None))
    if "maximum recursion" in str(error):
        message, remedy = (
            text("流程太长，引擎读不下去"),
            text("把一段步骤移到另一个流程里，用调用活动连接"),
        )
    else:
        message = text("引擎不能执行这里：{why}", why=short(error, 200))
        remedy = text("改正这个元素，或换一种画法")
    return page.error(page.process if where is None else where, message, remedy)
