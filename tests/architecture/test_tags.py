"""What was ever stored can be read for ever."""

import json

import pytest

from tests.architecture.freeze import CODEC, GOLDEN, TAGS, event_types, payload

FROZEN = TAGS.read_text().split()


def test_no_tag_is_missing_renamed_or_unfrozen():
    """A new event: run `python -m tests.architecture.freeze` and commit what it writes."""
    assert sorted(event_types()) == FROZEN


@pytest.mark.parametrize("tag", FROZEN)
def test_a_payload_stored_once_decodes_to_the_same_event(tag: str):
    stored = (GOLDEN / f"{tag}.json").read_bytes().strip()
    event = CODEC.decode(tag, stored, position=1)

    assert type(event) is event_types()[tag]
    kept = json.loads(stored)
    assert json.loads(payload(event)) | kept == json.loads(payload(event))
