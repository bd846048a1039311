"""Every recorded answer of X, YouTube, Bluesky, Mastodon and Threads maps without loss of what an item is.

What it must become is worked out here anew from the platforms' own words, not by the adapters' mappings. The Graph's
recordings have a test of their own (test_meta_recordings.py).
"""

import html
import json
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from tests.adapters.threads.hall import account as threads_account

from watchdaemon.domain.item import Item, Visibility
from watchdaemon_adapters.bluesky import mapping as bluesky
from watchdaemon_adapters.mastodon.mapping import View as MastodonView
from watchdaemon_adapters.mastodon.mapping import map_status
from watchdaemon_adapters.mastodon.tree import Place
from watchdaemon_adapters.threads import mapping as threads
from watchdaemon_adapters.x import mapping as x
from watchdaemon_adapters.youtube import mapping as youtube

CONTRACTS = Path(__file__).parents[2].parent / "shared" / "contracts"
needs_recordings = pytest.mark.skipif(not CONTRACTS.is_dir(), reason="the recordings lie outside the repository")

Row = dict[str, Any]


class Facts(NamedTuple):
    """What must not be lost."""

    id: str
    text: str
    author: str | None
    author_id: str | None
    published_at: datetime
    parent_id: str | None
    url: str | None


Pair = tuple[Item | None, Facts]


def recordings(folder: str, pattern: str = "*.json") -> Iterator[Any]:
    """Give every recorded body."""
    for file in sorted((CONTRACTS / folder / "recordings").glob(pattern)):
        body = json.loads(file.read_text())
        is_cassette = isinstance(body, list) and all(isinstance(e, dict) and "response" in e for e in body)
        yield from [e["response"]["body"] for e in body] if is_cassette else [body]


def objects_in(value: Any, *, without: frozenset[str] = frozenset()) -> Iterator[Row]:
    """Give every JSON object at any depth."""
    if isinstance(value, list):
        for inner in value:
            yield from objects_in(inner, without=without)
    elif isinstance(value, dict):
        yield value
        for name, inner in value.items():
            if name not in without:
                yield from objects_in(inner, without=without)


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def of_x() -> Iterator[Pair]:
    """X's were recorded without the fields that we ask for; what they lack is added, what they have must stay."""
    view = x.View(account="a", own_ids=frozenset({"1"}), roots=frozenset())
    added = {
        "created_at": "2022-10-07T22:51:11.000Z",
        "author_id": "77",
        "sender_id": "77",
        "dm_conversation_id": "1-2",
    }
    answered = {"referenced_tweets": [{"type": "replied_to", "id": "55"}]}
    names = {"77": x.Author("Kim Exempel", "kim_exempel")}
    for body in recordings("x"):
        data = body.get("data") if isinstance(body, dict) else None
        for row in data if isinstance(data, list) else [data]:
            if not isinstance(row, dict) or "text" not in row:
                continue
            is_message = "event_type" in row
            raw = {**added, **({} if is_message else answered), **row}
            parent = next((r["id"] for r in raw.get("referenced_tweets", []) if r["type"] == "replied_to"), None)
            link = f"https://x.com/kim_exempel/status/{row['id']}"
            facts = Facts(
                raw.get("edit_history_tweet_ids", [raw["id"]])[0],
                raw["text"],
                "Kim Exempel",
                "77",
                instant(raw["created_at"]),
                parent,
                "https://x.com/messages/1-2" if is_message else link,
            )
            yield (x.map_message if is_message else x.map_post)(raw, names, view), facts


def of_youtube() -> Iterator[Pair]:
    view = youtube.View(account="a", channel_id="UC1", own_ids=frozenset({"UC1"}))
    for body in recordings("youtube", "comment*.json"):
        for row in objects_in(body):
            snippet = row.get("snippet", {})
            if row.get("kind") != "youtube#comment":
                continue
            video = snippet.get("videoId")
            facts = Facts(
                row["id"],
                snippet["textDisplay"],
                snippet["authorDisplayName"],
                snippet["authorChannelId"]["value"],
                instant(snippet["publishedAt"]),
                snippet.get("parentId"),
                f"https://www.youtube.com/watch?v={video}&lc={row['id']}"
                if video
                else "https://www.youtube.com/channel/UC1",
            )
            yield youtube.map_comment(row, view, default=Visibility.PUBLIC), facts


