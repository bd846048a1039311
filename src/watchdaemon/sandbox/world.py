"""What is true in the sandbox: accounts and everything people wrote to them, seen through the world's own clock.

The platforms' servers only translate: they ask the world what exists *now* and write their own JSON about it.
"""

import bisect
import threading
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol, TypeVar, cast, runtime_checkable

T = TypeVar("T")

Clock = Callable[[], datetime]
"""Gives the world's present time, aware, in UTC."""

Key = tuple[str, str]
"""(account key, item id)."""


@runtime_checkable
class MovableClock(Protocol):
    """A clock that the control end-point may move."""

    def __call__(self) -> datetime:
        """Return the time, aware, in UTC."""
        ...

    def move_to(self, instant: datetime) -> None:
        """Set the time. Raises ValueError when it would go back."""
        ...


class ShiftedClock:
    """Runs with `base`, but shows another time: the sandbox's own clock when it stands alone."""

    def __init__(self, base: Clock, start: datetime | None = None) -> None:
        self._base = base
        self._shift = timedelta(0) if start is None else start - base()
        self._lock = threading.Lock()

    def __call__(self) -> datetime:
        """Return the shifted time, aware, in UTC."""
        with self._lock:
            return self._base() + self._shift

    def move_to(self, instant: datetime) -> None:
        """Go on from `instant`; going back is refused with ValueError."""
        with self._lock:
            shift = instant - self._base()
            if shift < self._shift:
                raise ValueError(f"the world's clock does not go back to {instant}")
            self._shift = shift


class TokenKind(StrEnum):
    """Whose token it is; a platform's server says which kinds it takes where."""

    PAGE = "page"  # Graph: acts as the page
    USER = "user"  # Graph: acts as a person; X: OAuth 1.0a or 2.0 user context; YouTube: a channel owner's access token
    APP = "app"  # Graph app token, X app-only bearer, a YouTube API key
    REFRESH = "refresh"  # YouTube
    APP_PASSWORD = "app_password"  # noqa: S105 - a kind's name; Bluesky: what sessions are made from


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A credential and its fate. Half-open: from `expires_at` (or `revoked_at`) on it is refused."""

    value: str
    kind: TokenKind
    accounts: frozenset[str]  # keys of the accounts it opens
    scopes: frozenset[str] = frozenset()
    secret: str = ""  # OAuth 1.0a's token secret; a refresh token's client secret
    user_id: str = ""
    connected_by: str = ""  # the person who gave consent, as shown
    issued_at: datetime | None = None
    expires_at: datetime | None = None  # None: no end
    data_access_expires_at: datetime | None = None
    revoked_at: datetime | None = None
    mended_at: datetime | None = None  # from then on it works again (somebody renewed it under the same value)
    revoked_subcode: int | None = None  # Graph: 458, 460, 467, 492 …

    def refusal(self, now: datetime) -> str | None:
        """Return "expired", "revoked", or None while it is good."""
        if self.mended_at is not None and now >= self.mended_at:
            return None
        if self.revoked_at is not None and now >= self.revoked_at:
            return "revoked"
        if self.expires_at is not None and now >= self.expires_at:
            return "expired"
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class WorldAccount:
    """An account as its platform knows it. `key` is the register's; everything else is the platform's."""

    key: str
    platform: str
    native_id: str
    name: str
    username: str
    about: str = ""
    link: str = ""
    website: str = ""
    created_at: datetime | None = None
    tokens: tuple[Token, ...] = ()
    is_public: bool = True
    followers: int = 100
    linked_id: str | None = None  # the Instagram account of a Page, and the other way round
    extra: Mapping[str, str] = field(default_factory=dict)

    def token(self, kind: TokenKind) -> Token | None:
        """Return the account's first token of that kind."""
        return next((t for t in self.tokens if t.kind is kind), None)


class Kind(StrEnum):
    """What an item is."""

    POST = "post"  # the account's own: a post, a media, a video
    COMMENT = "comment"  # a comment or a reply to one, by anybody; on X a reply
    VISITOR_POST = "visitor_post"
    MENTION = "mention"
    QUOTE = "quote"
    MESSAGE = "message"


class Moderation(StrEnum):
    """What the platform's or the account's moderation made of an item (YouTube's words behind it)."""

    PUBLISHED = "published"
    HELD = "heldForReview"
    SPAM = "likelySpam"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True, kw_only=True)
