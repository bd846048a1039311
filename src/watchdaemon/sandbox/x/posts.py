"""X's view of the world: which post an item is, how it is written as JSON, and who wrote it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from watchdaemon.sandbox import ids
from watchdaemon.sandbox.world import Key, Kind, World, WorldAccount, WorldItem
from watchdaemon.sandbox.x.query import Searchable
from watchdaemon.sandbox.x.spec import DEFAULT_DM_FIELDS, DEFAULT_TWEET_FIELDS, DEFAULT_USER_FIELDS

PLATFORM = "x"
SHORT_TEXT = 280
EDITS_ALLOWED = 5
EDIT_TIME = timedelta(minutes=30)

_MENTION = re.compile(r"(?<![\w@])@([A-Za-z0-9_]{1,15})")
_HASHTAG = re.compile(r"(?<!\w)#(\w+)")


def timestamp(instant: datetime) -> str:
    """Write an instant as X does: whole seconds with three zeros behind them."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """Somebody on X."""

    id: str
    name: str
    username: str
    about: str = ""
    website: str = ""
    created_at: datetime | None = None
    followers: int = 0
    posts: int = 0  # reposts and replies among them
    is_protected: bool = False

    def to_json(self, fields: frozenset[str]) -> dict[str, object]:
        """Show the fields asked for; those without a value are left out."""
        created = self.created_at or datetime(2012, 1, 1, tzinfo=UTC) + timedelta(days=int(self.id) % 4000)
        shown: dict[str, object] = {
            "id": self.id,
            "name": self.name,
            "username": self.username,
            "created_at": timestamp(created),
            "description": self.about,
            "protected": self.is_protected,
            "verified": False,
            "verified_type": "none",
            "profile_image_url": f"https://pbs.example.org/{self.id}_normal.jpg",
            "public_metrics": {
                "followers_count": self.followers,
                "following_count": 0,
                "tweet_count": self.posts,
                "listed_count": 0,
                "like_count": 0,
                "media_count": 0,
            },
        }
        if self.website:
            short = f"https://t.co/{ids.letters(self.website, 10)}"
            link = {"start": 0, "end": len(short), "url": short, "expanded_url": self.website}
            shown["url"] = short  # X shortens: where it leads is told by the entities alone
            shown["entities"] = {"url": {"urls": [link | {"display_url": self.website.partition("://")[2]}]}}
        return {name: shown[name] for name in shown if name in fields | DEFAULT_USER_FIELDS}


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """One version of an item that is a post on X, as it stands now; `history` has all versions' ids, oldest first."""

    item: WorldItem
    id: str
    text: str
    created_at: datetime
    history: tuple[str, ...]
    conversation_id: str
    reference: tuple[str, str] | None  # ("replied_to" | "quoted" | "retweeted", post id)
    in_reply_to: User | None

    @property
    def number(self) -> int:
        """The id as a number: ids sort by time as numbers, not as texts."""
        return int(self.id)

    @property
    def author(self) -> User:
        """Who wrote it."""
        return author_of(self.item)

    def to_json(self, fields: frozenset[str]) -> dict[str, object]:
        """Show the fields asked for; those without a value are left out."""
        until = self.item.published_at + EDIT_TIME
        left = max(0, EDITS_ALLOWED - len(self.item.edits))
        # X lets nobody edit a reply to somebody else.
        is_reply = self.reference is not None and self.reference[0] == "replied_to"
        shown: dict[str, object] = {
            "id": self.id,
            "text": self.text if len(self.text) <= SHORT_TEXT else self.text[: SHORT_TEXT - 1] + "…",
            "edit_history_tweet_ids": list(self.history),
            "created_at": timestamp(self.created_at),
            "author_id": self.item.author_id,
            "conversation_id": self.conversation_id,
            "lang": self.item.extra.get("lang", "sv"),
            "possibly_sensitive": False,
            "reply_settings": "everyone",
            "display_text_range": [0, min(len(self.text), SHORT_TEXT)],
            "edit_controls": {
                "edits_remaining": left,
                "is_edit_eligible": not is_reply,
                "editable_until": timestamp(until),
            },
            "public_metrics": dict.fromkeys(
                ("retweet_count", "reply_count", "like_count", "quote_count", "bookmark_count", "impression_count"), 0
            ),
        }
        if len(self.text) > SHORT_TEXT:
            shown["note_tweet"] = {"text": self.text}
        if self.reference is not None:
            shown["referenced_tweets"] = [{"type": self.reference[0], "id": self.reference[1]}]
        if self.in_reply_to is not None:
            shown["in_reply_to_user_id"] = self.in_reply_to.id
        if entities := _entities(self.text):
            shown["entities"] = entities
        return {name: shown[name] for name in shown if name in fields | DEFAULT_TWEET_FIELDS}

    def searchable(self) -> Searchable:
        """Return what the search language can ask about it."""
        author, to = self.author, self.in_reply_to
        kind, other = self.reference or ("", None)
        return Searchable(
            text=self.text,
            post_id=self.id,
            conversation_id=self.conversation_id,
            author=frozenset({author.id, author.username.casefold()}),
            to=frozenset({to.id, to.username.casefold()}) if to is not None else frozenset(),
            mentions=frozenset(name.casefold() for name in _MENTION.findall(self.text)),
            reply_to=other if kind == "replied_to" else None,
            quotes=other if kind == "quoted" else None,
            is_retweet=kind == "retweeted",
            lang=self.item.extra.get("lang", "sv"),
        )


