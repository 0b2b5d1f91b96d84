"""Where commands came from, as it is stored: once, on the first event of each.

Canonical JSON. The channel is clear. What is personal, address and agent, is sealed with the
actor's key, and opens only as the actor's origin.
"""

import time
from collections import OrderedDict
from functools import cache

import msgspec
from msgspec import Struct

from adapters.log.hearing import FRESH
from adapters.log.keyring import Keyring
from application.ports import Call, Origin
from domain.kernel import Personal

TAG = "origin"  # no event's, so that the seal of neither opens as the other
KEPT = 10_000  # sealed origins in memory


Slot = tuple[int | None, str, str, Origin]  # turn of the keys, tenant, actor


class Stored(Struct, frozen=True, omit_defaults=True):
    """``box``: the sealed (ip, agent), base64, or that it is erased."""

    channel: str
    box: str = ""


_ENCODER, _DECODER = msgspec.json.Encoder(), msgspec.json.Decoder(Stored)
_PERSONAL = msgspec.json.Decoder(tuple[str, str])


class Origins:
    """Seals origins; whoever sends a command after the other is sealed once for a while."""

    def __init__(self, keyring: Keyring) -> None:
        self._keyring = keyring
        self._kept: OrderedDict[Slot, tuple[float, bytes]] = OrderedDict()

    async def stored(self, call: Call) -> bytes | None:
        """The bytes of the call's origin."""
        origin = call.origin
        if origin is None or not origin.personal:
            return channel_of(origin)
        # With the turn: of who is erased meanwhile, no more is stored.
        slot = (self._keyring.turn, call.tenant, call.actor, origin)
        until, data = self._kept.get(slot, (0.0, b""))
        if until < time.monotonic():
            data = await self._sealed(call.tenant, call.actor, origin)
            self._keep(slot, data)
        return data

    def _keep(self, slot: Slot, data: bytes) -> None:
        if slot[0] is None:
            return
        self._kept[slot] = (time.monotonic() + FRESH, data)
        self._kept.move_to_end(slot)
        while len(self._kept) > KEPT:
            self._kept.popitem(last=False)

    async def _sealed(self, tenant: str, actor: str, origin: Origin) -> bytes:
        seals = await self._keyring.for_sealing(tenant, [actor])
        text = _ENCODER.encode((origin.ip, origin.agent)).decode()
        box = seals.seal(Personal(actor, text), _place(tenant, actor), TAG).box or ""
        return _ENCODER.encode(Stored(origin.channel, box))


@cache
def channel_of(origin: Origin | None) -> bytes | None:
    """The bytes of an origin of which nothing but the channel is known."""
    return None if origin is None else _ENCODER.encode(Stored(origin.channel))


def read(data: bytes, tenant: str, actor: str) -> tuple[Origin, Personal | None]:
    """The channel, and what is sealed of it, for ``filled`` once that is open."""
    kept = _DECODER.decode(data)
    if not kept.box:
        return Origin(kept.channel), None
    return Origin(kept.channel), Personal(actor, "", kept.box, _place(tenant, actor), TAG)


def filled(channel: str, text: str) -> Origin:
    """The whole origin, from the text that was sealed."""
    return Origin(channel, *_PERSONAL.decode(text))


def _place(tenant: str, actor: str) -> str:
    return f"{tenant}/{TAG}/{actor}"
