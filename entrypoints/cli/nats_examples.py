"""What `souk nats-credentials` shows of how its output is used."""

PYTHON = """\
# follow.py: pip install nats-py; reader.json holds what was printed above.
# Takes each change once, in order, and goes on where it was; docs/push.md says why it is so.
import asyncio
import json
import sys
from pathlib import Path

import nats
from nats.js.api import ConsumerConfig, DeliverPolicy

MINE, KEPT = json.loads(Path("reader.json").read_text()), Path("place.json")
NEXT = KEPT.with_suffix(".next")
TOLD = ("souk.stream", "souk.whole")


async def ask(stream, place):
    wanted = ConsumerConfig(name=MINE["consumer"], filter_subject=MINE["subjects"][0])
    if place:
        wanted.deliver_policy = DeliverPolicy.BY_START_SEQUENCE
        wanted.opt_start_seq = place["at"] + 1
    made = await stream.add_consumer(MINE["stream"], wanted)
    return [made.config.metadata[name] for name in TOLD]


async def follow(client):
    place = json.loads(KEPT.read_text()) if KEPT.exists() else None
    stream = client.jetstream(domain=MINE["domain"])
    name, whole = await ask(stream, place)
    if place and (name != place["stream"] or whole != "yes"):
        place, (name, whole) = None, await ask(stream, None)
    if not place:
        print("something may be gone: read your documents over HTTP now", file=sys.stderr)
    changes = await stream.pull_subscribe_bind(MINE["consumer"], MINE["stream"])
    expected = 1
    while True:
        try:
            found = await changes.fetch(100, timeout=20)
        except TimeoutError:
            await changes.consumer_info()  # fails when the server forgot it
            continue
        for change in found:
            number = change.metadata.sequence
            if number.consumer > expected:
                return  # a hole: again from the last one taken
            if number.consumer == expected:
                expected += 1
                print(change.subject, change.data.decode(), flush=True)
                NEXT.write_text(json.dumps({"stream": name, "at": number.stream}))
                NEXT.replace(KEPT)  # whole, whenever this is killed


async def main():
    while True:  # a connection ends with its token, and after an hour in any case
        try:
            client = await nats.connect(MINE["url"], user=MINE["user"], password=MINE["password"],
                                        inbox_prefix=MINE["inbox_prefix"], allow_reconnect=False)
            async with client:
                await follow(client)
        except (nats.errors.Error, OSError, TimeoutError) as error:
            print(error, file=sys.stderr)
        await asyncio.sleep(1)


asyncio.run(main())
"""
SHELL = """\
# The nats command: a consumer, then ten of its changes.
nats="nats --server {url} --user {user} --password {password} --inbox-prefix {inbox_prefix}"
$nats request '{api}.CONSUMER.CREATE.{stream}.{consumer}.{subject}' '{{"config":{{}}}}'
$nats request '{api}.CONSUMER.MSG.NEXT.{stream}.{consumer}' 10 --replies 10
"""
