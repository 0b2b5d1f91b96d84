"""docs/push.md names every subject."""

import re
from pathlib import Path

from adapters.nats.reader import ROOTS
from projections import PROJECTIONS
from tests.architecture.freeze import sample

PAGE = (Path(__file__).parents[2] / "docs/push.md").read_text()


def test_every_subject_that_is_pushed_is_in_its_table():
    """By its context, and how many words follow."""
    topics = [
        table.topic("id", sample(table.document))
        for projection in PROJECTIONS.values()
        for table in projection.TABLES
        if table.topic
    ]
    cells = "".join(re.findall(r"^\| (`souk\..*?) \|", PAGE, re.MULTILINE))
    named = {shape(subject) for subject in re.findall(r"`souk\.T\.(.*?)`", cells)}
    assert named == {*map(shape, topics), (ROOTS, 1)}, "a row of docs/push.md"


def shape(topic: str) -> tuple[str, int]:
    context, *words = topic.split(".")
    return context, len(words)
