"""A real server's recorded answers, where they are at hand: everything in them is mapped, and nothing is lost."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from watchdaemon.errors import AdapterError, RateLimitedError, Reason
from watchdaemon_adapters.bluesky.mapping import View, map_post, parse_time
from watchdaemon_adapters.bluesky.problems import NotThereError, error_from
from watchdaemon_adapters.bluesky.threads import read_thread

RECORDINGS = Path(__file__).parents[3].parent / "shared/contracts/bluesky/recordings"
STADT = "did:plc:vmeryf7ij5hot7r6ibeson55"
POST = "app.bsky.feed.post"

pytestmark = pytest.mark.skipif(not RECORDINGS.exists(), reason="the recordings are outside the repository")


def exchanges() -> Iterator[dict[str, Any]]:
    """Every recorded request with its answer."""
    for path in sorted(RECORDINGS.glob("*.json")):
        yield from json.loads(path.read_text())


def posts_in(value: Any) -> Iterator[dict[str, Any]]:
    """Every post view and notification of a post, wherever it is in an answer; quoted ones are no items."""
    if isinstance(value, dict):
        record = value.get("record")
        if isinstance(record, dict) and record.get("$type") == POST and "indexedAt" in value:
            yield value
        for name, part in value.items():
            if name != "embed":
                yield from posts_in(part)
    elif isinstance(value, list):
        for part in value:
            yield from posts_in(part)


def test_every_recorded_post_maps_without_loss() -> None:
    view = View(account="a", own_ids=frozenset({STADT}))
    found = [post for e in exchanges() if e["response"]["status"] == 200 for post in posts_in(e["response"]["body"])]

    assert len(found) > 20
    for post in found:
        item = map_post(post, view)
        record = post["record"]
        assert (item.external_id, item.text, item.author_id) == (post["uri"], record["text"], post["author"]["did"])
        assert item.published_at in (parse_time(record["createdAt"]), parse_time(post["indexedAt"]))
        assert item.parent_id == record.get("reply", {}).get("parent", {}).get("uri")
        assert item.by_account == (item.author_id == STADT)
        assert item.author
        assert item.url


def test_every_recorded_thread_is_read_whole() -> None:
    threads = [e["response"]["body"] for e in exchanges() if "thread" in (e["response"]["body"] or {})]

    assert threads
    for body in threads:
        reading = read_thread(body)
        below = {k: v for k, v in body["thread"].items() if k != "parent"}
        assert {p["uri"] for p in reading.posts} == {p["uri"] for p in posts_in(below)}  # type: ignore[index]  # raw posts
        assert (reading.broken, reading.blocked) == (0, 0)


def test_the_recorded_gate_is_seen() -> None:
    gates = [read_thread(e["response"]["body"]).hidden for e in exchanges() if "nach hide" in e["name"]
             and e["response"]["status"] == 200]  # fmt: skip

    assert gates
    assert all(len(hidden) == 1 for hidden in gates)


def test_every_recorded_refusal_has_a_meaning() -> None:
    known: dict[str, type[AdapterError]] = {"RateLimitExceeded": RateLimitedError, "NotFound": NotThereError}
    now = parse_time("2026-11-22T19:00:00Z")
    assert now is not None
    seen = set()
    for e in exchanges():
        status, body = e["response"]["status"], e["response"]["body"]
        if status < 400:
            continue
        error = error_from(
            status, e["response"].get("headers", {}), body, account="a", call=e["request"]["nsid"], now=now
        )
        assert error is not None
        assert isinstance(error, known.get(body["error"], AdapterError))
        assert error.reason is not Reason.INTERNAL or body["error"] == "InvalidRequest"
        seen.add(body["error"])

    assert {"ExpiredToken", "InvalidToken", "AuthMissing", "NotFound", "RateLimitExceeded"} & seen
