"""Watch windows, and what is owed in them: a pure answer from `now`, the calendar and the watch log.

Nothing here remembers anything. After three days down, a restart in the middle of a round or a clock change the same
question gets the right answer, and no code of its own is needed for any of them.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Final

from watchdaemon.domain.account import Account
from watchdaemon.domain.calendar import OfficeHours, WatchPolicy
from watchdaemon.domain.fetch import Coverage
from watchdaemon.domain.watch import WatchEntry, WatchState, Window
from watchdaemon.errors import Reason
from watchdaemon.rules.workdays import WorkCalendar

FINAL_TRY: Final = timedelta(minutes=15)
"""In so much of a window's end everything that is not complete gets its last try, and `min_gap` gives way."""

RETRY_GAPS: Final = tuple(timedelta(minutes=m) for m in (5, 15, 30, 60))
"""How long after the first, second … attempt of a window the next one comes."""

MAX_ATTEMPTS: Final = 1 + len(RETRY_GAPS) + 1
"""The first attempt, the retries, the final try: no window sees more."""

LOOK_BACK: Final = timedelta(days=60)
"""Windows missed longer ago are not booked any more."""

_SHORTEST: Final = timedelta(minutes=30)
"""A window that clipping leaves shorter than this is as good as lost: no room for a retry."""

_ONCE_MORE: Final = frozenset({Reason.PERMISSION, Reason.UNSUPPORTED, Reason.MALFORMED})
"""Why a partial fetch will hardly get better by itself."""

_NEXT_SEARCH_DAYS: Final = 366

Entries = Mapping[tuple[str, str], WatchEntry]
"""The watch log by (account's key, window's key)."""


# ---- windows ---------------------------------------------------------------------------------------------------


def windows_on(on: date, calendar: WorkCalendar, policy: WatchPolicy) -> tuple[Window, ...]:
    """Return the watch windows of that local date, in order, numbered from 1.

    On a working day each configured window is clipped to the office hours. When that would lose one (a half-day that
    ends at noon has no afternoon), the day's office hours are divided evenly instead, so that a half-day too is
    watched as often as any working day. On a day off there are none, or the configured ones when
    `fetch_non_working_days`.
    """
    hours = calendar.hours_on(on)
    if hours is None:
        spans = [(w.opens, w.closes) for w in policy.windows] if policy.fetch_non_working_days else []
        return _number(on, [(calendar.at(on, a), calendar.at(on, b)) for a, b in spans])
    clipped = [
        (calendar.at(on, max(w.opens, hours.opens)), calendar.at(on, min(w.closes, hours.closes)))
        for w in policy.windows
    ]
    is_lost = any(
        closes - opens < min(_SHORTEST, calendar.at(on, w.closes) - calendar.at(on, w.opens))
        for (opens, closes), w in zip(clipped, policy.windows, strict=True)
    )
    return _number(on, _divide(on, hours, calendar, len(clipped)) if is_lost else clipped)


def windows_between(start: datetime, end: datetime, calendar: WorkCalendar, policy: WatchPolicy) -> Iterator[Window]:
    """Yield the windows that open in [start, end), oldest first."""
    day, last = calendar.local_date(start), calendar.local_date(end)
    while day <= last:
        yield from (w for w in windows_on(day, calendar, policy) if start <= w.opens_at < end)
        day += timedelta(days=1)


def current_window(now: datetime, calendar: WorkCalendar, policy: WatchPolicy) -> Window | None:
    """Return the window that is open at `now`, or None."""
    windows = windows_on(calendar.local_date(now), calendar, policy)
    return next((w for w in windows if w.opens_at <= now < w.closes_at), None)


def next_wakeup(now: datetime, calendar: WorkCalendar, policy: WatchPolicy) -> datetime:
    """Return the next instant, strictly after `now`, when a window opens or closes or the office closes.

    A retry may be due earlier; the daemon's own tick sees to that. Without any such instant within a year, a day later.
    """
    day = calendar.local_date(now)
    for _ in range(_NEXT_SEARCH_DAYS):
        instants = [at for w in windows_on(day, calendar, policy) for at in (w.opens_at, w.closes_at)]
        hours = calendar.office_hours(day)
        if hours is not None:
            instants.append(hours[1])
        coming = [at for at in instants if at > now]
        if coming:
            return min(coming)
        day += timedelta(days=1)
    return now + timedelta(days=1)


