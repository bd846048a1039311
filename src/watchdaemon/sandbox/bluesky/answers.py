"""What Bluesky answers to each of its methods."""

import base64
import binascii
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from watchdaemon.sandbox.bluesky.access import Caller, find_actor, session_of
from watchdaemon.sandbox.bluesky.posts import (
    DEFS,
    Json,
    Posts,
    blocked_post,
    cid_of,
    is_blocked,
    is_post,
    labels_of,
    newest_first,
    not_found_post,
    sorted_at,
    timestamp,
)
from watchdaemon.sandbox.bluesky.spec import Query, Refused
from watchdaemon.sandbox.world import Kind, World, WorldAccount, WorldItem

# so many authors above a reply are told of it
NOTIFIED_ABOVE = 5
# however much more is asked for
DEEPEST = 50
FILTERS = ("posts_with_replies", "posts_no_replies", "posts_with_media", "posts_and_author_threads", "posts_with_video")

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request that got through the door: its checked parameters and who asks."""

    query: Query
    caller: Caller


@dataclass(frozen=True, slots=True)
class Notified:
    """That an account was told of a post."""

    item: WorldItem
    reason: str
    subject: str | None


class Answers:
    """The methods, each named for what it gives. The world alone remembers anything."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._posts = Posts(world)

    def session(self, asked: Asked) -> Json:
        """com.atproto.server.getSession."""
        return session_of(asked.caller.account)

    def profile(self, asked: Asked) -> Json:
        """app.bsky.actor.getProfile."""
        account = find_actor(self._world, asked.query.text("actor"))
        if account is None:
            raise Refused(400, "InvalidRequest", "Profile not found")
        closed = {"src": account.native_id, "uri": account.native_id, "val": "!no-unauthenticated", "cts": ""}
        return {
            "did": account.native_id,
            "handle": account.username,
            "displayName": account.name,
            "description": account.about,
            "followersCount": account.followers,
            "followsCount": 0,
            "postsCount": len(self._posts.by(account.native_id)),
            "viewer": {"muted": False, "blockedBy": False},
            "labels": [] if account.is_public else [closed],
        }

    # ---- lists -------------------------------------------------------------------------------------------------

    def author_feed(self, asked: Asked) -> Json:
        """app.bsky.feed.getAuthorFeed."""
        actor, chosen = asked.query.text("actor"), asked.query.text("filter") or FILTERS[0]
        account = find_actor(self._world, actor)
        items = self._posts.by(account.native_id if account is not None else actor)
        if account is None and not items:
            raise Refused(400, "InvalidRequest", "Profile not found")
        if chosen == "posts_no_replies":
            items = [i for i in items if self._posts.parent_uri(i) is None]
        elif chosen in ("posts_with_media", "posts_with_video"):
            items = []
        page, cursor = self._cut(asked, items, sorted_at)
        return _page("feed", [self._feed_row(item) for item in page], cursor)

    def _feed_row(self, item: WorldItem) -> Json:
        row: Json = {"post": self._posts.view(item)}
        parent, root = self._posts.parent_uri(item), self._posts.root(item)
        if parent is not None and root is not None:
            row["reply"] = {"root": self._hydrated(root.id), "parent": self._hydrated(parent)}
        return row

    def _hydrated(self, uri: str) -> Json:
        item = self._posts.find(uri)
        if item is None:
            return not_found_post(uri)
        return blocked_post(item) if is_blocked(item) else {"$type": f"{DEFS}#postView", **self._posts.view(item)}

    def notifications(self, asked: Asked) -> Json:
        """app.bsky.notification.listNotifications."""
        reasons = asked.query.texts("reasons")
        account = asked.caller.account
        told = self._world.remembered(("bluesky:told", account.key), lambda: self._told(account))
        told = [n for n in told if not reasons or n.reason in reasons]
        page, cursor = self._cut(asked, told, lambda n: sorted_at(n.item))
        rows = [self._notification(n) for n in page]
        seen = asked.query.text("seenAt") or timestamp(self._world.now())
        return _page("notifications", rows, cursor) | {"priority": False, "seenAt": seen}

    def _told(self, account: WorldAccount) -> list[Notified]:
        """Return what the account was told of, newest first: once for each post, by the strongest reason."""
        told = []
        for item in newest_first(i for i in self._world.visible(account.key) if is_post(i)):
            if item.by_account or is_blocked(item) or item.extra.get("notify") == "no":
                continue
            reason = self._reason(item, account.native_id)
            if reason is not None:
                told.append(Notified(item, *reason))
        return told

    def _reason(self, item: WorldItem, did: str) -> tuple[str, str | None] | None:
        if item.kind is Kind.QUOTE:
            return "quote", item.parent_id or item.root_id
        above = [i for i in self._posts.above(item)[:NOTIFIED_ABOVE] if i.author_id == did]
        if above:
            return "reply", above[0].id
        named = any(account.native_id == did for account in self._posts.mentions(item))
        return ("mention", None) if named else None

    def _notification(self, told: Notified) -> Json:
        item = told.item
        row: Json = {
            "uri": item.id,
            "cid": cid_of(item, self._world.now()),
            "author": self._posts.author(item),
            "reason": told.reason,
            "record": self._posts.record(item),
            "isRead": False,
            "indexedAt": timestamp(item.published_at),
            "labels": labels_of(item),
        }
        return row | ({"reasonSubject": told.subject} if told.subject is not None else {})

    def quotes(self, asked: Asked) -> Json:
        """app.bsky.feed.getQuotes."""
        uri = asked.query.text("uri")
        item = self._posts.find(uri)
        found = [q for q in self._posts.quotes(item) if not is_blocked(q)] if item is not None else []
        page, cursor = self._cut(asked, found, sorted_at)
        return _page("posts", [self._posts.view(i) for i in page], cursor) | {"uri": uri}

    def search(self, asked: Asked) -> Json:
        """app.bsky.feed.searchPosts: every word of the question must stand in the text."""
        query = asked.query
        words = query.text("q").casefold().split()
        mentioned, since = query.text("mentions"), query.text("since")
        found = [
            i
            for i in self._posts.everything()
            if all(word in i.text_at(self._world.now()).casefold() for word in words)
            and (not mentioned or any(mentioned in (a.native_id, a.username) for a in self._posts.mentions(i)))
            and sorted_at(i) >= since
            and not is_blocked(i)
        ]
        page, cursor = self._cut(asked, found, sorted_at)
        return _page("posts", [self._posts.view(i) for i in page], cursor)

    # ---- posts by address --------------------------------------------------------------------------------------

    def posts(self, asked: Asked) -> Json:
        """app.bsky.feed.getPosts: those that are gone, or that a block hides, are just not there."""
        found = (self._posts.find(uri) for uri in dict.fromkeys(asked.query.texts("uris")))
        return {"posts": [self._posts.view(i) for i in found if i is not None and not is_blocked(i)]}

    def thread(self, asked: Asked) -> Json:
        """app.bsky.feed.getPostThread."""
        uri = asked.query.text("uri")
        item = self._posts.find(uri)
        if item is None:
            raise Refused(400, "NotFound", f"Post not found: {uri}")
        if is_blocked(item):
            return {"thread": blocked_post(item)}
        node = self._node(item, min(asked.query.number("depth", 6), DEEPEST))
        self._climb(node, item, asked.query.number("parentHeight", 80))
        top = self._posts.root(item) or item
        gate = self._posts.gate(top)
        answer: Json = {"thread": node}
        return answer | ({"threadgate": gate} if gate is not None else {})

    def _node(self, item: WorldItem, depth: int) -> Json:
        node: Json = {"$type": f"{DEFS}#threadViewPost", "post": self._posts.view(item), "threadContext": {}}
        if depth > 0:
            below = [i for i in self._posts.replies(item) if i.extra.get("lost_block") != "yes"]
            node["replies"] = [blocked_post(i) if is_blocked(i) else self._node(i, depth - 1) for i in below]
        return node

    def _climb(self, node: Json, item: WorldItem, height: int) -> None:
        parent = self._posts.parent_uri(item)
        if parent is None or height <= 0:
            return
        above = self._posts.find(parent)
        if above is None:
            node["parent"] = not_found_post(parent)
        elif is_blocked(above):
            node["parent"] = blocked_post(above)
        else:
            found: Json = {"$type": f"{DEFS}#threadViewPost", "post": self._posts.view(above), "threadContext": {}}
            node["parent"] = found
            self._climb(found, above, height - 1)

    # ---- pages -------------------------------------------------------------------------------------------------

    @staticmethod
    def _cut(asked: Asked, things: Sequence[T], key: Callable[[T], str]) -> tuple[list[T], str | None]:
        """Return the page asked for, out of things newest first, and the cursor of the page after it."""
        cursor = asked.query.text("cursor")
        start = _read_cursor(cursor) if cursor else 0
        if start is None:
            raise Refused(400, "InvalidRequest", "Malformed cursor")
        page = list(things[start : start + asked.query.page_size])
        has_more = start + len(page) < len(things)
        return page, _write_cursor(start + len(page), key(page[-1])) if has_more else None


def _page(name: str, rows: Iterable[Json], cursor: str | None) -> Json:
    return {name: list(rows)} | ({"cursor": cursor} if cursor is not None else {})


def _write_cursor(number: int, time: str) -> str:
    return base64.urlsafe_b64encode(f"{number}::{time}".encode()).decode().rstrip("=")


def _read_cursor(cursor: str) -> int | None:
    try:
        number = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode().partition("::")[0]
    except (binascii.Error, UnicodeDecodeError):
        return None
    return int(number) if number.isascii() and number.isdigit() else None


ANSWERS: dict[str, Callable[[Answers, Asked], Json]] = {
    "com.atproto.server.getSession": Answers.session,
    "app.bsky.actor.getProfile": Answers.profile,
    "app.bsky.notification.listNotifications": Answers.notifications,
    "app.bsky.feed.getAuthorFeed": Answers.author_feed,
    "app.bsky.feed.getPostThread": Answers.thread,
    "app.bsky.feed.getPosts": Answers.posts,
    "app.bsky.feed.getQuotes": Answers.quotes,
    "app.bsky.feed.searchPosts": Answers.search,
}
LISTS = ("feed", "notifications", "posts")
