"""Servers of their own for the tests of the embedded database."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine import postgres
from engine.config import Settings


def settings_with(var: Path = Path("/nonexistent"), database_url: str | None = None) -> Settings:
    return Settings(var=var, secret_key="k" * 32, database_url=database_url)


@pytest.fixture
def var() -> Iterator[Path]:
    """A folder that any user may pass through, its server erased after the test."""
    folder = Path(tempfile.mkdtemp(prefix="danbao-house-", dir="/tmp"))
    folder.chmod(0o711 if os.geteuid() == 0 else 0o700)
    yield folder
    postgres.erase(settings_with(folder))
    shutil.rmtree(folder)


@pytest.fixture
def settings(var: Path) -> Settings:
    return settings_with(var)
