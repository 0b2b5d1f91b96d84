"""Roots that are published meanwhile: they go out every five minutes, and when a policy process
takes the lead."""

from adapters.media.objects import Objects
from adapters.roots.outlets import FOLDER, TOPIC, Shelf, key_of
from tests.faults.checks import fetch
from tests.faults.follower import Follower
from tests.faults.ground import Ground

KEYS = f"{FOLDER}/"
ROWS = "SELECT tenant, size, position FROM log.roots"


async def roots(ground: Ground, followers: list[Follower]) -> list[str]:
    """Whatever is handed on is in the bucket, and nothing there or in NATS is no root of ours."""
    owner = ground.settings.postgres_url
    there = await fetch(owner, ROWS)
    marks = dict(await fetch(owner, "SELECT outlet, position FROM log.root_marks"))
    handed = {key_of(t, size) for t, size, at in there if at <= marks.get(Shelf.name, 0)}
    objects = Objects(ground.settings.s3_url)
    kept = set(await objects.under(KEYS))
    objects.close()
    wrong = [f"the bucket lacks {key}" for key in sorted(handed - kept)]
    heard = {each.tenant: [at for topic, at in each.taken if topic == TOPIC] for each in followers}
    there = await fetch(owner, ROWS)  # once more: whatever was kept or heard of by now is there
    ours = {key_of(t, size) for t, size, _ in there}
    wrong += [f"the bucket has {key}" for key in sorted(kept - ours)]
    for listener, taken in heard.items():
        own = {position for tenant, _, position in there if tenant == listener}
        if taken != sorted(set(taken)) or not own.issuperset(taken):
            wrong.append(f"{listener} took roots at {taken}, of {sorted(own)}")
    return wrong
