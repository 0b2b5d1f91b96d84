"""What the live watchers were told, against what was changed and what is the case."""

import json
from collections.abc import Callable, Sequence
from functools import partial
from itertools import groupby, zip_longest
from operator import itemgetter

from entrypoints.live.topics import Topic, parse
from tests.faults.checks import fetch, stream
from tests.faults.load import canary
from tests.faults.tail import Tail
from tests.faults.watcher import Watcher

TOPICS = (
    "orders",
    "orders?seller=sara",
    "orders?buyer=bela",
    "checkouts?buyer=bilal",
    "payments",
    "carts",
    "catalog?seller=said",
    "inventory?seller=sara",
    "media?owner=said",
    "reels",
    "likes",
    "comments",
    "engagement",
)


def watchers(
    tenants: Sequence[str], url: str, token: Callable[[str, str, str], str]
) -> list[Watcher]:
    """Of every topic in every tenant, by either way in turn. ``token``: of role, user, tenant."""
    return [
        Watcher(
            tenant,
            topic,
            url,
            partial(token, "admin", "root", tenant),
            number % 2 == turn % 2,
            [canary(other) for other in tenants if other != tenant],
        )
        for turn, tenant in enumerate(tenants)
        for number, topic in enumerate(TOPICS)
    ]


async def watched(owner: str, all: Sequence[Watcher], tail: Tail) -> list[str]:
    """What each was told is what was changed, once and in order, and it ends with the rows."""
    wrong = []
    for watcher in all:
        topic = parse(watcher.topic)
        streams = [stream(watcher.tenant, topic.kind.context, id) for id in watcher.held]
        wrong += [f"{watcher.name} was told of {one}" for one in streams if one not in tail.states]
        wrong += await _changes(owner, watcher, topic)
        wrong += await _ends(owner, watcher, topic)
    return wrong


async def _changes(owner: str, watcher: Watcher, topic: Topic) -> list[str]:
    expected = [one for one in await _written(owner, watcher, topic) if one[0] > watcher.began]
    told = watcher.told
    if topic.newest_wins:
        expected = [one for one in expected if one in set(told)]
    if told == expected:
        return []
    at = next(n for n, pair in enumerate(zip_longest(told, expected)) if pair[0] != pair[1])
    return [f"{watcher.name} was told {told[at : at + 3]}, not {expected[at : at + 3]}"]


async def _written(owner: str, watcher: Watcher, topic: Topic) -> list[tuple[int, frozenset[str]]]:
    """The positions of a topic's changes, each with its ids."""
    token, where = topic.where.token + 1, topic.where
    rows = await fetch(
        owner,
        "SELECT position, split_part(topic, '.', 2) FROM read.changes WHERE tenant = %s"
        " AND projection = %s AND topic <> '' AND (%s = 1 OR split_part(topic, '.', %s) = %s)"
        " ORDER BY seq",
        *(watcher.tenant, where.projection, token, token, where.value),
    )
    groups = groupby(rows, key=itemgetter(0))
    return [(position, frozenset(id for _, id in group)) for position, group in groups]


async def _ends(owner: str, watcher: Watcher, topic: Topic) -> list[str]:
    kind, where = topic.kind, topic.where
    column = next((name for name, token in kind.filters.items() if token == where.token), "id")
    rows = await fetch(
        owner,
        f"SELECT id, body FROM read.{kind.table.name} WHERE tenant = %s AND (%s OR {column} = %s)",
        *(watcher.tenant, where.token == 0, where.value),
    )
    expected = {id: json.loads(body) for id, body in rows}
    held = {id: document for id, document in watcher.held.items() if document is not None}
    differ = [id for id in {**held, **expected} if held.get(id) != expected.get(id)]
    return [f"{watcher.name} ends with another {id}" for id in differ]


async def has_all(owner: str, all: Sequence[Watcher]) -> bool:
    """Whether each has come to the last change of its topic."""
    for watcher in all:
        written = await _written(owner, watcher, parse(watcher.topic))
        if watcher.position is None or (written and written[-1][0] > watcher.position):
            return False
    return True
