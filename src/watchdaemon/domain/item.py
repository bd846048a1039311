"""What platforms hold: items (posts, comments, mentions, messages) and the threads they form."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final


class ItemKind(StrEnum):
    """What an item is. `POST` is the account's own; the others may be a citizen's or the account's own reply."""

    POST = "post"
    COMMENT = "comment"  # a comment or a reply to one, under the account's content
    VISITOR_POST = "visitor_post"  # a post by somebody else on the account's page
    MENTION = "mention"  # a post elsewhere that names the account
    QUOTE = "quote"  # a post elsewhere that quotes the account's
    MESSAGE = "message"  # a direct message
    REVIEW = "review"


class Visibility(StrEnum):
    """Who can see the item now."""

    PUBLIC = "public"
    HIDDEN = "hidden"  # hidden by us or by the platform's filter
    HELD = "held"  # waits for review
    DELETED = "deleted"  # confirmed gone
    PRIVATE = "private"  # a direct message


BY_HAND = "by_hand"
"""The key in an item's `extra` that says who found it, when a person did and not an adapter."""

BLANKED = "blanked"
"""The key in an item's `extra` that says that its text was deleted here, because it was kept long enough."""

HIDDEN_BY = "hidden_by"
"""The key in an item's `extra` that says who hid it, where the platform tells: `BY_ACCOUNT` or `BY_PLATFORM`."""

BY_ACCOUNT: Final = "account"
BY_PLATFORM: Final = "platform"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """What an item said before it was edited."""

    text: str
    since: datetime | None = None  # the time of the edit that brought it, as the platform tells; None: not told
    until: datetime | None = None  # the time of the edit that ended it; when that was noticed, where it is not told


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One post, comment or message. (account, external_id) is its key; times are aware UTC.

    `thread_id` groups what belongs to one conversation: the top-level comment's id for comments on platforms with
    two levels, the conversation's id for direct messages, the item's own id for an own post. `text` is what the author
    wrote, whole and unescaped ("" when there is none). `author_id` is None when the platform withholds it: an unknown
    visitor, never the account itself.
    """

    account: str
    platform: str
    external_id: str
    thread_id: str
    kind: ItemKind
    published_at: datetime
    parent_id: str | None = None  # what it directly answers, as far as the platform tells; None for a top-level one
    root_id: str | None = None  # the own post (video, media) it stands under; None elsewhere
    author: str | None = None  # as shown
    author_id: str | None = None
    by_account: bool = False  # written by the account's own identity
    is_automatic: bool = False  # an own automatic reply (instant reply, away message)
    text: str = ""
    url: str | None = None
    edited_at: datetime | None = None
    visibility: Visibility = Visibility.PUBLIC
    extra: Mapping[str, str] = field(default_factory=dict)  # platform facts an adapter wants back in `recheck`
    earlier: tuple[Wording, ...] = ()  # what it said before, oldest first; filled in by the store

    @property
    def is_by_hand(self) -> bool:
        """Whether a person wrote it down here: no platform can be asked about it."""
        return BY_HAND in self.extra

    @property
    def key(self) -> tuple[str, str]:
        """(account, external_id)."""
        return (self.account, self.external_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Thread:
    """All stored items of one conversation of one account, oldest first (ties by external id)."""

    account: str
    thread_id: str
    items: tuple[Item, ...]
