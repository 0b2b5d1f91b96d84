"""How long a test waits for what must come. What works never takes so long, but on a machine that
is crowded by others it may take twenty times as long as elsewhere."""

from adapters.engagement.watched import Watched
from adapters.live.tickets import Tickets
from adapters.media import sending
from adapters.projector.counters import Counters
from application import turns
from entrypoints import wiring

PATIENCE = 60.0  # seconds


def be_patient() -> None:
    """So is the product: who waits for an answer of Valkey or S3, for a turn with it, or for
    another request of the same key, does not give up for slowness. A server that is away refuses
    at once."""
    for of_valkey in (Counters, Tickets, Watched):
        of_valkey.__init__.__defaults__ = (PATIENCE,)  # type: ignore[misc]
    turns.PATIENCE = wiring.TURN = PATIENCE
    sending.CONNECT = sending.ANSWER = PATIENCE / 2  # there is time to ask once more
