"""Who is fetched when a budget is short: tables of what is used, and laws that hold for any."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchdaemon.domain.account import Account
from watchdaemon.domain.quota import Budget, Held, Measure, Prices, QuotaPolicy, Reach, Spending, UsageReading
from watchdaemon.domain.watch import Window
from watchdaemon.rules.quota import (
    FRESH,
    SLOW_GAP,
    UNKNOWN_COST,
    Candidate,
    Member,
    budgets_of,
    expected_costs,
    plan,
    report,
    stopped,
)
from watchdaemon.rules.schedule import FINAL_TRY

MakeAccount = Callable[..., Account]

MONDAY = date(2026, 11, 23)
NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)  # 10:30 in Stockholm: YouTube's day began at 09:00
MORNING = Window(
    on=MONDAY,
    index=1,
    opens_at=datetime(2026, 11, 23, 7, tzinfo=UTC),
    closes_at=datetime(2026, 11, 23, 11, tzinfo=UTC),
)
AFTERNOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
RESET = datetime(2026, 11, 24, 0, tzinfo=UTC)
POLICY = QuotaPolicy()


def budget(used: float, *accounts: str, **values: Any) -> Budget:
    """A day's budget of a hundred units, so that a unit is a percent."""
    given: dict[str, Any] = {
        "platform": "youtube",
        "holder": "",
        "name": "units",
        "reach": Reach.APP,
        "accounts": frozenset(accounts or ("a", "b", "c")),
        "limit": 100.0,
        "counts": (Measure.UNITS,),
        "resets_at": RESET,
    }
    return Budget(used=used, **{**given, **values})


def decide(
    *budgets: Budget, later: tuple[datetime, ...] = (), now: datetime = NOW, **candidates: Candidate
) -> tuple[list[str], dict[str, Held]]:
    """Who goes, and who is held; a, b and c owe a fetch unless others are named."""
    asking = list(candidates.values()) or [Candidate(account=key) for key in "abc"]
    run, held = plan(asking, budgets, window=MORNING, later=later, now=now, policy=POLICY)
    return run, {h.account: h for h in held}


def reading(**values: Any) -> UsageReading:
    """What an answer told of a page's limit."""
    given: dict[str, Any] = {
        "platform": "facebook",
        "holder": "a",
        "name": "pages",
        "reach": Reach.ACCOUNT,
        "percent": 95.0,
        "read_at": NOW,
    }
    return UsageReading(**{**given, **values})


def spent(amount: int, account: str = "a", **values: Any) -> Spending:
    """So much of a measure on Monday."""
    given: dict[str, Any] = {"platform": "youtube", "measure": Measure.UNITS, "on": MONDAY}
    return Spending(account=account, amount=amount, **{**given, **values})


# ---- who goes now ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("used", [0, 50, 74.9])
def test_below_the_slow_level_everybody_goes_at_once(used: float) -> None:
    assert decide(budget(used)) == (["a", "b", "c"], {})


@pytest.mark.parametrize("used", [90, 95, 100, 130])
def test_from_the_stop_level_on_nobody_goes_until_the_budget_is_full_again(used: float) -> None:
    run, held = decide(budget(used))

    assert run == []
    assert {h.until for h in held.values()} == {RESET}
    assert {h.cause_key for h in held.values()} == {"youtube:quota:units"}
    assert f"used to {used} %" in held["a"].detail


def test_a_spent_budget_stops_those_it_concerns_and_nobody_else() -> None:
    run, held = decide(budget(99, "b"), budget(10, "a", "b", "c"))

    assert (run, list(held)) == (["a", "c"], ["b"])


def test_a_limit_on_a_part_of_the_fetch_holds_nobody_back() -> None:
    assert decide(budget(100, reach=Reach.STREAM))[1] == {}


def test_what_is_only_counted_holds_nobody_back() -> None:
    assert decide(budget(10**6, limit=None))[1] == {}


def test_the_platforms_own_word_goes_before_ours() -> None:
    until = NOW + timedelta(minutes=19)

    run, held = decide(budget(3, "a", blocked_until=until))

    assert (run, held["a"].until) == (["b", "c"], until)
    assert "asks us to wait" in held["a"].detail


