"""What was uploaded: nothing waits for ever, and each object is in the bucket once, whole."""

from adapters.media import keys
from adapters.media.objects import Objects
from domain.media import Rendered
from tests.faults.checks import fetch
from tests.faults.ground import Ground
from tests.faults.roots import KEYS as ROOTS
from tests.faults.tail import Tail


def waiting(tail: Tail) -> bool:
    """Whether anything is still to be rendered."""
    return any(asset.waits for asset in tail.of("media").values())


async def pictures(ground: Ground, tail: Tail) -> list[str]:
    """Each asset is rendered once or rejected, and the bucket has what the log says, no more."""
    again = await fetch(
        ground.settings.postgres_url,
        "SELECT stream, count(*) FROM log.events WHERE tag = %s"
        " GROUP BY stream HAVING count(*) > 1",
        Rendered.__struct_config__.tag,
    )
    wrong = [f"{stream} was rendered {count} times" for stream, count in again]
    assets = tail.of("media")
    wrong += [f"asset {id} is {one.status}" for (_, id), one in assets.items() if one.waits]
    objects = Objects(ground.settings.s3_url)
    there = {key for key in await objects.under("") if not key.startswith(ROOTS)}
    expected = _named(tail)
    objects.close()
    wrong += [f"the bucket lacks {key}" for key in sorted(expected - there)]
    requested = {keys.upload(t, id) for (t, id), one in assets.items() if one.status == "requested"}
    return wrong + [f"the bucket has {key}" for key in sorted(there - expected - requested)]


def _named(tail: Tail) -> set[str]:
    """The keys of all that was rendered."""
    found = set[str]()
    for (tenant, _), asset in tail.of("media").items():
        if asset.rendered:
            found.add(keys.source(tenant, asset.sha256))
            files = [made.file for made in asset.renditions]
            found |= {keys.rendition(tenant, asset.sha256, None, file) for file in files}
    return found
