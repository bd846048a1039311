"""The sandbox's Bluesky: what it answers, and what it refuses, over real HTTP."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import httpx
import pytest
from tests.sandbox.conftest import START, Clock

from watchdaemon.sandbox import ids
from watchdaemon.sandbox.bluesky import create_app
from watchdaemon.sandbox.faults import Fault, FaultKind, Faults
from watchdaemon.sandbox.server import SandboxServer
from watchdaemon.sandbox.world import Kind, Token, TokenKind, World, WorldAccount, WorldItem

KEY = "bsky-bibliotek"
ME = ids.bluesky_did("bibblan")
HANDLE = "bibblan.example"
TURE = ids.bluesky_did("ture")
PASSWORD = "aaaa-bbbb-cccc-dddd"


@dataclass
class Bluesky:
    """The server as a client sees it, and verbs for its world."""

    client: httpx.Client
    base_url: str
    world: World
    clock: Clock
    faults: Faults
    token: str = ""
    refresh: str = ""
    count: int = field(default=0)

    def log_in(self) -> None:
        """Make a session."""
        made = self.post("com.atproto.server.createSession", identifier=HANDLE, password=PASSWORD).json()
        self.token, self.refresh = made["accessJwt"], made["refreshJwt"]

    def get(self, method: str, *pairs: tuple[str, str], **parameters: str) -> httpx.Response:
        """Call a query; `pairs` are for what repeats."""
        given = (*pairs, *parameters.items())
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        return self.client.get(f"{self.base_url}xrpc/{method}", params=httpx.QueryParams(given), headers=headers)

    def post(self, method: str, *, token: str = "", **body: str) -> httpx.Response:
        """Call a procedure."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return self.client.post(f"{self.base_url}xrpc/{method}", json=body or None, headers=headers)

    def write(
        self, kind: Kind, text: str = "Hej", *, to: WorldItem | None = None, own: bool = False, **extra: str
    ) -> WorldItem:
        """Somebody writes something, a minute after the last."""
        self.count += 1
        at = START + timedelta(minutes=self.count)
        author = ME if own else TURE
        root = (to.root_id or to.id) if to is not None and kind is Kind.COMMENT else None
        return self.world.add(
            WorldItem(
                id=ids.bluesky_post(author, at, str(self.count)),
                account=KEY,
                kind=kind,
                author_id=author,
                author_name="Bibblan" if own else "Ture Test",
                author_username=HANDLE if own else "ture.example",
                text=text,
                published_at=at,
                by_account=own,
                parent_id=to.id if to is not None else None,
                root_id=root,
                extra=extra,
            )
        )


@pytest.fixture
def anonymous(_client: httpx.Client, _server: SandboxServer) -> Bluesky:
    """Nobody is logged in, nothing is written."""
    clock, faults = Clock(START + timedelta(hours=12)), Faults()
    password = Token(value=PASSWORD, kind=TokenKind.APP_PASSWORD, accounts=frozenset({KEY}))
    me = WorldAccount(
        key=KEY,
        platform="bluesky",
        native_id=ME,
        name="Bibblan",
        username=HANDLE,
        about="Biblioteket",
        tokens=(password,),
    )
    world = World(clock, [me])
    _server.world, _server.faults = world, faults
    _server._apps = {"bluesky": create_app(world, faults)}
    return Bluesky(_client, _server.base_url("bluesky"), world, clock, faults)


@pytest.fixture
def bluesky(anonymous: Bluesky) -> Bluesky:
    """The library is logged in."""
    anonymous.log_in()
    return anonymous


def error_of(answer: httpx.Response) -> tuple[int, str]:
    """A refusal's status and name."""
    return answer.status_code, answer.json()["error"]


def thread_of(bluesky: Bluesky, item: WorldItem, **parameters: str) -> dict[str, Any]:
    """A post's thread."""
    node: dict[str, Any] = bluesky.get("app.bsky.feed.getPostThread", uri=item.id, **parameters).json()["thread"]
    return node


