"""The linter and the engine agree: what passes never gets stuck, and what is refused for a join
that waits for ever does wait, on some way, when it is run all the same."""

from collections import Counter
from random import Random

import pytest

from engine.runtime.lint import lint
from tests.runtime.diagrams import event, flow, process, user
from tests.runtime.drive import compiled, drive
from tests.runtime.furnish import CONDITION
from tests.runtime.lint.planting import KNOWN

GATEWAYS = ("exclusiveGateway", "parallelGateway", "inclusiveGateway")
DIAGRAMS = 400
WAITS = "会一直等下去"
RESTLESS = "停不下来"
ASKED = CONDITION.replace('"', "&quot;")


def drawn(seed: int) -> bytes:
    """A diagram of tasks and gateways, joined at random, mostly forwards."""
    random = Random(seed)  # noqa: S311 (no secret)
    size = random.randint(3, 9)
    kinds = {f"n{i}": random.choice(("userTask", *GATEWAYS)) for i in range(size)}
    names = [*kinds, "e"]
    edges = {(names[i], names[i + 1]) for i in range(size)}
    for _ in range(random.randint(1, 5)):
        one = random.choice([key for key, kind in kinds.items() if kind != "userTask"] or ["n0"])
        if kinds[one] != "userTask":
            back = kinds[one] == "exclusiveGateway" and random.random() < 0.3
            later = names if back else names[names.index(one) + 1 :]
            edges.add((one, random.choice(later)))
    return process("p", event("start", "s") + event("end", "e") + _body(kinds, sorted(edges)))


def _body(kinds: dict[str, str], edges: list[tuple[str, str]]) -> str:
    out: dict[str, list[str]] = {}
    for source, target in edges:
        out.setdefault(source, []).append(target)
    body = flow("s", "n0")
    for key, kind in kinds.items():
        choice = kind in ("exclusiveGateway", "inclusiveGateway") and len(out[key]) > 1
        default = f' default="{key}_{out[key][0]}"' if choice else ""
        body += user(key) if kind == "userTask" else f'<bpmn:{kind} id="{key}"{default}/>'
        for number, target in enumerate(out[key]):
            body += flow(key, target, ASKED if choice and number else "")
    return body


def runs(source: bytes, seeds: int) -> Counter[str]:
    """How often an instance comes to its end, and how often it gets stuck. A circle that splits may
    have more to do each round; such a run is left when it has gone on for long."""
    specs, found = compiled("p", ("p", source)), Counter[str]()
    for seed in range(seeds):
        try:
            drive(specs, seed)
        except AssertionError as stuck:
            found["stuck" if "nothing can happen" in str(stuck) else "long"] += 1
        else:
            found["end"] += 1
    return found


def test_what_passes_never_gets_stuck_and_what_is_refused_can() -> None:
    passed, refused = 0, 0
    for seed in range(DIAGRAMS):
        source = drawn(seed)
        report = lint(source, "p", KNOWN)
        if report.ok:
            found = runs(source, 6)
            assert "stuck" not in found, (seed, found)
            passed += 1
        elif all(WAITS in str(one.message) for one in report.errors):
            assert "stuck" in runs(source, 60), seed
            refused += 1
        elif all(WAITS in str(one.message) or RESTLESS in str(one.message)
                 for one in report.errors):  # fmt: skip
            continue  # a circle that nothing ends: nobody could wait for it to get stuck
        else:
            pytest.fail(f"{seed}: {[str(one.message) for one in report.errors]}")
    print(f"{passed} pass, {refused} refused")
    assert min(passed, refused) > DIAGRAMS // 10
