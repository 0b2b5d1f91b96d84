"""Where commands came from, as it is stored: once, on the first event of each.

Canonical JSON. The channel is clear. What is personal, address and agent, is sealed with the
actor's key, and opens only beside the command it was sealed for.
"""

from functools import cache

import msgspec
from msgspec import Struct

from adapters.log.keyring import Seals
from application.ports import Call, Origin
from domain.kernel import Personal

TAG = "origin"  # no event's, so that the seal of neither opens as the other


class Stored(Struct, frozen=True, omit_defaults=True):
    """``box``: the sealed (ip, agent), base64, or that it is erased."""

    channel: str
    box: str = ""


_ENCODER, _DECODER = msgspec.json.Encoder(), msgspec.json.Decoder(Stored)
_PERSONAL = msgspec.json.Decoder(tuple[str, str])


def stored(call: Call, seals: Seals) -> bytes | None:
    """The bytes of the call's origin; ``seals`` has its actor's key if it is needed."""
    origin = call.origin
    if origin is None or not origin.personal:
        return channel_of(origin)
    text = _ENCODER.encode((origin.ip, origin.agent)).decode()
    place = _place(call.tenant, str(call.command_id))
    box = seals.seal(Personal(call.actor, text), place, TAG).box or ""
    return _ENCODER.encode(Stored(origin.channel, box))


@cache
def channel_of(origin: Origin | None) -> bytes | None:
    """The bytes of an origin of which nothing but the channel is known."""
    return None if origin is None else _ENCODER.encode(Stored(origin.channel))


def read(data: bytes, tenant: str, actor: str, command_id: str) -> tuple[Origin, Personal | None]:
    """The channel, and what is sealed of it, for ``filled`` once that is open."""
    kept = _DECODER.decode(data)
    if not kept.box:
        return Origin(kept.channel), None
    return Origin(kept.channel), Personal(actor, "", kept.box, _place(tenant, command_id), TAG)


def filled(channel: str, text: str) -> Origin:
    """The whole origin, from the text that was sealed."""
    return Origin(channel, *_PERSONAL.decode(text))


def _place(tenant: str, command_id: str) -> str:
    return f"{tenant}/{TAG}/{command_id}"
