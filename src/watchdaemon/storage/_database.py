"""The engine: one road into SQLite or PostgreSQL, with transactions, locks, and every fault as `StorageError`."""

import contextlib
import fcntl
import os
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

import sqlalchemy as sa
from sqlalchemy import Connection, Engine, Table, event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.pool import ConnectionPoolEntry

from watchdaemon.errors import ConfigError, StorageError

LOCK_TIMEOUT = timedelta(seconds=10)
"""So long a statement waits for another process's lock before it is a StorageError."""

TURN_TIMEOUT = timedelta(minutes=3)
"""So long a turn is waited for: its holder may be waiting for a slow platform (on SQLite without end)."""

CHUNK = 500
"""So many keys go into one IN (…): well under SQLite's 32,766 and PostgreSQL's 65,535 parameters."""

_SQLITE_READERS = 8
_POSTGRESQL_CONNECTIONS = 10  # and as many again for moments of rush; the server's default limit is 100

T = TypeVar("T")

_write_locks: dict[str, threading.Lock] = {}
_write_locks_guard = threading.Lock()


def parse_url(url: str) -> URL:
    """Return the address of the database.

    Raises:
        ConfigError: Not an address, another engine than the two we test, SQLite without a file, or no driver.
    """
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise ConfigError("storage.url is not a database address such as sqlite:////var/lib/…/watch.db") from error
    backend = parsed.get_backend_name()
    if backend == "sqlite":
        if not parsed.database or parsed.database == ":memory:":
            raise ConfigError("storage.url must name a file: sqlite:////absolute/path.db or sqlite:///relative/path.db")
        return parsed.set(drivername="sqlite")
    if backend in {"postgresql", "postgres"}:
        return parsed.set(drivername="postgresql+psycopg")
    raise ConfigError(f"storage.url: {backend!r} is not supported; use sqlite or postgresql")


