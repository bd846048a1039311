"""Alerts and small facts, on every store."""

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.storage.make import ACCOUNT, NOW, alert, silence, telling

from watchdaemon.domain.alert import AlertKind
from watchdaemon.errors import Reason, StorageError
from watchdaemon.ports import Store

HOUR = timedelta(hours=1)


def test_an_alert_gets_a_number_and_comes_back_equal(store: Store) -> None:
    opened = store.open_alert(alert())

    assert opened is not None
    assert opened.id is not None
    assert store.alerts() == [opened] == [replace(alert(), id=opened.id)]


def test_one_cause_is_one_open_alert(store: Store) -> None:
    store.open_alert(alert())

    assert store.open_alert(alert(reason=Reason.OUTAGE)) is None
    assert store.open_alert(alert(kind=AlertKind.PARTLY_WATCHED)) is not None
    assert store.open_alert(alert("ig-badet")) is not None
    assert len(store.alerts()) == 3


def test_a_closed_cause_may_open_again(store: Store) -> None:
    first = store.open_alert(alert())
    assert first is not None
    store.update_alert(replace(first, closed_at=NOW))

    second = store.open_alert(alert(opened_at=NOW + timedelta(hours=1)))

    assert second is not None
    assert store.alerts(only_open=True) == [second]
    assert [a.id for a in store.alerts()] == [first.id, second.id]


def test_an_update_writes_back_what_may_change(store: Store) -> None:
    opened = store.open_alert(alert())
    assert opened is not None
    changed = replace(opened, accounts=("x",), items=("c1",), reason=None, detail="-", told_at=NOW, closed_at=NOW)

    store.update_alert(replace(changed, cause="ignored", kind=AlertKind.SECRET))

    assert store.alerts() == [changed]


def test_an_alert_does_not_reopen_beside_another(store: Store) -> None:
    first = store.open_alert(alert())
    assert first is not None
    store.update_alert(replace(first, closed_at=NOW))
    store.open_alert(alert())

    with pytest.raises(StorageError):
        store.update_alert(first)


def test_updating_an_unknown_alert_is_refused(store: Store) -> None:
    with pytest.raises(KeyError):
        store.update_alert(alert(id=7))
    with pytest.raises(KeyError):
        store.update_alert(alert())


def test_who_was_told_is_kept_and_replaced(store: Store) -> None:
    store.book_alert_tellings([telling(), telling("bo")])

    store.book_alert_tellings([telling(times=2, items=("c1",), last_at=NOW + HOUR)])

    assert store.alert_tellings(since=NOW) == [telling(times=2, items=("c1",), last_at=NOW + HOUR), telling("bo")]


def test_tellings_that_ended_before_are_left_out(store: Store) -> None:
    waiting, ended, ended_today = telling(), telling("bo", over_at=NOW), telling("cia", over_at=NOW + 2 * HOUR)
    store.book_alert_tellings([ended_today, ended, waiting])
    store.book_alert_tellings([])

    assert store.alert_tellings(since=NOW + HOUR) == [waiting, ended_today]


def test_a_silence_gets_a_number_and_may_end_early_but_never_later(store: Store) -> None:
    first = store.begin_silence(silence())
    second = store.begin_silence(silence(kind=AlertKind.STALE, account=ACCOUNT))
    assert first.id is not None
    assert second.id is not None

    store.end_silence(first.id, at=NOW + HOUR)
    store.end_silence(second.id, at=NOW + timedelta(days=30))

    assert store.silences() == [replace(first, ends_at=NOW + HOUR), second]


def test_an_unknown_silence_does_not_end(store: Store) -> None:
    with pytest.raises(KeyError):
        store.end_silence(7, at=NOW)


def test_a_fact_is_kept_until_it_is_replaced(store: Store) -> None:
    assert store.get_state("last_pass_at") is None

    store.set_state("last_pass_at", "a")
    store.set_state("last_pass_at", "b\x00")

    assert store.get_state("last_pass_at") == "b\ufffd"
    assert store.get_state("other") is None
