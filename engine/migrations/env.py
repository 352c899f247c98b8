"""Alembic's entry. `engine.db.migrate` hands a connection over; the alembic command opens one."""

import importlib
import importlib.util

from alembic import context
from sqlalchemy import Connection, MetaData

from engine import db
from engine.config import load_settings


def _metadata() -> MetaData:
    # Importing the package registers every table on the one Base.
    if importlib.util.find_spec("engine.models.base") is None:
        return MetaData()
    importlib.import_module("engine.models")
    metadata = importlib.import_module("engine.models.base").Base.metadata
    assert isinstance(metadata, MetaData)  # noqa: S101
    return metadata


def _run(connection: Connection) -> None:
    context.configure(connection=connection, target_metadata=_metadata(), compare_type=True)
    with context.begin_transaction():
        context.run_migrations()


def _main() -> None:
    connection = context.config.attributes.get("connection")
    if connection is not None:
        _run(connection)
        return
    with db.connect(load_settings()).connect() as own:
        _run(own)


_main()
