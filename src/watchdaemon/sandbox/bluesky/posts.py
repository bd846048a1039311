"""Bluesky's view of the world: which post an item is, how it is written as JSON, and what stands around it."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import lru_cache
from typing import TypeAlias

from watchdaemon.sandbox import ids
from watchdaemon.sandbox.bluesky.access import PLATFORM
from watchdaemon.sandbox.bluesky.spec import POST
from watchdaemon.sandbox.world import Kind, World, WorldAccount, WorldItem

Json: TypeAlias = dict[str, object]

DEFS = "app.bsky.feed.defs"
_URL = re.compile(r"https?://\S+")


@lru_cache(maxsize=50_000)
def timestamp(instant: datetime) -> str:
    """Write an instant as the service does: milliseconds and a Z."""
    return instant.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def sorted_at(item: WorldItem) -> str:
    """Return the time by which lists are ordered: the earlier of when it came and what its author's app says."""
    return min(_created_at(item), timestamp(item.published_at))


def _created_at(item: WorldItem) -> str:
    return item.extra.get("created_at") or timestamp(item.published_at)


def is_post(item: WorldItem) -> bool:
    """Everything but a direct message is a post here."""
    return item.kind is not Kind.MESSAGE


def is_blocked(item: WorldItem) -> bool:
    """Tell whether its author and the account are in a block."""
    return "yes" in (item.extra.get("blocked"), item.extra.get("lost_block"))


class Posts:
    """The world's posts on Bluesky, as they stand at the world's time."""

    def __init__(self, world: World) -> None:
        self._world = world

    def find(self, uri: str) -> WorldItem | None:
        """Return the post with that address, if it still exists."""
        item = self._world.find(uri)
        is_ours = item is not None and is_post(item) and self._world.account(item.account).platform == PLATFORM
        return item if is_ours else None

    def everything(self) -> list[WorldItem]:
        """Return every post that exists now, newest first."""
        return self._world.remembered("bluesky:everything", self._everything)

    def _everything(self) -> list[WorldItem]:
        found = (self._world.visible(account.key) for account in self._world.accounts(PLATFORM))
        unique = {item.key: item for items in found for item in items if is_post(item)}
        return newest_first(unique.values())

    def by(self, did: str) -> list[WorldItem]:
        """Return what somebody wrote, newest first."""
        return self._world.remembered(
            ("bluesky:by", did), lambda: [item for item in self.everything() if item.author_id == did]
        )

    def replies(self, item: WorldItem) -> list[WorldItem]:
        """Return the posts that answer this very one, oldest first."""
        return [i for i in self._under(item) if i.kind is not Kind.QUOTE]

    def quotes(self, item: WorldItem) -> list[WorldItem]:
        """Return the posts that quote this one, newest first."""
        return newest_first(i for i in self._under(item) if i.kind is Kind.QUOTE)

    def _under(self, item: WorldItem) -> list[WorldItem]:
        return self._world.remembered(("bluesky:under", item.key), lambda: self._world.under(item))

    def root(self, item: WorldItem) -> WorldItem | None:
        """Return the post that an item's thread stands under, existing or not; None for one that is no reply."""
        if self.parent_uri(item) is None:
            return None
        return self._world.recall(item.root_id or self.parent_uri(item) or "")

    @staticmethod
    def parent_uri(item: WorldItem) -> str | None:
        """Return the address of what an item answers."""
        return None if item.kind is Kind.QUOTE else item.parent_id or (
            item.root_id if item.kind is Kind.COMMENT else None
        )  # fmt: skip

    def above(self, item: WorldItem) -> list[WorldItem]:
        """Return what an item answers, what that answers, and so on: those deleted since were there when it came."""
        chain: list[WorldItem] = []
        parent = self._world.recall(self.parent_uri(item) or "")
        while parent is not None and parent not in chain:
            chain.append(parent)
            parent = self._world.recall(self.parent_uri(parent) or "")
        return chain

    def mentions(self, item: WorldItem) -> list[WorldAccount]:
        """Return the accounts that an item names, by its author's own marking."""
        if item.extra.get("mention") == "no":
            return []
        accounts = self._world.remembered("bluesky:accounts", lambda: self._world.accounts(PLATFORM))
        named = [a for a in accounts if f"@{a.username}" in item.text]
        written_to = [self._world.account(key) for key in (item.account, *item.mentions)]
        return named or (written_to if item.kind is Kind.MENTION else [])

    # ---- as JSON -----------------------------------------------------------------------------------------------

    def record(self, item: WorldItem) -> Json:
        """Show a post's own record."""
        text = item.text_at(self._world.now())
        record: Json = {"$type": POST, "text": text, "langs": ["sv"], "createdAt": _created_at(item)}
        parent = self.parent_uri(item)
        if parent is not None:
            root = self.root(item)
            root_uri = root.id if root is not None else parent
            record["reply"] = {"root": _reference(root_uri), "parent": _reference(parent)}
        if item.kind is Kind.QUOTE:
            quoted = item.parent_id or item.root_id or ""
            record["embed"] = {"$type": "app.bsky.embed.record", "record": _reference(quoted)}
        facets = [*self._mention_facets(item, text), *_link_facets(text)]
        if facets:
            record["facets"] = facets
        return record

    def _mention_facets(self, item: WorldItem, text: str) -> Iterable[Json]:
        for account in self.mentions(item):
            start = max(0, text.find(f"@{account.username}"))
            end = start + len(f"@{account.username}")
            yield _facet(text, start, end, {"$type": "app.bsky.richtext.facet#mention", "did": account.native_id})

    def view(self, item: WorldItem) -> Json:
        """Show a post."""
        return self._world.remembered(("bluesky:view", item.key), lambda: self._view(item))

    def _view(self, item: WorldItem) -> Json:
        view: Json = {
            "uri": item.id,
            "cid": cid_of(item, self._world.now()),
            "author": self.author(item),
            "record": self.record(item),
            "bookmarkCount": 0,
            "replyCount": len(self.replies(item)),
            "repostCount": 0,
            "likeCount": 0,
            "quoteCount": len(self.quotes(item)),
            "indexedAt": timestamp(item.published_at),
            "viewer": {"bookmarked": False, "threadMuted": False, "embeddingDisabled": False},
            "labels": labels_of(item),
        }
        gate = self.gate(item)
        if gate is not None:
            view["threadgate"] = gate
        return view

    def gate(self, item: WorldItem) -> Json | None:
        """Show the thread gate of a post that no other stands above, if anything below it is hidden."""
        now = self._world.now()
        if self.parent_uri(item) is not None:
            return None
        hidden = [i.id for i in self._world.below(item) if i.is_hidden(now)]
        if not hidden:
            return None
        uri = item.id.replace(POST, "app.bsky.feed.threadgate")
        record = {"$type": "app.bsky.feed.threadgate", "post": item.id, "createdAt": timestamp(now)}
        return {"uri": uri, "cid": ids.bluesky_cid(uri), "record": record | {"hiddenReplies": hidden}, "lists": []}

    def author(self, item: WorldItem) -> Json:
        """Show who wrote a post."""
        account = self._world.find_account(PLATFORM, item.author_id)
        handle = account.username if account is not None else item.author_username or "handle.invalid"
        author: Json = {
            "did": item.author_id,
            "handle": handle,
            "viewer": {"muted": False, "blockedBy": is_blocked(item)},
            "labels": [],
        }
        name = account.name if account is not None else item.author_name
        return author | ({"displayName": name} if name else {})


