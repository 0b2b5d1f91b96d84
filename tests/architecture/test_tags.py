"""What was ever stored can be read for ever."""

import json
from typing import Any

import pytest

from tests.architecture.freeze import CODEC, GOLDEN, TAGS, event_types, payload

FROZEN = TAGS.read_text().split()


def test_no_tag_is_missing_renamed_or_unfrozen():
    gone, new = set(FROZEN) - set(event_types()), set(event_types()) - set(FROZEN)
    assert not gone, f"{sorted(gone)} may be in somebody's log: events and tags stay for ever"
    assert not new, (
        f"{sorted(new)}: run `.venv/bin/python -m tests.architecture.freeze`, commit what it writes"
    )
    assert sorted(FROZEN) == FROZEN


@pytest.mark.parametrize("tag", FROZEN)
def test_a_payload_stored_once_decodes_to_the_same_event(tag: str):
    stored = (GOLDEN / f"{tag}.json").read_bytes().strip()
    event = CODEC.decode(tag, stored, position=1)

    assert type(event) is event_types()[tag]
    assert holds(json.loads(payload(event)), json.loads(stored))


def holds(now: Any, then: Any) -> bool:
    """Whether all that was said then is said now; fields may have come since, at any depth."""
    if isinstance(then, dict):
        return all(name in now and holds(now[name], kept) for name, kept in then.items())
    if isinstance(then, list):
        return len(now) == len(then) and all(map(holds, now, then))
    return bool(now == then)
