"""The sandbox's X against X's own OpenAPI description, where that is at hand."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from watchdaemon.sandbox.world import Kind, WorldItem
from watchdaemon.sandbox.x import posts as x_posts
from watchdaemon.sandbox.x import spec as x_spec
from watchdaemon.sandbox.x.spec import Call

SPEC = Path(__file__).parents[2].parent / "shared/contracts/x/spec/x-api-v2-openapi-2.159.json"

CALLS = [
    (x_spec.ME, "/2/users/me"),
    (x_spec.USER, "/2/users/{id}"),
    (x_spec.USERS, "/2/users"),
    (x_spec.USER_BY_NAME, "/2/users/by/username/{username}"),
    (x_spec.USERS_BY_NAME, "/2/users/by"),
    (x_spec.MENTIONS, "/2/users/{id}/mentions"),
    (x_spec.TIMELINE, "/2/users/{id}/tweets"),
    (x_spec.TWEET, "/2/tweets/{id}"),
    (x_spec.TWEETS, "/2/tweets"),
    (x_spec.SEARCH, "/2/tweets/search/recent"),
    (x_spec.QUOTES, "/2/tweets/{id}/quote_tweets"),
    (x_spec.DM_EVENTS, "/2/dm_events"),
    (x_spec.DM_EVENTS, "/2/dm_conversations/{id}/dm_events"),
    (x_spec.DM_EVENTS, "/2/dm_conversations/with/{participant_id}/dm_events"),
]


@pytest.fixture(scope="module")
def openapi() -> dict[str, Any]:
    if not SPEC.exists():
        pytest.skip("X's OpenAPI description lies outside the repository, and here it is not")
    return dict(json.loads(SPEC.read_text()))


def parameters(openapi: dict[str, Any], path: str) -> dict[str, dict[str, Any]]:
    """Return the query parameters of a path with their schemas."""
    found = {}
    for parameter in openapi["paths"][path]["get"]["parameters"]:
        named = parameter.get("$ref", "").rpartition("/")[2]
        whole = openapi["components"]["parameters"][named] if named else parameter
        if whole["in"] == "query":
            found[whole["name"]] = whole
    return found


@pytest.mark.parametrize(("call", "path"), CALLS, ids=[path for _, path in CALLS])
def test_a_call_takes_what_the_description_names_and_nothing_else(
    openapi: dict[str, Any], call: Call, path: str
) -> None:
    described = parameters(openapi, path)

    assert set(call.parameters) == set(described)
    assert set(call.required) == {name for name, whole in described.items() if whole.get("required")}


@pytest.mark.parametrize(("call", "path"), CALLS, ids=[path for _, path in CALLS])
def test_values_are_taken_within_the_described_limits_and_refused_beyond(
    openapi: dict[str, Any], call: Call, path: str
) -> None:
    for name, whole in parameters(openapi, path).items():
        check, schema = call.parameters[name], whole["schema"]
        for value in schema.get("items", {}).get("enum", schema.get("enum", [])):
            assert not isinstance(check(name, value), x_spec.Fault), f"{name}={value}"
        if "minimum" in schema:
            low, high = schema["minimum"], schema["maximum"]
            taken = [not isinstance(check(name, str(n)), x_spec.Fault) for n in (low - 1, low, high, high + 1)]
            assert taken == [False, True, True, False], name


@pytest.mark.parametrize(("call", "path"), CALLS, ids=[path for _, path in CALLS])
def test_an_app_alone_may_call_what_the_description_opens_to_it(openapi: dict[str, Any], call: Call, path: str) -> None:
    security = openapi["paths"][path]["get"]["security"]
    scopes = next(set(way["OAuth2UserToken"]) for way in security if "OAuth2UserToken" in way)

    assert call.app_only == any("BearerToken" in way for way in security)
    assert call.scopes == scopes


def test_what_is_shown_of_posts_users_and_messages_is_described(openapi: dict[str, Any]) -> None:
    schemas = openapi["components"]["schemas"]
    at = datetime(2026, 11, 2, tzinfo=UTC)
    item = WorldItem(
        id="1", account="a", kind=Kind.QUOTE, author_id="2", author_name="n", text="@a #b " + "c" * 300,
        published_at=at, parent_id="3", conversation_id="4-5",
    )  # fmt: skip
    post = x_posts.Post(
        item=item, id="1", text=item.text, created_at=at, history=("1",), conversation_id="1",
        reference=("quoted", "3"), in_reply_to=x_posts.author_of(item),
    )  # fmt: skip
    user = x_posts.User(id="2", name="n", username="u", website="https://exempelkommun.example/")

    assert post.to_json(x_spec.TWEET_FIELDS).keys() <= schemas["Tweet"]["properties"].keys()
    assert user.to_json(x_spec.USER_FIELDS).keys() <= schemas["User"]["properties"].keys()
    assert x_posts.message_to_json(item, x_spec.DM_FIELDS).keys() <= schemas["DmEvent"]["properties"].keys()
