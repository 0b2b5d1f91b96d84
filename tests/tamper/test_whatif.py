"""`souk audit what-if` as an operator runs it: figures beside the books, and nothing written."""

import csv
import io
import json

import psycopg
import pytest
from click.testing import CliRunner

from entrypoints.cli import main
from tests.support.commands import souk
from tests.support.http import running_api
from tests.tamper.ground import TENANT

WORDS = ["audit", "what-if", "--tenant"]
POLICY = "[commission]\nbasis_points = 1000\n[tax]\nbasis_points = 2500\nincluded = true\n"
TABLES = """SELECT schemaname, relname FROM pg_stat_user_tables
WHERE schemaname IN ('log', 'read', 'keys', 'policies', 'library', 'audit') ORDER BY 1, 2"""


def everything(database):
    """Every row of every table, as text."""
    with psycopg.connect(database) as db:
        return {
            f"{schema}.{table}": db.execute(
                f"SELECT md5(coalesce(string_agg(t::text, '' ORDER BY t::text), '')) FROM"
                f" {schema}.{table} t"
            ).fetchone()
            for schema, table in db.execute(TABLES).fetchall()
        }


@pytest.fixture
async def still(stack, ground):
    """Nothing runs that could write."""
    async with running_api(stack, ground.database, projecting=False) as api:
        yield api


async def test_a_period_under_another_policy_beside_the_books(still, ground, tmp_path):
    path = tmp_path / "policy.toml"
    path.write_text(POLICY)
    words = [*WORDS, TENANT, "--policy", str(path)]

    async def asked(*more):
        before = everything(ground.database)
        done = await souk(still, *words, *more)
        assert done.exit_code == 0, done.output
        assert everything(ground.database) == before
        return done.stdout

    ada, total = map(json.loads, (await asked("--format", "jsonl")).splitlines())
    # 700 + 702 + 704 + 706, less 700 that was paid back; each order's tax is a fifth, rounded.
    sums = {
        "revenue": "21.12",
        "tax": "4.22",
        "commission": "1.69",
        "cost": "0.00",
        "left": "15.21",
        "goods": "0.00",
        "margin": "15.21",
    }
    assert (ada["seller"], total["seller"], ada["supposed"]) == ("ada", None, sums)
    assert ada["books"]["left"] == ada["books"]["revenue"] == "21.12"
    assert ada["difference"]["left"] == "-5.91"
    assert {**total, "seller": "ada"} == ada

    rows = list(csv.DictReader(io.StringIO(await asked("--format", "csv"))))
    assert [(row["seller"], row["difference_left"]) for row in rows] == [
        ("ada", "-5.91"),
        ("", "-5.91"),
    ]
    assert "15.21" in await asked()
    assert await asked("--format", "jsonl", "--to", "2000-01-01T00:00:00Z") == ""


def test_what_is_no_policy_is_refused_in_one_line(tmp_path):
    path = tmp_path / "policy.toml"
    for text in ("[commission]\nbasis_points = 10001", "[vat]\nx = 1", "[", '[cost]\nbasis = "x"'):
        path.write_text(text)
        done = CliRunner().invoke(main, [*WORDS, "t", "--policy", str(path)])
        assert (done.exit_code, "is no policy" in done.output) == (2, True)