# ---- sessions --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("identifier", [HANDLE, ME])
def test_a_session_is_made_from_an_app_password(anonymous: Bluesky, identifier: str) -> None:
    made = anonymous.post("com.atproto.server.createSession", identifier=identifier, password=PASSWORD).json()

    assert (made["did"], made["handle"], made["active"]) == (ME, HANDLE, True)
    assert made["accessJwt"] != made["refreshJwt"]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"identifier": HANDLE, "password": "wrong"}, (401, "AuthenticationRequired")),
        ({"identifier": "nobody.example", "password": PASSWORD}, (401, "AuthenticationRequired")),
        ({"identifier": HANDLE}, (400, "InvalidRequest")),
        ({"identifier": HANDLE, "password": PASSWORD, "remember": "yes"}, (400, "InvalidRequest")),
    ],
)
def test_a_session_is_refused(anonymous: Bluesky, body: dict[str, str], expected: tuple[int, str]) -> None:
    assert error_of(anonymous.post("com.atproto.server.createSession", **body)) == expected


def test_without_a_token_nothing_is_shown(anonymous: Bluesky) -> None:
    assert error_of(anonymous.get("app.bsky.notification.listNotifications")) == (401, "AuthMissing")


def test_an_access_token_ends_after_two_hours_and_says_so_with_400(bluesky: Bluesky) -> None:
    bluesky.clock.now += timedelta(hours=2)

    assert error_of(bluesky.get("com.atproto.server.getSession")) == (400, "ExpiredToken")


def test_a_refresh_token_rotates_and_the_old_one_lives_for_a_grace_period(bluesky: Bluesky) -> None:
    def refresh() -> httpx.Response:
        return bluesky.post("com.atproto.server.refreshSession", token=bluesky.refresh)

    first, again = refresh().json(), refresh().json()
    bluesky.clock.now += timedelta(hours=2)

    assert first == again
    assert first["refreshJwt"] != bluesky.refresh
    assert error_of(refresh()) == (400, "ExpiredToken")
    assert bluesky.post("com.atproto.server.refreshSession", token=first["refreshJwt"]).status_code == 200


def test_tokens_of_the_wrong_kind_and_broken_ones_are_refused(bluesky: Bluesky) -> None:
    swapped = bluesky.post("com.atproto.server.refreshSession", token=bluesky.token)
    bluesky.token = bluesky.refresh
    as_access = bluesky.get("com.atproto.server.getSession")
    bluesky.token = "a.b.c"

    assert error_of(swapped) == (400, "InvalidToken")
    assert error_of(as_access) == (400, "InvalidToken")
    assert error_of(bluesky.get("com.atproto.server.getSession")) == (400, "InvalidToken")


def test_new_sessions_are_limited_and_the_answer_says_until_when(anonymous: Bluesky) -> None:
    def attempt() -> httpx.Response:
        return anonymous.post("com.atproto.server.createSession", identifier=HANDLE, password=PASSWORD)

    answers = [attempt() for _ in range(31)]
    last = answers[-1]

    assert [a.status_code for a in answers] == [200] * 30 + [429]
    assert last.json() == {"error": "RateLimitExceeded", "message": "Rate Limit Exceeded"}
    assert last.headers["ratelimit-policy"] == "30;w=300"
    assert "retry-after" not in last.headers
    anonymous.clock.now += timedelta(minutes=5)
    assert attempt().status_code == 200


# ---- lists -----------------------------------------------------------------------------------------------------


def test_the_author_feed_has_posts_and_replies_newest_first(bluesky: Bluesky) -> None:
    post = bluesky.write(Kind.POST, "Nya böcker", own=True)
    asked = bluesky.write(Kind.COMMENT, "Vilka?", to=post)
    answer = bluesky.write(Kind.COMMENT, "Alla", to=asked, own=True)

    both = bluesky.get("app.bsky.feed.getAuthorFeed", actor=ME).json()["feed"]
    posts = bluesky.get("app.bsky.feed.getAuthorFeed", actor=HANDLE, filter="posts_no_replies").json()["feed"]

    assert [row["post"]["uri"] for row in both] == [answer.id, post.id]
    assert both[0]["reply"]["parent"]["uri"] == asked.id
    assert both[0]["post"]["record"]["reply"]["root"]["uri"] == post.id
    assert [row["post"]["uri"] for row in posts] == [post.id]
    assert posts[0]["post"]["replyCount"] == 1


