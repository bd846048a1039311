"""The whole store: every subject's part, and several writes as one."""

from contextlib import AbstractContextManager
from typing import Protocol

from watchdaemon.ports._alerts import AlertStore
from watchdaemon.ports._credentials import CredentialRecords
from watchdaemon.ports._items import ItemStore
from watchdaemon.ports._links import LinkBook
from watchdaemon.ports._moderation import ModerationBook
from watchdaemon.ports._outbox import Outbox
from watchdaemon.ports._questions import QuestionStore
from watchdaemon.ports._quota import QuotaStore
from watchdaemon.ports._register import RegisterStore
from watchdaemon.ports._state import StateStore
from watchdaemon.ports._watch import WatchLog


class Together(Protocol):
    """Several writes as one."""

    def together(self) -> AbstractContextManager[None]:
        """Make everything that this thread writes in the block one transaction: all of it is kept, or nothing.

        No platform and no mail server is spoken to inside: it holds the database's lock.
        """
        ...


class Store(
    RegisterStore,
    ItemStore,
    QuestionStore,
    ModerationBook,
    WatchLog,
    Outbox,
    AlertStore,
    CredentialRecords,
    LinkBook,
    StateStore,
    QuotaStore,
    Together,
    Protocol,
):
    """All of it, as `storage` and the in-memory twin in `testing` give it."""

    def close(self) -> None:
        """Give back connections and files."""
        ...
