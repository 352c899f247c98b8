"""Work in a child process that is killed in the middle of it, as by kill -9."""

import os
import signal
import traceback
from collections.abc import Callable
from itertools import count

from sqlalchemy import NullPool, event
from sqlalchemy.orm import Session, sessionmaker

from engine import db, exchange

Work = Callable[[sessionmaker[Session]], object]


def killed(url: str, number: int, work: Work) -> bool:
    """Do `work` on connections of its own, in a child that is killed before its n-th statement or
    commit, or right after a commit. False if it came to its end before that; AssertionError if it
    raised."""
    pid = os.fork()
    if pid == 0:
        _work(url, number, work)
    _, status = os.waitpid(pid, 0)
    if os.WIFEXITED(status):
        assert os.WEXITSTATUS(status) == 0, "the work raised: see its traceback above"
    return os.WIFSIGNALED(status)


def _work(url: str, number: int, work: Work) -> None:
    try:
        engine, counter = db.make_engine(url, poolclass=NullPool), count(1)

        def before(*_: object) -> None:
            if next(counter) == number:
                os.kill(os.getpid(), signal.SIGKILL)

        exchange.observers.append(before)
        event.listen(engine, "before_cursor_execute", before)
        event.listen(engine, "commit", before)
        work(db.session_factory(engine))
        os._exit(0)
    except BaseException:  # which must not go on in the copy of the test run
        traceback.print_exc()
        os._exit(1)
