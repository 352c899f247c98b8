"""Ids and references: without them nothing else can be said about a diagram."""

import re
from collections.abc import Iterator
from itertools import islice

from lxml import etree

from engine.findings import Finding, short
from engine.runtime.lint.page import Page
from engine.runtime.normalise.helpers import is_helper
from engine.runtime.normalise.source import BPMN, SCOPES, TASKS, flow_nodes, flows, line_of, local
from engine.text import Text, text

_ID = re.compile(r"[\w][\w.\-]{0,199}")
_RESERVED = {"Start", "End", "StartEventSplit", "StartEventJoin"}
_TAKEN = (".EndJoin", ".BoundaryEventSplit", ".BoundaryEventJoin")
MAX_STEPS = 3000  # as many as a picture shows
_HOSTS = TASKS | SCOPES | {"callActivity"}


def is_too_large(page: Page) -> bool:
    """Whether a process has so many steps that nobody could look at them."""
    return next(islice(page.nodes(), MAX_STEPS, None), None) is not None


def too_large(page: Page) -> Finding:
    """What is said of it, and nothing else."""
    return page.error(
        page.process,
        text("流程的步骤超过{n}个，谁也看不过来", n=MAX_STEPS),
        text("拆成几个流程，用调用活动连接"),
    )


def duplicate_ids(page: Page) -> Iterator[Finding]:
    """Every id is given once."""
    first: dict[str, int] = {}
    for node in page.root.iter(f"{{{BPMN}}}*"):
        key = node.get("id")
        if not key or node is page.root:
            continue
        if key in first and _counts(page, node):
            yield page.error(
                node,
                text("id“{id}”在第{line}行已经用过", id=short(key), line=first[key]),
                text("给其中一个换一个id"),
            )
        first.setdefault(key, line_of(node))


def _counts(page: Page, node: etree._Element) -> bool:
    return node.getparent() is page.root or page.process in node.iterancestors()


def usable_ids(page: Page) -> Iterator[Finding]:
    """Ids that the engine, addresses and histories can carry."""
    for node in [page.process, *page.nodes()]:
        key = node.get("id", "")
        if not key:
            if node is page.process:
                yield page.error(node, text("流程没有id"), text("给流程一个id，即它的代码"))
        elif not _ID.fullmatch(key):
            yield page.error(
                node,
                text("id“{id}”含有不能用的字符或过长", id=short(key)),
                text("只用字母、数字、下划线、点和连字符，不超过200个"),
            )
        elif key in _RESERVED or key.endswith(_TAKEN) or is_helper(key):
            yield page.error(node, text("id“{id}”是引擎自用的", id=short(key)), text("换一个id"))


def flow_ends(page: Page) -> Iterator[Finding]:
    """Every flow joins two elements of the same process or sub-process."""
    everywhere = {node.get("id") for node in page.nodes()}
    for scope in page.scopes():
        here = {node.get("id") for node in flow_nodes(scope)} - {None, ""}
        for flow in flows(scope):
            for end in ("sourceRef", "targetRef"):
                key = flow.get(end)
                if key in here:
                    continue
                yield page.error(flow, *_dangling(end, key, key in everywhere))


def _dangling(end: str, key: str | None, elsewhere: bool) -> tuple[Text, Text]:
    which = text("起点") if end == "sourceRef" else text("终点")
    if key and elsewhere:
        return (
            text("顺序流的{which}“{id}”在另一个子流程里", which=which, id=short(key)),
            text("顺序流不能穿过子流程的边界，改为连到子流程本身"),
        )
    return (
        text("顺序流的{which}“{id}”不存在", which=which, id=short(key or "")),
        text("在建模工具里删去这条线，重新连接"),
    )


def wrong_ways(page: Page) -> Iterator[Finding]:
    """Nothing leads into a start or a boundary event, nothing out of an end."""
    for scope in page.scopes():
        kinds = {node.get("id"): local(node) for node in flow_nodes(scope)}
        for flow in flows(scope):
            if kinds.get(flow.get("sourceRef")) == "endEvent":
                yield page.error(
                    flow,
                    text("结束事件后面不能再有顺序流"),
                    text("删去这条线，或把结束改为中间事件"),
                )
            if kinds.get(flow.get("targetRef")) in ("startEvent", "boundaryEvent"):
                yield page.error(
                    flow, text("顺序流不能进入开始事件或边界事件"), text("改为连到任务或网关")
                )


def boundary_hosts(page: Page) -> Iterator[Finding]:
    """A boundary event sits on a task or sub-process beside it."""
    for scope in page.scopes():
        kinds = {node.get("id"): local(node) for node in flow_nodes(scope)}
        for node in flow_nodes(scope):
            if local(node) != "boundaryEvent":
                continue
            host = node.get("attachedToRef")
            if kinds.get(host) not in _HOSTS:
                yield page.error(
                    node,
                    text("边界事件附着的“{id}”不是这里的任务或子流程", id=short(host or "")),
                    text("把边界事件拖到任务或子流程的边上"),
                )


def default_flows(page: Page) -> Iterator[Finding]:
    """A default flow is one of the flows that leave the element."""
    leaving = {(flow.get("sourceRef"), flow.get("id")) for flow in page.flows()}
    for node in page.nodes():
        default = node.get("default")
        if default and (node.get("id"), default) not in leaving:
            yield page.error(
                node,
                text("默认流“{id}”不是从这里出去的", id=short(default)),
                text("重新指定默认流"),
            )


RULES = (duplicate_ids, usable_ids, flow_ends, wrong_ways, boundary_hosts, default_flows)
