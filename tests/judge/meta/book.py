"""What truly was written on a Page or an Instagram account, and what a watcher has made of it."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from pydantic import SecretStr
from tests.judge.meta.graph import Graph, Node

from watchdaemon.domain.account import Account
from watchdaemon.domain.fetch import FetchResult
from watchdaemon.domain.item import Item, ItemKind, Visibility
from watchdaemon.errors import ConfigError
from watchdaemon.http import Exchange, RetryPolicy, Road
from watchdaemon.ports import AdapterContext, PlatformAdapter

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
KIM, ALEX = ("2711001", "Kim Exempel"), ("2711002", "Alex Exempel")
OTHER_PAGE = ("3900555", "Grannkommunen")
_numbers = count(50_001)


def number() -> str:
    return str(next(_numbers))


def stamp(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S+0000")


@dataclass(frozen=True)
class Truth:
    """One thing that was written, as it must be stored."""

    kind: ItemKind
    at: datetime
    text: str
    author_id: str | None
    author: str | None
    by_account: bool
    thread: str
    parent: str | None
    root: str | None
    url: str | None
    visibility: Visibility

    @staticmethod
    def of(item: Item) -> "Truth":
        return Truth(
            item.kind,
            item.published_at,
            item.text,
            item.author_id,
            item.author,
            item.by_account,
            item.thread_id,
            item.parent_id,
            item.root_id,
            item.url,
            item.visibility,
        )


@dataclass
class PageBook:
    """A Page, with verbs; each writes the Graph's node and the truth."""

    graph: Graph
    id: str
    token: str
    name: str = "Exempelkommun"
    truths: dict[str, Truth] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.node = self.graph.put(Node(self.id, "page", {"name": self.name, "is_published": True}))
        self.graph.tokens[self.token] = self.id

    @property
    def voice(self) -> tuple[str, str]:
        return (self.id, self.name)

    def post(
        self, at: datetime, text: str = "Ett inlägg", *, edge: str = "published_posts", by: Any = None, **more: Any
    ) -> Node:
        """Publish: an own post, or with another edge a visitor's, a mention or an advertisement."""
        kind = {"visitor_posts": ItemKind.VISITOR_POST, "tagged": ItemKind.MENTION}.get(edge, ItemKind.POST)
        author = self.voice if kind is ItemKind.POST else by
        shown = None if kind is ItemKind.MENTION else author
        key = f"{self.id}_{number()}"
        url = f"https://www.facebook.com/{key}"
        data = {"created_time": stamp(at), "updated_time": stamp(at), "message": text, "permalink_url": url, **more}
        if shown:
            data["from"] = {"id": shown[0], "name": shown[1]}
        node = self._put(self.node, edge, Node(key, "post", data))
        if edge == "published_posts":
            self.node.edges.setdefault("posts", []).append(node)
        self.truths[key] = Truth(
            kind,
            at,
            text,
            shown[0] if shown else None,
            shown[1] if shown else None,
            kind is ItemKind.POST,
            key,
            None,
            None,
            url,
            Visibility.PUBLIC,
        )
        return node

    def video(self, at: datetime, text: str, *, edge: str) -> Node:
        key, path = number(), f"/reel/{number()}/"
        time_key = "creation_time" if edge == "live_videos" else "created_time"
        data = {time_key: stamp(at), "description": text, "permalink_url": path}
        kind = "live" if edge == "live_videos" else "video"
        node = self._put(self.node, edge, Node(key, kind, data))
        url = f"https://www.facebook.com{path}"
        self.truths[key] = Truth(
            ItemKind.POST, at, text, self.id, self.name, True, key, None, None, url, Visibility.PUBLIC
        )
        return node

    def comment(
        self,
        post: Node,
        at: datetime,
        text: str = "En fråga?",
        *,
        by: tuple[str, str] | None = KIM,
        under: Node | None = None,
        hidden: bool = False,
        private: bool = False,
        bare: bool = False,
        bare_parent: bool = False,
    ) -> Node:
        """Comment, or reply to a comment; `bare` leaves the post's part out of the id."""
        key = number() if bare else f"{post.id.rpartition('_')[2]}_{number()}"
        url = f"https://www.facebook.com/{post.id}?comment_id={key}"
        data: dict[str, Any] = {"created_time": stamp(at), "message": text, "is_hidden": hidden, "permalink_url": url}
        data["is_private"] = private
        if by:
            data["from"] = {"id": by[0], "name": by[1]}
        if under is not None:
            data["parent"] = {"id": under.id.rpartition("_")[2] if bare_parent else under.id}
        node = self._put(post, "comments", Node(key, "comment", data))
        if under is not None:
            under.edges.setdefault("comments", []).append(node)
        if "updated_time" in post.data:
            post.data["updated_time"] = max(post.data["updated_time"], stamp(at))
        self.truths[key] = self._comment_truth(post, key, at, text, by, under, data)
        return node

    def _comment_truth(
        self, post: Node, key: str, at: datetime, text: str, by: Any, under: Node | None, data: Mapping[str, Any]
    ) -> Truth:
        is_visitors = post.id in self.truths and self.truths[post.id].kind is ItemKind.VISITOR_POST
        top = key if under is None else self.truths[under.id].thread
        parent = under.id if under else (post.id if is_visitors else None)
        seen = Visibility.HIDDEN if data["is_hidden"] else Visibility.PRIVATE if data["is_private"] else None
        return Truth(
            ItemKind.COMMENT,
            at,
            text,
            by[0] if by else None,
            by[1] if by else None,
            bool(by) and by[0] == self.id,
            post.id if is_visitors else top,
            parent,
            None if is_visitors else post.id,
            data["permalink_url"],
            seen or Visibility.PUBLIC,
        )

    def conversation(self, platform: str = "messenger") -> Node:
        key = f"t_{number()}"
        data = {"platform": platform, "updated_time": "", "message_count": 0, "link": f"/inbox/{key}/"}
        return self._put(self.node, "conversations", Node(key, "conversation", data))

    def message(
        self, talk: Node, at: datetime, text: str = "Hej?", *, by: tuple[str, str] | None = KIM, own: bool = False
    ) -> Node:
        key = f"m_{number()}"
        author = self.voice if own else by
        data: dict[str, Any] = {"created_time": stamp(at), "message": text}
        if author:
            data["from"] = {"id": author[0], "name": author[1]}
        node = self._put(talk, "messages", Node(key, "message", data))
        talk.data["updated_time"] = max(talk.data["updated_time"], stamp(at))
        talk.data["message_count"] += 1
        self.truths[key] = Truth(
            ItemKind.MESSAGE,
            at,
            text,
            author[0] if author else None,
            author[1] if author else None,
            own,
            talk.id,
            None,
            None,
            f"https://www.facebook.com{talk.data['link']}",
            Visibility.PRIVATE,
        )
        return node

    def withdraw(self, node: Node) -> None:
        """Delete what nobody has read yet: it need not be stored."""
        node.is_deleted = True
        del self.truths[node.id]

    def _put(self, above: Node, edge: str, node: Node) -> Node:
        self.graph.put(node)
        above.edges.setdefault(edge, []).append(node)
        return node


