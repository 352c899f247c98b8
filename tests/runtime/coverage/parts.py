"""Elements of the diagrams of these tests, beside those in tests.runtime.diagrams."""

from xml.sax.saxutils import escape

QUOTES = {chr(34): "&quot;"}


def outside(
    *, messages: str = "", signals: str = "", errors: str = "", escalations: str = ""
) -> str:
    """Messages, signals, errors and escalations by name; ids are m_, s_, x_, c_ and the name."""
    return (
        "".join(f'<bpmn:message id="m_{name}" name="{name}"/>' for name in messages.split())
        + "".join(f'<bpmn:signal id="s_{name}" name="{name}"/>' for name in signals.split())
        + "".join(
            f'<bpmn:error id="x_{name}" name="{name}" errorCode="{name}"/>'
            for name in errors.split()
        )
        + "".join(
            f'<bpmn:escalation id="c_{name}" name="{name}" escalationCode="{name}"/>'
            for name in escalations.split()
        )
    )


def about(correlation: str) -> str:
    """The property that says what a message is about."""
    return (
        '<bpmn:extensionElements><camunda:properties><camunda:property name="correlation" '
        f'value="{escape(correlation, QUOTES)}"/></camunda:properties></bpmn:extensionElements>'
    )


def message(name: str) -> str:
    """A message event definition."""
    return f'<bpmn:messageEventDefinition messageRef="m_{name}"/>'


def signal(name: str) -> str:
    """A signal event definition."""
    return f'<bpmn:signalEventDefinition signalRef="s_{name}"/>'


def error(name: str = "") -> str:
    """An error event definition; of any error without a name."""
    reference = f' errorRef="x_{name}"' if name else ""
    return f"<bpmn:errorEventDefinition{reference}/>"


def escalation(name: str = "") -> str:
    """An escalation event definition."""
    reference = f' escalationRef="c_{name}"' if name else ""
    return f"<bpmn:escalationEventDefinition{reference}/>"


def timer(body: str, kind: str = "timeDuration") -> str:
    """A timer event definition."""
    return (
        f"<bpmn:timerEventDefinition><bpmn:{kind}>{body}</bpmn:{kind}></bpmn:timerEventDefinition>"
    )


def catch(key: str, definition: str, inner: str = "") -> str:
    """An intermediate event that waits."""
    return (
        f'<bpmn:intermediateCatchEvent id="{key}" name="{key}">{inner}{definition}'
        "</bpmn:intermediateCatchEvent>"
    )


def throw(key: str, definition: str = "", inner: str = "") -> str:
    """An intermediate event that sends."""
    return (
        f'<bpmn:intermediateThrowEvent id="{key}" name="{key}">{inner}{definition}'
        "</bpmn:intermediateThrowEvent>"
    )


def end(key: str, definition: str = "", inner: str = "") -> str:
    """An end event."""
    return f'<bpmn:endEvent id="{key}" name="{key}">{inner}{definition}</bpmn:endEvent>'


def boundary(
    key: str, host: str, definition: str, inner: str = "", *, interrupting: bool = True
) -> str:
    """An event at the edge of an activity."""
    return (
        f'<bpmn:boundaryEvent id="{key}" name="{key}" attachedToRef="{host}" '
        f'cancelActivity="{str(interrupting).lower()}">{inner}{definition}</bpmn:boundaryEvent>'
    )


def element(kind: str, key: str, inner: str = "", **attributes: str) -> str:
    """Any element."""
    given = "".join(f' {name}="{value}"' for name, value in attributes.items())
    return f'<bpmn:{kind} id="{key}" name="{key}"{given}>{inner}</bpmn:{kind}>'


def gateway(kind: str, key: str, default: str = "") -> str:
    """A gateway; `default` is the id of a flow."""
    return element(f"{kind}Gateway", key, **({"default": default} if default else {}))


def loop(*, collection: str = "", cardinality: str = "", until: str = "", one_by_one: bool = False,
         item: str = "item") -> str:  # fmt: skip
    """Multi-instance characteristics."""
    given = (
        f' camunda:collection="{collection}" camunda:elementVariable="{item}"' if collection else ""
    )
    inner = f"<bpmn:loopCardinality>{cardinality}</bpmn:loopCardinality>" if cardinality else ""
    if until:
        inner += f"<bpmn:completionCondition>{until}</bpmn:completionCondition>"
    return (
        f'<bpmn:multiInstanceLoopCharacteristics isSequential="{str(one_by_one).lower()}"{given}>'
        f"{inner}</bpmn:multiInstanceLoopCharacteristics>"
    )


def inside(key: str, body: str, inner: str = "") -> str:
    """A sub-process."""
    return f'<bpmn:subProcess id="{key}" name="{key}">{inner}{body}</bpmn:subProcess>'
