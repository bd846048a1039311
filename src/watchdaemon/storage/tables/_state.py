"""Small facts that survive a restart."""

from watchdaemon.storage.tables import _column as column
from watchdaemon.storage.tables._base import Row


class StateRow(Row, table=True):
    """A small fact that survives a restart."""

    __tablename__ = "state"

    name: str = column.key()
    value: str = column.words()
