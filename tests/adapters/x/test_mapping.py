"""X's JSON to items: pairs of an answer and what it means, the recorded answers, and any JSON at all."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.adapters.x.fake import CITIZEN, ME, any_json, message, post

from watchdaemon.domain.item import Item, ItemKind
from watchdaemon.errors import MalformedItemError
from watchdaemon_adapters.x.mapping import (
    Author,
    View,
    authors_in,
    item_id,
    latest_version,
    map_message,
    map_post,
    parse_time,
)

VIEW = View(account="x-kommun", own_ids=frozenset({ME}), roots=frozenset({"1000"}))
AUTHORS = {CITIZEN: Author("Kim Exempel", "kim_exempel")}
RECORDINGS = Path(__file__).parents[4] / "shared" / "contracts" / "x" / "recordings"


def mapped(raw: Any) -> Item:
    """The item a post is."""
    item = map_post(raw, AUTHORS, VIEW)
    assert item is not None
    return item


def test_both_spellings_mean_the_same() -> None:
    old = post("1009", reply_to=("1000", ME), edit_history_tweet_ids=["1001", "1009"], note_tweet={"text": "Allt"})
    new = copy.deepcopy(old)
    for word in ("referenced_tweets", "edit_history_tweet_ids", "note_tweet"):
        new[word.replace("tweet", "post")] = new.pop(word)

    assert mapped(new) == mapped(old)
    assert (mapped(new).external_id, mapped(new).text) == ("1001", "Allt")


def test_a_long_text_is_read_whole_from_its_note() -> None:
    raw = post("1001", text="Början …", note_tweet={"text": "Början och slutet"})

    assert mapped(raw).text == "Början och slutet"


@pytest.mark.parametrize(
    ("raw", "kind", "thread_id", "root_id"),
    [
        (post("1000", author=ME), ItemKind.POST, "1000", None),
        (post("1002", author=ME, quotes="5"), ItemKind.POST, "1002", None),
        (post("1002", author=ME, reply_to=("1001", CITIZEN), conversation="1000"), ItemKind.COMMENT, "1000", "1000"),
        (post("1002", author=ME, reply_to=("77", CITIZEN), conversation="70"), ItemKind.COMMENT, "70", None),
        (post("1003", reply_to=("1000", ME)), ItemKind.COMMENT, "1000", "1000"),
        (post("1003", reply_to=("800", ME)), ItemKind.COMMENT, "800", "800"),  # an old own post, known by its author
        (post("1003", reply_to=("801", ME), conversation="70"), ItemKind.COMMENT, "70", None),
        (post("1003", reply_to=("1002", CITIZEN), conversation="1000"), ItemKind.COMMENT, "1000", "1000"),
        (post("1003", reply_to=("71", CITIZEN), conversation="70"), ItemKind.MENTION, "70", None),
        (post("1003", quotes="1000"), ItemKind.QUOTE, "1003", None),
        (post("1003", quotes="5"), ItemKind.MENTION, "1003", None),
        (post("1003"), ItemKind.MENTION, "1003", None),
    ],
)
def test_the_kind_of_a_post_follows_from_what_it_refers_to(
    raw: dict[str, Any], kind: ItemKind, thread_id: str, root_id: str | None
) -> None:
    item = mapped(raw)

    assert (item.kind, item.thread_id, item.root_id) == (kind, thread_id, root_id)


def test_a_missing_author_is_an_unknown_visitor_never_the_account() -> None:
    raw = post("1001")
    del raw["author_id"]

    item = mapped(raw)

    assert (item.author_id, item.author, item.by_account) == (None, None, False)
    assert item.url == "https://x.com/i/web/status/1001"


def test_a_further_own_id_speaks_for_the_account() -> None:
    view = View(account="x-kommun", own_ids=frozenset({ME, CITIZEN}))
    item = map_post(post("1001", reply_to=("5", "6")), AUTHORS, view)

    assert item is not None
    assert item.by_account


def test_an_edited_question_keeps_the_time_it_was_first_published() -> None:
    first, second = _snowflake("2026-11-20T10:00:00.000Z"), _snowflake("2026-11-20T10:20:00.000Z")
    raw = post(second, created_at="2026-11-20T10:20:00.000Z", edit_history_tweet_ids=[first, second])

    item = mapped(raw)

    assert item.published_at == parse_time("2026-11-20T10:00:00Z")
    assert item.edited_at == parse_time("2026-11-20T10:20:00Z")


@pytest.mark.parametrize("text", ["2026-10-26T18:59:01Z", "2026-10-26T18:59:01.000Z", "2026-10-26T20:59:01+02:00"])
def test_times_are_read_with_and_without_fractions(text: str) -> None:
    time = parse_time(text)

    assert time is not None
    assert time.isoformat() == "2026-10-26T18:59:01+00:00"


@pytest.mark.parametrize("value", [None, 5, "", "2026-10-26", "2026-10-26T18:59:01", "0001-01-01T00:00:00+14:00"])
def test_what_is_no_instant_is_no_time(value: object) -> None:
    assert parse_time(value) is None


@pytest.mark.parametrize("field", ["id", "created_at"])
def test_a_post_without_id_or_time_is_malformed(field: str) -> None:
    raw = post("1001")
    del raw[field]

    with pytest.raises(MalformedItemError):
        map_post(raw, AUTHORS, VIEW)


@pytest.mark.parametrize("field", ["id", "created_at", "dm_conversation_id"])
def test_a_message_without_id_time_or_conversation_is_malformed(field: str) -> None:
    raw = message("50")
    del raw[field]

    with pytest.raises(MalformedItemError):
        map_message(raw, AUTHORS, VIEW)


def test_somebody_joining_a_conversation_is_no_item() -> None:
    assert map_message({**message("50"), "event_type": "ParticipantsJoin"}, AUTHORS, VIEW) is None


def test_the_error_never_holds_the_citizens_words() -> None:
    with pytest.raises(MalformedItemError) as caught:
        map_post(post("x", text="hemligheten"), AUTHORS, VIEW)

    assert "hemligheten" not in str(caught.value)


@settings(deadline=None)
@given(data=st.data(), value=any_json)
def test_any_json_in_any_field_of_a_post_is_an_item_or_malformed(data: st.DataObject, value: Any) -> None:
    raw = post("1002", reply_to=("1001", CITIZEN), note_tweet={"text": "x"}, quotes="1000")
    _put_anywhere(raw, value, data)

    try:
        item = map_post(raw, AUTHORS, VIEW)
    except MalformedItemError:
        return

    assert item is None or (item.text.encode() and b"\x00" not in item.text.encode()) or item.text == ""


@settings(deadline=None)
@given(data=st.data(), value=any_json)
def test_any_json_in_any_field_of_a_message_is_an_item_or_malformed(data: st.DataObject, value: Any) -> None:
    raw = message("50")
    _put_anywhere(raw, value, data)

    try:
        item = map_message(raw, AUTHORS, VIEW)
    except MalformedItemError:
        return

    assert item is None or item.kind is ItemKind.MESSAGE


@settings(deadline=None)
@given(data=st.data(), value=any_json)
def test_any_json_in_the_included_users_leaves_them_readable(data: st.DataObject, value: Any) -> None:
    body = {"includes": {"users": [{"id": CITIZEN, "name": "Kim", "username": "kim"}]}}
    _put_anywhere(body, value, data)

    assert all(isinstance(a, Author) for a in authors_in(body).values())


@settings(deadline=None)
@given(any_json)
def test_any_json_at_all_can_be_asked_for_its_ids(value: Any) -> None:
    assert item_id(value) is None or item_id(value) == int(value["id"])  # a number is an id, too
    assert latest_version(value) is None


@pytest.mark.skipif(not RECORDINGS.is_dir(), reason="the recorded answers lie outside the repository")
def test_recorded_answers_go_through_the_mapping() -> None:
    """Recorded without the fields we ask for: with a time added each row is an item, without one it is malformed."""
    count = 0
    for file in sorted(RECORDINGS.glob("*.json")):
        for exchange in json.loads(file.read_text()):
            count += _check_recorded(exchange["response"]["body"])

    assert count > 30


def _check_recorded(body: Any) -> int:
    data = body.get("data") if isinstance(body, dict) else None
    rows = [r for r in (data if isinstance(data, list) else [data]) if isinstance(r, dict) and "text" in r]
    for row in rows:
        is_message = "event_type" in row
        mapper = map_message if is_message else map_post
        with pytest.raises(MalformedItemError):
            mapper(row, authors_in(body), VIEW)
        complete = {"created_at": "2022-10-07T22:51:11.000Z", "dm_conversation_id": "1-2", **row}
        item = mapper(complete, authors_in(body), VIEW)

        assert item is not None
        assert item.text == row["text"]
        assert item.external_id == row.get("edit_history_tweet_ids", [row["id"]])[0]
    return len(rows)


def _put_anywhere(raw: Any, value: Any, data: st.DataObject) -> None:
    """Replace one field, at any depth, by `value`."""
    places = list(_places(raw))
    holder, key = places[data.draw(st.integers(0, len(places) - 1))]
    holder[key] = value


def _places(raw: Any) -> Any:
    pairs = raw.items() if isinstance(raw, dict) else enumerate(raw) if isinstance(raw, list) else ()
    for key, inner in list(pairs):
        yield raw, key
        yield from _places(inner)


def _snowflake(instant: str) -> str:
    time = parse_time(instant)
    assert time is not None
    return str((round(time.timestamp() * 1000) - 1_288_834_974_657) << 22)
