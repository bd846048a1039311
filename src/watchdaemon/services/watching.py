"""Which windows are owed a fetch now, and which closed without one: asked of the rules, and written down."""

import json
from datetime import UTC, date, datetime, time, timedelta
from typing import Protocol

import structlog

from watchdaemon.domain.account import Register
from watchdaemon.domain.calendar import WatchPolicy
from watchdaemon.domain.fetch import Coverage
from watchdaemon.domain.watch import WatchEntry, Window
from watchdaemon.ports import StateStore, WatchLog
from watchdaemon.rules.alive import Span, beat
from watchdaemon.rules.schedule import LOOK_BACK, current_window, fetches_due, missed_windows, windows_between
from watchdaemon.rules.workdays import WorkCalendar
from watchdaemon.services.poll import Errand

log = structlog.get_logger(__name__)

_ALIVE = "alive_spans"

_UNTOLD_GAPS = "untold_gaps_from"
"""The first date of gaps that were booked and not yet put to the alerts' rule; survives a crash between the two."""


class WatchingStore(WatchLog, StateStore, Protocol):
    """What this needs of the store."""


class WatchingService:
    """Keeps the watch log whole: nothing owed is forgotten, and what nobody fetched is on record as such."""

    def __init__(self, *, store: WatchingStore, calendar: WorkCalendar, watch: WatchPolicy) -> None:
        self._store = store
        self._calendar = calendar
        self._watch = watch

    def owed(self, register: Register, now: datetime) -> list[Errand]:
        """Return the errands of the open window that are due."""
        if current_window(now, self._calendar, self._watch) is None:
            return []
        entries = self._entries(self._calendar.local_date(now))
        since = self._store.watched_since()
        due = fetches_due(now, register.watched(), entries, since, self._calendar, self._watch)
        return [Errand(account=register.accounts[d.account], window=d.window) for d in due]

    def book_gaps(self, register: Register, now: datetime) -> int:
        """Write down that we are alive, and every window that closed unfetched since the last time."""
        watched = register.watched()
        self._store.begin_watch([a.key for a in watched], at=now)
        spans = self._read_beats()
        last = spans[-1][1] if spans else None
        floor = self._floor(last, now)
        booked = 0
        if any(last is None or w.closes_at > last for w in self._closed_windows(floor, now)):
            since = {key: max(at, floor) for key, at in self._store.watched_since().items()}
            entries = self._entries(self._calendar.local_date(floor))
            alive = [*spans, (now, now)]
            gaps = missed_windows(now, watched, entries, since, self._calendar, self._watch, alive=alive)
            booked = self._book(gaps)
        # After the gaps: a crash in between leaves the old beat, and the gaps are found again.
        self._write_beats(beat(spans, now))
        return booked

    def untold_gaps(self) -> list[WatchEntry]:
        """Return the gaps that were booked and not yet told of; `gaps_are_told` ends that."""
        first = self._store.get_state(_UNTOLD_GAPS)
        if not first:
            return []
        entries = self._store.entries(from_on=date.fromisoformat(first))
        return [e for e in entries if e.coverage is Coverage.FAILED and e.attempts == 0]

    def pause(self, now: datetime) -> tuple[datetime, datetime] | None:
        """Return from when to when no pass was made, when this one is the first after a pause; ask after `book_gaps`.

        A crash right after the first pass began leaves its pause untold; windows missed in it are told all the same.
        """
        spans = self._read_beats()
        if len(spans) < 2 or spans[-1][0] != spans[-1][1]:
            return None
        began, ended = spans[-2][1], spans[-1][0]
        return (began, ended) if ended <= now else None

    def gaps_are_told(self) -> None:
        """The alerts' rule has seen the gaps."""
        if self._store.get_state(_UNTOLD_GAPS):
            self._store.set_state(_UNTOLD_GAPS, "")

    def _book(self, gaps: list[WatchEntry]) -> int:
        if not gaps:
            return 0
        self._store.set_state(_UNTOLD_GAPS, min(g.window.on for g in gaps).isoformat())
        booked = self._store.book_missed(gaps)
        log.warning("windows_missed", windows=booked, reasons=sorted({g.reason.value for g in gaps if g.reason}))
        return booked

    def _floor(self, last: datetime | None, now: datetime) -> datetime:
        """Return since when closed windows may be unbooked: the day before the last pass, or as far as we look."""
        oldest = now - LOOK_BACK
        if last is None:
            return oldest
        day = self._calendar.local_date(last) - timedelta(days=1)
        return max(oldest, datetime.combine(day, time(), self._calendar.zone).astimezone(UTC))

    def _closed_windows(self, start: datetime, now: datetime) -> list[Window]:
        return [w for w in windows_between(start, now, self._calendar, self._watch) if w.closes_at <= now]

    def _entries(self, from_on: date) -> dict[tuple[str, str], WatchEntry]:
        return {(e.account, e.window.key): e for e in self._store.entries(from_on=from_on)}

    def _read_beats(self) -> list[Span]:
        stored = json.loads(self._store.get_state(_ALIVE) or "[]")
        return [(datetime.fromisoformat(a), datetime.fromisoformat(b)) for a, b in stored]

    def _write_beats(self, spans: list[Span]) -> None:
        self._store.set_state(_ALIVE, json.dumps([[a.isoformat(), b.isoformat()] for a, b in spans]))