class Pocket:
    """Credentials by name: the token itself."""

    def __init__(self, secrets: Mapping[str, Mapping[str, str]]) -> None:
        self.secrets = secrets

    def read(self, name: str) -> Mapping[str, SecretStr]:
        if name not in self.secrets:
            raise ConfigError(f"no credential {name}")
        return {key: SecretStr(value) for key, value in self.secrets[name].items()}


def account_of(platform: str, key: str, native_id: str, **extra: str) -> Account:
    return Account(
        key=key,
        platform=platform,
        native_id=native_id,
        name="Exempelkommun",
        link="https://example.org/",
        unit="kommunen",
        manager="chef",
        owners=(),
        credential=key,
        extra=extra,
    )


@dataclass
class Watch:
    """Polls with the real adapter, and stores as the program does: by key, cursors beside the items."""

    adapter: PlatformAdapter
    accounts: list[Account]
    clock: "Hands"
    exchanges: list[Exchange]
    stored: dict[str, dict[str, Item]] = field(default_factory=dict)
    cursors: dict[str, dict[str, str]] = field(default_factory=dict)

    def poll(self, at: datetime) -> dict[str, FetchResult]:
        self.clock.now = at
        results: dict[str, FetchResult] = {}
        for result in self.adapter.fetch(self.accounts, self.cursors):
            known = self.stored.setdefault(result.account, {})
            keys = [i.external_id for i in result.items]
            assert len(keys) == len(set(keys)), "an item came twice"
            known.update({i.external_id: i for i in result.items})
            self.cursors.setdefault(result.account, {}).update(result.cursors)
            assert result.account not in results, "an account came twice"
            results[result.account] = result
        assert set(results) == {a.key for a in self.accounts}
        return results

    def one(self, at: datetime) -> FetchResult:
        (result,) = self.poll(at).values()
        return result

    def truths(self, key: str) -> dict[str, Truth]:
        return {k: Truth.of(i) for k, i in self.stored.get(key, {}).items()}


