"""What may forbid a move, and a token's place at each level of called processes."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from engine.runtime import needs
from engine.runtime.place import CHILD
from engine.text import Text


@dataclass(frozen=True)
class Rule:
    """What an operation means for moves; each is the reason why not, None where it may be.

    `over`: its step is left out. `back`: it has been done and the case goes to before it. `again`:
    its step is done once more by itself.
    """

    over: Text | None = None
    back: Text | None = None
    again: Text | None = None


Rules = Callable[[str, str, str], Rule]
"""The rule of (process, element, operation); the operation is empty for an element without."""


@dataclass(frozen=True)
class Place:
    """A token as a part of the instance sees it: itself, or the call or sub-process it is in."""

    task: Any
    element: str

    @property
    def part(self) -> Any:
        """The workflow of this level."""
        return self.task.workflow


def rule_of(rules: Rules, spec: Any, one: Any) -> Rule:
    """The rule of an element of a process."""
    return rules(spec.name, one.name.removesuffix(CHILD), needs.operation_of(one))


def name_of(spec: Any) -> str:
    """An element's name for people."""
    return str(spec.bpmn_name or spec.bpmn_id)
