"""Sealed credentials and their turns, on every store."""

import multiprocessing
import threading
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa
from tests.storage.make import NOW, check, credential

from watchdaemon.domain.credential import CredentialState, CredentialVerdict
from watchdaemon.errors import Reason
from watchdaemon.ports import Store
from watchdaemon.storage import open_store

_CLEAN = multiprocessing.get_context("forkserver")


def test_a_credential_comes_back_equal(store: Store) -> None:
    kept = credential(state=CredentialState.REFRESHING, begun_at=NOW, changed_by="anna")

    assert store.put_credential(kept)
    assert store.credential_record("fb") == kept
    assert store.credential_records() == [kept]
    assert store.credential_record("other") is None


def test_a_write_over_a_newer_one_is_refused(store: Store) -> None:
    store.put_credential(credential())

    assert not store.put_credential(credential(sealed="late"))
    assert not store.put_credential(credential(sealed="early", revision=3))
    assert store.put_credential(credential(sealed="next", revision=2))
    assert [r.sealed for r in store.credential_records()] == ["next"]


def test_a_credential_is_forgotten_once(store: Store) -> None:
    store.put_credential(credential())

    assert store.remove_credential("fb")
    assert not store.remove_credential("fb")
    assert store.credential_records() == []


def test_of_several_checks_the_last_stays(store: Store) -> None:
    store.save_credential_check(check())
    dead = check(verdict=CredentialVerdict.DEAD, reason=Reason.UNAUTHORISED, clocks={}, expires_at=None)
    store.save_credential_check(dead)
    store.save_credential_check(replace(check(), account="other"))

    assert store.credential_checks() == {dead.account: dead, "other": replace(check(), account="other")}


def test_a_turn_is_one_thread_s_at_a_time(store: Store) -> None:
    inside: list[int] = []
    crowds: list[int] = []

    def take(number: int) -> None:
        with store.credential_turn("x"):
            inside.append(number)
            crowds.append(len(inside))
            store.credential_record("x")
            inside.remove(number)

    threads = [threading.Thread(target=take, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=20)

    assert crowds == [1] * 8


def test_another_credential_s_turn_does_not_wait(store: Store) -> None:
    with store.credential_turn("x"), store.credential_turn("y"):
        assert store.credential_record("x") is None


def hold(url: str, taken: "Callable[[], None]", release: "Callable[[float], bool]") -> None:
    """Another process takes the turn, says so, and holds it."""
    with closing(open_store(url)) as store, store.credential_turn("x"):
        taken()
        release(30)


def test_a_killed_process_gives_its_turn_back(url: str) -> None:
    taken, release = _CLEAN.Event(), _CLEAN.Event()
    other = _CLEAN.Process(target=hold, args=(url, taken.set, release.wait))
    other.start()
    assert taken.wait(30)
    got = threading.Event()

    def take() -> None:
        with closing(open_store(url)) as store, store.credential_turn("x"):
            got.set()

    thread = threading.Thread(target=take)
    thread.start()
    was_free = got.wait(0.3)
    other.kill()
    other.join(timeout=10)
    thread.join(timeout=20)

    assert not was_free
    assert got.is_set()


@pytest.mark.parametrize("other_writes_first", [False, True])
def test_on_sqlite_a_credential_is_written_through_to_the_disk_and_items_are_not(
    sqlite_url: str, other_writes_first: bool
) -> None:
    levels: list[tuple[str, int]] = []
    with closing(open_store(sqlite_url)) as store:

        @sa.event.listens_for(store._db._engine, "commit")
        def note(connection: sa.Connection) -> None:
            level = connection.connection.driver_connection.execute("PRAGMA synchronous").fetchone()[0]  # type: ignore[union-attr]  # sqlite3's own connection
            levels.append(("commit", level))

        if other_writes_first:
            store.set_state("x", "1")
        store.put_credential(credential())
        store.set_state("x", "2")

    full, normal = 2, 1
    assert [level for _, level in levels] == ([normal] if other_writes_first else []) + [full, normal]


def test_the_files_of_turns_are_for_this_user_only(sqlite_url: str) -> None:
    with closing(open_store(sqlite_url)) as store, store.credential_turn("../x"):
        folder = Path(sqlite_url.removeprefix("sqlite:///")).with_name("watch.db.turns")
        (file,) = folder.iterdir()

    assert (folder.stat().st_mode & 0o777, file.stat().st_mode & 0o777) == (0o700, 0o600)
    assert file.name == "..%2Fx"
