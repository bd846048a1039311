"""What a manager gets every week: each account complete, also when all is well, the worst first."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final

from watchdaemon.domain.account import Account, Person, Register
from watchdaemon.domain.calendar import ActivityPolicy
from watchdaemon.domain.digest import Activity, WeekFigures, WeeklyReport, WeeklyRow
from watchdaemon.domain.fetch import Coverage
from watchdaemon.domain.question import Question, QuestionState
from watchdaemon.domain.watch import WatchEntry, Window
from watchdaemon.rules.figures import (
    LEAST_OWNERS,
    answers_within,
    is_answered_within,
    is_in_time,
    owed_windows,
    owners_on,
)
from watchdaemon.rules.staleness import staleness
from watchdaemon.rules.workdays import WorkCalendar

SENT_FROM: Final = time(7, 30)
"""Local time on the week's first working day from which last week's report is owed."""

CHART_WEEKS: Final = 6
"""Weeks that the chart shows, the one reported on included."""

_ACTIVITY_ORDER: Final = {
    Activity.CLOSE: 0,
    Activity.WARN: 1,
    Activity.UNKNOWN: 2,
    Activity.ACTIVE: 3,
    Activity.RESTING: 4,
}


def report_period(now: datetime, calendar: WorkCalendar) -> tuple[date, date]:
    """Return the Monday and the Sunday, local dates and both inclusive, of the ISO week before the one of `now`."""
    monday = _monday(now, calendar) - timedelta(days=7)
    return monday, monday + timedelta(days=6)


def weekly_period_key(now: datetime, calendar: WorkCalendar) -> str:
    """Return the key of the week reported on at `now`: ``2026-W47``."""
    year, week, _ = report_period(now, calendar)[0].isocalendar()
    return f"{year}-W{week:02d}"


def weekly_starts_at(now: datetime, calendar: WorkCalendar) -> datetime:
    """Return when, in the week of `now`, last week's report begins to be owed; it stays so to the week's end.

    Monday 07:30 local time, or the same time on the week's first working day when Monday is off. A week without any
    working day has its Monday all the same: a report in an empty office is better than none.
    """
    monday = _monday(now, calendar)
    days = calendar.working_days(monday, monday + timedelta(days=6))
    return calendar.at(days[0] if days else monday, SENT_FROM)


def chart_weeks(from_on: date, begun: Sequence[datetime], calendar: WorkCalendar) -> list[date]:
    """Return the Mondays of the weeks that a chart up to the week of `from_on` shows, the oldest first.

    Weeks that ended before the first of the accounts came under watch are left out: nobody knows all of them.
    """
    mondays = [from_on - timedelta(weeks=n) for n in reversed(range(CHART_WEEKS))]
    first = min((calendar.local_date(at) for at in begun), default=from_on)
    return [monday for monday in mondays if monday == from_on or monday + timedelta(days=6) >= first]


@dataclass(frozen=True, slots=True, kw_only=True)
class WeekFacts:
    """What a report is made from.

    `questions` of these accounts in any state: at least those open now, those answered in the week, and those asked and
    answered in the weeks of the chart. `entries` are the watch log of the week (others are left out), `windows` the
    week's by calendar and policy; those not closed at `now` are not owed yet, nor those before `watched_since`.
    `own_posts`: at least in the weeks of the chart.
    """

    questions: Sequence[Question]
    entries: Sequence[WatchEntry]
    windows: Sequence[Window]
    last_activity: Mapping[str, datetime]
    watched_since: Mapping[str, datetime]
    own_posts: Mapping[str, Sequence[datetime]]


def build_weekly_report(
    person: Person,
    accounts: Sequence[Account],
    register: Register,
    facts: WeekFacts,
    *,
    now: datetime,
    calendar: WorkCalendar,
    activity: ActivityPolicy,
) -> WeeklyReport:
    """Build a manager's report on the ISO week before the one of `now`.

    Every account given has its row, in this order: most overdue questions, most windows not fully watched, closing
    recommended or stale before active, too few owners, most late answers, most open questions, the name.

    Args:
        person: The manager.
        accounts: The accounts the person manages.
        register: Gives the owners' names.
        facts: What is known.
        now: Aware UTC. Open and overdue are counted as of now (the overdue are among the open), answered ones by
            when the answer came: within the week, in time when not after the due time. Forwarding counts as
            answering.
        calendar: The organisation's.
        activity: The limits for staleness.
    """
    from_on, to_on = report_period(now, calendar)
    week = _Week(
        register=register, facts=facts, now=now, calendar=calendar, activity=activity, from_on=from_on, to_on=to_on
    )
    rows = sorted((_row(account, week) for account in accounts), key=_worst_first)
    return WeeklyReport(
        recipient=person, from_on=from_on, to_on=to_on, now=now, rows=tuple(rows), history=_history(accounts, week)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Week:
    """What every row is judged with."""

    register: Register
    facts: WeekFacts
    now: datetime
    calendar: WorkCalendar
    activity: ActivityPolicy
    from_on: date
    to_on: date


def _row(account: Account, week: _Week) -> WeeklyRow:
    facts, now, calendar = week.facts, week.now, week.calendar
    since = facts.watched_since.get(account.key)
    asked = [q for q in facts.questions if q.item.account == account.key]
    answered = [q for q in asked if is_answered_within(q, week.from_on, week.to_on, calendar)]
    owed = owed_windows(account, [w for w in facts.windows if w.closes_at <= now], facts.entries, since)
    owners = owners_on(account, week.register, calendar.local_date(now))
    # No machine sees what an account watched by hand posts: without a post there is nothing to judge.
    counted_since = None if any(e.is_by_hand for e in owed) else since
    posts = facts.own_posts.get(account.key, ())
    return WeeklyRow(
        account=account,
        staleness=staleness(account, facts.last_activity.get(account.key), counted_since, now, calendar, week.activity),
        windows_owed=len(owed),
        windows_watched=sum(e.is_watched for e in owed),
        windows_by_person=sum(e.is_confirmed for e in owed),
        windows_partly=sum(e.coverage is Coverage.PARTIAL for e in owed),
        open_questions=sum(q.verdict.state is QuestionState.OPEN for q in asked),
        overdue_questions=sum(q.is_overdue(now) for q in asked),
        answered_in_time=sum(is_in_time(q) for q in answered),
        answered_late=sum(not is_in_time(q) for q in answered),
        owners=owners,
        too_few_owners=len(owners) < LEAST_OWNERS,
        missed=tuple(e for e in owed if not e.is_watched),
        median_minutes=answers_within(answered, week.from_on, week.to_on, now, calendar).median_minutes,
        own_posts=sum(week.from_on <= calendar.local_date(at) <= week.to_on for at in posts),
    )


def _history(accounts: Sequence[Account], week: _Week) -> tuple[WeekFigures, ...]:
    facts, keys = week.facts, {account.key for account in accounts}
    questions = [q for q in facts.questions if q.item.account in keys]
    posts = [at for key in keys for at in facts.own_posts.get(key, ())]
    begun = [at for key, at in facts.watched_since.items() if key in keys]
    mondays = chart_weeks(week.from_on, begun, week.calendar)
    return tuple(_figures(monday, questions, posts, week.now, week.calendar) for monday in mondays)


def _monday(now: datetime, calendar: WorkCalendar) -> date:
    today = calendar.local_date(now)
    return today - timedelta(days=today.weekday())


def _figures(
    monday: date, questions: Sequence[Question], own_posts: Sequence[datetime], now: datetime, calendar: WorkCalendar
) -> WeekFigures:
    """Count a week; what was asked counts also when it was dismissed or deleted since."""
    sunday = monday + timedelta(days=6)
    answers = answers_within(questions, monday, sunday, now, calendar)
    return WeekFigures(
        from_on=monday,
        asked=sum(monday <= calendar.local_date(q.item.published_at) <= sunday for q in questions if _asks(q)),
        answered=answers.given,
        median_minutes=answers.median_minutes,
        own_posts=sum(monday <= calendar.local_date(at) <= sunday for at in own_posts),
    )


def _asks(question: Question) -> bool:
    return question.verdict.due_at is not None


def _worst_first(row: WeeklyRow) -> tuple[int, int, int, bool, int, int, str, str]:
    return (
        -row.overdue_questions,
        row.windows_watched - row.windows_owed,
        _ACTIVITY_ORDER[row.staleness.activity],
        not row.too_few_owners,
        -row.answered_late,
        -row.open_questions,
        row.account.name.casefold(),
        row.account.key,
    )
