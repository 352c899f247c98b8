"""A district with pages: people who can be signed in, on one database."""

from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy.orm import Session, sessionmaker

from engine.people import Actor
from tests.operations.world import NOW, World
from tests.web.visitor import Visitor, make_app

SignIn = Callable[[Actor], Visitor]


@pytest.fixture
def world(session: Session) -> World:
    return World(session).found()


@pytest.fixture
def app(factory: sessionmaker[Session], world: World, tmp_path: Path) -> Flask:
    """The application; the world is there first."""
    return make_app(factory, NOW, tmp_path)


@pytest.fixture
def sign_in(app: Flask, world: World) -> SignIn:
    return lambda actor: Visitor(app, world.session, actor)
