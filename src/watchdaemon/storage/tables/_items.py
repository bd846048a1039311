"""Items, how far they are fetched, and the marks of threads that wait to be judged."""

from datetime import datetime

from sqlalchemy import Index
from sqlalchemy import text as sql

from watchdaemon.domain.item import ItemKind, Visibility
from watchdaemon.storage.tables import _column as column
from watchdaemon.storage.tables._base import Row


class ItemRow(Row, table=True):
    """An item. No foreign key to accounts: what was fetched stays when an account leaves the register."""

    __tablename__ = "items"

    account: str = column.key()
    external_id: str = column.key()
    platform: str = column.words()
    thread_id: str = column.words()
    kind: ItemKind = column.one_of(ItemKind)
    published_at: datetime = column.moment()
    parent_id: str | None = column.words(nullable=True)
    root_id: str | None = column.words(nullable=True)
    author: str | None = column.words(nullable=True)
    author_id: str | None = column.words(nullable=True)
    by_account: bool = column.flag()
    is_automatic: bool = column.flag()
    text: str = column.words()
    url: str | None = column.words(nullable=True)
    edited_at: datetime | None = column.moment(nullable=True)
    earlier: list[dict[str, object]] = column.facts()
    visibility: Visibility = column.one_of(Visibility)
    extra: dict[str, str] = column.facts()
    first_seen_at: datetime = column.moment()
    changed_at: datetime = column.moment()

    __table_args__ = (
        Index(None, "account", "thread_id"),
        Index(None, "published_at"),
        Index(
            "ix_items_own_posts",
            "account",
            "published_at",
            sqlite_where=sql("by_account AND kind = 'post'"),
            postgresql_where=sql("by_account AND kind = 'post'"),
        ),
    )


class CursorRow(Row, table=True):
    """How far one stream of one account is stored."""

    __tablename__ = "cursors"

    account: str = column.key()
    stream: str = column.key()
    value: str = column.words()


class ThreadRow(Row, table=True):
    """The mark of a thread: it waits to be judged while `judged` is behind `revision`."""

    __tablename__ = "threads"

    account: str = column.key()
    thread_id: str = column.key()
    revision: int = column.number()
    judged: int = column.number()

    __table_args__ = (
        Index(
            "ix_threads_pending",
            "account",
            "thread_id",
            sqlite_where=sql("judged < revision"),
            postgresql_where=sql("judged < revision"),
        ),
    )
