"""The signed links that were used."""

from datetime import datetime

from watchdaemon.storage.tables import _column as column
from watchdaemon.storage.tables._base import Row


class UsedLinkRow(Row, table=True):
    """A signed link that said its word, by its fingerprint."""

    __tablename__ = "used_links"

    link: str = column.key()
    used_at: datetime = column.moment()
