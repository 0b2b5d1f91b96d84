"""Settings: where the servers are, and the three secrets. Everything else has a default."""

import base64
import binascii
import os
import re
from collections.abc import Callable, Mapping
from ipaddress import ip_network
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec
from msgspec import Struct

from adapters.addresses import is_nats, is_postgres, is_s3, is_valkey
from adapters.roots.keys import Seal
from adapters.tokens.signing import key_of as signing_key


class Issuer(Struct, frozen=True):
    """Another party whose tokens are accepted: its exact issuer, its JWKS, and its audience."""

    issuer: str
    jwks_url: str
    audience: str
    algorithms: tuple[str, ...] = ("RS256", "ES256")


ROOTS_EVERY = 300.0  # seconds


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


class SettingsMissing(Exception):
    """Settings that are missing or malformed, all named in one sentence."""


ORIGIN = r"https?://[a-z0-9.\[\]:-]+"  # as browsers send it: lower case, no path, no slash
LOCAL = ("127.0.0.1", "localhost")
REQUIRED = (
    "SOUK_POSTGRES_URL",
    "SOUK_VALKEY_URL",
    "SOUK_NATS_URL",
    "SOUK_MASTER_KEY",
    "SOUK_SIGNING_KEY",
    "SOUK_SECRET",
)
ADDRESSES: dict[str, tuple[Callable[[str], bool], str]] = {
    "SOUK_POSTGRES_URL": (is_postgres, "postgresql://souk:…@host:5432/souk"),
    "SOUK_VALKEY_URL": (is_valkey, "redis://:…@host:6379/0, rediss://… or unix://…"),
    "SOUK_NATS_URL": (is_nats, "nats://souk:…@host:4222 or tls://…"),
    "SOUK_S3_URL": (is_s3, "http(s)://access:…@host:9000"),
}


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
        master_key=_master_key(env["SOUK_MASTER_KEY"]),
        signing_key_pem=_pem(env, "SOUK_SIGNING_KEY", signing_key, "an EC P-256"),
        secret=env["SOUK_SECRET"].encode(),
        roots_key_pem=_pem(env, "SOUK_ROOTS_KEY", Seal, "an Ed25519")
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
        "issuers": _issuers(env.get("SOUK_ISSUERS") or "[]"),
        "patience": _seconds(env, "SOUK_PATIENCE", "5"),
        "live_url": live_url_of(env),
        "origins": origins_of(env),
        "s3_public_url": s3_public_url_of(env),
        "as_of_seconds": _seconds(env, "SOUK_AS_OF_SECONDS", "20"),
        "as_of_folds": _folds(env.get("SOUK_AS_OF_FOLDS") or "16"),
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


def server_url_of(env: Mapping[str, str], name: str) -> str:
    """As its client takes it; "" for none. Raises SettingsMissing, which tells nothing of what it
    holds."""
    url, (fits, form) = env.get(name) or "", ADDRESSES[name]
    if url and not fits(url):
        raise SettingsMissing(
            f"{name} must be like {form}; in its password write / as %2F, @ as %40, : as %3A,"
            " ? as %3F, # as %23, [ as %5B, ] as %5D and % as %25."
        )
    return url


def _master_key(text: str) -> bytes:
    try:
        key = base64.b64decode(text, validate=True)
    except binascii.Error:
        key = b""
    if len(key) != 32:
        raise SettingsMissing("SOUK_MASTER_KEY must be base64 of 32 bytes.")
    return key


def _pem(env: Mapping[str, str], name: str, read: Callable[[str], object], kind: str) -> str:
    """``read``: raises ValueError for what is no private key of that kind."""
    pem = env[name]
    try:
        if "-----BEGIN" not in pem:
            pem = Path(pem).read_text()
        read(pem)
    except OSError:
        raise SettingsMissing(f"{name} is neither a PEM nor a readable file.") from None
    except ValueError:
        raise SettingsMissing(f"{name} must be {kind} private key: a PEM, or its path.") from None
    return pem


def _seconds(env: Mapping[str, str], name: str, default: str) -> float:
    try:
        seconds = float(env.get(name) or default)
    except ValueError:
        seconds = 0
    if not 0.1 <= seconds <= 600:
        raise SettingsMissing(f"{name} must be a number of seconds, 0.1 to 600.")
    return seconds


def roots_every_of(env: Mapping[str, str]) -> float:
    """Seconds; 0: never. Raises SettingsMissing."""
    try:
        seconds = float(env.get("SOUK_ROOTS_EVERY") or ROOTS_EVERY)
    except ValueError:
        seconds = -1
    if not 0 <= seconds <= 86_400:
        raise SettingsMissing("SOUK_ROOTS_EVERY must be a number of seconds, 0 to 86400.")
    return seconds


def _folds(text: str) -> int:
    """A question may need a few at once."""
    number = int(text) if text.isascii() and text.isdigit() else 0
    if not 4 <= number <= 1000:
        raise SettingsMissing("SOUK_AS_OF_FOLDS must be a whole number, 4 to 1000.")
    return number


def live_url_of(env: Mapping[str, str]) -> str:
    """Without a slash at its end. Raises SettingsMissing."""
    return _web_address(env, "SOUK_LIVE_URL")


def s3_public_url_of(env: Mapping[str, str]) -> str:
    """Scheme, host and port. Raises SettingsMissing."""
    return _web_address(env, "SOUK_S3_PUBLIC_URL")


def _web_address(env: Mapping[str, str], name: str) -> str:
    url = (env.get(name) or "").rstrip("/")
    if url and urlsplit(url).scheme not in ("http", "https"):
        raise SettingsMissing(f"{name} must be an http or https URL.")
    return url


def origins_of(env: Mapping[str, str]) -> tuple[str, ...]:
    """Raises SettingsMissing for what no browser would send."""
    origins = _listed(env, "SOUK_ORIGINS")
    if not all(re.fullmatch(ORIGIN, origin) for origin in origins):
        raise SettingsMissing("SOUK_ORIGINS must be origins such as https://shop.example.")
    return origins


def trusted_proxies_of(env: Mapping[str, str]) -> tuple[str, ...]:
    """Addresses and networks. Raises SettingsMissing."""
    networks = _listed(env, "SOUK_TRUSTED_PROXIES")
    try:
        return tuple(str(ip_network(network)) for network in networks)
    except ValueError:
        raise SettingsMissing(
            "SOUK_TRUSTED_PROXIES must be addresses or networks such as 10.0.0.0/8."
        ) from None


def _listed(env: Mapping[str, str], name: str) -> tuple[str, ...]:
    """A JSON list, or what commas divide; a list that is none is one that nothing accepts."""
    text = (env.get(name) or "").strip()
    try:
        listed = msgspec.json.decode(text, type=list[str]) if text[:1] == "[" else text.split(",")
    except msgspec.MsgspecError:
        listed = ["?"]
    return tuple(part.strip() for part in listed if part.strip())


def own_origins(host: str, port: int) -> list[str]:
    """Those of pages that come from that very address."""
    hosts = (host, *LOCAL) if host in LOCAL else (host,)
    return [f"http://{name}:{port}" for name in dict.fromkeys(hosts)]


def _issuers(text: str) -> tuple[Issuer, ...]:
    try:
        return msgspec.json.decode(text, type=tuple[Issuer, ...])
    except msgspec.MsgspecError:
        raise SettingsMissing("SOUK_ISSUERS must be a JSON list of issuers.") from None