def _entities(text: str) -> dict[str, object]:
    mentions = [{"start": m.start(), "end": m.end(), "username": m[1]} for m in _MENTION.finditer(text)]
    hashtags = [{"start": m.start(), "end": m.end(), "tag": m[1]} for m in _HASHTAG.finditer(text)]
    return {name: found for name, found in (("mentions", mentions), ("hashtags", hashtags)) if found}


def author_of(item: WorldItem) -> User:
    """Return who wrote an item."""
    username = item.author_username or f"user{item.author_id}"[:15]
    return User(
        id=item.author_id, name=item.author_name, username=username, is_protected=item.is_author_private
    )  # fmt: skip


def user_of(account: WorldAccount) -> User:
    """Return an account as a user of X."""
    return User(
        id=account.native_id,
        name=account.name,
        username=account.username,
        about=account.about,
        website=account.website,
        created_at=account.created_at,
        followers=account.followers,
        is_protected=not account.is_public,
    )


def version_ids(item: WorldItem, now: datetime) -> tuple[str, ...]:
    """Return the ids of the versions there are by now: the item's own, and a new one for each edit."""
    edits = [ids.x_post(at, f"{item.id}:{number}") for number, (at, _) in enumerate(item.edits) if at <= now]
    return (item.id, *edits)