def test_pages_follow_each_other_without_loss(bluesky: Bluesky) -> None:
    posts = [bluesky.write(Kind.POST, f"Nr {n}", own=True).id for n in range(7)]
    found: list[str] = []
    cursor: dict[str, str] = {}
    for _ in range(4):
        body = bluesky.get("app.bsky.feed.getAuthorFeed", actor=ME, limit="2", **cursor).json()
        found += [row["post"]["uri"] for row in body["feed"]]
        cursor = {"cursor": body["cursor"]} if "cursor" in body else {}

    assert found == posts[::-1]
    assert cursor == {}
    assert error_of(bluesky.get("app.bsky.feed.getAuthorFeed", actor=ME, cursor="?")) == (400, "InvalidRequest")


def test_notifications_tell_of_replies_on_every_level_mentions_and_quotes(bluesky: Bluesky) -> None:
    post = bluesky.write(Kind.POST, own=True)
    reply = bluesky.write(Kind.COMMENT, to=post)
    nested = bluesky.write(Kind.COMMENT, to=reply)
    mention = bluesky.write(Kind.MENTION, f"@{HANDLE} hej")
    quote = bluesky.write(Kind.QUOTE, to=post)
    bluesky.write(Kind.COMMENT, to=post, notify="no")

    rows = bluesky.get("app.bsky.notification.listNotifications").json()["notifications"]
    only = bluesky.get("app.bsky.notification.listNotifications", ("reasons", "mention"), ("reasons", "quote")).json()

    told = [(row["uri"], row["reason"], row.get("reasonSubject")) for row in rows]
    assert told == [
        (quote.id, "quote", post.id),
        (mention.id, "mention", None),
        (nested.id, "reply", post.id),
        (reply.id, "reply", post.id),
    ]
    assert [row["uri"] for row in only["notifications"]] == [quote.id, mention.id]


def test_facets_count_bytes(bluesky: Bluesky) -> None:
    bluesky.write(Kind.MENTION, f"Åh, @{HANDLE} se https://example.org/x")

    (row,) = bluesky.get("app.bsky.notification.listNotifications").json()["notifications"]
    raw = row["record"]["text"].encode()
    named = [raw[f["index"]["byteStart"] : f["index"]["byteEnd"]].decode() for f in row["record"]["facets"]]

    assert named == [f"@{HANDLE}", "https://example.org/x"]


def test_a_search_takes_every_word_and_who_is_named(bluesky: Bluesky) -> None:
    found = bluesky.write(Kind.MENTION, f"@{HANDLE} lånekort")
    bluesky.write(Kind.MENTION, "lånekort utan namn", mention="no")

    posts = bluesky.get("app.bsky.feed.searchPosts", q="lånekort", mentions=ME).json()["posts"]

    assert [p["uri"] for p in posts] == [found.id]


# ---- threads and single posts ----------------------------------------------------------------------------------


def test_a_thread_is_as_deep_as_asked_for_and_knows_what_is_above(bluesky: Bluesky) -> None:
    post = bluesky.write(Kind.POST, own=True)
    reply = bluesky.write(Kind.COMMENT, to=post)
    nested = bluesky.write(Kind.COMMENT, to=reply)

    whole = thread_of(bluesky, post)
    shallow = thread_of(bluesky, post, depth="1")
    from_below = thread_of(bluesky, nested, parentHeight="1")

    assert whole["replies"][0]["replies"][0]["post"]["uri"] == nested.id
    assert "replies" not in shallow["replies"][0]
    assert shallow["replies"][0]["post"]["replyCount"] == 1
    assert from_below["parent"]["post"]["uri"] == reply.id
    assert "parent" not in from_below["parent"]


