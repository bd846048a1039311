"""Every recorded answer of the Graph maps without loss of text, author, time, parent or link."""

import json
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from tests.adapters._graph.town import facebook_account, instagram_account

from watchdaemon.domain.item import Item
from watchdaemon_adapters._graph.mapping import map_message
from watchdaemon_adapters.facebook import mapping as facebook
from watchdaemon_adapters.instagram import mapping as instagram

RECORDINGS = Path(__file__).parents[3] / "shared" / "contracts" / "meta" / "recordings"
OUTSIDE = "the recordings lie outside the repository"
pytestmark = pytest.mark.skipif(not RECORDINGS.is_dir(), reason=OUTSIDE)

PAGE, PROFESSIONAL = facebook_account(), instagram_account()
POST = facebook.map_post({"id": "1_2", "created_time": "2021-01-01T00:00:00+0000"}, PAGE)
MEDIA = instagram.map_media({"id": "3", "timestamp": "2021-01-01T00:00:00+0000"}, PROFESSIONAL)
ME = instagram.Identity(account=PROFESSIONAL, username="exempelbiblioteket")

Mapper = Callable[[dict[str, Any]], Item]


def of_facebook(row: dict[str, Any]) -> Item:
    return facebook.map_comment(row, PAGE, POST)


def a_post(row: dict[str, Any]) -> Item:
    return facebook.map_post(row, PAGE)


def a_mention(row: dict[str, Any]) -> Item:
    return facebook.map_mention(row, PAGE)


def a_message(row: dict[str, Any]) -> Item:
    return map_message(row, PAGE, conversation_id="t", url=None)


def of_instagram(row: dict[str, Any]) -> Item:
    return instagram.map_comment(row, PROFESSIONAL, ME, MEDIA)


def a_media(row: dict[str, Any]) -> Item:
    return instagram.map_media(row, PROFESSIONAL)


def a_tag(row: dict[str, Any]) -> Item:
    return instagram.map_tag(row, PROFESSIONAL, ME)


RECORDED: list[tuple[str, Mapper, int]] = [
    ("facebook/comment_by_page_can_hide.json", of_facebook, 1),
    ("facebook/comment_by_page_with_object.json", of_facebook, 1),
    ("facebook/comment_full_page_token.json", of_facebook, 1),
    ("facebook/comments_multi_ids.json", of_facebook, 2),
    ("facebook/comments_without_from_p1.json", of_facebook, 10),
    ("facebook/comments_without_from_p2.json", of_facebook, 1),
    ("facebook/post_with_comments_summary.json", of_facebook, 1),
    ("facebook/page_feed_with_comment_counts_p1.json", a_post, 1),
    ("facebook/page_feed_with_comment_counts_p2.json", a_post, 1),
    ("facebook/post_default_fields.json", a_post, 1),
    ("facebook/tagged_post.json", a_mention, 1),
    ("facebook/message_from_page.json", a_message, 1),
    ("facebook/message_model.json", a_message, 1),
    ("facebook/message_with_attachment.json", a_message, 1),
    ("documented/ig_message.json", a_message, 1),
    ("instagram/message_story_reply.json", a_message, 1),
    ("documented/ig_comments.json", of_instagram, 2),
    ("instagram/comment_fields.json", of_instagram, 1),
    ("instagram/comment_missing_user.json", of_instagram, 1),
    ("instagram/comment_model.json", of_instagram, 1),
    ("instagram/comment_with_replies.json", of_instagram, 2),
    ("instagram/comments_multi_ids.json", of_instagram, 2),
    ("instagram/comments_p1.json", of_instagram, 1),
    ("instagram/comments_p2.json", of_instagram, 1),
    ("instagram/replies.json", of_instagram, 1),
    ("instagram/reply_model.json", of_instagram, 1),
    ("instagram/media_p2.json", a_media, 1),
    ("instagram/tagged_media.json", a_tag, 1),
]


def items_in(value: Any) -> Iterator[dict[str, Any]]:
    """Yield every object that has an item's time and text."""
    if isinstance(value, list):
        for inner in value:
            yield from items_in(inner)
    elif isinstance(value, dict):
        has_time = bool({"created_time", "tagged_time", "timestamp"} & set(value))
        if has_time and {"message", "text", "caption", "story", "from"} & set(value):
            yield value
        for inner in value.values():
            yield from items_in(inner)


def first_of(row: dict[str, Any], *names: str) -> Any:
    return next((row[n] for n in names if row.get(n)), None)


@pytest.mark.parametrize(("name", "map_row", "least"), RECORDED)
def test_nothing_of_a_recorded_answer_is_lost(name: str, map_row: Mapper, least: int) -> None:
    rows = list(items_in(json.loads((RECORDINGS / name).read_text())))

    assert len(rows) >= least
    for number, row in enumerate(rows):
        # some were recorded without an id or with another time: what we ask for has both
        given = {"id": f"9_{number}", **row, "created_time": first_of(row, "created_time", "tagged_time")}
        item = map_row(given if "timestamp" not in row else row)
        author = row.get("from") or {}

        assert item.external_id == given["id"]
        assert item.text == (first_of(row, "message", "text", "caption", "story") or "")
        assert item.published_at == datetime.fromisoformat(first_of(row, "created_time", "timestamp", "tagged_time"))
        if map_row in (of_facebook, a_message):
            assert (item.author, item.author_id) == (first_of(author, "name", "username"), author.get("id"))
        if map_row in (of_instagram, a_tag, a_media) and "username" in row:
            assert item.author == row["username"]
        if map_row in (of_facebook, of_instagram):
            assert item.parent_id == (row.get("parent", {}).get("id") or row.get("parent_id"))
        assert item.url == (
            first_of(row, "permalink_url", "permalink") or (MEDIA.url if map_row is of_instagram else None)
        )
