"""Every method against a database that is locked or broken: a StorageError, nothing half done, and back by itself."""

import inspect
import sqlite3
import traceback
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from tests.storage.make import (
    ACCOUNT,
    NOW,
    alert,
    attempt,
    check,
    credential,
    fetched,
    gap,
    held,
    item,
    mail,
    mail_trouble,
    reading,
    register,
    silence,
    spent,
    telling,
    window,
)

from watchdaemon.domain.fetch import Recheck
from watchdaemon.domain.item import Visibility
from watchdaemon.domain.moderation import Action, ModerationEntry, Outcome
from watchdaemon.domain.question import Decision, DecisionKind
from watchdaemon.errors import StorageError
from watchdaemon.ports import PendingThread, Store
from watchdaemon.storage import SqlStore, open_store
from watchdaemon.storage.tables import metadata
from watchdaemon.testing.memory import MemoryStore

Call = Callable[[Store], object]

ORDER = ModerationEntry(account=ACCOUNT, external_id="c1", action=Action.HIDE, by="anna", why="spam", begun_at=NOW)

READS: dict[str, Call] = {
    "load_register": lambda s: s.load_register(),
    "audit_trail": lambda s: s.audit_trail(),
    "cursors": lambda s: s.cursors([ACCOUNT]),
    "moderations": lambda s: s.moderations(),
    "cases": lambda s: s.cases([PendingThread(account=ACCOUNT, thread_id="t1", revision=1)]),
    "items": lambda s: s.items(),
    "pending_threads": lambda s: s.pending_threads(),
    "thread": lambda s: s.thread(ACCOUNT, "t1"),
    "last_own_post_at": lambda s: s.last_own_post_at(),
    "own_posts_at": lambda s: s.own_posts_at(since=NOW),
    "questions": lambda s: s.questions(),
    "question": lambda s: s.question(ACCOUNT, "c1"),
    "link_used_at": lambda s: s.link_used_at("x"),
    "decisions": lambda s: s.decisions(ACCOUNT, "t1"),
    "steps": lambda s: s.steps(ACCOUNT, "c1"),
    "decided": lambda s: s.decided(),
    "entries": lambda s: s.entries(),
    "watched_since": lambda s: s.watched_since(),
    "is_queued": lambda s: s.is_queued(mail().key),
    "deliveries": lambda s: s.deliveries(),
    "told": lambda s: s.told("anna"),
    "waiting": lambda s: s.waiting(),
    "sent_mail": lambda s: s.sent_mail("1@exempelkommun.example"),
    "sent_digests": lambda s: s.sent_digests(since=NOW),
    "last_sent_at": lambda s: s.last_sent_at("anna", address="anna@example.org", by=NOW),
    "mail_troubles": lambda s: s.mail_troubles(),
    "alerts": lambda s: s.alerts(),
    "alert_tellings": lambda s: s.alert_tellings(since=NOW),
    "silences": lambda s: s.silences(),
    "credential_record": lambda s: s.credential_record("fb"),
    "credential_records": lambda s: s.credential_records(),
    "credential_checks": lambda s: s.credential_checks(),
    "get_state": lambda s: s.get_state("x"),
    "usage": lambda s: s.usage(),
    "spending": lambda s: s.spending(from_on=date(2026, 11, 1)),
}
WRITES: dict[str, Call] = {
    "begin_moderation": lambda s: s.begin_moderation(ORDER),
    "end_moderation": lambda s: s.end_moderation(replace(ORDER, id=1, outcome=Outcome.DONE, ended_at=NOW)),
    "apply_changes": lambda s: s.apply_changes(register(), [], by="anna", at=NOW),
    "save_fetch": lambda s: s.save_fetch(fetched(item(text="HEMLIGA ORD")), at=NOW),
    "mark_all_pending": lambda s: s.mark_all_pending(),
    "set_visibility": lambda s: s.set_visibility(
        [Recheck(account=ACCOUNT, external_id="c1", visibility=Visibility.HIDDEN)], at=NOW
    ),
    "save_judgements": lambda s: s.save_judgements(
        [(PendingThread(account=ACCOUNT, thread_id="t1", revision=1), [])], at=NOW
    ),
    "record_decision": lambda s: s.record_decision(
        Decision(account=ACCOUNT, external_id="c1", kind=DecisionKind.FORWARDED, by="anna", at=NOW)
    ),
    "book_attempt": lambda s: s.book_attempt(attempt()),
    "book_missed": lambda s: s.book_missed([gap()]),
    "book_postponed": lambda s: s.book_postponed(held(), window()),
    "book_told": lambda s: s.book_told(ACCOUNT, window(), persons=["anna"], at=NOW),
    "book_seen": lambda s: s.book_seen(ACCOUNT, window(), person="anna", at=NOW),
    "begin_watch": lambda s: s.begin_watch([ACCOUNT], at=NOW),
    "queue": lambda s: s.queue(mail(), at=NOW),
    "claim": lambda s: s.claim(now=NOW, lease=timedelta(minutes=1)),
    "book_sent": lambda s: s.book_sent(1, at=NOW),
    "book_failed": lambda s: s.book_failed(1, at=NOW, error="", next_attempt_at=None),
    "supersede": lambda s: s.supersede(1, reason=""),
    "readdress": lambda s: s.readdress(1, "anna@example.org"),
    "book_returned": lambda s: s.book_returned(1, error=""),
    "book_mail_trouble": lambda s: s.book_mail_trouble(mail_trouble()),
    "clear_mail_trouble": lambda s: s.clear_mail_trouble("anna"),
    "open_alert": lambda s: s.open_alert(alert()),
    "update_alert": lambda s: s.update_alert(alert(id=1)),
    "book_alert_tellings": lambda s: s.book_alert_tellings([telling()]),
    "begin_silence": lambda s: s.begin_silence(silence()),
    "end_silence": lambda s: s.end_silence(1, at=NOW),
    "put_credential": lambda s: s.put_credential(credential()),
    "remove_credential": lambda s: s.remove_credential("fb"),
    "save_credential_check": lambda s: s.save_credential_check(check()),
    "use_link": lambda s: s.use_link("x", at=NOW, forget_before=NOW),
    "set_state": lambda s: s.set_state("x", "y"),
    "book_usage": lambda s: s.book_usage([reading()], [spent(1)]),
    "forget_usage": lambda s: s.forget_usage(before=date(2026, 11, 1)),
    "forget_bodies": lambda s: s.forget_bodies(before=NOW),
}
ALL = READS | WRITES


