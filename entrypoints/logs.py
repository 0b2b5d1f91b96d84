"""Logs: one JSON object a line, on stderr. Never a token, never a person's own words."""

import logging
import os
import sys
from contextlib import suppress
from typing import TextIO, cast

import structlog


class Unfailing:
    """A line that cannot be written (a full disk, a closed pipe) is lost, and nothing else is."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        with suppress(OSError, ValueError):
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        with suppress(OSError, ValueError):
            self._stream.flush()


def configure(default: str = "info") -> None:
    """LOG_LEVEL: debug, info, warning or error; else ``default``."""
    level = logging.getLevelNamesMapping().get(os.environ.get("LOG_LEVEL", default).upper(), 20)
    stderr = cast(TextIO, Unfailing(sys.stderr))
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.dict_tracebacks,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(stderr),
        cache_logger_on_first_use=True,
    )
    logging.raiseExceptions = False
    logging.basicConfig(level=max(level, logging.WARNING), stream=stderr)
