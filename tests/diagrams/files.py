"""The published files, read for the tests of this folder."""

from functools import cache
from pathlib import Path

from lxml import etree

from engine.runtime.normalise import BPMN, CAMUNDA, parse_xml
from engine.runtime.picture_model import Picture, is_flow_node, properties, read_picture

ROOT = Path(__file__).parents[2] / "bpmn"
PROCESSES = sorted(path.stem for path in (ROOT / "processes").glob("*.bpmn"))
FORMS = sorted(path.stem for path in (ROOT / "forms").glob("*.form"))


@cache
def source(process: str) -> bytes:
    return (ROOT / "processes" / f"{process}.bpmn").read_bytes()


@cache
def tree(process: str) -> etree._Element:
    return parse_xml(source(process), process)


@cache
def picture(process: str) -> Picture:
    return read_picture(source(process))


def nodes(process: str) -> list[etree._Element]:
    """The elements of the process itself, flows and artefacts included."""
    found = tree(process).find(f"{{{BPMN}}}process")
    assert found is not None
    return list(found)


def flows(process: str) -> list[etree._Element]:
    return [node for node in nodes(process) if node.tag == f"{{{BPMN}}}sequenceFlow"]


def of_kind(process: str, kind: str) -> list[etree._Element]:
    return [node for node in nodes(process) if node.tag == f"{{{BPMN}}}{kind}"]


def camunda(node: etree._Element, name: str) -> str:
    return str(node.get(f"{{{CAMUNDA}}}{name}") or "")


__all__ = [
    "FORMS",
    "PROCESSES",
    "ROOT",
    "camunda",
    "flows",
    "is_flow_node",
    "nodes",
    "of_kind",
    "picture",
    "properties",
    "source",
    "tree",
]
