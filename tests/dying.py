"""Work in a child process that is killed in the middle of it, as by kill -9."""

import os
import signal
import traceback
from collections.abc import Callable
from itertools import count
from typing import Any

from sqlalchemy import Engine, NullPool, event
from sqlalchemy.orm import Session, sessionmaker

from engine import db, exchange

Work = Callable[[sessionmaker[Session]], object]
Die = Callable[..., None]
Arm = Callable[[Engine, Die], None]


def before_statements(engine: Engine, die: Die) -> None:
    """Before a statement or commit, what was before having reached the server; or right after a
    commit."""
    exchange.observers.append(die)
    event.listen(engine, "before_cursor_execute", die)
    event.listen(engine, "commit", die)


def while_waiting(_: Engine, die: Die) -> None:
    """After several statements were sent in one piece, before any answer is read."""
    read = exchange._Pipeline._read

    def die_or_read(pipeline: Any) -> Any:
        die()
        return read(pipeline)

    setattr(exchange._Pipeline, "_read", die_or_read)  # noqa: B010 (in a child that will be gone)


def killed(url: str, number: int, work: Work, arm: Arm = before_statements) -> bool:
    """Do `work` on connections of its own, in a child that is killed at the n-th moment that `arm`
    means. False if it came to its end before that; AssertionError if it raised."""
    pid = os.fork()
    if pid == 0:
        _work(url, number, work, arm)
    _, status = os.waitpid(pid, 0)
    if os.WIFEXITED(status):
        assert os.WEXITSTATUS(status) == 0, "the work raised: see its traceback above"
    return os.WIFSIGNALED(status)


def _work(url: str, number: int, work: Work, arm: Arm) -> None:
    try:
        engine, counter = db.make_engine(url, poolclass=NullPool), count(1)

        def die(*_: object) -> None:
            if next(counter) == number:
                os.kill(os.getpid(), signal.SIGKILL)

        arm(engine, die)
        work(db.session_factory(engine))
        os._exit(0)
    except BaseException:  # which must not go on in the copy of the test run
        traceback.print_exc()
        os._exit(1)
