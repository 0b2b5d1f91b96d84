"""What a Postgres that Souk starts writes down of statements that failed."""

import psycopg
import pytest

from adapters.embedded.stack import Stack
from adapters.embedded.urls import Urls
from adapters.log.store import WRONG
from adapters.postgres.migrate import migrate

GIVEN = Urls(valkey="given", nats="given", s3="given")
OVERTAKEN = f"UPDATE log.head SET position = NULL -- {'what a batch writes ' * 100}"


async def test_an_append_that_came_second_is_told_without_the_whole_batch(tmp_path):
    stack = Stack(tmp_path, GIVEN)
    async with stack as urls:
        migrate(urls.postgres)
        with psycopg.connect(urls.postgres) as db, pytest.raises(WRONG):
            db.execute(OVERTAKEN)
    said = stack.home.log("postgres").read_text()
    assert 'null value in column "position" of relation "head"' in said
    assert "what a batch writes" not in said
