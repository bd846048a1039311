"""Economy: which of the accounts that owe a fetch are fetched now, and which wait because a budget is short.

A budget that stands at its limit's `stop_percent` runs nothing; from `slow_percent` on, errands are spread over the
window; and what the windows to come need before the budget is full again is kept for them. Who waits is chosen by who
can best wait, and nobody waits in two windows running while there is anything left at all.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from statistics import median
from typing import Final

from watchdaemon.domain.account import Account
from watchdaemon.domain.quota import (
    Budget,
    BudgetReport,
    Held,
    Measure,
    QuotaPolicy,
    Reach,
    Spending,
    UsageReading,
    day_ends_at,
    usage_day,
)
from watchdaemon.domain.watch import Window
from watchdaemon.rules.schedule import FINAL_TRY

FRESH: Final = timedelta(hours=1)
"""So long a reading without a reset is believed: Meta's windows roll, and only another answer tells how far."""

SLOW_GAP: Final = timedelta(minutes=5)
"""Between two errands of a budget that is nearly used, where the window leaves time for it."""

TICK: Final = timedelta(minutes=1)
"""From one pass to the next."""

SHORT_PERIOD: Final = timedelta(hours=36)
"""A budget that is full again within so long keeps `reserve_percent`; a month's keeps what its windows need."""

HISTORY_DAYS: Final = 5
"""So many of an account's last days tell what it costs."""

UNKNOWN_COST: Final[Mapping[Measure, float]] = {
    Measure.CALLS: 8.0,
    Measure.UNITS: 8.0,
    Measure.POSTS: 5.0,
    Measure.USERS: 3.0,
    Measure.MESSAGES: 3.0,
}
"""What an account is taken to cost in a window before anything is known of it."""

X_MEASURES: Final = (
    ("posts", (Measure.POSTS, Measure.OWNED_POSTS)),
    ("users", (Measure.USERS,)),
    ("messages", (Measure.MESSAGES,)),
)

Days = dict[date, dict[Measure, int]]
"""What was used of each measure, by day."""

Costs = Mapping[tuple[str, Measure], float]
"""What a window's fetch of an account takes, by account and measure."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """An account, and whose budget it draws on."""

    account: Account
    app: str = ""  # names the app or project; accounts of a platform with the same name share its budgets
    estimate: Mapping[Measure, float] = field(default_factory=dict)  # the adapter's own, by measure


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """An account that owes a fetch, and what tells how well it can wait."""

    account: str
    open_questions: int = 0
    fetched_at: datetime | None = None  # last complete fetch; None: none that is known
    has_waited: bool = False  # a budget held it back throughout the window before


# ---- what there is ---------------------------------------------------------------------------------------------


def expected_costs(members: Sequence[Member], spending: Iterable[Spending], now: datetime, windows_a_day: int) -> Costs:
    """Return what a window takes of each account: from its last days, else the adapter's word, else a guess."""
    days: dict[str, Days] = defaultdict(lambda: defaultdict(lambda: defaultdict(int)))
    for spent in spending:
        days[spent.account][spent.on][spent.measure] += spent.amount
    costs: dict[tuple[str, Measure], float] = {}
    for member in members:
        key = member.account.key
        past = _days_fetched(days[key], before=usage_day(member.account.platform, now))
        for measure in Measure:
            unknown = member.estimate.get(measure, UNKNOWN_COST.get(measure, 0.0))
            total = sum(days[key][on].get(measure, 0) for on in past)
            known = total / (max(1, len(past)) * max(1, windows_a_day))
            # one day alone may have been half a day
            costs[key, measure] = known if len(past) > 1 else max(known, unknown)
    return costs


def _days_fetched(days: Days, *, before: date) -> list[date]:
    """Return the last days on which the account was fetched, by the calls of each.

    On a day off only its credential may have been looked at: far fewer calls than on an ordinary day.
    """
    past = sorted(on for on in days if on < before)[-HISTORY_DAYS:]
    calls = {on: sum(days[on].values()) for on in past}
    usual = median(calls.values()) if calls else 0
    return [on for on in past if 3 * calls[on] >= usual]


def budgets_of(
    members: Sequence[Member],
    usage: Iterable[UsageReading],
    spending: Sequence[Spending],
    costs: Costs,
    *,
    policy: QuotaPolicy,
    now: datetime,
) -> list[Budget]:
    """Return every budget that concerns one of the members: those we count, and those the platforms tell of.

    Args:
        members: The accounts under watch.
        usage: The newest reading of each limit.
        spending: At least this month's.
        costs: From `expected_costs`.
        policy: The limits that nobody tells.
        now: Aware UTC.
    """
    return [*_counted(members, spending, costs, policy, now), *_told(members, usage, now)]