def _number(on: date, spans: Iterable[tuple[datetime, datetime]]) -> tuple[Window, ...]:
    return tuple(
        Window(on=on, index=index, opens_at=opens, closes_at=closes) for index, (opens, closes) in enumerate(spans, 1)
    )


def _divide(on: date, hours: OfficeHours, calendar: WorkCalendar, parts: int) -> list[tuple[datetime, datetime]]:
    opens, closes = calendar.at(on, hours.opens), calendar.at(on, hours.closes)
    return list(pairwise(opens + (closes - opens) * n / parts for n in range(parts + 1)))


# ---- what is owed now ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class FetchDue:
    """An account that owes a fetch now, and why."""

    account: str
    window: Window
    reason: str


def fetches_due(  # noqa: PLR0917 - a question and its facts, always in this order
    now: datetime,
    accounts: Sequence[Account],
    entries: Entries,
    watched_since: Mapping[str, datetime],
    calendar: WorkCalendar,
    policy: WatchPolicy,
) -> list[FetchDue]:
    """Return which accounts owe a fetch in the window that is open at `now`, in the order given.

    The first attempt is due when the window opens, but not within `min_gap` of the previous window's fetch of that
    day; the gap gives way to watching: the attempt is never later than `FINAL_TRY` before the window closes. What
    comes after an attempt that was not complete is `retry_at`'s to say.

    Args:
        now: Aware UTC.
        accounts: The register's; those that are not watched owe nothing.
        entries: At least the entries of today's windows.
        watched_since: When each account came under watch; one that is missing there is new and owes at once.
        calendar: The organisation's.
        policy: Its windows.
    """
    window = current_window(now, calendar, policy)
    if window is None:
        return []
    earlier = [w for w in windows_on(window.on, calendar, policy) if w.index < window.index]
    due = []
    for account in accounts:
        if not account.is_watched or watched_since.get(account.key, now) > now:
            continue
        entry = entries.get((account.key, window.key))
        at, reason = _due_in(window, entry, _last_fetch(account.key, earlier, entries), policy.min_gap)
        if at is not None and at <= now:
            due.append(FetchDue(account=account.key, window=window, reason=reason))
    return due


def retry_at(entry: WatchEntry) -> tuple[datetime | None, str]:
    """Return when the entry's window gets its next attempt, with the reason; None when it gets no more.

    Ordinary trouble is tried again after growing gaps (`RETRY_GAPS`, counted from the end of the last attempt) and a
    last time when `FINAL_TRY` is left. What only a person can mend, and a partial fetch that will hardly get better,
    gets one more try in the window's last quarter: somebody may have mended it by then. What only a person can watch
    is not tried again: nothing is fetched there, and the person's word needs no fetch. The platform's own wish
    (`entry.retry_at`) is never undercut. At most `MAX_ATTEMPTS` in a window.
    """
    window, last = entry.window, _last_attempt(entry)
    if entry.coverage is Coverage.COMPLETE:
        return None, "the window is watched"
    if entry.is_by_hand:
        return None, "only a person can watch it"
    if entry.attempts >= MAX_ATTEMPTS:
        return None, f"{entry.attempts} attempts were made in this window"
    if entry.needs_person or (entry.coverage is Coverage.PARTIAL and entry.reason in _ONCE_MORE):
        at, reason = _last_quarter(window), "one more try late in the window: somebody may have mended it"
        if last >= at:
            return None, "a person must act, or nothing more is to be had"
    else:
        at, reason = _ordinary_retry(entry, last)
        if last >= window.closes_at - FINAL_TRY:
            return None, "the final try of the window was made"
    return max(at, entry.retry_at or at), reason


def _due_in(
    window: Window, entry: WatchEntry | None, last_fetch: datetime | None, min_gap: timedelta
) -> tuple[datetime | None, str]:
    if entry is not None and entry.attempts:
        return retry_at(entry)
    latest = max(window.opens_at, window.closes_at - FINAL_TRY)
    if last_fetch is None or last_fetch + min_gap <= window.opens_at:
        return window.opens_at, "the window is open and not watched yet"
    if last_fetch + min_gap <= latest:
        return last_fetch + min_gap, "the least gap since the previous window's fetch is over"
    return latest, "the window closes soon: the least gap gives way"


