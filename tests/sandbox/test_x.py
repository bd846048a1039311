"""X's part of the sandbox over real HTTP: what it answers, and that it refuses what X refuses."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
import requests
import tweepy
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from requests.adapters import HTTPAdapter

from watchdaemon.clock import SimulatedClock
from watchdaemon.sandbox import ids, x
from watchdaemon.sandbox.faults import Fault, FaultKind, Faults
from watchdaemon.sandbox.server import SandboxServer
from watchdaemon.sandbox.world import Kind, Token, TokenKind, World, WorldAccount, WorldItem

START = datetime(2026, 11, 2, 8, tzinfo=UTC)
ME = ids.x_user("exempelkommun")
CITIZEN = ids.x_user("citizen")
SCOPES = frozenset({"tweet.read", "users.read", "dm.read", "tweet.moderate.write", "tweet.write", "offline.access"})


def account() -> WorldAccount:
    opens = frozenset({"kommun-x"})
    tokens = (
        Token(value="user-token", kind=TokenKind.USER, accounts=opens, scopes=SCOPES),
        Token(value="app-token", kind=TokenKind.APP, accounts=frozenset()),
        Token(value="old-token", kind=TokenKind.USER, accounts=opens, expires_at=START - timedelta(days=1)),
        Token(value="read-token", kind=TokenKind.USER, accounts=opens, scopes=frozenset({"tweet.read", "users.read"})),
        Token(value="oauth1-token", kind=TokenKind.USER, accounts=opens, secret="oauth1-secret"),
        Token(value="first-refresh", kind=TokenKind.REFRESH, accounts=opens, scopes=SCOPES),
    )
    return WorldAccount(
        key="kommun-x",
        platform="x",
        native_id=ME,
        name="Exempelkommun",
        username="exempelkommun",
        about="Frågor besvaras vardagar.",
        website="https://exempelkommun.example/",
        tokens=tokens,
        extra={"consumer_key": "app-key", "consumer_secret": "app-secret", "client_id": "client-1"},
    )


class Writer:
    """Writes into the world the way people write on X."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.written = 0

    def put(self, kind: Kind, text: str, *, at: datetime, **more: object) -> WorldItem:
        self.written += 1
        fields: dict[str, object] = {
            "id": ids.x_post(at, f"{self.written}"),
            "account": "kommun-x",
            "kind": kind,
            "author_id": CITIZEN,
            "author_name": "Test Medborgare",
            "author_username": "medborgare",
            "text": text,
            "published_at": at,
        }
        return self.world.add(WorldItem(**(fields | more)))  # type: ignore[arg-type]  # a builder: each test names what it needs

    def own(self, text: str, *, at: datetime, kind: Kind = Kind.POST, **more: object) -> WorldItem:
        who = {"author_id": ME, "author_name": "Exempelkommun", "author_username": "exempelkommun", "by_account": True}
        return self.put(kind, text, at=at, **(who | more))

    def reply(self, to: WorldItem, text: str, *, at: datetime, **more: object) -> WorldItem:
        root = to.root_id or to.id
        return self.put(Kind.COMMENT, text, at=at, **({"parent_id": to.id, "root_id": root} | more))


@pytest.fixture(scope="module")
def served() -> Iterator[SimpleNamespace]:
    """One server for the module; each test gets a fresh world behind it."""
    current = SimpleNamespace()

    async def app(request, path):  # type: ignore[no-untyped-def]  # the server's own signature
        return await current.app(request, path)

    with SandboxServer(World(SimulatedClock(START)), apps={"x": app}) as server:
        current.server = server
        current.url = server.base_url("x")
        # A client each test would read the machine's certificates each time.
        with httpx.Client(base_url=current.url) as plain, httpx.Client(base_url=current.url) as client:
            client.headers.update(bearer("user-token"))
            current.plain, current.http = plain, client
            yield current


@pytest.fixture
def api(served: SimpleNamespace) -> Iterator[SimpleNamespace]:
    clock = SimulatedClock(START)
    world = World(clock, [account()])
    faults = Faults()
    served.app = x.create_app(world, faults)
    yield SimpleNamespace(
        world=world,
        clock=clock,
        faults=faults,
        write=Writer(world),
        served=served,
        http=served.http,
        plain=served.plain,
        url=served.url,
    )

    assert served.server.errors == []


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def follow(api: SimpleNamespace, path: str, by: str = "pagination_token", **params: object) -> list[str]:
    """Read a whole listing by its tokens, and return the ids in the order they came."""
    found: list[str] = []
    query = dict(params)
    while True:
        answer = api.http.get(path, params=query)
        assert answer.status_code == 200, answer.text
        body = answer.json()
        found += [item["id"] for item in body.get("data", [])]
        assert body["meta"]["result_count"] == len(body.get("data", []))
        if "next_token" not in body["meta"]:
            return found
        query[by] = body["meta"]["next_token"]


# ---- users ---------------------------------------------------------------------------------------------------------


def test_who_am_i_shows_the_default_fields_alone(api: SimpleNamespace) -> None:
    answer = api.http.get("2/users/me")

    assert answer.status_code == 200
    assert answer.json() == {"data": {"id": ME, "name": "Exempelkommun", "username": "exempelkommun"}}
    assert answer.headers["x-access-level"] == "read-write-directmessages"


