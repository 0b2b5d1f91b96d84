"""Audit: readings, and points in history as they are written."""

from datetime import UTC, datetime

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st

from adapters.audit.moments import Malformed, Position, Time, Version, moment, time
from domain import audit
from domain.audit import LONGEST_PURPOSE, LONGEST_QUERY, HistoryRead, ReadHistory
from domain.kernel import Personal, fold
from domain.permissions import ROLES, allows, expand
from tests.support.deciders import given

QUERY = Personal("nadia", '{"actor":"amina"}')


def test_a_reading_is_recorded_with_what_was_asked_and_why():
    why = Personal("nadia", "a complaint")
    given(audit).when(ReadHistory("GET /audit/events", QUERY, why)).then(
        HistoryRead("GET /audit/events", QUERY, why)
    )


def test_reading_the_same_again_is_news():
    past = HistoryRead("GET /audit/events", QUERY)
    given(audit, past).when(ReadHistory("GET /audit/events", QUERY)).then(past)


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (ReadHistory("", QUERY), "audit.nothing_read"),
        (ReadHistory("x", Personal("n", "q" * (LONGEST_QUERY + 1))), "audit.query_too_long"),
        (
            ReadHistory("x", QUERY, Personal("n", "p" * (LONGEST_PURPOSE + 1))),
            "audit.purpose_too_long",
        ),
    ],
)
def test_what_is_no_reading_is_refused(command, code):
    given(audit).when(command).rejected(code)


@for_all(st.lists(st.text(min_size=1), max_size=20))
def test_as_many_readings_are_counted_as_there_were(readings):
    events = [e for what in readings for e in audit.decide(audit.EMPTY, ReadHistory(what, QUERY))]
    assert fold(audit, events).total == len(readings)


def test_auditors_and_admins_may_read_the_log_and_nobody_else():
    may = {role for role, held in ROLES.items() if allows(expand(held), "audit_logs:view")}
    assert may == {"auditor", "admin"}


@pytest.mark.parametrize(
    ("text", "point"),
    [
        ("version:12", Version(12)),
        ("position:345", Position(345)),
        ("2026-05-01T00:00:00Z", Time(datetime(2026, 5, 1, tzinfo=UTC))),
        ("2026-05-01T02:00:00+02:00", Time(datetime(2026, 5, 1, tzinfo=UTC))),
        ("2026-05-01T23:59:00+23:59", Time(datetime(2026, 5, 1, tzinfo=UTC))),
    ],
)
def test_a_point_in_history_is_a_version_a_position_or_a_time(text, point):
    assert moment(text) == point


def test_a_time_is_told_in_utc_whatever_its_zone():
    assert time("2026-05-01T00:00:00+16:00").isoformat() == "2026-04-30T08:00:00+00:00"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "12",
        "version:-1",
        "version:1.5",
        "yesterday",
        "2026-05-01",
        "2026-05-01T00:00:00",
        "0001-01-01T00:00:00+23:59",
        "9999-12-31T23:59:59-00:01",
    ],
)
def test_anything_else_is_not(text):
    with pytest.raises(Malformed):
        moment(text)