def test_of_two_budgets_the_one_that_lasts_longer_says_until_when() -> None:
    run, held = decide(budget(99, "a"), budget(3, "a", name="app", blocked_until=NOW + timedelta(minutes=5)))

    assert ("a" in run, held["a"].until) == (False, RESET)


def test_a_percentage_without_a_reset_is_asked_about_again_after_an_hour() -> None:
    _, held = decide(budget(95, resets_at=None, counts=(), last_used_at=NOW - timedelta(minutes=20)))

    assert held["a"].until == NOW - timedelta(minutes=20) + FRESH


# ---- spreading ---------------------------------------------------------------------------------------------------


def test_a_budget_that_is_nearly_used_lets_one_go_after_another() -> None:
    run, held = decide(budget(80))

    assert run == ["a"]
    assert [h.until for h in held.values()] == [NOW + SLOW_GAP, NOW + 2 * SLOW_GAP]


def test_the_next_ones_turn_comes_a_gap_after_the_last_use() -> None:
    just_used = budget(80, last_used_at=NOW - SLOW_GAP + timedelta(seconds=1))

    assert decide(just_used)[0] == []
    assert decide(just_used, now=NOW + timedelta(seconds=1))[0] == ["a"]


def test_where_the_window_is_short_the_gaps_are_too() -> None:
    now = MORNING.closes_at - FINAL_TRY - timedelta(minutes=1)

    run, _ = decide(budget(80), now=now)

    assert run == ["a", "b", "c"]


def test_in_the_windows_last_minutes_nothing_is_spread_any_more() -> None:
    assert decide(budget(80), now=MORNING.closes_at - FINAL_TRY)[0] == ["a", "b", "c"]


# ---- the reserve -------------------------------------------------------------------------------------------------


def test_a_part_of_the_days_budget_is_kept_for_the_afternoon() -> None:
    needs = {"a": 5.0, "b": 5.0, "c": 5.0}

    run, held = decide(budget(58, expected=needs), later=(AFTERNOON,))

    assert run == ["a", "b"]
    assert (held["c"].until, "kept for the windows to come" in held["c"].detail) == (AFTERNOON, True)


def test_the_afternoon_gets_what_the_morning_kept() -> None:
    needs = {"a": 5.0, "b": 5.0, "c": 5.0}

    assert decide(budget(68, expected=needs), later=())[0] == ["a", "b", "c"]


def test_a_window_after_the_reset_needs_no_reserve() -> None:
    tomorrow = RESET + timedelta(hours=7)

    assert decide(budget(70), later=(tomorrow,))[0] == ["a", "b", "c"]


def test_a_months_budget_keeps_what_its_windows_are_expected_to_need_and_no_more() -> None:
    month = {"resets_at": datetime(2026, 12, 1, tzinfo=UTC), "limit": 1000.0, "expected": {"a": 5.0}}
    later = tuple(NOW + timedelta(hours=12 * n) for n in range(1, 11))

    plenty = decide(budget(500, "a", **month), later=later, a=Candidate(account="a"))
    short = decide(budget(500, "a", **{**month, "expected": {"a": 60.0}}), later=later, a=Candidate(account="a"))

    assert plenty[0] == ["a"]
    assert short[0] == []


def test_an_account_that_needs_more_than_is_left_lets_the_others_go_first() -> None:
    needs = {"a": 1.0, "b": 10.0, "c": 1.0}

    run, held = decide(budget(74, expected=needs), a=Candidate(account="a"), b=Candidate(account="b"))
    alone, _ = decide(budget(74, expected={"b": 50.0}), b=Candidate(account="b"))

    assert (run, held) == (["a", "b"], {})
    assert alone == ["b"]


# ---- who can wait ------------------------------------------------------------------------------------------------

TIGHT = budget(69, expected={"a": 1.0, "b": 1.0, "c": 1.0})  # with an afternoon to come there is room for one


def test_who_was_fetched_last_waits_first() -> None:
    run, _ = decide(
        TIGHT,
        later=(AFTERNOON,),
        a=Candidate(account="a", fetched_at=NOW - timedelta(hours=1)),
        b=Candidate(account="b", fetched_at=NOW - timedelta(hours=20)),
    )

    assert run == ["b"]


