"""The register and its audit table, on every store."""

from dataclasses import replace

import pytest
from tests.storage.make import NOW, account, register

from watchdaemon.domain.account import Register
from watchdaemon.domain.audit import AuditEntry, Change
from watchdaemon.errors import StorageError
from watchdaemon.ports import Store

ADDED = Change(kind="account", key="fb-biblioteket", field="", before=None, after="added")
RENAMED = Change(kind="account", key="fb-biblioteket", field="name", before="Gammalt", after="Nytt")


def test_an_empty_store_has_an_empty_register(store: Store) -> None:
    assert store.load_register() == Register()
    assert store.audit_trail() == []


def test_a_register_comes_back_equal(store: Store) -> None:
    stored = register([account(), account("yt-exempel", "200", owners=(), own_ids=(), extra={})])

    store.apply_changes(stored, [ADDED], by="anna", at=NOW)

    assert store.load_register() == stored


def test_owners_keep_their_order(store: Store) -> None:
    turned = account(owners=tuple(reversed(account().owners)))
    store.apply_changes(register([turned]), [], by="anna", at=NOW)

    assert store.load_register().accounts[turned.key].owners == turned.owners


def test_what_left_the_register_is_gone(store: Store) -> None:
    store.apply_changes(register([account("a", "1"), account("b", "2")]), [], by="anna", at=NOW)
    smaller = register([replace(account("b", "2"), name="Nytt", owners=account().owners[:1])])
    store.apply_changes(smaller, [], by="anna", at=NOW)

    assert store.load_register() == smaller


def test_accounts_may_swap_their_native_ids(store: Store) -> None:
    store.apply_changes(register([account("a", "1"), account("b", "2")]), [], by="anna", at=NOW)
    swapped = register([account("a", "2"), account("b", "1")])
    store.apply_changes(swapped, [], by="anna", at=NOW)

    assert store.load_register() == swapped


def test_changes_are_written_down_oldest_first(store: Store) -> None:
    store.apply_changes(register(), [ADDED], by="anna", at=NOW)
    store.apply_changes(register(), [RENAMED, ADDED], by="bo", at=NOW)

    assert store.audit_trail() == [
        AuditEntry(at=NOW, by="anna", change=ADDED),
        AuditEntry(at=NOW, by="bo", change=RENAMED),
        AuditEntry(at=NOW, by="bo", change=ADDED),
    ]


def test_a_refused_register_leaves_everything_as_it_was(store: Store) -> None:
    store.apply_changes(register(), [ADDED], by="anna", at=NOW)

    with pytest.raises(StorageError):
        store.apply_changes(register([account("a", "1"), account("b", "1")]), [RENAMED], by="bo", at=NOW)

    assert store.load_register() == register()
    assert [e.by for e in store.audit_trail()] == ["anna"]