def test_a_profile_shows_only_what_is_asked_for_and_its_link_expanded_in_the_entities(api: SimpleNamespace) -> None:
    answer = api.http.get("2/users/by/username/ExempelKommun", params={"user.fields": "description,entities,location"})

    data = answer.json()["data"]
    assert set(data) == {"id", "name", "username", "description", "entities"}
    assert data["entities"]["url"]["urls"][0]["expanded_url"] == "https://exempelkommun.example/"


def test_somebody_who_wrote_is_a_user_and_nobody_else_is(api: SimpleNamespace) -> None:
    api.write.put(Kind.MENTION, "hej @exempelkommun", at=START)

    known = api.http.get(f"2/users/{CITIZEN}").json()
    both = api.http.get("2/users/by", params={"usernames": "medborgare,ingen"}).json()

    assert known["data"]["username"] == "medborgare"
    assert [user["id"] for user in both["data"]] == [CITIZEN]
    assert both["errors"][0]["value"] == "ingen"


def test_an_unknown_user_is_a_200_with_an_error_and_no_data(api: SimpleNamespace) -> None:
    for path in ("2/users/42", "2/users/42/mentions", "2/users/42/tweets"):
        answer = api.http.get(path)

        assert answer.status_code == 200
        assert "data" not in answer.json()
        assert answer.json()["errors"][0]["type"].rpartition("/")[2] == "resource-not-found"


# ---- who may ask ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("token", ["wrong", "old-token", "first-refresh", "oauth1-token"])
def test_a_token_that_is_unknown_expired_or_of_another_scheme_is_a_plain_401(api: SimpleNamespace, token: str) -> None:
    answer = api.http.get("2/users/me", headers=bearer(token))

    assert answer.status_code == 401
    assert answer.json() == {"title": "Unauthorized", "type": "about:blank", "status": 401, "detail": "Unauthorized"}


def test_no_token_is_a_401(api: SimpleNamespace) -> None:
    assert api.plain.get(f"{api.url}2/users/me").status_code == 401


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "2/users/me"), ("GET", "2/dm_events"), ("PUT", "2/tweets/1/hidden"), ("DELETE", "2/tweets/1")],
)
def test_an_app_only_token_is_refused_where_a_user_is_needed(api: SimpleNamespace, method: str, path: str) -> None:
    answer = api.http.request(method, path, headers=bearer("app-token"))

    assert answer.status_code == 403
    assert answer.json()["title"] == "Unsupported Authentication"


def test_an_app_only_token_reads_mentions(api: SimpleNamespace) -> None:
    item = api.write.put(Kind.MENTION, "hej @exempelkommun", at=START)

    answer = api.http.get(f"2/users/{ME}/mentions", headers=bearer("app-token"))

    assert [post["id"] for post in answer.json()["data"]] == [item.id]


def test_a_user_token_without_the_scope_is_refused(api: SimpleNamespace) -> None:
    assert api.http.get("2/dm_events", headers=bearer("read-token")).status_code == 403
    assert api.http.get("2/users/me", headers=bearer("read-token")).status_code == 200


def test_an_unknown_path_is_a_404(api: SimpleNamespace) -> None:
    assert api.http.get("2/users/me/likes").status_code == 404
    assert api.http.post("2/tweets/1").status_code == 404


# ---- refused parameters --------------------------------------------------------------------------------------------

