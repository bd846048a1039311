"""Recorded answers, where they lie beside the repository, go through the mapping as the contract says."""

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from tests.adapters._graph.town import facebook_account

from watchdaemon.domain.item import Item, Visibility
from watchdaemon.errors import MalformedItemError
from watchdaemon_adapters._graph.errors import graph_error, pause_of
from watchdaemon_adapters._graph.mapping import map_message
from watchdaemon_adapters._graph.paging import next_of
from watchdaemon_adapters._graph.tokens import health_of
from watchdaemon_adapters.facebook.mapping import map_comment, map_mention, map_post, map_visitor_post, settle_threads

RECORDINGS = Path(__file__).parents[4] / "shared" / "contracts" / "meta" / "recordings"

pytestmark = pytest.mark.skipif(not RECORDINGS.is_dir(), reason="the recordings lie outside the repository")


def load(name: str) -> Any:
    found = json.loads((RECORDINGS / name).read_text())
    return found["body"] if isinstance(found, dict) and {"origin", "body"} <= set(found) else found


def objects_in(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [value, *(o for inner in value.values() for o in objects_in(inner))]
    return [o for inner in value for o in objects_in(inner)] if isinstance(value, list) else []


def page(native_id: str) -> Any:
    return facebook_account(native_id=native_id)


def under() -> Item:
    return map_post({"id": "1_2", "created_time": "2021-01-01T00:00:00+0000"}, page("1"))


def every_file() -> list[str]:
    return sorted(str(p.relative_to(RECORDINGS)) for p in RECORDINGS.rglob("*.json")) if RECORDINGS.is_dir() else []


@pytest.mark.parametrize("name", every_file())
def test_no_recorded_object_breaks_a_mapper(name: str) -> None:
    account, post = page("1"), under()
    for row in objects_in(load(name)):
        makers: list[Callable[[], Item]] = [
            partial(map_post, row, account),
            partial(map_comment, row, account, post),
            partial(map_visitor_post, row, account),
            partial(map_mention, row, account),
            partial(map_message, row, account, conversation_id="t", url=None),
        ]
        for make in makers:
            try:
                item = make()
            except MalformedItemError:
                continue
            assert item.published_at.utcoffset() is not None
            assert item.external_id


def test_comments_without_an_author_are_unknown_visitors() -> None:
    answer = load("facebook/comments_without_from_p1.json")
    rows = [{"id": f"92522222013512231_{n}", **row} for n, row in enumerate(answer["data"])]
    items = [map_comment(row, page("98391720044"), under()) for row in rows]

    assert len(items) == 10
    assert {(i.author_id, i.by_account) for i in items} == {(None, False)}
    assert next_of(answer, platform="facebook", account="a") == {"after": "after"}


def test_a_page_token_shows_author_and_moderation() -> None:
    item = map_comment(load("facebook/comment_full_page_token.json"), page("9252490554831920"), under())

    assert (item.author_id, item.by_account, item.visibility) == ("9320212220108206", False, Visibility.PUBLIC)
    assert (item.url or "").endswith("?comment_id=9413720110427120")


@pytest.mark.parametrize("name", ["comment_by_page_can_hide", "comment_by_page_with_object"])
def test_a_comment_by_the_page_is_its_own(name: str) -> None:
    row = load(f"facebook/{name}.json")

    assert map_comment(row, page(row["from"]["id"]), under()).by_account


def test_messages_of_both_sides_are_told_apart() -> None:
    from_page, from_person = load("facebook/message_from_page.json"), load("facebook/message_model.json")

    assert map_message(from_page, page("990505204721"), conversation_id="t", url=None).by_account
    assert not map_message(from_person, page("9252490554831920"), conversation_id="t", url=None).by_account


def test_a_message_with_a_picture_alone_has_no_text() -> None:
    row = load("facebook/message_with_attachment.json")

    assert map_message(row, page("9252490554831920"), conversation_id="t", url=None).text == ""


def test_a_message_without_a_time_is_malformed() -> None:
    with pytest.raises(MalformedItemError):
        map_message(load("facebook/message_eu_media_withheld.json"), page("1"), conversation_id="t", url=None)


def test_a_recorded_feed_is_read_whole() -> None:
    posts = [
        map_post(row, page("98391720044")) for row in load("facebook/page_feed_with_comment_counts_p1.json")["data"]
    ]

    assert all(p.by_account and p.url and p.external_id.startswith("98391720044_") for p in posts)


def test_recorded_comments_keep_their_number() -> None:
    rows = list(load("facebook/comments_multi_ids.json").values())
    items = settle_threads([map_comment(row, page("1"), under()) for row in rows])

    assert [i.external_id for i in items] == [row["id"] for row in rows]


@pytest.mark.parametrize(
    ("name", "status", "reason"),
    [
        ("errors/error_190_460.json", 400, "unauthorised"),
        ("errors/error_100_missing_permission.json", 400, "permission"),
        ("errors/error_100_appsecret_proof.json", 400, "permission"),
        ("errors/threads_error_100_33.json", 400, "gone"),
        ("errors/ig_error_2500.json", 400, "malformed"),
        ("errors/error_1_is_transient_false.json", 400, "outage"),
        ("documented/error_100_after_cursor.json", 400, "incomplete"),
        ("documented/error_1_reduce_amount_http500.json", 500, "outage"),
        ("documented/error_32_page_request_limit.json", 400, "rate_limited"),
        ("documented/error_80001_pages_buc.json", 400, "rate_limited"),
    ],
)
def test_recorded_errors_are_sorted(name: str, status: int, reason: str) -> None:
    error = graph_error(load(name), status=status, headers={}, platform="facebook", account=None)

    assert error.reason.value == reason


def test_recorded_usage_without_a_block_means_the_usual_pause() -> None:
    headers = json.loads((RECORDINGS / "documented/header_x_business_use_case_usage.json").read_text())["headers"]

    assert pause_of(headers).total_seconds() == 3600


def test_a_persons_token_is_told_from_a_pages() -> None:
    person = health_of(load("tokens/debug_token_user.json"), page("1"), expected_type="PAGE", needed_scopes=["x"])
    own = {"data": load("tokens/debug_token_page_never_expires.json")}
    never = health_of(own, page("957341388"), expected_type="PAGE", needed_scopes=["email", "x"])

    assert not person.is_valid
    assert person.expires_at is not None
    assert never.is_valid
    assert (never.expires_at, never.missing_scopes) == (None, ("x",))
