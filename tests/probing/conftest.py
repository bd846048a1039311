"""Every platform of the sandbox with enough in it to be told from, on one server, and a way to twist its answers."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode

import pytest
from pydantic import SecretStr
from starlette.requests import Request
from starlette.responses import Response
from tests.costs.places import PLACES, Place

from watchdaemon.domain.account import Account
from watchdaemon.domain.probe import ProbeAnswer
from watchdaemon.http import Exchange, RetryPolicy, Road
from watchdaemon.ports import AdapterContext, PlatformAdapter, Probes
from watchdaemon.sandbox import ids
from watchdaemon.sandbox.faults import Faults
from watchdaemon.sandbox.graph.videos import PHOTO, PHOTO_OF
from watchdaemon.sandbox.server import SandboxServer, platform_apps
from watchdaemon.sandbox.world import Kind, Moderation, World, WorldAccount, WorldItem
from watchdaemon_adapters.bluesky import plugin as bluesky
from watchdaemon_adapters.facebook import plugin as facebook
from watchdaemon_adapters.instagram import plugin as instagram
from watchdaemon_adapters.mastodon import plugin as mastodon
from watchdaemon_adapters.threads import plugin as threads
from watchdaemon_adapters.x import plugin as x
from watchdaemon_adapters.youtube import plugin as youtube

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
KEY = "kommunen"
PLUGINS = {p.name: p for p in (bluesky, facebook, instagram, mastodon, threads, x, youtube)}

Query = dict[str, str]
Body = Any
Twist = Callable[[str, Query, Body], Body]
"""Turns an answer into another: the path, what was asked, and what would be answered."""


class Pocket:
    """The account's credential."""

    def __init__(self, place: Place) -> None:
        self._fields = place.fields(KEY)

    def read(self, name: str) -> Mapping[str, SecretStr]:
        """Return it, whatever it is called."""
        return {k: SecretStr(v) for k, v in self._fields.items()}


@dataclass
class Office:
    """One server for many tests; each plays on it with its own world, and its own twists."""

    exchanges: list[Exchange] = field(default_factory=list)
    sent: list[tuple[str, str]] = field(default_factory=list)  # method and path
    ask: Callable[[str, Query], Query | None] = lambda _path, query: query  # None: the platform refuses
    answer: Twist | None = None
    headers: Callable[[dict[str, str]], dict[str, str]] = lambda headers: headers

    def __post_init__(self) -> None:
        self.road = Road(timeout=5, sleep=lambda _: None, retries=RetryPolicy(tries=1), on_exchange=self._hear)
        self.world = World(lambda: NOW)
        self.apps = platform_apps(self.world, Faults())
        self.server = SandboxServer(self.world, apps={name: self._entrance(name) for name in self.apps})

    def play(self, platform: str, *, is_quiet: bool = False) -> None:
        """Begin anew: an account on a platform, and (unless it is quiet) what is written to it."""
        self.__dict__.update(ask=Office.ask, answer=None, headers=Office.headers)
        self.world = World(lambda: NOW, [_told(a, is_quiet=is_quiet) for a in PLACES[platform].world_accounts(KEY)])
        if not is_quiet:
            for item in WRITTEN[platform]():
                self.world.add(item)
        self.apps = platform_apps(self.world, Faults())
        self.server.world = self.world

    def adapter(self, platform: str) -> PlatformAdapter:
        """The platform's adapter."""
        return self.adapter_at(platform, self.server.base_url(platform))

    def adapter_at(self, platform: str, base_url: str) -> PlatformAdapter:
        """The platform's adapter, led elsewhere."""
        context = AdapterContext(
            road=self.road, credentials=Pocket(PLACES[platform]), clock=lambda: NOW, look_back=timedelta(days=30)
        )
        return PLUGINS[platform].create({"base_url": base_url}, context)

    def probe(self, platform: str) -> dict[str, ProbeAnswer]:
        """What the account tells, by question; counts the requests anew."""
        adapter = self.adapter(platform)
        assert isinstance(adapter, Probes)
        self.exchanges.clear()
        self.sent.clear()
        return {a.unknown.name: a for a in adapter.probe(self.account(platform))}

    def account(self, platform: str) -> Account:
        """The account in the register."""
        return PLACES[platform].account(KEY)

    def _hear(self, exchange: Exchange) -> None:
        self.exchanges.append(exchange)

    def _entrance(self, name: str) -> Callable[[Request, str], Any]:
        async def enter(request: Request, path: str) -> Response:
            query = dict(parse_qsl(request.url.query, keep_blank_values=True))
            self.sent.append((request.method, path))
            asked = self.ask(path, dict(query))
            if asked is None:
                return Response(json.dumps(REFUSALS[name]), 403, media_type="application/json")
            if asked != query:
                request = Request({**request.scope, "query_string": urlencode(asked).encode()}, request.receive)
            response = await self.apps[name](request, path)
            if self.answer is None and self.headers is Office.headers:
                return response
            body = json.loads(bytes(response.body)) if response.status_code == 200 else None
            if body is not None and self.answer is not None:
                body = self.answer(path, query, body)
            content = bytes(response.body) if body is None else json.dumps(body).encode()
            kept = {k: v for k, v in response.headers.items() if k not in ("content-length", "content-type")}
            return Response(content, response.status_code, self.headers(kept), media_type="application/json")

        return enter


