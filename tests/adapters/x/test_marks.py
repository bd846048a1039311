"""Where a stream is read from next: never less than what may be missing."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchdaemon_adapters.x.marks import OVERLAP, Mark, mark_after, reach_from, read_mark, read_roots, write_roots

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
MONTH = timedelta(days=30)

instants = st.datetimes(
    min_value=datetime(2020, 1, 1),  # noqa: DTZ001 - hypothesis adds the zone
    max_value=datetime(2030, 1, 1),  # noqa: DTZ001 - the same
    timezones=st.just(UTC),
)


@given(newest=st.none() | st.integers(0, 10**19 - 1), read_at=instants)
def test_a_mark_survives_being_stored(newest: int | None, read_at: datetime) -> None:
    mark = Mark(newest, read_at)

    assert read_mark(str(mark)) == mark


@pytest.mark.parametrize("text", [None, "", "@", "12", "12@yesterday", "x@2026-11-20T12:00:00+00:00", "1@2026-11-20"])
def test_a_cursor_that_is_no_mark_counts_as_none(text: str | None) -> None:
    assert read_mark(text) is None


@given(read_at=instants, now=instants, newest=st.none() | st.integers(1, 10**18))
def test_the_next_read_by_time_begins_before_the_last_one_ended(
    read_at: datetime, now: datetime, newest: int | None
) -> None:
    reach = reach_from(Mark(newest, read_at), now, look_back=MONTH)

    assert (reach.since_id is None) != (reach.start_time is None)
    if reach.start_time is not None:
        assert reach.start_time <= min(read_at, now) - OVERLAP


@given(st.dictionaries(st.integers(1, 10**18).map(str), instants.map(lambda t: t.replace(microsecond=0)), max_size=4))
def test_roots_survive_being_stored(roots: dict[str, datetime]) -> None:
    assert read_roots(write_roots(roots)) == roots


def test_a_mark_never_goes_back() -> None:
    mark = Mark(50, NOW - timedelta(hours=3))
    by_id, by_time = reach_from(mark, NOW, look_back=MONTH), reach_from(None, NOW, look_back=MONTH)

    assert mark_after(mark, by_id, None, NOW) == mark
    assert mark_after(mark, by_id, 40, NOW) == mark
    assert mark_after(mark, by_id, 60, NOW) == Mark(60, mark.read_at)
    assert mark_after(mark, by_time, 60, NOW) == Mark(60, NOW)
