"""A district for tests of operations."""

import pytest
from sqlalchemy.orm import Session

from tests.operations.world import World


@pytest.fixture
def world(session: Session) -> World:
    """Everything published, everybody there; committed, so that other sessions see it."""
    return World(session).found()
