"""The store: every port's part over one database."""

import contextlib
from collections.abc import Iterator
from datetime import timedelta

from watchdaemon.storage._alerts import AlertPart
from watchdaemon.storage._credentials import CredentialPart
from watchdaemon.storage._database import LOCK_TIMEOUT, Database
from watchdaemon.storage._items import ItemPart
from watchdaemon.storage._links import LinkPart
from watchdaemon.storage._moderation import ModerationPart
from watchdaemon.storage._outbox import OutboxPart
from watchdaemon.storage._questions import QuestionPart
from watchdaemon.storage._quota import QuotaPart
from watchdaemon.storage._register import RegisterPart
from watchdaemon.storage._state import StatePart
from watchdaemon.storage._watch import WatchPart
from watchdaemon.storage.migrate import require_current


class SqlStore(
    RegisterPart,
    ItemPart,
    QuestionPart,
    ModerationPart,
    WatchPart,
    OutboxPart,
    AlertPart,
    CredentialPart,
    LinkPart,
    StatePart,
    QuotaPart,
):
    """Implements `ports.Store` on SQLite and PostgreSQL. Safe from any thread."""

    @contextlib.contextmanager
    def together(self) -> Iterator[None]:
        """Make everything that this thread writes in the block one transaction."""
        with self._db.together("store what belongs together"):
            yield

    def close(self) -> None:
        """Give back connections and files."""
        self._db.close()


def open_store(url: str, *, lock_timeout: timedelta = LOCK_TIMEOUT) -> SqlStore:
    """Open the database at `url`.

    Args:
        url: ``sqlite:////absolute/path.db``, ``sqlite:///relative/path.db`` or ``postgresql://…``.
        lock_timeout: So long a statement waits while another process holds the lock it needs.

    Raises:
        ConfigError: The address is wrong.
        StorageError: It does not answer, has not been upgraded to this program (the message names the command),
            or was written by a newer program.
    """
    database = Database(url, lock_timeout=lock_timeout)
    try:
        require_current(database)
    except BaseException:
        database.close()
        raise
    return SqlStore(database)
