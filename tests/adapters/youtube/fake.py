"""A small YouTube: serves a channel's videos and comment threads from lists, in the API's own shapes."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

import httpx
from hypothesis import strategies as st
from pydantic import SecretStr

from watchdaemon.clock import SimulatedClock
from watchdaemon.domain.account import Account, Ownership
from watchdaemon.domain.fetch import FetchResult
from watchdaemon.errors import ConfigError
from watchdaemon.http import RetryPolicy, Road
from watchdaemon.ports import AdapterContext
from watchdaemon_adapters.youtube import plugin
from watchdaemon_adapters.youtube.adapter import YouTubeAdapter

BASE_URL = "https://youtube.example/"
NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)  # a Friday
ME = "UCexempelkommun000000001"
CITIZEN = "UCkimexempel000000000011"
VIDEO = "vid-badhus1"

OAUTH = {
    "client_id": "123456-invented.apps.googleusercontent.example",
    "client_secret": "invented-secret",
    "refresh_token": "invented-refresh",
}

KEYS = st.sampled_from(
    ["items", "kind", "nextPageToken", "id", "snippet", "error", "access_token", "expires_in", "scope"]
)

Json = dict[str, Any]

any_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text() | KEYS, inner, max_size=4),
    max_leaves=8,
)


def account(**changes: Any) -> Account:
    """The account under test."""
    facts: Json = {
        "key": "yt-kommun",
        "platform": "youtube",
        "native_id": ME,
        "name": "Exempelkommun",
        "link": "https://www.youtube.com/@exempelkommun",
        "unit": "info",
        "manager": "chef",
        "owners": (Ownership(person="anna"), Ownership(person="bo")),
        "credential": "yt-kommun",
    }
    return Account(**{**facts, **changes})


def at(hours_ago: float) -> str:
    """A time before NOW the way the API writes it."""
    return (NOW - timedelta(hours=hours_ago)).strftime("%Y-%m-%dT%H:%M:%SZ")


def video(video_id: str = VIDEO, *, days_ago: float = 2, title: str = "Badhuset öppnar", **status: str) -> Json:
    """A row of the uploads playlist."""
    return {
        "kind": "youtube#playlistItem",
        "id": f"item-{video_id}",
        "snippet": {
            "title": title,
            "description": "Välkomna",
            "channelTitle": "Exempelkommun",
            "publishedAt": at(days_ago * 24),
            "resourceId": {"kind": "youtube#video", "videoId": video_id},
        },
        "contentDetails": {"videoId": video_id, "videoPublishedAt": at(days_ago * 24)},
        "status": {"privacyStatus": "public", **status},
    }


def comment(comment_id: str, *, hours_ago: float = 1, author: str = CITIZEN, text: str = "Hej?", **more: Any) -> Json:
    """A comment; a reply has `parentId`."""
    snippet: Json = {
        "authorDisplayName": {ME: "@exempelkommun", CITIZEN: "@kim"}.get(author, "@okand"),
        "authorChannelId": {"value": author},
        "channelId": ME,
        "videoId": VIDEO,
        "textDisplay": text,
        "textOriginal": text,
        "publishedAt": at(hours_ago),
        "updatedAt": at(hours_ago),
        **more,
    }
    return {"kind": "youtube#comment", "id": comment_id, "snippet": {k: v for k, v in snippet.items() if v is not None}}


def reply(thread_id: str, suffix: str, **more: Any) -> Json:
    """A reply to a top-level comment; read by its parent, it does not name the video."""
    return comment(f"{thread_id}.{suffix}", parentId=thread_id, videoId=None, **more)


class FakeYouTube:
    """Answers requests. `refusals` maps a piece of a path to (status, body); it is looked at first."""

    def __init__(self) -> None:
        self.channels: list[Json] = [channel()]
        self.uploads: list[Json] = []
        self.threads: dict[str, list[tuple[Json, list[Json]]]] = {}  # by status: top-level comment and its replies
        self.embedded = 5  # how many replies come with a thread
        self.counts_lie: object = None  # what is said instead of how many replies there are
        self.videos: dict[str, Json] = {}
        self.refusals: dict[str, tuple[int, object]] = {}
        self.requests: list[httpx.Request] = []
        self.tokens_given = 0
        self.good_token: str | None = None  # None: any that was given
        self.page_size = 100

    def __call__(self, request: httpx.Request) -> httpx.Response:
        """Answer one request."""
        self.requests.append(request)
        path, query = request.url.path, _query(request)
        for piece, (status, body) in self.refusals.items():
            if piece in f"{path}?{query}":
                return httpx.Response(status, **({"text": body} if isinstance(body, str) else {"json": body}))
        if path == "/token":
            self.tokens_given += 1
            body = {"access_token": f"access-{self.tokens_given}", "expires_in": 3600, "scope": FORCE_SSL}
            return httpx.Response(200, json=body)
        token = request.headers["authorization"].removeprefix("Bearer ")
        if token != (self.good_token or token):
            return httpx.Response(401, json=error(401, "authError"))
        rows, following = self._page(self._rows(path.rpartition("/")[2], query), query)
        return httpx.Response(200, json={"kind": "youtube#listResponse", "items": rows, **following})

    def asked(self, piece: str) -> list[dict[str, str]]:
        """The parameters of every request whose path holds `piece`."""
        return [_query(r) for r in self.requests if piece in r.url.path]

    def publish(self, top: Json, *replies: Json, status: str = "published") -> None:
        """Put a thread into one of the listings."""
        self.threads.setdefault(status, []).append((top, list(replies)))

    def _rows(self, resource: str, query: dict[str, str]) -> list[Json]:
        if resource == "channels":
            return self.channels
        if resource == "playlistItems":
            return self.uploads
        if resource == "videos":
            return [self.videos[i] for i in query["id"].split(",") if i in self.videos]
        if resource == "commentThreads":
            found = self.threads.get(query["moderationStatus"], [])
            return [self._thread(top, replies) for top, replies in sorted(found, key=_newest_first, reverse=True)]
        if "parentId" in query:
            return [r for top, replies in self._all_threads() if top["id"] == query["parentId"] for r in replies]
        everything = {c["id"]: c for top, replies in self._all_threads() for c in (top, *replies)}
        return [everything[i] for i in query["id"].split(",") if i in everything]

    def _all_threads(self) -> list[tuple[Json, list[Json]]]:
        return [thread for listed in self.threads.values() for thread in listed]

    def _thread(self, top: Json, replies: list[Json]) -> Json:
        count = len(replies) if self.counts_lie is None else self.counts_lie
        snippet = {"channelId": ME, "videoId": VIDEO, "topLevelComment": top, "totalReplyCount": count}
        raw: Json = {"kind": "youtube#commentThread", "id": top["id"], "snippet": snippet}
        if replies[: self.embedded]:
            raw["replies"] = {"comments": replies[: self.embedded]}
        return raw

    def _page(self, rows: list[Json], query: dict[str, str]) -> tuple[list[Json], Json]:
        start = int(query.get("pageToken", "0"))
        size = min(self.page_size, int(query.get("maxResults", "100")))
        more = start + size < len(rows)
        return rows[start : start + size], {"nextPageToken": str(start + size)} if more else {}


FORCE_SSL = "https://www.googleapis.com/auth/youtube.force-ssl"


def channel(channel_id: str = ME, **more: Any) -> Json:
    """A channel as its owner sees it."""
    return {
        "kind": "youtube#channel",
        "id": channel_id,
        "snippet": {"title": "Exempelkommun", "description": "Vi svarar vardagar", "customUrl": "@exempelkommun"},
        "contentDetails": {"relatedPlaylists": {"uploads": "UUexempel"}},
        "statistics": {"videoCount": "3"},
        "status": {"privacyStatus": "public"},
        **more,
    }


def error(code: int, reason: str) -> Json:
    """An error body in the older shape."""
    return {"error": {"code": code, "message": "…", "errors": [{"domain": "youtube", "reason": reason}]}}


def _newest_first(thread: tuple[Json, list[Json]]) -> str:
    return str(thread[0]["snippet"]["publishedAt"])


def _query(request: httpx.Request) -> dict[str, str]:
    return {k: v[0] for k, v in parse_qs(request.url.query.decode(), keep_blank_values=True).items()}


class Credentials:
    """The credential under test."""

    def __init__(self, fields: dict[str, str] | None = None) -> None:
        self.fields = OAUTH if fields is None else fields

    def read(self, name: str) -> dict[str, SecretStr]:
        """Return the fields."""
        if name != "yt-kommun":
            raise ConfigError(f"no credential {name}")
        return {k: SecretStr(v) for k, v in self.fields.items()}


def adapter(fields: dict[str, str] | None = None, *, look_back_days: int = 30, **settings: Any) -> YouTubeAdapter:
    """The adapter under test, on a clock that stands at NOW."""
    context = AdapterContext(
        road=Road(retries=RetryPolicy(tries=1), sleep=lambda _: None),
        credentials=Credentials(fields),
        clock=SimulatedClock(NOW),
        look_back=timedelta(days=look_back_days),
    )
    made = plugin.create({"base_url": BASE_URL, **settings}, context)
    assert isinstance(made, YouTubeAdapter)
    return made


def fetch(made: YouTubeAdapter, cursors: dict[str, str] | None = None, **changes: Any) -> FetchResult:
    """Fetch the one account once, its pieces put together."""
    return joined(made.fetch([account(**changes)], {"yt-kommun": cursors or {}}))


def joined(pieces: Iterable[FetchResult]) -> FetchResult:
    """Put the pieces of one account's fetch together as storing them does."""
    *before, last = pieces
    items = {i.external_id: i for piece in (*before, last) for i in piece.items}
    cursors = {name: text for piece in (*before, last) for name, text in piece.cursors.items()}
    calls = sum(piece.calls for piece in (*before, last))
    return replace(last, items=tuple(items.values()), cursors=cursors, calls=calls)


def move(made: YouTubeAdapter, **length: float) -> None:
    """Let time pass for the adapter."""
    clock = made._context.clock
    assert isinstance(clock, SimulatedClock)
    clock.advance(timedelta(**length))
