"""Databases whose owner may make no roles, as a managed Postgres has them."""

import asyncio
import uuid

import pytest
from click.testing import CliRunner

from adapters.postgres.pools import APPEND, ASOF, AUDIT, PROJECT, READ
from adapters.tokens.signing import new_key
from entrypoints.cli import main
from entrypoints.settings import Settings, to_env

ROLES = ", ".join((APPEND, PROJECT, READ, AUDIT, ASOF))


@pytest.fixture
def owner(stack, new_bare_database):
    """Of an empty database, on a server where somebody has made the roles."""
    stack.drop(new_bare_database())  # with it they came
    name = f"owner_{uuid.uuid4().hex[:12]}"
    url = stack.create()
    database = url.rpartition("/")[2]
    stack.sql(f"CREATE ROLE {name} LOGIN")
    stack.sql(f"ALTER DATABASE {database} OWNER TO {name}")
    yield name, url.replace("postgres@", f"{name}@")
    stack.drop(url)
    stack.sql(f"DROP ROLE {name}")


async def asked(words, stack, url, receipts):
    settings = Settings(
        postgres_url=url,
        valkey_url=stack.valkey_url,
        nats_url=stack.nats_url,
        s3_url="",
        master_key=bytes(32),
        signing_key_pem=new_key(),
        secret=b"any",
        receipts=str(receipts),
    )
    return await asyncio.to_thread(CliRunner(env=to_env(settings)).invoke, main, [words])


async def test_an_owner_who_was_granted_the_roles_needs_no_right_to_make_them(
    stack, owner, tmp_path
):
    name, url = owner
    stack.sql(f"GRANT {ROLES} TO {name}")
    for words in ("migrate", "revive"):
        done = await asked(words, stack, url, tmp_path)
        assert done.exit_code == 0, done.output


async def test_an_owner_who_was_not_reads_one_line_that_says_so(stack, owner, tmp_path):
    done = await asked("migrate", stack, owner[1], tmp_path)
    *_, line = done.output.splitlines()
    assert done.exit_code == 2, done.output
    assert line.startswith("Error: postgres: permission denied")
