"""Clocks as they were before a step, for taking it back (撤回).

The state from before says where the instance stood; but a step may also have begun, stopped, moved
on or restarted clocks, which are rows. What it changed is kept with the workflow's own data until
the next step.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from engine.models import Clock
from engine.runtime.context import StepContext
from engine.runtime.deadlines import forget_clock
from engine.runtime.facts import Facts
from engine.writes import amend

BEFORE = "clocks_before"  # in the workflow's own data
MOMENTS, PLAIN = ("started_at", "due_at", "paused_at"), ("provisional", "pauses")

Clocks = Mapping[str, Mapping[str, Any] | None]  # name → its columns, None: there was none


def clocks_of(facts: Facts) -> Clocks:
    """The clocks of an instance, JSON-native."""
    return {name: _columns(clock) for name, clock in facts.clocks.items()}


def _columns(clock: Clock) -> dict[str, Any]:
    moments = {name: getattr(clock, name) for name in MOMENTS}
    return {
        **{name: at.isoformat() if at is not None else None for name, at in moments.items()},
        **{name: getattr(clock, name) for name in PLAIN},
    }


def keep_clocks(workflow: Any, before: Clocks, facts: Facts) -> None:
    """Keep what a step changed of the clocks."""
    now = clocks_of(facts)
    names = [name for name in {**before, **now} if before.get(name) != now.get(name)]
    forget_clocks(workflow)
    if names:
        workflow.data[BEFORE] = {name: before.get(name) for name in names}


def forget_clocks(workflow: Any) -> None:
    """This step will not be taken back."""
    workflow.data.pop(BEFORE, None)


def kept_clocks(workflow: Any) -> Clocks:
    """What the last step changed of the clocks, as it was before."""
    found: Clocks = workflow.data.get(BEFORE, {})
    return found


def put_back(ctx: StepContext, clocks: Clocks) -> None:
    """Let the clocks be as they were."""
    for name, columns in clocks.items():
        if columns is None:
            forget_clock(ctx.session, ctx.known, name)
        elif name in ctx.known.clocks:
            moments = {key: _moment(columns[key]) for key in MOMENTS}
            plain = {key: columns[key] for key in PLAIN}
            amend(ctx.session, ctx.known.clocks[name], **moments, **plain)


def _moment(value: str | None) -> datetime | None:
    return datetime.fromisoformat(value) if value is not None else None
