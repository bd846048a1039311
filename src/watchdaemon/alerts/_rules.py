"""What to open, update and close, from the watch log and the open alerts.

Level-triggered: asking again with the same facts changes nothing.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from watchdaemon.domain.account import Account
from watchdaemon.domain.alert import Alert, AlertKind
from watchdaemon.domain.fetch import Coverage
from watchdaemon.domain.watch import WatchEntry, Window
from watchdaemon.errors import Reason

DAEMON_CAUSE: Final = "daemon"
"""The cause of every gap, and of every window that runs out, because the daemon itself did not fetch."""

WATCH_KINDS: Final = frozenset({AlertKind.NOT_WATCHED, AlertKind.PARTLY_WATCHED, AlertKind.DAEMON_LATE})
"""What the watch log tells."""

FINAL_TRY: Final = timedelta(minutes=15)
"""A window's last part, in which the final try is made; see the schedule's rules."""

LAST_MOMENT: Final = timedelta(minutes=5)
"""With so little of a window left, trouble is told also when the final try has not ended."""

LATE_PART: Final = 0.125
"""With this part of a window left, an account that nobody has tried to fetch is told: half an hour of four."""

_NEEDS_PERSON: Final = frozenset({Reason.PERMISSION, Reason.UNSUPPORTED})
"""Why a partial fetch will stay partial until a person acts, whether or not the adapter says so."""

_OWN_FAULT: Final = frozenset({Reason.NOT_RUNNING, Reason.NOT_FETCHED})
"""Nobody asked the platform: the fault is the daemon's, and one alert for all accounts."""

