"""An instance's keys, which no backup has: written to a file of their own, and read from it."""

import hmac
from base64 import b64decode, b64encode
from pathlib import Path

import msgspec

from adapters.backup.manifest import Manifest
from adapters.embedded.home import Home, write_private
from adapters.roots.keys import Seal

FOLDER = "secrets"
SECRET, ROOTS = "hmac", "roots_key.pem"
REQUIRED = {"master_key", "signing_key.pem", "postgres", SECRET}


class NoKeys(Exception):
    """The keys are not there, or not whole."""


def save(home: Home, file: Path) -> None:
    kept = {path.name: b64encode(path.read_bytes()).decode() for path in _files(home.path)}
    write_private(file, msgspec.json.format(msgspec.json.encode(kept)))


def load(place: Path) -> dict[str, bytes]:
    """By name, from such a file or from an instance's own directory. Raises NoKeys."""
    try:
        if place.is_dir():
            found = {path.name: path.read_bytes() for path in _files(place)}
        else:
            said = msgspec.json.decode(place.read_bytes(), type=dict[str, str])
            found = {name: b64decode(text, validate=True) for name, text in said.items()}
    except (OSError, ValueError, msgspec.MsgspecError) as error:
        raise NoKeys(f"{place} has no keys of an instance") from error
    if missing := REQUIRED - found.keys():
        raise NoKeys(f"{place} is without {', '.join(sorted(missing))}")
    if ROOTS in found:
        _check_roots_key(found[ROOTS], place)
    return found


def _check_roots_key(pem: bytes, place: Path) -> None:
    try:
        Seal(pem.decode())
    except ValueError as error:
        raise NoKeys(f"the {ROOTS} of {place} is no whole key") from error


def prove(keys: dict[str, bytes], manifest: Manifest, place: Path) -> None:
    """That they are those that a backup wants, as far as it says. Raises NoKeys."""
    if manifest.keys not in ("", fingerprint(keys)):
        raise NoKeys(f"{place} has the keys of another instance")
    if manifest.secret and manifest.secret != fingerprint_of_secret(keys):
        raise NoKeys(f"the {SECRET} of {place} is not that of the instance")
    if manifest.secret and ROOTS not in keys:  # an older instance may have none
        raise NoKeys(f"{place} is without {ROOTS}")


def fingerprint(keys: dict[str, bytes]) -> str:
    """By which a backup knows them, and which tells nothing of them."""
    said = b"souk backup" + keys["signing_key.pem"] + keys["postgres"]
    return hmac.digest(keys["master_key"], said, "sha256").hex()


def fingerprint_of_secret(keys: dict[str, bytes]) -> str:
    """The same of what marks idempotent requests."""
    return hmac.digest(keys["master_key"], b"souk backup secret" + keys[SECRET], "sha256").hex()


def install(home: Home, keys: dict[str, bytes]) -> None:
    for name, key in keys.items():
        write_private(home.folder(FOLDER) / Path(name).name, key)


def _files(directory: Path) -> list[Path]:
    return sorted(path for path in (directory / FOLDER).glob("*") if path.suffix != ".new")
