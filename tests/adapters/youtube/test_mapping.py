"""YouTube's JSON to items: pairs of an answer and what it means, the recorded answers, and any JSON at all."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.adapters.youtube.fake import ME, NOW, VIDEO, account, any_json, at, channel, comment, reply, video

from watchdaemon.domain.item import Item, ItemKind, Visibility
from watchdaemon.errors import AccountError, MalformedItemError
from watchdaemon_adapters.youtube.channel import own_channel
from watchdaemon_adapters.youtube.mapping import View, map_comment, map_upload, parse_time, read_thread, upload_time
from watchdaemon_adapters.youtube.problems import error_from, reasons_in

VIEW = View(account="yt-kommun", channel_id=ME, own_ids=frozenset({ME}))
RECORDINGS = Path(__file__).parents[4] / "shared" / "contracts" / "youtube" / "recordings"


def mapped(raw: Any, **more: Any) -> Item:
    """The item a comment is."""
    return map_comment(raw, VIEW, default=Visibility.PUBLIC, **more)


def thread(top: Any, **snippet: Any) -> dict[str, Any]:
    """A row of a thread listing."""
    return {"id": "T1", "snippet": {"videoId": VIDEO, "topLevelComment": top, "totalReplyCount": 0, **snippet}}


def test_a_reply_belongs_to_its_top_level_comment_and_its_video() -> None:
    item = mapped(reply("T1", "r1"), thread_id="T1", video_id=VIDEO)

    assert (item.thread_id, item.parent_id, item.root_id) == ("T1", "T1", VIDEO)
    assert item.url == f"https://www.youtube.com/watch?v={VIDEO}&lc=T1.r1"


def test_a_reply_to_a_reply_stays_in_the_thread_of_the_top_level_comment() -> None:
    item = mapped(comment("T1.r1.x", parentId="T1.r1"))

    assert (item.thread_id, item.parent_id) == ("T1", "T1.r1")


def test_a_reply_without_its_parent_is_known_by_its_own_id() -> None:
    item = mapped(comment("T1.r1"))

    assert (item.thread_id, item.parent_id) == ("T1", "T1")


def test_a_comment_on_the_channel_itself_has_no_root_and_links_to_the_channel() -> None:
    item = mapped(comment("T1", videoId=None))

    assert (item.root_id, item.url) == (None, f"https://www.youtube.com/channel/{ME}")


def test_an_edit_shows_in_the_time_of_update() -> None:
    untouched, edited = mapped(comment("T1", hours_ago=3)), mapped(comment("T1", hours_ago=3, updatedAt=at(2)))

    assert untouched.edited_at is None
    assert edited.edited_at == parse_time(at(2))


@pytest.mark.parametrize(
    ("status", "visibility"),
    [
        ("published", Visibility.PUBLIC),
        ("heldForReview", Visibility.HELD),
        ("likelySpam", Visibility.HELD),
        ("rejected", Visibility.HIDDEN),
        ("something new", Visibility.PUBLIC),
        (None, Visibility.PUBLIC),
    ],
)
def test_the_moderation_status_says_who_can_see_it(status: str | None, visibility: Visibility) -> None:
    assert mapped(comment("T1", moderationStatus=status)).visibility is visibility


def test_the_shown_text_is_taken_and_the_original_where_there_is_none() -> None:
    assert mapped(comment("T1", textDisplay="visad", textOriginal="skriven")).text == "visad"
    assert mapped(comment("T1", textDisplay=None, textOriginal="skriven")).text == "skriven"
    assert mapped(comment("T1", textDisplay=None, textOriginal=None)).text == ""


@pytest.mark.parametrize(
    ("count", "embedded", "has_more"), [(0, 0, False), (2, 0, True), (2, 2, False), (7, 5, True), (None, 0, True)]
)
def test_more_replies_are_known_by_their_count(count: int | None, embedded: int, has_more: bool) -> None:
    raw = {**thread(comment("T1"), totalReplyCount=count), "replies": {"comments": [reply("T1", "r")] * embedded}}

    assert read_thread(raw, VIEW).has_more_replies is has_more


def test_a_video_dates_from_its_publication_not_from_its_place_on_the_list() -> None:
    raw = video()
    raw["snippet"]["publishedAt"] = at(0)

    assert upload_time(raw) == parse_time(at(48))


@pytest.mark.parametrize("field", ["id", "snippet"])
def test_a_comment_without_id_or_time_is_malformed(field: str) -> None:
    raw = comment("T1", text="hemligheten")
    del raw[field]

    with pytest.raises(MalformedItemError) as caught:
        mapped(raw)

    assert "hemligheten" not in str(caught.value)


@settings(deadline=None)
@given(data=st.data(), value=any_json)
def test_any_json_in_any_field_of_a_comment_is_an_item_or_malformed(data: st.DataObject, value: Any) -> None:
    raw = reply("T1", "r1", moderationStatus="published")
    _put_anywhere(raw, value, data)

    try:
        item = mapped(raw)
    except MalformedItemError:
        return

    assert item.kind is ItemKind.COMMENT
    assert b"\x00" not in item.text.encode()


@settings(deadline=None)
@given(data=st.data(), value=any_json)
def test_any_json_in_any_field_of_a_thread_is_a_thread_or_malformed(data: st.DataObject, value: Any) -> None:
    raw = {**thread(comment("T1")), "replies": {"comments": [reply("T1", "r1")]}}
    _put_anywhere(raw, value, data)

    try:
        row = read_thread(raw, VIEW)
    except MalformedItemError:
        return

    assert row.thread_id


@settings(deadline=None)
@given(data=st.data(), value=any_json)
def test_any_json_in_any_field_of_an_upload_is_an_item_or_malformed(data: st.DataObject, value: Any) -> None:
    raw = video()
    _put_anywhere(raw, value, data)

    try:
        item = map_upload(raw, VIEW)
    except MalformedItemError:
        return

    assert item is None or item.by_account


@settings(deadline=None)
@given(data=st.data(), value=any_json)
def test_any_json_in_any_field_of_a_channel_is_a_channel_or_refused(data: st.DataObject, value: Any) -> None:
    rows = [channel()]
    _put_anywhere(rows, value, data)

    try:
        found = own_channel(rows, account())
    except AccountError:
        return

    assert found.id == ME
    assert found.link


@settings(deadline=None)
@given(status=st.integers(200, 599), body=any_json)
def test_any_answer_at_all_is_good_or_an_error_of_ours(status: int, body: Any) -> None:
    error = error_from(status, {}, body, account="yt-kommun", project="1", now=NOW)

    assert (error is None) == (200 <= status < 300 and isinstance(body, dict))
    assert isinstance(reasons_in({"error": body}), frozenset)


# ---- recorded answers --------------------------------------------------------------------------------------------

needs_recordings = pytest.mark.skipif(not RECORDINGS.is_dir(), reason="the recorded answers lie outside the repository")


def recorded(pattern: str) -> list[tuple[str, Any]]:
    """Every row of the recordings of that name."""
    bodies = [(f.name, json.loads(f.read_text())) for f in sorted(RECORDINGS.glob(pattern))]
    return [(name, row) for name, body in bodies for row in (body.get("items") or [body])]


@needs_recordings
def test_recorded_threads_are_threads() -> None:
    rows = recorded("comment_threads__*.json")
    threads = [read_thread(row, VIEW) for _, row in rows]
    items = [mapped(t.top, thread_id=t.thread_id, video_id=t.video_id) for t in threads]

    assert len(rows) > 15
    assert all(i.thread_id == i.external_id == t.thread_id for i, t in zip(items, threads, strict=True))
    assert all(i.text and i.author and i.author_id and i.parent_id is None for i in items)
    # replies are counted, and none came with the threads
    assert {t.has_more_replies for t in threads} == {True, False}


@needs_recordings
def test_recorded_replies_are_replies_and_comments_comments() -> None:
    items = [mapped(row) for _, row in recorded("comments__comments_by_parent*.json")]
    others = [mapped(row) for _, row in recorded("comments__*.json")]

    assert items
    assert all(i.parent_id == i.thread_id == i.external_id.partition(".")[0] for i in items)
    assert len(others) > len(items)


@needs_recordings
def test_recorded_uploads_are_own_posts() -> None:
    items = [map_upload(row, VIEW) for _, row in recorded("playlist_items__*.json")]

    assert items
    assert all(i is not None and i.by_account and i.kind is ItemKind.POST for i in items)


@needs_recordings
def test_recorded_channels_can_be_read_and_are_not_ours() -> None:
    rows = [row for _, row in recorded("channel*.json")]

    assert all(own_channel([row], account(native_id=row["id"])).title for row in rows if "snippet" in row)
    with pytest.raises(AccountError):
        own_channel(rows, account())


@needs_recordings
@pytest.mark.parametrize("name", ["error_permission_resp", "error_response", "error_response_simple"])
def test_recorded_errors_are_errors(name: str) -> None:
    body = json.loads((RECORDINGS / f"{name}.json").read_text())
    status = body["error"]["code"] if isinstance(body["error"], dict) else 400

    assert error_from(status, {}, body, account="yt-kommun", project="1", now=NOW) is not None


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
