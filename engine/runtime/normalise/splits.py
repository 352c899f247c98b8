"""Several flows out of a task or event, by BPMN's token rules: a gateway is put behind it."""

from lxml import etree

from engine.runtime.normalise.helpers import add_flow, add_node
from engine.runtime.normalise.source import GATEWAYS, bpmn, flow_nodes, flows, local, text_of


def add_splits(scope: etree._Element) -> None:
    """Put the gateway that is meant behind every task or event with several flows."""
    leaving: dict[str, list[etree._Element]] = {}
    for flow in flows(scope):
        leaving.setdefault(flow.get("sourceRef", ""), []).append(flow)
    for node in flow_nodes(scope):
        out = leaving.get(node.get("id", ""), [])
        if len(out) > 1 and local(node) not in GATEWAYS:
            _split(scope, node, out)


def _split(scope: etree._Element, node: etree._Element, out: list[etree._Element]) -> None:
    default = node.get("default")
    node.attrib.pop("default", "")
    kind = split_kind(out, default)
    gateway = add_node(scope, kind, node, "split")
    for flow in out:
        flow.set("sourceRef", gateway.get("id", ""))
        if kind == "inclusiveGateway" and not has_condition(flow) and flow.get("id") != default:
            etree.SubElement(flow, bpmn("conditionExpression")).text = "true"
    if default and kind != "parallelGateway":
        gateway.set("default", default)
    add_flow(scope, node.get("id", ""), gateway.get("id", ""))


def split_kind(out: list[etree._Element], default: str | None) -> str:
    """The gateway that several flows of an activity stand for."""
    conditional = sum(map(has_condition, out))
    if not conditional:
        return "parallelGateway"
    if len(out) == 2 and conditional == 1 and default in {flow.get("id") for flow in out}:
        return "exclusiveGateway"
    return "inclusiveGateway"


def has_condition(flow: etree._Element) -> bool:
    """Whether a flow is taken on a condition."""
    found = flow.find(bpmn("conditionExpression"))
    return found is not None and bool(text_of(found))