class Database:
    """An engine with the two kinds of transaction the stores use. Safe between threads."""

    def __init__(self, url: str, *, lock_timeout: timedelta = LOCK_TIMEOUT) -> None:
        """Make the engine; nothing is connected yet.

        Raises:
            ConfigError: See `parse_url`.
        """
        self.url = parse_url(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self._lock_timeout = lock_timeout
        self._together = threading.local()
        self._upserts: dict[tuple[str, tuple[str, ...]], sqlite.Insert | postgresql.Insert] = {}
        self._engine = self._sqlite_engine() if self.is_sqlite else self._postgresql_engine()
        self._writers = self._engine.execution_options(watchdaemon_writes=True)
        # SQLite's WAL gives a reader one state by itself; PostgreSQL gives each statement another one unless asked.
        self._readers = (
            self._engine
            if self.is_sqlite
            else self._engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        )
        self._write_lock = _write_lock(str(self.path.resolve())) if self.is_sqlite else contextlib.nullcontext()

    @property
    def path(self) -> Path:
        """The SQLite file."""
        return Path(str(self.url.database))

    @contextlib.contextmanager
    def read(self, what: str) -> Iterator[Connection]:
        """Open a transaction that sees one state of the database throughout. `what` completes "could not …"."""
        with self._errors(what), self._readers.connect() as connection:
            yield connection

    @contextlib.contextmanager
    def write(self, what: str, *, lock: str | None = None, durable: bool = False) -> Iterator[Connection]:
        """Open a transaction that is kept whole when the block ends well, and not at all otherwise.

        Args:
            what: Completes "could not …" in the error.
            lock: Names what is read and then written. Writers with the same name wait for each other, in other
                processes too. (On SQLite all writers do: BEGIN IMMEDIATE, and one lock in the process so that
                threads queue up instead of running into "database is locked".)
            durable: What was written must survive a power cut too. SQLite otherwise keeps only a killed process from
                losing it, which is enough for what can be fetched again.
        """
        joined: Connection | None = getattr(self._together, "connection", None)
        if joined is not None:
            with self._errors(what):
                self._wait_for(joined, lock)
                yield joined
            return
        writers = self._writers.execution_options(watchdaemon_durable=True) if durable else self._writers
        with self._errors(what), self._write_lock, writers.begin() as connection:
            self._wait_for(connection, lock)
            yield connection

    @contextlib.contextmanager
    def together(self, what: str) -> Iterator[None]:
        """Make everything that this thread writes in the block one transaction. Read nothing in it that must be new."""
        with self.write(what) as connection:
            self._together.connection = connection
            try:
                yield
            finally:
                self._together.connection = None

    def _wait_for(self, connection: Connection, lock: str | None) -> None:
        if lock is not None and not self.is_sqlite:
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtextextended(lock, 0))))

    @contextlib.contextmanager
    def turn(self, name: str) -> Iterator[None]:
        """Hold a lock of that name over all processes, across several transactions. A killed holder gives it back.

        SQLite: a lock on a file beside the database (flock(2) ends with the process). PostgreSQL: a session's advisory
        lock, on a connection of its own, so that waiting turns never use up the pool.
        """
        what = f"wait for the turn of {name}"
        with self._file_turn(name, what) if self.is_sqlite else self._session_turn(name, what):
            yield

    @contextlib.contextmanager
    def _file_turn(self, name: str, what: str) -> Iterator[None]:
        with self._errors(what):
            folder = self.path.with_name(f"{self.path.name}.turns")
            folder.mkdir(mode=0o700, exist_ok=True)
            number = os.open(folder / quote(name, safe=""), os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        try:
            with self._errors(what):
                fcntl.flock(number, fcntl.LOCK_EX)
            yield
        finally:
            os.close(number)

    @contextlib.contextmanager
    def _session_turn(self, name: str, what: str) -> Iterator[None]:
        with self._errors(what):
            connection = self._engine.connect()
            connection.detach()  # this one is closed at the end, and the pool makes another
            try:
                connection.execute(sa.text(f"SET lock_timeout = {int(TURN_TIMEOUT.total_seconds() * 1000)}"))
                connection.execute(sa.text("SELECT pg_advisory_lock(hashtextextended(:name, 1))"), {"name": name})
                connection.commit()
            except BaseException:
                connection.close()
                raise
        try:
            yield
        finally:
            with contextlib.suppress(SQLAlchemyError):  # a broken connection has given the lock back already
                connection.close()

    def upsert(self, table: Table, *, keep: tuple[str, ...] = ()) -> sqlite.Insert | postgresql.Insert:
        """Return an insert that overwrites a row with the same primary key, except for the columns in `keep`."""
        # Making the statement takes longer than storing ten rows with it.
        if (table.name, keep) not in self._upserts:
            self._upserts[table.name, keep] = self._make_upsert(table, keep)
        return self._upserts[table.name, keep]

    def _make_upsert(self, table: Table, keep: tuple[str, ...]) -> sqlite.Insert | postgresql.Insert:
        statement = self.insert(table)
        keys = [c.name for c in table.primary_key]
        values = {c.name: statement.excluded[c.name] for c in table.c if c.name not in keys and c.name not in keep}
        return statement.on_conflict_do_update(index_elements=keys, set_=values)

    def insert(self, table: Table) -> sqlite.Insert | postgresql.Insert:
        """Return the engine's own insert, which knows ON CONFLICT."""
        return sqlite.insert(table) if self.is_sqlite else postgresql.insert(table)

    def close(self) -> None:
        """Give back every connection."""
        self._engine.dispose()

    @contextlib.contextmanager
    def _errors(self, what: str) -> Iterator[None]:
        dbapi_error = self._engine.dialect.loaded_dbapi.Error
        try:
            yield
        except (SQLAlchemyError, dbapi_error, OSError) as error:
            raise StorageError(f"could not {what}: {_cause(error)}") from error

    def _sqlite_engine(self) -> Engine:
        # mode=rw: opening never makes an empty file where the database is missing.
        file = f"file:{quote(str(self.path))}?mode=rw"
        engine = sa.create_engine(
            self.url,
            creator=lambda: sqlite3.connect(
                file, uri=True, timeout=self._lock_timeout.total_seconds(), check_same_thread=False
            ),
            # Statement parameters are citizens' words; they must not come into tracebacks.
            hide_parameters=True,
            pool_size=_SQLITE_READERS,
            max_overflow=-1,
        )
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine

    def _postgresql_engine(self) -> Engine:
        milliseconds = int(self._lock_timeout.total_seconds() * 1000)
        try:
            return sa.create_engine(
                self.url,
                hide_parameters=True,
                pool_size=_POSTGRESQL_CONNECTIONS,
                max_overflow=_POSTGRESQL_CONNECTIONS,
                pool_pre_ping=True,  # a restarted server is noticed here, not in the middle of a fetch
                connect_args={
                    "application_name": "watchdaemon",
                    "options": f"-c timezone=UTC -c lock_timeout={milliseconds}",
                },
            )
        except ModuleNotFoundError as error:
            raise ConfigError("PostgreSQL needs the extra: install watchdaemon[postgresql]") from error


def create_sqlite_file(path: Path) -> None:
    """Make the file and its folders, for this user's eyes only, when they are not there.

    Raises:
        StorageError: The place cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    except OSError as error:
        raise StorageError(f"could not create the database {path}: {error.strerror}") from error


def chunks(values: Sequence[T]) -> Iterator[Sequence[T]]:
    """Cut into pieces that fit into one statement."""
    for start in range(0, len(values), CHUNK):
        yield values[start : start + CHUNK]


def _write_lock(path: str) -> threading.Lock:
    with _write_locks_guard:
        return _write_locks.setdefault(path, threading.Lock())


def _prepare_sqlite(connection: sqlite3.Connection, _: ConnectionPoolEntry) -> None:
    # The driver would open transactions by its own rules; `_begin_sqlite` does it by ours.
    connection.isolation_level = None
    # 16 MB of cache where SQLite's own 2 MB would have it write and read index pages over and over in a backlog.
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON", "cache_size=-16000"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    # A transaction that reads first and writes later cannot wait for the write lock: it fails at once when somebody
    # wrote in between. So writers take the lock at their beginning.
    options = connection.get_execution_options()
    writes = options.get("watchdaemon_writes", False)
    level = "FULL" if options.get("watchdaemon_durable", False) else "NORMAL"
    if writes and connection.info.get("synchronous", "NORMAL") != level:
        connection.exec_driver_sql(f"PRAGMA synchronous={level}")  # has no effect inside a transaction
        connection.info["synchronous"] = level
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _cause(error: BaseException) -> str:
    """Return the driver's own first line: the rest may quote the row."""
    root: Any = getattr(error, "orig", None) or error
    lines = str(root).splitlines()
    return lines[0] if lines else type(root).__name__
