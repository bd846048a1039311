"""The sandbox's YouTube against Google's own discovery document, as it comes with Google's client."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import googleapiclient
import pytest

from watchdaemon.sandbox import ids
from watchdaemon.sandbox.world import Kind, WorldAccount, WorldItem
from watchdaemon.sandbox.youtube import shape as youtube_shape
from watchdaemon.sandbox.youtube import spec as youtube_spec
from watchdaemon.sandbox.youtube.spec import Method, Refused

DOCUMENT = Path(googleapiclient.__file__).parent / "discovery_cache/documents/youtube.v3.json"
START = datetime(2026, 11, 2, tzinfo=UTC)


@pytest.fixture(scope="module")
def discovery() -> dict[str, Any]:
    return dict(json.loads(DOCUMENT.read_text()))


def described(discovery: dict[str, Any], method: Method) -> dict[str, Any]:
    resource, _, name = method.name.partition(".")
    return dict(discovery["resources"][resource]["methods"][name])


@pytest.mark.parametrize("method", youtube_spec.METHODS, ids=lambda method: method.name)
def test_a_method_takes_what_the_document_names_and_nothing_else(discovery: dict[str, Any], method: Method) -> None:
    document = described(discovery, method)
    own = set(method.parameters) | ({"part"} if method.needs_part else set())

    assert (document["httpMethod"], document["path"]) == (method.http, method.path)
    assert own == set(document["parameters"])
    assert set(discovery["parameters"]) == youtube_spec.STANDARD
    assert method.scopes <= set(document["scopes"])


@pytest.mark.parametrize("method", youtube_spec.METHODS, ids=lambda method: method.name)
def test_values_are_taken_within_the_documents_limits_and_refused_beyond(
    discovery: dict[str, Any], method: Method
) -> None:
    def is_taken(name: str, value: object) -> bool:
        try:
            method.parameters[name](name, [str(value)])
        except Refused:
            return False
        return True

    for name, parameter in described(discovery, method)["parameters"].items():
        assert all(is_taken(name, value) for value in parameter.get("enum", [])), name
        if "minimum" in parameter:
            low, high = int(parameter["minimum"]), int(parameter["maximum"])
            taken = [is_taken(name, number) for number in (low - 1, low, high, high + 1)]
            assert taken == [False, True, True, False], name
        if "default" in parameter and name == "maxResults":
            assert method.page == int(parameter["default"])


def check_described(discovery: dict[str, Any], schema: str, shown: dict[str, Any]) -> None:
    """See that everything shown is in the document's schema, on every level."""
    properties = discovery["schemas"][schema]["properties"]
    assert shown.keys() <= properties.keys(), schema
    for name, value in shown.items():
        inner = properties[name].get("$ref") or properties[name].get("items", {}).get("$ref")
        for part in value if isinstance(value, list) else [value]:
            if inner and isinstance(part, dict):
                check_described(discovery, inner, part)


def test_what_is_shown_of_channels_videos_and_comments_is_described(discovery: dict[str, Any]) -> None:
    account = WorldAccount(
        key="a", platform="youtube", native_id=ids.youtube_channel("a"), name="A", username="a", about="om"
    )
    video = WorldItem(
        id="v", account="a", kind=Kind.POST, author_id=account.native_id, author_name="A", text="t", published_at=START
    )
    top = WorldItem(
        id="Ugy", account="a", kind=Kind.COMMENT, author_id=account.native_id, author_name="A", text="t",
        published_at=START, root_id="v",
    )  # fmt: skip
    replies = [
        WorldItem(
            id=f"Ugy.{number}", account="a", kind=Kind.COMMENT, author_id="c", author_name="C", text="t",
            published_at=START, root_id="v", parent_id="Ugy",
        )
        for number in range(3)
    ]  # fmt: skip
    view = youtube_shape.View(channel=account, viewer=account.native_id, is_plain=True, tells_status=True, now=START)
    parts = frozenset().union(*(method.parts for method in youtube_spec.METHODS))
    thread = youtube_shape.thread(top, replies, view, parts)

    assert {"snippet", "replies"} <= thread.keys()
    check_described(discovery, "Channel", youtube_shape.channel(account, 1, parts))
    check_described(discovery, "Video", youtube_shape.video(video, account, 1, START, parts))
    check_described(discovery, "PlaylistItem", youtube_shape.playlist_item(video, account, 0, START, parts))
    check_described(discovery, "CommentThread", thread)
