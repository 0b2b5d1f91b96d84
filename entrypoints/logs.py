"""Logs: one JSON object a line, on stderr. Never a token, never a person's own words."""

import logging
import os
import sys

import structlog


def configure(default: str = "info") -> None:
    """LOG_LEVEL: debug, info, warning or error; else ``default``."""
    level = logging.getLevelNamesMapping().get(os.environ.get("LOG_LEVEL", default).upper(), 20)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.dict_tracebacks,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(level=max(level, logging.WARNING), stream=sys.stderr)
