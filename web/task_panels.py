"""What the task page shows beside the form: for tasks that are not about a case, or besides it.

An area registers its processes:

    @panel("fee_subsidy")
    def _panel(item: WorkItem) -> Panel:
        return Panel("subsidies/_panel.html", {"batch": …})

The function reads through `web.unit.reading()` and `web.login.actor()`; the page has already made
sure that the actor may see the item. The template is included in the left column, within the
task's <form>, so it may hold inputs of the form (checkboxes of a `case_rows` field).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.models import WorkItem


@dataclass(frozen=True)
class Panel:
    """A template and what it needs. `handles`: keys of form fields that the template shows itself,
    so that the form beside it leaves them out. `labels` in the context: what its own inputs are
    called in an error summary."""

    template: str
    context: Mapping[str, Any] = field(default_factory=dict)
    handles: frozenset[str] = frozenset()


Maker = Callable[[WorkItem], Panel | tuple[str, Mapping[str, Any]]]
_PANELS: dict[str, Maker] = {}


def panel(*process_keys: str) -> Callable[[Maker], Maker]:
    """Register the panel of one or more processes."""

    def register(maker: Maker) -> Maker:
        _PANELS.update(dict.fromkeys(process_keys, maker))
        return maker

    return register


def panel_of(item: WorkItem) -> Panel | None:
    """The panel of the item's process, else of the instance's; None when none is registered.

    A task about a case shows it beside the case's facts; another one instead of them.
    """
    maker = _PANELS.get(item.process_key) or _PANELS.get(item.instance.process_key)
    if maker is None:
        return None
    made = maker(item)
    return made if isinstance(made, Panel) else Panel(*made)
