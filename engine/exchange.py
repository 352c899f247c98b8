"""Several statements in one exchange with the server, each prepared once for a connection.

psycopg's own pipeline sends every statement by itself and makes a cursor and a generator of each:
a fifth of what a step costs. Here they leave in one piece, through libpq's pipeline, and their
results come back together. Parameters are `%s`, and take the type that the statement wants.
"""

import re
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from itertools import count
from secrets import token_hex
from select import POLLIN, POLLOUT, poll
from typing import Any

import psycopg
from psycopg.adapt import PyFormat, Transformer
from psycopg.errors import InFailedSqlTransaction, OperationalError, error_from_result
from psycopg.pq import DiagnosticField, ExecStatus, TransactionStatus
from psycopg.pq.abc import PGresult
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

Statement = tuple[str, Sequence[Any]]

_BEGIN: Statement = ("BEGIN ISOLATION LEVEL READ COMMITTED", ())
_COMMIT: Statement = ("COMMIT", ())
_KEPT = 300  # statements that stay prepared on a connection; the one used longest ago goes
_STALE = (b"0A000", b"26000")  # the plan gives other columns now; there is no such statement
_OURS = token_hex(4).encode()  # a pooler may give one server connection to several processes
_numbers = count(1)
_Prepared = OrderedDict[str, bytes]  # statement → its name on the server
_Dumped = tuple[Sequence[Any], Sequence[int] | None]

observers: list[Callable[[str], None]] = []
"""Called with each statement before it is sent, which then happens one by one; for fault tests."""


def exchange(connection: Connection, statements: Sequence[Statement]) -> list[list[Any]]:
    """Execute the statements in the connection's transaction, begun if there is none yet.

    Returns the rows of each, as tuples. Raises DBAPIError for the first that fails; those after it
    are not executed.
    """
    with _driver(connection) as raw:
        return [_rows(raw, result) for result in _run(connection, raw, statements)]


def commit(connection: Connection, statements: Sequence[Statement]) -> None:
    """The same, and commit in the same exchange. Raises DBAPIError; then nothing is committed,
    unless the connection was lost while the server committed."""
    with _driver(connection) as raw:
        results = _run(connection, raw, [*statements, _COMMIT])
        if results[-1].command_status != b"COMMIT":
            raise InFailedSqlTransaction("a statement before had failed: all was rolled back")


def _raw(connection: Connection) -> psycopg.Connection[Any]:
    raw = connection.connection.driver_connection
    assert isinstance(raw, psycopg.Connection)  # noqa: S101 (engine/db.py makes no other)
    return raw


@contextmanager
def _driver(connection: Connection) -> Iterator[psycopg.Connection[Any]]:
    """psycopg's own connection, whose errors become what SQLAlchemy makes of them (DBAPIError).

    One that is lost is not asked to roll back, which would hide why, but given up.
    """
    raw = _raw(connection)
    try:
        yield raw
    except psycopg.Error as error:
        if raw.closed:
            connection.invalidate(error)
        raise DBAPIError.instance(
            None,
            None,
            error,
            psycopg.Error,
            hide_parameters=True,
            connection_invalidated=connection.invalidated,
        ) from error
    except BaseException as error:
        if raw.closed:
            connection.invalidate(error)
        raise


def has_failed(connection: Connection) -> bool:
    """Whether a statement of the transaction has failed, so that a commit would roll it back."""
    return _raw(connection).pgconn.transaction_status == TransactionStatus.INERROR


def _run(
    connection: Connection, raw: psycopg.Connection[Any], statements: Sequence[Statement]
) -> list[PGresult]:
    begins = not raw.autocommit and raw.pgconn.transaction_status == TransactionStatus.IDLE
    sent = [_BEGIN, *statements] if begins else statements
    prepared = connection.info.setdefault("prepared", OrderedDict())
    if observers:
        results = [_observed(raw, prepared, one) for one in sent]
    else:
        results = _Pipeline(raw, prepared).run(sent)
    return results[1:] if begins else results


def _observed(raw: psycopg.Connection[Any], prepared: _Prepared, one: Statement) -> PGresult:
    for observer in observers:
        observer(one[0])
    return _Pipeline(raw, prepared).run([one])[0]


