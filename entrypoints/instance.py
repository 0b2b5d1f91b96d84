"""Which instance a command speaks to: an embedded one by its directory, or servers of one's own."""

import base64
import os
import secrets
from collections.abc import Mapping
from pathlib import Path

import msgspec
import psutil
from msgspec import Struct
from msgspec.structs import replace

from adapters.embedded.home import Home, write_private
from adapters.embedded.urls import Urls
from adapters.roots import keys as roots
from adapters.tokens.signing import new_key
from entrypoints.settings import REQUIRED, Settings, choices_of, from_env
from entrypoints.variables import SettingsMissing, server_url_of

DEFAULT = Path(".souk")
FILE = "instance.json"
URLS = {
    "postgres": "SOUK_POSTGRES_URL",
    "valkey": "SOUK_VALKEY_URL",
    "nats": "SOUK_NATS_URL",
    "s3": "SOUK_S3_URL",
}

OWN = ("SOUK_MASTER_KEY", "SOUK_SIGNING_KEY", "SOUK_SECRET", "SOUK_ROOTS_KEY", "SOUK_RECEIPTS")


class Unknown(Exception):
    """No instance is there; the message says what to do about it."""


class Instance(Struct, frozen=True):
    """What `souk up` leaves for other commands while it runs. ``started``: of process ``pid``."""

    pid: int
    started: float
    url: str
    postgres: str
    valkey: str
    nats: str
    s3: str
    live: str = ""  # the URL of the live gateway
    issuer: str = "souk"  # of its tokens, as is whom they are for
    audience: str = "souk-api"

    @property
    def runs(self) -> bool:
        try:
            return abs(psutil.Process(self.pid).create_time() - self.started) < 2
        except psutil.Error:
            return False


def given_urls(env: Mapping[str, str] = os.environ) -> Urls:
    """The servers that the environment names. Raises SettingsMissing."""
    return Urls(**{server: server_url_of(env, name) or None for server, name in URLS.items()})


def settings_of(home: Home, urls: Urls) -> Settings:
    """The settings of an embedded instance; its secrets are made at the first call. Raises
    SettingsMissing."""
    return Settings(
        postgres_url=urls.postgres or "",
        valkey_url=urls.valkey or "",
        nats_url=urls.nats or "",
        s3_url=urls.s3 or "",
        master_key=base64.b64decode(
            home.kept("master_key", base64.b64encode(secrets.token_bytes(32)))
        ),
        signing_key_pem=home.kept("signing_key.pem", new_key().encode()).decode(),
        secret=home.secret("hmac").encode(),
        roots_key_pem=home.kept("roots_key.pem", roots.new_key().encode()).decode(),
        receipts=str(home.path / "erasures"),
        **choices_of(os.environ),
    )


def unread(env: Mapping[str, str] = os.environ) -> list[str]:
    """The variables that are set, but not for an embedded instance: it has keys and receipts of
    its own."""
    return [name for name in OWN if env.get(name)]


def announce(home: Home, url: str, live: str, urls: Urls, settings: Settings) -> None:
    """Let other commands find this process's instance; it holds passwords, so it is private."""
    me = psutil.Process()
    servers = {server: getattr(urls, server) or "" for server in URLS}
    instance = Instance(
        pid=me.pid,
        started=me.create_time(),
        url=url,
        live=live,
        issuer=settings.issuer,
        audience=settings.audience,
        **servers,
    )
    write_private(home.path / FILE, msgspec.json.encode(instance))


def withdraw(home: Home) -> None:
    (home.path / FILE).unlink(missing_ok=True)


def find(directory: Path | None, env: Mapping[str, str] = os.environ) -> Settings:
    """The settings of the directory's running instance, of the environment's servers, or of the
    default directory's, whichever comes first. Raises Unknown, SettingsMissing."""
    if directory is None and all(env.get(name) for name in REQUIRED):
        return from_env(env)
    home = Home(directory or DEFAULT)
    instance = running(home)
    given = given_urls(env)
    urls = {server: getattr(given, server) or getattr(instance, server) for server in URLS}
    settings = settings_of(home, Urls(**urls))
    return replace(settings, issuer=instance.issuer, audience=instance.audience)


def urls_of(instance: Instance) -> Urls:
    """Of the servers that the running instance uses."""
    return Urls(**{server: getattr(instance, server) for server in URLS})


def running(home: Home) -> Instance:
    """The instance that runs on a directory. Raises Unknown."""
    try:
        instance = msgspec.json.decode((home.path / FILE).read_bytes(), type=Instance)
    except (OSError, msgspec.MsgspecError):
        instance = None
    if instance is None or not instance.runs:
        raise Unknown(
            f"No Souk runs on {home.path}. Start one with `souk up`, name its --data-dir,"
            f" or set {', '.join(REQUIRED)}."
        )
    return instance


__all__ = ["Instance", "SettingsMissing", "Unknown", "announce", "find", "given_urls", "running"]
