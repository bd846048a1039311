"""A small X: serves posts and messages from lists, in the service's own shapes, and can be told to refuse."""

import re
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
from watchdaemon_adapters.x import plugin
from watchdaemon_adapters.x.adapter import XAdapter

BASE_URL = "https://x.example"
NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)  # a Friday
ME = "700001"
CITIZEN = "700011"

USERS = {
    ME: {"id": ME, "name": "Exempelkommun", "username": "exempelkommun"},
    CITIZEN: {"id": CITIZEN, "name": "Kim Exempel", "username": "kim_exempel"},
}

KEYS = st.sampled_from(["data", "meta", "errors", "includes", "id", "next_token", "result_count", "type", "title"])

Json = dict[str, Any]

any_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text() | KEYS, inner, max_size=4),
    max_leaves=8,
)


def account(**changes: Any) -> Account:
    """The account under test."""
    facts: Json = {
        "key": "x-kommun",
        "platform": "x",
        "native_id": ME,
        "name": "Exempelkommun",
        "link": "https://x.com/exempelkommun",
        "unit": "info",
        "manager": "chef",
        "owners": (Ownership(person="anna"), Ownership(person="bo")),
        "credential": "x-kommun",
    }
    return Account(**{**facts, **changes})


def at(hours_ago: float) -> str:
    """A time before NOW the way X writes it."""
    return (NOW - timedelta(hours=hours_ago)).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def post(post_id: str, *, hours_ago: float = 1, author: str = CITIZEN, text: str = "Hej?", **more: Any) -> Json:
    """A post; `reply_to` is (post id, author id), `conversation` its root when that is another post."""
    reply_to = more.pop("reply_to", None)
    quoted = more.pop("quotes", None)
    raw: Json = {
        "id": post_id,
        "text": text,
        "author_id": author,
        "created_at": at(hours_ago),
        "conversation_id": more.pop("conversation", reply_to[0] if reply_to else post_id),
        "edit_history_tweet_ids": [post_id],
    }
    references = []
    if reply_to:
        raw["in_reply_to_user_id"] = reply_to[1]
        references.append({"type": "replied_to", "id": reply_to[0]})
    if quoted:
        references.append({"type": "quoted", "id": quoted})
    if references:
        raw["referenced_tweets"] = references
    return {**raw, **more}


def message(event_id: str, *, hours_ago: float = 1, sender: str = CITIZEN, text: str = "Hej") -> Json:
    """A direct message between the citizen and the account."""
    return {
        "id": event_id,
        "event_type": "MessageCreate",
        "text": text,
        "sender_id": sender,
        "dm_conversation_id": f"{ME}-{CITIZEN}",
        "created_at": at(hours_ago),
    }


