"""What a reader may not do, tried with the stock client."""

import asyncio
import contextlib
import json

import nats
import pytest
from msgspec.structs import replace

from adapters.nats.flushing import flushed
from adapters.nats.reader import Reader
from adapters.tokens.signing import Signer
from adapters.tokens.verifying import TokenVerifier
from tests.nats.ground import PEM, ground
from tests.nats.test_reading import ask, positions, taken
from tests.support.patience import PATIENCE

STREAM = "SOUK"
JS = "$JS.souk.API"
INFO = "STREAM.INFO.SOUK"


@pytest.fixture(scope="module")
async def souk(tmp_path_factory):
    async with ground(tmp_path_factory.mktemp("refusals")) as found:
        for position in range(1, 21):
            await found.change("mine", "orders.1.s.b", position)
            await found.change("other", "orders.1.s.b", position, "canary")
        yield found


@pytest.fixture
async def reader(souk):
    return souk.reader("admin", "mine")


@pytest.fixture
async def client(souk, reader):
    async with await souk.connect(reader) as connection:
        souk.refused.clear()
        yield connection


async def settled(client):
    await flushed(client)
    await asyncio.sleep(0.05)


async def denied(souk, client, kind):
    await settled(client)
    return [each for each in souk.refused if f"permissions violation for {kind}" in each]


REQUESTS = [
    *(f"{JS}.{verb}" for verb in ("INFO", "STREAM.NAMES", "STREAM.LIST", INFO)),
    *(f"{JS}.STREAM.{verb}.SOUK" for verb in ("CREATE", "UPDATE", "DELETE", "PURGE")),
    *(f"{JS}.STREAM.MSG.{verb}.SOUK" for verb in ("GET", "DELETE")),
    f"{JS}.STREAM.SNAPSHOT.SOUK",
    f"{JS}.STREAM.CREATE.THEIRS",
    f"{JS}.DIRECT.GET.SOUK",
    f"{JS}.DIRECT.GET.SOUK.souk.other.orders.1.s.b",
    f"{JS}.DIRECT.GET.SOUK.souk.mine.orders.1.s.b",
    f"{JS}.CONSUMER.NAMES.SOUK",
    f"{JS}.CONSUMER.LIST.SOUK",
    f"{JS}.CONSUMER.CREATE.SOUK",
    f"{JS}.CONSUMER.CREATE.SOUK.{{me}}",
    f"{JS}.CONSUMER.CREATE.SOUK.{{me}}.>",
    f"{JS}.CONSUMER.CREATE.SOUK.{{me}}.souk.>",
    f"{JS}.CONSUMER.CREATE.SOUK.{{me}}.souk.*.>",
    f"{JS}.CONSUMER.CREATE.SOUK.{{me}}.souk.mine",
    f"{JS}.CONSUMER.CREATE.SOUK.{{me}}.souk.other.>",
    f"{JS}.CONSUMER.CREATE.SOUK.{{me}}.souk.other.orders.1.s.b",
    f"{JS}.CONSUMER.CREATE.SOUK.{{them}}.souk.mine.>",
    f"{JS}.CONSUMER.CREATE.SOUK.*.souk.mine.>",
    f"{JS}.CONSUMER.DURABLE.CREATE.SOUK.{{me}}",
    f"{JS}.CONSUMER.MSG.NEXT.SOUK.{{them}}",
    f"{JS}.CONSUMER.INFO.SOUK.{{them}}",
    f"{JS}.CONSUMER.DELETE.SOUK.{{them}}",
    f"{JS}.CONSUMER.PAUSE.SOUK.{{them}}",
    "READERS.CREATE.{me}.souk.other.>",
    "READERS.CREATE.{them}.souk.mine.>",
    "$SYS.REQ.SERVER.PING",
    "$SYS.REQ.ACCOUNT.SOUK.CONNZ",
    "$SYS.REQ.USER.AUTH",
    "souk.mine.orders.1.s.b",
    "souk.other.orders.1.s.b",
    "souk.other",
    "_INBOX.somebody",
    "_INBOX_somebody.x",
    "{inbox}.x",
    "$JS.ACK.SOUK.{me}.1.1.1.1.1",
]


@pytest.mark.parametrize("plain", [False, True], ids=["through the domain", "as it is"])
async def test_nothing_else_may_be_asked_or_published(souk, client, reader, plain):
    them = souk.reader("admin", "other")
    names = {"me": reader.consumer, "them": them.consumer, "inbox": reader.inbox}
    subjects = [each.format(**names) for each in REQUESTS]
    if plain:  # the prefix that every client has of itself
        subjects = [each.replace(JS, "$JS.API") for each in subjects]
        subjects.append(f"$JS.API.CONSUMER.CREATE.SOUK.{reader.consumer}.souk.mine.>")
        subjects.append(f"$JS.API.CONSUMER.MSG.NEXT.SOUK.{reader.consumer}")
    before = (await souk.stream.stream_info(STREAM)).state
    async with watched(client, reader) as heard:
        for subject in subjects:
            await client.publish(subject, b"", reply=f"{reader.inbox}.answers")
        refused = await denied(souk, client, "publish")
    assert len(refused) == len(subjects)
    assert heard == []
    assert (await souk.stream.stream_info(STREAM)).state == before


