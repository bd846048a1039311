"""What can be done to posts on Bluesky: hide replies below own posts, delete own ones, and answer.

A reply is hidden by the thread gate of its root, a record with the root's own key in the account's repository
(app.bsky.feed.threadgate, ``hiddenReplies``). The gate is read first and written with ``swapRecord``, so that what
somebody else changed meanwhile is not undone; what it says of who may reply stays (missing: everybody, empty: nobody).
Nobody can delete another's post.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from watchdaemon.domain.item import Item, ItemKind
from watchdaemon.domain.moderation import Action, Receipt
from watchdaemon.errors import AccountError, AdapterError, Reason, RetriableError
from watchdaemon_adapters.bluesky.client import BlueskyClient
from watchdaemon_adapters.bluesky.mapping import author_in, hidden_in, post_uri
from watchdaemon_adapters.bluesky.problems import PLATFORM

POST: Final = "app.bsky.feed.post"
GATE: Final = "app.bsky.feed.threadgate"
MOST_HIDDEN: Final = 300  # by the lexicon

_Json = Mapping[str, object]


def can_on_bluesky(item: Item) -> frozenset[Action]:
    """Return what the account may do to the item."""
    if item.kind not in (ItemKind.COMMENT, ItemKind.MENTION, ItemKind.QUOTE):
        return frozenset()
    if item.by_account:
        return frozenset({Action.DELETE})
    is_below_own = item.kind is ItemKind.COMMENT and item.root_id is not None
    return frozenset({Action.REPLY, *((Action.HIDE, Action.UNHIDE) if is_below_own else ())})


class Orders:
    """One account's orders; `did` is whose session it is."""

    def __init__(self, client: BlueskyClient, *, did: str, account: str, now: datetime) -> None:
        self._client = client
        self._did = did
        self._account = account
        self._now = now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")

    def give(self, item: Item, action: Action, text: str) -> Receipt:
        """Send an order, once. Raises AdapterError as `ports.Moderator.moderate`."""
        if action is Action.DELETE:
            self._client.delete_record(self._did, POST, item.external_id.rpartition("/")[2])
            return Receipt()
        if action is Action.REPLY:
            return Receipt(reply_id=self._reply(item, text))
        self._set_hidden(item, hidden=action is Action.HIDE)
        return Receipt()

    def has_reply(self, item: Item, text: str, reply_id: str | None) -> bool:
        """Tell whether a reply is there: by its address, or else an own one right below the item with its text."""
        if reply_id is not None:
            return bool(self._client.posts([reply_id]))
        node = self._client.thread(item.external_id, depth=1).get("thread")
        replies = node.get("replies") if isinstance(node, dict) else None
        posts = [r.get("post") for r in (replies if isinstance(replies, list) else []) if isinstance(r, dict)]
        return any(author_in(post_uri(p)) == self._did and _words(p).strip() == text.strip() for p in posts)

    def _reply(self, item: Item, text: str) -> str:
        view = self._view(item.external_id)
        parent = {"uri": item.external_id, "cid": view.get("cid")}
        above = _child(_child(view, "record"), "reply").get("root")
        reply = {"root": above if isinstance(above, dict) else parent, "parent": parent}
        record = {"$type": POST, "text": text, "createdAt": self._now, "reply": reply}
        uri = self._client.create_record(self._did, POST, record).get("uri")
        if not isinstance(uri, str) or not uri:
            message = "Bluesky did not say which post it wrote"
            raise RetriableError(message, platform=PLATFORM, reason=Reason.MALFORMED, account=self._account)
        return uri

    def _set_hidden(self, item: Item, *, hidden: bool) -> None:
        root = item.root_id or ""
        if author_in(root) != self._did:
            raise self._refused("only replies below the account's own posts can be hidden", Reason.UNSUPPORTED)
        view = self._view(root)
        gate = _child(view, "threadgate")
        others = [uri for uri in hidden_in(view) if uri != item.external_id]
        wanted = [*others, item.external_id] if hidden else others
        if len(wanted) > MOST_HIDDEN:
            raise self._refused(f"{MOST_HIDDEN} replies of this thread are hidden already", Reason.UNSUPPORTED)
        known = _child(gate, "record")
        record = {"$type": GATE, "post": root, "createdAt": self._now, **known, "hiddenReplies": wanted}
        cid = gate.get("cid")
        self._client.put_record(
            self._did, GATE, root.rpartition("/")[2], record, swap=cid if isinstance(cid, str) else None
        )

    def _view(self, uri: str) -> _Json:
        rows = self._client.posts([uri])
        if not rows or not isinstance(rows[0], dict):
            message = "the post is gone, or a block keeps it from the account"
            raise AccountError(message, platform=PLATFORM, reason=Reason.GONE, account=self._account)
        return rows[0]

    def _refused(self, message: str, reason: Reason) -> AdapterError:
        return AdapterError(message, platform=PLATFORM, reason=reason, account=self._account)


def _child(row: _Json, name: str) -> _Json:
    value = row.get(name)
    return value if isinstance(value, dict) else {}


def _words(post: object) -> str:
    text = _child(post, "record").get("text") if isinstance(post, dict) else None
    return text if isinstance(text, str) else ""