Key = tuple[AlertKind, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertPlan:
    """What is to be done. Every alert in `update`, `close` and `absorb` has its store's id and its new values.

    `joined` and `left` are for telling only: pieces of updated alerts, holding just the accounts that came under an
    alert that was open already, or are well again while it stays open for others. `absorb` closes without a word:
    another alert speaks of these accounts now, or they are not watched any more.
    """

    open: tuple[Alert, ...] = ()
    update: tuple[Alert, ...] = ()
    close: tuple[Alert, ...] = ()
    absorb: tuple[Alert, ...] = ()
    joined: tuple[Alert, ...] = ()
    left: tuple[Alert, ...] = ()


def alerts_for(
    now: datetime,
    entries: Sequence[WatchEntry],
    accounts: Sequence[Account],
    open_alerts: Sequence[Alert],
    *,
    gaps: Sequence[WatchEntry] = (),
) -> AlertPlan:
    """Decide what to open, update and close.

    An account is in trouble when its window is not fully watched and a person can or must do something: at once when
    only a person can mend it, otherwise when the final try was made, five minutes are left, or the window is closed.
    An account that only a person can watch is in trouble when its window closed without the person's word.
    Troubles with the same `cause_key` on two accounts or more are one alert with that cause (and stay so while it is
    open, even when one account is left); gaps from a daemon that did not run, or did not fetch, are one DAEMON_LATE for
    all; the rest are alerts by account. A shared cause that strikes some accounts wholly and others partly is
    `NOT_WATCHED`.

    An alert is over when each of its accounts had a complete fetch, or a person's word where only a person can watch.
    An account in between (a new window, a retry to come) stays under its alert.

    Args:
        now: Aware UTC.
        entries: For each account the entry of the newest window that has one; of several the newest counts.
        accounts: The accounts under watch; entries and alerts of others are let go.
        open_alerts: The store's.
        gaps: Entries booked just now for windows that closed unfetched. They open their alert even when the account was
            fetched since: the gap is over, but somebody must know of it. The next call closes it.
    """
    watched = {a.key for a in accounts}
    newest = {e.account: e for e in sorted(entries, key=lambda e: e.window) if e.account in watched}
    troubled = {key: e for key, e in newest.items() if _is_trouble(e, now)}
    for gap in gaps:
        if gap.account in watched:
            troubled.setdefault(gap.account, gap)
    well = {key for key, e in newest.items() if e.is_watched} - troubled.keys()
    wanted = _group(troubled.values(), {a.cause for a in open_alerts}, now)
    return _Planner(now=now, wanted=wanted, well=well, watched=watched).plan(open_alerts)


def runs_late(
    now: datetime, window: Window, entries: Mapping[str, WatchEntry], accounts: Sequence[Account]
) -> list[WatchEntry]:
    """Return the accounts of an open window that nobody has tried to fetch although little of it is left, as gaps.

    Args:
        now: Aware UTC, in the window.
        window: The open one.
        entries: The window's, by account.
        accounts: The accounts under watch.
    """
    if now < window.closes_at - LATE_PART * (window.closes_at - window.opens_at):
        return []
    return [
        WatchEntry(account=a.key, window=window, coverage=Coverage.FAILED, reason=Reason.NOT_FETCHED)
        for a in accounts
        if (entry := entries.get(a.key)) is None or (entry.coverage is None and entry.reason is None)
    ]


def _is_trouble(entry: WatchEntry, now: datetime) -> bool:
    if entry.coverage is None or entry.is_watched:
        return False
    if entry.is_by_hand:
        return now >= entry.window.closes_at
    if entry.needs_person or (entry.coverage is Coverage.PARTIAL and entry.reason in _NEEDS_PERSON):
        return True
    closes_at = entry.window.closes_at
    if now >= closes_at - LAST_MOMENT:
        return True
    return entry.last_attempt_at is not None and entry.last_attempt_at >= closes_at - FINAL_TRY


def _group(troubled: Iterable[WatchEntry], open_causes: set[str], now: datetime) -> dict[Key, Alert]:
    """Return the alerts there should be, by kind and cause."""
    by_cause: dict[str, list[WatchEntry]] = defaultdict(list)
    for entry in troubled:
        by_cause[DAEMON_CAUSE if entry.reason in _OWN_FAULT else entry.cause_key or ""].append(entry)
    groups: list[tuple[str, list[WatchEntry]]] = []
    for cause, struck in by_cause.items():
        is_shared = bool(cause) and (len(struck) > 1 or cause in open_causes or cause == DAEMON_CAUSE)
        groups += [(cause, struck)] if is_shared else [(e.account, [e]) for e in struck]
    alerts = [_alert(cause, struck, now) for cause, struck in groups]
    return {(a.kind, a.cause): a for a in alerts}


def _alert(cause: str, struck: Sequence[WatchEntry], now: datetime) -> Alert:
    # The worst speaks for all; of equals the first by account, so that the words do not change from pass to pass.
    worst = min(struck, key=lambda e: (e.coverage is not Coverage.FAILED, e.account))
    kind = AlertKind.NOT_WATCHED if worst.coverage is Coverage.FAILED else AlertKind.PARTLY_WATCHED
    return Alert(
        kind=AlertKind.DAEMON_LATE if cause == DAEMON_CAUSE else kind,
        cause=cause,
        accounts=tuple(sorted(e.account for e in struck)),
        reason=worst.reason or Reason.INTERNAL,
        detail=worst.detail,
        opened_at=now,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Planner:
    """Compares the alerts there are with those there should be."""

    now: datetime
    wanted: Mapping[Key, Alert]
    well: set[str]
    watched: set[str]
    claimed: Mapping[str, Key] = field(init=False)

    def __post_init__(self) -> None:
        claimed = {account: key for key, alert in self.wanted.items() for account in alert.accounts}
        object.__setattr__(self, "claimed", claimed)  # frozen: derived once from the other fields

    def plan(self, open_alerts: Sequence[Alert]) -> AlertPlan:
        known = {(a.kind, a.cause) for a in open_alerts}
        parts: dict[str, list[Alert]] = defaultdict(list)
        parts["open"] = [alert for key, alert in self.wanted.items() if key not in known]
        for alert in open_alerts:
            self._compare(alert, parts)
        return AlertPlan(**{name: tuple(alerts) for name, alerts in parts.items()})

    def _compare(self, alert: Alert, parts: dict[str, list[Alert]]) -> None:
        key = (alert.kind, alert.cause)
        wanted = self.wanted.get(key)
        staying = {a for a in alert.accounts if self._stays(a, key)}
        joining = set(wanted.accounts) - set(alert.accounts) if wanted else set()
        leaving = tuple(a for a in alert.accounts if a in self.well)
        if not staying and not joining:
            # Of accounts that went to another alert nobody must hear that all is well.
            over = replace(alert, accounts=leaving or alert.accounts, closed_at=self.now)
            parts["close" if leaving else "absorb"].append(over)
            return
        told = wanted or alert
        new = replace(alert, accounts=tuple(sorted(staying | joining)), reason=told.reason, detail=told.detail)
        if new != alert:
            parts["update"].append(new)
        if joining:
            parts["joined"].append(replace(new, accounts=tuple(sorted(joining))))
        if leaving:
            parts["left"].append(replace(new, accounts=leaving, closed_at=self.now))

    def _stays(self, account: str, key: Key) -> bool:
        """Tell whether the account is still under the alert: not well, not let go, not under another alert."""
        return account in self.watched and account not in self.well and self.claimed.get(account, key) == key
