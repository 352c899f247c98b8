"""One PostgreSQL server for a whole test run, and a fresh migrated database for each test.

The server is the embedded one, started when the first test asks for it and shared by all xdist
workers; DANBAO_TEST_DATABASE_URL (a role that may create databases) replaces it.
"""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import Engine, NullPool, make_url
from sqlalchemy import text as sql
from sqlalchemy.orm import Session, sessionmaker

from engine import db, postgres
from engine.config import Settings

# The data live as long as the run: durability would only cost time.
TEST_SERVER = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "max_connections": "200",
}
PREFIX = "danbao-test-"
NUMBERS = count(1)


def pytest_configure(config: pytest.Config) -> None:
    """The controlling process names the run's folder; workers inherit it."""
    if hasattr(config, "workerinput"):
        return
    _sweep()
    folder = tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-", dir="/tmp")
    # The server of a run by root is another user's and has to pass through.
    Path(folder).chmod(0o711 if os.geteuid() == 0 else 0o700)
    os.environ["DANBAO_TEST_VAR"] = folder


def pytest_unconfigure(config: pytest.Config) -> None:
    if hasattr(config, "workerinput"):
        return
    folder = Path(os.environ.pop("DANBAO_TEST_VAR"))
    url = os.environ.get("DANBAO_TEST_DATABASE_URL")
    if url and (folder / "template.done").exists():
        _drop_all(url, _run_name(folder))
    _remove(folder)


def _sweep() -> None:
    # Servers of runs that were killed before they could clean up.
    for folder in Path("/tmp").glob(PREFIX + "*"):  # noqa: S108
        pid = int(folder.name.removeprefix(PREFIX).split("-")[0])
        if folder.stat().st_uid == os.geteuid() and not Path(f"/proc/{pid}").exists():
            _remove(folder)


def _remove(folder: Path) -> None:
    if (folder / "pg.lock").exists():
        postgres.erase(Settings(var=folder, secret_key=""))
    shutil.rmtree(folder, ignore_errors=True)


def _run_name(folder: Path) -> str:
    return folder.name.replace("-", "_").lower()


def _drop_all(url: str, name: str) -> None:
    admin = _admin(url)
    with admin.connect() as connection:
        found = connection.execute(
            sql("SELECT datname FROM pg_database WHERE starts_with(datname, :name)"), {"name": name}
        )
        for database in found.scalars().all():
            connection.exec_driver_sql(f'DROP DATABASE "{database}" WITH (FORCE)')
    admin.dispose()


def _admin(url: str) -> Engine:
    engine = db.make_engine(url, poolclass=NullPool)
    return engine.execution_options(isolation_level="AUTOCOMMIT")


def _at(url: str, database: str) -> str:
    return make_url(url).set(database=database).render_as_string(hide_password=False)


@pytest.fixture(scope="session")
def run_folder() -> Path:
    """The folder of this run, shared by its workers."""
    return Path(os.environ["DANBAO_TEST_VAR"])


@pytest.fixture(scope="session")
def server_url(run_folder: Path) -> str:
    """The URL of a database on the test server from which others can be created."""
    given = os.environ.get("DANBAO_TEST_DATABASE_URL")
    return given or postgres.start(Settings(var=run_folder, secret_key=""), TEST_SERVER)


@pytest.fixture(scope="session")
def template(server_url: str, run_folder: Path) -> str:
    """The name of a migrated, empty database that nobody connects to; made once in a run."""
    name = f"{_run_name(run_folder)}_template"
    done = run_folder / "template.done"
    with (run_folder / "template.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists():
            _make_template(server_url, name)
            done.touch()
    return name


def _make_template(server_url: str, name: str) -> None:
    admin = _admin(server_url)
    with admin.connect() as connection:
        connection.exec_driver_sql(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        connection.exec_driver_sql(f'CREATE DATABASE "{name}"')
        engine = db.make_engine(_at(server_url, name), poolclass=NullPool)
        db.migrate(engine)
        engine.dispose()
        connection.exec_driver_sql(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
    admin.dispose()


@pytest.fixture(scope="session")
def admin(server_url: str) -> Iterator[Engine]:
    """A connection kept for creating and dropping databases."""
    engine = db.make_engine(server_url).execution_options(isolation_level="AUTOCOMMIT")
    yield engine
    engine.dispose()


@pytest.fixture
def database_url(admin: Engine, template: str, server_url: str) -> Iterator[str]:
    """The URL of a fresh migrated database, dropped after the test."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
    name = f"{template.removesuffix('_template')}_{worker}_{next(NUMBERS)}"
    with admin.connect() as connection:
        connection.exec_driver_sql(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    yield _at(server_url, name)
    with admin.connect() as connection:
        connection.exec_driver_sql(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """An engine on the test's own database."""
    engine = db.make_engine(database_url)
    yield engine
    engine.dispose()


@pytest.fixture
def factory(engine: Engine) -> sessionmaker[Session]:
    """For `unit_of_work(factory)`: what a test commits is gone with its database."""
    return db.session_factory(engine)


@pytest.fixture
def session(factory: sessionmaker[Session]) -> Iterator[Session]:
    """An open session, rolled back at the end unless the test itself commits."""
    with factory() as session:
        yield session