class WorldItem:
    """One thing somebody wrote. Ids are in the platform's native form and unique within the account.

    `parent_id` is what it directly answers (on two-level platforms never a reply), `root_id` the own post it stands
    under, `conversation_id` the direct-message thread or X's conversation. `edits` are (from when, the text then),
    ascending. `expects` is the truth for checks: "question", "statement", or None where nobody judged.
    """

    id: str
    account: str
    kind: Kind
    author_id: str
    author_name: str
    text: str
    published_at: datetime
    author_username: str = ""
    by_account: bool = False
    is_author_private: bool = False  # the platform withholds who it was
    parent_id: str | None = None
    root_id: str | None = None
    conversation_id: str | None = None
    title: str = ""  # a video's
    edits: tuple[tuple[datetime, str], ...] = ()
    deleted_at: datetime | None = None
    hidden_at: datetime | None = None
    moderation: Moderation = Moderation.PUBLISHED
    is_private: bool = False  # Graph's `is_private`
    mentions: tuple[str, ...] = ()  # keys of further accounts that are shown it
    expects: str | None = None
    extra: Mapping[str, str] = field(default_factory=dict)

    @property
    def key(self) -> Key:
        """(account, id)."""
        return (self.account, self.id)

    def exists(self, now: datetime) -> bool:
        """Published and not deleted; hidden and held ones exist."""
        return self.published_at <= now and (self.deleted_at is None or now < self.deleted_at)

    def is_hidden(self, now: datetime) -> bool:
        """Hidden from the public by the account or the platform."""
        return self.hidden_at is not None and self.hidden_at <= now

    def text_at(self, now: datetime) -> str:
        """Return the text as it reads now."""
        return next((text for at, text in reversed(self.edits) if at <= now), self.text)

    def edited_at(self, now: datetime) -> datetime | None:
        """Return when it was last edited, as of now."""
        return next((at for at, _ in reversed(self.edits) if at <= now), None)


class UnknownItemError(KeyError):
    """There is no such item in the world."""