SEARCH = "2/tweets/search/recent"
REFUSED = [
    ("a parameter X does not know", "2/users/me", {"fields": "id"}, "fields"),
    ("the newer spelling of the fields", "2/tweets", {"ids": "1", "post.fields": "text"}, "post.fields"),
    ("a field that does not exist", f"2/users/{ME}/mentions", {"tweet.fields": "id,likes"}, "tweet.fields"),
    ("a field named twice", f"2/users/{ME}/mentions", {"tweet.fields": "id,id"}, "tweet.fields"),
    ("an empty field list", f"2/users/{ME}/mentions", {"tweet.fields": ""}, "tweet.fields"),
    ("an expansion that does not exist", f"2/users/{ME}/mentions", {"expansions": "author"}, "expansions"),
    ("a user field that does not exist", "2/users/me", {"user.fields": "email"}, "user.fields"),
    ("fewer mentions than five", f"2/users/{ME}/mentions", {"max_results": "4"}, "max_results"),
    ("more mentions than a hundred", f"2/users/{ME}/mentions", {"max_results": "101"}, "max_results"),
    ("a number that is none", f"2/users/{ME}/mentions", {"max_results": "many"}, "max_results"),
    ("fewer search results than ten", "2/tweets/search/recent", {"query": "hej", "max_results": "9"}, "max_results"),
    ("fewer quotes than ten", "2/tweets/1/quote_tweets", {"max_results": "9"}, "max_results"),
    ("no direct message at all", "2/dm_events", {"max_results": "0"}, "max_results"),
    ("more messages than a hundred", "2/dm_events", {"max_results": "101"}, "max_results"),
    ("messages since an id", "2/dm_events", {"since_id": "1"}, "since_id"),
    ("quotes since an id", "2/tweets/1/quote_tweets", {"since_id": "1"}, "since_id"),
    ("an unknown event type", "2/dm_events", {"event_types": "Message"}, "event_types"),
    ("an id that is no number", f"2/users/{ME}/tweets", {"since_id": "abc"}, "since_id"),
    ("an id of twenty digits", f"2/users/{ME}/tweets", {"since_id": "1" * 20}, "since_id"),
    ("bounds the wrong way round", f"2/users/{ME}/tweets", {"since_id": "5", "until_id": "5"}, "since_id"),
    ("a time without its zone", f"2/users/{ME}/tweets", {"start_time": "2026-11-01T00:00:00"}, "start_time"),
    ("a day that does not exist", f"2/users/{ME}/tweets", {"start_time": "2026-02-30T00:00:00Z"}, "start_time"),
    ("an unknown exclusion", f"2/users/{ME}/tweets", {"exclude": "quotes"}, "exclude"),
    ("an exclusion among mentions", f"2/users/{ME}/mentions", {"exclude": "replies"}, "exclude"),
    ("a token that was never given", f"2/users/{ME}/mentions", {"pagination_token": "abcd"}, "pagination_token"),
    ("no ids", "2/tweets", {}, "ids"),
    ("more ids than a hundred", "2/tweets", {"ids": ",".join(map(str, range(1, 102)))}, "ids"),
    ("an id in the path that is none", "2/tweets/abc", {}, "id"),
    ("a username nobody can have", "2/users/by/username/a-b", {}, "username"),
    ("a conversation id that is none", "2/dm_conversations/x/dm_events", {}, "id"),
    ("no query", "2/tweets/search/recent", {}, "query"),
    ("a query that is too long", SEARCH, {"query": "a" * 513}, "query"),
    ("an operator that does not exist", "2/tweets/search/recent", {"query": "thread:1"}, "query"),
    ("an open parenthesis", "2/tweets/search/recent", {"query": "(from:a OR from:b"}, "query"),
    ("a closing parenthesis", "2/tweets/search/recent", {"query": "from:a)"}, "query"),
    ("empty parentheses", "2/tweets/search/recent", {"query": "from:a ()"}, "query"),
    ("a negated group", "2/tweets/search/recent", {"query": "hej -(from:a from:b)"}, "query"),
    ("a dangling OR", "2/tweets/search/recent", {"query": "from:a OR"}, "query"),
    ("only what shall not be", "2/tweets/search/recent", {"query": "-from:a"}, "query"),
    ("only what narrows", "2/tweets/search/recent", {"query": "is:reply"}, "query"),
    ("an alternative that only negates", "2/tweets/search/recent", {"query": "from:a OR -from:b"}, "query"),
    ("a conversation that is no number", "2/tweets/search/recent", {"query": "conversation_id:abc"}, "query"),
    ("a search beyond seven days", SEARCH, {"query": "a", "start_time": "2026-10-20T00:00:00Z"}, "start_time"),
    ("a search up to this second", SEARCH, {"query": "a", "end_time": "2026-11-02T08:00:00Z"}, "end_time"),
    ("a search since an old id", SEARCH, {"query": "a", "since_id": "1"}, "since_id"),
]  # fmt: skip


