"""What exists besides the diagram: forms, operations, decisions, parties, parameters, processes."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from engine.dmn.offered import Offered
from engine.domain.parameter_kinds import period
from engine.domain.parameter_names import KNOWN as PARAMETERS
from engine.runtime.registry import Operation, operations

PARTIES = frozenset({"referrer", "finance", "centre", "guarantor", "bank", "treasury", "scorer"})
ROLES = frozenset({"maker", "checker", "head"})
PERIODS = frozenset(name for name, one in PARAMETERS.items() if one.read is period)
FUNCTIONS = frozenset({"due"})

Values = frozenset[object] | None  # what a name can be; None: anything
Names = Mapping[str, Values]
ALWAYS_SET: Names = {"programme": None, "review_result": frozenset({None})}


@dataclass(frozen=True)
class Catch:
    """What a boundary event catches: an error or escalation of a code; None: of any."""

    kind: str
    code: str | None
    interrupts: bool


@dataclass(frozen=True)
class Called:
    """A process as others see it: what it sets by its end, and which processes it calls."""

    sets: Names = field(default_factory=dict)
    calls: frozenset[str] = frozenset()
    inner: frozenset[str] = frozenset()  # ids of its sub-processes, which the library shares
    # what is caught around each call of a process, the nearest first
    catches: Mapping[str, tuple[tuple[Catch, ...], ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Known:
    """What a diagram may name. `forms`: each with the outcomes it offers; `offered`: what the
    decisions ask and answer; `starts`: what each process may count on when it begins."""

    forms: Names = field(default_factory=dict)
    operations: Mapping[str, Operation] = field(default_factory=operations)
    decisions: frozenset[str] = frozenset()
    offered: Mapping[str, Offered] = field(default_factory=dict)
    parties: frozenset[str] = PARTIES
    roles: frozenset[str] = ROLES
    parameters: frozenset[str] = PERIODS
    processes: Mapping[str, Called] = field(default_factory=dict)
    starts: Mapping[str, Names] = field(default_factory=dict)
    functions: frozenset[str] = FUNCTIONS