def _told(account: WorldAccount, *, is_quiet: bool) -> WorldAccount:
    """Give an account a presentation, and its tokens an end, both of which the platform tells."""
    tokens = tuple(replace(t, expires_at=None if is_quiet else NOW + timedelta(days=50)) for t in account.tokens)
    return replace(account, about="" if is_quiet else "Vi svarar vardagar 8-17.", tokens=tokens)


REFUSALS: Mapping[str, Body] = {
    **{
        name: {"error": {"message": "(#10) Not allowed", "type": "OAuthException", "code": 10}}
        for name in ("facebook", "instagram", "threads")
    },
    "x": {"title": "Forbidden", "type": "about:blank", "status": 403, "detail": "Forbidden"},
    "mastodon": {"error": "This action is not allowed"},
}


# ---- what is written on each platform ----------------------------------------------------------------------------


def item(platform: str, kind: Kind, hours: float, seed: str, *, own: bool = False, **more: Any) -> WorldItem:
    """Something written so many hours ago."""
    place, at = PLACES[platform], NOW - timedelta(hours=hours)
    me = place.native_id(KEY)
    author = me if own else place.person_id("Kim Exempel")
    under = more.pop("under", None)
    new_id = more.pop("id", None) or (
        place.post_id(me if own or platform != "bluesky" else author, at, seed, None)
        if kind is not Kind.COMMENT
        else place.comment_id(author if platform == "bluesky" else me, at, seed, under)
    )
    return WorldItem(
        id=new_id,
        account=KEY,
        kind=kind,
        author_id=author,
        author_name="Exempelkommun" if own else "Kim Exempel",
        author_username="kommunen" if own else "kim.exempel",
        text=more.pop("text", "Hej"),
        published_at=at,
        by_account=own,
        **more,
    )


def _meta(platform: str) -> list[WorldItem]:
    post = item(platform, Kind.POST, 30, "post", own=True)
    top = item(platform, Kind.COMMENT, 20, "top", under=post.id, root_id=post.id)
    hidden = item(platform, Kind.COMMENT, 18, "hidden", under=post.id, root_id=post.id)
    hidden = replace(hidden, hidden_at=NOW - timedelta(hours=17))
    reply = item(platform, Kind.COMMENT, 10, "reply", under=post.id, root_id=post.id, parent_id=top.id, own=True)
    return [post, top, hidden, reply]


