"""Where a listing is read from next: never less than what may be missing, never what is known."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from watchdaemon_adapters.x.marks import (
    GAPS_A_DAY,
    GAPS_A_READ,
    KNOWN_KEPT,
    OVERLAP,
    Mark,
    Range,
    between,
    gaps,
    has_gap,
    next_range,
    noted,
    read_mark,
    read_roots,
    write_roots,
)

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
MONTH = timedelta(days=30)
WEEK = timedelta(days=7)

instants = st.datetimes(
    min_value=datetime(2020, 1, 1),  # noqa: DTZ001 - hypothesis adds the zone
    max_value=datetime(2030, 1, 1),  # noqa: DTZ001 - the same
    timezones=st.just(UTC),
)
seconds = instants.map(lambda t: t.replace(microsecond=0))
ids = st.integers(1, 10**19 - 1)
ranges = st.builds(Range, since_id=ids, until_id=st.none() | ids) | st.builds(
    Range, start=seconds, until_id=ids, unreadable_since=st.none() | seconds
)
marks = st.builds(
    Mark,
    newest=st.none() | ids,
    newest_at=st.none() | seconds,
    read_at=seconds,
    looked_on=st.none() | st.dates(),
    rest=st.lists(ranges, max_size=3).map(tuple),
    known=st.dictionaries(ids, seconds, max_size=4),
)
any_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
)


@settings(deadline=None)
@given(mark=marks)
def test_a_mark_survives_being_stored(mark: Mark) -> None:
    assert read_mark(str(mark)) == mark


@pytest.mark.parametrize("text", [None, "", "@", "12", "[]", "{}", '{"newest":1}', "\x00", "not @ a = cursor"])
def test_a_cursor_that_is_no_mark_counts_as_none(text: str | None) -> None:
    assert read_mark(text) is None


@settings(deadline=None)
@given(name=st.sampled_from(["newest", "newest_at", "read_at", "looked_on", "rest", "known"]), value=any_json)
def test_a_mark_with_a_strange_part_is_read_as_it_is_or_counts_as_none(name: str, value: object) -> None:
    facts = json.loads(str(Mark(newest=5, newest_at=NOW, read_at=NOW, known={5: NOW})))

    mark = read_mark(json.dumps({**facts, name: value}))

    assert mark is None or read_mark(str(mark)) == mark


@settings(deadline=None)
@given(mark=st.none() | marks, now=instants, limit=st.none() | st.just(WEEK))
def test_the_next_read_asks_for_everything_above_what_is_known(
    mark: Mark | None, now: datetime, limit: timedelta | None
) -> None:
    wanted = next_range(mark, now, look_back=MONTH, limit=limit)

    assert (wanted.since_id is None) != (wanted.start is None)
    assert wanted.until_id is None
    if wanted.since_id is not None:
        assert mark is not None
        assert wanted.since_id == mark.newest
    elif mark is None:
        assert wanted.start is not None
        assert wanted.start <= now - min(MONTH, limit or MONTH) + timedelta(minutes=5)
    elif limit is None:
        assert wanted.start is not None
        assert wanted.start <= min(mark.read_at, now) - OVERLAP


def test_an_id_older_than_the_search_reaches_is_not_asked_with() -> None:
    mark = Mark(newest=50, newest_at=NOW - timedelta(days=8), read_at=NOW - timedelta(hours=4))

    wanted = next_range(mark, NOW, look_back=MONTH, limit=WEEK)

    assert wanted.since_id is None
    assert wanted.start is not None
    assert wanted.start > NOW - WEEK


@settings(deadline=None)
@given(known=st.sets(ids, max_size=30), above=ids, until=st.none() | ids)
def test_a_range_that_is_cut_holds_every_id_but_the_known_ones(known: set[int], above: int, until: int | None) -> None:
    whole = Range(since_id=above, until_id=until)

    pieces = between(known, whole)

    def is_in(post_id: int, piece: Range) -> bool:
        return post_id > (piece.since_id or 0) and (piece.until_id is None or post_id < piece.until_id)

    for post_id in {n + d for n in (*known, above, until or 7) for d in (-1, 0, 1)}:
        expected = is_in(post_id, whole) and post_id not in known
        assert sum(is_in(post_id, piece) for piece in pieces) == int(expected), post_id


def test_late_comers_are_looked_for_between_the_ids_of_two_days() -> None:
    times = {10: 60, 20: 30, 30: 20, 31: 19, 40: 1}
    mark = Mark(read_at=NOW, known={i: NOW - timedelta(hours=h) for i, h in times.items()})

    found = gaps(mark, NOW)

    # 10 is older than two days: the floor. Nothing fits between 30 and 31
    assert found == [
        Range(since_id=31, until_id=40),
        Range(since_id=20, until_id=30),
        Range(since_id=10, until_id=20),
    ]


def test_without_an_older_id_the_gaps_begin_two_days_ago() -> None:
    mark = Mark(read_at=NOW, known={40: NOW - timedelta(hours=1)})

    assert gaps(mark, NOW) == [Range(start=NOW - OVERLAP, until_id=40)]


def test_an_id_that_the_search_no_longer_reaches_is_no_floor() -> None:
    mark = Mark(read_at=NOW, known={10: NOW - timedelta(days=9), 40: NOW - timedelta(hours=1)})

    assert gaps(mark, NOW, limit=WEEK) == [Range(start=NOW - OVERLAP, until_id=40)]


def test_once_a_day_all_gaps_are_looked_through_and_else_the_newest_hours() -> None:
    known = {1000 + n * 10: NOW - timedelta(minutes=5 * n) for n in range(300)}
    first = Mark(read_at=NOW, known=known)
    later = Mark(read_at=NOW, known=known, looked_on=NOW.date())

    assert len(gaps(first, NOW)) == GAPS_A_DAY
    assert len(gaps(later, NOW)) == GAPS_A_READ
    assert gaps(None, NOW) == gaps(Mark(read_at=NOW), NOW) == []


@settings(deadline=None)
@given(mark=marks, seen=st.dictionaries(ids, st.none() | seconds, max_size=5))
def test_a_mark_never_goes_back_and_keeps_one_older_id(mark: Mark, seen: dict[int, datetime | None]) -> None:
    after = noted(mark, seen, NOW)

    assert (after.newest or 0) >= max([mark.newest or 0, *seen])
    assert len([at for at in after.known.values() if at < NOW - OVERLAP]) <= 1
    assert after.read_at == mark.read_at


def test_only_so_many_ids_are_kept() -> None:
    seen: dict[int, datetime | None] = dict.fromkeys(range(1, KNOWN_KEPT * 2), NOW)

    after = noted(Mark(read_at=NOW), seen, NOW)

    assert len(after.known) == KNOWN_KEPT
    # below the lowest kept one nothing is asked for: forgotten ids would be sent again
    assert all(r.since_id is not None for r in gaps(after, NOW))


def test_a_gap_is_told_when_more_time_passed_than_the_listing_reaches() -> None:
    assert has_gap(Mark(read_at=NOW - timedelta(days=8)), NOW, limit=WEEK)
    assert not has_gap(Mark(read_at=NOW - timedelta(days=6)), NOW, limit=WEEK)
    assert not has_gap(None, NOW, limit=WEEK)


@settings(deadline=None)
@given(st.dictionaries(st.integers(1, 10**18).map(str), seconds, max_size=4))
def test_roots_survive_being_stored(roots: dict[str, datetime]) -> None:
    assert read_roots(write_roots(roots)) == roots
