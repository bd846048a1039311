"""A pass: does what is owed, once, and finds by itself whatever an earlier one left."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from unittest.mock import patch

import pytest
from tests.app.conftest import BrokenPlugin, FakePlugin, Works, start

from watchdaemon.domain.alert import AlertKind
from watchdaemon.domain.delivery import DeliveryState, MailKind
from watchdaemon.domain.fetch import Coverage, Trouble
from watchdaemon.errors import AccountError, ConfigError, Reason, StorageError
from watchdaemon.plugins import LoadedPlugins

ASKED = datetime(2026, 11, 23, 6, 58, tzinfo=UTC)


def subjects(works: Works, to: str) -> list[str]:
    """The subjects one person got, in order."""
    mails = works.sink.received_by(to)
    return [str(message_from_bytes(m.message, policy=policy.default)["Subject"]) for m in mails]


def test_a_second_pass_right_after_the_first_does_nothing(works: Works) -> None:
    works.enrol("badhuset")
    works.platform.somebody_writes("badhuset", "c1", "När öppnar ni?", ASKED)

    first, second = works.app.pass_once(), works.app.pass_once()

    assert (first.fetched, first.new_items, first.judged, first.digests_queued, first.sent) == (1, 1, 1, 2, 2)
    assert not second.did_anything


def test_three_days_down_leave_gaps_on_record_one_alert_and_no_question_lost(works: Works) -> None:
    works.enrol("a", "b")
    works.app.pass_once()
    works.app.close()
    for day in (24, 25, 26):
        works.platform.somebody_writes("a", f"c{day}", "När öppnar ni?", datetime(2026, 11, day, 9, 0, tzinfo=UTC))

    works.clock.move_to(datetime(2026, 11, 26, 12, 30, tzinfo=UTC))
    works.app = start(works.config, works.clock, works.platform)
    report = works.app.pass_once()

    gaps = [e for e in works.app.store.entries() if e.reason is Reason.NOT_RUNNING]
    assert Counter(e.account for e in gaps) == {"a": 6, "b": 6}  # Mon 2, Tue 1-2, Wed 1-2, Thu 1
    assert (report.missed_windows, report.fetched, report.new_items) == (12, 2, 3)
    assert [(a.kind, a.cause, a.accounts) for a in works.app.store.alerts()] == [
        (AlertKind.DAEMON_LATE, "daemon", ("a", "b")),
        (AlertKind.QUESTION_OVERDUE, "a", ("a",)),
    ]
    assert len([s for s in subjects(works, "anna@example.org") if "väntar" in s]) == 1


def test_gaps_are_booked_once_and_never_over_a_fetched_window(works: Works) -> None:
    works.enrol("a")
    works.at(2026, 11, 23, 7, 10)
    works.at(2026, 11, 23, 12, 10)

    works.at(2026, 11, 24, 7, 10)

    assert [e.coverage for e in works.app.store.entries()] == [Coverage.COMPLETE] * 3


def test_a_passed_over_window_of_a_running_daemon_is_called_not_fetched(works: Works) -> None:
    works.enrol("a")
    works.app.pass_once()
    with patch.object(works.app.poller, "run", return_value=[]):
        works.at(2026, 11, 23, 12, 30)

    works.at(2026, 11, 23, 16, 10)

    assert [e.reason for e in works.app.store.entries()] == [None, Reason.NOT_FETCHED]


def test_a_failed_fetch_is_tried_again_within_the_window_and_recovers_by_itself(works: Works) -> None:
    works.enrol("a")
    works.platform.breaks("a", Trouble(reason=Reason.OUTAGE, detail="503"))
    works.app.pass_once()
    works.platform.recovers("a")

    works.at(2026, 11, 23, 7, 7)
    too_early = works.app.store.entries()[0].coverage
    works.at(2026, 11, 23, 7, 11)

    assert too_early is Coverage.FAILED
    assert works.app.store.entries()[0].coverage is Coverage.COMPLETE


def test_a_mail_server_away_for_three_days_costs_nothing_and_doubles_nothing(works: Works) -> None:
    works.enrol("a")
    works.platform.somebody_writes("a", "c1", "När öppnar ni?", ASKED)
    works.sink.stop()
    for day in (23, 24, 25):
        works.at(2026, 11, day, 7, 30)
        works.at(2026, 11, day, 12, 30)

    works.sink.start()
    works.at(2026, 11, 26, 7, 30)
    works.at(2026, 11, 26, 12, 30)

    ids = Counter(str(message_from_bytes(m.message, policy=policy.default)["Message-ID"]) for m in works.sink.messages)
    assert max(ids.values()) == 1
    ends = Counter((d.mail.key.kind, d.state) for d in works.app.store.deliveries())
    assert {state for _, state in ends} == {DeliveryState.SENT, DeliveryState.SUPERSEDED}
    assert ends[MailKind.DIGEST, DeliveryState.SENT] == 2  # the newest to each owner
    assert sum(n for (_, state), n in ends.items() if state is DeliveryState.SENT) == len(works.sink.messages)


def test_a_database_that_fails_in_the_middle_is_an_error_and_the_next_pass_goes_on(works: Works) -> None:
    works.enrol("a")
    works.platform.somebody_writes("a", "c1", "När öppnar ni?", ASKED)
    with (
        patch.object(works.app.store, "save_judgements", side_effect=StorageError("disk full")),
        pytest.raises(StorageError),
    ):
        works.app.pass_once()

    report = works.app.pass_once()

    assert (report.judged, report.sent) == (1, 2)


def test_managers_get_their_report_on_monday_at_half_past_seven_and_once(works: Works) -> None:
    works.enrol("a")
    works.at(2026, 11, 23, 7, 30)
    works.at(2026, 11, 30, 6, 29)
    before = subjects(works, "chris@example.org")

    works.at(2026, 11, 30, 6, 30)
    works.at(2026, 11, 30, 9, 0)

    assert before == []
    assert len(subjects(works, "chris@example.org")) == 1


def test_there_is_no_weekly_report_on_a_week_before_the_accounts_were_watched(works: Works) -> None:
    works.enrol("a")

    works.at(2026, 11, 25, 9, 0)

    assert subjects(works, "chris@example.org") == []


def test_the_autumn_clock_change_brings_two_windows_like_any_monday(works: Works) -> None:
    works.clock.move_to(datetime(2027, 10, 29, 6, 30, tzinfo=UTC))
    works.enrol("a")
    works.app.pass_once()
    now = datetime(2027, 10, 30, 0, 0, tzinfo=UTC)
    while now < datetime(2027, 11, 1, 17, 0, tzinfo=UTC):
        works.clock.move_to(now)
        works.app.pass_once()
        now += timedelta(minutes=30)

    monday = [e for e in works.app.store.entries() if e.window.on.isoformat() == "2027-11-01"]
    assert [(e.window.opens_at.hour, e.coverage) for e in monday] == [
        (7, Coverage.COMPLETE),
        (12, Coverage.COMPLETE),
    ]


def test_polling_an_unknown_account_names_it(works: Works) -> None:
    with pytest.raises(ConfigError, match="no account 'nobody'"):
        works.app.poll(["nobody"])


def test_an_account_without_an_adapter_is_told_once_and_the_others_go_on(works: Works) -> None:
    works.enrol("a")
    with pytest.raises(AccountError) as error:
        works.app.adapter("myspace")

    assert (error.value.reason, error.value.cause_key) == (Reason.NO_ADAPTER, "myspace:no-adapter")


def test_a_plug_in_that_cannot_even_be_made_stops_its_own_accounts_and_no_others(works: Works) -> None:
    works.enrol("a")
    register = works.app.register()
    broken = replace(register.accounts["a"], key="b", native_id="b", platform="broken")
    works.app.store.apply_changes(
        replace(register, accounts={**register.accounts, "b": broken}), [], by="test", at=works.clock()
    )
    plugin = FakePlugin(works.platform)
    works.app._plugins = LoadedPlugins(plugins={"fake": plugin, "broken": BrokenPlugin()})

    report = works.app.pass_once()

    entries = {e.account: e for e in works.app.store.entries()}
    assert (report.fetched, report.failed) == (1, 1)
    assert (entries["b"].reason, entries["b"].detail) == (Reason.NO_ADAPTER, "the broken adapter fails: ImportError")


def test_a_preview_sends_and_books_nothing(works: Works) -> None:
    works.enrol("a")
    works.platform.somebody_writes("a", "c1", "När öppnar ni?", ASKED)
    works.app.poll()

    mails = works.app.preview(MailKind.DIGEST)

    assert sorted(m.address for m in mails) == ["anna@example.org", "bo@example.org"]
    assert (works.app.store.deliveries(), works.sink.messages) == ([], [])


def test_the_status_line_counts_what_waits(works: Works) -> None:
    works.enrol("a")
    works.platform.somebody_writes("a", "c1", "När öppnar ni?", ASKED)
    works.app.pass_once()
    works.clock.move_to(datetime(2026, 11, 24, 16, 1, tzinfo=UTC))

    assert works.app.summary() == "watching 1 accounts; 1 questions wait, 1 overdue"
