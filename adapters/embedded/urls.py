"""Where the servers are that Souk stands on."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Urls:
    """Where the servers are, credentials included; None: start one of our own."""

    postgres: str | None = None
    valkey: str | None = None
    nats: str | None = None
    s3: str | None = None
