"""A full disk under Postgres: 503 for as long as it lasts, and then all goes on by itself."""

import asyncio

import psycopg
import pytest

from tests.support.http import running_api

FULL = """CREATE FUNCTION public.no_room() RETURNS trigger LANGUAGE plpgsql AS
    $$BEGIN RAISE EXCEPTION 'could not extend file: No space left on device'
    USING ERRCODE = '53100'; END$$;
CREATE TRIGGER no_room BEFORE INSERT ON log.{table} EXECUTE FUNCTION public.no_room()"""


def superuser(database, sql):
    with psycopg.connect(database, autocommit=True) as db:
        db.execute(sql)


async def kept_trying(send, number):
    """As a client does that is told to come back."""
    for pause in (0.1, 0.5, 1, 2, 4, 8):
        if (answer := await send(number)).status_code != 503:
            break
        await asyncio.sleep(pause)
    return answer


@pytest.mark.parametrize("table", ["events", "answers"])
async def test_commands_wait_for_room_and_go_on_when_there_is_some(stack, database, table):
    async with running_api(stack, database, patience=3.0) as api:
        await api.market("sara")
        product = await api.product("sara", "tea")
        superuser(database, FULL.format(table=table))

        async def receive(number):
            path, body = f"/inventory/{product}/receive", {"quantity": 1}
            return await api.of("seller", "sara").post(path, body, key=f"r{number}")

        refused = await asyncio.gather(*(receive(number) for number in range(20)))
        assert {answer.status_code for answer in refused} == {503}
        superuser(database, "DROP FUNCTION public.no_room() CASCADE")
        done = await asyncio.gather(*(kept_trying(receive, number) for number in range(20)))
        assert {answer.status_code for answer in done} == {200}
        assert sorted(answer.json()["version"] for answer in done) == list(range(1, 21))
