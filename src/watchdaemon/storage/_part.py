"""What the parts of the store have in common."""

from collections.abc import Sequence

from sqlalchemy import Connection, Table, insert

from watchdaemon.storage._database import Database
from watchdaemon.storage.mapping import RowData


class Part:
    """A part of `SqlStore`: the methods of one port, over the shared database."""

    def __init__(self, database: Database) -> None:
        self._db = database


def insert_all(connection: Connection, table: Table, rows: Sequence[RowData]) -> None:
    """Insert rows by one executemany; none is fine."""
    if rows:
        connection.execute(insert(table), rows)
