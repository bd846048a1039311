"""Signed links in mails: what makes them, and the book of those that were used."""

from datetime import datetime
from typing import Protocol

from watchdaemon.domain.question import DecisionKind
from watchdaemon.domain.watch import Window


class LinkBook(Protocol):
    """The signed links that were used, by a fingerprint from which no link can be made."""

    def use_link(self, link: str, *, at: datetime, forget_before: datetime) -> datetime | None:
        """Take a link's one use; returns when it was taken before, None when it was free.

        Of several that ask at the same time one gets it. Uses older than `forget_before` are deleted.
        """
        ...

    def link_used_at(self, link: str) -> datetime | None:
        """Return when a link was used, None when it was not."""
        ...


class Links(Protocol):
    """Signed addresses of pages on which one person says a word, without logging in; see ``docs/web.md``.

    Deterministic: the same arguments give the same address, so that a mail stays a pure function of its data. `at`
    (aware UTC) starts the time for which the link is good.
    """

    def word(self, person: str, account: str, external_id: str, kind: DecisionKind, *, at: datetime) -> str:
        """Return the address of the page on which the person says that word of the item."""
        ...

    def seen_all(self, person: str, window: Window, *, at: datetime) -> str:
        """Return the address of the page on which the person acknowledges all their accounts of that window."""
        ...

    def item(self, person: str, account: str, external_id: str, *, at: datetime) -> str:
        """Return the address of the item's page, which has every word."""
        ...