@pytest.mark.parametrize(("path", "params", "guilty"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_what_x_refuses_is_refused_with_the_parameter_named(
    api: SimpleNamespace, path: str, params: dict[str, str], guilty: str
) -> None:
    answer = api.http.get(path, params=params)

    assert answer.status_code == 400, answer.text
    body = answer.json()
    assert body["title"] == "Invalid Request"
    assert body["type"].endswith("/invalid-request")
    assert guilty in body["errors"][0]["parameters"]


def test_every_wrong_parameter_is_named_at_once(api: SimpleNamespace) -> None:
    answer = api.http.get(f"2/users/{ME}/mentions", params={"max_results": "1", "colour": "red"})

    named = [name for error in answer.json()["errors"] for name in error["parameters"]]
    assert sorted(named) == ["colour", "max_results"]


def test_a_parameter_given_twice_is_refused(api: SimpleNamespace) -> None:
    assert api.http.get(f"2/users/{ME}/mentions?max_results=5&max_results=5").status_code == 400


# ---- listings ------------------------------------------------------------------------------------------------------


def test_nothing_new_has_no_data_and_a_count_of_zero(api: SimpleNamespace) -> None:
    assert api.http.get(f"2/users/{ME}/mentions").json() == {"meta": {"result_count": 0}}


def test_a_mention_shows_the_default_fields_and_others_when_asked(api: SimpleNamespace) -> None:
    root = api.write.own("Nya öppettider", at=START - timedelta(hours=3))
    reply = api.write.reply(root, "@exempelkommun när öppnar ni", at=START - timedelta(hours=2))

    plain = api.http.get(f"2/users/{ME}/mentions").json()["data"][0]
    whole = api.http.get(
        f"2/users/{ME}/mentions",
        params={
            "tweet.fields": "created_at,author_id,conversation_id,in_reply_to_user_id,referenced_tweets,note_tweet",
            "expansions": "author_id,referenced_tweets.id",
        },
    ).json()

    assert set(plain) == {"id", "text", "edit_history_tweet_ids"}
    assert whole["data"] == [
        {
            "id": reply.id,
            "text": "@exempelkommun när öppnar ni",
            "edit_history_tweet_ids": [reply.id],
            "created_at": "2026-11-02T06:00:00.000Z",
            "author_id": CITIZEN,
            "conversation_id": root.id,
            "in_reply_to_user_id": ME,
            "referenced_tweets": [{"type": "replied_to", "id": root.id}],
        }
    ]
    assert [user["id"] for user in whole["includes"]["users"]] == [CITIZEN]
    assert [post["id"] for post in whole["includes"]["tweets"]] == [root.id]
    assert whole["meta"] == {"result_count": 1, "newest_id": reply.id, "oldest_id": reply.id}


def test_includes_are_there_only_when_asked_for(api: SimpleNamespace) -> None:
    api.write.put(Kind.MENTION, "hej @exempelkommun", at=START)

    assert "includes" not in api.http.get(f"2/users/{ME}/mentions", params={"tweet.fields": "author_id"}).json()


def test_a_reply_without_the_mention_is_missed_by_mentions_and_found_by_search(api: SimpleNamespace) -> None:
    root = api.write.own("Nya öppettider", at=START - timedelta(hours=3))
    reply = api.write.reply(root, "när öppnar ni", at=START - timedelta(hours=2), extra={"mention": "no"})

    mentions = api.http.get(f"2/users/{ME}/mentions").json()
    query = f"conversation_id:{root.id} -from:exempelkommun"
    found = api.http.get("2/tweets/search/recent", params={"query": query}).json()

    assert "data" not in mentions
    assert [post["id"] for post in found["data"]] == [reply.id]


def test_bounds_are_exclusive_for_ids_and_half_open_for_times(api: SimpleNamespace) -> None:
    at = [START - timedelta(hours=hours) for hours in (4, 3, 2, 1)]
    posts = [api.write.own(f"inlägg {n}", at=when) for n, when in enumerate(at)]
    path = f"2/users/{ME}/tweets"

    by_id = follow(api, path, since_id=posts[0].id, until_id=posts[3].id)
    by_time = follow(
        api, path, start_time=at[1].strftime("%Y-%m-%dT%H:%M:%SZ"), end_time=at[3].strftime("%Y-%m-%dT%H:%M:%SZ")
    )
    both = follow(api, path, since_id=posts[0].id, start_time=at[3].strftime("%Y-%m-%dT%H:%M:%SZ"))

    assert by_id == [posts[2].id, posts[1].id]
    assert by_time == [posts[2].id, posts[1].id]
    assert both == [posts[3].id, posts[2].id, posts[1].id]


def test_a_timeline_holds_answers_and_reposts_until_they_are_excluded(api: SimpleNamespace) -> None:
    post = api.write.own("inlägg", at=START - timedelta(hours=5))
    question = api.write.reply(post, "@exempelkommun när", at=START - timedelta(hours=4))
    answer = api.write.own(
        "@medborgare i morgon", at=START - timedelta(hours=3), kind=Kind.COMMENT, parent_id=question.id, root_id=post.id
    )
    repost = api.write.own("RT", at=START - timedelta(hours=2), extra={"retweet_of": "9"})
    path = f"2/users/{ME}/tweets"

    assert follow(api, path) == [repost.id, answer.id, post.id]
    assert follow(api, path, exclude="replies,retweets") == [post.id]
    assert follow(api, path, exclude="retweets") == [answer.id, post.id]


def test_only_the_800_newest_mentions_can_be_reached(api: SimpleNamespace) -> None:
    for n in range(803):
        api.write.put(Kind.MENTION, "@exempelkommun", at=START - timedelta(minutes=803 - n))

    found = follow(api, f"2/users/{ME}/mentions", max_results=100)
    oldest = api.http.get(f"2/users/{ME}/mentions", params={"until_id": found[-1]}).json()

    assert len(found) == len(set(found)) == 800
    assert oldest == {"meta": {"result_count": 0}}


def test_a_token_of_one_listing_is_refused_by_another(api: SimpleNamespace) -> None:
    for n in range(6):
        api.write.own("@exempelkommun", at=START - timedelta(minutes=n))
    token = api.http.get(f"2/users/{ME}/tweets", params={"max_results": 5}).json()["meta"]["next_token"]

    answer = api.http.get(f"2/users/{ME}/mentions", params={"pagination_token": token})

    assert answer.status_code == 400


def test_a_page_filled_to_the_brim_has_no_token_for_an_empty_one(api: SimpleNamespace) -> None:
    for n in range(5):
        api.write.own("inlägg", at=START - timedelta(minutes=n))

    assert "next_token" not in api.http.get(f"2/users/{ME}/tweets", params={"max_results": 5}).json()["meta"]


def test_quotes_have_their_own_conversation(api: SimpleNamespace) -> None:
    post = api.write.own("inlägg", at=START - timedelta(hours=5))
    quote = api.write.put(Kind.QUOTE, "vad menar de", at=START - timedelta(hours=4), parent_id=post.id)

    found = api.http.get(
        f"2/tweets/{post.id}/quote_tweets", params={"tweet.fields": "conversation_id,referenced_tweets"}
    ).json()

    assert found["data"][0]["conversation_id"] == quote.id
    assert found["data"][0]["referenced_tweets"] == [{"type": "quoted", "id": post.id}]
    assert "data" not in api.http.get(f"2/users/{ME}/mentions").json()


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    minutes=st.lists(st.integers(0, 500), max_size=60),
    deleted=st.sets(st.integers(0, 59)),
    size=st.integers(5, 100),
    hours=st.integers(0, 9),
)
def test_following_the_tokens_gives_exactly_what_is_there_at_that_time(
    api: SimpleNamespace, minutes: list[int], deleted: set[int], size: int, hours: int
) -> None:
    clock = SimulatedClock(START + timedelta(hours=hours))
    world = World(clock, [account()])
    api.served.app = x.create_app(world, Faults(), has_rate_limits=False)
    write = Writer(world)
    for number, minute in enumerate(minutes):
        gone = START + timedelta(hours=5) if number in deleted else None
        write.put(Kind.MENTION, "@exempelkommun", at=START + timedelta(minutes=minute), deleted_at=gone)

    found = follow(api, f"2/users/{ME}/mentions", max_results=size)

    there = [item.id for item in world.visible("kommun-x")]
    assert found == sorted(there, key=int, reverse=True)


# ---- single posts, edits, deletions --------------------------------------------------------------------------------


def test_a_deleted_post_is_an_error_beside_the_data(api: SimpleNamespace) -> None:
    kept = api.write.put(Kind.MENTION, "@exempelkommun a", at=START)
    gone = api.write.put(Kind.MENTION, "@exempelkommun b", at=START, deleted_at=START + timedelta(hours=1))
    api.clock.advance(timedelta(hours=2))

    answer = api.http.get("2/tweets", params={"ids": f"{kept.id},{gone.id}"})
    alone = api.http.get(f"2/tweets/{gone.id}")

    assert answer.status_code == alone.status_code == 200
    assert [post["id"] for post in answer.json()["data"]] == [kept.id]
    assert answer.json()["errors"][0]["resource_id"] == gone.id
    assert answer.json()["errors"][0]["type"].endswith("/resource-not-found")
    assert "data" not in alone.json()


def test_a_protected_author_is_not_shown(api: SimpleNamespace) -> None:
    item = api.write.put(Kind.MENTION, "@exempelkommun", at=START, is_author_private=True)

    answer = api.http.get("2/tweets", params={"ids": item.id}).json()

    assert answer["errors"][0]["type"].endswith("/not-authorized-for-resource")
    assert "data" not in api.http.get(f"2/users/{ME}/mentions").json()


def test_an_edit_is_a_new_post_and_both_know_the_whole_history(api: SimpleNamespace) -> None:
    edited_at = START + timedelta(minutes=10)
    item = api.write.put(Kind.MENTION, "@exempelkommun nr", at=START, edits=((edited_at, "@exempelkommun när"),))
    before = api.http.get(f"2/users/{ME}/mentions").json()["data"][0]
    api.clock.advance(timedelta(hours=1))

    after = api.http.get(f"2/users/{ME}/mentions", params={"since_id": before["id"]}).json()["data"][0]
    old = api.http.get(f"2/tweets/{before['id']}").json()["data"]
    new = api.http.get(f"2/tweets/{after['id']}").json()["data"]

    assert before["edit_history_tweet_ids"] == [item.id]
    assert after["edit_history_tweet_ids"] == old["edit_history_tweet_ids"] == [item.id, after["id"]]
    assert (old["text"], new["text"]) == ("@exempelkommun nr", "@exempelkommun när")


def test_a_long_post_is_cut_and_whole_in_its_note(api: SimpleNamespace) -> None:
    api.write.put(Kind.MENTION, "@exempelkommun " + "ö" * 400, at=START)

    post = api.http.get(f"2/users/{ME}/mentions", params={"tweet.fields": "note_tweet"}).json()["data"][0]

    assert len(post["text"]) == 280
    assert post["note_tweet"]["text"] == "@exempelkommun " + "ö" * 400


def test_what_a_deleted_post_was_answered_with_still_points_to_it(api: SimpleNamespace) -> None:
    post = api.write.own("inlägg", at=START - timedelta(hours=2), deleted_at=START)
    reply = api.write.reply(post, "@exempelkommun va", at=START - timedelta(hours=1))

    body = api.http.get(
        f"2/users/{ME}/mentions",
        params={"tweet.fields": "referenced_tweets,in_reply_to_user_id", "expansions": "referenced_tweets.id"},
    ).json()

    assert body["data"][0]["id"] == reply.id
    assert body["data"][0]["in_reply_to_user_id"] == ME
    assert body["errors"][0]["parameter"] == "referenced_tweets.id"
    assert "includes" not in body


# ---- search --------------------------------------------------------------------------------------------------------

SEARCHES = [
    ("a conversation, its root included", "conversation_id:{root}", ["root", "reply", "nested", "answer"]),
    ("a conversation without the account", "conversation_id:{root} -from:exempelkommun", ["reply", "nested"]),
    ("the account by its id", "from:{me}", ["root", "answer"]),
    ("who replies to the account", "to:exempelkommun", ["reply"]),
    ("either of two", "from:exempelkommun OR to:exempelkommun", ["root", "reply", "answer"]),
    ("and binds tighter than or", "from:medborgare hej OR from:exempelkommun simhallen", ["root", "other"]),
    ("parentheses group", "(hej OR simhallen) from:medborgare", ["other"]),
    ("a phrase", '"simhallen i jul"', ["root"]),
    ("a word, not a part of one", "sim", []),
    ("whoever names the account", "@exempelkommun -is:reply", ["other"]),
    ("replies that are narrowed", "conversation_id:{root} is:reply -from:{me}", ["reply", "nested"]),
]


@pytest.mark.parametrize(("query", "names"), [row[1:] for row in SEARCHES], ids=[row[0] for row in SEARCHES])
def test_search_finds(api: SimpleNamespace, query: str, names: list[str]) -> None:
    root = api.write.own("Simhallen i jul", at=START - timedelta(hours=9))
    reply = api.write.reply(root, "@exempelkommun när", at=START - timedelta(hours=8))
    nested = api.write.reply(reply, "@medborgare det undrar jag med", at=START - timedelta(hours=7))
    answer = api.write.own(
        "@medborgare på fredag", at=START - timedelta(hours=6), kind=Kind.COMMENT, parent_id=reply.id, root_id=root.id
    )
    other = api.write.put(Kind.MENTION, "hej @exempelkommun", at=START - timedelta(hours=5))
    api.write.own("simhallen", at=START - timedelta(days=8))
    known = {"root": root, "reply": reply, "nested": nested, "answer": answer, "other": other}

    found = follow(api, "2/tweets/search/recent", "next_token", query=query.format(root=root.id, me=ME))

    assert sorted(found) == sorted(known[name].id for name in names)


def test_a_search_is_paged_by_its_next_token(api: SimpleNamespace) -> None:
    root = api.write.own("inlägg", at=START - timedelta(hours=9))
    for n in range(25):
        api.write.reply(root, f"@exempelkommun {n}", at=START - timedelta(minutes=n))

    found = follow(api, "2/tweets/search/recent", "next_token", query=f"conversation_id:{root.id}", max_results=10)

    assert len(found) == len(set(found)) == 26


# ---- direct messages -----------------------------------------------------------------------------------------------


def test_messages_come_newest_first_for_thirty_days(api: SimpleNamespace) -> None:
    thread = ids.x_dm_conversation(ME, CITIZEN)
    at = [START - timedelta(days=31), START - timedelta(days=2), START - timedelta(days=1)]
    old, first, second = (api.write.put(Kind.MESSAGE, "hej", at=when, conversation_id=thread) for when in at)

    whole = api.http.get("2/dm_events", params={"dm_event.fields": "created_at,sender_id,dm_conversation_id"}).json()
    paged = follow(api, "2/dm_events", max_results=1)

    assert [event["id"] for event in whole["data"]] == paged == [second.id, first.id]
    assert old.id not in paged
    assert whole["data"][0] == {
        "id": second.id,
        "event_type": "MessageCreate",
        "text": "hej",
        "created_at": "2026-11-01T08:00:00.000Z",
        "sender_id": CITIZEN,
        "dm_conversation_id": thread,
    }


def test_messages_of_one_conversation_by_either_way(api: SimpleNamespace) -> None:
    other = ids.x_user("other")
    mine = api.write.put(Kind.MESSAGE, "a", at=START, conversation_id=ids.x_dm_conversation(ME, CITIZEN))
    api.write.put(Kind.MESSAGE, "b", at=START, conversation_id=ids.x_dm_conversation(ME, other), author_id=other)

    assert follow(api, f"2/dm_conversations/{mine.conversation_id}/dm_events") == [mine.id]
    assert follow(api, f"2/dm_conversations/with/{CITIZEN}/dm_events") == [mine.id]
    assert follow(api, "2/dm_events", event_types="ParticipantsJoin") == []


def test_a_message_shows_its_sender_only_when_asked(api: SimpleNamespace) -> None:
    api.write.put(Kind.MESSAGE, "a", at=START, conversation_id=ids.x_dm_conversation(ME, CITIZEN))

    plain = api.http.get("2/dm_events").json()
    expanded = api.http.get("2/dm_events", params={"expansions": "sender_id"}).json()

    assert set(plain["data"][0]) == {"id", "event_type", "text"}
    assert expanded["includes"]["users"][0]["username"] == "medborgare"


# ---- writes --------------------------------------------------------------------------------------------------------


def test_a_reply_is_hidden_and_shown_again(api: SimpleNamespace) -> None:
    root = api.write.own("inlägg", at=START - timedelta(hours=9))
    reply = api.write.reply(root, "@exempelkommun köp nu", at=START - timedelta(hours=8))

    hidden = api.http.put(f"2/tweets/{reply.id}/hidden", json={"hidden": True})
    was_hidden = api.world.find(reply.id).is_hidden(START)
    shown = api.http.put(f"2/tweets/{reply.id}/hidden", json={"hidden": False})

    assert (hidden.json(), shown.json()) == ({"data": {"hidden": True}}, {"data": {"hidden": False}})
    assert was_hidden
    assert not api.world.find(reply.id).is_hidden(START)


def test_only_replies_in_an_own_conversation_can_be_hidden(api: SimpleNamespace) -> None:
    mention = api.write.put(Kind.MENTION, "@exempelkommun", at=START)
    post = api.write.own("inlägg", at=START)

    assert api.http.put(f"2/tweets/{mention.id}/hidden", json={"hidden": True}).status_code == 403
    assert api.http.put(f"2/tweets/{post.id}/hidden", json={"hidden": True}).status_code == 403


@pytest.mark.parametrize("body", ['{"hidden": "yes"}', "{}", "not json", '{"hidden": true, "why": 1}', "[]"])
def test_hiding_takes_one_boolean_and_nothing_else(api: SimpleNamespace, body: str) -> None:
    assert api.http.put("2/tweets/1/hidden", content=body).status_code == 400


def test_an_own_post_is_deleted_and_the_replies_stay(api: SimpleNamespace) -> None:
    post = api.write.own("inlägg", at=START - timedelta(hours=2))
    reply = api.write.reply(post, "@exempelkommun va", at=START - timedelta(hours=1))

    answer = api.http.delete(f"2/tweets/{post.id}")

    assert answer.json() == {"data": {"deleted": True}}
    assert api.world.find(post.id) is None
    assert api.world.find(reply.id) is not None
    assert api.http.delete(f"2/tweets/{reply.id}").status_code == 403


# ---- refreshing ----------------------------------------------------------------------------------------------------


def renew(api: SimpleNamespace, token: str, **more: str) -> httpx.Response:
    form = {"grant_type": "refresh_token", "refresh_token": token, "client_id": "client-1"}
    answer: httpx.Response = api.plain.post(f"{api.url}2/oauth2/token", data=form | more)
    return answer


def test_a_refresh_token_gives_a_new_pair_that_works_for_two_hours(api: SimpleNamespace) -> None:
    answer = renew(api, "first-refresh").json()

    assert answer["expires_in"] == 7200
    assert "offline.access" in answer["scope"].split()
    assert api.http.get("2/users/me", headers=bearer(answer["access_token"])).status_code == 200
    api.clock.advance(timedelta(hours=2))
    assert api.http.get("2/users/me", headers=bearer(answer["access_token"])).status_code == 401
    assert renew(api, answer["refresh_token"]).status_code == 200


def test_a_refresh_token_used_twice_ends_the_whole_family(api: SimpleNamespace) -> None:
    pair = renew(api, "first-refresh").json()

    again = renew(api, "first-refresh")

    assert again.status_code == 400
    assert again.json()["error"] == "invalid_request"
    assert renew(api, pair["refresh_token"]).status_code == 400
    assert api.http.get("2/users/me", headers=bearer(pair["access_token"])).status_code == 401


@pytest.mark.parametrize("wrong", [{"client_id": "other"}, {"client_id": ""}, {"grant_type": "password"}])
def test_a_renewal_by_the_wrong_client_or_grant_is_refused(api: SimpleNamespace, wrong: dict[str, str]) -> None:
    assert renew(api, "first-refresh", **wrong).status_code == 400
    assert renew(api, "first-refresh").status_code == 200


@pytest.mark.parametrize("kind", [FaultKind.EXPIRED_TOKEN, FaultKind.REVOKED_TOKEN])
def test_a_consent_that_is_gone_renews_nothing_and_spends_nothing(api: SimpleNamespace, kind: FaultKind) -> None:
    api.faults.add(Fault(kind=kind, platform="x", account="kommun-x"))
    during = renew(api, "first-refresh")
    api.faults.clear()

    assert (during.status_code, during.json()["error"]) == (400, "invalid_request")
    assert renew(api, "first-refresh").status_code == 200


def test_a_confidential_client_renews_with_its_basic_header(api: SimpleNamespace) -> None:
    form = {"grant_type": "refresh_token", "refresh_token": "first-refresh"}

    assert api.plain.post(f"{api.url}2/oauth2/token", data=form, auth=("client-1", "secret")).status_code == 200


# ---- limits and faults ---------------------------------------------------------------------------------------------


def test_the_sixteenth_look_at_messages_in_a_quarter_is_a_429_until_the_reset(api: SimpleNamespace) -> None:
    answers = [api.http.get("2/dm_events") for _ in range(16)]

    assert [a.status_code for a in answers] == [200] * 15 + [429]
    assert [int(a.headers["x-rate-limit-remaining"]) for a in answers] == [*range(14, -1, -1), 0]
    assert answers[-1].headers["x-rate-limit-limit"] == "15"
    reset = datetime.fromtimestamp(int(answers[-1].headers["x-rate-limit-reset"]), UTC)
    assert reset == START + timedelta(minutes=15)
    api.clock.move_to(reset)
    assert api.http.get("2/dm_events").status_code == 200


def test_a_refused_request_counts_too_and_tells_what_is_left(api: SimpleNamespace) -> None:
    first = api.http.get("2/users/me", params={"colour": "red"})

    assert first.status_code == 400
    assert first.headers["x-rate-limit-remaining"] == "74"


def test_app_and_user_have_books_of_their_own(api: SimpleNamespace) -> None:
    user = api.http.get(f"2/users/{ME}/mentions")
    app = api.http.get(f"2/users/{ME}/mentions", headers=bearer("app-token"))

    assert (user.headers["x-rate-limit-limit"], app.headers["x-rate-limit-limit"]) == ("300", "450")


def test_limits_can_be_switched_off(api: SimpleNamespace) -> None:
    api.served.app = x.create_app(api.world, api.faults, has_rate_limits=False)

    assert {api.http.get("2/dm_events").status_code for _ in range(17)} == {200}


FAULTS = [
    (FaultKind.EXPIRED_TOKEN, 401, "Unauthorized"),
    (FaultKind.REVOKED_TOKEN, 401, "Unauthorized"),
    (FaultKind.MISSING_PERMISSION, 403, "Forbidden"),
    (FaultKind.QUOTA, 402, "CreditsDepleted"),
    (FaultKind.RATE_LIMIT, 429, "Too Many Requests"),
]


@pytest.mark.parametrize(("kind", "status", "title"), FAULTS)
def test_a_fault_of_one_account_is_told_in_xs_words(
    api: SimpleNamespace, kind: FaultKind, status: int, title: str
) -> None:
    api.faults.add(Fault(kind=kind, platform="x", account="kommun-x", to_at=START + timedelta(minutes=5)))

    during = api.http.get(f"2/users/{ME}/mentions")
    api.clock.advance(timedelta(minutes=5))
    after = api.http.get(f"2/users/{ME}/mentions")

    assert during.status_code == status
    assert during.json()["title"] == title
    assert after.status_code == 200


def test_a_rate_limit_spell_tells_when_it_is_over(api: SimpleNamespace) -> None:
    over = START + timedelta(minutes=5)
    api.faults.add(Fault(kind=FaultKind.RATE_LIMIT, platform="x", to_at=over))

    headers = api.http.get("2/users/me").headers

    assert (headers["x-rate-limit-remaining"], headers["x-rate-limit-reset"]) == ("0", str(int(over.timestamp())))


@pytest.mark.parametrize(
    ("kind", "status", "body"),
    [
        (FaultKind.OUTAGE, 503, "Service Unavailable"),
        (FaultKind.EMPTY_200, 200, ""),
        (FaultKind.HTML_502, 502, "<!DOC"),
    ],
)
def test_trouble_on_the_road_to_one_account_strikes_it_alone(
    api: SimpleNamespace, kind: FaultKind, status: int, body: str
) -> None:
    other = replace(account(), key="bad-x", native_id=ids.x_user("badhuset"), tokens=())
    api.world.put_account(other)
    api.faults.add(Fault(kind=kind, platform="x", account="bad-x"))

    struck = api.http.get(f"2/users/{other.native_id}/mentions")
    spared = api.http.get(f"2/users/{ME}/mentions")

    assert (struck.status_code, struck.text[: len(body)]) == (status, body)
    assert spared.json() == {"meta": {"result_count": 0}}


def test_a_listing_can_be_emptied_or_hold_one_broken_item(api: SimpleNamespace) -> None:
    for n in range(2):
        api.write.put(Kind.MENTION, "@exempelkommun", at=START - timedelta(hours=n))
    broken = Fault(kind=FaultKind.MALFORMED_ITEM, platform="x", account="kommun-x", path="mentions")
    params = {"tweet.fields": "created_at"}

    api.faults.add(broken)
    spoilt = api.http.get(f"2/users/{ME}/mentions", params=params).json()
    api.faults.clear()
    api.faults.add(Fault(kind=FaultKind.EMPTY_LIST, platform="x", account="kommun-x"))
    empty = api.http.get(f"2/users/{ME}/mentions", params=params).json()

    assert [item["text"] for item in spoilt["data"]] == [None, "@exempelkommun"]
    assert "created_at" not in spoilt["data"][0]
    assert empty == {"meta": {"result_count": 0}}


# ---- the field's own client ----------------------------------------------------------------------------------------


class Detour(HTTPAdapter):
    """Sends what a client means for X to the sandbox."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self.url = url

    def send(self, request, *args, **kwargs):  # type: ignore[no-untyped-def]  # as in requests
        parts = urlsplit(request.url)
        request.url = self.url.rstrip("/") + parts.path + (f"?{parts.query}" if parts.query else "")
        return super().send(request, *args, **kwargs)


def detour(client: tweepy.Client, url: str) -> tweepy.Client:
    client.session.mount("https://api.twitter.com", Detour(url))
    return client


def test_tweepy_reads_pages_and_hides_with_oauth_1(api: SimpleNamespace) -> None:
    root = api.write.own("Nya öppettider å ä ö", at=START - timedelta(hours=9))
    replies = [api.write.reply(root, f"@exempelkommun {n}?", at=START - timedelta(minutes=n)) for n in range(12)]
    client = detour(tweepy.Client(None, "app-key", "app-secret", "oauth1-token", "oauth1-secret"), api.url)

    with client.session:
        me = client.get_me(user_fields=["description", "created_at"])
        pages = tweepy.Paginator(
            client.get_users_mentions,
            me.data.id,
            max_results=5,
            tweet_fields=["created_at", "author_id"],
            user_auth=True,
        )
        found = [post for page in pages for post in page.data]
        search = client.search_recent_tweets(f"conversation_id:{root.id} -from:exempelkommun", user_auth=True)
        client.hide_reply(replies[0].id)
        messages = client.get_direct_message_events()

    assert me.data.description == "Frågor besvaras vardagar."
    assert [str(post.id) for post in found] == [reply.id for reply in replies]
    assert found[0].created_at == replies[0].published_at
    assert search.meta["result_count"] == 10
    assert api.world.find(replies[0].id).is_hidden(START)
    assert messages.data is None


def test_tweepy_works_with_a_bearer_token_and_knows_the_refusals(api: SimpleNamespace) -> None:
    good = detour(tweepy.Client("user-token"), api.url)
    bad = detour(tweepy.Client("wrong"), api.url)

    with good.session, bad.session:
        assert good.get_me(user_auth=False).data.username == "exempelkommun"
        with pytest.raises(tweepy.Unauthorized):
            bad.get_me(user_auth=False)
        with pytest.raises(tweepy.BadRequest, match="max_results"):
            good.get_users_mentions(ME, max_results=3)


@pytest.mark.parametrize(
    ("key", "secret", "token_secret"),
    [
        ("app-key", "app-secret", "wrong"),
        ("app-key", "wrong", "oauth1-secret"),
        ("wrong", "app-secret", "oauth1-secret"),
    ],
)
def test_a_wrong_signature_is_refused(api: SimpleNamespace, key: str, secret: str, token_secret: str) -> None:
    client = detour(tweepy.Client(None, key, secret, "oauth1-token", token_secret), api.url)

    with client.session, pytest.raises(tweepy.Unauthorized):
        client.get_me()


def test_a_bearer_token_is_no_oauth_1_token(api: SimpleNamespace) -> None:
    client = detour(tweepy.Client(None, "app-key", "app-secret", "user-token", "whatever"), api.url)

    with client.session, pytest.raises(tweepy.Unauthorized):
        client.get_me()


def test_a_signature_for_our_own_address_is_taken_too(api: SimpleNamespace) -> None:
    auth = tweepy.OAuth1UserHandler("app-key", "app-secret", "oauth1-token", "oauth1-secret").apply_auth()
    params = {"tweet.fields": "created_at,author_id", "max_results": "10"}

    answer = requests.get(f"{api.url}2/users/{ME}/mentions", params=params, auth=auth, timeout=5)

    assert answer.status_code == 200
    assert parse_qs(urlsplit(answer.url).query)["max_results"] == ["10"]
