"""Settings: where the servers are, and the three secrets. Everything else has a default."""

import base64
import os
from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Struct

from adapters.roots.keys import Seal
from adapters.tokens.signing import key_of as signing_key
from entrypoints.variables import (
    ROOTS_EVERY,
    Issuer,
    SettingsMissing,
    folds_of,
    issuers_of,
    live_url_of,
    master_key_of,
    origins_of,
    pem_of,
    roots_every_of,
    s3_public_url_of,
    seconds_of,
    server_url_of,
    trusted_proxies_of,
)


class Settings(Struct, frozen=True):
    """``signing_key_pem``: an EC P-256 private key. ``master_key``: 32 bytes, seals the keys of
    personal data. ``secret``: makes the HMACs of idempotent requests. ``patience``: seconds that
    Postgres has for an append or a read, after which the answer is 503. ``live_url``: where the
    live gateway is reached by clients (http or https), "" for where the API is; ``origins``: those
    of the pages that may speak to it and call the API; none: its own, and none. ``s3_public_url``:
    scheme and host at which browsers reach the S3 server, "" for those of ``s3_url``.
    ``trusted_proxies``: networks whose X-Forwarded-For is believed. ``roots_key_pem``: an Ed25519
    private key that roots are signed with, "" for none; ``roots_every``: seconds between them, 0
    for never. ``as_of_seconds``: how long a question about the past may take; ``as_of_folds``: how
    many folds of it are kept. ``receipts``: the directory of the receipts of erasures, "" for the
    bucket."""

    postgres_url: str
    valkey_url: str
    nats_url: str
    s3_url: str
    master_key: bytes
    signing_key_pem: str
    secret: bytes
    issuer: str = "souk"
    audience: str = "souk-api"
    issuers: tuple[Issuer, ...] = ()
    patience: float = 5.0
    live_url: str = ""
    origins: tuple[str, ...] = ()
    s3_public_url: str = ""
    as_of_seconds: float = 20.0
    as_of_folds: int = 16
    trusted_proxies: tuple[str, ...] = ()
    roots_key_pem: str = ""
    roots_every: float = ROOTS_EVERY
    receipts: str = ""

    def __repr__(self) -> str:
        """Never a secret, nor a URL that may hold a password."""
        return f"Settings(issuer={self.issuer!r}, audience={self.audience!r}, …)"


LOCAL = ("127.0.0.1", "localhost")
REQUIRED = (
    "SOUK_POSTGRES_URL",
    "SOUK_VALKEY_URL",
    "SOUK_NATS_URL",
    "SOUK_MASTER_KEY",
    "SOUK_SIGNING_KEY",
    "SOUK_SECRET",
)


def from_env(env: Mapping[str, str] = os.environ) -> Settings:
    """Settings from SOUK_… variables. Raises SettingsMissing.

    SOUK_MASTER_KEY is base64 of 32 bytes; SOUK_SIGNING_KEY is a PEM or the path of one;
    SOUK_ISSUERS, optional, is a JSON list of issuers; SOUK_PATIENCE, optional, is in seconds;
    SOUK_LIVE_URL, SOUK_S3_PUBLIC_URL, SOUK_ORIGINS and SOUK_TRUSTED_PROXIES (JSON lists, or divided
    by commas) are optional too, as are SOUK_ROOTS_KEY (a PEM or the path of one),
    SOUK_ROOTS_EVERY (seconds), SOUK_AS_OF_SECONDS and SOUK_AS_OF_FOLDS.
    """
    if missing := [name for name in REQUIRED if not env.get(name)]:
        raise SettingsMissing(f"Set {', '.join(missing)}; `souk up` needs none of them.")
    return Settings(
        postgres_url=server_url_of(env, "SOUK_POSTGRES_URL"),
        valkey_url=server_url_of(env, "SOUK_VALKEY_URL"),
        nats_url=server_url_of(env, "SOUK_NATS_URL"),
        s3_url=server_url_of(env, "SOUK_S3_URL"),
        master_key=master_key_of(env["SOUK_MASTER_KEY"]),
        signing_key_pem=pem_of(env, "SOUK_SIGNING_KEY", signing_key, "an EC P-256"),
        secret=env["SOUK_SECRET"].encode(),
        roots_key_pem=pem_of(env, "SOUK_ROOTS_KEY", Seal, "an Ed25519")
        if env.get("SOUK_ROOTS_KEY")
        else "",
        receipts=env.get("SOUK_RECEIPTS") or "",
        **choices_of(env),
    )


def choices_of(env: Mapping[str, str]) -> dict[str, Any]:
    """What is the operator's to choose with servers of one's own and in `souk up` alike. Raises
    SettingsMissing."""
    return {
        "issuer": env.get("SOUK_ISSUER") or "souk",
        "audience": env.get("SOUK_AUDIENCE") or "souk-api",
        "issuers": issuers_of(env.get("SOUK_ISSUERS") or "[]"),
        "patience": seconds_of(env, "SOUK_PATIENCE", "5"),
        "live_url": live_url_of(env),
        "origins": origins_of(env),
        "s3_public_url": s3_public_url_of(env),
        "as_of_seconds": seconds_of(env, "SOUK_AS_OF_SECONDS", "20"),
        "as_of_folds": folds_of(env.get("SOUK_AS_OF_FOLDS") or "16"),
        "trusted_proxies": trusted_proxies_of(env),
        "roots_every": roots_every_of(env),
    }


def to_env(settings: Settings) -> dict[str, str]:
    """The variables that ``from_env`` reads these settings back from, for child processes."""
    return {
        "SOUK_POSTGRES_URL": settings.postgres_url,
        "SOUK_VALKEY_URL": settings.valkey_url,
        "SOUK_NATS_URL": settings.nats_url,
        "SOUK_S3_URL": settings.s3_url,
        "SOUK_MASTER_KEY": base64.b64encode(settings.master_key).decode(),
        "SOUK_SIGNING_KEY": settings.signing_key_pem,
        "SOUK_SECRET": settings.secret.decode(),
        "SOUK_ISSUER": settings.issuer,
        "SOUK_AUDIENCE": settings.audience,
        "SOUK_ISSUERS": msgspec.json.encode(settings.issuers).decode(),
        "SOUK_PATIENCE": str(settings.patience),
        "SOUK_LIVE_URL": settings.live_url,
        "SOUK_S3_PUBLIC_URL": settings.s3_public_url,
        "SOUK_RECEIPTS": settings.receipts,
        "SOUK_ORIGINS": msgspec.json.encode(settings.origins).decode(),
        "SOUK_AS_OF_SECONDS": str(settings.as_of_seconds),
        "SOUK_AS_OF_FOLDS": str(settings.as_of_folds),
        "SOUK_TRUSTED_PROXIES": msgspec.json.encode(settings.trusted_proxies).decode(),
        "SOUK_ROOTS_KEY": settings.roots_key_pem,
        "SOUK_ROOTS_EVERY": str(settings.roots_every),
    }


def own_origins(host: str, port: int) -> list[str]:
    """Those of pages that come from that very address."""
    hosts = (host, *LOCAL) if host in LOCAL else (host,)
    return [f"http://{name}:{port}" for name in dict.fromkeys(hosts)]