class World:
    """Accounts and items. Safe between threads; answers are lists of their own, in order of time, ties by id."""

    def __init__(self, clock: Clock, accounts: Iterable[WorldAccount] = (), items: Iterable[WorldItem] = ()) -> None:
        self.clock = clock
        self._lock = threading.RLock()
        self._accounts: dict[str, WorldAccount] = {}
        self._by_native: dict[tuple[str, str], str] = {}
        self._tokens: dict[str, tuple[str, Token]] = {}
        self._items: dict[Key, WorldItem] = {}
        self._by_id: dict[str, list[Key]] = {}
        self._index: dict[tuple[str, str], list[Key]] = {}  # (relation, value) -> keys in order of time
        self._changes = 0
        self._remembered: dict[Hashable, object] = {}
        self._remembered_at: tuple[int, int] | None = None
        self._instants: list[datetime] = []  # at which anything becomes another than it was, in order
        for account in accounts:
            self.put_account(account)
        for item in items:
            self.add(item)

    def now(self) -> datetime:
        """Return the world's time."""
        return self.clock()

    def remembered(self, key: Hashable, make: Callable[[], T]) -> T:
        """Return what `make` gives, made anew only when something was changed since, or its time has come or gone.

        A platform shows the same long list page by page; what is returned must not be changed.
        """
        with self._lock:
            at = (self._changes, bisect.bisect_right(self._instants, self.now()))
            if at != self._remembered_at:
                self._remembered, self._remembered_at = {}, at
            if key not in self._remembered:
                self._remembered[key] = make()
            return cast("T", self._remembered[key])

    # ---- accounts ------------------------------------------------------------------------------------------------

    def put_account(self, account: WorldAccount) -> None:
        """Add an account, or replace the one with its key (tokens too)."""
        with self._lock:
            self._changes += 1
            old = self._accounts.get(account.key)
            for token in old.tokens if old else ():
                self._tokens.pop(token.value, None)
            self._accounts[account.key] = account
            self._by_native[(account.platform, account.native_id)] = account.key
            for token in account.tokens:
                self._tokens[token.value] = (account.platform, token)

    def accounts(self, platform: str | None = None) -> list[WorldAccount]:
        """Return the accounts, of one platform or all, by key."""
        with self._lock:
            return [a for _, a in sorted(self._accounts.items()) if platform in (None, a.platform)]

    def account(self, key: str) -> WorldAccount:
        """Return an account by our key. Raises KeyError."""
        with self._lock:
            return self._accounts[key]

    def find_account(self, platform: str, native_id: str) -> WorldAccount | None:
        """Return an account by the platform's id."""
        with self._lock:
            key = self._by_native.get((platform, native_id))
            return self._accounts[key] if key is not None else None

    def find_token(self, value: str) -> Token | None:
        """Return a token, good or not."""
        with self._lock:
            found = self._tokens.get(value)
            return found[1] if found else None

    # ---- items ---------------------------------------------------------------------------------------------------

    def add(self, item: WorldItem) -> WorldItem:
        """Add an item; one with that (account, id) already there is refused with ValueError."""
        with self._lock:
            if item.key in self._items:
                raise ValueError(f"there is an item {item.id} of {item.account} already")
            self._note_change(item)
            self._items[item.key] = item
            self._by_id.setdefault(item.id, []).append(item.key)
            for relation in _relations(item):
                bisect.insort(self._index.setdefault(relation, []), item.key, key=self._order)
            return item

    def edit(self, item: WorldItem, text: str) -> WorldItem:
        """Give it another text from now on."""
        return self._put(replace(item, edits=(*item.edits, (self.now(), text))))

    def delete(self, item: WorldItem, *, cascade: bool = True) -> WorldItem:
        """Delete it now; what stands under it is gone with it, except where replies stay (X: not `cascade`)."""
        with self._lock:
            for child in self.under(item) if cascade else ():
                self.delete(child)
            return self._put(replace(item, deleted_at=self.now()))

    def hide(self, item: WorldItem, *, hidden: bool = True) -> WorldItem:
        """Hide it from the public now, or show it again."""
        return self._put(replace(item, hidden_at=self.now() if hidden else None))

    def moderate(self, item: WorldItem, moderation: Moderation) -> WorldItem:
        """Hold, release or reject it now."""
        return self._put(replace(item, moderation=moderation))

    def _put(self, item: WorldItem) -> WorldItem:
        with self._lock:
            if item.key not in self._items:
                raise UnknownItemError(item.key)
            self._note_change(item)
            self._items[item.key] = item
            return item

    def _note_change(self, item: WorldItem) -> None:
        self._changes += 1
        for instant in _instants_of(item):
            bisect.insort(self._instants, instant)

    def all_items(self) -> list[WorldItem]:
        """Return every item, past, future and deleted, in order of time: for checks."""
        with self._lock:
            return sorted(self._items.values(), key=lambda i: (i.published_at, i.id))

    def find(self, item_id: str, account: str | None = None) -> WorldItem | None:
        """Return the item that exists now with that id (of that account, when given)."""
        now = self.now()
        with self._lock:
            found = [self._items[key] for key in self._by_id.get(item_id, ())]
        return next((i for i in found if account in (None, i.account) and i.exists(now)), None)

    def recall(self, item_id: str) -> WorldItem | None:
        """Return the item with that id whether it exists now or not: what answers still point to."""
        with self._lock:
            keys = self._by_id.get(item_id, [])
            return self._items[keys[0]] if keys else None

    def visible(self, account: str, *kinds: Kind, with_deleted: bool = False) -> list[WorldItem]:
        """Return what exists now of an account (mentions of it elsewhere included), of those kinds or all.

        `with_deleted` adds what was published but is deleted by now: platforms cut their pages before they drop it.
        """
        return self._existing(("account", account), kinds, with_deleted)

    def under(self, item: WorldItem, *, with_deleted: bool = False) -> list[WorldItem]:
        """Return what exists now directly under an item: a post's top-level comments, a comment's replies."""
        return self._existing(("parent", f"{item.account}:{item.id}"), (), with_deleted)

    def below(self, root: WorldItem, *, with_deleted: bool = False) -> list[WorldItem]:
        """Return what exists now under an own post, on every level."""
        return self._existing(("root", f"{root.account}:{root.id}"), (), with_deleted)

    def conversation(self, account: str, conversation_id: str, *, with_deleted: bool = False) -> list[WorldItem]:
        """Return what exists now of a conversation of an account."""
        return self._existing(("conversation", f"{account}:{conversation_id}"), (), with_deleted)

    def in_conversation(self, conversation_id: str) -> list[WorldItem]:
        """Return what exists now of a conversation, whichever account it was written to (X)."""
        return self._existing(("anywhere", conversation_id), ())

    def _existing(
        self, relation: tuple[str, str], kinds: tuple[Kind, ...], with_deleted: bool = False
    ) -> list[WorldItem]:
        now = self.now()
        with self._lock:
            items = [self._items[key] for key in self._index.get(relation, ())]
        return [
            i
            for i in items
            if (not kinds or i.kind in kinds) and (i.exists(now) or (with_deleted and i.published_at <= now))
        ]

    def _order(self, key: Key) -> tuple[datetime, str]:
        item = self._items[key]
        return (item.published_at, item.id)


def _instants_of(item: WorldItem) -> Iterable[datetime]:
    yield item.published_at
    yield from (at for at, _ in item.edits)
    yield from filter(None, (item.deleted_at, item.hidden_at))
    if "arrived_at" in item.extra:
        yield datetime.fromisoformat(item.extra["arrived_at"])


def _relations(item: WorldItem) -> Iterable[tuple[str, str]]:
    yield ("account", item.account)
    for key in item.mentions:
        yield ("account", key)
    # A top-level comment's parent is the post itself, also where the platform's JSON says no parent.
    parent = item.parent_id or (item.root_id if item.root_id != item.id else None)
    if parent is not None:
        yield ("parent", f"{item.account}:{parent}")
    if item.root_id is not None and item.root_id != item.id:
        yield ("root", f"{item.account}:{item.root_id}")
    if item.conversation_id is not None:
        yield ("conversation", f"{item.account}:{item.conversation_id}")
        yield ("anywhere", item.conversation_id)