def _counted(
    members: Sequence[Member], spending: Sequence[Spending], costs: Costs, policy: QuotaPolicy, now: datetime
) -> Iterator[Budget]:
    for (platform, app), sharing in _by_app(members).items():
        keys = frozenset(m.account.key for m in sharing)
        payers, today = _payers(keys, app), usage_day(platform, now)
        mine = [s for s in spending if s.platform == platform and s.account in payers]
        for name, counts, limit, start, resets_at in _periods(platform, policy, now):
            used = sum(s.amount for s in mine if s.measure in counts and start <= s.on <= today)
            expected = {key: sum(costs.get((key, m), 0.0) for m in counts) for key in keys}
            yield Budget(
                platform=platform,
                holder=app,
                name=name,
                reach=Reach.APP,
                accounts=keys,
                used=float(used),
                limit=limit,
                counts=counts,
                resets_at=resets_at,
                expected=expected,
            )


def has_counted_limit(platform: str, policy: QuotaPolicy) -> bool:
    """Tell whether a platform has a limit that only our own counting can tell of."""
    return platform == "youtube" or (platform == "x" and policy.x_monthly_posts is not None)


def counted_since(platform: str, now: datetime) -> date:
    """Return since which day spending counts against a budget of the platform that is not full again yet."""
    today = usage_day(platform, now)
    return today.replace(day=1) if platform == "x" else today


def _periods(
    platform: str, policy: QuotaPolicy, now: datetime
) -> Iterator[tuple[str, tuple[Measure, ...], float | None, date, datetime]]:
    """Yield what is counted on a platform: name, measures, limit, since which day, and when it begins anew."""
    today, tomorrow = usage_day(platform, now), day_ends_at(platform, now)
    yield "calls", (Measure.CALLS,), None, today, tomorrow
    if platform == "youtube":
        yield "units", (Measure.UNITS,), float(policy.youtube_daily_units), today, tomorrow
    if platform == "x":
        first = counted_since(platform, now)
        following = (first + timedelta(days=32)).replace(day=1)
        resets_at = datetime(following.year, following.month, 1, tzinfo=UTC)
        for name, counts in X_MEASURES:
            is_limited = name == "posts" and policy.x_monthly_posts is not None
            yield name, counts, float(policy.x_monthly_posts or 0) if is_limited else None, first, resets_at


def _told(members: Sequence[Member], usage: Iterable[UsageReading], now: datetime) -> Iterator[Budget]:
    """Yield the limits that platforms tell of, where what they told still holds; of an app's the newest word."""
    found: dict[tuple[str, str, str], tuple[UsageReading, frozenset[str], str]] = {}
    named = {(m.account.platform, name): m for m in members for name in _names(m.account)}
    apps = {key: frozenset(m.account.key for m in sharing) for key, sharing in _by_app(members).items()}
    for reading in usage:
        if not _is_live(reading, now):
            continue
        accounts, holder = _concerned(reading, named, apps)
        key = (reading.platform, holder, reading.name)
        if accounts and (key not in found or found[key][0].read_at < reading.read_at):
            found[key] = (reading, accounts, holder)
    for reading, accounts, holder in found.values():
        is_exact = reading.limit is not None and reading.remaining is not None and reading.percent < 100
        yield Budget(
            platform=reading.platform,
            holder=holder,
            name=reading.name,
            reach=reading.reach,
            accounts=accounts,
            used=float(reading.limit - reading.remaining) if is_exact else reading.percent,  # type: ignore[operator]  # is_exact
            limit=float(reading.limit) if is_exact else 100.0,  # type: ignore[arg-type]  # is_exact
            resets_at=reading.resets_at,
            blocked_until=reading.blocked_until,
            last_used_at=reading.read_at,
        )


def _is_live(reading: UsageReading, now: datetime) -> bool:
    if reading.blocked_until is not None:
        return now < reading.blocked_until
    return now < (reading.resets_at or reading.read_at + FRESH)


def _concerned(
    reading: UsageReading,
    named: Mapping[tuple[str, str], Member],
    apps: Mapping[tuple[str, str], frozenset[str]],
) -> tuple[frozenset[str], str]:
    """Return whom a reading concerns, and what to call its holder: the account, or the app for all that share it."""
    member = named.get((reading.platform, reading.holder)) if reading.holder else None
    if reading.reach is not Reach.APP:
        return (frozenset({member.account.key}), member.account.key) if member else (frozenset(), "")
    app = member.app if member else ""
    return apps.get((reading.platform, app), frozenset()), app


def _names(account: Account) -> tuple[str, ...]:
    """Return what a platform may call the account; a page that belongs to it is among its extras."""
    return account.key, account.native_id, *account.extra.values()


def _by_app(members: Sequence[Member]) -> dict[tuple[str, str], list[Member]]:
    groups: dict[tuple[str, str], list[Member]] = defaultdict(list)
    for member in members:
        groups[member.account.platform, member.app].append(member)
    return groups


