"""Until a server has what it was told."""

from nats.aio.client import Client

PATIENCE = 5  # seconds for each of two trips


async def flushed(client: Client) -> None:
    """Returns once the server has taken all that ``client`` sent so far: subscriptions stand.

    Two trips, since the library's ping goes out at once and overtakes what still waits for its
    flusher, which has run when the first is answered.

    Raises nats.errors.Error.
    """
    await client.flush(PATIENCE)
    await client.flush(PATIENCE)