def _last_fetch(account: str, earlier: Sequence[Window], entries: Entries) -> datetime | None:
    """Return when the account was last fetched, wholly or partly, in these windows. A failed try is no watching."""
    found = [entries.get((account, w.key)) for w in earlier]
    times = [e.fetched_at for e in found if e and e.coverage is not Coverage.FAILED and e.fetched_at is not None]
    return max(times, default=None)


def _last_attempt(entry: WatchEntry) -> datetime:
    return entry.last_attempt_at or entry.fetched_at or entry.window.opens_at


def _ordinary_retry(entry: WatchEntry, last: datetime) -> tuple[datetime, str]:
    final = entry.window.closes_at - FINAL_TRY
    if entry.attempts > len(RETRY_GAPS):
        return final, "the final try before the window closes"
    at = last + RETRY_GAPS[max(entry.attempts, 1) - 1]
    if at >= final:
        return final, "the final try before the window closes"
    why = entry.reason.value if entry.reason else "not complete"
    return at, f"attempt {entry.attempts + 1} after trouble: {why}"


def _last_quarter(window: Window) -> datetime:
    return window.closes_at - (window.closes_at - window.opens_at) / 4


# ---- what was owed ---------------------------------------------------------------------------------------------


def missed_windows(  # noqa: PLR0917 - a question and its facts, always in this order
    now: datetime,
    accounts: Sequence[Account],
    entries: Entries,
    watched_since: Mapping[str, datetime],
    calendar: WorkCalendar,
    policy: WatchPolicy,
    *,
    alive: Sequence[tuple[datetime, datetime]],
) -> list[WatchEntry]:
    """Return an entry for each window that closed without one, oldest first, with the reason of the gap.

    Owed are the windows that opened since the account came under watch, at most `LOOK_BACK` ago.

    Args:
        now: Aware UTC.
        accounts: The register's; those that are not watched are not owed anything.
        entries: At least the last `LOOK_BACK`'s.
        watched_since: When each account came under watch; one that is missing there is owed nothing yet.
        calendar: The organisation's.
        policy: Its windows.
        alive: When the daemon was running, as spans with both ends included. A window that none of them touches was
            missed because of that (`NOT_RUNNING`); another because no fetch was tried (`NOT_FETCHED`).
    """
    gaps = []
    watched = [a for a in accounts if a.is_watched and a.key in watched_since]
    for window in windows_between(now - LOOK_BACK, now, calendar, policy):
        if window.closes_at > now:
            continue
        owed = [a.key for a in watched if watched_since[a.key] <= window.opens_at]
        found = {key: entries.get((key, window.key)) for key in owed}
        missing = [key for key, entry in found.items() if entry is None or _was_only_held(entry)]
        if missing:
            why = _why_missed(window, alive)
            gaps += [_gap(key, window, found[key], why) for key in missing]
    return gaps


def _was_only_held(entry: WatchEntry) -> bool:
    """Tell whether a budget held the account back until the window was over."""
    return entry.coverage is None and entry.reason is Reason.QUOTA


def _gap(account: str, window: Window, entry: WatchEntry | None, why: tuple[Reason, str]) -> WatchEntry:
    if entry is not None and entry.reason is not None:
        why = (entry.reason, entry.detail)
    reason, detail = why
    return WatchEntry(account=account, window=window, coverage=Coverage.FAILED, reason=reason, detail=detail)


def _why_missed(window: Window, alive: Sequence[tuple[datetime, datetime]]) -> tuple[Reason, str]:
    if any(start < window.closes_at and end >= window.opens_at for start, end in alive):
        return Reason.NOT_FETCHED, "the daemon ran, but no fetch was tried in this window"
    return Reason.NOT_RUNNING, "the daemon was not running in this window"


def watch_state(entry: WatchEntry | None, window: Window, now: datetime) -> WatchState:
    """Return how the window reads to a person; nothing known is never quiet.

    Only a complete fetch is WATCHED, or, where no machine can fetch, a person's word given in the window; until the
    window closes without it that is PENDING.
    """
    if entry is not None and entry.is_watched:
        return WatchState.WATCHED
    if entry is None or entry.coverage is None or entry.is_by_hand:
        return WatchState.PENDING if now < window.closes_at else WatchState.NOT_WATCHED
    return WatchState.PARTLY if entry.coverage is Coverage.PARTIAL else WatchState.NOT_WATCHED
