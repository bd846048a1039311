"""The watch log: entries by window, every attempt, and when the watch began."""

from datetime import date, datetime

from sqlalchemy import Column, Date, Index, Integer
from sqlmodel import Field

from watchdaemon.domain.fetch import Coverage
from watchdaemon.errors import Reason
from watchdaemon.storage.tables import _column as column
from watchdaemon.storage.tables._base import Row


class WatchEntryRow(Row, table=True):
    """One account in one window: fetched, told and seen, side by side."""

    __tablename__ = "watch_entries"

    account: str = column.key()
    window_on: date = Field(sa_column=Column(Date, primary_key=True))
    window_index: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    opens_at: datetime = column.moment()
    closes_at: datetime = column.moment()
    coverage: Coverage | None = column.one_of(Coverage, nullable=True)
    fetched_at: datetime | None = column.moment(nullable=True)
    attempts: int = column.number()
    last_attempt_at: datetime | None = column.moment(nullable=True)
    items: int = column.number()
    new_items: int = column.number()
    malformed: int = column.number()
    reason: Reason | None = column.one_of(Reason, nullable=True)
    detail: str = column.words()
    needs_person: bool = column.flag()
    retry_at: datetime | None = column.moment(nullable=True)
    cause_key: str | None = column.words(nullable=True)
    told_at: datetime | None = column.moment(nullable=True)
    told_to: list[str] = column.facts()
    seen_at: datetime | None = column.moment(nullable=True)
    seen_by: str | None = column.words(nullable=True)

    __table_args__ = (Index(None, "window_on", "window_index"),)


class AttemptRow(Row, table=True):
    """Every single try to fetch; rows are only ever added."""

    __tablename__ = "watch_attempts"

    id: int = column.serial()
    account: str = column.words()
    window_on: date = column.day()
    window_index: int = column.number()
    opens_at: datetime = column.moment()
    closes_at: datetime = column.moment()
    started_at: datetime = column.moment()
    ended_at: datetime = column.moment()
    coverage: Coverage = column.one_of(Coverage)
    items: int = column.number()
    new_items: int = column.number()
    malformed: int = column.number()
    calls: int = column.number()
    reason: Reason | None = column.one_of(Reason, nullable=True)
    detail: str = column.words()
    needs_person: bool = column.flag()
    retry_at: datetime | None = column.moment(nullable=True)
    cause_key: str | None = column.words(nullable=True)

    __table_args__ = (Index(None, "account", "window_on"),)


class WatchStartRow(Row, table=True):
    """When an account first came under watch."""

    __tablename__ = "watch_starts"

    account: str = column.key()
    at: datetime = column.moment()
