"""Fetching: asks each account's adapter, stores what comes, and writes every attempt on the watch log."""

import threading
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Protocol

import structlog

from watchdaemon.domain.account import Account
from watchdaemon.domain.fetch import Coverage, FetchResult, Trouble
from watchdaemon.domain.question import QuestionState
from watchdaemon.domain.quota import Held
from watchdaemon.domain.watch import FetchAttempt, Window
from watchdaemon.errors import AccountError, AdapterError, Reason, RetriableError, StorageError
from watchdaemon.ports import Clock, ItemStore, PlatformAdapter, QuestionStore, Together, WatchLog
from watchdaemon.services._trace import where

log = structlog.get_logger(__name__)

Adapters = Callable[[str], PlatformAdapter]
"""Gives the adapter of a platform. Raises AdapterError (NO_ADAPTER) when there is none that works."""

_WORST_FIRST = (Coverage.FAILED, Coverage.PARTIAL, Coverage.COMPLETE)


class PollStore(ItemStore, QuestionStore, WatchLog, Together, Protocol):
    """What fetching needs of the store."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """One account to fetch, and the window it counts for (None: outside every window, nothing is booked)."""

    account: Account
    window: Window | None


@dataclass(slots=True, kw_only=True)
class _Tally:
    """What came of one errand so far."""

    errand: Errand
    started_at: datetime
    items: int = 0
    new_items: int = 0
    malformed: int = 0
    calls: int = 0
    coverage: Coverage = Coverage.COMPLETE
    troubles: list[Trouble] = field(default_factory=list)
    is_final: bool = False
    booked: FetchAttempt | None = None  # on the watch log already

    def add(self, result: FetchResult, new_items: int) -> None:
        self.items += len(result.items)
        self.new_items += new_items
        self.malformed += result.malformed
        self.calls += result.calls
        self.troubles.extend(result.troubles)
        self.coverage = min(self.coverage, result.coverage, key=_WORST_FIRST.index)
        self.is_final = self.is_final or result.is_final

    def fail(self, trouble: Trouble) -> None:
        self.troubles.append(trouble)
        self.coverage = Coverage.FAILED
        self.is_final = True


class PollService:
    """Runs errands on a bounded thread pool. One account's trouble never stops another's."""

    def __init__(
        self,
        *,
        store: PollStore,
        adapters: Adapters,
        clock: Clock,
        threads: int,
        on_progress: Callable[[FetchAttempt], None] = lambda _: None,
    ) -> None:
        """Make the service. `on_progress` hears of every finished account, on any thread."""
        self._store = store
        self._adapters = adapters
        self._clock = clock
        self._on_progress = on_progress
        # One pool for good: each thread keeps its own HTTP client and SDK objects.
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="poll")

    def run(
        self,
        errands: Sequence[Errand],
        *,
        stop: threading.Event | None = None,
        hold: Callable[[Account], Held | None] = lambda _: None,
    ) -> list[FetchAttempt]:
        """Fetch all of them and return the attempts, in no particular order.

        When `stop` is set the batches in hand are finished and the rest is left for the next run. Just before its batch
        begins, each account is put to `hold`: one for which it gives a reason is left too, and that is booked.
        """
        if not errands:
            return []
        stop = stop or threading.Event()
        batches = list(self._batches(errands))
        futures = [self._pool.submit(self._run_batch, platform, batch, stop, hold) for platform, batch in batches]
        return [attempt for future in futures for attempt in future.result()]

    def close(self) -> None:
        """End the threads, after the batches in hand."""
        self._pool.shutdown()

    def _batches(self, errands: Sequence[Errand]) -> Iterator[tuple[str, list[Errand]]]:
        by_platform: dict[str, list[Errand]] = defaultdict(list)
        for errand in errands:
            by_platform[errand.account.platform].append(errand)
        for platform, group in by_platform.items():
            size = self._batch_size(platform)
            for start in range(0, len(group), size):
                yield platform, group[start : start + size]

    def _batch_size(self, platform: str) -> int:
        try:
            return max(1, self._adapters(platform).batch_size)
        except AdapterError:
            return 1  # each account then learns by itself that there is no adapter

    def _run_batch(
        self, platform: str, batch: Sequence[Errand], stop: threading.Event, hold: Callable[[Account], Held | None]
    ) -> list[FetchAttempt]:
        if stop.is_set():
            return []
        batch = [e for e in batch if not self._is_held(e, hold(e.account))]
        if not batch:
            return []
        tallies = {e.account.key: _Tally(errand=e, started_at=self._clock()) for e in batch}
        try:
            self._fetch(platform, tallies)
        except Exception as error:  # noqa: BLE001 - whatever a plug-in or the database does, the other batches go on
            trouble = _trouble(error)
            for tally in tallies.values():
                if not tally.is_final:
                    tally.fail(trouble)
        for tally in tallies.values():
            if not tally.is_final:
                tally.fail(Trouble(reason=Reason.INTERNAL, detail="the adapter gave no final result"))
        return [self._book(tally) for tally in tallies.values()]

    def _is_held(self, errand: Errand, held: Held | None) -> bool:
        if held is None:
            return False
        account = errand.account
        log.info("postponed", platform=account.platform, account=account.key, detail=held.detail)
        if errand.window is not None:
            try:
                self._store.book_postponed(held, errand.window)
            except StorageError as error:
                # It is owed still, so the next pass finds it and asks again.
                log.error("postponement_not_booked", account=account.key, where=where(error))
        return True

    def _fetch(self, platform: str, tallies: Mapping[str, _Tally]) -> None:
        adapter = self._adapters(platform)
        cursors = self._store.cursors(tallies)
        accounts = [t.errand.account for t in tallies.values()]
        for result in adapter.fetch(accounts, cursors):
            tally = tallies[result.account]
            if result.is_final and result.coverage is not Coverage.FAILED:
                self._recheck(adapter, tally.errand.account)
            try:
                self._keep(tally, result)
            except StorageError as error:
                # Not stored, so its cursors are not either: the next fetch brings the same items again.
                log.error("fetch_not_stored", platform=platform, account=result.account, where=where(error))
                tally.fail(Trouble(reason=Reason.STORAGE, detail="the database did not take the fetched items"))

    def _keep(self, tally: _Tally, result: FetchResult) -> None:
        """Store a piece; the last one together with its entry on the watch log, so that no kill comes in between."""
        attempt = None
        with self._store.together():
            saved = self._store.save_fetch(result, at=self._clock())
            tally.add(result, saved.new_items)
            if result.is_final and tally.errand.window is not None:
                attempt = _attempt(tally, self._clock())
                self._store.book_attempt(attempt)
        tally.booked = attempt

    def _recheck(self, adapter: PlatformAdapter, account: Account) -> None:
        """Ask again for what still waits: was it deleted, hidden, edited? Its trouble changes nothing but the log."""
        try:
            waiting = self._store.questions(accounts=[account.key], states=[QuestionState.OPEN], needs_removal=True)
            items = [q.item for q in waiting if q.verdict.state in (QuestionState.OPEN, None) and not q.item.is_by_hand]
            if items:
                self._store.set_visibility(list(adapter.recheck(account, items)), at=self._clock())
        except Exception as error:  # noqa: BLE001 - a recheck never spoils a fetch that went well
            log.warning("recheck_failed", platform=account.platform, account=account.key, where=where(error))

    def _book(self, tally: _Tally) -> FetchAttempt:
        attempt = tally.booked or _attempt(tally, self._clock())
        account = tally.errand.account
        is_expected = all(t.reason is Reason.NOT_CONFIRMED for t in tally.troubles)  # none at all, or a person's turn
        say = log.info if is_expected else log.warning
        say(
            "fetched",
            platform=account.platform,
            account=account.key,
            coverage=tally.coverage.value,
            reason=tally.troubles[0].reason.value if tally.troubles else None,
            items=tally.items,
            new=tally.new_items,
            malformed=tally.malformed,
            calls=tally.calls,
        )
        if tally.errand.window is not None and tally.booked is None:
            try:
                self._store.book_attempt(attempt)
            except StorageError as error:
                # The window stays unfetched on the log, so it is owed still and will be fetched again.
                log.error("attempt_not_booked", account=account.key, where=where(error))
                attempt = replace(attempt, coverage=Coverage.FAILED, reason=Reason.STORAGE)
        self._on_progress(attempt)
        return attempt


def _attempt(tally: _Tally, ended_at: datetime) -> FetchAttempt:
    started_at = tally.started_at
    outside = Window(on=started_at.date(), index=0, opens_at=started_at, closes_at=ended_at)
    worst = _worst(tally.troubles)
    retries = [t.retry_after for t in tally.troubles if t.retry_after is not None]
    return FetchAttempt(
        account=tally.errand.account.key,
        window=tally.errand.window or outside,
        started_at=started_at,
        ended_at=ended_at,
        coverage=tally.coverage,
        items=tally.items,
        new_items=tally.new_items,
        malformed=tally.malformed,
        calls=tally.calls,
        reason=worst.reason if worst else None,
        detail="; ".join(dict.fromkeys(f"{t.stream}: {t.detail}" if t.stream else t.detail for t in tally.troubles)),
        needs_person=any(t.needs_person for t in tally.troubles),
        retry_at=ended_at + max(retries) if retries else None,
        cause_key=worst.cause_key if worst else None,
    )


def _worst(troubles: Sequence[Trouble]) -> Trouble | None:
    """Return the trouble that speaks for all: one that a person must mend, then one of the account as a whole."""
    return min(troubles, key=lambda t: (not t.needs_person, t.stream is not None), default=None)


def _trouble(error: Exception) -> Trouble:
    if isinstance(error, AdapterError):
        return Trouble(
            reason=error.reason,
            detail=str(error),
            needs_person=isinstance(error, AccountError),
            retry_after=error.retry_after if isinstance(error, RetriableError) else None,
            cause_key=error.cause_key,
        )
    if isinstance(error, StorageError):
        log.error("storage_failed_in_fetch", where=where(error))
        return Trouble(reason=Reason.STORAGE, detail="the database did not answer")
    log.error("adapter_fault", where=where(error))
    return Trouble(reason=Reason.INTERNAL, detail=f"a fault in the adapter ({type(error).__name__}); see the log")
