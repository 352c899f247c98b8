"""Small diagrams for runtime tests, without shapes."""

import json
from itertools import pairwise

HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>'
    '<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" '
    'xmlns:camunda="http://camunda.org/schema/1.0/bpmn" targetNamespace="t" id="d">'
)


def process(key: str, body: str, outside: str = "") -> bytes:
    """A definitions file with one process."""
    return (
        f'{HEAD}{outside}<bpmn:process id="{key}" name="{key}" isExecutable="true">{body}'
        "</bpmn:process></bpmn:definitions>"
    ).encode()


def flow(source: str, target: str, condition: str = "") -> str:
    """A sequence flow named source_target."""
    inner = f"<bpmn:conditionExpression>{condition}</bpmn:conditionExpression>" if condition else ""
    return (
        f'<bpmn:sequenceFlow id="{source}_{target}" sourceRef="{source}" targetRef="{target}">'
        f"{inner}</bpmn:sequenceFlow>"
    )


def chain(*ids: str) -> str:
    """Flows that join elements in order."""
    return "".join(flow(a, b) for a, b in pairwise(ids))


def user(key: str, group: str = "finance:maker", inner: str = "", **properties: str) -> str:
    """A user task with our vocabulary; without a deadline unless one is given."""
    if "deadline" not in properties:
        properties = {"deadline": "none", "clause": "T1", **properties}
    entries = "".join(
        f'<camunda:property name="{name}" value="{value}"/>' for name, value in properties.items()
    )
    extension = (
        f"<bpmn:extensionElements><camunda:properties>{entries}</camunda:properties>"
        "</bpmn:extensionElements>"
        if entries
        else ""
    )
    return (
        f'<bpmn:userTask id="{key}" name="{key}" camunda:candidateGroups="{group}" '
        f'camunda:formKey="f">{extension}{inner}</bpmn:userTask>'
    )


def service(key: str, topic: str, **inputs: str) -> str:
    """A service task that calls an operation."""
    entries = "".join(
        f'<camunda:inputParameter name="{name}">{value}</camunda:inputParameter>'
        for name, value in inputs.items()
    )
    return (
        f'<bpmn:serviceTask id="{key}" name="{key}" camunda:type="external" '
        f'camunda:topic="{topic}"><bpmn:extensionElements><camunda:inputOutput>{entries}'
        "</camunda:inputOutput></bpmn:extensionElements></bpmn:serviceTask>"
    )


def event(kind: str, key: str) -> str:
    """A start or end event."""
    return f'<bpmn:{kind}Event id="{key}" name="{key}"/>'


def form(key: str) -> bytes:
    """A form whose outcome can be anything."""
    outcome = {"type": "textfield", "id": "Field_1", "key": "outcome", "label": "outcome"}
    return json.dumps({"id": key, "type": "default", "components": [outcome]}).encode()
