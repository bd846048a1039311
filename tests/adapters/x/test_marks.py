"""Where a stream is read from next: never less than what may be missing."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from watchdaemon_adapters.x.marks import OVERLAP, Mark, mark_after, reach_from, read_mark, read_roots, write_roots

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
MONTH = timedelta(days=30)

instants = st.datetimes(
    min_value=datetime(2020, 1, 1),  # noqa: DTZ001 - hypothesis adds the zone
    max_value=datetime(2030, 1, 1),  # noqa: DTZ001 - the same
    timezones=st.just(UTC),
)
seconds = instants.map(lambda t: t.replace(microsecond=0))


@settings(deadline=None)
@given(newest=st.none() | st.integers(0, 10**19 - 1), newest_at=st.none() | seconds, read_at=instants)
def test_a_mark_survives_being_stored(newest: int | None, newest_at: datetime | None, read_at: datetime) -> None:
    mark = Mark(newest=newest, newest_at=newest_at, read_at=read_at)

    assert read_mark(str(mark)) == mark


@pytest.mark.parametrize("text", [None, "", "@", "12", "1~2@yesterday", "x~@2026-11-20T12:00:00Z", "1~2@2026-11-20"])
def test_a_cursor_that_is_no_mark_counts_as_none(text: str | None) -> None:
    assert read_mark(text) is None


@settings(deadline=None)
@given(newest=st.none() | st.integers(1, 10**18), newest_at=st.none() | seconds, read_at=instants, now=instants)
def test_the_next_read_begins_before_the_last_one_ended_and_at_the_newest_known_row(
    newest: int | None, newest_at: datetime | None, read_at: datetime, now: datetime
) -> None:
    mark = Mark(newest=newest, newest_at=newest_at, read_at=read_at)

    reach = reach_from(mark, now, look_back=MONTH)

    assert (reach.since_id is None) != (reach.start_time is None)
    if reach.start_time is not None:
        assert reach.start_time <= min(read_at, now) - OVERLAP
        assert newest_at is None or reach.start_time <= newest_at
    if reach.since_id is not None:
        assert newest is not None
        assert int(reach.since_id) < newest


@settings(deadline=None)
@given(st.dictionaries(st.integers(1, 10**18).map(str), seconds, max_size=4))
def test_roots_survive_being_stored(roots: dict[str, datetime]) -> None:
    assert read_roots(write_roots(roots)) == roots


def test_a_mark_never_goes_back() -> None:
    mark = Mark(newest=50, newest_at=NOW - MONTH, read_at=NOW - timedelta(hours=3))
    by_id, by_time = reach_from(mark, NOW, look_back=MONTH), reach_from(None, NOW, look_back=MONTH)

    assert mark_after(mark, by_id, None, NOW) == mark
    assert mark_after(mark, by_id, (40, NOW), NOW) == mark
    assert mark_after(mark, by_id, (60, NOW), NOW) == Mark(newest=60, newest_at=NOW, read_at=mark.read_at)
    assert mark_after(mark, by_time, (60, None), NOW) == Mark(newest=60, newest_at=None, read_at=NOW)
    assert mark_after(None, by_time, None, NOW) == Mark(newest=None, newest_at=None, read_at=NOW)