def test_an_account_with_open_questions_goes_before_one_without() -> None:
    run, _ = decide(
        TIGHT,
        later=(AFTERNOON,),
        a=Candidate(account="a"),
        b=Candidate(account="b", open_questions=1, fetched_at=NOW),
    )

    assert run == ["b"]


def test_nobody_waits_in_two_windows_running_while_anything_is_left() -> None:
    run, held = decide(
        budget(80, expected={"a": 30.0}),
        later=(AFTERNOON,),
        a=Candidate(account="a", has_waited=True, fetched_at=NOW),
        b=Candidate(account="b", open_questions=9),
    )

    assert (run, list(held)) == (["a"], ["b"])


def test_even_who_has_waited_does_not_touch_what_is_left_after_the_stop() -> None:
    assert decide(budget(90), a=Candidate(account="a", has_waited=True))[0] == []


# ---- in the middle of a round ------------------------------------------------------------------------------------


def test_a_round_under_way_is_stopped_by_a_spent_budget_and_by_nothing_less() -> None:
    spread, spent_, part = budget(89), budget(90), budget(100, reach=Reach.STREAM)

    assert stopped("a", [spread, part, budget(10**6, limit=None)], NOW, POLICY) is None
    assert stopped("elsewhere", [spent_], NOW, POLICY) is None
    held = stopped("a", [spent_], NOW, POLICY)
    assert held is not None
    assert held.until == RESET


# ---- what there is -----------------------------------------------------------------------------------------------


def budgets(
    members: list[Member], usage: list[UsageReading], spending: list[Spending] | None = None, **policy: Any
) -> dict[str, Budget]:
    """The budgets by name."""
    costs = expected_costs(members, spending or [], NOW, 2)
    found = budgets_of(members, usage, spending or [], costs, policy=QuotaPolicy(**policy), now=NOW)
    return {b.name: b for b in found}


def test_youtubes_units_are_counted_by_project_and_pacific_day(make_account: MakeAccount) -> None:
    members = [
        Member(account=make_account(key, platform="youtube"), app=app)
        for key, app in (("a", "1"), ("b", "1"), ("c", "2"))
    ]
    yesterday = MONDAY - timedelta(days=1)
    spending = [spent(30), spent(4, "b"), spent(500, on=yesterday), spent(7, "c")]

    found = budgets_of(members, [], spending, expected_costs(members, [], NOW, 2), policy=POLICY, now=NOW)

    units = {b.holder: b for b in found if b.name == "units"}
    assert {app: (b.used, b.limit, b.accounts) for app, b in units.items()} == {
        "1": (34.0, 10_000.0, frozenset("ab")),
        "2": (7.0, 10_000.0, frozenset("c")),
    }
    assert units["1"].resets_at == datetime(2026, 11, 24, 8, tzinfo=UTC)


def test_posts_of_x_are_counted_by_the_month_whoever_was_asked(make_account: MakeAccount) -> None:
    member = Member(account=make_account("a", platform="x"))
    kinds = [(Measure.POSTS, "a", 3), (Measure.OWNED_POSTS, "a", 4), (Measure.USERS, "a", 5), (Measure.POSTS, "", 6)]
    spending = [spent(n, key, platform="x", measure=m, on=date(2026, 11, 2)) for m, key, n in kinds]
    spending.append(spent(99, platform="x", measure=Measure.POSTS, on=date(2026, 10, 31)))

    found = budgets([member], [], spending, x_monthly_posts=50)

    assert (found["posts"].used, found["posts"].limit) == (13, 50)
    assert (found["users"].used, found["users"].limit) == (5, None)
    assert found["posts"].resets_at == datetime(2026, 12, 1, tzinfo=UTC)
    assert budgets([member], [], spending)["posts"].limit is None


def test_a_reading_holds_until_its_reset_else_for_an_hour(make_account: MakeAccount) -> None:
    members = [Member(account=make_account("a"))]
    past, coming = NOW - timedelta(seconds=1), NOW + timedelta(seconds=1)

    def lives(**values: Any) -> bool:
        return "pages" in budgets(members, [reading(**values)])

    assert lives()
    assert not lives(read_at=NOW - FRESH)
    assert lives(read_at=NOW - 5 * FRESH, resets_at=coming)
    assert not lives(resets_at=past)
    assert lives(read_at=NOW - 5 * FRESH, blocked_until=coming)
    assert not lives(blocked_until=past)


