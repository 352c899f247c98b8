"""待办: lists, bulk work, and the page of a task."""

from web.areas.inbox import actions, bulk, files, lists, task  # noqa: F401 (they add their views)
from web.areas.inbox.blueprint import area

__all__ = ["area"]
