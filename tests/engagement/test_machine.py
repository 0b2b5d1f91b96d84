"""Viewers do as they like, at once, again and in any order, and Valkey dies under them: at rest
a reel's counters are the fold of the log, in the table and in Valkey."""

import asyncio
import random
from contextlib import asynccontextmanager
from functools import partial
from itertools import count
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)
from redis.exceptions import RedisError

from adapters.engagement.gathering import Gathering
from adapters.engagement.watched import SLOW, Watched
from adapters.projector import counters, feed, leader
from adapters.projector.projector import Projector
from domain.engagement import ViewsCounted
from projections import PROJECTIONS
from tests.engagement.ground import (
    Killed,
    Mortal,
    Valkey,
    counters_in,
    counters_of,
    events_of,
    published,
)
from tests.policies.market import until
from tests.projector.toys import connected
from tests.support.http import running_api
from tests.support.patience import PATIENCE

EXAMPLES, STEPS = 10, 14
VIEWERS = ("mia", "noa", "ravi", "zoe")
TABLE = "engagement_reels"
WANTED = ("catalog", "tenants", "identity", "reels", "likes", "comments", "engagement")
which, viewers = st.integers(0, 1), st.sampled_from(VIEWERS)
moves = st.tuples(which, viewers, st.sampled_from(["PUT", "DELETE", "POST"]), st.integers(1, 3))