@pytest.mark.parametrize("holder", ["a", "page-a", "900"])
def test_an_account_is_found_by_its_key_its_platforms_id_or_its_pages(make_account: MakeAccount, holder: str) -> None:
    members = [Member(account=make_account("a", extra={"page_id": "900"})), Member(account=make_account("b"))]

    found = budgets(members, [reading(holder=holder)])["pages"]

    assert (found.accounts, found.holder, found.percent) == (frozenset("a"), "a", 95)


def test_a_limit_of_nobody_we_watch_is_left_out(make_account: MakeAccount) -> None:
    assert "pages" not in budgets([Member(account=make_account("a"))], [reading(holder="someone")])
    assert "pages" not in budgets([Member(account=make_account("a", platform="x"))], [reading()])


def test_an_apps_limit_is_everybodys_who_shares_it_and_the_newest_word_holds(make_account: MakeAccount) -> None:
    members = [Member(account=make_account(key), app=app) for key, app in (("a", "1"), ("b", "1"), ("c", "2"))]
    older = reading(name="app", reach=Reach.APP, percent=99.0, read_at=NOW - timedelta(minutes=2))
    newer = replace(older, holder="b", percent=20.0, read_at=NOW)

    app = budgets(members, [newer, older])["app"]

    assert (app.accounts, app.holder, app.percent) == (frozenset("ab"), "1", 20)


def test_limit_and_remaining_are_shown_as_they_were_told(make_account: MakeAccount) -> None:
    told = reading(platform="x", name="users/me", percent=80.0, limit=75, remaining=15, resets_at=RESET)

    found = budgets([Member(account=make_account("a", platform="x"))], [told])["users/me"]

    assert (found.used, found.limit, found.percent) == (60, 75, 80)


# ---- what a fetch costs ------------------------------------------------------------------------------------------


def test_an_account_costs_what_its_last_days_cost_a_window(make_account: MakeAccount) -> None:
    member = Member(account=make_account("a", platform="youtube"), estimate={Measure.UNITS: 99.0})
    days = [spent(n, on=MONDAY - timedelta(days=d)) for d, n in ((1, 8), (2, 12), (3, 10), (4, 10), (5, 10), (6, 5000))]

    costs = expected_costs([member], [*days, spent(300)], NOW, 2)

    assert costs["a", Measure.UNITS] == 5.0
    assert costs["a", Measure.POSTS] == 0.0


def test_a_day_off_on_which_only_the_credential_was_looked_at_tells_nothing(make_account: MakeAccount) -> None:
    member = Member(account=make_account("a"))
    days = [
        spent(n, measure=Measure.CALLS, on=MONDAY - timedelta(days=d))
        for d, n in ((1, 1), (2, 1), (3, 20), (4, 30), (5, 20))
    ]

    costs = expected_costs([member], [*days, spent(25, measure=Measure.CALLS, on=MONDAY - timedelta(days=6))], NOW, 2)

    assert costs["a", Measure.CALLS] == pytest.approx((20 + 30 + 20) / 3 / 2)


def test_a_single_day_is_not_trusted_to_be_cheap(make_account: MakeAccount) -> None:
    member = Member(account=make_account("a"))
    yesterday = MONDAY - timedelta(days=1)

    cheap = expected_costs([member], [spent(1, measure=Measure.CALLS, on=yesterday)], NOW, 2)
    dear = expected_costs([member], [spent(100, measure=Measure.CALLS, on=yesterday)], NOW, 2)

    assert (cheap["a", Measure.CALLS], dear["a", Measure.CALLS]) == (UNKNOWN_COST[Measure.CALLS], 50)


def test_before_there_is_any_history_the_adapters_word_counts_and_else_a_guess(make_account: MakeAccount) -> None:
    told = Member(account=make_account("a"), estimate={Measure.CALLS: 3.0})
    silent = Member(account=make_account("b"))

    costs = expected_costs([told, silent], [], NOW, 2)

    assert costs["a", Measure.CALLS] == 3.0
    assert costs["b", Measure.CALLS] == costs["a", Measure.CALLS] + 5 == UNKNOWN_COST[Measure.CALLS]


# ---- what people see ---------------------------------------------------------------------------------------------