def test_a_deletion_cuts_the_branch_from_above_and_leaves_it_from_below(bluesky: Bluesky) -> None:
    post = bluesky.write(Kind.POST, own=True)
    reply = bluesky.write(Kind.COMMENT, to=post)
    nested = bluesky.write(Kind.COMMENT, to=reply)
    bluesky.world.delete(reply, cascade=False)

    assert thread_of(bluesky, post)["replies"] == []
    assert thread_of(bluesky, nested)["parent"]["notFound"]
    assert error_of(bluesky.get("app.bsky.feed.getPostThread", uri=reply.id)) == (400, "NotFound")
    both = bluesky.get("app.bsky.feed.getPosts", ("uris", reply.id), ("uris", post.id)).json()["posts"]
    assert [p["uri"] for p in both] == [post.id]


def test_a_block_hides_a_post_from_lists_and_leaves_a_mark_in_threads(bluesky: Bluesky) -> None:
    post = bluesky.write(Kind.POST, own=True)
    marked = bluesky.write(Kind.COMMENT, to=post, blocked="yes")
    bluesky.write(Kind.COMMENT, to=post, lost_block="yes")
    bluesky.write(Kind.QUOTE, to=post, blocked="yes")

    node = thread_of(bluesky, post)

    assert [(r["uri"], r["blocked"]) for r in node["replies"]] == [(marked.id, True)]
    assert node["post"]["replyCount"] == 2
    assert thread_of(bluesky, marked)["blocked"]
    assert bluesky.get("app.bsky.feed.getPosts", uris=marked.id).json()["posts"] == []
    assert bluesky.get("app.bsky.feed.getQuotes", uri=post.id).json()["posts"] == []
    assert bluesky.get("app.bsky.notification.listNotifications").json()["notifications"] == []


def test_a_hidden_reply_stands_in_the_gate_of_the_post_above(bluesky: Bluesky) -> None:
    post = bluesky.write(Kind.POST, own=True)
    reply = bluesky.write(Kind.COMMENT, to=post)
    bluesky.world.hide(reply)

    body = bluesky.get("app.bsky.feed.getPostThread", uri=reply.id).json()
    view = bluesky.get("app.bsky.feed.getPosts", uris=post.id).json()["posts"][0]

    assert body["threadgate"]["record"]["hiddenReplies"] == [reply.id]
    assert view["threadgate"]["record"]["hiddenReplies"] == [reply.id]


def test_a_wrong_clock_shows_and_orders_the_lists(bluesky: Bluesky) -> None:
    bluesky.write(Kind.POST, "först", own=True)
    bluesky.write(Kind.POST, "sedan", own=True, created_at="2020-01-01T00:00:00.000Z")

    feed = bluesky.get("app.bsky.feed.getAuthorFeed", actor=ME).json()["feed"]

    assert [row["post"]["record"]["text"] for row in feed] == ["först", "sedan"]
    assert feed[1]["post"]["record"]["createdAt"].startswith("2020")
    assert feed[1]["post"]["indexedAt"].startswith("2026")


def test_a_profile_is_found_by_did_and_handle(bluesky: Bluesky) -> None:
    by_did, by_handle = (bluesky.get("app.bsky.actor.getProfile", actor=a).json() for a in (ME, HANDLE))

    assert by_did == by_handle
    assert by_did["description"] == "Biblioteket"
    assert error_of(bluesky.get("app.bsky.actor.getProfile", actor="nobody.example")) == (400, "InvalidRequest")