def cid_of(item: WorldItem, now: datetime) -> str:
    """Return the name of a post's present content."""
    return ids.bluesky_cid(item.id + item.text_at(now))


def labels_of(item: WorldItem) -> list[Json]:
    """Show the label a moderator put on a post."""
    name = item.extra.get("label")
    if name is None:
        return []
    cts = timestamp(item.published_at)
    return [{"src": "did:plc:moderatorsofthesandbox22", "uri": item.id, "val": name, "cts": cts}]


def newest_first(items: Iterable[WorldItem]) -> list[WorldItem]:
    """Order posts as lists do."""
    return sorted(items, key=lambda item: (sorted_at(item), item.id), reverse=True)


def blocked_post(item: WorldItem) -> Json:
    """Show that there is a post which may not be seen."""
    author = {"did": item.author_id, "viewer": {"blockedBy": True}}
    return {"$type": f"{DEFS}#blockedPost", "uri": item.id, "blocked": True, "author": author}


def not_found_post(uri: str) -> Json:
    """Show that a post is gone."""
    return {"$type": f"{DEFS}#notFoundPost", "uri": uri, "notFound": True}


def _reference(uri: str) -> Json:
    return {"uri": uri, "cid": ids.bluesky_cid(uri)}


def _link_facets(text: str) -> Iterable[Json]:
    for found in _URL.finditer(text):
        yield _facet(text, *found.span(), {"$type": "app.bsky.richtext.facet#link", "uri": found[0]})


def _facet(text: str, start: int, end: int, feature: Json) -> Json:
    """Mark a piece of a text; the service counts bytes, not characters."""
    begin, stop = len(text[:start].encode()), len(text[:end].encode())
    return {"index": {"byteStart": begin, "byteEnd": stop}, "features": [feature]}
