"""What was fetched, told and seen, per account and window."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime

from sqlalchemy import Connection, Select, Table, select

from watchdaemon.domain.quota import Held
from watchdaemon.domain.watch import FetchAttempt, WatchEntry, Window
from watchdaemon.rules.keeping import add_attempt, add_gap, add_postponed, add_seen, add_told, empty_entry
from watchdaemon.storage import mapping
from watchdaemon.storage._part import Part, insert_all
from watchdaemon.storage.tables import AttemptRow, WatchEntryRow, WatchStartRow, table

_entries, _attempts, _starts = table(WatchEntryRow), table(AttemptRow), table(WatchStartRow)


class WatchPart(Part):
    """Implements `ports.WatchLog`."""

    def book_attempt(self, attempt: FetchAttempt) -> WatchEntry:
        """Write an attempt down; the entry keeps the best coverage of its window."""
        with self._db.write(f"book a fetch of {attempt.account}", lock="watch-log") as connection:
            insert_all(connection, _attempts, [mapping.attempt_to_row(attempt)])
            known = _entry(connection, attempt.account, attempt.window)
            self._put(connection, [add_attempt(known, attempt)])
            kept = _entry(connection, attempt.account, attempt.window)
        return kept or empty_entry(attempt.account, attempt.window)

    def book_missed(self, entries: Sequence[WatchEntry]) -> int:
        """Insert entries for windows that closed unfetched, where there is none yet; returns how many were new."""
        if not entries:
            return 0
        days = [e.window.on for e in entries]
        known_since = select(_entries).where(_entries.c.window_on.between(min(days), max(days)))
        with self._db.write("book missed windows", lock="watch-log") as connection:
            found = [mapping.entry_from_row(r) for r in connection.execute(known_since).mappings()]
            known = {_key(e): e for e in found}
            gaps = {_key(e): gap for e in entries if (gap := add_gap(known.get(_key(e)), e)) is not None}
            self._put(connection, list(gaps.values()))
        return len(gaps)

    def book_postponed(self, held: Held, window: Window) -> None:
        """Write down that a budget holds the account's first attempt back; no attempt, and none is counted."""
        with self._db.write(f"book that {held.account} waits", lock="watch-log") as connection:
            known = _entry(connection, held.account, window)
            entry = add_postponed(known or empty_entry(held.account, window), held)
            if entry != known:
                self._put(connection, [entry])

    def book_told(self, account: str, window: Window, *, persons: Sequence[str], at: datetime) -> None:
        """A digest covering this account went to these persons in this window."""
        with self._db.write(f"book who was told of {account}", lock="watch-log") as connection:
            known = _entry(connection, account, window)
            entry = add_told(known or empty_entry(account, window), persons, at)
            if entry != known:
                self._put(connection, [entry])

    def book_seen(self, account: str, window: Window, *, person: str, at: datetime) -> None:
        """A person acknowledged the account's state in this window."""
        with self._db.write(f"book who has seen {account}", lock="watch-log") as connection:
            known = _entry(connection, account, window)
            entry = add_seen(known or empty_entry(account, window), person, at)
            if entry != known:
                self._put(connection, [entry])

    def entries(
        self, *, account: str | None = None, from_on: date | None = None, to_on: date | None = None
    ) -> list[WatchEntry]:
        """Return entries by window, then account; dates are local and inclusive."""
        query = _of_days(_entries, account, from_on, to_on).order_by(
            _entries.c.window_on, _entries.c.window_index, _entries.c.account
        )
        with self._db.read("read the watch log") as connection:
            return [mapping.entry_from_row(r) for r in connection.execute(query).mappings()]

    def attempts(
        self, *, account: str | None = None, from_on: date | None = None, to_on: date | None = None
    ) -> list[FetchAttempt]:
        """Return every single attempt in the order they were booked; dates are the windows', local and inclusive."""
        query = _of_days(_attempts, account, from_on, to_on).order_by(_attempts.c.id)
        with self._db.read("read the attempts") as connection:
            return [mapping.attempt_from_row(r) for r in connection.execute(query).mappings()]

    def watched_since(self) -> dict[str, datetime]:
        """Return, per account, when it first came under watch (booked by `begin_watch`)."""
        with self._db.read("read since when accounts are watched") as connection:
            return {row.account: row.at for row in connection.execute(select(_starts))}

    def begin_watch(self, accounts: Iterable[str], *, at: datetime) -> None:
        """Book that these accounts are under watch from `at`; those already under watch keep their time."""
        rows = [{"account": account, "at": at} for account in accounts]
        if not rows:
            return
        with self._db.write("book the beginning of watch") as connection:
            connection.execute(self._db.insert(_starts).on_conflict_do_nothing(), rows)

    def _put(self, connection: Connection, entries: Sequence[WatchEntry]) -> None:
        if entries:
            connection.execute(self._db.upsert(_entries), [mapping.entry_to_row(e) for e in entries])


def _entry(connection: Connection, account: str, window: Window) -> WatchEntry | None:
    query = select(_entries).where(
        _entries.c.account == account,
        _entries.c.window_on == window.on,
        _entries.c.window_index == window.index,
    )
    row = connection.execute(query).mappings().one_or_none()
    return None if row is None else mapping.entry_from_row(row)


def _of_days(of: Table, account: str | None, from_on: date | None, to_on: date | None) -> Select[*tuple[object, ...]]:
    query = select(of)
    if account is not None:
        query = query.where(of.c.account == account)
    if from_on is not None:
        query = query.where(of.c.window_on >= from_on)
    if to_on is not None:
        query = query.where(of.c.window_on <= to_on)
    return query


def _key(entry: WatchEntry) -> tuple[str, date, int]:
    return (entry.account, entry.window.on, entry.window.index)
