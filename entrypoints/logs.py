"""Logs of the process roles: one JSON object a line, on standard output."""

import logging
import sys

import structlog

STAMPS: list[structlog.typing.Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.processors.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.format_exc_info,
]


def configure(role: str) -> None:
    """Our own lines and the libraries' alike, each with its ``role``."""

    def named(_: object, __: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
        return {"role": role, **event}

    chain = [named, *STAMPS]
    render = structlog.processors.JSONRenderer()
    structlog.configure(
        processors=[*chain, render],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stdout),
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(processor=render, foreign_pre_chain=chain)
    )
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