@contextlib.asynccontextmanager
async def watched(client, reader):
    heard = []

    async def note(message):
        heard.append(message)

    subscription = await client.subscribe(f"{reader.inbox}.answers", cb=note)
    yield heard
    await subscription.unsubscribe()


async def test_nothing_but_its_own_inbox_may_be_listened_to(souk, client, reader):
    others = souk.reader("admin", "other")
    wanted = [">", "*", "souk.>", "souk.mine.>", "souk.other.>", "_INBOX.>", "*.>"]
    wanted += [f"{others.inbox}.>", "$SYS.>", "$SYS.REQ.USER.AUTH", "READERS.>", "$JS.>", "_R_.>"]
    wanted += [f"{JS}.>", "$JS.API.>", "$JS.EVENT.>", "$JS.EVENT.ADVISORY.>"]
    for subject in wanted:
        await client.subscribe(subject)
        await client.subscribe(subject, queue="souk-door")
    assert len(await denied(souk, client, "subscription")) == 2 * len(wanted)


async def test_an_answer_cannot_be_sent_to_anywhere_else(souk, client, reader):
    """NATS never looks at where a request wants its answer."""
    them = souk.reader("admin", "other")
    await ask(client, reader, "souk.mine.>")
    before = (await souk.stream.stream_info(STREAM)).state.last_seq
    heard = []

    async def note(message):
        heard.append(message.subject)

    watching = await souk.souk.subscribe("souk.>", cb=note)
    async with await souk.connect(them) as victim:
        _, source = await ask(victim, them, "souk.other.>")
        for subject in (
            "souk.other.orders.1.s.b",
            "_INBOX.somebody",
            f"{them.inbox}.guessed",
            "$JS.API.STREAM.PURGE.SOUK",
            f"$JS.API.CONSUMER.DELETE.SOUK.{them.consumer}",
            f"{JS}.CONSUMER.MSG.NEXT.SOUK.{reader.consumer}",
        ):
            await client.publish(f"{JS}.CONSUMER.MSG.NEXT.SOUK.{reader.consumer}", b"1", subject)
        await settled(client)
        assert positions(await taken(source, 20)) == list(range(1, 21))
    await watching.unsubscribe()
    assert heard == []
    assert (await souk.stream.stream_info(STREAM)).state.last_seq == before


async def test_the_body_of_a_wish_widens_nothing(souk, client, reader):
    them = souk.reader("admin", "other")
    place = f"{JS}.CONSUMER.CREATE.SOUK.{reader.consumer}.souk.mine.>"
    for config in (
        {"filter_subject": "souk.other.>"},
        {"filter_subject": "souk.>"},
        {"filter_subjects": ["souk.other.>"]},
        {"name": them.consumer},
        {"durable_name": them.consumer},
        {"deliver_subject": "souk.other.orders.1.s.b"},
        {"deliver_subject": "$JS.API.STREAM.DELETE.SOUK", "headers_only": True},
        {"ack_policy": "explicit", "num_replicas": 5, "inactive_threshold": 10**18},
        {"metadata": {"souk.whole": "yes"}, "sample_freq": "100", "priority_groups": ["x"]},
    ):
        body = json.dumps({"stream_name": "OTHER", "config": {"deliver_policy": "all", **config}})
        answer = json.loads((await client.request(place, body.encode(), timeout=PATIENCE)).data)
        if "error" not in answer:
            made = answer["config"]
            assert (made["name"], made["filter_subject"]) == (reader.consumer, "souk.mine.>")
            assert (made["ack_policy"], made["inactive_threshold"]) == ("none", 60 * 10**9)
            assert made["metadata"]["souk.whole"] == "no"
            assert not {"durable_name", "deliver_subject"} & made.keys()
    consumers = await souk.stream.consumers_info(STREAM)
    assert them.consumer not in [each.name for each in consumers]


