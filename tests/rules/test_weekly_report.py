"""What a manager gets every week."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from watchdaemon.domain.account import Account, OwnerRole, Ownership, Person, Register
from watchdaemon.domain.calendar import ActivityPolicy, CalendarPolicy, WatchPolicy
from watchdaemon.domain.digest import Activity, WeeklyReport, WeeklyRow
from watchdaemon.domain.fetch import Coverage
from watchdaemon.domain.item import Item, ItemKind
from watchdaemon.domain.question import Grade, Question, QuestionState, Triage, Verdict
from watchdaemon.domain.watch import WatchEntry, Window
from watchdaemon.errors import Reason
from watchdaemon.rules.due import due_at
from watchdaemon.rules.schedule import windows_between
from watchdaemon.rules.weekly_report import (
    WeekFacts,
    build_weekly_report,
    report_period,
    weekly_period_key,
    weekly_starts_at,
)
from watchdaemon.rules.workdays import WorkCalendar

Local = Callable[[str], datetime]
MakeAccount = Callable[..., Account]

CHEF = Person(key="chef", name="Cia Chef", mail="chef@exempelkommun.example")
ANNA = Person(key="anna", name="Anna Alm", mail="anna@exempelkommun.example")
BO = Person(key="bo", name="Bo Berg", mail="bo@exempelkommun.example")
REGISTER = Register(persons={p.key: p for p in (CHEF, ANNA, BO)})


@pytest.mark.parametrize(
    ("now", "period"),
    [
        ("2026-11-23T07:30", ("2026-11-16", "2026-11-22", "2026-W47")),
        ("2026-11-29T23:59", ("2026-11-16", "2026-11-22", "2026-W47")),
        ("2027-01-07T08:00", ("2026-12-28", "2027-01-03", "2026-W53")),
        ("2026-11-23T00:10", ("2026-11-16", "2026-11-22", "2026-W47")),
    ],
)
def test_the_period_is_the_iso_week_before(
    now: str, period: tuple[str, str, str], local: Local, calendar: WorkCalendar
) -> None:
    from_on, to_on = report_period(local(now), calendar)

    assert (from_on.isoformat(), to_on.isoformat(), weekly_period_key(local(now), calendar)) == period


@pytest.mark.parametrize(
    ("now", "starts", "why"),
    [
        ("2026-11-23T00:00", "2026-11-23T07:30", "an ordinary Monday"),
        ("2026-11-27T12:00", "2026-11-23T07:30", "later in the week it is still owed since Monday"),
        ("2027-03-29T08:00", "2027-03-30T07:30", "Easter Monday is off"),
        ("2026-11-22T23:00", "2026-11-16T07:30", "Sunday belongs to the week before"),
    ],
)
def test_it_is_owed_from_half_past_seven_on_the_weeks_first_working_day(
    now: str, starts: str, why: str, local: Local, calendar: WorkCalendar
) -> None:
    assert weekly_starts_at(local(now), calendar) == local(starts), why


def test_a_week_without_a_working_day_has_its_monday(local: Local) -> None:
    closed = frozenset(date(2026, 11, 23) + timedelta(days=n) for n in range(7))
    calendar = WorkCalendar(CalendarPolicy(closed=closed))

    assert weekly_starts_at(local("2026-11-25T12:00"), calendar) == local("2026-11-23T07:30")


# ---- the report on the week of 16-22 November, made on Monday the 23rd

NOW = "2026-11-23T07:30"
Report = Callable[..., WeeklyReport]


@pytest.fixture
def windows(local: Local, calendar: WorkCalendar, policy: WatchPolicy) -> list[Window]:
    """Return the ten windows of the week."""
    return list(windows_between(local("2026-11-16T00:00"), local("2026-11-23T00:00"), calendar, policy))


@pytest.fixture
def report(local: Local, calendar: WorkCalendar, windows: list[Window]) -> Report:
    """Return a shorter way to make the report."""

    def make(*accounts: Account, **facts: object) -> WeeklyReport:
        keys = [a.key for a in accounts]
        given: dict[str, object] = {
            "questions": [],
            "own_posts": {},
            "entries": [
                WatchEntry(account=key, window=w, coverage=Coverage.COMPLETE, attempts=1)
                for key in keys
                for w in windows
            ],
            "windows": windows,
            "last_activity": dict.fromkeys(keys, local("2026-11-20T12:00")),
            "watched_since": dict.fromkeys(keys, local("2026-09-01T12:00")),
            **facts,
        }
        return build_weekly_report(
            CHEF,
            accounts,
            REGISTER,
            WeekFacts(**given),  # type: ignore[arg-type]  # as above
            now=local(NOW),
            calendar=calendar,
            activity=ActivityPolicy(),
        )

    return make


def question(
    calendar: WorkCalendar, published: datetime, state: QuestionState, answered: datetime | None = None
) -> Question:
    item = Item(
        account="bibliotek",
        platform="facebook",
        external_id=f"{published}{state}{answered}",
        thread_id="t",
        kind=ItemKind.COMMENT,
        published_at=published,
    )
    verdict = Verdict(
        account=item.account,
        external_id=item.external_id,
        triage=Triage(grade=Grade.YES, reason=""),
        state=state,
        reason="",
        due_at=due_at(published, calendar),
        answered_at=answered,
    )
    return Question(item=item, verdict=verdict, first_seen_at=published)


def only_row(report: WeeklyReport) -> WeeklyRow:
    assert len(report.rows) == 1
    return report.rows[0]


def test_an_account_where_all_is_well_has_its_row_too(report: Report, make_account: MakeAccount) -> None:
    row = only_row(report(make_account()))

    assert (row.windows_owed, row.windows_watched, row.windows_partly, row.missed) == (10, 10, 0, ())
    assert (row.open_questions, row.overdue_questions, row.answered_in_time, row.answered_late) == (0, 0, 0, 0)
    assert row.staleness.activity is Activity.ACTIVE
    assert row.staleness.days == 3
    assert row.owners == (ANNA, BO)
    assert not row.too_few_owners


def test_windows_are_counted_by_what_the_watch_log_says(
    report: Report, make_account: MakeAccount, windows: list[Window]
) -> None:
    gap = WatchEntry(account="bibliotek", window=windows[1], coverage=Coverage.FAILED, reason=Reason.NOT_RUNNING)
    partly = WatchEntry(account="bibliotek", window=windows[2], coverage=Coverage.PARTIAL, attempts=2)
    good = [WatchEntry(account="bibliotek", window=w, coverage=Coverage.COMPLETE, attempts=1) for w in windows[3:]]
    others = [WatchEntry(account="skola", window=windows[0], coverage=Coverage.COMPLETE, attempts=1)]
    row = only_row(report(make_account(), entries=[gap, partly, *good, *others]))

    assert (row.windows_owed, row.windows_watched, row.windows_partly) == (10, 7, 1)
    assert [(e.window, e.reason) for e in row.missed] == [
        (windows[0], Reason.NOT_FETCHED),
        (windows[1], Reason.NOT_RUNNING),
        (windows[2], None),
    ]


def test_windows_from_before_the_watch_began_are_not_owed(
    report: Report, make_account: MakeAccount, local: Local, windows: list[Window]
) -> None:
    since = {"bibliotek": local("2026-11-19T09:00")}

    assert only_row(report(make_account(), entries=[], watched_since=since)).windows_owed == 3
    assert only_row(report(make_account(), entries=[], watched_since={})).windows_owed == 0
    fetched = [WatchEntry(account="bibliotek", window=windows[6], coverage=Coverage.COMPLETE, attempts=1)]
    row = only_row(report(make_account(), entries=fetched, watched_since=since))

    assert (row.windows_owed, row.windows_watched) == (4, 1)


def test_questions_are_counted_as_of_now_and_answers_within_the_week(
    report: Report, make_account: MakeAccount, local: Local, calendar: WorkCalendar
) -> None:
    answered = QuestionState.ANSWERED
    asked = [
        question(calendar, local("2026-11-20T12:00"), QuestionState.OPEN),  # due today
        question(calendar, local("2026-11-10T12:00"), QuestionState.OPEN),  # overdue
        question(calendar, local("2026-11-16T12:00"), answered, local("2026-11-17T17:00")),  # at the last minute
        question(calendar, local("2026-11-16T12:01"), answered, local("2026-11-17T17:01")),  # a minute late
        question(calendar, local("2026-11-12T12:00"), QuestionState.FORWARDED, local("2026-11-16T08:00")),  # late
        question(calendar, local("2026-11-13T12:00"), answered, local("2026-11-13T13:00")),  # the week before
        question(calendar, local("2026-11-22T12:00"), answered, local("2026-11-23T07:10")),  # this week
        question(calendar, local("2026-11-16T12:02"), QuestionState.DISMISSED),
        question(calendar, local("2026-11-16T12:03"), QuestionState.GONE),
    ]
    row = only_row(report(make_account(), questions=asked))

    assert (row.open_questions, row.overdue_questions) == (2, 1)
    assert (row.answered_in_time, row.answered_late) == (1, 2)


@pytest.mark.parametrize(
    ("owners", "names", "too_few"),
    [
        ((Ownership(person="anna"), Ownership(person="bo")), ["anna", "bo"], False),
        ((Ownership(person="anna"), Ownership(person="bo", role=OwnerRole.SUBSTITUTE)), ["anna"], True),
        ((Ownership(person="anna"), Ownership(person="bo", to_on=date(2026, 11, 22))), ["anna"], True),
        ((Ownership(person="anna"), Ownership(person="anna")), ["anna"], True),
        ((Ownership(person="nobody"),), [], True),
    ],
)
def test_an_account_needs_two_owners_of_today(
    report: Report, make_account: MakeAccount, owners: tuple[Ownership, ...], names: list[str], too_few: bool
) -> None:
    row = only_row(report(make_account(owners=owners)))

    assert [p.key for p in row.owners] == names
    assert row.too_few_owners is too_few


def test_the_worst_accounts_come_first(
    report: Report, make_account: MakeAccount, local: Local, calendar: WorkCalendar, windows: list[Window]
) -> None:
    keys = ["alla-bra", "bibliotek", "inaktiv", "obevakad", "ensam"]
    accounts = [make_account(k, owners=(Ownership(person="anna"),)) if k == "ensam" else make_account(k) for k in keys]
    entries = [
        WatchEntry(account=k, window=w, coverage=Coverage.COMPLETE, attempts=1)
        for k in keys
        for w in windows
        if k != "obevakad"
    ]
    last = dict.fromkeys(keys, local("2026-11-20T12:00")) | {"inaktiv": local("2026-01-20T12:00")}
    overdue = question(calendar, local("2026-11-10T12:00"), QuestionState.OPEN)
    since = dict.fromkeys(keys, local("2026-09-01T12:00"))
    made = report(*accounts, entries=entries, last_activity=last, questions=[overdue], watched_since=since)

    assert [r.account.key for r in made.rows] == ["bibliotek", "obevakad", "inaktiv", "ensam", "alla-bra"]


def test_a_window_that_is_not_closed_yet_is_not_owed(
    report: Report, make_account: MakeAccount, windows: list[Window], local: Local
) -> None:
    coming = replace(windows[0], on=date(2026, 11, 23), opens_at=local(NOW), closes_at=local("2026-11-23T12:00"))

    assert only_row(report(make_account(), windows=[*windows, coming])).windows_owed == 10
