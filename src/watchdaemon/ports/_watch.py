"""The watch log: what proves that somebody looked."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Protocol

from watchdaemon.domain.quota import Held
from watchdaemon.domain.watch import FetchAttempt, WatchEntry, Window


class WatchLog(Protocol):
    """What was fetched, told and seen, per account and window."""

    def book_attempt(self, attempt: FetchAttempt) -> WatchEntry:
        """Write an attempt down; the entry keeps the best coverage of its window."""
        ...

    def book_missed(self, entries: Sequence[WatchEntry]) -> int:
        """Insert entries for windows that closed unfetched, where there is none yet; returns how many were new."""
        ...

    def book_postponed(self, held: Held, window: Window) -> None:
        """Write down that a budget holds the account's first attempt back; no attempt, and none is counted.

        The entry gets reason QUOTA, the detail, cause and `retry_at`, until an attempt says more. One that had an
        attempt stays as it is.
        """
        ...

    def book_told(self, account: str, window: Window, *, persons: Sequence[str], at: datetime) -> None:
        """A digest covering this account went to these persons in this window."""
        ...

    def book_seen(self, account: str, window: Window, *, person: str, at: datetime) -> None:
        """A person acknowledged the account's state in this window."""
        ...

    def entries(
        self, *, account: str | None = None, from_on: date | None = None, to_on: date | None = None
    ) -> list[WatchEntry]:
        """Return entries by window, then account; dates are local and inclusive."""
        ...

    def watched_since(self) -> dict[str, datetime]:
        """Return, per account, when it first came under watch (booked by `begin_watch`)."""
        ...

    def begin_watch(self, accounts: Iterable[str], *, at: datetime) -> None:
        """Book that these accounts are under watch from `at`; those already under watch keep their time."""
        ...
