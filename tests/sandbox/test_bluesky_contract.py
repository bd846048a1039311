"""The sandbox's Bluesky, and what the adapter asks of it, against Bluesky's own lexicons, where those are at hand."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from watchdaemon.sandbox.bluesky.answers import FILTERS
from watchdaemon.sandbox.bluesky.posts import Posts
from watchdaemon.sandbox.bluesky.spec import METHODS, Method, Refused, read_query
from watchdaemon.sandbox.world import Kind, World, WorldAccount, WorldItem

LEXICONS = Path(__file__).parents[2].parent / "shared/contracts/bluesky/spec/lexicons"

pytestmark = pytest.mark.skipif(not LEXICONS.exists(), reason="Bluesky's lexicons are outside the repository")


def lexicon(name: str) -> dict[str, Any]:
    """The definitions of a lexicon."""
    return dict(json.loads((LEXICONS / f"{name.replace('.', '/')}.json").read_text())["defs"])


def parameters(method: Method) -> dict[str, dict[str, Any]]:
    """A method's described parameters."""
    return dict(lexicon(method.name)["main"].get("parameters", {}).get("properties", {}))


METHODS_BY_NAME = pytest.mark.parametrize("method", METHODS.values(), ids=METHODS.keys())


@METHODS_BY_NAME
def test_a_method_takes_what_its_lexicon_names_and_nothing_else(method: Method) -> None:
    main = lexicon(method.name)["main"]

    assert set(method.parameters) == set(parameters(method))
    assert set(method.required) == set(main.get("parameters", {}).get("required", ()))
    assert method.http == {"query": "GET", "procedure": "POST"}[main["type"]]
    assert set(method.body) == set(main.get("input", {}).get("schema", {}).get("properties", {}))


@METHODS_BY_NAME
def test_arrays_repeat_as_often_as_described(method: Method) -> None:
    described = {n: p.get("maxLength") for n, p in parameters(method).items() if p["type"] == "array"}

    assert dict(method.arrays or {}) == described


@METHODS_BY_NAME
def test_numbers_are_taken_within_the_described_limits_and_refused_beyond(method: Method) -> None:
    needed = {
        name: "at://did:plc:x/app.bsky.feed.post/3x" if "uri" in name else "did:plc:x" for name in method.required
    }
    for name, described in parameters(method).items():
        if described["type"] != "integer":
            continue
        low, high = described["minimum"], described["maximum"]

        def is_taken(number: int, name: str = name) -> bool:
            try:
                read_query(method, [*needed.items(), (name, str(number))])
            except Refused:
                return False
            return True

        assert [is_taken(n) for n in (low - 1, low, high, high + 1)] == [False, True, True, False], name


@METHODS_BY_NAME
def test_a_page_is_as_long_as_described(method: Method) -> None:
    limit = parameters(method).get("limit")

    assert limit is None or method.page == limit["default"]


def test_the_feeds_filters_are_the_described_ones() -> None:
    described = parameters(METHODS["app.bsky.feed.getAuthorFeed"])["filter"]

    assert set(FILTERS) == set(described["knownValues"])
    assert FILTERS[0] == described["default"]


def test_what_is_shown_of_a_post_is_described() -> None:
    now = datetime(2026, 11, 2, tzinfo=UTC)
    me = WorldAccount(key="a", platform="bluesky", native_id="did:plc:a", name="A", username="a.example")
    post = WorldItem(
        id="at://did:plc:a/app.bsky.feed.post/3a", account="a", kind=Kind.POST, author_id="did:plc:a", author_name="A",
        text="@a.example", published_at=now, by_account=True, extra={"label": "spam"},
    )  # fmt: skip
    reply = WorldItem(
        id="at://did:plc:b/app.bsky.feed.post/3b", account="a", kind=Kind.COMMENT, author_id="did:plc:b",
        author_name="B", text="Hej", published_at=now, parent_id=post.id, root_id=post.id, hidden_at=now,
    )  # fmt: skip
    posts = Posts(World(lambda: now, [me], [post, reply]))
    described = lexicon("app.bsky.feed.defs")

    view = posts.view(post)
    record = posts.record(reply)

    assert view.keys() <= described["postView"]["properties"].keys()
    assert set(described["postView"]["required"]) <= view.keys()
    assert view["threadgate"].keys() <= described["threadgateView"]["properties"].keys()  # type: ignore[attr-defined]  # a gate
    fields = lexicon("app.bsky.feed.post")["main"]["record"]
    assert record.keys() - {"$type"} <= fields["properties"].keys()
    assert set(fields["required"]) <= record.keys()
