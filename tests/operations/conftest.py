"""A district for tests of operations."""

import pytest
from sqlalchemy.orm import Session

from engine.models import BankSelection
from engine.operations.selection import start_selection
from tests.operations.banking import district
from tests.operations.world import PROGRAMME, World


@pytest.fixture
def world(session: Session) -> World:
    """Everything published, everybody there; committed, so that other sessions see it."""
    return World(session).found()


@pytest.fixture
def town(world: World) -> World:
    """A district with its banks."""
    return district(world)


@pytest.fixture
def selection(town: World) -> BankSelection:
    """A selection of banks that was just begun."""
    centre = town["centre"].org.id
    return start_selection(town.session, centre, PROGRAMME, town["finance"].maker, town.now)
