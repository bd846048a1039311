"""Whether an account is alive, by its own posts."""

from datetime import datetime

from watchdaemon.domain.account import Account, AccountStatus
from watchdaemon.domain.calendar import ActivityPolicy
from watchdaemon.domain.digest import Activity, Staleness
from watchdaemon.rules.workdays import WorkCalendar


def staleness(  # noqa: PLR0917 - the facts, then how to judge them
    account: Account,
    last_activity_at: datetime | None,
    watched_since: datetime | None,
    now: datetime,
    calendar: WorkCalendar,
    policy: ActivityPolicy,
) -> Staleness:
    """Judge the account's activity.

    Days are counted between local dates, so that the answer does not change in the middle of a day. From `warn_days`
    without an own post the account is stale, from `close_days` closing it is recommended (an account's own limits go
    before the policy's). A resting account is exempt through its `resting_until`, or as long as it rests when there
    is no date. Where no own post was ever seen, the days under watch are counted instead; before `warn_days` of them
    nothing is known.

    Args:
        account: The account.
        last_activity_at: When its newest own post was published; None when none was seen.
        watched_since: When it came under watch; None when it did not yet.
        now: Aware UTC.
        calendar: Gives the local dates.
        policy: The organisation's limits.
    """
    today = calendar.local_date(now)
    days = None if last_activity_at is None else max((today - calendar.local_date(last_activity_at)).days, 0)
    seen = f"the last own post is {days} days old" if days is not None else "no own post was seen"
    if account.status is AccountStatus.RESTING and (account.resting_until is None or today <= account.resting_until):
        until = f" until {account.resting_until.isoformat()}" if account.resting_until else ""
        return _made(Activity.RESTING, days, last_activity_at, f"resting{until}; {seen}")
    counted = days
    if counted is None:
        counted = 0 if watched_since is None else max((today - calendar.local_date(watched_since)).days, 0)
        seen = f"no own post was seen in {counted} days of watching"
    warn_days = policy.warn_days if account.warn_days is None else account.warn_days
    close_days = policy.close_days if account.close_days is None else account.close_days
    if counted >= close_days:
        return _made(Activity.CLOSE, days, last_activity_at, f"{seen}: closing is recommended from {close_days}")
    if counted >= warn_days:
        return _made(Activity.WARN, days, last_activity_at, f"{seen}: stale from {warn_days}")
    if days is None:
        return _made(Activity.UNKNOWN, days, last_activity_at, seen)
    return _made(Activity.ACTIVE, days, last_activity_at, seen)


def _made(activity: Activity, days: int | None, last_activity_at: datetime | None, reason: str) -> Staleness:
    return Staleness(activity=activity, days=days, last_activity_at=last_activity_at, reason=reason)
