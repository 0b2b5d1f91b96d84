"""How each SOUK_… variable is read, and what is said of one that is malformed."""

import base64
import binascii
import re
from collections.abc import Callable, Mapping
from ipaddress import ip_network
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
from msgspec import Struct

from adapters.addresses import is_nats, is_postgres, is_s3, is_valkey

ORIGIN = r"https?://[a-z0-9.\[\]:-]+"  # as browsers send it: lower case, no path, no slash
ROOTS_EVERY = 300.0  # seconds
ADDRESSES: dict[str, tuple[Callable[[str], bool], str]] = {
    "SOUK_POSTGRES_URL": (is_postgres, "postgresql://souk:…@host:5432/souk"),
    "SOUK_VALKEY_URL": (is_valkey, "redis://:…@host:6379/0, rediss://… or unix://…"),
    "SOUK_NATS_URL": (is_nats, "nats://souk:…@host:4222 or tls://…"),
    "SOUK_S3_URL": (is_s3, "http(s)://access:…@host:9000"),
}


class SettingsMissing(Exception):
    """Settings that are missing or malformed, all named in one sentence."""


class Issuer(Struct, frozen=True):
    """Another party whose tokens are accepted: its exact issuer, its JWKS, and its audience."""

    issuer: str
    jwks_url: str
    audience: str
    algorithms: tuple[str, ...] = ("RS256", "ES256")


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


def master_key_of(text: str) -> bytes:
    """32 bytes, of their base64. Raises SettingsMissing."""
    try:
        key = base64.b64decode(text, validate=True)
    except binascii.Error:
        key = b""
    if len(key) != 32:
        raise SettingsMissing("SOUK_MASTER_KEY must be base64 of 32 bytes.")
    return key


def pem_of(env: Mapping[str, str], name: str, read: Callable[[str], object], kind: str) -> str:
    """A PEM, or what is in the file at that path. ``read``: raises ValueError for what is no
    private key of that ``kind``. Raises SettingsMissing."""
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


def seconds_of(env: Mapping[str, str], name: str, default: str) -> float:
    """Seconds, a tenth at the least and ten minutes at the most. Raises SettingsMissing."""
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


def folds_of(text: str) -> int:
    """How many, of which a question may need a few at once. Raises SettingsMissing."""
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


def issuers_of(text: str) -> tuple[Issuer, ...]:
    """Raises SettingsMissing."""
    try:
        return msgspec.json.decode(text, type=tuple[Issuer, ...])
    except msgspec.MsgspecError:
        raise SettingsMissing("SOUK_ISSUERS must be a JSON list of issuers.") from None
