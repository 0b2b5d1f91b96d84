"""What a run comes to, whatever the figures are."""

import json

import pytest

from benchmarks.figures import Figure, line, row, save

RATE = Figure("a cart opened", "commands/s", 20)
DELAY = Figure("append to row visible, p99", "ms", 1.0, less=True)
FIELDS = ["name", "souk", "peer", "peer_name", "ratio", "reach", "holds"]


def test_a_row_has_the_medians_their_ratio_and_whether_it_reaches_far_enough(tmp_path):
    measured = row(RATE, [9000, 20_000, 21_000], [1000, 900, 1100], "stock")
    save([measured], tmp_path / "results" / "latest.json")
    (kept,) = json.loads((tmp_path / "results" / "latest.json").read_text())
    assert list(kept) == FIELDS
    assert kept == {
        "name": "a cart opened (commands/s)",
        "souk": 20_000,
        "peer": 1000,
        "peer_name": "stock",
        "ratio": 20,
        "reach": 20,
        "holds": True,
    }


def test_a_rate_that_falls_short_does_not_hold():
    assert row(RATE, [19_000], [1000], "stock").holds is False


@pytest.mark.parametrize(("souk", "holds"), [(4.0, True), (4.6, True), (4.7, False)])
def test_of_times_the_smaller_is_the_better(souk, holds):
    assert row(DELAY, [souk], [4.6], "stock").holds is holds


def test_without_a_peer_there_is_nothing_to_hold():
    measured = row(RATE, [1000], [], "stock")
    assert (measured.peer, measured.ratio, measured.holds) == (None, None, None)


def test_a_side_that_failed_leaves_its_row_empty():
    measured = row(RATE, [], [1000], "stock")
    assert (measured.souk, measured.ratio, measured.holds) == (None, None, None)
    assert "a cart opened" in line(measured)


def test_measuring_some_rows_again_keeps_the_others(tmp_path):
    path = tmp_path / "latest.json"
    save([row(RATE, [1], [1], "stock"), row(DELAY, [1], [1], "stock")], path)
    save([row(DELAY, [2], [1], "stock")], path)
    assert [(each["name"], each["souk"]) for each in json.loads(path.read_text())] == [
        ("a cart opened (commands/s)", 1),
        ("append to row visible, p99 (ms)", 2),
    ]
