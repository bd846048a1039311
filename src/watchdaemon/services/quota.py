"""The quota book: hears every exchange, keeps what it told, and lets through what the budgets allow."""

import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Final, Protocol, TypeVar

import structlog

from watchdaemon.domain.account import Account, Register
from watchdaemon.domain.calendar import WatchPolicy
from watchdaemon.domain.fetch import Coverage
from watchdaemon.domain.question import QuestionState
from watchdaemon.domain.quota import Budget, BudgetReport, Held, Measure, QuotaPolicy, Spending, UsageReading
from watchdaemon.domain.watch import WatchEntry, Window
from watchdaemon.errors import AdapterError, Reason, StorageError
from watchdaemon.http import Exchange
from watchdaemon.http.quota import count_spending, read_usage
from watchdaemon.ports import (
    Clock,
    EstimatesCost,
    PlatformAdapter,
    QuestionStore,
    QuotaStore,
    SharesBudget,
    WatchLog,
)
from watchdaemon.rules.quota import (
    Candidate,
    Costs,
    Member,
    budgets_of,
    counted_since,
    expected_costs,
    has_counted_limit,
    plan,
    report,
    stopped,
)
from watchdaemon.rules.schedule import windows_between, windows_on
from watchdaemon.rules.workdays import WorkCalendar
from watchdaemon.services._trace import where
from watchdaemon.services.poll import Errand

log = structlog.get_logger(__name__)

T = TypeVar("T")

FLUSH_AFTER: Final = 50
"""So many exchanges may be lost to a crash before they are kept: a count, never an item."""

KEPT: Final = timedelta(days=400)
"""Spending older than this is forgotten: a year and the month that is compared with it."""

_HISTORY: Final = timedelta(days=14)
"""How far back spending tells what an account costs."""

_SEARCHED: Final = timedelta(days=14)
"""How far back the window before is looked for: longer than any run of days off."""

_AHEAD: Final = timedelta(days=32)
"""How far ahead windows are counted: the longest budget is a month's."""


class QuotingStore(QuotaStore, WatchLog, QuestionStore, Protocol):
    """What planning needs of the store."""


