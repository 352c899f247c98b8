"""On which processors the client and the server run (Linux; elsewhere the system decides)."""

import os
from collections.abc import Iterator
from contextlib import contextmanager


def processors() -> set[int]:
    """Those that this process may run on; empty where the system does not tell."""
    return os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set()


@contextmanager
def only_on(wanted: set[int]) -> Iterator[None]:
    """Keep this process, and a server that it starts, on some processors; on any if none is
    wanted."""
    before = processors()
    if wanted:
        os.sched_setaffinity(0, wanted)
    try:
        yield
    finally:
        if wanted:
            os.sched_setaffinity(0, before)