def test_the_report_forecasts_use_and_price_by_the_windows_to_come(make_account: MakeAccount) -> None:
    members = [Member(account=make_account("a", platform="x"))]
    days = [date(2026, 11, 19), date(2026, 11, 20)]
    spending = [spent(20, platform="x", measure=Measure.POSTS, on=on) for on in days]
    spending.append(spent(20, platform="x", measure=Measure.OWNED_POSTS, on=days[0]))
    policy = QuotaPolicy(prices=Prices(has_own_app=True))
    costs = expected_costs(members, spending, NOW, 2)
    later = (AFTERNOON, datetime(2026, 11, 24, 7, tzinfo=UTC), datetime(2026, 12, 1, 7, tzinfo=UTC))

    found = budgets_of(members, [], spending, costs, policy=policy, now=NOW)
    lines = {r.budget.name: r for r in report(found, spending, costs, later=later, now=NOW, policy=policy)}

    posts = lines["posts"]
    assert (posts.budget.used, posts.used_today, posts.forecast) == (60, 0, 60 + 2 * 15)
    assert (posts.price_usd, posts.forecast_usd) == (Decimal("0.220"), Decimal("0.220") + 2 * Decimal("0.0550"))
    assert lines["calls"].price_usd is None
    assert lines["messages"].price_usd == 0


def test_what_the_platform_counts_is_shown_without_forecast(make_account: MakeAccount) -> None:
    members = [Member(account=make_account("a"))]
    costs = expected_costs(members, [], NOW, 2)
    found = budgets_of(members, [reading()], [], costs, policy=POLICY, now=NOW)

    lines = {r.budget.name: r for r in report(found, [], costs, later=(), now=NOW, policy=POLICY)}

    assert (lines["pages"].used_today, lines["pages"].forecast, lines["pages"].price_usd) == (None, None, None)


# ---- laws --------------------------------------------------------------------------------------------------------

candidates = st.lists(
    st.builds(
        Candidate,
        account=st.sampled_from("abcdefgh"),
        open_questions=st.integers(0, 3),
        fetched_at=st.none() | st.datetimes(datetime(2026, 11, 1), datetime(2026, 11, 23), timezones=st.just(UTC)),  # noqa: DTZ001 - hypothesis adds the zone
        has_waited=st.booleans(),
    ),
    unique_by=lambda c: c.account,
)
some_budgets = st.lists(
    st.builds(
        budget,
        st.floats(0, 120),
        limit=st.none() | st.floats(0, 120),
        accounts=st.frozensets(st.sampled_from("abcdefgh")),
        reach=st.sampled_from(Reach),
        resets_at=st.none() | st.just(RESET),
        last_used_at=st.none() | st.just(NOW) | st.just(NOW - timedelta(hours=2)),
        blocked_until=st.none() | st.just(NOW + timedelta(minutes=5)),
        expected=st.dictionaries(st.sampled_from("abcdefgh"), st.floats(0, 50)),
    ),
    max_size=4,
)
instants = st.sampled_from([MORNING.opens_at, NOW, MORNING.closes_at - timedelta(seconds=1)])


@given(candidates, some_budgets, instants)
def test_everybody_either_goes_or_is_told_why_not(asking: list[Candidate], some: list[Budget], now: datetime) -> None:
    run, held = plan(asking, some, window=MORNING, later=(AFTERNOON,), now=now, policy=POLICY)

    assert sorted([*run, *(h.account for h in held)]) == sorted(c.account for c in asking)
    assert all(h.detail and h.cause_key for h in held)


@given(candidates, some_budgets, instants)
def test_whom_no_budget_concerns_is_never_held(asking: list[Candidate], some: list[Budget], now: datetime) -> None:
    untouched = [c for c in asking if not any(c.account in b.accounts for b in some)]

    run, _ = plan(asking, some, window=MORNING, later=(AFTERNOON,), now=now, policy=POLICY)

    assert {c.account for c in untouched} <= set(run)


@given(candidates, some_budgets)
def test_what_stops_a_round_lets_nobody_begin_one(asking: list[Candidate], some: list[Budget]) -> None:
    run, _ = plan(asking, some, window=MORNING, later=(), now=NOW, policy=POLICY)

    assert not [key for key in run if stopped(key, some, NOW, POLICY)]
