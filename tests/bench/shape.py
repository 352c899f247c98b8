"""The measured processes in two dialects: ours, and the library's own for the yardstick.

A case of fifteen user tasks, and a loop with a parallel block.

Six lanes' worth of roles are left out (they cost neither side anything); the rest is what the
notes measured: boundary timers, three parallel reviews, a called process, gateways, two services.
"""

from tests.runtime.diagrams import chain, event, flow, process, service, user

REVIEWERS = [1, 2, 3]


def _timer(key: str, attached: str, body: str) -> str:
    return (
        f'<bpmn:boundaryEvent id="{key}" name="{key}" attachedToRef="{attached}">'
        f"<bpmn:timerEventDefinition><bpmn:timeDuration>{body}</bpmn:timeDuration>"
        "</bpmn:timerEventDefinition></bpmn:boundaryEvent>"
    )


def _script(key: str) -> str:
    script = f"<bpmn:script>{key} = 1</bpmn:script>"
    return f'<bpmn:scriptTask id="{key}" name="{key}">{script}</bpmn:scriptTask>'


def _loop(collection: str) -> str:
    return (
        "<bpmn:multiInstanceLoopCharacteristics>"
        f"<bpmn:loopDataInputRef>{collection}</bpmn:loopDataInputRef>"
        '<bpmn:inputDataItem id="reviewer" name="reviewer"/>'
        "</bpmn:multiInstanceLoopCharacteristics>"
    )


def _task(key: str, inner: str = "") -> str:
    return user(key, inner=inner, deadline="first_review_period")


def called() -> bytes:
    """The called process: three tasks one after the other."""
    body = event("start", "cs") + "".join(_task(f"c{n}") for n in (1, 2, 3)) + event("end", "ce")
    return process("called", body + chain("cs", "c1", "c2", "c3", "ce"))


def case(*, ours: bool) -> bytes:
    """The case: nine tasks of its own, three reviews, and the three of `called`."""
    period = "P30D" if ours else '"P30D"'
    same = '"' if ours else "'"
    equal = "=" if ours else "=="
    note = service if ours else (lambda key, _topic: _script(key))
    body = (
        event("start", "s")
        + "".join(_task(f"t{n}") for n in range(1, 10))
        + _timer("late1", "t1", period)
        + _timer("late5", "t5", period)
        + note("n1", "bench.note")
        + note("n2", "bench.note")
        + _task("review", _loop("reviewers"))
        + '<bpmn:callActivity id="call" name="call" calledElement="called"/>'
        + '<bpmn:exclusiveGateway id="g" name="g" default="g_t4"/>'
        + event("end", "e")
        + event("end", "e1")
        + event("end", "e5")
        + event("end", "no")
        + chain("s", "t1", "t2", "n1", "t3", "g")
        + flow("g", "t4")
        + flow("g", "no", f"t3_outcome {equal} {same}NO{same}")
        + chain("t4", "t5", "review", "t6", "call", "t7", "n2", "t8", "t9", "e")
        + chain("late1", "e1")
        + chain("late5", "e5")
    )
    return process("case15", body)


def loop(*, ours: bool) -> bytes:
    """Three tasks a round, two of them at the same time, until somebody says stop."""
    stop = 'a_outcome = "STOP"' if ours else "a_outcome == 'STOP'"
    clocked = {"deadline": "first_review_period", "clock": "c"}
    body = (
        event("start", "s")
        + user("a", **clocked)
        + '<bpmn:parallelGateway id="split"/>'
        + user("b", **clocked)
        + user("b2", deadline="first_review_period")
        + '<bpmn:parallelGateway id="join"/>'
        + '<bpmn:exclusiveGateway id="g" name="g" default="g_a"/>'
        + event("end", "e")
        + chain("s", "a", "split", "b", "join", "g")
        + chain("split", "b2", "join")
        + flow("g", "a")
        + flow("g", "e", stop)
    )
    return process("loop", body)