@dataclass
class Hands:
    """A clock's."""

    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now


Made = Callable[..., Watch]


def watch_maker(plugin: Any, platform: str) -> Iterator[Made]:
    """Give a maker of watches; closes their roads."""
    roads: list[Road] = []

    def make(graph: Graph, pages: Mapping[str, tuple[str, str]], *, look_back: int = 30, **settings: Any) -> Watch:
        """Watch accounts: by key, the native id and the token. `extras` are the accounts' own."""
        extras = settings.pop("extras", {})
        secrets = settings.pop("secrets", {})
        exchanges: list[Exchange] = []
        road = Road(
            timeout=settings.pop("patience", 5),
            sleep=lambda _: None,
            retries=RetryPolicy(tries=settings.pop("tries", 2), base=0),
            on_exchange=exchanges.append,
        )
        roads.append(road)
        clock = Hands()
        pocket = Pocket({key: {"token": token, **secrets} for key, (_, token) in pages.items()})
        context = AdapterContext(road=road, credentials=pocket, clock=clock, look_back=timedelta(days=look_back))
        adapter = plugin.create({"base_url": graph.base, **settings}, context)
        accounts = [account_of(platform, key, native, **extras.get(key, {})) for key, (native, _) in pages.items()]
        return Watch(adapter, accounts, clock, exchanges)

    yield make
    for road in roads:
        road.close()


@dataclass
class GramBook:
    """An Instagram account and the Page it is linked to, with verbs."""

    page: PageBook
    id: str
    username: str = "exempelkommun"
    truths: dict[str, Truth] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.graph = self.page.graph
        self.node = self.graph.put(Node(self.id, "ig_user", {"username": self.username, "is_published": True}))

    @property
    def voice(self) -> tuple[str, str]:
        return (self.id, self.username)

    def media(
        self, at: datetime, text: str = "En bild", *, edge: str = "media", by: tuple[str, str] | None = None
    ) -> Node:
        """Publish a media, or have somebody else's tag the account (edge ``tags``: no id of the author is shown)."""
        key = number()
        url = f"https://www.instagram.com/p/{key}/"
        author = by or self.voice
        data = {"timestamp": stamp(at), "caption": text, "permalink": url, "username": author[1], "comments_count": 0}
        node = self._put(self.node, edge, Node(key, "media", data))
        is_own = edge == "media"
        kind = ItemKind.POST if is_own else ItemKind.MENTION
        author_id = self.id if is_own else None
        self.truths[key] = Truth(kind, at, text, author_id, author[1], is_own, key, None, None, url, Visibility.PUBLIC)
        return node

    def comment(
        self,
        media: Node,
        at: datetime,
        text: str = "En fråga?",
        *,
        by: tuple[str, str] = KIM,
        under: Node | None = None,
        hidden: bool = False,
        shows: str = "from",
    ) -> Node:
        """Comment or reply; `shows` what tells of the author: from, user or username."""
        key = number()
        data: dict[str, Any] = {"timestamp": stamp(at), "text": text, "hidden": hidden, "username": by[1]}
        if shows == "from":
            data["from"] = {"id": by[0], "username": by[1]}
        if shows == "user":
            data["user"] = {"id": by[0]}
        if under is not None:
            data["parent_id"] = under.id
        node = Node(key, "ig_comment", data)
        self._put(media if under is None else under, "comments" if under is None else "replies", node)
        media.data["comments_count"] += 1
        is_own = by == self.voice
        self.truths[key] = Truth(
            ItemKind.COMMENT,
            at,
            text,
            by[0] if shows == "from" or is_own else None,
            by[1],
            is_own,
            under.id if under else key,
            under.id if under else None,
            media.id,
            media.data["permalink"],
            Visibility.HIDDEN if hidden else Visibility.PUBLIC,
        )
        return node

    def message(self, talk: Node, at: datetime, text: str = "Hej?", *, own: bool = False) -> Node:
        node = self.page.message(talk, at, text, by=self.voice if own else KIM)
        author = node.data["from"] = {"id": node.data["from"]["id"], "username": node.data["from"]["name"]}
        truth = self.page.truths.pop(node.id)
        self.truths[node.id] = replace(truth, author=author["username"], by_account=own)
        return node

    def _put(self, above: Node, edge: str, node: Node) -> Node:
        self.graph.put(node)
        above.edges.setdefault(edge, []).append(node)
        return node


