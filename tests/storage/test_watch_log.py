"""The watch log, on every store: fetched, told and seen, never merged."""

from datetime import date, timedelta

from tests.storage.make import ACCOUNT, NOW, attempt, gap, window

from watchdaemon.domain.fetch import Coverage
from watchdaemon.domain.watch import WatchEntry
from watchdaemon.errors import Reason
from watchdaemon.ports import Store
from watchdaemon.storage import SqlStore
from watchdaemon.testing.memory import MemoryStore

TUESDAY = date(2026, 11, 24)


def test_a_first_attempt_makes_the_entry(store: Store) -> None:
    entry = store.book_attempt(attempt())

    assert entry == WatchEntry(
        account=ACCOUNT,
        window=window(),
        coverage=Coverage.COMPLETE,
        fetched_at=NOW,
        attempts=1,
        last_attempt_at=NOW,
        items=5,
        new_items=2,
    )
    assert store.entries() == [entry]


def test_every_part_of_a_troubled_attempt_comes_back(store: Store) -> None:
    booked = store.book_attempt(
        attempt(
            Coverage.FAILED,
            malformed=3,
            reason=Reason.RATE_LIMITED,
            detail="slow down\x00",
            needs_person=True,
            retry_at=NOW + timedelta(hours=1),
            cause_key="facebook/app",
        )
    )

    [entry] = store.entries()
    assert entry == booked
    assert (entry.malformed, entry.reason, entry.detail) == (3, Reason.RATE_LIMITED, "slow down\ufffd")
    assert (entry.needs_person, entry.retry_at, entry.cause_key) == (True, NOW + timedelta(hours=1), "facebook/app")


def test_a_failed_attempt_after_a_complete_one_spoils_nothing(store: Store) -> None:
    store.book_attempt(attempt(Coverage.COMPLETE))
    entry = store.book_attempt(attempt(Coverage.FAILED, minutes=10, needs_person=True))

    assert (entry.coverage, entry.reason, entry.fetched_at) == (Coverage.COMPLETE, None, NOW)
    assert (entry.attempts, entry.items, entry.new_items) == (2, 10, 4)
    assert entry.last_attempt_at == NOW + timedelta(minutes=10)
    assert entry.needs_person is False


def test_a_complete_attempt_after_failed_ones_mends_the_window(store: Store) -> None:
    store.book_attempt(attempt(Coverage.FAILED, retry_at=NOW))
    store.book_attempt(attempt(Coverage.PARTIAL, minutes=5))
    entry = store.book_attempt(attempt(Coverage.COMPLETE, minutes=10))

    assert (entry.coverage, entry.reason, entry.detail, entry.retry_at) == (Coverage.COMPLETE, None, "", None)
    assert (entry.fetched_at, entry.attempts) == (NOW + timedelta(minutes=10), 3)


def test_a_gap_is_booked_once(store: Store) -> None:
    assert store.book_missed([gap(), gap("ig-badet")]) == 2
    assert store.book_missed([gap(), gap(at=window(index=2))]) == 1
    assert store.book_missed([]) == 0
    assert len(store.entries()) == 3


def test_a_gap_never_hides_an_attempt(store: Store) -> None:
    entry = store.book_attempt(attempt(Coverage.FAILED))

    assert store.book_missed([gap()]) == 0
    assert store.entries() == [entry]


def test_an_attempt_takes_the_place_of_a_gap(store: Store) -> None:
    store.book_missed([gap()])

    entry = store.book_attempt(attempt(Coverage.FAILED))

    assert (entry.reason, entry.fetched_at, entry.attempts) == (Reason.OUTAGE, NOW, 1)


def test_a_window_that_was_only_told_of_can_still_become_a_gap(store: Store) -> None:
    store.book_told(ACCOUNT, window(), persons=["anna"], at=NOW)

    assert store.book_missed([gap()]) == 1
    [entry] = store.entries()
    assert (entry.coverage, entry.reason, entry.told_to) == (Coverage.FAILED, Reason.NOT_RUNNING, ("anna",))


def test_told_keeps_the_first_time_and_gathers_the_persons(store: Store) -> None:
    store.book_attempt(attempt())
    store.book_told(ACCOUNT, window(), persons=["anna"], at=NOW)
    store.book_told(ACCOUNT, window(), persons=["bo", "anna"], at=NOW + timedelta(minutes=9))

    [entry] = store.entries()
    assert (entry.told_at, entry.told_to) == (NOW, ("anna", "bo"))
    assert (entry.coverage, entry.seen_at, entry.seen_by) == (Coverage.COMPLETE, None, None)


def test_seen_is_the_first_person_and_says_nothing_of_the_fetch(store: Store) -> None:
    store.book_seen(ACCOUNT, window(), person="anna", at=NOW)
    store.book_seen(ACCOUNT, window(), person="bo", at=NOW + timedelta(minutes=9))

    [entry] = store.entries()
    assert (entry.seen_at, entry.seen_by) == (NOW, "anna")
    assert (entry.coverage, entry.attempts, entry.told_at) == (None, 0, None)


def test_an_attempt_leaves_told_and_seen_alone(store: Store) -> None:
    store.book_told(ACCOUNT, window(), persons=["anna"], at=NOW)
    store.book_seen(ACCOUNT, window(), person="bo", at=NOW)

    entry = store.book_attempt(attempt())

    assert (entry.told_to, entry.told_at, entry.seen_by, entry.seen_at) == (("anna",), NOW, "bo", NOW)


def test_entries_come_by_window_then_account_within_inclusive_dates(store: Store) -> None:
    store.book_missed(
        [gap("b", window(TUESDAY)), gap("b", window(index=2)), gap("b"), gap("a"), gap("a", window(date(2026, 11, 20)))]
    )

    chosen = store.entries(from_on=date(2026, 11, 23), to_on=TUESDAY)
    assert [(e.account, e.window.key) for e in chosen] == [
        ("a", "2026-11-23/1"),
        ("b", "2026-11-23/1"),
        ("b", "2026-11-23/2"),
        ("b", "2026-11-24/1"),
    ]
    assert [e.window.key for e in store.entries(account="a", to_on=date(2026, 11, 20))] == ["2026-11-20/1"]


def test_every_attempt_stays_on_record(store: SqlStore | MemoryStore) -> None:
    first = attempt(Coverage.FAILED, malformed=1, retry_at=NOW, cause_key="app", needs_person=True)
    second = attempt(Coverage.COMPLETE, minutes=5)
    tomorrow = attempt(window=window(TUESDAY))
    for one in (first, second, tomorrow):
        store.book_attempt(one)

    assert store.attempts(account=ACCOUNT, to_on=date(2026, 11, 23)) == [first, second]
    assert store.attempts(from_on=TUESDAY) == [tomorrow]
    assert store.attempts(account="ig-badet") == []


def test_watch_begins_once(store: Store) -> None:
    store.begin_watch([ACCOUNT], at=NOW)
    store.begin_watch([ACCOUNT, "ig-badet"], at=NOW + timedelta(days=1))
    store.begin_watch([], at=NOW)

    assert store.watched_since() == {ACCOUNT: NOW, "ig-badet": NOW + timedelta(days=1)}
