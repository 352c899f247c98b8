"""Bringing the data of parallel branches together.

The library lets the last branch overwrite what others changed, and mixes lists element by element.
Here a branch counts with what it changed since the branches parted; where two changed the same
value, the one that came later wins.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import orjson

Data = dict[str, Any]


def merged(branches: Iterable[Any]) -> Data:
    """The data of tasks at the end of their branches."""
    tasks = sorted(branches, key=lambda task: task.last_state_change)
    if len(tasks) == 1:
        return dict(tasks[0].data)
    base = _parting(tasks)
    result = dict(base)
    for task in tasks:
        result.update(_changed(base, task.data))
    return result


def _changed(base: Mapping[str, Any], data: Mapping[str, Any]) -> Data:
    return {
        key: value for key, value in data.items() if key not in base or not _same(base[key], value)
    }


def _parting(tasks: list[Any]) -> Mapping[str, Any]:
    """The data of the last task that all branches come from."""
    shared = set.intersection(*({one.id for one in _line(task)} for task in tasks))
    for one in _line(tasks[0]):
        if one.id in shared:
            found: Mapping[str, Any] = one.data
            return found
    return {}


def _line(task: Any) -> Iterable[Any]:
    while task is not None:
        yield task
        task = task.parent


def _same(one: Any, other: Any) -> bool:
    """Whether two values are written the same. To Python 1 is True, to a condition it is not."""
    return bool(one == other) and orjson.dumps(one) == orjson.dumps(other)