class Crowd(RuleBasedStateMachine):
    """``log`` of all examples: what was done at all."""

    api = valkey = loop = None
    numbers, log = count(), []

    def do(self, work):
        return self.loop.run(asyncio.wait_for(work, 60))

    @initialize()
    def begins(self):
        self.tenant = f"t{next(self.numbers)}"
        self.versions, self.comments, self.keys = {}, [], []
        self.up, self.window, self.seen = True, set(), {}
        self.do(self.open())

    async def open(self):
        await self.api.market("ada", tenant=self.tenant)
        product = await self.api.product("ada", "tea", tenant=self.tenant)
        souk = self.api.souk
        self.reels = [await published(souk, self.tenant, "ada", product) for _ in range(2)]
        self.seen = dict.fromkeys(self.reels, 0)

    def of(self, who, role="buyer"):
        return self.api.of(role, who, self.tenant)

    @rule(moves=st.lists(moves, min_size=1, max_size=8), seed=st.integers(0, 99))
    def they_change_their_minds_at_once(self, moves, seed):
        """Each move is sent once or up to three times under its key, all in any order."""
        sent = [(move, str(uuid4())) for move in moves]
        self.keys += sent
        self.react([each for each in sent for _ in range(each[0][3])], seed)

    @precondition(lambda self: self.keys)
    @rule(data=st.data(), seed=st.integers(0, 99))
    def old_requests_come_again(self, data, seed):
        again = st.lists(st.sampled_from(self.keys), min_size=1, max_size=4)
        answers = self.react(data.draw(again), seed)
        assert all(version <= self.versions[place] for place, version in answers)

    def react(self, sent, seed):
        order = random.Random(seed)
        order.shuffle(sent)
        pauses = [order.choice([0, 0, 0.002, 0.01]) for _ in sent]
        return self.do(self.reacted(sent, pauses))

    async def reacted(self, sent, pauses):
        async def one(move, key, pause):
            reel, viewer, method, _ = move
            await asyncio.sleep(pause)
            path, headers = f"/reels/{self.reels[reel]}/like", {"idempotency-key": key}
            answer = await self.of(viewer).send(method, path, headers=headers)
            assert answer.status_code == 200, answer.text
            told = answer.json()
            # Each event is the other way from the last.
            assert told["liked"] == bool(told["version"] % 2), (move, told)
            return key, method, ((reel, viewer), told["version"])

        done = [one(*each, pause) for each, pause in zip(sent, pauses, strict=True)]
        answers = await asyncio.gather(*done)
        by_key = {(key, answer) for key, _, answer in answers}
        assert len(by_key) == len({key for key, _, _ in answers})  # again: the same answer
        toggled = [answer for key, answer in by_key if (key, "POST", answer) in answers]
        assert len(toggled) == len(set(toggled))  # each toggle is news
        places = [answer for _, _, answer in answers]
        for place, version in places:
            self.versions[place] = max(version, self.versions.get(place, 0))
        return places

    @rule(reel=which, author=viewers, times=st.integers(1, 3))
    def someone_says_something(self, reel, author, times):
        path, key = f"/reels/{self.reels[reel]}/comments", str(uuid4())
        client, body = self.of(author), {"text": "How nice"}
        answers = self.do(together(client.post(path, body, key) for _ in range(times)))
        (made,) = {(answer.status_code, answer.json()["id"]) for answer in answers}
        assert made[0] == 201
        self.comments.append((self.reels[reel], made[1], author))

    @precondition(lambda self: self.comments)
    @rule(data=st.data())
    def it_is_removed_by_several_at_once(self, data):
        reel, comment, author = data.draw(st.sampled_from(self.comments))
        everyone = (author, "buyer"), ("ada", "seller"), ("root", "admin")
        who = data.draw(st.lists(st.sampled_from(everyone), min_size=1, max_size=3))
        path = f"/reels/{reel}/comments/{comment}"
        answers = self.do(together(self.of(*each).delete(path) for each in who))
        assert {answer.status_code for answer in answers} == {200}

    @rule(reel=which, who=st.lists(viewers, min_size=1, max_size=6), briefly=st.booleans())
    def it_is_watched_by_several_at_once(self, reel, who, briefly):
        path, body = f"/reels/{self.reels[reel]}/view", {"seconds": 1.9 if briefly else 2}
        self.unheard = 0
        answers = self.do(together(self.watch(viewer, path, body) for viewer in who))
        if briefly:
            assert all(not answer.json()["counted"] for answer in answers)
        elif not self.up:
            assert {answer.status_code for answer in answers} == {503}
        else:
            news = {(reel, viewer) for viewer in who} - self.window
            counted = sum(answer.json()["counted"] for answer in answers)
            assert len(news) - self.unheard <= counted <= len(news)
            self.window |= news
            self.seen[self.reels[reel]] += len(news)

    async def watch(self, viewer, path, body):
        """Again, when a connection had not noticed yet that Valkey was away for a while, or when
        Valkey was slow: then it may have counted all the same, and says so no second time."""
        for _ in range(5):
            answer = await self.of(viewer).post(path, body)
            if answer.status_code != 503 or not self.up:
                break
            self.unheard += 1
        return answer

    @rule(lives=st.lists(st.integers(1, 9) | st.none(), min_size=1, max_size=3))
    def views_are_gathered_by_several_some_of_which_die(self, lives):
        answers = self.do(together(self.gather(each) for each in lives))
        assert self.up or all(isinstance(each, RedisError) for each in answers)

    async def gather(self, lives=None):
        """None, or what it died of."""
        souk, watched = self.api.souk, Watched(self.valkey.url, SLOW)
        log, memory = souk.log, watched
        if lives is not None:
            left = [lives]
            log, memory = Mortal(log, left), Mortal(watched, left)
        try:
            await Gathering(souk.settings.postgres_url, log, memory).step()
        except (Killed, RedisError) as error:
            return error
        finally:
            await watched.close()

    @precondition(lambda self: self.up)
    @rule()
    def valkey_dies(self):
        self.valkey.kill()
        self.up = False

    @precondition(lambda self: not self.up)
    @rule(disk=st.booleans())
    def valkey_comes_back(self, disk):
        self.valkey.start(disk)
        self.up = True
        if not disk:
            self.forgotten()

    @precondition(lambda self: self.up)
    @rule()
    def valkey_is_flushed(self):
        self.valkey.flush()
        self.forgotten()

    def forgotten(self):
        """What was seen but not counted yet is lost, and the window is open again."""
        counted = counters_of(self.do(events_of(self.api.souk.project, self.tenant)))
        self.seen = {reel: counted[reel]["views"] for reel in self.reels}
        self.window = set()

    @rule()
    def the_feed_shows_them_as_they_are(self):
        """Whatever Valkey is at."""
        self.do(self.fed())
        self.log.append("up" if self.up else "down")

    async def fed(self):
        events = await events_of(self.api.souk.project, self.tenant)
        shown = await self.of("mia").get("/reels", after=events[-1].position)
        assert shown.status_code == 200, shown.text
        found = {card["id"]: card["counters"] for card in shown.json()["items"]}
        assert found == counters_of(events)

    def teardown(self):
        """What no example may leave out, whatever was drawn; then all at rest."""
        if not getattr(self, "reels", None):
            return
        self.the_feed_shows_them_as_they_are()
        if self.up:
            self.valkey_dies()
        self.the_feed_shows_them_as_they_are()
        self.valkey_comes_back(True)
        self.it_is_watched_by_several_at_once(0, ["zoe"], False)
        self.do(self.rests())

    async def rests(self):
        await self.gather()
        events = await events_of(self.api.souk.project, self.tenant)
        expected = counters_of(events)
        assert {reel: expected[reel]["views"] for reel in self.reels} == self.seen
        await until(lambda: self.agree(self.in_table, expected))
        await until(lambda: self.agree(self.in_valkey, expected))
        counted = [each for each in events if isinstance(each.event, ViewsCounted)]
        self.log += ["counted" for _ in counted]

    async def agree(self, where, expected):
        return await where() == expected

    async def in_table(self):
        async with connected(self.api.souk.settings.postgres_url) as db:
            query = f"SELECT id, body FROM read.{TABLE} WHERE tenant = %s"
            rows = await (await db.execute(query, (self.tenant,))).fetchall()
        return {id: counters_in(body) for id, body in rows}

    async def in_valkey(self):
        found = await self.api.souk.counters.known(self.tenant, TABLE, self.reels, 0)
        return {id: counters_in(row.body) for id, row in found.items() if row}


