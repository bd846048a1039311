"""A round that broke off, and what of it is done: the value behind the cursor "round". Pure.

A fetch that is broken off by a limit or an outage is gone on with by the next one, if that comes soon: threads and
lists of quotes that were read are not read again, a list is read on from its page, and a thread from the branches that
are left of it. What came since is found as ever: by the counts, and by the newest notifications.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from watchdaemon_adapters.bluesky.mapping import author_in

# so long a round that broke off goes on; after that a new one is begun
GOES_ON_WITHIN = timedelta(hours=2)

# clocks differ a little, and a notification takes a while to be listed
STARTED = timedelta(hours=1)


@dataclass(kw_only=True)
class Round:
    """What is done since `begun_at`. Threads and quotes are booked with the count that their post had."""

    begun_at: datetime
    page: str | None = None  # the page of notifications to go on with
    told_at: datetime | None = None  # notifications were read to their end then, and pages were read from the top on
    has_newest: bool = False  # the newest notification known before was among them
    threads: dict[str, int] = field(default_factory=dict)
    quotes: dict[str, int] = field(default_factory=dict)
    branches: dict[str, list[str]] = field(default_factory=dict)  # what is left of a thread, by its top
    pointed_to: dict[str, str] = field(default_factory=dict)  # replies not found in a thread yet, with own posts

    @property
    def may_book(self) -> bool:
        """Tell whether threads may be called read: only when all notifications that point into them are known."""
        return self.told_at is not None

    def is_read(self, uri: str, replies: int | None) -> bool:
        """Tell whether a thread was read when its post counted as many replies as now."""
        return replies is not None and self.threads.get(uri) == replies

    def has_shown(self, root: str, arrived_at: datetime | None) -> bool:
        """Tell whether a reply under `root` that arrived then was known when the thread was read."""
        is_old = self.told_at is not None and arrived_at is not None and arrived_at <= self.told_at
        return is_old and root in self.threads

    def book_thread(self, uri: str, replies: int | None) -> None:
        """A thread was read whole."""
        self.branches.pop(uri, None)
        if self.may_book and replies is not None:
            self.threads[uri] = replies

    def book_branches(self, uri: str, left: Iterable[str]) -> None:
        """A thread was read, but for these branches."""
        if self.may_book:
            self.branches[uri] = list(left)

    def forget(self, replies: Iterable[str]) -> None:
        """These replies were found."""
        for reply in replies:
            self.pointed_to.pop(reply, None)

    def __str__(self) -> str:
        """Write it as a cursor."""
        told_at = self.told_at.isoformat() if self.told_at else None
        by_root: dict[str, list[str]] = {}
        for reply, root in self.pointed_to.items():
            by_root.setdefault(root, []).append(reply)
        parts = [self.begun_at.isoformat(), self.page, told_at, self.has_newest]
        return json.dumps([*parts, self.threads, self.quotes, self.branches, by_root], separators=(",", ":"))


def read_round(text: str | None, now: datetime) -> Round:
    """Read a cursor back; one that cannot be read, or is too old, counts as none: a new round is begun."""
    try:
        begun, page, told, has_newest, threads, quotes, branches, by_root = json.loads(text or "")
        found = Round(
            begun_at=datetime.fromisoformat(begun).astimezone(UTC),
            page=page if isinstance(page, str) else None,
            told_at=None if told is None else datetime.fromisoformat(told).astimezone(UTC),
            has_newest=has_newest is True,
            threads={uri: int(count) for uri, count in threads.items() if author_in(uri)},
            quotes={uri: int(count) for uri, count in quotes.items() if author_in(uri)},
            branches={top: _posts(left) for top, left in branches.items() if author_in(top)},
            pointed_to={
                reply: root for root, replies in by_root.items() if author_in(root) for reply in _posts(replies)
            },
        )
    except (ValueError, TypeError, AttributeError, OverflowError, RecursionError):
        return Round(begun_at=now)
    return found if now - GOES_ON_WITHIN <= found.begun_at <= now else Round(begun_at=now)


def _posts(value: object) -> list[str]:
    return [uri for uri in value if isinstance(uri, str) and author_in(uri)] if isinstance(value, list) else []
