"""Whether an account is alive, around the limits."""

from collections.abc import Callable
from datetime import date, datetime, timedelta

import pytest

from watchdaemon.domain.account import Account, AccountStatus
from watchdaemon.domain.calendar import ActivityPolicy
from watchdaemon.domain.digest import Activity
from watchdaemon.rules.staleness import staleness
from watchdaemon.rules.workdays import WorkCalendar

Local = Callable[[str], datetime]
MakeAccount = Callable[..., Account]
POLICY = ActivityPolicy()


@pytest.mark.parametrize(
    ("days", "activity"),
    [
        (0, Activity.ACTIVE),
        (29, Activity.ACTIVE),
        (30, Activity.WARN),
        (179, Activity.WARN),
        (180, Activity.CLOSE),
        (4000, Activity.CLOSE),
    ],
)
def test_an_account_is_stale_from_30_days_and_to_be_closed_from_180(
    local: Local, make_account: MakeAccount, calendar: WorkCalendar, days: int, activity: Activity
) -> None:
    now = local("2026-11-23T08:00")
    found = staleness(make_account(), now - timedelta(days=days), now, now, calendar, POLICY)

    assert found.activity is activity
    assert found.days == days


def test_days_are_counted_between_local_dates(local: Local, make_account: MakeAccount, calendar: WorkCalendar) -> None:
    last, now = local("2026-11-22T23:50"), local("2026-11-23T00:10")

    assert staleness(make_account(), last, last, now, calendar, POLICY).days == 1


def test_an_accounts_own_limits_go_before_the_organisations(
    local: Local, make_account: MakeAccount, calendar: WorkCalendar
) -> None:
    now = local("2026-11-23T08:00")
    seasonal = make_account(warn_days=90, close_days=400)

    assert staleness(seasonal, now - timedelta(days=89), now, now, calendar, POLICY).activity is Activity.ACTIVE
    assert staleness(seasonal, now - timedelta(days=399), now, now, calendar, POLICY).activity is Activity.WARN


@pytest.mark.parametrize(
    ("today", "activity"),
    [("2026-11-22", Activity.RESTING), ("2026-11-23", Activity.RESTING), ("2026-11-24", Activity.CLOSE)],
)
def test_a_resting_account_is_exempt_through_its_last_date(
    local: Local, make_account: MakeAccount, calendar: WorkCalendar, today: str, activity: Activity
) -> None:
    now = local(f"{today}T08:00")
    resting = make_account(status=AccountStatus.RESTING, resting_until=date(2026, 11, 23))

    assert staleness(resting, now - timedelta(days=200), now, now, calendar, POLICY).activity is activity


def test_a_date_of_rest_without_resting_exempts_nobody(
    local: Local, make_account: MakeAccount, calendar: WorkCalendar
) -> None:
    now = local("2026-11-23T08:00")
    approved = make_account(resting_until=date(2027, 1, 1))

    assert staleness(approved, now - timedelta(days=31), now, now, calendar, POLICY).activity is Activity.WARN


@pytest.mark.parametrize(
    ("watched", "activity"),
    [(None, Activity.UNKNOWN), (29, Activity.UNKNOWN), (30, Activity.WARN), (180, Activity.CLOSE)],
)
def test_without_any_own_post_the_days_under_watch_count(
    local: Local, make_account: MakeAccount, calendar: WorkCalendar, watched: int | None, activity: Activity
) -> None:
    now = local("2026-11-23T08:00")
    since = None if watched is None else now - timedelta(days=watched)
    found = staleness(make_account(), None, since, now, calendar, POLICY)

    assert found.activity is activity
    assert found.days is None


def test_a_post_from_the_future_is_as_good_as_one_from_today(
    local: Local, make_account: MakeAccount, calendar: WorkCalendar
) -> None:
    now = local("2026-11-23T08:00")

    assert staleness(make_account(), now + timedelta(days=2), now, now, calendar, POLICY).days == 0
