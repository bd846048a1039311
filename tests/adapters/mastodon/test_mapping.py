"""Statuses of an instance's own shape, and the items expected from them."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from tests.adapters.mastodon.town import account

from watchdaemon.domain.item import Item, ItemKind, Visibility
from watchdaemon.errors import MalformedItemError
from watchdaemon_adapters.mastodon.mapping import View, map_status
from watchdaemon_adapters.mastodon.profile import newest_time, profile_name, profile_text
from watchdaemon_adapters.mastodon.tree import Place

RECORDINGS = Path(__file__).parents[4] / "shared/contracts/mastodon/recordings"
VIEW = View(account="mastodon-kommun", own_ids=frozenset({"700"}))
ALONE = Place(thread_id="900", root_id=None, is_below_own=False)


def status(**changes: Any) -> dict[str, Any]:
    """A citizen's status as an instance writes it."""
    facts: dict[str, Any] = {
        "id": "900",
        "created_at": "2026-11-20T07:58:00.123Z",
        "edited_at": None,
        "in_reply_to_id": None,
        "in_reply_to_account_id": None,
        "spoiler_text": "",
        "visibility": "public",
        "uri": "https://andra.example/users/kim/statuses/1",
        "url": "https://andra.example/@kim/1",
        "content": "<p>När öppnar <span>badet</span>?</p>",
        "account": {"id": "701", "username": "kim", "acct": "kim@andra.example", "display_name": "Kim Exempel"},
    }
    return {**facts, **changes}


def test_a_status_becomes_an_item_without_loss() -> None:
    assert map_status(status(), ALONE, VIEW) == Item(
        account="mastodon-kommun",
        platform="mastodon",
        external_id="900",
        thread_id="900",
        kind=ItemKind.MENTION,
        published_at=datetime(2026, 11, 20, 7, 58, 0, 123000, UTC),
        author="Kim Exempel",
        author_id="701",
        text="När öppnar badet?",
        url="https://andra.example/@kim/1",
        extra={"acct": "kim@andra.example"},
    )


def test_without_a_display_name_the_address_is_shown() -> None:
    raw = status(account={"id": "701", "acct": "kim@andra.example", "display_name": ""})

    assert map_status(raw, ALONE, VIEW).author == "@kim@andra.example"


def test_without_an_address_to_look_at_the_identifier_is_one() -> None:
    assert map_status(status(url=None), ALONE, VIEW).url == "https://andra.example/users/kim/statuses/1"
    assert map_status(status(url="javascript:x", uri=None), ALONE, VIEW).url is None


def test_a_content_warning_is_part_of_what_was_written() -> None:
    raw = status(spoiler_text="Om badet?", content="<p>Är det öppet</p>")

    assert map_status(raw, ALONE, VIEW).text == "Om badet?\n\nÄr det öppet"


def test_a_picture_without_words_is_an_item_without_text() -> None:
    assert map_status(status(content=""), ALONE, VIEW).text == ""


def test_a_time_with_another_offset_is_the_same_instant() -> None:
    raw = status(created_at="2026-11-20T08:58:00.123456+01:00", edited_at="2026-11-20T08:00:00+00:00")
    item = map_status(raw, ALONE, VIEW)

    assert item.published_at == datetime(2026, 11, 20, 7, 58, 0, 123456, UTC)
    assert item.edited_at == datetime(2026, 11, 20, 8, tzinfo=UTC)


VISIBILITIES: list[tuple[object, Visibility, ItemKind]] = [
    ("public", Visibility.PUBLIC, ItemKind.MENTION),
    ("unlisted", Visibility.PUBLIC, ItemKind.MENTION),
    ("private", Visibility.PRIVATE, ItemKind.MENTION),
    ("direct", Visibility.PRIVATE, ItemKind.MESSAGE),
    ("limited", Visibility.PRIVATE, ItemKind.MENTION),
    (None, Visibility.PRIVATE, ItemKind.MENTION),
    ([], Visibility.PRIVATE, ItemKind.MENTION),
]


@pytest.mark.parametrize(("said", "visibility", "kind"), VISIBILITIES)
def test_only_what_is_surely_public_is_public(said: object, visibility: Visibility, kind: ItemKind) -> None:
    item = map_status(status(visibility=said), ALONE, VIEW)

    assert (item.visibility, item.kind) == (visibility, kind)