class FakeX:
    """Answers requests. `refusals` maps a piece of a path to (status, body, headers); it is looked at first."""

    def __init__(self) -> None:
        self.me: Json = USERS[ME]
        self.own: list[Json] = []
        self.mentions: list[Json] = []
        self.search: list[Json] = []
        self.search_by_name: list[Json] = []
        self.search_shows_mentions = False
        self.mentions_shown = 10_000  # the newest so many
        self.quotes: dict[str, list[Json]] = {}
        self.messages: list[Json] = []
        self.look_up: dict[str, Json] = {}
        self.look_up_errors: list[Json] = []
        self.refusals: dict[str, tuple[int, object, dict[str, str]]] = {}
        self.requests: list[httpx.Request] = []
        self.refuse_exactly: dict[str, tuple[int, object, dict[str, str]]] = {}
        self.calls_left: dict[str, int] = {}  # by a piece of a path: then the rate limit
        self.dead_tokens: set[str] = set()
        self.rows_sent = 0  # in listings: what X bills
        self.page_size: int | None = None  # smaller than asked for, to make more pages

    def __call__(self, request: httpx.Request) -> httpx.Response:
        """Answer one request."""
        self.requests.append(request)
        path = request.url.path
        for piece, left in self.calls_left.items():
            if piece in path:
                self.calls_left[piece] = left - 1
                if left <= 0:
                    return httpx.Response(429, json={"title": "Too Many Requests"})
        if (token := _query(request).get("pagination_token")) in self.dead_tokens:
            self.dead_tokens.remove(token)
            return httpx.Response(400, json={"title": "Invalid Request"})
        for piece, (status, body, headers) in {**self.refusals, **self.refuse_exactly}.items():
            if piece == path or (piece in self.refusals and piece in path):
                if isinstance(body, str):
                    return httpx.Response(status, text=body, headers={"content-type": "text/html", **headers})
                return httpx.Response(status, json=body, headers=headers)
        headers = {"x-access-level": "read-write-directmessages", "x-rate-limit-remaining": "10"}
        return httpx.Response(200, json=self._answer(path, _query(request)), headers=headers)

    def asked(self, piece: str) -> list[dict[str, str]]:
        """The parameters of every request whose path holds `piece`."""
        return [_query(r) for r in self.requests if piece in r.url.path]

    def _answer(self, path: str, query: dict[str, str]) -> Json:
        if path == "/2/users/me":
            return {"data": self.me}
        if path == "/2/tweets":
            return self._looked_up(query["ids"].split(","))
        if path == "/2/users" or re.fullmatch(r"/2/users/\d+", path):
            return self._users(path, query)
        return self._list(path, query)

    def _list(self, path: str, query: dict[str, str]) -> Json:
        if path == "/2/dm_events":
            return self._page(self.messages, query)
        if path == "/2/tweets/search/recent":
            return self._page(self._searched(query["query"]), query)
        if quoted := re.fullmatch(r"/2/tweets/(\d+)/quote_tweets", path):
            return self._page(self.quotes.get(quoted[1], []), query)
        newest = sorted(self.mentions, key=lambda p: int(p.get("id", "0")))[-self.mentions_shown :]
        return self._page(self.own if path.endswith("/tweets") else newest, query)

    def _users(self, path: str, query: dict[str, str]) -> Json:
        if path != "/2/users":
            return {"data": USERS[path.rpartition("/")[2]]}
        found = [USERS[i] for i in query["ids"].split(",") if i in USERS]
        return {"data": found} if found else {}

    def _searched(self, query: str) -> list[Json]:
        if query.startswith("@"):
            return self.search_by_name
        wanted = set(re.findall(r"conversation_id:(\d+)", query))
        listed = [*self.search, *self.mentions] if self.search_shows_mentions else self.search
        if " -@" in query:
            listed = [p for p in listed if query.partition(" -")[2].partition("-")[2] not in p["text"]]
        return [p for p in listed if p["conversation_id"] in wanted]

    def _looked_up(self, ids: list[str]) -> Json:
        found = [self.look_up[i] for i in ids if i in self.look_up]
        body: Json = {"data": found} if found else {}
        errors = [e for e in self.look_up_errors if e["resource_id"] in ids]
        return {**body, "errors": errors} if errors else body

    def _page(self, rows: Iterable[Json], query: dict[str, str]) -> Json:
        chosen = [r for r in rows if _is_within(r, query)]
        chosen.sort(key=lambda r: int(r.get("id", "0")), reverse=True)
        size = min(self.page_size or 1000, int(query["max_results"]))
        start = int(query.get("pagination_token", query.get("next_token", "0")))
        page = chosen[start : start + size]
        meta: Json = {"result_count": len(page)}
        if start + size < len(chosen):
            meta["next_token"] = str(start + size)
        self.rows_sent += len(page)
        return {"data": page, "meta": meta} if page else {"meta": meta}


def _is_within(row: Json, query: dict[str, str]) -> bool:
    if int(row.get("id", "0")) >= int(query.get("until_id", "9" * 20)):
        return False
    if "since_id" in query:
        return int(row["id"]) > int(query["since_id"])
    if "start_time" in query:
        return datetime.fromisoformat(row["created_at"]) >= datetime.fromisoformat(query["start_time"])
    return True


def _query(request: httpx.Request) -> dict[str, str]:
    return {k: v[0] for k, v in parse_qs(request.url.query.decode(), keep_blank_values=True).items()}


class Credentials:
    """One credential for every name it knows."""

    def __init__(self, **named: dict[str, str]) -> None:
        self.named = named or {"x-kommun": {"token": "invented-token"}}

    def read(self, name: str) -> dict[str, SecretStr]:
        """Return the fields."""
        if name not in self.named:
            raise ConfigError(f"no credential {name}")
        return {k: SecretStr(v) for k, v in self.named[name].items()}


def adapter(credentials: Any = None, *, look_back_days: int = 30, **settings: Any) -> XAdapter:
    """The adapter under test, on a clock that stands at NOW; `.clock` moves it."""
    context = AdapterContext(
        road=Road(retries=RetryPolicy(tries=1), sleep=lambda _: None),
        credentials=credentials or Credentials(),
        clock=SimulatedClock(NOW),
        look_back=timedelta(days=look_back_days),
    )
    made = plugin.create({"base_url": BASE_URL, **settings}, context)
    assert isinstance(made, XAdapter)
    return made


def fetch(made: XAdapter, cursors: dict[str, str] | None = None, **changes: Any) -> FetchResult:
    """Fetch the one account once, its pieces put together."""
    return joined(made.fetch([account(**changes)], {"x-kommun": cursors or {}}))


def joined(pieces: Iterable[FetchResult]) -> FetchResult:
    """Put the pieces of one account's fetch together as storing them does."""
    *before, last = pieces
    items = {i.external_id: i for piece in (*before, last) for i in piece.items}
    cursors = {name: text for piece in (*before, last) for name, text in piece.cursors.items()}
    calls = sum(piece.calls for piece in (*before, last))
    return replace(last, items=tuple(items.values()), cursors=cursors, calls=calls)


def move(made: XAdapter, **length: float) -> None:
    """Let time pass for the adapter."""
    clock = made._context.clock
    assert isinstance(clock, SimulatedClock)
    clock.advance(timedelta(**length))