async def together(work):
    return await asyncio.gather(*work)


@asynccontextmanager
async def projected(database, nats_url, valkey_url):
    """A projector of what the feed is made of."""
    some, stop = {name: PROJECTIONS[name] for name in WANTED}, asyncio.Event()
    task = asyncio.create_task(Projector(database, nats_url, valkey_url, some).run(stop))
    try:
        yield
    finally:
        stop.set()
        await task


@asynccontextmanager
async def everything(stack, database, valkey_url):
    more = {"projecting": False, "valkey_url": valkey_url}
    async with projected(database, None, valkey_url), running_api(stack, database, **more) as api:
        positions = api.souk.positions
        positions.wait = partial(positions.wait, timeout=PATIENCE)
        yield api


@pytest.fixture
def valkey():
    server = Valkey()
    server.start()
    yield server
    server.gone()


@pytest.fixture
def impatient(monkeypatch):
    """Nobody waits for long for a Valkey that is away."""
    monkeypatch.setattr(counters, "REST", 0.05)
    monkeypatch.setattr(feed, "LOOK", 0.1)
    monkeypatch.setattr(leader, "LONGEST_PAUSE", 0.1)


@pytest.mark.usefixtures("impatient")
def test_at_rest_the_counters_are_the_fold_whatever_they_do(stack, new_database, valkey):
    with asyncio.Runner() as loop:
        started = everything(stack, new_database(), valkey.url)
        Crowd.api, Crowd.valkey = loop.run(started.__aenter__()), valkey
        Crowd.loop, Crowd.log = loop, []
        try:
            run_state_machine_as_test(
                Crowd,
                settings=settings(
                    max_examples=EXAMPLES,
                    stateful_step_count=STEPS,
                    database=None,
                    derandomize=True,
                    phases=(Phase.generate,),  # servers never do the same twice
                    suppress_health_check=list(HealthCheck),
                ),
            )
        finally:
            loop.run(started.__aexit__(None, None, None))
    assert {"up", "down", "counted"} <= set(Crowd.log)
