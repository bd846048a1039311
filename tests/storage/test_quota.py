"""The quota book's pages, on every store; and what the watch log says of an account that a budget holds back."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from tests.storage.make import NOW, attempt, gap, held, reading, spent, window

from watchdaemon.domain.fetch import Coverage
from watchdaemon.domain.quota import Measure, Reach
from watchdaemon.errors import Reason
from watchdaemon.ports import Store

MONDAY = date(2026, 11, 23)
READING = reading()
HELD = held()


def test_a_limit_keeps_its_newest_reading_whatever_comes_late(store: Store) -> None:
    newer = replace(READING, percent=90.0, read_at=NOW + timedelta(seconds=1), blocked_until=NOW + timedelta(hours=1))

    store.book_usage([READING, newer], [])
    store.book_usage([replace(READING, percent=1.0)], [])

    assert store.usage() == [newer]


def test_limits_come_back_in_the_order_of_their_names(store: Store) -> None:
    other = replace(READING, holder="", name="app", reach=Reach.APP, limit=None, remaining=None, resets_at=None)

    store.book_usage([READING, other], [])

    assert store.usage() == [other, READING]


def test_spending_adds_up_by_day_account_and_measure(store: Store) -> None:
    store.book_usage([], [spent(3), spent(4), spent(1, measure=Measure.USERS)])
    store.book_usage([], [spent(5), spent(9, on=MONDAY - timedelta(days=1)), spent(2, account="")])

    assert store.spending(from_on=MONDAY) == [spent(2, account=""), spent(12), spent(1, measure=Measure.USERS)]
    assert len(store.spending(from_on=MONDAY - timedelta(days=1))) == 4


def test_old_pages_are_forgotten_and_the_rest_stays(store: Store) -> None:
    old = replace(READING, name="app", read_at=NOW - timedelta(days=1))
    store.book_usage([READING, old], [spent(3), spent(9, on=MONDAY - timedelta(days=1))])

    store.forget_usage(before=MONDAY)

    assert store.usage() == [READING]
    assert store.spending(from_on=date(2000, 1, 1)) == [spent(3)]


def test_an_account_that_waits_is_on_the_log_without_an_attempt(store: Store) -> None:
    store.book_postponed(HELD, window())

    [entry] = store.entries()
    assert (entry.coverage, entry.attempts, entry.reason) == (None, 0, Reason.QUOTA)
    assert (entry.detail, entry.cause_key, entry.retry_at) == (HELD.detail, HELD.cause_key, HELD.until)


@pytest.mark.parametrize("coverage", list(Coverage))
def test_waiting_never_speaks_over_an_attempt(store: Store, coverage: Coverage) -> None:
    booked = store.book_attempt(attempt(coverage))

    store.book_postponed(HELD, window())

    assert store.entries() == [booked]


def test_a_fetch_after_waiting_leaves_no_trace_of_it(store: Store) -> None:
    store.book_postponed(HELD, window())
    entry = store.book_attempt(attempt(Coverage.COMPLETE))

    assert (entry.coverage, entry.reason, entry.detail, entry.retry_at) == (Coverage.COMPLETE, None, "", None)


def test_a_window_that_closed_while_waiting_is_a_gap_with_its_cause(store: Store) -> None:
    store.book_postponed(HELD, window())

    assert store.book_missed([replace(gap(), reason=Reason.QUOTA, detail=HELD.detail)]) == 1

    [entry] = store.entries()
    assert (entry.coverage, entry.reason, entry.cause_key) == (Coverage.FAILED, Reason.QUOTA, HELD.cause_key)
