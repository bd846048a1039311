"""Everything that is kept: SQLModel tables on SQLite or PostgreSQL, behind the stores of `ports`.

Only this room knows SQL. Every fault of a database leaves it as a `StorageError`.
"""

from watchdaemon.storage.migrate import current_revision, upgrade
from watchdaemon.storage.store import SqlStore, open_store

__all__ = ["SqlStore", "current_revision", "open_store", "upgrade"]
