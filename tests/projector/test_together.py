"""Questions that are asked together, where no answer comes: none waits for ever, nor ever more."""

import asyncio

import pytest

from adapters.postgres.together import CROWD, Together
from application.ports import Unavailable
from tests.support.patience import PATIENCE


class Asked:
    """What was asked; no answer before ``moves`` is set."""

    def __init__(self):
        self.questions, self.moves = [], asyncio.Event()

    async def __call__(self, tenant, questions):
        self.questions += questions
        await self.moves.wait()
        return questions


async def test_who_has_waited_long_enough_is_told_and_what_nobody_waits_for_is_asked_no_more():
    asked = Asked()
    ask = Together(asked, at_once=1, most=1, patience=0.1)
    told = await asyncio.gather(*(ask("A", n) for n in range(3)), return_exceptions=True)
    assert {type(one) for one in told} == {Unavailable}
    asked.moves.set()
    ask._patience = PATIENCE
    assert await ask("A", 3) == 3
    assert asked.questions == [0, 3]


async def test_one_more_than_may_wait_is_turned_away_at_once_and_has_its_turn_when_it_moves_again():
    asked = Asked()
    ask = Together(asked, at_once=1, most=2, patience=PATIENCE)
    first = asyncio.create_task(ask("A", 0))
    await asyncio.sleep(0)  # it waits
    await asyncio.sleep(0)  # it is asked
    crowd = [asyncio.create_task(ask("AB"[n % 2], n)) for n in range(2 * CROWD)]
    await asyncio.sleep(0)
    with pytest.raises(Unavailable):
        await ask("C", 1)
    asked.moves.set()
    assert await asyncio.gather(first, *crowd) == [0, *range(2 * CROWD)]
    assert await ask("C", 1) == 1
    assert ask._room == 2 * CROWD
