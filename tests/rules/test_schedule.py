"""Watch windows and what is owed in them."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchdaemon.domain.account import Account, AccountStatus
from watchdaemon.domain.calendar import CalendarPolicy, OfficeHours, WatchPolicy, WindowSpec
from watchdaemon.domain.fetch import Coverage
from watchdaemon.domain.watch import WatchEntry, WatchState, Window
from watchdaemon.errors import Reason
from watchdaemon.rules.schedule import (
    MAX_ATTEMPTS,
    Entries,
    current_window,
    fetches_due,
    missed_windows,
    next_wakeup,
    retry_at,
    watch_state,
    windows_between,
    windows_on,
)
from watchdaemon.rules.workdays import WorkCalendar

CALENDAR = WorkCalendar(CalendarPolicy())
POLICY = WatchPolicy()
MONDAY = date(2026, 11, 23)
MORNING, AFTERNOON = windows_on(MONDAY, CALENDAR, POLICY)
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)

Local = Callable[[str], datetime]
MakeAccount = Callable[..., Account]


def spans(windows: Sequence[Window]) -> list[str]:
    zone = CALENDAR.zone
    return [f"{w.opens_at.astimezone(zone):%H:%M}-{w.closes_at.astimezone(zone):%H:%M}" for w in windows]


def at(wall: str) -> datetime:
    return CALENDAR.at(MONDAY, time.fromisoformat(wall))


def entry(window: Window, coverage: Coverage, last: str, **facts: object) -> WatchEntry:
    reason = None if coverage is Coverage.COMPLETE else Reason.OUTAGE
    made = WatchEntry(
        account="bibliotek",
        window=window,
        coverage=coverage,
        fetched_at=at(last),
        last_attempt_at=at(last),
        attempts=1,
        reason=reason,
    )
    return replace(made, **facts)  # type: ignore[arg-type]  # a test's keywords are checked by running


def owed(now: str, account: Account, *entries: WatchEntry) -> list[str]:
    log: Entries = {(e.account, e.window.key): e for e in entries}
    due = fetches_due(at(now), [account], log, {account.key: LONG_AGO}, CALENDAR, POLICY)
    return [d.reason for d in due]


# ---- windows


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        ("2026-11-23", ["08:00-12:00", "13:00-17:00"]),
        ("2026-11-22", []),
        ("2026-12-24", []),
        ("2027-03-30", ["08:00-12:00", "13:00-17:00"]),  # summer time by then
    ],
)
def test_a_working_day_has_its_windows_and_a_day_off_none(day: str, expected: list[str]) -> None:
    assert spans(windows_on(date.fromisoformat(day), CALENDAR, POLICY)) == expected


def test_days_off_have_windows_too_when_the_policy_wants_it() -> None:
    policy = replace(POLICY, fetch_non_working_days=True)

    assert spans(windows_on(date(2026, 12, 24), CALENDAR, policy)) == ["08:00-12:00", "13:00-17:00"]


@pytest.mark.parametrize(
    ("opens", "closes", "expected"),
    [
        ("08:00", "12:00", ["08:00-10:00", "10:00-12:00"]),  # the afternoon is lost: divide
        ("08:00", "13:10", ["08:00-10:35", "10:35-13:10"]),  # ten minutes are no window
        ("08:00", "15:00", ["08:00-12:00", "13:00-15:00"]),  # clipped, both are there
        ("12:00", "17:00", ["12:00-14:30", "14:30-17:00"]),  # the morning is lost
    ],
)
def test_a_half_day_keeps_as_many_windows(opens: str, closes: str, expected: list[str]) -> None:
    half = {MONDAY: OfficeHours(opens=time.fromisoformat(opens), closes=time.fromisoformat(closes))}
    calendar = WorkCalendar(CalendarPolicy(half_days=half))

    assert spans(windows_on(MONDAY, calendar, POLICY)) == expected


def test_a_window_that_is_meant_to_be_short_is_not_taken_for_lost() -> None:
    short = WindowSpec(opens=time(8), closes=time(8, 20))
    policy = replace(POLICY, windows=(short, WindowSpec(opens=time(13), closes=time(17))))

    assert spans(windows_on(MONDAY, CALENDAR, policy)) == ["08:00-08:20", "13:00-17:00"]


def test_windows_are_keyed_by_date_and_number() -> None:
    assert [w.key for w in (MORNING, AFTERNOON)] == ["2026-11-23/1", "2026-11-23/2"]


def test_windows_between_opens_at_the_start_and_not_at_the_end() -> None:
    found = list(windows_between(MORNING.opens_at, AFTERNOON.opens_at, CALENDAR, POLICY))

    assert found == [MORNING]


@pytest.mark.parametrize(
    ("now", "expected"),
    [("07:59", None), ("08:00", "/1"), ("11:59", "/1"), ("12:00", None), ("13:00", "/2"), ("17:00", None)],
)
def test_the_current_window_is_half_open(now: str, expected: str | None) -> None:
    window = current_window(at(now), CALENDAR, POLICY)

    assert (window and window.key) == (expected and f"2026-11-23{expected}")


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("2026-11-23T07:00", "2026-11-23T08:00"),
        ("2026-11-23T08:00", "2026-11-23T12:00"),
        ("2026-11-23T12:30", "2026-11-23T13:00"),
        ("2026-11-23T17:00", "2026-11-24T08:00"),
        ("2026-12-23T18:00", "2026-12-28T08:00"),
    ],
)
def test_the_next_wakeup_is_the_next_opening_or_closing(now: str, expected: str, local: Local) -> None:
    assert next_wakeup(local(now), CALENDAR, POLICY) == local(expected)


@given(st.datetimes(datetime(2026, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001 - the strategy adds the zone
def test_the_next_wakeup_is_always_ahead(now: datetime) -> None:
    assert next_wakeup(now, CALENDAR, POLICY) > now


# ---- what is owed now


def test_an_unwatched_account_owes_a_fetch_as_soon_as_the_window_opens(make_account: MakeAccount) -> None:
    assert owed("08:00", make_account()) == ["the window is open and not watched yet"]


def test_nothing_is_owed_between_the_windows(make_account: MakeAccount) -> None:
    assert owed("12:30", make_account()) == []


def test_a_complete_fetch_settles_the_window(make_account: MakeAccount) -> None:
    assert owed("11:50", make_account(), entry(MORNING, Coverage.COMPLETE, "08:01")) == []


@pytest.mark.parametrize("status", [AccountStatus.APPLIED, AccountStatus.CLOSING, AccountStatus.CLOSED])
def test_only_watched_accounts_owe_a_fetch(make_account: MakeAccount, status: AccountStatus) -> None:
    assert owed("08:00", make_account(status=status)) == []


def test_a_resting_account_is_fetched_all_the_same(make_account: MakeAccount) -> None:
    assert owed("08:00", make_account(status=AccountStatus.RESTING)) != []


def test_an_account_just_registered_owes_at_once(make_account: MakeAccount) -> None:
    due = fetches_due(at("09:17"), [make_account("ny")], {}, {}, CALENDAR, POLICY)

    assert [(d.account, d.window) for d in due] == [("ny", MORNING)]


@pytest.mark.parametrize(
    ("fetched", "now", "is_owed", "why"),
    [
        ("11:30", "13:00", False, "only an hour and a half has passed"),
        ("11:30", "13:30", True, "the two hours are over"),
        ("08:01", "13:00", True, "they were over before the window opened"),
    ],
)
def test_the_least_gap_lies_between_two_fetches(
    make_account: MakeAccount, fetched: str, now: str, is_owed: bool, why: str
) -> None:
    assert bool(owed(now, make_account(), entry(MORNING, Coverage.COMPLETE, fetched))) is is_owed, why


def test_the_gap_gives_way_to_watching(make_account: MakeAccount) -> None:
    policy = replace(POLICY, min_gap=timedelta(hours=8))
    log = {("bibliotek", MORNING.key): entry(MORNING, Coverage.COMPLETE, "11:30")}
    watched = {"bibliotek": LONG_AGO}

    assert fetches_due(at("16:44"), [make_account()], log, watched, CALENDAR, policy) == []
    assert [d.reason for d in fetches_due(at("16:45"), [make_account()], log, watched, CALENDAR, policy)] == [
        "the window closes soon: the least gap gives way"
    ]


def test_a_failed_morning_holds_nothing_back_in_the_afternoon(make_account: MakeAccount) -> None:
    assert owed("13:00", make_account(), entry(MORNING, Coverage.FAILED, "11:59")) != []


# ---- retries


@pytest.mark.parametrize(
    ("attempts", "last", "now", "is_owed"),
    [
        (1, "08:01", "08:05", False),
        (1, "08:01", "08:06", True),
        (2, "08:07", "08:21", False),
        (2, "08:07", "08:22", True),
        (3, "08:22", "08:52", True),
        (4, "08:53", "09:52", False),
        (4, "08:53", "09:53", True),
        (5, "09:54", "11:44", False),  # the retries are used up: the final try is left
        (5, "09:54", "11:45", True),
        (6, "11:45", "11:59", False),
        (1, "11:43", "11:45", True),  # the final try does not wait for the gap
        (1, "11:46", "11:59", False),  # that was the final try
    ],
)
def test_trouble_is_tried_again_after_growing_gaps(
    make_account: MakeAccount, attempts: int, last: str, now: str, is_owed: bool
) -> None:
    tried = entry(MORNING, Coverage.FAILED, last, attempts=attempts)

    assert bool(owed(now, make_account(), tried)) is is_owed


@pytest.mark.parametrize("reason", [Reason.RATE_LIMITED, Reason.OUTAGE, Reason.INCOMPLETE])
def test_a_partial_fetch_that_may_get_better_is_tried_again(make_account: MakeAccount, reason: Reason) -> None:
    assert owed("08:06", make_account(), entry(MORNING, Coverage.PARTIAL, "08:01", reason=reason)) != []


@pytest.mark.parametrize("reason", [Reason.PERMISSION, Reason.UNSUPPORTED, Reason.MALFORMED])
def test_a_partial_fetch_that_will_not_get_better_is_tried_once_more(make_account: MakeAccount, reason: Reason) -> None:
    once = entry(MORNING, Coverage.PARTIAL, "08:01", reason=reason)
    twice = entry(MORNING, Coverage.PARTIAL, "11:01", reason=reason, attempts=2)

    assert owed("10:59", make_account(), once) == []
    assert owed("11:00", make_account(), once) != []
    assert owed("11:59", make_account(), twice) == []


def test_what_a_person_must_mend_is_tried_once_more_late_in_the_window(make_account: MakeAccount) -> None:
    revoked = entry(MORNING, Coverage.FAILED, "08:01", needs_person=True, reason=Reason.UNAUTHORISED)

    assert owed("10:59", make_account(), revoked) == []
    assert owed("11:00", make_account(), revoked) != []


def test_the_platforms_wish_to_wait_is_honoured(make_account: MakeAccount) -> None:
    throttled = entry(MORNING, Coverage.FAILED, "08:01", reason=Reason.RATE_LIMITED, retry_at=at("09:30"))

    assert owed("09:29", make_account(), throttled) == []
    assert owed("09:30", make_account(), throttled) != []


def test_not_even_the_final_try_undercuts_the_platforms_wish(make_account: MakeAccount) -> None:
    spent = entry(MORNING, Coverage.FAILED, "08:01", reason=Reason.QUOTA, retry_at=at("15:00"))

    assert owed("11:50", make_account(), spent) == []


@given(
    minutes=st.lists(st.integers(0, 3), min_size=300, max_size=300),
    coverage=st.sampled_from([Coverage.FAILED, Coverage.PARTIAL]),
    reason=st.sampled_from([r for r in Reason if r not in {Reason.NOT_RUNNING, Reason.NOT_FETCHED}]),
    needs_person=st.booleans(),
)
def test_no_window_sees_more_attempts_than_the_limit(
    minutes: list[int], coverage: Coverage, reason: Reason, needs_person: bool
) -> None:
    state = WatchEntry(account="bibliotek", window=MORNING)
    now = MORNING.opens_at
    for pause in minutes:
        due = MORNING.opens_at if not state.attempts else retry_at(state)[0]
        if due is not None and due <= now < MORNING.closes_at:
            state = replace(
                state,
                coverage=coverage,
                reason=reason,
                needs_person=needs_person,
                attempts=state.attempts + 1,
                last_attempt_at=now,
                fetched_at=now,
            )
        now += timedelta(minutes=pause)

    assert 1 <= state.attempts <= MAX_ATTEMPTS


# ---- what was owed


def gaps(
    now: str, local: Local, account: Account, *, since: str, alive: list[tuple[str, str]]
) -> list[tuple[str, Reason]]:
    found = missed_windows(
        local(now),
        [account],
        {},
        {account.key: local(since)},
        CALENDAR,
        POLICY,
        alive=[(local(a), local(b)) for a, b in alive],
    )
    assert all(e.coverage is Coverage.FAILED and e.fetched_at is None and not e.attempts for e in found)
    return [(e.window.key, e.reason) for e in found if e.reason]


def test_three_days_down_leave_a_gap_for_each_window_with_its_reason(local: Local, make_account: MakeAccount) -> None:
    found = gaps(
        "2026-11-26T12:00",
        local,
        make_account(),
        since="2026-11-23T10:00",
        alive=[("2026-11-23T10:00", "2026-11-23T12:10"), ("2026-11-26T09:00", "2026-11-26T12:00")],
    )

    assert found == [
        ("2026-11-23/2", Reason.NOT_RUNNING),
        ("2026-11-24/1", Reason.NOT_RUNNING),
        ("2026-11-24/2", Reason.NOT_RUNNING),
        ("2026-11-25/1", Reason.NOT_RUNNING),
        ("2026-11-25/2", Reason.NOT_RUNNING),
        ("2026-11-26/1", Reason.NOT_FETCHED),
    ]


def test_a_window_that_is_still_open_is_not_missed(local: Local, make_account: MakeAccount) -> None:
    assert gaps("2026-11-23T11:59", local, make_account(), since="2026-11-23T08:00", alive=[]) == []


def test_a_window_with_an_entry_is_not_missed(local: Local, make_account: MakeAccount) -> None:
    log = {("bibliotek", MORNING.key): entry(MORNING, Coverage.FAILED, "08:01")}
    since = {"bibliotek": MORNING.opens_at}

    assert missed_windows(at("12:00"), [make_account()], log, since, CALENDAR, POLICY, alive=[]) == []


def test_a_window_through_which_a_budget_held_the_account_back_is_missed_and_says_so(make_account: MakeAccount) -> None:
    held = WatchEntry(account="bibliotek", window=MORNING, reason=Reason.QUOTA, detail="used to 95 %")
    log, since = {("bibliotek", MORNING.key): held}, {"bibliotek": MORNING.opens_at}
    alive = [(MORNING.opens_at, MORNING.closes_at)]

    (gap,) = missed_windows(at("12:00"), [make_account()], log, since, CALENDAR, POLICY, alive=alive)

    assert (gap.coverage, gap.reason, gap.detail) == (Coverage.FAILED, Reason.QUOTA, "used to 95 %")


def test_gaps_are_not_booked_further_back_than_sixty_days(local: Local, make_account: MakeAccount) -> None:
    found = gaps("2026-11-23T12:00", local, make_account(), since="2025-01-01T00:00", alive=[])

    assert found[0][0] == "2026-09-24/2"
    assert len(found) == 84  # an afternoon, eight weeks and a Friday, this morning


def test_an_account_that_is_not_watched_is_owed_nothing(local: Local, make_account: MakeAccount) -> None:
    closed = make_account(status=AccountStatus.CLOSED)

    assert gaps("2026-11-23T12:00", local, closed, since="2026-11-01T00:00", alive=[]) == []


@pytest.mark.parametrize(
    ("coverage", "now", "state"),
    [
        (None, "10:00", WatchState.PENDING),
        (None, "12:00", WatchState.NOT_WATCHED),
        (Coverage.COMPLETE, "10:00", WatchState.WATCHED),
        (Coverage.PARTIAL, "10:00", WatchState.PARTLY),
        (Coverage.FAILED, "10:00", WatchState.NOT_WATCHED),
        (Coverage.FAILED, "12:30", WatchState.NOT_WATCHED),
    ],
)
def test_only_a_complete_fetch_reads_watched(coverage: Coverage | None, now: str, state: WatchState) -> None:
    known = entry(MORNING, coverage, "09:00") if coverage else None

    assert watch_state(known, MORNING, at(now)) is state


def test_an_entry_without_any_fetch_reads_like_none() -> None:
    assert watch_state(WatchEntry(account="bibliotek", window=MORNING), MORNING, at("10:00")) is WatchState.PENDING
