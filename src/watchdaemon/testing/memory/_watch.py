"""The watch log."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime

from watchdaemon.domain.quota import Held
from watchdaemon.domain.watch import FetchAttempt, WatchEntry, Window
from watchdaemon.rules.keeping import add_attempt, add_gap, add_postponed, add_seen, add_told, empty_entry, storable
from watchdaemon.testing.memory._part import EntryKey, Part, stored


class WatchPart(Part):
    """Implements `ports.WatchLog`."""

    def book_attempt(self, attempt: FetchAttempt) -> WatchEntry:
        """Write an attempt down; the entry keeps the best coverage of its window."""
        attempt = stored(attempt)
        with self._turn() as data:
            key = _entry_key(attempt.account, attempt.window)
            data.attempts.append(attempt)
            data.entries[key] = add_attempt(data.entries.get(key), attempt)
            return data.entries[key]

    def book_missed(self, entries: Sequence[WatchEntry]) -> int:
        """Insert entries for windows that closed unfetched, where there is none yet; returns how many were new."""
        new: dict[EntryKey, WatchEntry] = {}
        with self._turn() as data:
            for entry in stored(entries):
                key = _entry_key(entry.account, entry.window)
                gap = add_gap(data.entries.get(key), entry)
                if gap is not None:
                    new[key] = gap
            data.entries.update(new)
        return len(new)

    def book_postponed(self, held: Held, window: Window) -> None:
        """Write down that a budget holds the account's first attempt back; no attempt, and none is counted."""
        held, window = stored((held, window))
        with self._turn() as data:
            key = _entry_key(held.account, window)
            data.entries[key] = add_postponed(data.entries.get(key) or empty_entry(held.account, window), held)

    def book_told(self, account: str, window: Window, *, persons: Sequence[str], at: datetime) -> None:
        """A digest covering this account went to these persons in this window."""
        account, window, persons, at = stored((account, window, persons, at))
        with self._turn() as data:
            key = _entry_key(account, window)
            data.entries[key] = add_told(data.entries.get(key) or empty_entry(account, window), persons, at)

    def book_seen(self, account: str, window: Window, *, person: str, at: datetime) -> None:
        """A person acknowledged the account's state in this window."""
        account, window, person, at = stored((account, window, person, at))
        with self._turn() as data:
            key = _entry_key(account, window)
            data.entries[key] = add_seen(data.entries.get(key) or empty_entry(account, window), person, at)

    def entries(
        self, *, account: str | None = None, from_on: date | None = None, to_on: date | None = None
    ) -> list[WatchEntry]:
        """Return entries by window, then account; dates are local and inclusive."""
        with self._turn() as data:
            found = [e for e in data.entries.values() if _is_between(e, account, from_on, to_on)]
        return sorted(found, key=lambda e: (e.window.on, e.window.index, e.account))

    def attempts(
        self, *, account: str | None = None, from_on: date | None = None, to_on: date | None = None
    ) -> list[FetchAttempt]:
        """Return every single attempt in the order they were booked; dates are the windows', local and inclusive."""
        with self._turn() as data:
            return [a for a in data.attempts if _is_between(a, account, from_on, to_on)]

    def watched_since(self) -> dict[str, datetime]:
        """Return, per account, when it first came under watch (booked by `begin_watch`)."""
        with self._turn() as data:
            return dict(data.starts)

    def begin_watch(self, accounts: Iterable[str], *, at: datetime) -> None:
        """Book that these accounts are under watch from `at`; those already under watch keep their time."""
        with self._turn() as data:
            for account in accounts:
                data.starts.setdefault(storable(account), stored(at))


def _entry_key(account: str, window: Window) -> EntryKey:
    return (account, window.on, window.index)


def _is_between(
    entry: WatchEntry | FetchAttempt, account: str | None, from_on: date | None, to_on: date | None
) -> bool:
    return (
        (account is None or entry.account == storable(account))
        and (from_on is None or from_on <= entry.window.on)
        and (to_on is None or entry.window.on <= to_on)
    )
