"""Any history of a decider, and what storing does to it."""

import msgspec

from domain.kernel import Personal, Rejected, fold


def history(decider, commands, past=()):
    """The events that these commands lead to; the rejected ones lead to none."""
    past = list(past)
    for command in commands:
        try:
            past += decider.decide(fold(decider, past), command)
        except Rejected:
            continue
    snapshot_holds(decider, fold(decider, past))
    return past


def snapshot_holds(decider, state):
    """A snapshot of the state is the state."""
    written = msgspec.json.encode(state)
    assert msgspec.json.decode(written, type=type(decider.EMPTY)) == state


def stored(decider, events):
    """The events after a journey through JSON, personal data in the clear."""
    return [
        msgspec.json.decode(
            msgspec.json.encode(event, enc_hook=lambda p: [p.subject, p.text]),
            type=decider.EVENTS,
            dec_hook=lambda kind, parts: Personal(*parts) if kind is Personal else parts,
        )
        for event in events
    ]