def of_bluesky() -> Iterator[Pair]:
    view = bluesky.View(account="a", own_ids=frozenset())
    # what a post quotes or shows of another is that one's own
    for body in recordings("bluesky"):
        for row in objects_in(body, without=frozenset({"embed"})):
            record = row.get("record")
            if not isinstance(record, dict) or record.get("$type") != "app.bsky.feed.post" or "indexedAt" not in row:
                continue
            author = row["author"]
            facts = Facts(
                row["uri"],
                record["text"],
                author.get("displayName") or f"@{author['handle']}",
                author["did"],
                min(instant(record["createdAt"]), instant(row["indexedAt"])),
                record.get("reply", {}).get("parent", {}).get("uri"),
                f"https://bsky.app/profile/{author['did']}/post/{row['uri'].rpartition('/')[2]}",
            )
            yield bluesky.map_post(row, view), facts


def of_mastodon() -> Iterator[Pair]:
    view = MastodonView(account="a", own_ids=frozenset())
    for body in recordings("mastodon"):
        for row in objects_in(body):
            # a deleted one comes with its source and without its content; a boost is another's words
            if "content" not in row or "visibility" not in row or row.get("reblog"):
                continue
            author = row["account"]
            facts = Facts(
                row["id"],
                said_in(row),
                author["display_name"] or f"@{author['acct']}",
                author["id"],
                instant(row["created_at"]),
                row["in_reply_to_id"],
                row["url"],
            )
            place = Place(thread_id=row["id"], root_id=None, is_below_own=False)
            yield map_status(row, place, view), facts


def said_in(status: Row) -> str:
    """Read Mastodon's markup by its own few rules: paragraphs, breaks, and what is there for other servers only."""
    text = re.sub(r'<p class="quote-inline">.*?</p>', "", status["content"])
    text = re.sub(r"</p>\s*<p[^>]*>", "\n\n", re.sub(r"<br ?/?>", "\n", text))
    said = html.unescape(re.sub(r"<[^>]+>", "", text)).strip()
    return "\n\n".join(part for part in (status["spoiler_text"].strip(), said) if part)


def of_threads() -> Iterator[Pair]:
    """Threads' samples give several replies one id, and none of them an author or an address."""
    ours = threads_account()
    me = threads.Identity(account=ours, username="exempelbadet")
    root = threads.map_post({"id": "1", "timestamp": "2024-01-01T18:20:00+0000"}, ours)
    added = {"username": "kim.exempel", "permalink": "https://www.threads.net/@kim.exempel/post/abc"}
    bodies = [*recordings("meta", "threads/*.json"), *recordings("meta", "documented/threads_webhook_reply.json")]
    rows = (row for body in bodies for row in objects_in(body) if "text" in row and "timestamp" in row)
    for number, row in enumerate(rows):
        raw = {**added, **row, "id": f"{row['id']}{number}"}
        is_reply = "replied_to" in raw
        facts = Facts(
            raw["id"],
            raw["text"],
            raw["username"],
            raw["username"] if is_reply else ours.native_id,
            instant(raw["timestamp"]),
            raw["replied_to"]["id"] if is_reply else None,
            raw["permalink"],
        )
        yield threads.map_reply(raw, ours, me, root, {}) if is_reply else threads.map_post(raw, ours), facts


@needs_recordings
@pytest.mark.parametrize(
    ("pairs", "least"),
    [(of_x, 35), (of_youtube, 25), (of_bluesky, 30), (of_mastodon, 60), (of_threads, 6)],
    ids=["x", "youtube", "bluesky", "mastodon", "threads"],
)
def test_nothing_of_any_recorded_answer_is_lost(pairs: Callable[[], Iterator[Pair]], least: int) -> None:
    count = 0
    for item, facts in pairs():
        count += 1

        assert item is not None
        assert facts == Facts(
            item.external_id, item.text, item.author, item.author_id, item.published_at, item.parent_id, item.url
        )
    assert count >= least
