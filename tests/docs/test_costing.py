"""docs/contexts/costing.md, run as it stands there: a scarf, and a yarn that becomes dearer."""

import json
import re
from pathlib import Path

import pytest

from tests.costing.settling import settle
from tests.reels.house import running

PAGE = (Path(__file__).parents[2] / "docs/contexts/costing.md").read_text()
STEP = re.compile(r"(?:(\w+) = )?(GET|POST) (\S+?)(?: (\{.*?))?(?: → (\{.*\}))?")


@pytest.fixture
async def house(stack, new_database):
    async with running(stack, new_database) as opened:
        yield await opened()


def steps(name):
    found = re.search(rf"<!-- run: {name} -->\n```\n(.*?)\n```", PAGE, re.DOTALL)
    return [step for step in found[1].splitlines() if step]


async def test_the_scarf_costs_what_the_page_says(house):
    known, shown = {}, 0
    for step in (*steps("scarf"), *steps("dearer")):
        name, method, path, body, wanted = STEP.fullmatch(step).groups()
        for key, id in known.items():
            path, body = path.replace(f"{{{key}}}", id), body and body.replace(f"{{{key}}}", id)
        if method == "GET":
            await settle(house)
            answer = await house.seen(house.amina, path)
        else:
            answer = await house.done(
                house.amina.post(path, json.loads(body)), 201 if name else 200
            )
        known |= {name: answer["id"]} if name else {}
        if wanted:
            shown += 1
            assert answer | json.loads(wanted) == answer, step
    assert shown == 5
