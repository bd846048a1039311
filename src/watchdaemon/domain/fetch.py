"""What an adapter gives back: items, the cursors that cover them, and how far the fetch reached."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from watchdaemon.domain.item import Item, ItemKind, Visibility
from watchdaemon.errors import Reason

Cursors = Mapping[str, str]
"""An account's cursors by stream name ("comments", "messages" …); the values are the adapter's own, opaque to us."""


class Coverage(StrEnum):
    """How far a fetch reached. Only `COMPLETE` may ever be shown as quiet."""

    COMPLETE = "complete"
    PARTIAL = "partial"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """Why a fetch was partial or failed: one cause, in words an operator understands, without secrets or texts."""

    reason: Reason
    detail: str
    stream: str | None = None  # the stream it struck; None: the account as a whole
    retry_after: timedelta | None = None
    needs_person: bool = False  # an AccountError: trying again is no use before a person has acted
    cause_key: str | None = None  # names a cause shared with other accounts (see AdapterError)


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchResult:
    """A piece (or all) of what one account had.

    `cursors` are safe to store once `items` are stored: both go into one transaction. An account may come in several
    pieces; the last one has `is_final` and its coverage speaks for the whole fetch. `troubles` is empty exactly when
    the coverage is complete.
    """

    account: str
    coverage: Coverage
    items: tuple[Item, ...] = ()
    cursors: Cursors = field(default_factory=dict)
    troubles: tuple[Trouble, ...] = ()
    malformed: int = 0  # items skipped because they broke the contract
    calls: int = 0  # HTTP requests this piece took
    is_final: bool = True

    def __post_init__(self) -> None:
        """Refuse a result that contradicts itself: a promise rests on it."""
        if (self.coverage is Coverage.COMPLETE) != (not self.troubles):
            raise ValueError(f"{self.account}: coverage {self.coverage} with {len(self.troubles)} troubles")
        if self.coverage is Coverage.COMPLETE and self.malformed:
            raise ValueError(f"{self.account}: coverage complete with {self.malformed} malformed items")


@dataclass(frozen=True, slots=True, kw_only=True)
class Recheck:
    """What became of an item that was asked for again. `item` is None when it could not be read (see `trouble`)."""

    account: str
    external_id: str
    visibility: Visibility | None  # None: not known, the item stays as it was
    item: Item | None = None
    trouble: Trouble | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """An account's public face as the platform shows it."""

    account: str
    name: str
    text: str
    link: str | None
    is_public: bool
    last_own_activity_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialHealth:
    """What the platform says of a credential; never the credential."""

    account: str
    is_valid: bool
    detail: str
    scopes: tuple[str, ...] = ()
    missing_scopes: tuple[str, ...] = ()  # without them something cannot be read
    missing_for_moderation: tuple[str, ...] = ()  # without them something cannot be hidden, deleted or answered
    connected_by: str | None = None
    expires_at: datetime | None = None  # the earliest clock after which a person must act; None: no end known
    kind: str = ""  # what it is: "page token", "app password" …
    clocks: Mapping[str, datetime] = field(default_factory=dict)  # every clock by its name, when there are several


class Cover(StrEnum):
    """How an adapter covers an item kind."""

    FULL = "covered"
    LIMITED = "partly"
    BY_HAND = "by hand"  # no machine can read it; a person is asked to look in every watch window
    NONE = "not covered"


@dataclass(frozen=True, slots=True, kw_only=True)
class KindCoverage:
    """One line of the coverage matrix: which kind, how, and the limit in words (English)."""

    kind: ItemKind
    cover: Cover
    note: str = ""
