"""Items, cursors, and the marks of threads that wait to be judged."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from watchdaemon.domain.fetch import FetchResult, Recheck
from watchdaemon.domain.item import Item, ItemKind, Thread
from watchdaemon.ports import PendingThread, Saved
from watchdaemon.rules.keeping import apply_recheck, merge_item, storable
from watchdaemon.testing.memory._part import Data, ItemKey, Part, stored


class ItemPart(Part):
    """Implements `ports.ItemStore`."""

    def save_fetch(self, result: FetchResult, *, at: datetime) -> Saved:
        """Store items and cursors; see the port for what is kept of an item seen before."""
        result, at = stored(result), stored(at)
        if any(item.account != result.account for item in result.items):
            raise ValueError(f"{result.account}: a fetch result holds another account's item")
        with self._turn() as data:
            before = set(data.items)
            touched: set[ItemKey] = set()
            changed_threads: set[str] = set()
            for item in result.items:
                known = data.items.get(item.key)
                merged = item if known is None else merge_item(known, item, at=at)
                if merged != known:
                    touched.add(item.key)
                    changed_threads |= {merged.thread_id, known.thread_id if known else merged.thread_id}
                    data.items[item.key] = merged
                    data.first_seen.setdefault(item.key, at)
            mark_threads(data, result.account, changed_threads)
            data.cursors[result.account].update(result.cursors)
        return Saved(new_items=len(touched - before), changed_items=len(touched & before))

    def cursors(self, accounts: Iterable[str]) -> dict[str, dict[str, str]]:
        """Return the cursors of each of the accounts (an empty mapping for one never fetched)."""
        with self._turn() as data:
            return {account: dict(data.cursors.get(account, {})) for account in accounts}

    def items(self, *, account: str | None = None, since: datetime | None = None) -> list[Item]:
        """Return stored items by `published_at`, then key; `since` is inclusive."""
        with self._turn() as data:
            found = [
                item
                for item in data.items.values()
                if (account is None or item.account == storable(account))
                and (since is None or item.published_at >= since)
            ]
        return sorted(found, key=lambda item: (item.published_at, item.key))

    def pending_threads(self, *, limit: int = 500) -> list[PendingThread]:
        """Return threads that wait to be judged, by account and id."""
        with self._turn() as data:
            waiting = sorted((key, mark.revision) for key, mark in data.marks.items() if mark.judged < mark.revision)
        return [
            PendingThread(account=account, thread_id=thread_id, revision=revision)
            for (account, thread_id), revision in waiting[:limit]
        ]

    def thread(self, account: str, thread_id: str) -> Thread:
        """Return all stored items of a thread, oldest first."""
        with self._turn() as data:
            return thread_of(data, account, thread_id)

    def mark_all_pending(self) -> None:
        """Mark every thread for judging."""
        with self._turn() as data:
            for mark in data.marks.values():
                mark.revision += 1

    def set_visibility(self, rechecks: Sequence[Recheck], *, at: datetime) -> int:
        """Write down what rechecks found, mark the threads; returns how many items changed."""
        changed: set[ItemKey] = set()
        with self._turn() as data:
            for recheck in stored(rechecks):
                key = (recheck.account, recheck.external_id)
                known = data.items.get(key)
                if known is None:
                    continue
                kept = apply_recheck(known, recheck, at=stored(at))
                if kept != known:
                    data.items[key] = kept
                    changed.add(key)
                    mark_threads(data, known.account, {known.thread_id, kept.thread_id})
        return len(changed)

    def last_own_post_at(self) -> dict[str, datetime]:
        """Return, per account, when its newest own post (kind POST, by_account) was published."""
        own = [i for i in self.items() if i.by_account and i.kind is ItemKind.POST]
        return {item.account: item.published_at for item in own}  # `items` is sorted: the newest one stays

    def own_posts_at(self, *, since: datetime) -> dict[str, list[datetime]]:
        """Return, per account that has any, when its own posts were published from `since` on."""
        found: dict[str, list[datetime]] = {}
        for item in self.items(since=since):
            if item.by_account and item.kind is ItemKind.POST:
                found.setdefault(item.account, []).append(item.published_at)
        return found


def mark_threads(data: Data, account: str, threads: Iterable[str]) -> None:
    """Write down that these threads must be judged anew."""
    for thread_id in threads:
        data.marks[(account, thread_id)].revision += 1


def thread_of(data: Data, account: str, thread_id: str) -> Thread:
    """Return all stored items of a thread, oldest first."""
    items = [i for i in data.items.values() if is_in_thread(i, storable(account), storable(thread_id))]
    items.sort(key=lambda item: (item.published_at, item.external_id))
    return Thread(account=account, thread_id=thread_id, items=tuple(items))


def is_in_thread(item: Item, account: str, thread_id: str) -> bool:
    """Whether the item stands in that thread."""
    return item.account == account and item.thread_id == thread_id
