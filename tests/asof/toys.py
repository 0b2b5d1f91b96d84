"""Lamps as of then."""

import asyncio

from tests.projector.toys import fetch

LAMPS = "SELECT id, body FROM read.toys_lamps WHERE tenant = %s ORDER BY id"


async def lamps(ask, position, tenant="A"):
    """What there is as of then, and what that cost."""
    past = await ask.past(tenant, position)
    return dict(await past.rows(LAMPS, (tenant,))), past.cost


async def folds(url):
    return await fetch(url, "SELECT last, through FROM asof.folds WHERE ready ORDER BY last")


async def tidied(ask):
    """What the first question began beside is over: it drops tables of which nobody knows."""
    await asyncio.wait({ask.folds._tidying})


async def begun(url):
    """What is being folded, once anything is."""
    found = []
    while not found:
        found = await fetch(url, "SELECT id FROM asof.folds")
    return found


def shown(id, times, room=""):
    return {id: f'{{"id":"{id}","times":{times},"room":"{room}"}}'.encode()}