def _rows(raw: psycopg.Connection[Any], result: PGresult) -> list[Any]:
    if not result.ntuples:
        return []
    loader = Transformer(raw)
    loader.set_pgresult(result)
    return loader.load_rows(0, result.ntuples, tuple)


class _Pipeline:
    """One use of libpq's pipeline: everything is put into its buffer, sent, and then read."""

    def __init__(self, raw: psycopg.Connection[Any], prepared: _Prepared) -> None:
        self.raw, self.server, self.prepared = raw, raw.pgconn, prepared
        self.waits = poll()
        self.asked: list[str | None] = []  # a result each: of preparing that text, or of executing
        self.failed: PGresult | None = None

    def run(self, statements: Sequence[Statement]) -> list[PGresult]:
        """The result of each statement. Raises psycopg.Error."""
        # a value that cannot be sent fails here, where nothing has begun
        dumped = _dumped(self.raw, statements)
        try:
            results = self._run([text for text, _ in statements], dumped)
        except BaseException as error:
            self.raw.close()  # between a question and its answer it is of no use any more
            if self.failed is None or not isinstance(error, psycopg.Error):
                raise
        if self.failed is not None:  # also when the server hung up, since this says why
            self._forget(self.failed)
            raise error_from_result(self.failed)
        return results

    def _run(self, texts: Sequence[str], dumped: Sequence[_Dumped]) -> list[PGresult]:
        self.server.enter_pipeline_mode()
        for text, (values, formats) in zip(texts, dumped, strict=True):
            self.server.send_query_prepared(self._name(text), values, formats)
            self.asked.append(None)
        self.server.pipeline_sync()
        results = self._read()
        self.server.exit_pipeline_mode()
        return results

    def _forget(self, failed: PGresult) -> None:
        """What does not fit the tables any more, or is gone, is prepared anew the next time."""
        if failed.error_field(DiagnosticField.SQLSTATE) in _STALE:
            self.prepared.clear()

    def _name(self, text: str) -> bytes:
        if text in self.prepared:
            self.prepared.move_to_end(text)
            return self.prepared[text]
        if len(self.prepared) >= _KEPT:
            oldest, name = self.prepared.popitem(last=False)
            self.server.send_close_prepared(name)
            self.asked.append(oldest)
        self.prepared[text] = b"%s_%d" % (_OURS, next(_numbers))
        self.server.send_prepare(self.prepared[text], _numbered(text))
        self.asked.append(text)
        return self.prepared[text]

    def _read(self) -> list[PGresult]:
        self.waits.register(self.server.socket, POLLIN | POLLOUT)
        while self.server.flush():
            self._take_in()  # what is answered already: else either could wait for the other
        self.waits.modify(self.server.socket, POLLIN)
        found = []
        for prepared in self.asked:
            result = self._result()
            if result.status not in (ExecStatus.COMMAND_OK, ExecStatus.TUPLES_OK):
                self.prepared.pop(prepared or "", None)  # not there after all
            elif prepared is None:
                found.append(result)
            if result.status == ExecStatus.FATAL_ERROR:
                self.failed = result
            self._end()
        self._result()  # of the synchronisation
        return found

    def _take_in(self) -> None:
        self.waits.poll()
        self.server.consume_input()

    def _next(self) -> PGresult | None:
        while self.server.is_busy():
            self._take_in()
        return self.server.get_result()

    def _result(self) -> PGresult:
        found = self._next()
        if found is None:
            raise OperationalError(self.server.get_error_message())
        return found

    def _end(self) -> None:
        """After the results of a statement libpq gives None."""
        if self._next() is not None:
            raise OperationalError("more than one result of a statement")


def _dumped(raw: psycopg.Connection[Any], statements: Sequence[Statement]) -> list[_Dumped]:
    dumper = Transformer(raw)
    found: list[_Dumped] = []
    for _, parameters in statements:
        formats = [PyFormat.BINARY if type(one) is bytes else PyFormat.TEXT for one in parameters]
        values = dumper.dump_sequence(parameters, formats)
        found.append((values, dumper.formats))
    return found


@lru_cache(maxsize=1024)
def _numbered(text: str) -> bytes:
    marks = count(1)
    return re.sub("%s", lambda _: f"${next(marks)}", text).encode()