@dataclass
class ThreadsBook:
    """A Threads profile, with verbs. Threads shows names of authors and no ids."""

    graph: Graph
    id: str
    token: str
    username: str = "exempelkommun"
    truths: dict[str, Truth] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.node = self.graph.put(Node(self.id, "profile", {"username": self.username}))
        self.graph.tokens[self.token] = self.id

    def post(self, at: datetime, text: str = "Ett inlägg", *, edge: str = "threads", by: str | None = None) -> Node:
        """Publish, or have somebody name the profile (edge ``mentions``)."""
        author = by or self.username
        node = self._media(at, text, author)
        node.data["has_replies"] = False
        self.node.edges.setdefault(edge, []).append(node)
        kind = ItemKind.POST if edge == "threads" else ItemKind.MENTION
        self.truths[node.id] = Truth(
            kind,
            at,
            text,
            self.id if by is None else by,  # a name is the only id there is
            author,
            by is None,
            node.id,
            None,
            None,
            node.data["permalink"],
            Visibility.PUBLIC,
        )
        return node

    def reply(
        self,
        post: Node,
        at: datetime,
        text: str = "En fråga?",
        *,
        by: str = "kim",
        under: Node | None = None,
        status: str = "NOT_HUSHED",
        is_held: bool = False,
    ) -> Node:
        """Reply to the post or to another reply, however deep."""
        node = self._media(at, text, by)
        own = by == self.username
        node.data |= {"is_reply": True, "is_reply_owned_by_me": own, "hide_status": status}
        node.data |= {"root_post": {"id": post.id}, "replied_to": {"id": (under or post).id}}
        if is_held:
            node.data |= {"reply_approval_status": "pending"}
            del node.data["permalink"]
        else:
            post.data["has_replies"] = True
        post.edges.setdefault("pending_replies" if is_held else "conversation", []).append(node)
        seen = Visibility.HELD if is_held else Visibility.HIDDEN if status == "HIDDEN" else Visibility.PUBLIC
        self.truths[node.id] = Truth(
            ItemKind.COMMENT,
            at,
            text,
            self.id if own else by,
            by,
            own,
            self.truths[under.id].thread if under else node.id,
            under.id if under else None,
            post.id,
            node.data.get("permalink") or post.data["permalink"],  # where it will stand
            seen,
        )
        return node

    def _media(self, at: datetime, text: str, author: str) -> Node:
        key = number()
        data = {"timestamp": stamp(at), "text": text, "username": author}
        data["permalink"] = f"https://www.threads.net/@{author}/post/{key}"
        return self.graph.put(Node(key, "thread_post", data))