# ---- who goes now ----------------------------------------------------------------------------------------------


def plan(
    candidates: Sequence[Candidate],
    budgets: Sequence[Budget],
    *,
    window: Window,
    later: Sequence[datetime],
    now: datetime,
    policy: QuotaPolicy,
) -> tuple[list[str], list[Held]]:
    """Return who is fetched now, most urgent first, and who is held back and why.

    First comes who was held back in the window before, then who has open questions, then whose last complete fetch is
    longest ago. What is held back is asked about again at the next pass.

    Args:
        candidates: The accounts that owe a fetch at `now`.
        budgets: From `budgets_of`.
        window: The window that is open.
        later: When the windows after it open, oldest first, as far ahead as budgets last.
        now: Aware UTC.
        policy: How carefully to go about it.
    """
    tills: dict[str, list[_Till]] = defaultdict(list)
    for budget in budgets:
        waiting = budget.accounts.intersection(c.account for c in candidates)
        if waiting and budget.reach is not Reach.STREAM:
            moment = _Moment(now=now, window=window, later=later, policy=policy)
            till = _Till(budget, len(waiting), moment)
            for account in waiting:
                tills[account].append(till)
    run: list[str] = []
    held: list[Held] = []
    for candidate in sorted(candidates, key=_urgency):
        mine = tills[candidate.account]
        refusals = [refusal for t in mine if (refusal := t.refusal(candidate)) is not None]
        if refusals:
            held.append(max(refusals, key=lambda h: h.until or now))
            continue
        run.append(candidate.account)
        for till in mine:
            till.take(candidate.account)
    return run, held


def stopped(account: str, budgets: Iterable[Budget], now: datetime, policy: QuotaPolicy) -> Held | None:
    """Return why the account must not be fetched even in the middle of a round, or None.

    That is when the platform refuses or a budget has come to its stop; reserves and spreading were settled before.
    """
    for budget in budgets:
        if account in budget.accounts and budget.reach is not Reach.STREAM:
            why = _stop(budget, budget.used, now, policy)
            if why is not None:
                return Held(account=account, detail=why[0], cause_key=budget.cause_key, until=why[1])
    return None


def _urgency(candidate: Candidate) -> tuple[bool, bool, float, str]:
    fetched = candidate.fetched_at.timestamp() if candidate.fetched_at is not None else -math.inf
    return not candidate.has_waited, not candidate.open_questions, fetched, candidate.account


def _stop(budget: Budget, used: float, now: datetime, policy: QuotaPolicy) -> tuple[str, datetime | None] | None:
    """Return why a budget runs nothing at all, and until when."""
    if budget.blocked_until is not None and now < budget.blocked_until:
        return f"{_called(budget)} is spent: the platform asks us to wait", budget.blocked_until
    if budget.limit is None or used < budget.limit * policy.stop_percent / 100:
        return None
    until = budget.resets_at or (budget.last_used_at or now) + FRESH
    return f"{_called(budget)} is used to {_percent(used, budget)} %: the rest is not touched", until


@dataclass(frozen=True, slots=True, kw_only=True)
class _Moment:
    """What holds for every budget of a pass."""

    now: datetime
    window: Window
    later: Sequence[datetime]
    policy: QuotaPolicy


class _Till:
    """What is left of a budget in this pass, and whose turn it is."""

    def __init__(self, budget: Budget, waiting: int, moment: _Moment) -> None:
        self._budget = budget
        self._moment = moment
        self._taken = 0.0
        self._ceiling = math.inf if budget.limit is None else budget.limit * moment.policy.stop_percent / 100
        coming = _before_reset(budget, moment.later)
        self._free_at = coming[0] if coming else None  # when a part of the reserve is let go
        self._reserve = _reserve(budget, self._ceiling, len(coming), moment.now, moment.policy)
        self._turns, self._gap = _pace(budget, waiting, moment)
        self._gone = 0
        self._behind = 0

    def refusal(self, candidate: Candidate) -> Held | None:
        """Return why the candidate must wait for this budget, or None."""
        used = self._budget.used + self._taken
        why = _stop(self._budget, used, self._moment.now, self._moment.policy)
        if why is None and not candidate.has_waited:
            why = self._kept(used, candidate.account) or self._spread()
        if why is None:
            return None
        return Held(account=candidate.account, detail=why[0], cause_key=self._budget.cause_key, until=why[1])

    def take(self, account: str) -> None:
        """Book what the account will take, as far as anybody knows."""
        self._taken += self._budget.expected.get(account, 0.0)
        self._gone += 1

    def _kept(self, used: float, account: str) -> tuple[str, datetime | None] | None:
        needs = used + self._budget.expected.get(account, 0.0)
        if self._free_at is not None and needs > self._ceiling - self._reserve:
            return f"the rest of {_called(self._budget)} is kept for the windows to come", self._free_at
        if needs > self._ceiling and self._taken:
            return f"what is left of {_called(self._budget)} goes to others first", self._budget.resets_at
        return None

    def _spread(self) -> tuple[str, datetime | None] | None:
        if self._turns is None or self._gone < self._turns:
            return None
        self._behind += 1
        percent = _percent(self._budget.used, self._budget)
        until = self._moment.now + self._gap * self._behind
        return f"{_called(self._budget)} is used to {percent} %: accounts are fetched one after another", until


