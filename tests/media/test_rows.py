"""Rows of assets and of jobs equal their folds."""

from hypothesis import strategies as st

from domain import media
from projections import media as projection
from tests.media.test_rules import commands, usual
from tests.support.histories import history
from tests.support.rows import rows_equal_the_fold

streams = st.sampled_from(["souk/media/a", "souk/media/b", "bazaar/media/a"])
assets = st.tuples(streams, commands.map(lambda more: history(media, [*usual, *more])))
histories = st.lists(assets, max_size=3, unique_by=lambda stream: stream[0])


def test_rows_equal_the_fold(database):
    rows_equal_the_fold(database, projection, histories)
