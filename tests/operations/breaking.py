"""Service operations that fail as long as they are told to, in the real processes."""

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select

from engine.models import GuaranteeCase
from engine.models.running import Incident
from engine.runtime import live, registry
from tests.imports.builders import row
from tests.operations.world import World

QUEUE = "whitelist.queue_release"


class Broken:
    """An operation that raises what it is given; `mend` lets it work."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, name: str, error: Exception) -> None:
        registry.operations()  # register them all
        real = registry._REGISTRY[name]
        self.error: Exception | None = error
        self.calls = 0

        def function(*args: Any, **inputs: Any) -> Any:
            self.calls += 1
            if self.error is not None:
                raise self.error
            return real.function(*args, **inputs)

        monkeypatch.setitem(registry._REGISTRY, name, replace(real, function=function))

    def mend(self) -> None:
        self.error = None


def stuck_case(world: World) -> GuaranteeCase:
    """A case whose last step of the review has failed: it waits to be listed for release."""
    world.send("nanxiang", row())
    case = world.session.scalars(select(GuaranteeCase)).one()
    world.pass_first(case)
    world.pass_centre(case)
    world.session.commit()
    live.clear()
    return case


def incident_of(world: World) -> Incident:
    """The only incident."""
    query = select(Incident).execution_options(populate_existing=True)
    return world.session.scalars(query).one()
