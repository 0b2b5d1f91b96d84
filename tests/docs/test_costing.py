"""docs/contexts/costing.md and materials.md, run as they stand there: a scarf, a yarn that becomes
dearer, what a sale earns, what if it becomes dearer still, and a purchase that is told late; and
of docs/audit-bundle.md, what the sold would have cost by another basis."""

import json
import re
from pathlib import Path

import pytest

from tests.costing.settling import settle
from tests.reels.house import refused, running
from tests.support.commands import souk

PAGES = Path(__file__).parents[2] / "docs/contexts"
PRINTED = re.compile(r"<!-- printed: goods -->\n```\n(.*?)```", re.DOTALL)
STEP = re.compile(r"(?:(\w+) = )?(?:(\w+): )?(GET|POST) (\S+?)(?: (\{.*?))?(?: → (\{.*\}))?")


@pytest.fixture(scope="module")
async def houses(stack, new_database):
    async with running(stack, new_database) as opened:
        yield opened


@pytest.fixture
async def house(houses):
    return await houses()


def steps(page, name):
    text = (PAGES / page).read_text()
    found = re.search(rf"<!-- run: {name} -->\n```\n(.*?)\n```", text, re.DOTALL)
    return [step for step in found[1].splitlines() if step]


async def answers(house, lines):
    """What each step answered, beside what the page says of it."""
    known = {}
    for step in lines:
        name, user, method, path, body, wanted = STEP.fullmatch(step).groups()
        for key, id in known.items():
            path, body, wanted = (
                text and text.replace(f"{{{key}}}", id) for text in (path, body, wanted)
            )
        client = house.karim if user == "karim" else house.amina
        if method == "GET":
            await settle(house)
            answer = await house.seen(client, path)
        else:
            made = name and not path.endswith("/preview")
            answer = await house.done(client.post(path, json.loads(body)), 201 if made else 200)
        for order in answer.get("orders", [])[:1]:
            known[f"{name}.order"] = order["id"]
        if name:
            known[name] = answer.get("confirm") or answer["id"]
        if wanted:
            yield step, answer, json.loads(wanted)


def holds(answer, wanted):
    """Whether all that is wanted is answered; of a list, nothing else."""
    if isinstance(wanted, dict):
        return all(key in answer and holds(answer[key], part) for key, part in wanted.items())
    if isinstance(wanted, list):
        return len(answer) == len(wanted) and all(map(holds, answer, wanted))
    return answer == wanted


async def run(house, page, *names):
    """How many answers the page shows."""
    lines = [step for name in names for step in steps(page, name)]
    shown = [told async for told in answers(house, lines)]
    return len(shown), [
        (step, answer) for step, answer, wanted in shown if not holds(answer, wanted)
    ]


async def test_the_scarf_costs_and_earns_what_the_page_says(house):
    assert await run(house, "costing.md", "scarf", "dearer", "sold", "if") == (9, [])


async def test_a_yard_comes_out_in_the_unit_that_the_page_says(house):
    assert await run(house, "materials.md", "yard") == (1, [])
    metres = {"name": "Ribbon", "kind": "component", "unit": "m"}
    yards = {"conversions": [{"unit": "yd", "factor": "0.9144"}]}
    made = house.amina.post("/materials", metres | yards)
    assert await refused(made) == (422, "quantities.malformed")


async def test_what_is_told_late_changes_what_the_page_says(house):
    assert await run(house, "materials.md", "late") == (3, [])


async def test_what_was_sold_would_have_cost_what_the_page_says(house, tmp_path):
    page, policy = "../audit-bundle.md", tmp_path / "last.toml"
    assert await run(house, page, "goods") == (1, [])
    policy.write_text('[cost]\nbasis = "last"\n')
    words = ["audit", "what-if", "--tenant", house.tenant, "--policy", str(policy)]
    done = await souk(house.api, *words)
    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout == PRINTED.search((PAGES / page).read_text())[1]
