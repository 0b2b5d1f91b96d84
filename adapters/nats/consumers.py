"""Consumers for readers: what they may wish for, and what they are told of the stream."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import zip_longest
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct
from msgspec.structs import replace
from nats.aio.client import Client
from nats.aio.msg import Msg

from adapters.nats.accounts import STREAM, WISHES
from application.ports import Unavailable

KEPT = timedelta(hours=24)  # how long the stream keeps a change
UNUSED = 60 * 1_000_000_000  # nanoseconds after which a consumer that nobody asks is forgotten
PATIENCE = 3.0  # seconds for JetStream to answer
NONE = 404  # JetStream's status of a consumer, or a stream, that there is not
REFUSED = 10012  # JetStream's code for a consumer that cannot be
FILTER = re.compile(r"souk(\.([A-Za-z0-9_-]+|\*))*(\.>)?", re.ASCII)
TYPE = "io.nats.jetstream.api.v1.consumer_create_response"
Policy = Literal["all", "last", "new", "last_per_subject", "by_start_sequence", "by_start_time"]


class Wish(Struct, frozen=True):
    """What a reader may choose; whatever else a client sends is not looked at."""

    deliver_policy: Policy = "all"
    opt_start_seq: int = 0
    opt_start_time: Annotated[datetime, Meta(tz=True)] | None = None
    headers_only: bool = False
    filter_subject: str = ""
    filter_subjects: tuple[str, ...] | None = None
    deliver_subject: str | None = None


class Wishes(Struct, frozen=True):
    config: Wish


class State(Struct, frozen=True):
    first_seq: int
    last_seq: int


class Info(Struct, frozen=True):
    created: str
    state: State


class Failure(Struct, frozen=True):
    code: int


class Made(Struct, frozen=True):
    """A consumer that there is, or why nothing is told of it."""

    config: Wish | None = None
    error: Failure | None = None


class Unwanted(Exception):
    """A wish that is not granted, and why."""


class Consumers:
    """Answers in JetStream's place, in its words, so that any client can ask.

    NATS lets a reader ask only under its own consumer's name and for its own subjects: both are
    taken from the request's subject, never from its body."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def answer(self, message: Msg) -> None:
        name, subject = message.subject.removeprefix(f"{WISHES}.").split(".", 1)
        try:
            wish = _wish(message.data, subject)
        except (Unwanted, msgspec.MsgspecError) as reason:
            await message.respond(_refusal(str(reason)))
        else:
            await message.respond(await self._create(name, subject, wish))

    async def narrow(self, name: str, subjects: Sequence[str]) -> None:
        """Forget the consumer of before if it tells more than those subjects: it lasts as long as
        it is asked, so it would go on telling what its reader might see when it was made. Raises
        Unavailable."""
        found = await self._ask(f"CONSUMER.INFO.{STREAM}.{name}")
        made = msgspec.json.decode(found, type=Made)
        if made.error and made.error.code != NONE:
            raise Unavailable("nats")
        if made.config and not any(_holds(each, made.config.filter_subject) for each in subjects):
            await self._ask(f"CONSUMER.DELETE.{STREAM}.{name}")

    async def _create(self, name: str, subject: str, wish: Wish) -> bytes:
        """Anew: a consumer's place cannot be changed. Where JetStream refuses, its own words."""
        found = await self._ask(f"STREAM.INFO.{STREAM}")
        if b'"error"' in found:
            return found
        stream = msgspec.json.decode(found, type=Info)
        await self._ask(f"CONSUMER.DELETE.{STREAM}.{name}")
        config = {**_from(wish, stream.state), **_fixed(name, subject, wish)}
        config["metadata"] = {
            "souk.stream": stream.created,
            "souk.whole": "yes" if _whole(wish, stream) else "no",
        }
        body = msgspec.json.encode({"stream_name": STREAM, "config": config})
        return await self._ask(f"CONSUMER.CREATE.{STREAM}.{name}.{subject}", body)

    async def _ask(self, request: str, body: bytes = b"") -> bytes:
        return bytes((await self._client.request(f"$JS.API.{request}", body, PATIENCE)).data)


def _wish(body: bytes, subject: str) -> Wish:
    """Raises Unwanted, MsgspecError."""
    wish = msgspec.json.decode(body, type=Wishes).config
    if wish.deliver_subject:
        raise Unwanted("only pull consumers can be had")
    if wish.filter_subjects or wish.filter_subject not in ("", subject):
        raise Unwanted("one filter can be had, the one of the request's subject")
    if not FILTER.fullmatch(subject):
        raise Unwanted("the filter is malformed")
    return _timed(wish)


def _timed(wish: Wish) -> Wish:
    """In UTC. Raises Unwanted for what no clock shows there."""
    if (since := wish.opt_start_time) is None:
        return wish
    try:
        return replace(wish, opt_start_time=since.astimezone(UTC))
    except OverflowError:
        raise Unwanted("opt_start_time is before or after all times") from None


def _fixed(name: str, subject: str, wish: Wish) -> dict[str, Any]:
    return {
        "name": name,
        "filter_subject": subject,
        "headers_only": wish.headers_only,
        "ack_policy": "none",
        "mem_storage": True,
        "inactive_threshold": UNUSED,
    }


def _from(wish: Wish, state: State) -> dict[str, Any]:
    """Where delivery begins. A place beyond the end was one of a stream that is gone."""
    if wish.deliver_policy == "by_start_sequence":
        if not 1 <= wish.opt_start_seq <= state.last_seq + 1:
            return {"deliver_policy": "all"}
        return {"deliver_policy": wish.deliver_policy, "opt_start_seq": wish.opt_start_seq}
    if wish.deliver_policy == "by_start_time" and wish.opt_start_time:
        return {"deliver_policy": wish.deliver_policy, "opt_start_time": wish.opt_start_time}
    return {"deliver_policy": wish.deliver_policy}


def _whole(wish: Wish, stream: Info) -> bool:
    """Is everything from the wanted place on still in the stream?"""
    if wish.deliver_policy == "by_start_sequence":
        return stream.state.first_seq <= wish.opt_start_seq <= stream.state.last_seq + 1
    if wish.deliver_policy == "by_start_time" and wish.opt_start_time:
        made = msgspec.convert(stream.created, datetime)
        since = wish.opt_start_time
        return made <= since and datetime.now(UTC) - since < KEPT
    return False


def _holds(wide: str, narrow: str) -> bool:
    """Whether a filter takes nothing that the wide one does not."""
    for one, other in zip_longest(wide.split("."), narrow.split(".")):
        if one == ">":
            return other is not None
        if other in (None, ">") or one not in ("*", other):
            return False
    return True


def _refusal(why: str) -> bytes:
    error = {"code": 400, "err_code": REFUSED, "description": why}
    return msgspec.json.encode({"type": TYPE, "error": error})
