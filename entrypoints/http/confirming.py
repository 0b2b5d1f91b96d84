"""What a preview gives and a confirmation sends: proof that this very thing was looked at."""

import hashlib
import hmac
import time
from datetime import UTC, datetime

import msgspec
from msgspec import Struct

from domain.kernel import Rejected

LASTS = 15 * 60  # seconds
MALFORMED = Rejected("bulks.confirm_malformed", "send the confirm of a preview of this request")


class Confirm(Struct, frozen=True):
    """``id``: of the bulk that it allows; ``until``: seconds since the epoch; ``body``,
    ``selection``: digests of what was asked for and of the items that this was."""

    id: str
    until: int
    body: str
    selection: str

    @property
    def expires_at(self) -> datetime:
        return datetime.fromtimestamp(self.until, UTC)

    @property
    def expired(self) -> bool:
        return self.until < time.time()

    @property
    def digest(self) -> str:
        return f"{self.body}{self.selection}"

    def signed(self, secret: bytes, whose: tuple[str, ...]) -> str:
        """``whose``: tenant, user and route; nobody else can use it, nor anywhere else."""
        said = f"{self.id}.{self.until}.{self.body}.{self.selection}"
        return f"{said}.{_mac(secret, said, whose)}"


def offered(id: str, body: str, selection: str) -> Confirm:
    return Confirm(id, int(time.time()) + LASTS, body, selection)


def read(text: str, secret: bytes, whose: tuple[str, ...]) -> Confirm:
    """Raises Rejected ``bulks.confirm_malformed``. One that has expired is read too."""
    said, _, mac = text.rpartition(".")
    if not text.isascii() or not hmac.compare_digest(mac, _mac(secret, said, whose)):
        raise MALFORMED
    id, until, body, selection = said.split(".")
    return Confirm(id, int(until), body, selection)


def digest(of: object) -> str:
    return hashlib.sha256(msgspec.json.encode(of)).hexdigest()[:32]


def _mac(secret: bytes, said: str, whose: tuple[str, ...]) -> str:
    text = msgspec.json.encode(["bulks", *whose, said])
    return hmac.digest(secret, text, hashlib.sha256).hex()
