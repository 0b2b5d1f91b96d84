"""Rows of comments are the fold of their events, their words sealed; what is removed is gone."""

from datetime import UTC, datetime

from hypothesis import strategies as st

from domain import comments as rules
from domain.comments import PurgeComment, RemoveComment, RestoreComment
from domain.kernel import Personal
from projections import comments
from tests.comments.test_rules import removing, say
from tests.support.histories import history
from tests.support.rows import rows_equal_the_fold

words = st.sampled_from(["Does it shrink?", "Lovely", "مرحبا"])
saying = st.builds(say, words, st.sampled_from(["karim", "nora"]))
back = RestoreComment("author", Personal("karim", "Lovely"), 7, datetime(2024, 5, 16, tzinfo=UTC))
ends = st.lists(
    removing | st.sampled_from([RemoveComment("author"), back, PurgeComment()]), max_size=4
)
made = st.tuples(
    st.builds("{}/comments/{}".format, st.sampled_from("AB"), st.sampled_from("12345")),
    st.builds(lambda said, ends: history(rules, [said, *ends]), saying, ends),
)
histories = st.lists(made, max_size=5, unique_by=lambda pair: pair[0])


def test_rows_equal_the_fold(database):
    rows_equal_the_fold(database, comments, histories)
