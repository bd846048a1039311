"""Items, how far they are fetched, and the threads that wait to be judged."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from watchdaemon.domain.fetch import FetchResult, Recheck
from watchdaemon.domain.item import Item, Thread


@dataclass(frozen=True, slots=True, kw_only=True)
class Saved:
    """What storing a fetch changed."""

    new_items: int
    changed_items: int  # seen before, and now with another text, visibility, author …


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingThread:
    """A thread that changed since it was judged; `revision` guards against judging an older state over a newer one."""

    account: str
    thread_id: str
    revision: int


class ItemStore(Protocol):
    """Items, the cursors that cover them, and the mark that a thread must be judged."""

    def save_fetch(self, result: FetchResult, *, at: datetime) -> Saved:
        """Store items and cursors in one transaction (upsert on account and external id).

        An item already there keeps its `first_seen_at`; an item equal to the stored one changes nothing. Each thread
        with a new or changed item is marked for judging in the same transaction. A stored item never loses a known
        author, or goes from DELETED back, by anything but a newly fetched answer that says so.
        """
        ...

    def cursors(self, accounts: Iterable[str]) -> dict[str, dict[str, str]]:
        """Return the cursors of each of the accounts (an empty mapping for one never fetched)."""
        ...

    def items(self, *, account: str | None = None, since: datetime | None = None) -> list[Item]:
        """Return stored items by `published_at`, then key."""
        ...

    def pending_threads(self, *, limit: int = 500) -> list[PendingThread]:
        """Return threads that wait to be judged."""
        ...

    def thread(self, account: str, thread_id: str) -> Thread:
        """Return all stored items of a thread, oldest first."""
        ...

    def mark_all_pending(self) -> None:
        """Mark every thread for judging (after a change of rules, calendar or register)."""
        ...

    def set_visibility(self, rechecks: Sequence[Recheck], *, at: datetime) -> int:
        """Write down what rechecks found, mark the threads; returns how many items changed."""
        ...

    def last_own_post_at(self) -> dict[str, datetime]:
        """Return, per account, when its newest own post (kind POST, by_account) was published."""
        ...

    def own_posts_at(self, *, since: datetime) -> dict[str, list[datetime]]:
        """Return, per account that has any, when its own posts were published from `since` on, oldest first."""
        ...