@pytest.fixture
def impatient(url: str) -> Iterator[SqlStore]:
    """A store on each engine that waits a moment only for a lock."""
    store = open_store(url, lock_timeout=timedelta(milliseconds=20))
    yield store
    store.close()


@contextmanager
def locked(url: str) -> Iterator[None]:
    """Another program holds every lock there is."""
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            yield
        return
    engine = sa.create_engine(sa.make_url(url).set(drivername="postgresql+psycopg"))
    with engine.connect() as other_server_side:
        names = ", ".join(metadata.tables)
        other_server_side.execute(sa.text(f"LOCK TABLE {names} IN ACCESS EXCLUSIVE MODE"))
        yield
    engine.dispose()


def assert_storage_error(call: Call, store: Store) -> StorageError:
    """It raises StorageError with the cause chained."""
    with pytest.raises(StorageError, match=r"^could not ") as caught:
        call(store)
    assert caught.value.__cause__ is not None
    return caught.value


def test_the_tables_of_calls_name_every_method_of_the_store() -> None:
    methods = {name for name, _ in inspect.getmembers(Store, inspect.isfunction) if not name.startswith("_")}

    assert methods - {"close", "credential_turn", "together"} == set(ALL)  # these are no statements


def test_on_a_locked_database_every_write_is_a_storage_error_and_works_afterwards(
    impatient: SqlStore, url: str
) -> None:
    impatient.save_fetch(fetched(item()), at=NOW)
    with locked(url):
        for call in WRITES.values():
            assert_storage_error(call, impatient)

    assert impatient.save_fetch(fetched(item("c2")), at=NOW).new_items == 1


def test_on_a_locked_sqlite_every_read_goes_on(sqlite_url: str) -> None:
    with closing(open_store(sqlite_url)) as store, locked(sqlite_url):
        for call in READS.values():
            call(store)


def test_on_a_locked_postgresql_every_read_is_a_storage_error(postgresql_url: str) -> None:
    with closing(open_store(postgresql_url, lock_timeout=timedelta(milliseconds=20))) as store, locked(postgresql_url):
        for call in READS.values():
            assert_storage_error(call, store)


