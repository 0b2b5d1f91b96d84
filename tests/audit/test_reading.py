"""Pages of the log: each filter finds what going through the whole log in Python finds."""

import random

import msgspec
import psycopg
import pytest

from adapters.audit.filters import Filter
from adapters.audit.pages import Pages
from tests.audit.world import ACTORS, TENANTS, WORDS, made, pools

SIZE = 240


def wanted_at_random(chance, rows):
    """Some of the filters at once, most of which some row passes."""
    row = chance.choice(rows)
    some = {
        "recorded_from": chance.choice(rows).recorded_at,
        "recorded_before": chance.choice(rows).recorded_at,
        "position_from": chance.randrange(SIZE),
        "position_before": chance.randrange(SIZE * 2),
        "stream": row.stream.partition("/")[2],
        "context": row.stream.split("/")[1],
        "tag": row.tag,
        "actor": chance.choice((*ACTORS, "nobody")),
        "correlation": row.correlation,
        "causation": row.causation,
        "text": chance.choice((*WORDS, "TEA", "café", "ea", "name", "سو", "5", "sealed", 'a "')),
    }
    names = chance.sample(sorted(some), chance.choice((0, 1, 1, 2, 3)))
    return Filter(**{name: some[name] for name in names})


def passes(row, tenant, wanted):
    """In plain Python, with no more than the row."""
    _, context, id = row.stream.split("/", 2)
    data = msgspec.json.decode(row.data)
    clear = [
        str(v).lower() for name, v in data.items() if name != "type" and isinstance(v, str | int)
    ]
    w = wanted
    return (
        row.tenant == tenant
        and (w.recorded_from is None or row.recorded_at >= w.recorded_from)
        and (w.recorded_before is None or row.recorded_at < w.recorded_before)
        and (w.position_from is None or row.position >= w.position_from)
        and (w.position_before is None or row.position < w.position_before)
        and w.stream in (None, f"{context}/{id}")
        and w.context in (None, context)
        and w.tag in (None, row.tag)
        and w.actor in (None, row.actor)
        and w.correlation in (None, row.correlation)
        and w.causation in (None, row.causation)
        and (w.text is None or any(w.text.lower() in value for value in clear))
    )


async def all_pages(reading, tenant, wanted, limit, ascending):
    found, cursor, pages = [], None, 0
    while True:
        page = await reading.page(tenant, wanted, cursor, limit, ascending)
        assert len(page.rows) <= limit
        found += [row.position for row in page.rows]
        cursor, pages = page.next, pages + 1
        assert pages <= SIZE + 1
        if cursor is None:
            return found


async def test_a_text_is_found_in_any_case_whatever_its_script(database):
    rows = [row for row in made(1, SIZE) if b"CAF\xc3\x89" in row.data and row.tenant == "acme"]
    async with pools(database, made(1, SIZE)) as (pool, log):
        for text in ("CAFÉ", "café", "Fé"):
            page = await Pages(pool, log).page("acme", Filter(text=text), limit=SIZE)
            assert len(page.rows) == len(rows) > 0, text


async def test_every_filter_finds_what_a_plain_search_finds_in_pages_of_any_size(database):
    rows = made(1, SIZE)
    chance, hits = random.Random(2), 0
    async with pools(database, rows) as (pool, log):
        for _ in range(70):
            wanted, tenant = wanted_at_random(chance, rows), chance.choice(TENANTS)
            ascending, limit = chance.random() < 0.5, chance.choice((2, 7, 50, 500))
            budget = chance.choice((0.0, 60.0))  # a page is sent after one look, or when full
            reading = Pages(pool, log, span=chance.choice((3, 40, 1000)), budget=budget)
            found = await all_pages(reading, tenant, wanted, limit, ascending)
            expected = [r.position for r in rows if passes(r, tenant, wanted)]
            assert found == (expected if ascending else expected[::-1]), wanted
            hits += bool(expected)
    assert hits > 25


async def test_a_page_whose_time_is_up_is_short_and_says_where_to_go_on(database):
    rows = made(3, SIZE)
    async with pools(database, rows) as (pool, log):
        page = await Pages(pool, log, span=10, budget=0.0).page("acme", Filter(text="no such text"))
        assert page.rows == []
        assert page.next == SIZE + 1 - 10


async def test_what_is_sealed_is_not_searched(database):
    rows = made(5, SIZE)
    sealed = next(r for r in rows if r.tag == "audit.history_read" and r.tenant == "acme")
    box = msgspec.json.decode(sealed.data)["query"]["sealed"]
    assert box.encode() in sealed.data
    async with pools(database, rows) as (pool, log):
        page = await Pages(pool, log).page("acme", Filter(text=box))
        assert page == ([], None)


@pytest.mark.parametrize("table", ["log.events", "log.chains", "audit.milestones"])
def test_an_auditor_sees_one_tenant_and_changes_nothing(database, table):
    with psycopg.connect(database, autocommit=True) as owner:
        for tenant in TENANTS:
            owner.execute("INSERT INTO log.chains VALUES (%s, 1, '')", (tenant,))
            owner.execute("INSERT INTO audit.milestones VALUES (%s, 's', 1, 'x', 1, '')", (tenant,))
    with psycopg.connect(database, options="-c role=souk_audit", autocommit=True) as auditor:
        assert auditor.execute(f"SELECT * FROM {table}").fetchall() == []
        auditor.execute("SELECT set_config('souk.tenant', 'acme', false)")
        seen = {row[0] for row in auditor.execute(f"SELECT tenant FROM {table}").fetchall()}
        assert seen <= {"acme"}
        assert table == "log.events" or seen
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            auditor.execute(f"DELETE FROM {table}")