@dataclass(slots=True)
class _Heard:
    """What was heard and not yet kept."""

    usage: dict[tuple[str, str, str], UsageReading] = field(default_factory=dict)
    spent: Counter[tuple[str, str, Measure, date]] = field(default_factory=Counter)
    exchanges: int = 0

    def add(self, readings: Sequence[UsageReading], spending: Sequence[Spending]) -> None:
        for reading in readings:
            key = (reading.platform, reading.holder, reading.name)
            known = self.usage.get(key)
            if known is None or known.read_at <= reading.read_at:
                self.usage[key] = reading
        for s in spending:
            self.spent[s.platform, s.account, s.measure, s.on] += s.amount

    def spending(self) -> list[Spending]:
        return [
            Spending(platform=platform, account=account, measure=measure, on=on, amount=amount)
            for (platform, account, measure, on), amount in self.spent.items()
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Book:
    """What the store had when a round was planned, by platform."""

    members: Mapping[str, Sequence[Member]] = field(default_factory=dict)
    usage: Mapping[str, Sequence[UsageReading]] = field(default_factory=dict)
    spending: Mapping[str, Sequence[Spending]] = field(default_factory=dict)
    counting: Mapping[str, Sequence[Spending]] = field(default_factory=dict)  # against budgets that are not full again
    costs: Costs = field(default_factory=dict)


class QuotaService:
    """Plans rounds by what is left of every budget. Thread-safe: it hears exchanges from every worker."""

    def __init__(
        self,
        *,
        store: QuotingStore,
        adapters: Callable[[str], PlatformAdapter],
        calendar: WorkCalendar,
        watch: WatchPolicy,
        policy: QuotaPolicy,
        clock: Clock,
    ) -> None:
        self._store = store
        self._adapters = adapters
        self._calendar = calendar
        self._watch = watch
        self._policy = policy
        self._clock = clock
        self._lock = threading.Lock()
        self._heard = _Heard()  # not kept yet
        self._since = _Heard()  # since the round was planned, kept or not
        self._book = _Book()
        self._stops: dict[str, dict[str, list[Budget]]] = {}  # by platform and account; not there: count anew
        self._forgot_on: date | None = None

    # ---- hearing and keeping -----------------------------------------------------------------------------------

    def hear(self, exchange: Exchange) -> None:
        """Take in what an exchange tells. Never raises: a fetch must not fail for its bookkeeping."""
        at = self._clock()
        readings, spending = read_usage(exchange, at), count_spending(exchange, at)
        with self._lock:
            for heard in (self._heard, self._since):
                heard.add(readings, spending)
                heard.exchanges += 1
            if self._may_stop(exchange.platform, readings):
                self._stops.pop(exchange.platform, None)
            is_full = self._heard.exchanges >= FLUSH_AFTER
        if is_full:
            self.flush()

    def _may_stop(self, platform: str, readings: Sequence[UsageReading]) -> bool:
        """Tell whether who must be held has to be counted anew: most answers leave all as it was."""
        is_near = any(r.blocked_until is not None or r.percent >= self._policy.slow_percent for r in readings)
        return is_near or bool(self._stops.get(platform)) or has_counted_limit(platform, self._policy)

    def flush(self) -> None:
        """Keep what was heard. When the database does not answer, it is tried again with what is heard next."""
        with self._lock:
            heard, self._heard = self._heard, _Heard()
        if not heard.exchanges:
            return
        try:
            self._store.book_usage(list(heard.usage.values()), heard.spending())
            self._forget(self._clock().date())
        except StorageError as error:
            log.error("usage_not_kept", exchanges=heard.exchanges, where=where(error))
            with self._lock:
                self._heard.add(list(heard.usage.values()), heard.spending())
                self._heard.exchanges += 1  # so that the next flush tries, without trying at each exchange

    def _forget(self, today: date) -> None:
        if self._forgot_on != today:
            self._store.forget_usage(before=today - KEPT)
            self._forgot_on = today

    # ---- planning ----------------------------------------------------------------------------------------------

    def plan(self, errands: Sequence[Errand], register: Register, now: datetime) -> list[Errand]:
        """Return the errands to run now, most urgent first; the others are on the watch log with what they wait for.

        Without any window nothing is planned: everything is run.

        Raises:
            StorageError: The database does not answer.
        """
        window = next((e.window for e in errands if e.window is not None), None)
        if window is None:
            return list(errands)
        budgets = self._open_book(register, now)
        later = self._later(now)
        candidates = [Candidate(account=e.account.key) for e in errands]
        _, held = plan(candidates, budgets, window=window, later=later, now=now, policy=self._policy)
        if not held:
            return list(errands)
        # Only where somebody must wait is it looked up who can.
        candidates, entries = self._candidates(errands, window, now)
        run, held = plan(candidates, budgets, window=window, later=later, now=now, policy=self._policy)
        self._postpone(held, window, entries, now)
        by_key = {e.account.key: e for e in errands}
        return [by_key[key] for key in run]

    def hold(self, account: Account) -> Held | None:
        """Return why the account must not be fetched, as of the newest answer in this round, or None."""
        now = self._clock()
        with self._lock:
            if account.platform not in self._stops:
                self._stops[account.platform] = self._near_their_end(account.platform, now)
            budgets = self._stops[account.platform].get(account.key, ())
        return stopped(account.key, budgets, now, self._policy)

    def report(self, register: Register, now: datetime) -> list[BudgetReport]:
        """Return every budget as it stands. Raises StorageError."""
        budgets = self._open_book(register, now)
        spending = [s for spent in self._book.spending.values() for s in spent]
        return report(budgets, spending, self._book.costs, later=self._later(now), now=now, policy=self._policy)

    def _open_book(self, register: Register, now: datetime) -> list[Budget]:
        """Read the store's pages, the fresh ones included, and return the budgets."""
        self.flush()
        # a month's budget begins on its first day; the history may reach further back
        since = min(now.date().replace(day=1), (now - _HISTORY).date())
        members = [self._member(a) for a in register.watched()]
        spending = self._store.spending(from_on=since)
        windows = len(windows_on(self._calendar.local_date(now), self._calendar, self._watch))
        book = _Book(
            members=_by(lambda m: m.account.platform, members),
            usage=_by(lambda r: r.platform, self._store.usage()),
            spending=_by(lambda s: s.platform, spending),
            counting=_by(lambda s: s.platform, (s for s in spending if s.on >= counted_since(s.platform, now))),
            costs=expected_costs(members, spending, now, windows or len(self._watch.windows)),
        )
        with self._lock:
            self._book, self._stops = book, {}
            self._since = _Heard(dict(self._heard.usage), Counter(self._heard.spent))
            return [budget for platform in book.members for budget in self._budgets(platform, now)]

    def _budgets(self, platform: str, now: datetime) -> list[Budget]:
        """Return a platform's budgets, with what was heard since the book was opened."""
        book, since = self._book, self._since
        usage = {(r.platform, r.holder, r.name): r for r in book.usage.get(platform, ())} | since.usage
        spending = [*book.counting.get(platform, ()), *since.spending()]
        members = book.members.get(platform, ())
        return budgets_of(members, usage.values(), spending, book.costs, policy=self._policy, now=now)

    def _near_their_end(self, platform: str, now: datetime) -> dict[str, list[Budget]]:
        """Return, by account, the budgets that could stop it before the next answer is heard."""
        found: dict[str, list[Budget]] = defaultdict(list)
        for budget in self._budgets(platform, now):
            if budget.blocked_until is not None or (budget.percent or 0.0) >= self._policy.slow_percent:
                for key in budget.accounts:
                    found[key].append(budget)
        return found

    def _member(self, account: Account) -> Member:
        try:
            adapter = self._adapters(account.platform)
            return Member(
                account=account,
                app=adapter.budget_of(account) if isinstance(adapter, SharesBudget) else "",
                estimate=adapter.expected_cost(account) if isinstance(adapter, EstimatesCost) else {},
            )
        except AdapterError:
            return Member(account=account)  # its fetch will say what is wrong
        except Exception as error:  # noqa: BLE001 - a plug-in's fault in an extra never stops a round
            log.warning("budget_not_told", platform=account.platform, account=account.key, where=where(error))
            return Member(account=account)

    def _later(self, now: datetime) -> list[datetime]:
        start = now + timedelta(microseconds=1)
        return [w.opens_at for w in windows_between(start, now + _AHEAD, self._calendar, self._watch)]

    def _candidates(
        self, errands: Sequence[Errand], window: Window, now: datetime
    ) -> tuple[list[Candidate], dict[tuple[str, str], WatchEntry]]:
        windows = list(windows_between(now - _SEARCHED, now, self._calendar, self._watch))
        before = next((a for a, b in pairwise(windows) if b.key == window.key), None)
        entries = self._store.entries(from_on=(before or window).on)
        by_key = {(e.account, e.window.key): e for e in entries}
        fetched: dict[str, datetime] = {}
        for entry in entries:
            if entry.coverage is Coverage.COMPLETE and entry.fetched_at is not None:
                fetched[entry.account] = max(entry.fetched_at, fetched.get(entry.account, entry.fetched_at))
        keys = [e.account.key for e in errands]
        waiting = Counter(q.item.account for q in self._store.questions(accounts=keys, states=[QuestionState.OPEN]))
        candidates = [
            Candidate(
                account=key,
                open_questions=waiting[key],
                fetched_at=fetched.get(key),
                has_waited=before is not None and _was_held(by_key.get((key, before.key))),
            )
            for key in keys
        ]
        return candidates, by_key

    def _postpone(
        self, held: Sequence[Held], window: Window, entries: Mapping[tuple[str, str], WatchEntry], now: datetime
    ) -> None:
        """Write down who waits; what stands there already and still holds is not written at every pass again."""
        for one in held:
            if not _says_so(entries.get((one.account, window.key)), one, now):
                log.info("postponed", account=one.account, detail=one.detail)
                self._store.book_postponed(one, window)


def _says_so(entry: WatchEntry | None, held: Held, now: datetime) -> bool:
    """Tell whether the watch log says enough: an attempt's own word, or the same cause for the same time."""
    if entry is None:
        return False
    if entry.coverage is not None:
        return True
    is_same = entry.reason is Reason.QUOTA and entry.cause_key == held.cause_key
    return is_same and (entry.retry_at is None or entry.retry_at > now)


def _was_held(entry: WatchEntry | None) -> bool:
    """Tell whether a spent budget kept the account from being fetched throughout that window."""
    return entry is not None and entry.reason is Reason.QUOTA and entry.coverage in (None, Coverage.FAILED)


def _by(key: Callable[[T], str], values: Iterable[T]) -> dict[str, list[T]]:
    found: dict[str, list[T]] = defaultdict(list)
    for value in values:
        found[key(value)].append(value)
    return found
