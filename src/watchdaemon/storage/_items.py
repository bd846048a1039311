"""Items, the cursors that cover them, and the mark that a thread must be judged."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, func, select, update

from watchdaemon.domain.fetch import FetchResult, Recheck
from watchdaemon.domain.item import Item, ItemKind, Thread
from watchdaemon.ports import PendingThread, Saved
from watchdaemon.rules.keeping import apply_recheck, merge_item, storable, storable_item
from watchdaemon.storage import mapping
from watchdaemon.storage._database import Database, chunks
from watchdaemon.storage._part import Part
from watchdaemon.storage.tables import CursorRow, ItemRow, ThreadRow, table

_items, _cursors, _threads = table(ItemRow), table(CursorRow), table(ThreadRow)


@dataclass(slots=True)
class _Changes:
    """What a transaction is about to write: rows, and the threads they touch."""

    items: dict[str, Item] = field(default_factory=dict)  # by external id
    threads: set[str] = field(default_factory=set)

    def put(self, item: Item, stored: Item | None) -> None:
        self.items[item.external_id] = item
        self.threads.add(item.thread_id)
        if stored is not None:
            self.threads.add(stored.thread_id)


class ItemPart(Part):
    """Implements `ports.ItemStore`."""

    def save_fetch(self, result: FetchResult, *, at: datetime) -> Saved:
        """Store items and cursors in one transaction; see the port for what is kept of an item seen before."""
        items = [storable_item(item) for item in result.items]
        if any(item.account != storable(result.account) for item in items):
            raise ValueError(f"{result.account}: a fetch result holds another account's item")
        with self._db.write(f"store a fetch of {result.account}", lock=_lock(result.account)) as connection:
            stored = _stored_items(connection, result.account, [item.external_id for item in items])
            changes = _Changes()
            for item in items:
                known = changes.items.get(item.external_id) or stored.get(item.external_id)
                kept = item if known is None else merge_item(known, item, at=at)
                if kept != known:
                    changes.put(kept, known)
            _write_items(self._db, connection, changes.items.values(), at)
            mark_threads(self._db, connection, result.account, changes.threads)
            _write_cursors(self._db, connection, result.account, result.cursors)
        new = sum(1 for external_id in changes.items if external_id not in stored)
        return Saved(new_items=new, changed_items=len(changes.items) - new)

    def cursors(self, accounts: Iterable[str]) -> dict[str, dict[str, str]]:
        """Return the cursors of each of the accounts (an empty mapping for one never fetched)."""
        found: dict[str, dict[str, str]] = {account: {} for account in accounts}
        with self._db.read("read cursors") as connection:
            for some in chunks(list(found)):
                for row in connection.execute(select(_cursors).where(_cursors.c.account.in_(some))).mappings():
                    found[row["account"]][row["stream"]] = row["value"]
        return found

    def items(self, *, account: str | None = None, since: datetime | None = None) -> list[Item]:
        """Return stored items by `published_at`, then key; `since` is inclusive."""
        query = select(_items).order_by(_items.c.published_at, _items.c.account, _items.c.external_id)
        if account is not None:
            query = query.where(_items.c.account == account)
        if since is not None:
            query = query.where(_items.c.published_at >= since)
        with self._db.read("read items") as connection:
            return [mapping.item_from_row(r) for r in connection.execute(query).mappings()]

    def pending_threads(self, *, limit: int = 500) -> list[PendingThread]:
        """Return threads that wait to be judged, by account and id."""
        query = (
            select(_threads.c.account, _threads.c.thread_id, _threads.c.revision)
            .where(_threads.c.judged < _threads.c.revision)
            .order_by(_threads.c.account, _threads.c.thread_id)
            .limit(limit)
        )
        with self._db.read("read what waits to be judged") as connection:
            return [PendingThread(**r) for r in connection.execute(query).mappings()]

    def thread(self, account: str, thread_id: str) -> Thread:
        """Return all stored items of a thread, oldest first."""
        query = (
            select(_items)
            .where(_items.c.account == account, _items.c.thread_id == thread_id)
            .order_by(_items.c.published_at, _items.c.external_id)
        )
        with self._db.read(f"read a thread of {account}") as connection:
            items = tuple(mapping.item_from_row(r) for r in connection.execute(query).mappings())
        return Thread(account=account, thread_id=thread_id, items=items)

    def mark_all_pending(self) -> None:
        """Mark every thread for judging (after a change of rules, calendar or register)."""
        with self._db.write("mark all threads") as connection:
            connection.execute(update(_threads).values(revision=_threads.c.revision + 1))

    def set_visibility(self, rechecks: Sequence[Recheck], *, at: datetime) -> int:
        """Write down what rechecks found, mark the threads; returns how many items changed.

        Items that are not stored are passed over. One transaction an account.
        """
        by_account: dict[str, list[Recheck]] = defaultdict(list)
        for recheck in rechecks:
            by_account[storable(recheck.account)].append(recheck)
        return sum(self._recheck(account, some, at) for account, some in by_account.items())

    def last_own_post_at(self) -> dict[str, datetime]:
        """Return, per account, when its newest own post (kind POST, by_account) was published."""
        query = (
            select(_items.c.account, func.max(_items.c.published_at).label("newest"))
            .where(_items.c.by_account, _items.c.kind == ItemKind.POST)
            .group_by(_items.c.account)
        )
        with self._db.read("read the newest own posts") as connection:
            return {row.account: row.newest for row in connection.execute(query)}

    def own_posts_at(self, *, since: datetime) -> dict[str, list[datetime]]:
        """Return, per account that has any, when its own posts were published from `since` on, oldest first."""
        query = (
            select(_items.c.account, _items.c.published_at)
            .where(_items.c.by_account, _items.c.kind == ItemKind.POST, _items.c.published_at >= since)
            .order_by(_items.c.published_at)
        )
        found: dict[str, list[datetime]] = defaultdict(list)
        with self._db.read("read when own posts were published") as connection:
            for row in connection.execute(query):
                found[row.account].append(row.published_at)
        return dict(found)

    def _recheck(self, account: str, rechecks: Sequence[Recheck], at: datetime) -> int:
        with self._db.write(f"store what was rechecked of {account}", lock=_lock(account)) as connection:
            stored = _stored_items(connection, account, [storable(r.external_id) for r in rechecks])
            changes = _Changes()
            for recheck in rechecks:
                external_id = storable(recheck.external_id)
                known = changes.items.get(external_id) or stored.get(external_id)
                if known is None:
                    continue
                kept = storable_item(apply_recheck(known, recheck, at=at))
                if kept != known:
                    changes.put(kept, known)
            _write_items(self._db, connection, changes.items.values(), at)
            mark_threads(self._db, connection, account, changes.threads)
        return len(changes.items)


def mark_threads(db: Database, connection: Connection, account: str, threads: Iterable[str]) -> None:
    """Mark threads for judging, in the caller's transaction."""
    rows = [{"account": account, "thread_id": t, "revision": 1, "judged": 0} for t in sorted(threads)]
    if not rows:
        return
    mark = db.insert(_threads).on_conflict_do_update(
        index_elements=["account", "thread_id"], set_={"revision": _threads.c.revision + 1}
    )
    connection.execute(mark, rows)


def _lock(account: str) -> str:
    return f"items/{account}"


def _stored_items(connection: Connection, account: str, external_ids: Sequence[str]) -> dict[str, Item]:
    found: dict[str, Item] = {}
    for some in chunks(external_ids):
        query = select(_items).where(_items.c.account == account, _items.c.external_id.in_(some))
        for row in connection.execute(query).mappings():
            found[row["external_id"]] = mapping.item_from_row(row)
    return found


def _write_items(db: Database, connection: Connection, items: Iterable[Item], at: datetime) -> None:
    rows = [mapping.item_to_row(item, first_seen_at=at, changed_at=at) for item in items]
    if rows:
        connection.execute(db.upsert(_items, keep=("first_seen_at",)), rows)


def _write_cursors(db: Database, connection: Connection, account: str, cursors: Mapping[str, str]) -> None:
    rows = [{"account": account, "stream": stream, "value": value} for stream, value in cursors.items()]
    if rows:
        connection.execute(db.upsert(_cursors), rows)