# ---- refusals and faults ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "parameters", "words"),
    [
        ("app.bsky.notification.listNotifications", {"limit": "500"}, "integer too big (maximum 100, got 500)"),
        ("app.bsky.notification.listNotifications", {"limit": "many"}, "Expected integer"),
        ("app.bsky.notification.listNotifications", {"priority": "1"}, "Expected boolean"),
        ("app.bsky.notification.listNotifications", {"since": "x"}, "Unexpected parameter"),
        ("app.bsky.notification.listNotifications", {"seenAt": "today"}, "Invalid datetime"),
        ("app.bsky.feed.getAuthorFeed", {}, 'Missing required key "actor"'),
        ("app.bsky.feed.getAuthorFeed", {"actor": "no handle"}, "Invalid at-identifier"),
        ("app.bsky.feed.getPostThread", {"uri": "https://example.org"}, "Invalid at-uri"),
        ("app.bsky.feed.getPostThread", {"uri": f"at://{ME}", "depth": "1001"}, "integer too big"),
        ("app.bsky.feed.searchPosts", {"q": "x", "tagged": "y"}, "Unexpected parameter"),
    ],
)
def test_wrong_parameters_are_named(bluesky: Bluesky, method: str, parameters: dict[str, str], words: str) -> None:
    answer = bluesky.get(method, **parameters)

    assert error_of(answer) == (400, "InvalidRequest")
    assert words in answer.json()["message"]


def test_more_than_25_posts_are_too_many(bluesky: Bluesky) -> None:
    answer = bluesky.get("app.bsky.feed.getPosts", *(("uris", f"at://{ME}/app.bsky.feed.post/{n}") for n in range(26)))

    assert error_of(answer) == (400, "InvalidRequest")
    assert "array too big" in answer.json()["message"]


def test_a_single_value_given_twice_is_refused(bluesky: Bluesky) -> None:
    answer = bluesky.get("app.bsky.feed.getAuthorFeed", ("actor", ME), ("actor", HANDLE))

    assert error_of(answer) == (400, "InvalidRequest")


def test_an_unknown_method_is_not_implemented(bluesky: Bluesky) -> None:
    assert error_of(bluesky.get("com.example.nothing")) == (501, "MethodNotImplemented")


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (FaultKind.EXPIRED_TOKEN, (400, "ExpiredToken")),
        (FaultKind.REVOKED_TOKEN, (400, "InvalidToken")),
        (FaultKind.MISSING_PERMISSION, (400, "InvalidToken")),
        (FaultKind.RATE_LIMIT, (429, "RateLimitExceeded")),
        (FaultKind.QUOTA, (429, "RateLimitExceeded")),
    ],
)
def test_a_fault_speaks_in_the_platforms_words(bluesky: Bluesky, kind: FaultKind, expected: tuple[int, str]) -> None:
    bluesky.faults.add(Fault(kind=kind, account=KEY))

    assert error_of(bluesky.get("com.atproto.server.getSession")) == expected


@pytest.mark.parametrize("kind", [FaultKind.EXPIRED_TOKEN, FaultKind.REVOKED_TOKEN])
def test_a_dead_credential_makes_no_new_session(bluesky: Bluesky, kind: FaultKind) -> None:
    bluesky.faults.add(Fault(kind=kind, platform="bluesky"))
    made = bluesky.post("com.atproto.server.createSession", identifier=HANDLE, password=PASSWORD)

    assert error_of(made) == (401, "AuthenticationRequired")
    assert error_of(bluesky.post("com.atproto.server.refreshSession", token=bluesky.refresh)) == (400, "ExpiredToken")


def _feed(bluesky: Bluesky) -> list[Any]:
    return list(bluesky.get("app.bsky.feed.getAuthorFeed", actor=ME).json()["feed"])


def _replies(bluesky: Bluesky) -> list[Any]:
    uri = bluesky.world.all_items()[0].id
    return list(bluesky.get("app.bsky.feed.getPostThread", uri=uri).json()["thread"]["replies"])


@pytest.mark.parametrize("rows", [_feed, _replies])
def test_a_fault_empties_or_breaks_a_list(bluesky: Bluesky, rows: Callable[[Bluesky], list[Any]]) -> None:
    bluesky.write(Kind.COMMENT, to=bluesky.write(Kind.POST, own=True))
    bluesky.faults.add(Fault(kind=FaultKind.MALFORMED_ITEM, account=KEY))
    broken = rows(bluesky)
    bluesky.faults.add(Fault(kind=FaultKind.EMPTY_LIST, account=KEY))

    assert broken[0]["post"]["record"] is None
    assert rows(bluesky) == []
