"""Log lines as data: one JSON object a line, with what the code attached to it; never a value of personal data."""

import logging
import sys
from collections.abc import MutableMapping
from typing import Any, Final

import structlog


def without_values(_logger: Any, _method: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Takes the details out of a database's errors that are about to be written: they quote whole rows."""
    given = line.get("exc_info")
    first = given if isinstance(given, BaseException) else sys.exc_info()[1] if given is True else None
    if isinstance(given, tuple):
        first = given[1]
    left, seen = [first], set[int]()
    while left:
        error = left.pop()
        if error is None or id(error) in seen:
            continue
        seen.add(id(error))
        left += [error.__cause__, error.__context__, *getattr(error, "exceptions", ())]
        if hasattr(error, "sqlstate") and getattr(error, "detail", None):
            error.detail = WITHHELD  # type: ignore[attr-defined]  # as errors of the database have it
    return line


_SHARED: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.ExtraAdder(),
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    without_values,
    structlog.processors.format_exc_info,
]
WITHHELD: Final = "withheld"  # in the place of what the database says of the row


def json_lines() -> logging.Formatter:
    """Makes a JSON line of each record, with the request that it belongs to."""
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=_SHARED,
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, structlog.processors.JSONRenderer()],
    )


def configure_logs(level: int = logging.INFO) -> None:
    """Sends structlog and the standard library through the same JSON lines on standard error."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(json_lines())
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    logging.getLogger("httpx2").setLevel(logging.WARNING)  # at INFO it writes whole URLs: a webhook's may be its secret
    structlog.configure(**through_the_standard_library(), cache_logger_on_first_use=True)


def through_the_standard_library() -> dict[str, Any]:
    """What structlog is configured with, so that its lines go the way of all others."""
    return {
        "processors": [*_SHARED, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        "logger_factory": structlog.stdlib.LoggerFactory(),
    }
