"""One row's own attempt in a sweep: what goes wrong with it is logged and ends there."""

from types import TracebackType
from typing import Self

import structlog

from engine.errors import DanbaoError

log = structlog.get_logger("danbao.jobs")


class Attempt:
    """`with Attempt("deadline", deadline_id=7) as attempt:`; `attempt.failed` tells afterwards.

    A row may fail with whatever an operation of any diagram raises; one bad row must never stop
    the sweep for the others, so every Exception ends here. It is logged with the row's ids and
    its traceback. Interrupts and exits pass.
    """

    def __init__(self, action: str, **ids: object) -> None:
        self.action = action
        self.ids = ids
        self.failed = False
        self.error: Exception | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool:
        if not isinstance(error, Exception):
            return False
        self.failed, self.error = True, error
        code = error.code if isinstance(error, DanbaoError) else type(error).__name__
        log.error("row_failed", action=self.action, code=code, **self.ids, exc_info=error)
        return True