OWN = {"id": "700", "acct": "exempelkommun", "display_name": "Exempelkommun"}
QUOTED = {"state": "accepted", "quoted_status": {"id": "5", "account": {"id": "700"}}}
KINDS = [
    ("an own post", {"account": OWN}, {}, ItemKind.POST),
    ("an own answer", {"account": OWN, "in_reply_to_id": "5"}, {}, ItemKind.COMMENT),
    (
        "an own answer whose question is deleted",
        {"account": OWN, "in_reply_to_account_id": "701"},
        {},
        ItemKind.COMMENT,
    ),
    ("a mention", {}, {}, ItemKind.MENTION),
    ("a reply under an own post", {"in_reply_to_id": "5"}, {"root_id": "5"}, ItemKind.COMMENT),
    ("a reply somewhere below an own answer", {"in_reply_to_id": "5"}, {"is_below_own": True}, ItemKind.COMMENT),
    ("a reply to the account", {"in_reply_to_id": "5", "in_reply_to_account_id": "700"}, {}, ItemKind.COMMENT),
    ("a reply to somebody else", {"in_reply_to_id": "5", "in_reply_to_account_id": "702"}, {}, ItemKind.MENTION),
    ("a quote", {"quote": QUOTED}, {}, ItemKind.QUOTE),
    ("a quote of somebody else's post", {"quote": {"quoted_status": {"account": {"id": "9"}}}}, {}, ItemKind.MENTION),
    ("a quote that is not accepted yet", {"quote": {"state": "pending"}}, {}, ItemKind.MENTION),
    ("a reply that quotes", {"in_reply_to_id": "5", "quote": QUOTED}, {"root_id": "5"}, ItemKind.COMMENT),
]


@pytest.mark.parametrize(("changes", "place", "kind"), [k[1:] for k in KINDS], ids=[k[0] for k in KINDS])
def test_what_a_status_is_follows_from_where_it_stands(
    changes: dict[str, Any], place: dict[str, Any], kind: ItemKind
) -> None:
    standing = Place(**{"thread_id": "900", "root_id": None, "is_below_own": False, **place})

    assert map_status(status(**changes), standing, VIEW).kind is kind


def test_a_quote_that_is_known_as_one_is_one_before_it_shows() -> None:
    raw = status(quote={"state": "pending", "quoted_status": None})

    assert map_status(raw, ALONE, VIEW, quotes_us=True).kind is ItemKind.QUOTE


@pytest.mark.parametrize(
    "changes",
    [
        {"id": None},
        {"id": 900},
        {"created_at": None},
        {"created_at": "2026-11-20T07:58:00"},
        {"created_at": "i går"},
        {"account": None},
        {"account": {"id": None}},
        {"content": None},
        {"spoiler_text": 3},
        {"edited_at": "nyss"},
    ],
    ids=str,
)
def test_a_status_that_lacks_what_matters_is_malformed_and_the_error_is_silent_about_it(changes: Any) -> None:
    with pytest.raises(MalformedItemError) as caught:
        map_status(status(**changes), ALONE, VIEW)

    assert "badet" not in str(caught.value)
    assert "Kim" not in str(caught.value)


def test_a_profile_reads_as_a_reader_sees_it() -> None:
    me = {
        "display_name": "",
        "acct": "exempelkommun",
        "note": "<p>Vi svarar vardagar.</p>",
        "fields": [
            {"name": "Webb", "value": '<a href="https://exempelkommun.example">exempelkommun.example</a>'},
            {"name": 3},
            "x",
        ],
    }

    assert profile_name(me) == "@exempelkommun"
    assert profile_text(me) == "Vi svarar vardagar.\nWebb: exempelkommun.example"
    assert profile_text({"note": None, "fields": None}) == ""


def test_the_newest_time_is_found_wherever_it_stands() -> None:
    rows = [{"created_at": "2026-01-01T00:00:00Z"}, {"created_at": "2026-02-01T00:00:00Z"}, {}, None]

    assert newest_time(rows) == datetime(2026, 2, 1, tzinfo=UTC)
    assert newest_time([]) is None


@pytest.mark.skipif(not RECORDINGS.is_dir(), reason="the recorded answers lie outside the repository")
def test_recorded_statuses_map_without_loss() -> None:
    found = [s for file in sorted(RECORDINGS.glob("*.json")) for s in _statuses(json.loads(file.read_text()))]
    for raw in found:
        item = map_status(raw, Place(thread_id=raw["id"], root_id=None, is_below_own=False), VIEW)

        assert (item.external_id, item.parent_id) == (raw["id"], raw["in_reply_to_id"])
        assert (item.author_id, item.extra["acct"]) == (raw["account"]["id"], raw["account"]["acct"])
        assert item.url == raw["url"]
        assert item.published_at == datetime.fromisoformat(raw["created_at"])
        assert (item.edited_at is None) == (raw["edited_at"] is None)
        assert (item.visibility is Visibility.PUBLIC) == (raw["visibility"] in ("public", "unlisted"))
        assert item.text
        assert "<" not in item.text

    assert len(found) > 60
    assert account().key == VIEW.account


def _statuses(body: Any) -> list[dict[str, Any]]:
    """Every status at any depth; deleted ones, which come with their source instead of their content, left out."""
    if isinstance(body, list):
        return [s for inner in body for s in _statuses(inner)]
    if not isinstance(body, dict):
        return []
    own = [body] if "content" in body and "visibility" in body and not body.get("reblog") else []
    return own + [s for inner in body.values() for s in _statuses(inner)]
