"""What the communications unit gets every month: all accounts held against the guideline, the worst first."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Final

from watchdaemon.domain.account import Account, AccountStatus, Person, Register
from watchdaemon.domain.calendar import ActivityPolicy
from watchdaemon.domain.credential import CredentialCheck, CredentialVerdict
from watchdaemon.domain.digest import Activity
from watchdaemon.domain.fetch import Coverage
from watchdaemon.domain.overview import Breach, MonthlyOverview, OverviewRow
from watchdaemon.domain.question import Question, QuestionState
from watchdaemon.domain.watch import WatchEntry, Window
from watchdaemon.rules.figures import LEAST_OWNERS, answers_within, owed_windows, owners_on
from watchdaemon.rules.staleness import staleness
from watchdaemon.rules.workdays import WorkCalendar

SENT_FROM: Final = time(7, 30)
"""Local time on the month's first working day from which last month's overview is owed."""

ENDS_SOON: Final = timedelta(days=14)
"""An access that ends within this time is on the overview."""

_BREACH_ORDER: Final = {breach: place for place, breach in enumerate(Breach)}


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthFacts:
    """What an overview is made from. `questions` in any state, at least those open, due or answered in the month."""

    questions: Sequence[Question]
    entries: Sequence[WatchEntry]
    windows: Sequence[Window]
    last_activity: Mapping[str, datetime]
    own_posts: Mapping[str, Sequence[datetime]]
    watched_since: Mapping[str, datetime]
    credentials: Mapping[str, CredentialCheck]


def month_reported(now: datetime, calendar: WorkCalendar) -> tuple[date, date]:
    """Return the first and the last date, both inclusive, of the calendar month before the one of `now`."""
    last = calendar.local_date(now).replace(day=1) - timedelta(days=1)
    return last.replace(day=1), last


def monthly_period_key(now: datetime, calendar: WorkCalendar) -> str:
    """Return the key of the month reported on at `now`: ``2026-10``."""
    return f"{month_reported(now, calendar)[0]:%Y-%m}"


def monthly_starts_at(now: datetime, calendar: WorkCalendar) -> datetime:
    """Return when, in the month of `now`, last month's overview begins to be owed; it stays so to the month's end.

    07:30 local time on the month's first working day; on its first day when nobody works in that month.
    """
    first = calendar.local_date(now).replace(day=1)
    next_first = (first + timedelta(days=31)).replace(day=1)
    days = calendar.working_days(first, next_first - timedelta(days=1))
    return calendar.at(days[0] if days else first, SENT_FROM)


def build_overview(
    person: Person,
    register: Register,
    facts: MonthFacts,
    *,
    now: datetime,
    calendar: WorkCalendar,
    activity: ActivityPolicy,
) -> MonthlyOverview:
    """Hold every account that is not closed against the guideline, over the month before the one of `now`.

    Open, overdue, owners, activity and access are as of `now`; watching and answers are the month's. An account's
    place is that of its worst breach, then the overdue questions, the number of its breaches, the windows missed, the
    name; those without a breach come last.

    Args:
        person: The reader.
        register: The whole register.
        facts: What is known; of the windows only those closed at `now` are owed.
        now: Aware UTC.
        calendar: The organisation's.
        activity: The limits for staleness.
    """
    from_on, to_on = month_reported(now, calendar)
    month = _Month(register=register, now=now, calendar=calendar, activity=activity, from_on=from_on, to_on=to_on)
    accounts = [a for a in register.accounts.values() if a.status is not AccountStatus.CLOSED]
    rows = sorted((_row(account, facts, month) for account in accounts), key=_worst_first)
    known = {a.key for a in accounts}
    return MonthlyOverview(
        recipient=person,
        from_on=from_on,
        to_on=to_on,
        now=now,
        rows=tuple(rows),
        answers=answers_within([q for q in facts.questions if q.item.account in known], from_on, to_on, now, calendar),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Month:
    """What every row is judged with."""

    register: Register
    now: datetime
    calendar: WorkCalendar
    activity: ActivityPolicy
    from_on: date
    to_on: date


def _row(account: Account, facts: MonthFacts, month: _Month) -> OverviewRow:
    now, calendar = month.now, month.calendar
    since = facts.watched_since.get(account.key)
    closed = [w for w in facts.windows if w.closes_at <= now and month.from_on <= w.on <= month.to_on]
    owed = owed_windows(account, closed, facts.entries, since) if account.is_watched else []
    asked = [q for q in facts.questions if q.item.account == account.key]
    by_hand = any(e.is_by_hand for e in owed)
    unit = month.register.units.get(account.unit)
    check = facts.credentials.get(account.key) if account.is_watched else None
    trouble = check if _is_trouble(check, account, now) else None
    row = OverviewRow(
        account=account,
        unit=unit.name if unit is not None else account.unit,
        manager=month.register.persons.get(account.manager),
        owners=owners_on(account, month.register, calendar.local_date(now)),
        windows_owed=len(owed),
        windows_watched=sum(e.is_watched for e in owed),
        windows_partly=sum(e.coverage is Coverage.PARTIAL for e in owed),
        answers=answers_within(asked, month.from_on, month.to_on, now, calendar),
        open_questions=sum(q.verdict.state is QuestionState.OPEN for q in asked),
        overdue_questions=sum(q.is_overdue(now) for q in asked),
        own_posts=sum(
            month.from_on <= calendar.local_date(at) <= month.to_on for at in facts.own_posts.get(account.key, ())
        ),
        # No machine sees what an account watched by hand posts: without a post there is nothing to judge.
        staleness=staleness(
            account, facts.last_activity.get(account.key), None if by_hand else since, now, calendar, month.activity
        ),
        breaches=(),
        credential_reason=trouble.reason if trouble and trouble.verdict is CredentialVerdict.DEAD else None,
        credential_ends_at=trouble.expires_at if trouble and trouble.verdict is not CredentialVerdict.DEAD else None,
    )
    return _with_breaches(row, has_trouble=trouble is not None)


def _with_breaches(row: OverviewRow, *, has_trouble: bool) -> OverviewRow:
    account = row.account
    is_alive = account.is_watched
    found = {
        Breach.OVERDUE: row.overdue_questions > 0,
        Breach.CREDENTIAL: has_trouble,
        Breach.NOT_WATCHED: row.windows_watched < row.windows_owed,
        Breach.NOT_APPROVED: account.status is AccountStatus.APPLIED or (is_alive and account.approved_on is None),
        Breach.TO_CLOSE: is_alive and row.staleness.activity is Activity.CLOSE,
        Breach.TOO_FEW_OWNERS: account.status is not AccountStatus.CLOSING and len(row.owners) < LEAST_OWNERS,
        Breach.ANSWERED_LATE: row.answers.late > 0,
        Breach.STALE: is_alive and row.staleness.activity is Activity.WARN,
        Breach.NO_PURPOSE: account.status is not AccountStatus.CLOSING and not account.purpose.strip(),
    }
    return replace(row, breaches=tuple(breach for breach in Breach if found[breach]))


def _is_trouble(check: CredentialCheck | None, account: Account, now: datetime) -> bool:
    if check is None or check.credential != account.credential:
        return False
    if check.verdict is CredentialVerdict.DEAD:
        return True
    return check.expires_at is not None and check.expires_at <= now + ENDS_SOON


def _worst_first(row: OverviewRow) -> tuple[int, int, int, int, str, str]:
    worst = _BREACH_ORDER[row.breaches[0]] if row.breaches else len(Breach)
    missed = row.windows_watched - row.windows_owed
    return worst, -row.overdue_questions, -len(row.breaches), missed, row.account.name.casefold(), row.account.key
