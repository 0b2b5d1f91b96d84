"""A full disk under Postgres: 503 for as long as it lasts, and then all goes on by itself."""

import asyncio

import psycopg
import pytest

from tests.support.http import running_api
from tests.weather.returning import returning

FULL = """CREATE FUNCTION public.no_room() RETURNS trigger LANGUAGE plpgsql AS
    $$BEGIN RAISE EXCEPTION 'could not extend file: No space left on device'
    USING ERRCODE = '53100'; END$$;
CREATE TRIGGER no_room BEFORE INSERT ON log.{table} EXECUTE FUNCTION public.no_room()"""


def superuser(database, sql):
    with psycopg.connect(database, autocommit=True) as db:
        db.execute(sql)


@pytest.mark.parametrize("table", ["events", "answers"])
async def test_commands_wait_for_room_and_go_on_when_there_is_some(stack, database, table):
    async with running_api(stack, database, patience=3.0) as api:
        calm = returning(api)
        await calm.market("sara")
        product = await calm.product("sara", "tea")
        await asyncio.to_thread(superuser, database, FULL.format(table=table))

        async def receive(api, number):
            path, body = f"/inventory/{product}/receive", {"quantity": 1}
            return await api.of("seller", "sara").post(path, body, key=f"r{number}")

        refused = await asyncio.gather(*(receive(api, number) for number in range(20)))
        assert {answer.status_code for answer in refused} == {503}
        cure = "DROP FUNCTION public.no_room() CASCADE"
        await asyncio.to_thread(superuser, database, cure)  # it waits for who uses the table
        done = await asyncio.gather(*(receive(calm, number) for number in range(20)))
        assert {answer.status_code for answer in done} == {200}
        assert sorted(answer.json()["version"] for answer in done) == list(range(1, 21))