@pytest.mark.parametrize("name", ALL)
def test_on_a_broken_file_every_method_is_a_storage_error(name: str, sqlite_url: str) -> None:
    with closing(open_store(sqlite_url)) as store:
        store.close()
        Path(sqlite_url.removeprefix("sqlite:///")).write_bytes(b"scribble" * 10_000)

        assert_storage_error(ALL[name], store)


def test_on_a_database_that_lost_its_tables_every_method_is_a_storage_error(url: str) -> None:
    with closing(open_store(url)) as store:
        store.save_fetch(fetched(item()), at=NOW)
        with store._db._engine.begin() as connection:
            for name in metadata.tables:
                connection.execute(sa.text(f"ALTER TABLE {name} RENAME TO lost_{name}"))
        try:
            for call in ALL.values():
                assert_storage_error(call, store)
        finally:
            with store._db._engine.begin() as connection:
                for name in metadata.tables:
                    connection.execute(sa.text(f"ALTER TABLE lost_{name} RENAME TO {name}"))


def test_a_file_that_vanished_is_a_storage_error_and_not_made_anew(sqlite_url: str) -> None:
    path = Path(sqlite_url.removeprefix("sqlite:///"))
    with closing(open_store(sqlite_url)) as store:
        store.close()
        path.unlink()

        assert_storage_error(READS["items"], store)

    assert not path.exists()


def test_a_full_disk_is_a_storage_error_that_loses_nothing_and_passes(sqlite_url: str) -> None:
    store = open_store(sqlite_url)
    store.save_fetch(fetched(item(), cursors={"comments": "1"}), at=NOW)
    pages = [10_000]

    def limit(connection: sqlite3.Connection, *_: object) -> None:
        connection.execute(f"PRAGMA max_page_count = {pages[0]}")

    sa.event.listen(store._db._engine, "connect", limit)
    store.close()  # new connections, with the limit
    pages[0] = 1  # SQLite takes the present size for a limit below it
    big = fetched(item("c2", text="x" * 1_000_000), cursors={"comments": "2"})
    error = assert_storage_error(lambda s: s.save_fetch(big, at=NOW), store)

    assert "full" in str(error)
    assert store.items() == [item()]
    assert store.cursors([ACCOUNT]) == {ACCOUNT: {"comments": "1"}}
    pages[0] = 10_000
    store.close()
    assert store.save_fetch(big, at=NOW).new_items == 1
    store.close()


def test_a_postgresql_that_cut_the_connections_is_found_again(postgresql_url: str) -> None:
    with closing(open_store(postgresql_url)) as store, closing(open_store(postgresql_url)) as other:
        store.set_state("x", "1")
        with other._db.write("cut") as connection:
            connection.execute(
                sa.text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()")
            )

        assert store.get_state("x") == "1"


def test_no_text_of_a_citizen_comes_into_a_traceback(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with closing(open_store(url)) as store:
        with store._db._engine.begin() as connection:
            connection.execute(sa.text("ALTER TABLE items RENAME TO lost_items"))
        try:
            error = assert_storage_error(WRITES["save_fetch"], store)
        finally:
            with store._db._engine.begin() as connection:
                connection.execute(sa.text("ALTER TABLE lost_items RENAME TO items"))

    assert "HEMLIGA" not in "".join(traceback.format_exception(error)).replace('"HEMLIGA ORD"', "")


def test_a_value_this_program_does_not_know_is_a_storage_error(sql_store: SqlStore) -> None:
    sql_store.save_fetch(fetched(item()), at=NOW)
    with sql_store._db.write("meddle") as connection:
        connection.execute(sa.text("UPDATE items SET visibility = 'ghostly'"))

    with pytest.raises(StorageError, match="Visibility that this program does not know: 'ghostly'"):
        sql_store.items()


def test_a_naive_time_is_refused(store: Store) -> None:
    with pytest.raises(StorageError):
        store.begin_watch([ACCOUNT], at=NOW.replace(tzinfo=None))


def test_the_twin_can_be_broken_and_mended() -> None:
    store = MemoryStore()
    store.fault = StorageError("could not write: disk full")
    for call in ALL.values():
        with pytest.raises(StorageError, match="disk full"):
            call(store)
    store.fault = None

    assert store.items() == []
