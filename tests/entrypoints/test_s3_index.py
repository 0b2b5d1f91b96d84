"""The S3 server's index is eight databases, each of which a full disk may silence alone."""

import asyncio
import re
from operator import gt

from adapters.embedded.seaweed import SHARDS, Index
from tests.support.patience import PATIENCE
from tests.support.s3 import running_s3


def written(folder):
    """Bytes of the journal of each."""
    kept = sorted((folder / "s3" / "filerldb2").iterdir())
    return [sum(file.stat().st_size for file in shard.glob("*.log")) for shard in kept]


async def test_asked_as_often_as_there_are_databases_each_has_written():
    async with running_s3() as server:
        before = written(server.home.path)
        assert len(before) == SHARDS
        async with asyncio.timeout(PATIENCE):
            while not all(map(gt, written(server.home.path), before)):
                for _ in range(SHARDS):  # it tells no silence, after which it asks the same again
                    assert await server.child.well()


async def test_one_that_cannot_write_is_asked_until_it_can():
    asked, ill = [], set()

    async def answer(reader, writer):
        path = re.match(rb"PUT (\S+) ", await reader.readline())[1]
        asked.append(path)
        writer.write(b"HTTP/1.0 500 No\r\n\r\n" if path in ill else b"HTTP/1.0 201 Created\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    index = Index(server.sockets[0].getsockname()[1])
    assert all([await index.takes() for _ in range(SHARDS)])
    assert len(set(asked)) == SHARDS
    ill.add(asked[2])
    found = [await index.takes() for _ in range(SHARDS)]
    assert found == [True, True, *[False] * 6]
    ill.clear()
    assert all([await index.takes() for _ in range(SHARDS)])
    server.close()
    assert await index.takes(), "silence is no answer"