def _pace(budget: Budget, waiting: int, moment: _Moment) -> tuple[int | None, timedelta]:
    """Return how many errands may go in this pass (None: all), and how far apart they are.

    A budget that is nearly used is used little by little: what the answers then tell may end it early. But all that
    wait must come before the window's final try.
    """
    left = moment.window.closes_at - FINAL_TRY - moment.now
    if (budget.percent or 0.0) < moment.policy.slow_percent or left <= timedelta(0):
        return None, timedelta(0)
    gap = min(SLOW_GAP, left / waiting)
    if budget.last_used_at is not None:
        return int((moment.now - budget.last_used_at) / gap), gap
    return math.ceil(TICK / gap), gap


def _reserve(budget: Budget, ceiling: float, coming: int, now: datetime, policy: QuotaPolicy) -> float:
    """Return how much is kept for the windows that come before the budget is full again.

    What they are expected to need, but not more than their even share; and where the budget lasts a day, a part of it
    in any case: what will come in cannot be known.
    """
    if not coming or budget.resets_at is None or budget.limit is None:
        return 0.0
    left = max(0.0, ceiling - budget.used)
    reserve = min(sum(budget.expected.values()) * coming, left * coming / (coming + 1))
    if budget.resets_at - now <= SHORT_PERIOD:
        reserve = max(reserve, budget.limit * policy.reserve_percent / 100)
    return reserve


def _before_reset(budget: Budget, later: Sequence[datetime]) -> list[datetime]:
    """Return which of the windows to come draw on what is left now."""
    return [at for at in later if budget.resets_at is not None and at < budget.resets_at]


def _called(budget: Budget) -> str:
    """Name a budget in a sentence."""
    return f"the {budget.platform} budget {budget.name!r}" + (f" of {budget.holder}" if budget.holder else "")


def _percent(used: float, budget: Budget) -> int:
    return int(min(999.0, replace(budget, used=used).percent or 0.0))


# ---- what people see -------------------------------------------------------------------------------------------


def report(
    budgets: Sequence[Budget],
    spending: Sequence[Spending],
    costs: Costs,
    *,
    later: Sequence[datetime],
    now: datetime,
    policy: QuotaPolicy,
) -> list[BudgetReport]:
    """Return every budget with what was used today, what will have been used at its end, and the price of it.

    Args:
        budgets: From `budgets_of`.
        spending: At least this month's.
        costs: From `expected_costs`.
        later: When the windows after the present one open.
        now: Aware UTC.
        policy: Its prices.
    """
    ordered = sorted(budgets, key=lambda b: (b.platform, b.holder, b.name))
    return [
        _report(b, _paid(b, spending), costs, len(_before_reset(b, later)), now=now, policy=policy) for b in ordered
    ]


def _paid(budget: Budget, spending: Sequence[Spending]) -> list[Spending]:
    """Return what was spent on a budget that we count."""
    payers = _payers(budget.accounts, budget.holder)
    return [s for s in spending if s.platform == budget.platform and s.account in payers and s.measure in budget.counts]


def _payers(accounts: frozenset[str], app: str) -> frozenset[str]:
    """Return under whose names a budget is spent: a call that was nobody's in particular is the only app's."""
    return accounts if app else accounts | {""}


def _report(
    budget: Budget, paid: Sequence[Spending], costs: Costs, coming: int, *, now: datetime, policy: QuotaPolicy
) -> BudgetReport:
    if not budget.counts:
        return BudgetReport(budget=budget, used_today=None, forecast=None, price_usd=None, forecast_usd=None)
    today = usage_day(budget.platform, now)
    price = forecast = None
    if any(policy.prices.of(measure) for measure in budget.counts):
        month = [s for s in paid if s.on >= today.replace(day=1)]
        price = sum((s.amount * policy.prices.of(s.measure) for s in month), Decimal(0))
        window = [
            Decimal(str(costs.get((key, measure), 0.0))) * policy.prices.of(measure)
            for key in budget.accounts
            for measure in budget.counts
        ]
        forecast = price + coming * sum(window, Decimal(0))
    return BudgetReport(
        budget=budget,
        used_today=float(sum(s.amount for s in paid if s.on == today)),
        forecast=budget.used + coming * sum(budget.expected.values()),
        price_usd=price,
        forecast_usd=forecast,
    )
