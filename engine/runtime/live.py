"""Workflows kept in memory between steps, so that most steps load nothing.

A workflow is taken out for a step and put back only after its commit: two threads never share
one, and whatever fails drops it. Another process may have moved the instance meanwhile: an entry
counts only for the version and deployment that the locked row shows.
"""

import threading
from collections import OrderedDict
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import Engine, event
from sqlalchemy.orm import Session

from engine import db
from engine.models import Instance

CAPACITY = 500  # workflows; a few hundred kilobytes each at most
_KEY = "live"
_Entry = tuple[int, int, Any, bytes]  # version, deployment, workflow, its state

_lock = threading.Lock()
_caches: WeakKeyDictionary[Engine, OrderedDict[int, _Entry]] = WeakKeyDictionary()


def _cache(session: Session) -> OrderedDict[int, _Entry]:
    return _caches.setdefault(session.get_bind().engine, OrderedDict())


def take(session: Session, instance: Instance) -> tuple[Any, bytes] | None:
    """The workflow of the instance as its row stands, for this step alone, and its state; None
    when unknown."""
    mine: dict[int, _Entry] = session.info.get(_KEY, {})
    with _lock:
        shared = _cache(session).pop(instance.id, None)
    found = mine.pop(instance.id, shared)
    if found is None or found[:2] != (instance.version, instance.deployment_id):
        return None
    return found[2], found[3]


def keep(session: Session, instance: Instance, workflow: Any, state: bytes) -> None:
    """Keep the workflow for later steps of this transaction, and after it for all."""
    mine: dict[int, _Entry] = session.info.setdefault(_KEY, {})
    if not mine:
        db.after_commit(session, lambda: _share(session))
    mine[instance.id] = (instance.version, instance.deployment_id, workflow, state)


def _share(session: Session) -> None:
    mine: dict[int, _Entry] = session.info.pop(_KEY, {})
    with _lock:
        cache = _cache(session)
        for instance_id, entry in mine.items():
            if instance_id not in cache or cache[instance_id][0] < entry[0]:
                cache[instance_id] = entry
                cache.move_to_end(instance_id)
        while len(cache) > CAPACITY:
            cache.popitem(last=False)


def clear() -> None:
    """Forget everything; the next steps load from the tables."""
    with _lock:
        _caches.clear()


@event.listens_for(Session, "after_rollback")
def _drop(session: Session) -> None:
    session.info.pop(_KEY, None)
