"""What must hold once everything has recovered; each answers its violations in words."""

import asyncio
import json
from collections import Counter, defaultdict
from collections.abc import Iterable
from random import Random
from typing import Any

import httpx
import psycopg

from adapters.projector.verify import Difference, verify
from adapters.roots.outlets import TOPIC as ROOTS
from projections import PROJECTIONS
from tests.faults.follower import Follower
from tests.faults.ground import Ground
from tests.faults.load import TENANTS
from tests.faults.sent import ACKNOWLEDGED, REFUSED, Mail, Sent
from tests.faults.tail import Tail

REPEATED = 10  # acknowledged commands that are sent once more in each round


async def commands(
    owner: str, mail: Mail, done: list[Sent], tail: Tail, chance: Random
) -> list[str]:
    """Each acknowledged one is in the log exactly once, each refused one not at all."""
    kept = await fetch(
        owner,
        # An upload within JSON has a step before it, which answers nobody.
        "SELECT key, tenant, principal, command_id, answer FROM log.answers WHERE key = any(%s)"
        " AND route NOT LIKE %s",
        [sent.key for sent in done],
        "% begun",
    )
    by_key = {key: (tenant, user, id, json.loads(answer)) for key, tenant, user, id, answer in kept}
    wrong = [line for sent in done if (line := _about(sent, by_key.get(sent.key), tail))]
    strays = await fetch(
        owner,
        "SELECT position, stream, tag FROM log.events e WHERE NOT EXISTS"
        " (SELECT FROM log.answers a WHERE a.command_id = e.command_id)",
    )
    wrong += [f"event {stray} belongs to no answered command" for stray in strays]
    again = [sent for sent in done if sent.outcome == ACKNOWLEDGED]
    await mail.repeat(chance.sample(again, min(REPEATED, len(again))))
    return wrong


def _about(sent: Sent, kept: tuple[str, str, Any, Any] | None, tail: Tail) -> str | None:
    what = f"{sent.outcome} {sent.path} ({sent.key})"
    if sent.outcome == REFUSED:
        return f"{what} is in the log" if kept else None
    if kept is None:
        return f"{what} is not in the log"
    if kept[:2] != (sent.tenant, sent.user) or kept[3] != sent.answer:
        return f"{what} is kept as {kept}, answered as {sent.answer}"
    events = tail.by_command.get(kept[2], [])
    if events and sent.answer["position"] != events[-1]:
        return f"{what} is at {events}, answered as {sent.answer}"
    return None


async def order(owner: str, tail: Tail) -> list[str]:
    """The reader saw every event that there is, each in its place, and none that is not."""
    stored = dict(await fetch(owner, "SELECT position, event_id FROM log.events"))
    missed, unheard = stored.keys() - tail.ids.keys(), tail.ids.keys() - stored.keys()
    moved = [p for p in stored.keys() & tail.ids.keys() if stored[p] != tail.ids[p]]
    return [f"the reader missed position {p}" for p in sorted(missed)] + [
        f"position {p} was seen and is gone, or another's" for p in sorted([*unheard, *moved])
    ]


async def rows(ground: Ground) -> list[str]:
    found: list[Difference] = []
    settings = ground.settings
    await verify(settings.postgres_url, settings.valkey_url, PROJECTIONS, _Silent(), found.append)
    return [f"verify: {difference}" for difference in found]


class _Silent:
    def start(self, total: int) -> None: ...
    def advance(self, done: int) -> None: ...


async def pushes(owner: str, follower: Follower, lost: bool) -> list[str]:
    """Each row of changes once and in order, ending as the rows are. ``lost``: NATS lost its
    disk some time, so what was on it was read over HTTP instead."""
    changes = await fetch(
        owner,
        "SELECT topic, position, document FROM read.changes WHERE tenant = %s AND topic <> ''"
        " ORDER BY seq",
        follower.tenant,
    )
    wrong, end = [], {topic: (at, json.loads(doc or b"null")) for topic, at, doc in changes}
    for topic, (position, document) in end.items():
        if follower.documents.get(topic) != (position, document):
            wrong.append(f"{follower.tenant} ends with another {topic} than {position}")
    took = [each for each in follower.taken if each[0] != ROOTS]  # which are no changes
    expected, taken = _by_topic(c[:2] for c in changes), _by_topic(took)
    for topic, positions in taken.items():
        there = set(expected.get(topic, ()))
        if positions != sorted(set(positions)) or not there.issuperset(positions):
            wrong.append(f"{follower.tenant} took {topic} at {positions}, of {sorted(there)}")
    if not lost and taken != expected:
        missing = Counter(c[:2] for c in changes) - Counter(took)
        wrong.append(f"{follower.tenant} never took {sorted(missing)[:20]}")
    return wrong


def _by_topic(pairs: Iterable[tuple[str, int]]) -> dict[str, list[int]]:
    found = defaultdict(list)
    for topic, position in pairs:
        found[topic].append(position)
    return dict(found)


def money(tail: Tail) -> list[str]:
    """What came in, less what was asked back, is what is due; stock is taken once."""
    wrong = []
    for place, ledger in tail.of("payments").items():
        if ledger.held != (ledger.due if ledger.paid else 0):
            wrong.append(f"the money of {place} does not add up: {ledger}")
        if ledger.total.minor != sum(share.amount.minor for share in ledger.shares.values()):
            wrong.append(f"the shares of {place} are not its total: {ledger}")
    return wrong + stock(tail)


