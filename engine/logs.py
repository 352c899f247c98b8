"""Logs: one line an event, for a terminal or a log store; ids, never personal data."""

import logging
import sys
from collections.abc import MutableMapping
from typing import Any, TextIO

import structlog
from structlog.processors import ExceptionRenderer
from structlog.tracebacks import ExceptionDictTransformer

# Names under which somebody could log what must not be in a log.
PERSONAL = frozenset(
    {
        *("password", "token", "secret", "cookie", "authorization", "email", "recipient"),
        *("phone", "contact_name", "contact_phone", "legal_rep_name", "controller_name"),
        *("payee_account", "account_no", "values", "body", "html"),
    }
)
HIDDEN = "***"
Event = MutableMapping[str, Any]


def configure(
    *, json: bool | None = None, level: str = "INFO", stream: TextIO | None = None
) -> None:
    """Set up structlog and the standard library's logging to write lines of one form.

    json: None chooses JSON unless the stream is a terminal. What is bound with
    `structlog.contextvars.bind_contextvars(request_id=…)` is in every line.
    """
    out = stream or sys.stderr
    as_json = not out.isatty() if json is None else json
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        hide_personal,
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(out)
    handler.setFormatter(_formatter(shared, as_json))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    # Every 15 seconds "executed successfully" would bury the rest.
    logging.getLogger("apscheduler").setLevel(logging.WARNING)


def _formatter(shared: list[Any], as_json: bool) -> logging.Formatter:
    # Tracebacks without the values of variables, which hold what people entered.
    if as_json:
        trace = ExceptionRenderer(ExceptionDictTransformer(show_locals=False))
        last: list[Any] = [trace, structlog.processors.JSONRenderer(ensure_ascii=False)]
    else:
        plain = structlog.dev.plain_traceback
        last = [structlog.dev.ConsoleRenderer(colors=False, exception_formatter=plain)]
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
    )


def hide_personal(_logger: Any, _method: str, event: Event) -> Event:
    """Replace values under personal names, also inside mappings."""
    for name, value in event.items():
        if name in PERSONAL:
            event[name] = HIDDEN
        elif isinstance(value, dict):
            event[name] = hide_personal(None, "", dict(value))
    return event
