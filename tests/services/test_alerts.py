"""Alerts: who is told of what could not be watched, once, and that it is over."""

from datetime import UTC, datetime, timedelta
from unittest.mock import patch
from zoneinfo import ZoneInfo

import pytest
from tests.services.conftest import Office, account

from watchdaemon.domain.alert import AlertKind
from watchdaemon.domain.delivery import MailKind
from watchdaemon.domain.fetch import Coverage, Trouble
from watchdaemon.domain.watch import WatchEntry
from watchdaemon.errors import Reason, StorageError
from watchdaemon.mail.render import MailRenderer
from watchdaemon.rules.schedule import windows_on
from watchdaemon.services.alerts import AlertService

AFTERNOON = datetime(2026, 11, 23, 12, 5, tzinfo=UTC)
DEAD_TOKEN = Trouble(reason=Reason.UNAUTHORISED, detail="the token was revoked", needs_person=True)


def alerts(office: Office) -> AlertService:
    """The service with the real renderer."""
    renderer = MailRenderer(organisation="Exempelkommun", sender="vakt@example.org", zone=ZoneInfo("Europe/Stockholm"))
    return AlertService(store=office.store, renderer=renderer, calendar=office.calendar, watch=office.watch)


def mailed(office: Office) -> list[str]:
    """Who was mailed, in order."""
    return [d.mail.key.recipient for d in office.store.deliveries() if d.mail.key.kind is MailKind.ALERT]


def test_a_dead_token_is_told_to_both_owners_once(office: Office) -> None:
    office.enrol(account("a"))
    office.platform.breaks("a", DEAD_TOKEN)
    office.poll()

    first = alerts(office).run(office.register, office.clock())
    office.clock.advance(timedelta(minutes=1))
    second = alerts(office).run(office.register, office.clock())

    (alert,) = office.store.alerts(only_open=True)
    assert (first, second) == (2, 0)
    assert (alert.kind, alert.cause, alert.reason) == (AlertKind.NOT_WATCHED, "a", Reason.UNAUTHORISED)
    assert mailed(office) == ["anna", "bo"]


def test_the_end_of_it_is_told_too(office: Office) -> None:
    office.enrol(account("a"))
    office.platform.breaks("a", DEAD_TOKEN)
    office.poll()
    alerts(office).run(office.register, office.clock())

    office.platform.recovers("a")
    office.clock.move_to(AFTERNOON)
    office.poll()
    over = alerts(office).run(office.register, office.clock())

    assert over == 2
    assert office.store.alerts(only_open=True) == []


def test_the_same_trouble_later_the_same_day_is_told_again(office: Office) -> None:
    office.enrol(account("a"))
    office.platform.breaks("a", DEAD_TOKEN)
    office.poll()
    alerts(office).run(office.register, office.clock())
    office.platform.recovers("a")
    office.clock.move_to(AFTERNOON)
    office.poll()
    alerts(office).run(office.register, office.clock())

    office.clock.move_to(datetime(2026, 11, 24, 7, 5, tzinfo=UTC))
    office.platform.breaks("a", DEAD_TOKEN)
    office.poll()
    again = alerts(office).run(office.register, office.clock())

    assert again == 2


def test_one_cause_shared_by_many_accounts_is_one_alert_and_one_mail_a_person(office: Office) -> None:
    office.enrol(*(account(f"a{n}") for n in range(7)))
    for n in range(7):
        trouble = Trouble(reason=Reason.UNAUTHORISED, detail="app removed", needs_person=True, cause_key="fake:app")
        office.platform.breaks(f"a{n}", trouble)
    office.poll()

    mails = alerts(office).run(office.register, office.clock())

    (alert,) = office.store.alerts(only_open=True)
    assert (mails, alert.cause, len(alert.accounts)) == (2, "fake:app", 7)


def test_a_passing_outage_is_no_alert_while_the_window_still_has_retries(office: Office) -> None:
    office.enrol(account("a"))
    office.platform.breaks("a", Trouble(reason=Reason.OUTAGE, detail="503"))
    office.poll()

    early = alerts(office).run(office.register, office.clock())
    office.clock.move_to(datetime(2026, 11, 23, 10, 56, tzinfo=UTC))
    late = alerts(office).run(office.register, office.clock())

    assert (early, late) == (0, 2)


def test_gaps_while_the_daemon_was_down_are_one_alert_also_when_all_is_fetched_since(office: Office) -> None:
    office.enrol(account("a"), account("b"))
    office.clock.move_to(AFTERNOON)
    morning = windows_on(AFTERNOON.date(), office.calendar, office.watch)[0]
    gaps = [
        WatchEntry(account=k, window=morning, coverage=Coverage.FAILED, reason=Reason.NOT_RUNNING) for k in ("a", "b")
    ]
    office.store.book_missed(gaps)
    office.poll()

    mails = alerts(office).run(office.register, office.clock(), gaps=gaps)

    (alert,) = office.store.alerts(only_open=True)
    assert (mails, alert.cause, alert.accounts) == (2, "daemon", ("a", "b"))


@pytest.mark.parametrize("step", ["open_alert", "book_alert_tellings", "queue"])
def test_a_crash_amid_the_booking_leaves_nothing_and_tells_everybody_the_next_time(office: Office, step: str) -> None:
    office.enrol(account("a"))
    office.platform.breaks("a", DEAD_TOKEN)
    office.poll()

    with patch.object(office.store, step, side_effect=StorageError("killed here")), pytest.raises(StorageError):
        alerts(office).run(office.register, office.clock())
    nothing = (mailed(office), office.store.alerts())
    office.clock.advance(timedelta(minutes=3))
    again = alerts(office).run(office.register, office.clock())

    assert nothing == ([], [])
    assert again == 2
    assert mailed(office) == ["anna", "bo"]
    assert len(office.store.alerts(only_open=True)) == 1
