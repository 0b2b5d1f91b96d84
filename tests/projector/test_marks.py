"""What the relay says of each change: what it follows, and what is of one position."""

from adapters.projector.changes import Kept
from adapters.projector.marks import Mark, Marks


def kept(seq, position=1, topic="toys.1", first=False, late=False):
    return Kept(seq, "A", topic, position, "toys_lamps", "1", b"{}", first, late)


def marks_of(window, following=None, seq=0, marks=None):
    return [mark for _, mark in (marks or Marks()).of("toys", seq, window, following)]


def test_each_follows_the_one_before_it_that_has_a_topic():
    window = [kept(3, 1), kept(5, 2, topic=""), kept(8, 2), kept(9, 3)]
    assert [(m.seq, m.previous) for m in marks_of(window, seq=2)] == [(3, 2), (8, 3), (9, 8)]


def test_the_chain_goes_on_over_windows():
    marks = Marks()
    for _ in "sent again":
        window = marks.of("toys", 2, [kept(3), kept(4, topic="")], None)
        assert window[0][1].previous == 2
    marks.sent("toys", 4)
    assert marks_of([kept(6, topic="")], None, 4, marks) == []
    marks.sent("toys", 6)
    assert marks_of([kept(7)], None, 6, marks)[0].previous == 3


def test_what_another_relay_sent_meanwhile_is_followed_too():
    marks = Marks()
    marks.of("toys", 2, [kept(3), kept(4)], None)
    marks.sent("toys", 4)
    assert marks_of([kept(9)], None, 7, marks)[0].previous == 7


def test_those_of_one_position_belong_together():
    window = [kept(1), kept(2), kept(3, late=True), kept(4, 2, topic=""), kept(5, 2), kept(6, 3)]
    assert [m.more for m in marks_of(window, kept(7, 3))] == [True, True, False, False, True]
    assert [m.more for m in marks_of([kept(6, 3)], kept(7, 4))] == [False]


def test_a_mark_is_read_as_it_was_written():
    every = [Mark("orders", 12, 9), Mark("toys", 3, 0, True, True, True)]
    every += marks_of([kept(1, first=True), kept(2, late=True)])
    assert [Mark.parse(str(mark)) for mark in every] == every
    assert str(Mark("orders", 12, 9)) == "orders 12 9 -"
    assert str(Mark("toys", 3, 0, True, True, True)) == "toys 3 0 mfl"