def stock(tail: Tail) -> list[str]:
    """What has left the shelves is what orders note that they took, and none keeps it as well."""
    wrong, taken = [], Counter[str]()
    items = tail.of("inventory")
    for (tenant, id), order in tail.of("orders").items():
        for line in order.lines:
            noted = line.quantity if line.product in order.taken else 0
            taken[stream(tenant, "inventory", line.product)] += noted
            held = items[tenant, line.product].reservations.get(id)
            if (count := noted + (held.quantity if held else 0)) > line.quantity:
                wrong.append(f"{tenant}'s order {id} holds {count} of {line.product}")
    if taken != tail.gone:
        wrong.append(f"orders note {taken - tail.gone} more, and {tail.gone - taken} fewer")
    return wrong


async def tenants(mail: Mail, tail: Tail, followers: list[Follower]) -> list[str]:
    """Nobody saw what is another's: neither in lists nor in what was pushed."""
    wrong = []
    streams = set(tail.states)
    for follower in followers:
        for topic in follower.documents:
            context, id, *_ = topic.split(".")
            totals = topic == ROOTS or context == "analytics"  # of no stream
            if not totals and stream(follower.tenant, context, id) not in streams:
                wrong.append(f"{follower.tenant} was told of {topic}")
    for tenant in TENANTS:
        for path, context in (("/orders", "orders"), ("/catalog/products", "catalog")):
            listed = await mail.look((tenant, "root", "admin"), f"{path}?limit=100")
            if listed.status_code != 200:
                wrong.append(f"{path} was answered {listed.status_code}: {listed.text}")
                continue
            ids = [item["id"] for item in listed.json()["items"]]
            foreign = [id for id in ids if f"{tenant}/{context}/{id}" not in streams]
            wrong += [f"{tenant} was listed {context} {id}" for id in foreign]
    return wrong


async def fetch(url: str, sql: str, *params: Any) -> list[tuple[Any, ...]]:
    """Past row-level security: the embedded owner is the superuser."""
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as db:
        cursor = db.cursor(binary=True)
        await cursor.execute(sql, params)
        return await cursor.fetchall()


def stream(tenant: str, context: str, id: str) -> str:
    """Of what a document is about; that of counters is the reel."""
    return f"{tenant}/{'reels' if context == 'engagement' else context}/{id}"


URLS = {
    "orders": "/orders/{id}",
    "checkouts": "/checkouts/{id}",
    "payments": "/payments/{id}",
    "carts": "/carts/{id}",
    "catalog": "/catalog/products/{id}",
    "inventory": "/inventory/{id}",
    "identity": "/identity/members/{id}",
    "tenants": "/tenants/{id}",
    "media": "/media/{id}",
    "storage": "/storage/usage",
    "reels": "/reels/{id}",
    "likes": "/reels/{0}/likes/{1}",
    "comments": "/reels/{0}/comments/{id}",
    "engagement": "/reels/{id}/engagement",
}


def url_of(topic: str) -> str:
    context, id, *more = topic.split(".")
    if context == "analytics":
        return "/analytics/sales" if id == "sales" else f"/analytics/dashboard?seller={id}"
    return URLS[context].format(*more, id=id)


async def documents(owner: str, mail: Mail, tenant: str) -> dict[str, tuple[int, Any]]:
    """Every document of a tenant over HTTP, with its position, by topic; None for one that is
    gone."""
    topics = await fetch(
        owner,
        "SELECT topic, max(position) FROM read.changes WHERE tenant = %s AND topic <> ''"
        " GROUP BY topic",
        tenant,
    )
    found, free = {}, asyncio.Semaphore(8)

    async def read(number: int, topic: str, last: int) -> None:
        async with free:
            answer = await mail.read((tenant, "root", "admin"), url_of(topic), number)
        if answer.status_code == 503:
            raise httpx.ConnectError("not yet")
        if answer.status_code == 200:
            document = answer.json()
            for beside in ("personal", "counters"):
                document.pop(beside, None)
            state, _, _ = answer.headers["etag"].strip('"p').partition(".")
            found[topic] = (int(state), document)
        if answer.status_code == 404:
            found[topic] = (last, None)

    async with asyncio.TaskGroup() as group:
        for number, (topic, last) in enumerate(topics):
            group.create_task(read(number, topic, last))
    return found


async def is_told(owner: str, follower: Follower) -> bool:
    """Whether a follower has the last position of every topic."""
    ends = await fetch(
        owner,
        "SELECT DISTINCT ON (topic) topic, position FROM read.changes"
        " WHERE tenant = %s AND topic <> '' ORDER BY topic, seq DESC",
        follower.tenant,
    )
    return all(follower.documents.get(topic, (0,))[0] == position for topic, position in ends)


async def at_rest(owner: str, tail: Tail) -> bool:
    """Projections, policies, the relay and the reader have come to the end of the log."""
    ((rest, end),) = await fetch(
        owner,
        "SELECT (SELECT min(position) FROM read.projections) = h.position"
        " AND (SELECT min(position) FROM policies.positions) = h.position AND NOT EXISTS"
        " (SELECT FROM read.relays r JOIN read.changes c USING (projection) WHERE c.seq > r.seq),"
        " h.position FROM log.head h",
    )
    return bool(rest) and tail.position == end
