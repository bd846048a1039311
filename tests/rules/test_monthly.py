"""All accounts against the guideline, and the figures that reports share."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from watchdaemon.domain.account import Account, AccountStatus, Ownership, Person, Register, Unit
from watchdaemon.domain.calendar import ActivityPolicy, WatchPolicy
from watchdaemon.domain.credential import CredentialCheck, CredentialVerdict
from watchdaemon.domain.fetch import Coverage
from watchdaemon.domain.item import Item, ItemKind
from watchdaemon.domain.overview import Answers, Breach, MonthlyOverview
from watchdaemon.domain.question import Grade, Question, QuestionState, Triage, Verdict
from watchdaemon.domain.watch import WatchEntry
from watchdaemon.errors import Reason
from watchdaemon.rules.figures import answers_within
from watchdaemon.rules.monthly import (
    MonthFacts,
    build_overview,
    month_reported,
    monthly_period_key,
    monthly_starts_at,
)
from watchdaemon.rules.schedule import windows_between
from watchdaemon.rules.weekly_report import chart_weeks
from watchdaemon.rules.workdays import WorkCalendar

Local = Callable[[str], datetime]
MakeAccount = Callable[..., Account]

ANNA, BO, CHEF = (Person(key=k, name=k.title(), mail=f"{k}@example.org") for k in ("anna", "bo", "chef"))
NOW = "2026-12-01T07:30"


@pytest.mark.parametrize(
    ("now", "period", "starts"),
    [
        ("2026-12-01T07:30", ("2026-11-01", "2026-11-30", "2026-11"), "2026-12-01T07:30"),
        ("2026-11-30T23:59", ("2026-10-01", "2026-10-31", "2026-10"), "2026-11-02T07:30"),
        ("2027-01-20T12:00", ("2026-12-01", "2026-12-31", "2026-12"), "2027-01-04T07:30"),
        ("2027-05-02T12:00", ("2027-04-01", "2027-04-30", "2027-04"), "2027-05-03T07:30"),
    ],
)
def test_the_month_before_is_owed_from_half_past_seven_on_the_months_first_working_day(
    now: str, period: tuple[str, str, str], starts: str, local: Local, calendar: WorkCalendar
) -> None:
    from_on, to_on = month_reported(local(now), calendar)

    assert (from_on.isoformat(), to_on.isoformat(), monthly_period_key(local(now), calendar)) == period
    assert monthly_starts_at(local(now), calendar) == local(starts)


# ---- figures


def asked(
    published: datetime, due: datetime, answered: datetime | None = None, of: str = "bibliotek", **verdict: object
) -> Question:
    """Make a question; answered when `answered` says when, open otherwise."""
    item = Item(
        account=of,
        platform="facebook",
        external_id=f"{published.isoformat()}{answered}",
        thread_id="t",
        kind=ItemKind.COMMENT,
        published_at=published,
        text="?",
    )
    given: dict[str, object] = {
        "account": of,
        "external_id": item.external_id,
        "triage": Triage(grade=Grade.YES, reason="?"),
        "state": QuestionState.OPEN if answered is None else QuestionState.ANSWERED,
        "reason": "",
        "due_at": due,
        "answered_at": answered,
        **verdict,
    }
    return Question(item=item, verdict=Verdict(**given), first_seen_at=published)  # type: ignore[arg-type]


def test_answers_are_counted_by_when_they_were_due_and_timed_in_office_hours(
    local: Local, calendar: WorkCalendar
) -> None:
    due = local("2026-11-17T17:00")
    questions = [
        asked(local("2026-11-16T16:00"), due, local("2026-11-17T09:00")),  # two hours of office time
        asked(local("2026-11-16T10:00"), due, local("2026-11-16T10:30")),
        asked(local("2026-11-16T10:00"), due, local("2026-11-18T10:00")),  # late
        asked(local("2026-11-16T11:00"), due),
        asked(local("2026-11-16T12:00"), due, state=QuestionState.DISMISSED),
        asked(local("2026-11-16T13:00"), due, state=QuestionState.GONE),
        asked(local("2026-11-30T13:00"), local("2026-12-01T17:00")),  # not due yet
        asked(
            local("2026-10-29T13:00"), local("2026-10-30T17:00"), local("2026-11-02T09:00")
        ),  # October's, answered now
    ]

    counted = answers_within(questions, date(2026, 11, 1), date(2026, 11, 30), local(NOW), calendar)

    assert counted == Answers(due=4, in_time=2, late=1, given=4, median_minutes=120)
    assert counted.percent_in_time == 50


def test_the_first_answers_own_time_holds_when_it_is_known(local: Local, calendar: WorkCalendar) -> None:
    first = asked(local("2026-11-16T10:00"), local("2026-11-17T17:00"), local("2026-11-17T10:00"), response_minutes=5)

    assert answers_within([first], date(2026, 11, 1), date(2026, 11, 30), local(NOW), calendar).median_minutes == 5


def test_a_percentage_is_100_only_when_it_is_all() -> None:
    assert Answers(due=1_000, in_time=999).percent_in_time == 99
    assert Answers().percent_in_time is None


def test_a_chart_begins_with_the_week_in_which_watching_began(local: Local, calendar: WorkCalendar) -> None:
    monday = date(2026, 11, 16)

    assert chart_weeks(monday, [local("2026-01-02T12:00")], calendar)[0] == date(2026, 10, 12)
    assert chart_weeks(monday, [local("2026-11-15T12:00")], calendar) == [date(2026, 11, 9), monday]
    assert chart_weeks(monday, [local("2026-11-17T12:00")], calendar) == [monday]
    assert chart_weeks(monday, [], calendar) == [monday]


# ---- the overview

Make = Callable[..., MonthlyOverview]


@pytest.fixture
def make(local: Local, calendar: WorkCalendar, policy: WatchPolicy) -> Make:
    """Return a maker of overviews in which all is well, but for the facts given."""

    def made(*accounts: Account, **facts: object) -> MonthlyOverview:
        windows = list(windows_between(local("2026-11-01T00:00"), local("2026-12-01T00:00"), calendar, policy))
        keys = [a.key for a in accounts]
        given: dict[str, object] = {
            "questions": [],
            "entries": [
                WatchEntry(account=k, window=w, coverage=Coverage.COMPLETE, attempts=1) for k in keys for w in windows
            ],
            "windows": windows,
            "last_activity": dict.fromkeys(keys, local("2026-11-27T12:00")),
            "own_posts": {k: [local("2026-10-31T23:00"), local("2026-11-01T01:00")] for k in keys},
            "watched_since": dict.fromkeys(keys, local("2026-01-01T12:00")),
            "credentials": {},
            **facts,
        }
        register = Register(
            units={"kultur": Unit(key="kultur", name="Kultur")},
            persons={p.key: p for p in (ANNA, BO, CHEF)},
            accounts={a.key: a for a in accounts},
        )
        return build_overview(
            CHEF,
            register,
            MonthFacts(**given),  # type: ignore[arg-type]  # a test's shorthand
            now=local(NOW),
            calendar=calendar,
            activity=ActivityPolicy(),
        )

    return made


@pytest.fixture
def good(make_account: MakeAccount) -> Account:
    """An account about which all is well."""
    return make_account(purpose="Svara på frågor.", approved_by="chef", approved_on=date(2025, 1, 1), credential="c")


def test_an_account_about_which_all_is_well_has_no_breach_and_its_figures(make: Make, good: Account) -> None:
    (row,) = make(good).rows

    assert row.breaches == ()
    assert (row.windows_owed, row.windows_watched, row.percent_watched, row.own_posts) == (42, 42, 100, 1)
    assert (row.unit, row.manager, row.owners) == ("Kultur", CHEF, (ANNA, BO))


@pytest.mark.parametrize(
    ("change", "breach"),
    [
        ({"owners": (Ownership(person="anna"),)}, Breach.TOO_FEW_OWNERS),
        ({"purpose": " "}, Breach.NO_PURPOSE),
        ({"approved_on": None}, Breach.NOT_APPROVED),
        ({"status": AccountStatus.APPLIED}, Breach.NOT_APPROVED),
        ({"status": AccountStatus.CLOSING, "owners": (), "purpose": ""}, None),
    ],
)
def test_what_the_register_says_against_the_guideline_is_a_breach(
    change: dict[str, object], breach: Breach | None, make: Make, good: Account
) -> None:
    (row,) = make(replace(good, **change)).rows  # type: ignore[arg-type]  # as above

    assert row.breaches == (() if breach is None else (breach,))


def test_a_closed_account_is_not_on_the_overview(make: Make, good: Account) -> None:
    assert make(replace(good, status=AccountStatus.CLOSED)).rows == ()


def test_missed_windows_are_a_breach_and_windows_before_watching_are_not_owed(
    make: Make, good: Account, local: Local
) -> None:
    missed = make(good, entries=[]).rows[0]
    young = make(good, watched_since={good.key: local("2026-11-30T07:00")}, entries=[]).rows[0]

    assert (missed.windows_owed, missed.windows_watched, missed.breaches) == (42, 0, (Breach.NOT_WATCHED,))
    assert young.windows_owed == 2


def test_overdue_late_and_old_are_breaches(make: Make, good: Account, local: Local) -> None:
    due = local("2026-11-17T17:00")
    questions = [asked(local("2026-11-16T10:00"), due), asked(local("2026-11-16T10:00"), due, due + timedelta(days=1))]
    old = {good.key: local("2026-05-01T12:00")}

    assert make(good, questions=questions).rows[0].breaches == (Breach.OVERDUE, Breach.ANSWERED_LATE)
    assert make(good, last_activity=old).rows[0].breaches == (Breach.TO_CLOSE,)


@pytest.mark.parametrize(
    ("check", "is_breach"),
    [
        ({"verdict": CredentialVerdict.DEAD, "reason": Reason.UNAUTHORISED}, True),
        ({"verdict": CredentialVerdict.VALID, "expires_at": "2026-12-10T12:00"}, True),
        ({"verdict": CredentialVerdict.VALID, "expires_at": "2027-02-10T12:00"}, False),
        ({"verdict": CredentialVerdict.DEAD, "credential": "another"}, False),
    ],
)
def test_an_access_that_is_dead_or_ends_soon_is_a_breach(
    check: dict[str, object], is_breach: bool, make: Make, good: Account, local: Local
) -> None:
    if isinstance(ends := check.get("expires_at"), str):
        check = {**check, "expires_at": local(ends)}
    found = CredentialCheck(**{"account": good.key, "credential": "c", "tried_at": local(NOW), **check})  # type: ignore[arg-type]

    (row,) = make(good, credentials={good.key: found}).rows

    assert row.breaches == ((Breach.CREDENTIAL,) if is_breach else ())
    assert (row.credential_ends_at is not None) is (is_breach and "expires_at" in check)


def test_the_worst_comes_first(make: Make, make_account: MakeAccount, good: Account, local: Local) -> None:
    accounts: Sequence[Account] = [
        replace(good, key="e", name="E"),
        replace(good, key="d", name="D", purpose=""),
        replace(good, key="c", name="C", owners=(), purpose=""),
        replace(good, key="b", name="B", owners=()),
        replace(good, key="a", name="A"),
    ]
    overdue = asked(local("2026-11-16T10:00"), local("2026-11-17T17:00"), of="e")

    assert [row.account.key for row in make(*accounts, questions=[overdue]).rows] == ["e", "c", "b", "d", "a"]


def test_more_overdue_questions_outweigh_more_kinds_of_breach(
    make: Make, make_account: MakeAccount, good: Account, local: Local
) -> None:
    accounts = [replace(good, key="many"), replace(good, key="one", purpose="")]
    when = (local("2026-11-16T10:00"), local("2026-11-17T17:00"))
    questions = [asked(*when, of="one"), asked(*when, of="many"), asked(*when, of="many")]

    assert [row.account.key for row in make(*accounts, questions=questions).rows] == ["many", "one"]
