"""Erasures: that a person was erased, and why; nothing of the person. A stream is one person."""

import re
from typing import assert_never

from domain.kernel import NAME, Command, Event, Rejected, Value

REASON = re.compile(r"[a-z_]{1,40}", re.ASCII)


class EraseSubject(Command):
    """``subject``: the person's id within the tenant; ``reason``: a code."""

    subject: str
    reason: str


class SubjectErased(Event, tag="erasures.subject_erased"):
    subject: str
    reason: str


COMMANDS = EraseSubject
EVENTS = SubjectErased


class Erasure(Value):
    erased: bool = False


EMPTY = Erasure()


def decide(erasure: Erasure, command: COMMANDS) -> list[EVENTS]:
    match command:
        case EraseSubject(subject=subject, reason=reason):
            return _erase(erasure, subject, reason)
        case _:
            assert_never(command)


def _erase(erasure: Erasure, subject: str, reason: str) -> list[EVENTS]:
    if not NAME.fullmatch(subject):
        raise Rejected("erasures.subject_malformed", "letters, digits, - and _")
    if not REASON.fullmatch(reason):
        raise Rejected("erasures.reason_malformed", "a-z and _")
    return [] if erasure.erased else [SubjectErased(subject, reason)]


def evolve(erasure: Erasure, event: EVENTS) -> Erasure:
    match event:
        case SubjectErased():
            return Erasure(True)
        case _:
            assert_never(event)
