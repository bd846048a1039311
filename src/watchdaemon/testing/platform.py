"""A platform made of verbs: tests say what people write and what breaks, and read what was asked for."""

import threading
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from watchdaemon.domain.account import Account
from watchdaemon.domain.fetch import (
    Cover,
    Coverage,
    CredentialHealth,
    Cursors,
    FetchResult,
    KindCoverage,
    Profile,
    Recheck,
    Trouble,
)
from watchdaemon.domain.item import Item, ItemKind, Visibility


class FakePlatform:
    """Implements `PlatformAdapter` from memory. Thread-safe. Account keys and native ids are the same here."""

    def __init__(self, name: str = "fake", *, batch_size: int = 1) -> None:
        self.name = name
        self.batch_size = batch_size
        self.fetched: list[list[str]] = []  # account keys, one list a call
        self.rechecked: list[str] = []
        self._items: dict[str, dict[str, Item]] = defaultdict(dict)
        self._troubles: dict[str, Trouble | Exception] = {}
        self._partial: dict[str, Trouble] = {}
        self._silent: set[str] = set()
        self._health: dict[str, CredentialHealth | Exception] = {}
        self.asked_about: list[str] = []  # account keys whose credential was asked about
        self._lock = threading.Lock()

    # ---- what happens on the platform --------------------------------------------------------------------------

    def somebody_writes(
        self,
        account: str,
        external_id: str,
        text: str,
        at: datetime,
        *,
        thread: str | None = None,
        author: str = "Kim Exempel",
        kind: ItemKind = ItemKind.COMMENT,
    ) -> Item:
        """A citizen writes an item."""
        return self._put(account, external_id, text, at, thread, author, f"visitor-{author}", kind, by_account=False)

    def account_replies(self, account: str, external_id: str, text: str, at: datetime, *, thread: str) -> Item:
        """The account answers in a thread, natively."""
        return self._put(account, external_id, text, at, thread, account, account, ItemKind.COMMENT, by_account=True)

    def account_posts(self, account: str, external_id: str, text: str, at: datetime) -> Item:
        """The account publishes a post of its own."""
        return self._put(account, external_id, text, at, None, account, account, ItemKind.POST, by_account=True)

    def author_deletes(self, account: str, external_id: str) -> None:
        """The item is gone from the platform."""
        with self._lock:
            del self._items[account][external_id]

    def breaks(self, account: str, trouble: Trouble | Exception) -> None:
        """Fetching this account fails with the trouble, or raises the exception."""
        self._troubles[account] = trouble

    def gives_only_part(self, account: str, trouble: Trouble) -> None:
        """Fetching this account is partial."""
        self._partial[account] = trouble

    def says_nothing(self, account: str) -> None:
        """The adapter forgets the account: no final result at all."""
        self._silent.add(account)

    def says_of_credential(self, account: str, said: CredentialHealth | Exception | None) -> None:
        """Asked about the account's credential, the platform says (or raises) this; None: that it is good."""
        if said is None:
            self._health.pop(account, None)
        else:
            self._health[account] = said

    def recovers(self, account: str) -> None:
        """All is well with the account again."""
        self._troubles.pop(account, None)
        self._partial.pop(account, None)
        self._silent.discard(account)

    def _put(  # noqa: PLR0917 - an item's facts, always in this order
        self,
        account: str,
        external_id: str,
        text: str,
        at: datetime,
        thread: str | None,
        author: str,
        author_id: str,
        kind: ItemKind,
        *,
        by_account: bool,
    ) -> Item:
        item = Item(
            account=account,
            platform=self.name,
            external_id=external_id,
            thread_id=thread or external_id,
            parent_id=thread,
            kind=kind,
            published_at=at,
            author=author,
            author_id=author_id,
            by_account=by_account,
            text=text,
            url=f"https://{self.name}.example/{external_id}",
        )
        with self._lock:
            self._items[account][external_id] = item
        return item

    # ---- PlatformAdapter ---------------------------------------------------------------------------------------

    def kinds(self) -> Sequence[KindCoverage]:
        """Everything is covered: it is all ours."""
        return [KindCoverage(kind=kind, cover=Cover.FULL) for kind in ItemKind]

    def fetch(
        self,
        accounts: Sequence[Account],
        cursors: Mapping[str, Cursors],  # noqa: ARG002 - the port's signature
    ) -> Iterator[FetchResult]:
        """Yield everything there is of each account, whatever the cursors say."""
        with self._lock:
            self.fetched.append([a.key for a in accounts])
        for account in accounts:
            if account.key in self._silent:
                continue
            trouble = self._troubles.get(account.key)
            if isinstance(trouble, Exception):
                raise trouble
            if trouble is not None:
                yield FetchResult(account=account.key, coverage=Coverage.FAILED, troubles=(trouble,), calls=1)
                continue
            with self._lock:
                items = tuple(self._items[account.key].values())
            partial = self._partial.get(account.key)
            yield FetchResult(
                account=account.key,
                coverage=Coverage.PARTIAL if partial else Coverage.COMPLETE,
                troubles=(partial,) if partial else (),
                items=items,
                cursors={"comments": max((i.external_id for i in items), default="")},
                calls=1,
            )

    def recheck(self, account: Account, items: Sequence[Item]) -> Iterator[Recheck]:
        """Say of each item whether it is still there."""
        for item in items:
            self.rechecked.append(item.external_id)
            found = self._items[account.key].get(item.external_id)
            yield Recheck(
                account=account.key,
                external_id=item.external_id,
                visibility=found.visibility if found else Visibility.DELETED,
                item=replace(found) if found else None,
            )

    def profile(self, account: Account) -> Profile:
        """Return what the register says."""
        return Profile(account=account.key, name=account.name, text="", link=account.link, is_public=True)

    def credential(self, account: Account) -> CredentialHealth:
        """It is good unless `says_of_credential` said otherwise."""
        with self._lock:
            self.asked_about.append(account.key)
        said = self._health.get(account.key)
        if isinstance(said, Exception):
            raise said
        return said or CredentialHealth(account=account.key, is_valid=True, detail="a fake credential")
