"""Watching by a person: their word that they looked, and what they found written down."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from watchdaemon.domain.account import Account
from watchdaemon.domain.fetch import Coverage, FetchResult, Trouble
from watchdaemon.domain.item import BY_HAND, Item, ItemKind, Visibility
from watchdaemon.domain.watch import WatchEntry, Window
from watchdaemon.errors import Reason
from watchdaemon.ports import ItemStore, WatchLog


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a person found on an account. `url` leads to it; the account's own link does when it is None."""

    kind: ItemKind
    text: str
    author: str | None
    published_at: datetime
    url: str | None
    by: str  # who found it: a person's key


def confirm(store: WatchLog, accounts: Sequence[str], window: Window, *, person: str, at: datetime) -> list[WatchEntry]:
    """Book that a person has looked at these accounts, and return what the log says of each now.

    Where only a person can watch, that watches the window, if it is open still (`WatchEntry.is_confirmed`); elsewhere
    it is an acknowledgement beside the fetch. Neither is ever booked as a fetch.
    """
    for account in accounts:
        store.book_seen(account, window, person=person, at=at)
    entries = store.entries(from_on=window.on, to_on=window.on)
    return [e for e in entries if e.account in accounts and e.window.key == window.key]


def write_down(store: ItemStore, account: Account, found: Found, *, at: datetime) -> tuple[Item, bool]:
    """Store what a person found, so that it gets a due time and stands in digests; the same again changes nothing.

    A post is the account's own and shows that it is alive; every other kind is somebody else's. What the account
    answered is recorded as a decision on the question.

    Returns:
        The item, and whether it was new.
    """
    item = _item(account, found)
    trouble = Trouble(reason=Reason.NOT_CONFIRMED, detail="one item, written down by a person")
    result = FetchResult(account=account.key, coverage=Coverage.PARTIAL, items=(item,), troubles=(trouble,))
    return item, bool(store.save_fetch(result, at=at).new_items)


def _item(account: Account, found: Found) -> Item:
    facts = (account.key, found.kind, found.author or "", found.published_at.isoformat(), found.text)
    external_id = "hand-" + hashlib.sha256(repr(facts).encode("utf-8", "surrogatepass")).hexdigest()[:20]
    is_own = found.kind is ItemKind.POST
    return Item(
        account=account.key,
        platform=account.platform,
        external_id=external_id,
        thread_id=external_id,
        kind=found.kind,
        published_at=found.published_at,
        author=account.name if is_own else found.author,
        author_id=account.native_id if is_own else None,
        by_account=is_own,
        text=found.text,
        url=found.url or account.link or None,
        visibility=Visibility.PRIVATE if found.kind is ItemKind.MESSAGE else Visibility.PUBLIC,
        extra={BY_HAND: found.by},
    )
