"""Windows that only a person can watch: owed a look, confirmed in time or not watched."""

from collections.abc import Callable
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchdaemon.domain.account import Account, Person, Register
from watchdaemon.domain.calendar import ActivityPolicy, CalendarPolicy, WatchPolicy
from watchdaemon.domain.digest import AccountWatch, Activity, Digest
from watchdaemon.domain.fetch import Coverage
from watchdaemon.domain.watch import FetchAttempt, WatchEntry, WatchState, Window
from watchdaemon.errors import Reason
from watchdaemon.rules.digest import build_digest
from watchdaemon.rules.keeping import add_attempt, add_seen
from watchdaemon.rules.schedule import fetches_due, retry_at, watch_state, windows_on
from watchdaemon.rules.weekly_report import WeekFacts, build_weekly_report
from watchdaemon.rules.workdays import WorkCalendar

Local = Callable[[str], datetime]
MakeAccount = Callable[..., Account]

CALENDAR, POLICY = WorkCalendar(CalendarPolicy()), WatchPolicy()
ANNA = Person(key="anna", name="Anna Alm", mail="anna@exempelkommun.example")


@pytest.fixture
def morning(local: Local) -> Window:
    """Return Tuesday's first window, 08-12."""
    return windows_on(local("2026-11-24T12:00").date(), CALENDAR, POLICY)[0]


def asked(window: Window, at: datetime, reason: Reason = Reason.NOT_CONFIRMED) -> WatchEntry:
    """The entry after a fetch that only said that a person must look."""
    attempt = FetchAttempt(
        account="kommunen", window=window, started_at=at, ended_at=at, coverage=Coverage.FAILED, reason=reason
    )
    return add_attempt(None, attempt)


@pytest.mark.parametrize(
    ("seen", "now", "state"),
    [
        (None, "08:05", WatchState.PENDING),
        (None, "11:59", WatchState.PENDING),
        (None, "12:00", WatchState.NOT_WATCHED),
        ("08:30", "08:31", WatchState.WATCHED),
        ("11:59", "17:00", WatchState.WATCHED),
        ("12:00", "17:00", WatchState.NOT_WATCHED),  # nobody watched while the window was open
    ],
)
def test_a_persons_word_in_the_window_watches_it(
    morning: Window, local: Local, seen: str | None, now: str, state: WatchState
) -> None:
    entry = asked(morning, local("2026-11-24T08:01"))
    if seen is not None:
        entry = add_seen(entry, "anna", local(f"2026-11-24T{seen}"))

    assert watch_state(entry, morning, local(f"2026-11-24T{now}")) is state
    assert entry.coverage is Coverage.FAILED  # whoever looked: no machine did


def test_the_word_may_come_before_the_daemon_has_asked(morning: Window, local: Local) -> None:
    entry = add_seen(WatchEntry(account="kommunen", window=morning), "anna", local("2026-11-24T08:00"))
    later = asked(morning, local("2026-11-24T08:01"))
    entry = add_attempt(
        entry,
        FetchAttempt(
            account="kommunen",
            window=morning,
            started_at=local("2026-11-24T08:01"),
            ended_at=local("2026-11-24T08:01"),
            coverage=Coverage.FAILED,
            reason=later.reason,
        ),
    )

    assert entry.is_confirmed


@given(reason=st.sampled_from([r for r in Reason if r is not Reason.NOT_CONFIRMED]))
def test_a_persons_word_never_mends_a_machines_gap(reason: Reason) -> None:
    window = windows_on(datetime.fromisoformat("2026-11-24").date(), CALENDAR, POLICY)[0]
    entry = add_seen(asked(window, window.opens_at, reason), "anna", window.opens_at)

    assert not entry.is_watched
    assert watch_state(entry, window, window.opens_at) is WatchState.NOT_WATCHED


def test_what_only_a_person_can_watch_is_not_tried_again(
    morning: Window, local: Local, make_account: MakeAccount
) -> None:
    account = make_account("kommunen")
    entry = asked(morning, local("2026-11-24T08:01"))
    log, since = {("kommunen", morning.key): entry}, {"kommunen": morning.opens_at}

    assert retry_at(entry) == (None, "only a person can watch it")
    for now in ("08:10", "10:00", "11:50"):
        assert fetches_due(local(f"2026-11-24T{now}"), [account], log, since, CALENDAR, POLICY) == []


def watch(account: Account, state: WatchState, reason: Reason | None = Reason.NOT_CONFIRMED) -> AccountWatch:
    return AccountWatch(account=account, state=state, reason=reason)


def digest_of(window: Window, now: datetime, *lines: AccountWatch) -> tuple[Digest | None, str]:
    digest, _, why = build_digest(ANNA, window, now, [w.account for w in lines], [], [], lines, CALENDAR)
    return digest, why


def test_a_look_that_is_owed_is_asked_for_in_every_window(local: Local, make_account: MakeAccount) -> None:
    for window in windows_on(local("2026-11-24T12:00").date(), CALENDAR, POLICY):
        digest, why = digest_of(window, window.opens_at, watch(make_account(), WatchState.PENDING))

        assert digest is not None
        assert [w.account.key for w in digest.to_look_at] == ["bibliotek"]
        assert why == "accounts to be looked at by a person: 1"


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        (WatchState.WATCHED, Reason.NOT_CONFIRMED),
        (WatchState.NOT_WATCHED, Reason.NOT_CONFIRMED),
        (WatchState.PENDING, None),
        (WatchState.NOT_WATCHED, Reason.OUTAGE),
    ],
)
def test_nothing_else_asks_for_a_look(
    morning: Window, make_account: MakeAccount, state: WatchState, reason: Reason | None
) -> None:
    digest, why = digest_of(morning, morning.opens_at, watch(make_account(), state, reason))

    assert (digest, why) == (None, "nothing waits")


def test_the_weekly_report_tells_a_persons_watching_from_a_machines(local: Local, make_account: MakeAccount) -> None:
    account = make_account("kommunen")
    windows = windows_on(local("2026-11-16T12:00").date(), CALENDAR, POLICY)
    confirmed, forgotten = (asked(w, w.opens_at) for w in windows)
    report = build_weekly_report(
        ANNA,
        [account],
        Register(persons={"anna": ANNA}, accounts={account.key: account}),
        WeekFacts(
            questions=[],
            entries=[add_seen(confirmed, "anna", windows[0].opens_at), forgotten],
            windows=windows,
            last_activity={},
            watched_since={"kommunen": local("2026-01-01T08:00")},
            own_posts={},
        ),
        now=local("2026-11-23T07:30"),
        calendar=CALENDAR,
        activity=ActivityPolicy(),
    )
    (row,) = report.rows

    assert (row.windows_owed, row.windows_watched, row.windows_by_person) == (2, 1, 1)
    assert [(e.window.key, e.reason) for e in row.missed] == [("2026-11-16/2", Reason.NOT_CONFIRMED)]
    # no machine sees its posts: after ten months without one there is still nothing to say
    assert row.staleness.activity is Activity.UNKNOWN
