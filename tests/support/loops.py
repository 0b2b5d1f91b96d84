"""The loop that every role runs on, for tests that are no coroutines."""

import asyncio

import uvloop


def looping() -> asyncio.Runner:
    """Runs coroutines one after another on one loop."""
    return asyncio.Runner(loop_factory=uvloop.new_event_loop)
