"""Fetching: what is stored, what is booked, and that one account's trouble is its own."""

import threading
from datetime import UTC, datetime, timedelta
from unittest.mock import patch

from tests.services.conftest import Office, account

from watchdaemon.domain.fetch import Coverage, Trouble
from watchdaemon.domain.item import Visibility
from watchdaemon.errors import AccountError, RateLimitedError, Reason, StorageError
from watchdaemon.services.poll import Errand, PollService
from watchdaemon.testing.platform import FakePlatform

ASKED = datetime(2026, 11, 23, 6, 58, tzinfo=UTC)


def test_a_complete_fetch_is_stored_and_booked(office: Office) -> None:
    office.enrol(account("badhuset"))
    office.platform.somebody_writes("badhuset", "c1", "när öppnar ni", ASKED)

    office.poll()

    (entry,) = office.store.entries()
    assert [i.text for i in office.store.items()] == ["när öppnar ni"]
    assert office.store.cursors(["badhuset"]) == {"badhuset": {"comments": "c1"}}
    assert (entry.coverage, entry.items, entry.new_items, entry.reason) == (Coverage.COMPLETE, 1, 1, None)


def test_one_accounts_trouble_leaves_the_others_alone(office: Office) -> None:
    office.enrol(account("a"), account("b"), account("c"))
    office.platform.breaks("b", AccountError("the token expired", platform="fake", reason=Reason.UNAUTHORISED))

    attempts = office.poll()

    assert {k: a.coverage for k, a in attempts.items()} == {
        "a": Coverage.COMPLETE,
        "b": Coverage.FAILED,
        "c": Coverage.COMPLETE,
    }
    assert (attempts["b"].reason, attempts["b"].needs_person) == (Reason.UNAUTHORISED, True)


def test_a_fault_in_a_plug_in_fails_only_its_batch_and_is_called_internal(office: Office) -> None:
    office.enrol(account("a"), account("b"))
    office.platform.breaks("a", ZeroDivisionError("secret words of a citizen"))

    attempts = office.poll()

    assert attempts["a"].reason is Reason.INTERNAL
    assert "secret words" not in attempts["a"].detail
    assert attempts["b"].coverage is Coverage.COMPLETE


def test_an_error_in_a_batch_fails_those_without_a_final_result_only(office: Office) -> None:
    office.platform = FakePlatform(batch_size=10)
    office.enrol(account("a"), account("b"), account("c"))
    limit = RateLimitedError("slow down", platform="fake", retry_after=timedelta(minutes=20), cause_key="fake:app")
    office.platform.breaks("b", limit)

    attempts = office.poll()

    assert office.platform.fetched == [["a", "b", "c"]]
    assert attempts["a"].coverage is Coverage.COMPLETE
    assert {attempts[k].reason for k in "bc"} == {Reason.RATE_LIMITED}
    assert attempts["c"].retry_at == office.clock() + timedelta(minutes=20)
    assert attempts["c"].cause_key == "fake:app"


def test_an_account_the_adapter_forgot_is_failed_never_quiet(office: Office) -> None:
    office.enrol(account("a"))
    office.platform.says_nothing("a")

    office.poll()

    assert [(e.coverage, e.reason) for e in office.store.entries()] == [(Coverage.FAILED, Reason.INTERNAL)]


def test_a_partial_fetch_keeps_its_items_and_its_reason(office: Office) -> None:
    office.enrol(account("a"))
    office.platform.somebody_writes("a", "c1", "hej", ASKED)
    office.platform.gives_only_part(
        "a", Trouble(reason=Reason.PERMISSION, detail="no pages_messaging", stream="messages")
    )

    office.poll()

    (entry,) = office.store.entries()
    assert (entry.coverage, entry.reason, entry.detail) == (
        Coverage.PARTIAL,
        Reason.PERMISSION,
        "messages: no pages_messaging",
    )
    assert len(office.store.items()) == 1


def test_an_account_of_an_unknown_platform_is_named_and_the_others_are_fetched(office: Office) -> None:
    office.enrol(account("a"), account("m", platform="myspace"))

    attempts = office.poll()

    assert attempts["m"].reason is Reason.NO_ADAPTER
    assert attempts["a"].coverage is Coverage.COMPLETE


def test_what_the_database_does_not_take_is_a_failed_fetch_and_comes_again(office: Office) -> None:
    office.enrol(account("a"))
    office.platform.somebody_writes("a", "c1", "hej", ASKED)

    with patch.object(office.store, "save_fetch", side_effect=StorageError("disk full")):
        failed = office.poll()["a"]
    mended = office.poll()["a"]

    assert (failed.coverage, failed.reason) == (Coverage.FAILED, Reason.STORAGE)
    assert mended.coverage is Coverage.COMPLETE
    assert [i.external_id for i in office.store.items()] == ["c1"]


def test_outside_a_window_items_are_stored_and_nothing_is_booked(office: Office) -> None:
    office.enrol(account("a"))
    office.platform.somebody_writes("a", "c1", "hej", ASKED)

    attempts = office.poller().run([Errand(account=a, window=None) for a in office.register.watched()])

    assert [(a.coverage, a.window.index) for a in attempts] == [(Coverage.COMPLETE, 0)]
    assert office.store.entries() == []
    assert len(office.store.items()) == 1


def test_a_stop_leaves_what_was_not_begun_for_the_next_run(office: Office) -> None:
    office.enrol(*(account(f"a{n}") for n in range(5)))
    stop = threading.Event()
    service = PollService(
        store=office.store, adapters=office.adapter, clock=office.clock, threads=1, on_progress=lambda _: stop.set()
    )

    attempts = service.run(office.errands(), stop=stop)

    assert [a.account for a in attempts] == ["a0"]


def test_a_question_that_its_author_deleted_is_noticed_at_the_next_fetch(office: Office) -> None:
    office.enrol(account("a"))
    office.platform.somebody_writes("a", "c1", "När öppnar ni?", ASKED)
    office.poll()
    office.judge()

    office.platform.author_deletes("a", "c1")
    office.poll()

    assert office.platform.rechecked == ["c1"]
    assert [i.visibility for i in office.store.items()] == [Visibility.DELETED]


def test_a_recheck_that_fails_does_not_spoil_the_fetch(office: Office) -> None:
    office.enrol(account("a"))
    office.platform.somebody_writes("a", "c1", "När öppnar ni?", ASKED)
    office.poll()
    office.judge()

    with patch.object(office.platform, "recheck", side_effect=ValueError("odd")):
        attempt = office.poll()["a"]

    assert attempt.coverage is Coverage.COMPLETE
    assert [i.visibility for i in office.store.items()] == [Visibility.PUBLIC]
