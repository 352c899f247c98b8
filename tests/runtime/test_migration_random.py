"""Any small edit of a diagram, at any point of a case: refused as it was, or ended on the new."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import event as note
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from engine.models import Instance
from engine.operations.migrations import CannotMigrate, migrate
from engine.people import SYSTEM
from engine.runtime.normalise import DiagramRefused
from engine.runtime.registry import LIST, TEXT, starts_with
from engine.runtime.step import start_instance
from tests.runtime.conftest import NOW, Staff
from tests.runtime.diagrams import event, flow, process
from tests.runtime.moving import LATER, Mover
from tests.runtime.test_migration import LOOP, boundary, task

LENGTH = 6
starts_with("p", banks=LIST, route=TEXT)
ACTS = ("remove", "swap", "kind", "many", "late", "branch", "unbranch")


@dataclass
class Block:
    """A task, several tasks at once, one of two, or a task done again while a condition holds."""

    kind: str
    keys: list[str]
    many: bool = False
    late: bool = False

    def ends(self) -> tuple[str, str]:
        first = self.keys[0]
        return {"task": (first, first), "loop": (first, f"{first}_g")}.get(
            self.kind, (f"{first}_f", f"{first}_j")
        )

    def xml(self) -> Iterator[str]:
        first, (begin, end) = self.keys[0], self.ends()
        for key in self.keys:
            inner = LOOP if self.many and key == first else ""
            yield task(key, inner=inner)
        if self.late and self.kind == "task":
            yield boundary(host=first).replace('"late"', f'"{first}_late"')
            yield flow(f"{first}_late", "gone")
        if self.kind == "loop":
            yield f'<bpmn:exclusiveGateway id="{end}"/>' + flow(first, end)
            yield flow(end, first, f'{first}_outcome = "AGAIN"')
        if self.kind in ("parallel", "exclusive"):
            default = f' default="{begin}_{first}"' if self.kind == "exclusive" else ""
            yield f'<bpmn:{self.kind}Gateway id="{begin}"{default}/>'
            yield f'<bpmn:{self.kind}Gateway id="{end}"/>'
            for key in self.keys:
                when = f'route = "{key}"' if self.kind == "exclusive" and key != first else ""
                yield flow(begin, key, when) + flow(key, end)


@dataclass
class Drawing:
    """Blocks one after another, and how to change them a little."""

    blocks: list[Block] = field(default_factory=list)
    numbers: Iterator[int] = field(default_factory=count)

    def block(self, dice: random.Random) -> Block:
        kind = dice.choice(["task", "task", "parallel", "exclusive", "loop"])
        size = dice.randint(2, 3) if kind in ("parallel", "exclusive") else 1
        keys = [f"k{next(self.numbers)}" for _ in range(size)]
        return Block(kind, keys, kind == "task" and dice.random() < 0.3, dice.random() < 0.3)

    def xml(self) -> bytes:
        parts = [event("start", "s"), event("end", "e"), event("end", "gone")]
        before = "s"
        for block in self.blocks:
            begin, end = block.ends()
            parts += [*block.xml(), self.join(before, begin)]
            before = end
        parts.append(self.join(before, "e"))
        if not any(block.late and block.kind == "task" for block in self.blocks):
            parts.remove(event("end", "gone"))
        drawn = process("p", "".join(parts)).decode()
        for block in self.blocks:
            if block.kind == "loop":
                gate = block.ends()[1]
                out = next(one for one in drawn.split('<bpmn:sequenceFlow id="')
                           if one.startswith(f"{gate}_") and "Expression" not in one)  # fmt: skip
                drawn = drawn.replace(
                    f'id="{gate}"/>', f'id="{gate}" default="{out.split(chr(34))[0]}"/>'
                )
        return drawn.encode()

    def join(self, source: str, target: str) -> str:
        return flow(source, target)

    def edited(self, dice: random.Random) -> "Drawing":
        blocks = [Block(one.kind, [*one.keys], one.many, one.late) for one in self.blocks]
        place = dice.randrange(len(blocks))
        act = dice.choice(["add", "add", "add", "add", *ACTS])
        if act == "add":
            blocks.insert(dice.randint(0, len(blocks)), self.block(dice))
        elif act == "remove" and len(blocks) > 1:
            del blocks[place]
        elif act == "swap":
            other = dice.randrange(len(blocks))
            blocks[place], blocks[other] = blocks[other], blocks[place]
        elif act == "kind" and len(blocks[place].keys) > 1:
            old = blocks[place].kind
            blocks[place].kind = "exclusive" if old == "parallel" else "parallel"
        elif act == "many" and blocks[place].kind == "task":
            blocks[place].many = not blocks[place].many
        elif act == "late":
            blocks[place].late = not blocks[place].late
        elif act == "branch" and len(blocks[place].keys) > 1:
            blocks[place].keys.append(f"k{next(self.numbers)}")
        elif act == "unbranch" and len(blocks[place].keys) > 2:
            blocks[place].keys.pop(dice.randint(1, len(blocks[place].keys) - 1))
        return Drawing(blocks, self.numbers)


def some_steps(case: Mover, dice: random.Random, steps: int) -> None:
    for _ in range(steps):
        found = sorted(case.items())
        if not found or case.instance.status != "RUNNING":
            return
        case.do(dice.choice(found), outcome=dice.choice(["PASS", "PASS", "AGAIN"]))


@pytest.mark.parametrize("batch", range(4))
@settings(
    max_examples=15,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(seed=st.integers(0, 2**32))
def test_refused_as_it_was_or_brought_to_its_end(
    session: Session, finance: Staff, bank: Staff, batch: int, seed: int
) -> None:
    dice = random.Random(seed * 4 + batch)  # noqa: S311 (no secret)
    old = Drawing()
    old.blocks = [old.block(dice) for _ in range(dice.randint(3, LENGTH))]
    routes = [key for block in old.blocks for key in block.keys]
    case = Mover(session, Instance(), finance, bank)
    case.publish(("p", old.xml()))
    case.instance = instance = start_instance(
        session,
        "p",
        subject="test:1",
        title="test",
        programme="JD_KCD",
        data={"banks": [1, 2], "route": dice.choice(routes)},
        parties={"finance": finance.org.id, "bank": bank.org.id},
        actor=finance.maker,
        now=NOW,
    )
    some_steps(case, dice, dice.randint(0, 4))
    if instance.status != "RUNNING":
        note("over before")
        return
    new = old
    for _ in range(dice.randint(1, 2)):
        new = new.edited(dice)
    try:
        to = case.publish(("p", new.xml()))
    except DiagramRefused as wrong:
        note(f"not published: {wrong.message}"[:90])
        return
    if to == instance.deployment_id:
        return  # an edit that changed nothing
    before, active, rows = bytes(instance.state), case.active(), case.rows()
    refused = False
    try:
        migrate(session, instance.id, to, SYSTEM, case.batch(to), LATER)
    except CannotMigrate as why:
        refused = True
        note(f"refused: {why.message}")
    note(f"moved: {not refused}")
    assert (instance.state == before) is refused
    assert case.active() == active
    assert case.rows() == rows
    assert case.drive() in ("e", "gone")
