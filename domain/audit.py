"""Audit: who read the history, each reader's readings in a stream of their own."""

from domain.kernel import Command, Event, Personal, Rejected, Value

LONGEST_QUERY, LONGEST_PURPOSE = 8_000, 200  # characters


class ReadHistory(Command):
    """``what``: the route or the command line's command. ``query``: what was asked of it."""

    what: str
    query: Personal
    purpose: Personal | None = None


class HistoryRead(Event, tag="audit.history_read"):
    """What is asked may name people, and why is a person's own words: both are the reader's."""

    what: str
    query: Personal
    purpose: Personal | None = None


COMMANDS = ReadHistory
EVENTS = HistoryRead


class Readings(Value):
    total: int = 0


EMPTY = Readings()


def decide(readings: Readings, command: COMMANDS) -> list[EVENTS]:
    """Reading the same again is news."""
    if not command.what:
        raise Rejected("audit.nothing_read")
    if len(command.query.text) > LONGEST_QUERY:
        raise Rejected("audit.query_too_long", f"at most {LONGEST_QUERY} characters")
    if command.purpose and len(command.purpose.text) > LONGEST_PURPOSE:
        raise Rejected("audit.purpose_too_long", f"at most {LONGEST_PURPOSE} characters")
    return [HistoryRead(command.what, command.query, command.purpose)]


def evolve(readings: Readings, event: EVENTS) -> Readings:
    return Readings(readings.total + 1)
