"""Who decides in the demonstration: what is asked, and how a step's answer is registered.

Deterministic: every choice comes from a generator seeded with the task's own number, so that two
runs of the demonstration tell the same story.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from random import Random
from typing import Any

from sqlalchemy.orm import Session

from engine.models import GuaranteeCase, WorkItem

Raw = dict[str, list[str]]
WAN = Decimal(10_000)


@dataclass(frozen=True)
class Asked:
    """A task that somebody of the simulated staff stands at."""

    session: Session
    item: WorkItem
    today: date
    rng: Random

    @property
    def case(self) -> GuaranteeCase:
        """The case that the task is about."""
        subject = self.item.instance.subject
        return self.session.get_one(GuaranteeCase, int(subject.partition(":")[2]))


Decide = Callable[[Asked], Raw | None]
DECISIONS: dict[str, Decide] = {}


def decides(*elements: str) -> Callable[[Decide], Decide]:
    """Register how an element's form is filled in; None when nobody would do it yet."""

    def register(function: Decide) -> Decide:
        DECISIONS.update(dict.fromkeys(elements, function))
        return function

    return register


def raw(**values: Any) -> Raw:
    """A form as a browser sends it."""
    return {
        key: [str(one) for one in (value if isinstance(value, list) else [value])]
        for key, value in values.items()
    }


def in_wan(amount: Decimal) -> str:
    """元 as it is typed in 万元."""
    return f"{(amount / WAN).normalize():f}"
