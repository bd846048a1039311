"""Cursors read back as they were written, nonsense counts as none, and threads are due for a reason."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from watchdaemon_adapters.mastodon.marks import (
    MessageMark,
    NotificationMark,
    Own,
    Reading,
    Threads,
    is_doubtful,
    read_message_mark,
    read_notification_mark,
    read_threads,
    why_due,
)

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
_ids = st.from_regex(r"[0-9A-Za-z_-]{1,20}", fullmatch=True)
_times = st.integers(0, 4_000_000_000).map(lambda n: datetime.fromtimestamp(n, UTC))
_counts = st.integers(0, 9999)


@settings(deadline=None)
@given(_ids, st.none() | _ids, st.none() | _ids, st.none() | _ids)
def test_a_notification_mark_reads_back(floor: str, newest: str | None, status: str | None, below: str | None) -> None:
    mark = NotificationMark(floor=floor, newest=newest, newest_status=status, below=below)

    assert read_notification_mark(str(mark)) == mark


@settings(deadline=None)
@given(_times, st.dictionaries(_ids, _ids), st.none() | _times)
def test_a_message_mark_reads_back(read_at: datetime, last: dict[str, str], doubted_at: datetime | None) -> None:
    mark = MessageMark(read_at=read_at, last=last, doubted_at=doubted_at)

    assert read_message_mark(str(mark)) == mark


@settings(deadline=None)
@given(
    _times,
    st.dictionaries(_ids, st.builds(Own, top=_ids, is_top_own=st.booleans(), replies=_counts, quotes=_counts)),
    st.dictionaries(
        _ids,
        st.builds(
            Reading,
            read_at=_times,
            newest_at=_times,
            seen=_counts,
            is_unfinished=st.booleans(),
            doubted_at=st.none() | _times,
        ),
    ),
)
def test_what_is_known_of_threads_reads_back(read_at: datetime, own: Any, readings: Any) -> None:
    threads = Threads(read_at=read_at, own=own, readings=readings)

    assert read_threads(str(threads)) == threads


@settings(deadline=None)
@given(st.none() | st.text() | st.recursive(st.none() | st.integers() | st.text(), st.lists).map(repr))
def test_nonsense_is_no_cursor(text: str | None) -> None:
    for read in (read_notification_mark, read_message_mark, read_threads):
        mark: object = read(text)

        assert mark is None or str(mark)


def test_a_row_that_cannot_be_read_takes_no_other_with_it() -> None:
    threads = read_threads(
        '[1763640000,{"1":["1",1,2,0],"2":["1",7,2,0],"3":null},{"1":[1763640000,0,1,0,null],"2":5}]'
    )

    assert threads is not None
    assert list(threads.own) == list(threads.readings) == ["1"]


def reading(*, read: float = 3, newest: float = 100, unfinished: bool = False) -> Reading:
    """A reading so many hours ago, of a thread whose newest status is so many hours old."""
    return Reading(read_at=NOW - read * HOUR, newest_at=NOW - newest * HOUR, seen=1, is_unfinished=unfinished)


@pytest.mark.parametrize(
    ("known", "moved", "replies", "why"),
    [
        (None, False, False, "never read"),
        (reading(unfinished=True), False, False, "unfinished"),
        (reading(), True, True, "counts moved"),
        (reading(), True, False, "counts moved"),
        (reading(read=19.9), False, True, None),
        (reading(read=20), False, False, "sweep"),
        (reading(newest=71.9), False, True, "lively"),
        (reading(newest=71.9), False, False, None),
        (reading(newest=72), False, True, None),
    ],
)
def test_a_thread_is_due_for_a_reason(known: Reading | None, moved: bool, replies: bool, why: str | None) -> None:
    found = why_due(known, has_moved=moved, has_replies=replies, now=NOW, sweep=20 * HOUR, lively=72 * HOUR)

    assert found == why


def test_an_emptiness_is_doubted_for_a_day() -> None:
    assert is_doubtful(None, NOW)
    assert is_doubtful(NOW - 23 * HOUR, NOW)
    assert not is_doubtful(NOW - 24 * HOUR, NOW)