@pytest.mark.parametrize("since", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00"])
async def test_a_time_that_no_clock_shows_is_refused_and_what_was_there_stays(
    souk, client, reader, since
):
    await ask(client, reader, "souk.mine.>")
    place = f"{JS}.CONSUMER.CREATE.SOUK.{reader.consumer}.souk.mine.>"
    wish = {"deliver_policy": "by_start_time", "opt_start_time": since}
    body = json.dumps({"config": wish}).encode()
    answer = json.loads((await client.request(place, body, timeout=PATIENCE)).data)
    assert answer["error"]["code"] == 400
    consumers = await souk.stream.consumers_info(STREAM)
    assert reader.consumer in [each.name for each in consumers]


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff\x00", b"[" * 30_000, b'{"config":1}'])
async def test_a_malformed_wish_is_refused_and_the_door_stays_open(souk, client, reader, body):
    place = f"{JS}.CONSUMER.CREATE.SOUK.{reader.consumer}.souk.mine.>"
    answer = json.loads((await client.request(place, body, timeout=PATIENCE)).data)
    assert answer["error"]["code"] == 400
    await ask(client, reader, "souk.mine.>")


@pytest.mark.parametrize(
    "spoil",
    [
        lambda reader, souk: Reader("tests", ""),
        lambda reader, souk: Reader("tests", "nonsense"),
        lambda reader, souk: Reader("tests", reader.token[:-6] + "AAAAAA"),
        lambda reader, souk: Reader("tests", souk.token("auditor", "mine", ttl=-60)),
        lambda reader, souk: Reader("te*ts", reader.token),
        lambda reader, souk: Reader("tests", souk.token("auditor", "mine.>")),
        lambda reader, souk: Reader("tests", souk.token("auditor", "*")),
        lambda reader, souk: Reader("tests", souk.token("auditor", "mine", "us.er")),
    ],
    ids=["no token", "nonsense", "forged", "expired", "name", "tenant", "every tenant", "user"],
)
async def test_without_a_valid_token_nobody_is_let_in(souk, reader, spoil):
    with pytest.raises(nats.errors.Error, match=r"(?i)authorization"):
        await souk.connect(spoil(reader, souk))


async def test_souks_own_name_with_another_password_is_nobody(souk, reader):
    for name, token in (("souk", "guessed"), ("souk", reader.token)):
        with pytest.raises(nats.errors.Error, match=r"(?i)authorization"):
            await souk.connect(Reader(name, token))


async def test_a_token_that_expires_ends_its_connection(souk):
    lost = asyncio.Event()

    async def note():
        lost.set()

    reader, client = await briefly(souk, note)
    await asyncio.wait_for(lost.wait(), PATIENCE)
    assert client.is_closed
    with pytest.raises(nats.errors.Error, match=r"(?i)auth"):
        await refusal(souk, reader)


async def briefly(souk, closed):
    """Who is so slow to come that their token has run out already asks for another."""
    while True:
        reader = Reader("tests", souk.token("auditor", "mine", ttl=2))
        try:
            return reader, await souk.connect(reader, closed_cb=closed)
        except nats.errors.Error as error:
            if "auth" not in str(error).lower():
                raise


async def refusal(souk, reader):
    """Two clocks may differ, so a token is good for some seconds more."""
    while True:
        async with await souk.connect(reader):
            await asyncio.sleep(0.5)


class ByNow:
    """A token is worth what is ``held`` by now."""

    def __init__(self):
        self._tokens, self.held = TokenVerifier(Signer(PEM, "souk", "souk-api")), ("*:*",)

    async def verify(self, token):
        return replace(await self._tokens.verify(token), permissions=self.held)


async def test_a_consumer_does_not_outlive_the_role_that_it_was_made_by(tmp_path):
    tokens = ByNow()
    async with ground(tmp_path, tokens) as souk:
        reader = souk.reader("admin", "mine", "amina")

        async def kept(*held):
            """What of a consumer for one's own orders there is when its reader comes again."""
            tokens.held = held
            async with await souk.connect(reader):
                return [each.name for each in await souk.stream.consumers_info(STREAM)]

        async with await souk.connect(reader) as client:
            await ask(client, reader, "souk.mine.orders.*.*.amina")
        assert await kept("*:*") == await kept("orders:read_all") == [reader.consumer]
        assert await kept("orders:read") == [reader.consumer]
        assert await kept("carts:read_all") == []
        tokens.held = ("orders:read_all",)
        async with await souk.connect(reader) as client:
            await ask(client, reader, "souk.mine.orders.>")
        assert await kept("orders:read") == []
        tokens.held = ()
        with pytest.raises(nats.errors.Error, match=r"(?i)authorization"):
            await souk.connect(reader)


async def test_a_buyer_reads_nothing_but_its_own(souk):
    reader = souk.reader("buyer", "mine", "amina")
    async with await souk.connect(reader) as client:
        for subject in (
            "souk.mine.>",
            "souk.mine.orders.>",
            "souk.mine.orders.*.s.*",
            "souk.mine.orders.*.*.*",
            "souk.mine.orders.*.*.b",
            "souk.mine.orders.*.*.>",
            "souk.mine.carts.>",
            "souk.mine.analytics.sales",
            "souk.mine.identity.>",
            "souk.mine.inventory.>",
            "souk.mine.catalog.>",
        ):
            place = f"{JS}.CONSUMER.CREATE.SOUK.{reader.consumer}.{subject}"
            souk.refused.clear()
            await client.publish(place, b'{"config":{}}')
            assert len(await denied(souk, client, "publish")) == 1, subject
        for subject in ("souk.mine.orders.*.*.amina", "souk.mine.tenants.>"):
            await ask(client, reader, subject)
