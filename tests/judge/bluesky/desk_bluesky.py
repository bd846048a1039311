"""A Bluesky server as its contract says: posts that truly were written, and the lists that show only part of them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from tests.judge.desk import NOW, Call, Desk, Reply

ME, KIM, ALEX = "did:plc:exempelkommun", "did:plc:kimexempel", "did:plc:alexexempel"
NAMES = {
    ME: ("Exempelkommun", "kommun.example.org"),
    KIM: ("Kim", "kim.example.org"),
    ALEX: ("Alex", "alex.example.org"),
}
PASSWORD = "abcd-efgh-ijkl-mnop"
_PAGED = {"limit": "[1-9]|[1-9][0-9]|100", "cursor": "c[0-9]+"}
_URI = r"at://did:plc:[a-z]+/app\.bsky\.feed\.post/[a-z0-9]+"
_NUMBER = "[0-9]|[1-9][0-9]{1,2}|1000"
TABLE: Mapping[str, Mapping[str, str]] = {
    "POST /xrpc/com.atproto.server.createSession": {},
    "POST /xrpc/com.atproto.server.refreshSession": {},
    "GET /xrpc/com.atproto.server.getSession": {},
    "GET /xrpc/app.bsky.actor.getProfile": {"actor!": "did:plc:[a-z]+"},
    "GET /xrpc/app.bsky.feed.getAuthorFeed": {
        **_PAGED,
        "actor!": "did:plc:[a-z]+",
        "filter": "posts_with_replies|posts_no_replies",
        "includePins": "true|false",
    },
    "GET /xrpc/app.bsky.notification.listNotifications": {**_PAGED, "reasons": "reply|mention|quote"},
    "GET /xrpc/app.bsky.feed.getPostThread": {"uri!": _URI, "depth": _NUMBER, "parentHeight": _NUMBER},
    "GET /xrpc/app.bsky.feed.getPosts": {"uris!": _URI},
    "GET /xrpc/app.bsky.feed.getQuotes": {**_PAGED, "uri!": _URI},
    "GET /xrpc/app.bsky.feed.searchPosts": {
        **_PAGED,
        "q!": ".+",
        "mentions": "did:plc:[a-z]+",
        "since": r"\d{4}-\d\d-\d\d.*",
        "sort": "latest|top",
    },
}
_numbers = count(1)


def stamp(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S.000Z")


def no(status: int, name: str) -> Reply:
    return status, {"error": name, "message": "m"}, {}


@dataclass
class Post:
    """One post; `told` says whether a notification tells of it."""

    uri: str
    author: str
    at: datetime
    text: str
    root: "Post | None" = None
    parent: "Post | None" = None
    quotes: "Post | None" = None
    names_us: bool = False
    told: bool = True
    created: datetime | None = None  # as the author's client claims
    is_gone: bool = False
    is_blocked: bool = False


@dataclass
class DeskBluesky(Desk):
    """The service, with traps that can be set."""

    table: Any = field(default_factory=lambda: TABLE)
    posts: list[Post] = field(default_factory=list)
    now: datetime = NOW
    most_rows: int = 100
    empty_first: bool = False
    repeats_cursors: bool = False
    count_lie: int | None = None  # what every post says to have of replies and quotes
    access: dict[str, datetime] = field(default_factory=dict)
    refresh: set[str] = field(default_factory=set)
    is_password_good: bool = True
    logins: int = 0

    def write(self, hours_ago: float, text: str = "Hej?", *, author: str = KIM, **more: Any) -> Post:
        parent = more.get("parent")
        root = (parent.root or parent) if parent else None
        uri = f"at://{author}/app.bsky.feed.post/3k{next(_numbers):08}"
        post = Post(uri, author, self.now - timedelta(hours=hours_ago), text, root=root, **more)
        self.posts.append(post)
        return post

    def answer(self, call: Call) -> Reply:
        name = call.path.rpartition(".")[2]
        if name == "createSession":
            self.logins += 1
            good = self.is_password_good and json.loads(call.body).get("password") == PASSWORD
            return self._session() if good else no(401, "AuthenticationRequired")
        if name == "refreshSession":
            if call.token not in self.refresh:
                return no(400, "ExpiredToken")
            self.refresh.remove(call.token)
            return self._session()
        if call.token not in self.access:
            return no(400, "InvalidToken")
        if self.access[call.token] < self.now:
            return no(400, "ExpiredToken")
        found: Reply = getattr(self, f"_{name}")(call)
        return found

    def _session(self) -> Reply:
        number = next(_numbers)
        access, refresh = f"access{number}", f"refresh{number}"
        self.access[access] = self.now + timedelta(hours=2)
        self.refresh.add(refresh)
        return 200, {"accessJwt": access, "refreshJwt": refresh, "did": ME, "handle": NAMES[ME][1], "active": True}, {}

    def _getProfile(self, _: Call) -> Reply:  # noqa: N802 - the service's names, here and below
        own = sum(p.author == ME for p in self.posts)
        return 200, {"did": ME, "handle": NAMES[ME][1], "postsCount": own}, {}

    def _getAuthorFeed(self, call: Call) -> Reply:  # noqa: N802
        rows = [{"post": self._view(p)} for p in self._newest() if p.author == ME]
        return self._page("feed", rows, call)

    def _listNotifications(self, call: Call) -> Reply:  # noqa: N802
        rows = []
        for post in self._newest():
            reason, subject = self._reason(post)
            if post.told and post.author != ME and reason in call.all("reasons"):
                view = {**self._view(post), "reason": reason, "isRead": False}
                rows.append({**view, **({"reasonSubject": subject} if subject else {})})
        return self._page("notifications", rows, call)

    def _reason(self, post: Post) -> tuple[str, str | None]:
        if post.parent and post.parent.author == ME:
            return "reply", post.parent.uri
        if post.quotes and post.quotes.author == ME:
            return "quote", post.quotes.uri
        return ("mention", None) if post.names_us else ("", None)

    def _getQuotes(self, call: Call) -> Reply:  # noqa: N802
        rows = [self._view(p) for p in self._newest() if p.quotes and p.quotes.uri == call.get("uri")]
        return self._page("posts", rows, call)

    def _searchPosts(self, call: Call) -> Reply:  # noqa: N802
        return self._page("posts", [self._view(p) for p in self._newest() if p.names_us], call)

    def _getPosts(self, call: Call) -> Reply:  # noqa: N802
        if len(call.all("uris")) > 25:
            self.wrong.append("more than 25 uris")
        return 200, {"posts": [self._view(p) for p in self._newest() if p.uri in call.all("uris")]}, {}

    def _getPostThread(self, call: Call) -> Reply:  # noqa: N802
        post = next((p for p in self.posts if p.uri == call.get("uri") and not p.is_gone), None)
        if post is None:
            return no(400, "NotFound")
        return 200, {"thread": self._node(post, int(call.get("depth", "6")))}, {}

    def _node(self, post: Post, depth: int) -> dict[str, Any]:
        if post.is_blocked:
            return {"$type": "app.bsky.feed.defs#blockedPost", "uri": post.uri, "blocked": True, "author": {}}
        below = [p for p in self.posts if p.parent is post and not p.is_gone] if depth else []
        node = {"$type": "app.bsky.feed.defs#threadViewPost", "post": self._view(post)}
        return {**node, "replies": [self._node(p, depth - 1) for p in below]}

    def _newest(self) -> list[Post]:
        return sorted((p for p in self.posts if not p.is_gone), key=lambda p: p.at, reverse=True)

    def _view(self, post: Post) -> dict[str, Any]:
        record: dict[str, Any] = {
            "$type": "app.bsky.feed.post",
            "text": post.text,
            "createdAt": stamp(post.created or post.at),
        }
        if post.parent and post.root:
            record["reply"] = {
                "root": {"uri": post.root.uri, "cid": "b"},
                "parent": {"uri": post.parent.uri, "cid": "b"},
            }
        if post.quotes:
            record["embed"] = {"$type": "app.bsky.embed.record", "record": {"uri": post.quotes.uri, "cid": "b"}}
        if post.names_us:
            feature = {"$type": "app.bsky.richtext.facet#mention", "did": ME}
            record["facets"] = [{"index": {"byteStart": 0, "byteEnd": 1}, "features": [feature]}]
        alive = [p for p in self.posts if not p.is_gone]
        replies, quotes = sum(p.parent is post for p in alive), sum(p.quotes is post for p in alive)
        name, handle = NAMES[post.author]
        return {
            "uri": post.uri,
            "cid": "bafyexample",
            "author": {"did": post.author, "handle": handle, "displayName": name},
            "record": record,
            "indexedAt": stamp(post.at),
            "replyCount": replies if self.count_lie is None else self.count_lie,
            "quoteCount": quotes if self.count_lie is None else self.count_lie,
            "labels": [],
        }

    def _page(self, name: str, rows: list[Any], call: Call) -> Reply:
        cursor = call.get("cursor")
        start, size = int(cursor[1:]) if cursor else 0, min(int(call.get("limit", "50")), self.most_rows)
        if self.empty_first and not cursor and rows:
            return 200, {name: [], "cursor": "c0"}, {}
        body: dict[str, Any] = {name: rows[start : start + size]}
        if start + size < len(rows):
            body["cursor"] = "c0" if self.repeats_cursors else f"c{start + size}"
        return 200, body, {}