class Posts:
    """The world's posts on X, by id, by account and by conversation, as they stand at the world's time."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._made: dict[Key, tuple[WorldItem, Post, Searchable]] = {}  # of items that were never edited

    def post(self, item: WorldItem, version: int = -1) -> Post:
        """Return an item as a post, its newest version unless told otherwise."""
        return self._make(item, version) if item.edits else self._kept(item)[0]

    def searchable(self, post: Post) -> Searchable:
        """Return what the search language can ask about a post."""
        return post.searchable() if post.item.edits else self._kept(post.item)[1]

    def _kept(self, item: WorldItem) -> tuple[Post, Searchable]:
        """Make a post once: a long list is asked for page by page."""
        made = self._made.get(item.key)
        if made is None or made[0] is not item:
            post = self._make(item, -1)
            made = self._made[item.key] = (item, post, post.searchable())
        return made[1], made[2]

    def _make(self, item: WorldItem, version: int) -> Post:
        history = version_ids(item, self._world.now())
        number = range(len(history))[version]
        edited_at, text = item.edits[number - 1] if number else (item.published_at, item.text)
        reference = _reference(item)
        parent = None
        if reference is not None and reference[0] == "replied_to":
            parent = self._world.recall(reference[1])
        conversation = item.conversation_id or (item.root_id if item.kind is Kind.COMMENT else None) or item.id
        return Post(
            item=item,
            id=history[number],
            text=text,
            created_at=edited_at,
            history=history,
            conversation_id=conversation,
            reference=reference,
            in_reply_to=self.author(parent) if parent is not None else None,
        )

    def author(self, item: WorldItem) -> User:
        """Return who wrote an item, an account of ours with its whole profile."""
        account = self._world.find_account(PLATFORM, item.author_id)
        return user_of(account) if account is not None else author_of(item)

    def find(self, post_id: str) -> Post | None:
        """Return the post, or the version of one, with that id, if it still exists."""
        item = self._world.find(post_id)
        if item is not None:
            return self.post(item, 0) if _is_post(item) and self._is_ours(item) else None
        if self._world.recall(post_id) is not None:  # deleted, or not written yet
            return None
        for item in self._all_items():
            versions = version_ids(item, self._world.now()) if item.edits else ()
            if post_id in versions:
                return self.post(item, versions.index(post_id))
        return None

    def _is_ours(self, item: WorldItem) -> bool:
        return self._world.account(item.account).platform == PLATFORM

    def _all_items(self) -> list[WorldItem]:
        found = (self._world.visible(account.key) for account in self._world.accounts(PLATFORM))
        unique = {item.key: item for items in found for item in items if _is_post(item)}
        return list(unique.values())

    def newest_first(self, items: list[WorldItem]) -> list[Post]:
        """Return public posts as X lists them."""
        posts = [self.post(item) for item in items if _is_post(item) and not item.is_author_private]
        return sorted(posts, key=lambda post: post.number, reverse=True)

    def written_by(self, account: WorldAccount) -> list[Post]:
        """Return an account's own posts, replies and reposts, newest first."""
        items = self._world.visible(account.key)
        return self.newest_first([item for item in items if item.author_id == account.native_id])

    def mentioning(self, account: WorldAccount) -> list[Post]:
        """Return other people's posts that mention an account, newest first.

        A reply mentions whom it answers, unless its author took the mention away (`extra` says ``mention = no``); a
        quote only when its text does.
        """
        items = self._world.visible(account.key)
        return self.newest_first([item for item in items if _mentions(item, account)])

    def quoting(self, post: Post) -> list[Post]:
        """Return the posts that quote a post, newest first."""
        items = self._world.visible(post.item.account)
        quotes = [self.post(item) for item in items if _is_post(item) and not item.is_author_private]
        found = [q for q in quotes if q.reference is not None and q.reference in {("quoted", v) for v in post.history}]
        return sorted(found, key=lambda quote: quote.number, reverse=True)

    def in_conversations(self, conversation_ids: frozenset[str] | None, above: int = 0) -> list[Post]:
        """Return the posts of those conversations (None: every post), newest first; those above an id are enough."""
        if conversation_ids is None:
            return self.newest_first([item for item in self._all_items() if item.edits or _is_above(item, above)])
        items: dict[tuple[str, str], WorldItem] = {}
        for conversation_id in conversation_ids:
            root = self._world.recall(conversation_id)
            below = self._world.below(root) if root is not None else []
            start = [root] if root is not None and root.exists(self._world.now()) else []
            items |= {item.key: item for item in (*start, *below, *self._world.in_conversation(conversation_id))}
        return self.newest_first([item for item in items.values() if item.edits or _is_above(item, above)])

    def user(self, user_id: str) -> User | None:
        """Return a user by id: an account, or somebody who wrote something."""
        account = self._world.find_account(PLATFORM, user_id)
        if account is not None:
            return replace(user_of(account), posts=len(self.written_by(account)))
        return next((author_of(item) for item in self._all_items() if item.author_id == user_id), None)

    def user_named(self, username: str) -> User | None:
        """Return a user by username, in whatever case."""
        wanted = username.casefold()
        accounts = (user_of(account) for account in self._world.accounts(PLATFORM))
        known = next((user for user in accounts if user.username.casefold() == wanted), None)
        people = (author_of(item) for item in self._all_items())
        return known or next((user for user in people if user.username.casefold() == wanted), None)

    def messages(self, account: WorldAccount, since: datetime) -> list[WorldItem]:
        """Return an account's direct messages from `since` on, newest first."""
        items = [m for m in self._world.visible(account.key, Kind.MESSAGE) if m.published_at >= since]
        return sorted(items, key=lambda item: int(item.id), reverse=True)


def _is_above(item: WorldItem, post_id: int) -> bool:
    return _is_post(item) and int(item.id) > post_id


def _is_post(item: WorldItem) -> bool:
    return item.kind is not Kind.MESSAGE


def _reference(item: WorldItem) -> tuple[str, str] | None:
    if original := item.extra.get("retweet_of"):
        return ("retweeted", original)
    if item.kind is Kind.QUOTE:
        quoted = item.parent_id or item.root_id
        return ("quoted", quoted) if quoted else None
    answered = item.parent_id or (item.root_id if item.kind is Kind.COMMENT else None)
    return ("replied_to", answered) if answered else None


def _mentions(item: WorldItem, account: WorldAccount) -> bool:
    if item.author_id == account.native_id or not _is_post(item):
        return False
    if item.kind in (Kind.COMMENT, Kind.MENTION) and item.account == account.key:
        return item.extra.get("mention") != "no"
    named = {name.casefold() for name in _MENTION.findall(item.text)}
    return account.username.casefold() in named or (account.key in item.mentions and item.kind is Kind.MENTION)


def message_to_json(item: WorldItem, fields: frozenset[str]) -> Mapping[str, object]:
    """Show a direct message's fields asked for."""
    shown: dict[str, object] = {
        "id": item.id,
        "event_type": "MessageCreate",
        "text": item.text,
        "created_at": timestamp(item.published_at),
        "sender_id": item.author_id,
        "dm_conversation_id": item.conversation_id,
    }
    return {name: value for name, value in shown.items() if name in fields | DEFAULT_DM_FIELDS}