def _messages(platform: str) -> list[WorldItem]:
    make = ids.facebook_message if platform == "facebook" else ids.instagram_message
    rows = [("t_1", 9, False), ("t_1", 8, True), ("t_2", 5, False)]
    return [
        item(platform, Kind.MESSAGE, h, f"m{n}", own=own, id=make(f"m{n}"), conversation_id=thread)
        for n, (thread, h, own) in enumerate(rows)
    ]


def _facebook() -> list[WorldItem]:
    album = item("facebook", Kind.POST, 28, "album", own=True)
    photos = [
        item("facebook", Kind.POST, 28, f"photo-{n}", own=True, extra={"shelf": PHOTO, PHOTO_OF: album.id})
        for n in range(2)
    ]
    return [*_meta("facebook"), *_messages("facebook"), album, *photos]


def _instagram() -> list[WorldItem]:
    busy = item("instagram", Kind.POST, 26, "busy", own=True)
    many = [item("instagram", Kind.COMMENT, 20 - n / 10, f"c{n}", under=busy.id, root_id=busy.id) for n in range(60)]
    return [*_meta("instagram"), *_messages("instagram"), busy, *many]


def _threads() -> list[WorldItem]:
    return [*_meta("threads"), item("threads", Kind.MENTION, 4, "mention")]


def _x() -> list[WorldItem]:
    post = item("x", Kind.POST, 30, "post", own=True)
    post = replace(post, conversation_id=post.id)
    more: dict[str, Any] = {"root_id": post.id, "parent_id": post.id, "conversation_id": post.id}
    reply = item("x", Kind.COMMENT, 9, "reply", text="@kommunen hej", **more)
    answer = item("x", Kind.COMMENT, 8, "answer", own=True, **{**more, "parent_id": reply.id})
    messages = [
        item(
            "x", Kind.MESSAGE, h, f"m{h}", own=own, conversation_id="1-2", id=ids.x_post(NOW - timedelta(hours=h), "m")
        )
        for h, own in ((6, False), (5, True))
    ]
    return [post, reply, answer, *messages]


def _youtube() -> list[WorldItem]:
    videos = [item("youtube", Kind.POST, 40 - n, f"v{n}", own=True, title="Film") for n in range(2)]
    root: dict[str, Any] = {"root_id": videos[0].id}
    busy = item("youtube", Kind.COMMENT, 20, "busy", **root)
    replies = [
        item("youtube", Kind.COMMENT, 15 - n, f"r{n}", under=busy.id, parent_id=busy.id, **root) for n in range(3)
    ]
    quiet = item("youtube", Kind.COMMENT, 12, "quiet", **root)
    more: dict[str, Any] = {"under": quiet.id, "parent_id": quiet.id, **root}
    held = item("youtube", Kind.COMMENT, 11, "held", moderation=Moderation.HELD, **more)
    return [*videos, busy, *replies, quiet, item("youtube", Kind.COMMENT, 10.5, "shown", **more), held]


def _mastodon() -> list[WorldItem]:
    return [item("mastodon", Kind.POST, 30, "post", own=True)]


def _bluesky() -> list[WorldItem]:
    return [
        item("bluesky", Kind.POST, 30, "post", own=True),
        item("bluesky", Kind.MENTION, 6, "mention", text="@kommunen.example hej"),
    ]


WRITTEN: Mapping[str, Callable[[], list[WorldItem]]] = {
    "facebook": _facebook,
    "instagram": _instagram,
    "threads": _threads,
    "x": _x,
    "youtube": _youtube,
    "mastodon": _mastodon,
    "bluesky": _bluesky,
}


@pytest.fixture(scope="session")
def running() -> Iterator[Office]:
    """The server, once."""
    office = Office()
    with office.road, office.server:
        yield office


@pytest.fixture
def office(running: Office) -> Iterator[Office]:
    """The server with nothing twisted; nothing may go wrong inside it."""
    running.server.errors.clear()
    yield running
    assert running.server.errors == []
