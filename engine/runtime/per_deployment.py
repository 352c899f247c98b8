"""What is found out once for each deployment: neither it nor its files ever change."""

from collections.abc import Callable
from typing import Generic, TypeVar
from weakref import WeakKeyDictionary

from sqlalchemy import Engine
from sqlalchemy.orm import Session

Found = TypeVar("Found")


class PerDeployment(Generic[Found]):
    """Kept in memory by database (ids repeat from one to the next) and deployment; `find` asks the
    tables. Nothing found is not kept: the deployment may still come."""

    def __init__(self, find: Callable[[Session, int], Found]) -> None:
        self._find = find
        self._kept: WeakKeyDictionary[Engine, dict[int, Found]] = WeakKeyDictionary()

    def __call__(self, session: Session, deployment_id: int) -> Found:
        kept = self._kept.setdefault(session.get_bind().engine, {})
        found = kept.get(deployment_id)
        if not found:
            found = self._find(session, deployment_id)
            if found:
                kept[deployment_id] = found
        return found
