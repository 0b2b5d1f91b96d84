"""`souk report marketplace --as-of`."""

import json

import pytest

from tests.carts.test_http import cart
from tests.support.commands import souk


@pytest.fixture
async def sold(api):
    """Two purchases; the position after the first."""
    await api.market("amina")
    tea, karim = await api.product("amina", "tea", "10.00", stock=5), api.of("buyer", "karim")
    ends = []
    for quantity in (1, 2):
        body = {"payments": [{"method": "card"}]}
        bought = await karim.post(f"/carts/{await cart(karim, (tea, quantity))}/check-out", body)
        ends.append(bought.json()["position"])
    return api, ends[0]


async def report(api, *words):
    return await souk(api, "report", "marketplace", "--tenant", "bazaar", "--json", *words)


async def test_the_report_as_of_a_position_is_of_what_was_sold_by_then(sold):
    api, first = sold
    then = await report(api, "--as-of", str(first), "--purpose", "tax")
    assert then.exit_code == 0, then.output
    assert json.loads(then.stdout)["items"] == 1
    assert then.stderr.startswith(f"As of {first}: ")
    now = json.loads((await report(api)).stdout)
    assert (now["items"], now["currency"], now["revenue_cents"]) == (3, "DZD", 3000)
    euros = json.loads((await report(api, "--currency", "EUR")).stdout)
    assert (euros["items"], euros["currency"], euros["revenue_cents"]) == (3, "EUR", 0)


async def test_what_cannot_be_asked_is_refused_in_a_sentence(sold):
    api, _ = sold
    for words, said in (
        (("--as-of", "yesterday"), "a position, or an RFC 3339 time"),
        (("--as-of", "100000"), "the log is at"),
        (("--as-of", "1", "--axis", "occurred"), "a position has no axis"),
        (("--axis", "occurred"), "--axis needs --as-of"),
        (("--currency", "euro"), "three capital letters"),
    ):
        refused = await report(api, *words)
        assert refused.exit_code == 2
        assert said in refused.stderr
