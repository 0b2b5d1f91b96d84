"""Likes and the feed over HTTP, beside a NestJS shop: one process on both sides."""

import hashlib
import random
import time
from collections.abc import Callable, Iterable, Iterator
from uuid import uuid4

import jwt
import psycopg

from adapters.embedded.ports import free_ports
from adapters.tokens.signing import Signer, new_key
from application.commands import Commands
from application.likes import Likes
from application.media import Media
from application.reels import Reels
from benchmarks import nest, souk_http
from benchmarks.figures import Figure
from benchmarks.market import TENANT, call, id_of, on_loop, opened
from benchmarks.requests import CONNECTIONS, get, post, send
from benchmarks.roles import running, settings
from benchmarks.shop import PUBLISHED
from benchmarks.work import Figures, Site, Work
from benchmarks.works import checkout
from domain.media import Render, Rendition
from domain.permissions import ROLES

REELS = 100  # in the feed
LIKED, VIEWERS = 20, 1_000  # of the reels that are liked, and who likes them
TURN = 1_000  # likes, which are then taken back
SIZE = 4_000_000  # bytes of a video


def fill(site: Site) -> None:
    """A shop with reels, each with some likes; all of it projected."""
    on_loop(_fill(site))
    with running(settings(site), "projector"):
        with psycopg.connect(site.postgres, autocommit=True) as owner:
            while owner.execute(PUBLISHED).fetchone() != (True,):
                time.sleep(0.2)


async def _fill(site: Site) -> None:
    async with opened(site) as (_, commands):
        await checkout.fill(site, commands, 0, checkout.buyer)
        for number in range(site.some(REELS)):
            reel = id_of("reel", number)
            await publish(commands, reel, number)
            for fan in range(1 + number % 5):
                await Likes(commands).like(call(f"fan-{fan}"), reel)


async def publish(commands: Commands, id: str, product: int) -> None:
    """A reel of that product, its video rendered."""
    owner, film, bytes_ = checkout.seller(product), str(uuid4()), _sha256(id)
    media, reels = Media(commands), Reels(commands)
    await media.request(call(owner), film, "video", SIZE, bytes_)
    await media.confirm(call(owner), film, owner, SIZE)
    made = (
        Rendition("video", "mp4", 720, 1280, SIZE // 2, _sha256(f"{id} video")),
        Rendition("poster", "webp", 720, 1280, 40_000, _sha256(f"{id} poster")),
    )
    render = Render(bytes_, "mp4", 1080, 1920, SIZE, 3.0, None, made)
    await media.finish(call(owner), film, render)
    about = id_of("product", product), "Made by hand", film
    await reels.draft(call(owner), id, owner, *about)
    await reels.publish(call(owner), id, owner)


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def liking(site: Site) -> Figures:
    """Every viewer has a token of their own."""
    key, (port,) = new_key(), free_ports(1)
    sign = Signer(key, "souk", "souk-api").sign
    viewers = max(CONNECTIONS, site.some(VIEWERS))
    ready = _toggles(lambda n: sign(f"viewer-{n}", TENANT, ROLES["buyer"]), _toggle, viewers)
    given = settings(site, key)
    with running(given, "projector"), running(given, "api", "--port", str(port)) as api:
        souk_http.answers(f"http://127.0.0.1:{port}/health/ready", api)
        return send(site, port, ready, once=False)


def peer_likes(_: str) -> Iterable[bytes]:
    """Its one route for both, from the same viewers in the same order; a token each there too."""
    return _toggles(
        lambda n: jwt.encode({"sub": str(1 + n)}, nest.SECRET),
        lambda token, reel, _: post(f"/api/reels/{1 + reel}/like", token),
    )


def _toggle(token: str, reel: int, likes: bool) -> bytes:
    asked = get(f"/api/v1/reels/{id_of('reel', reel)}/like", token)
    return (b"PUT" if likes else b"DELETE") + asked.removeprefix(b"GET")


def _toggles(
    token: Callable[[int], str], toggle: Callable[[str, int, bool], bytes], viewers: int = VIEWERS
) -> Iterator[bytes]:
    """Each viewer likes each reel and takes that back; sent over and over, each changes something:
    no two of the same viewer and reel are as near to each other as there are connections."""
    tokens = [token(n) for n in range(viewers)]
    pairs = [(n, reel) for n in range(viewers) for reel in range(LIKED)]
    random.Random(LIKED).shuffle(pairs)  # noqa: S311
    for start in range(0, len(pairs), TURN):
        for likes in (True, False):
            for viewer, reel in pairs[start : start + TURN]:
                yield toggle(tokens[viewer], reel, likes)


def feed(_: Site, token: Callable[[str], str]) -> Iterable[bytes]:
    yield get("/api/v1/reels?limit=20", token("buyer"))


PEER = f"NestJS, its better adapter, {CONNECTIONS} connections"
WORKS = (
    Work(
        "http-like-1",
        {"rate": Figure("HTTP, 1 process: a reel liked or no longer liked", "requests/s", 4)},
        liking,
        nest.serving(peer_likes, 1),
        PEER,
        fill,
        nest.fill,
        nest.install,
    ),
    Work(
        "http-feed-1",
        {"rate": Figure("HTTP, 1 process: feed of 20 reels, counters", "requests/s", 1)},
        souk_http.serving(feed, 1, once=False),
        nest.serving(nest.products, 1),
        f"{PEER}: its cached product list",
        fill,
        nest.fill,
        nest.install,
    ),
)
