"""Timers that take an absolute time and compare it with the step's own `now`."""

from datetime import datetime
from typing import Any

from SpiffWorkflow.bpmn.specs.event_definitions import TimeDateEventDefinition
from SpiffWorkflow.bpmn.specs.event_definitions.timer import TimerEventDefinition

from engine.runtime.scripts import Round


class DueTimer(TimeDateEventDefinition):
    """A timer at an absolute time, computed once, when its task begins to wait."""

    def has_fired(self, my_task: Any) -> bool:
        """Whether the step's `now` has reached the time."""
        engine = my_task.workflow.script_engine
        value = my_task._get_internal_data("event_value")
        if value is None:
            value = engine.due_moment(my_task, self.expression)
            my_task._set_internal_data(event_value=value)
        if datetime.fromisoformat(value) <= engine.now and not engine.holds_timers:
            my_task._set_internal_data(event_fired=True)
        return bool(my_task._get_internal_data("event_fired", False))

    def next_moment(self, my_task: Any) -> datetime | None:
        """When a waiting task is due."""
        value = my_task._get_internal_data("event_value")
        return None if value is None else datetime.fromisoformat(value)


class CycleTimer(TimerEventDefinition):
    """A timer that comes again. Rounds that nobody was there for are one firing, not many."""

    def has_fired(self, my_task: Any) -> bool:
        """Whether the step's `now` has reached the next round."""
        engine = my_task.workflow.script_engine
        value = my_task._get_internal_data("event_value")
        if value is None:
            value = engine.first_round(my_task, self.expression)
            my_task._set_internal_data(event_value=value)
        if datetime.fromisoformat(value["next"]) <= engine.now and not engine.holds_timers:
            my_task._set_internal_data(event_fired=True)
        return bool(my_task._get_internal_data("event_fired", False))

    def next_moment(self, my_task: Any) -> datetime | None:
        """When a waiting task is due next."""
        value = my_task._get_internal_data("event_value")
        return None if value is None else datetime.fromisoformat(value["next"])

    def following(self, my_task: Any) -> Round | None:
        """The first round after now; None after the last."""
        engine = my_task.workflow.script_engine
        found: Round | None = engine.next_round(my_task._get_internal_data("event_value"))
        return found
