"""The store: every port's part over the same data."""

import contextlib

from watchdaemon.testing.memory._alerts import AlertPart
from watchdaemon.testing.memory._credentials import CredentialPart
from watchdaemon.testing.memory._items import ItemPart
from watchdaemon.testing.memory._links import LinkPart
from watchdaemon.testing.memory._moderation import ModerationPart
from watchdaemon.testing.memory._outbox import OutboxPart
from watchdaemon.testing.memory._questions import QuestionPart
from watchdaemon.testing.memory._quota import QuotaPart
from watchdaemon.testing.memory._register import RegisterPart
from watchdaemon.testing.memory._state import StatePart
from watchdaemon.testing.memory._watch import WatchPart


class MemoryStore(
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
    """Implements `ports.Store` in memory. Safe from any thread; set `fault` to have every method raise it."""

    def together(self) -> contextlib.AbstractContextManager[None]:
        """In memory nothing is killed between two writes."""
        return contextlib.nullcontext()

    def close(self) -> None:
        """Nothing to give back."""
