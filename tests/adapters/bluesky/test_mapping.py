"""Bluesky's JSON beside the items expected from it."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.adapters.bluesky.anything import any_json

from watchdaemon.domain.item import ItemKind, Visibility
from watchdaemon.errors import MalformedItemError
from watchdaemon_adapters.bluesky.mapping import View, hidden_in, map_post, parse_time

ME = "did:plc:kommun"
YOU = "did:plc:medborgare"
OWN = f"at://{ME}/app.bsky.feed.post/3own"
OWN_ANSWER = f"at://{ME}/app.bsky.feed.post/3answer"
THEIRS = f"at://{YOU}/app.bsky.feed.post/3theirs"
OTHER = "at://did:plc:annan/app.bsky.feed.post/3other"
VIEW = View(account="a", own_ids=frozenset({ME}))
AT = "2026-11-20T08:00:00.000Z"


def post(uri: str = THEIRS, *, reply: tuple[str, str] | None = None, **record: Any) -> dict[str, Any]:
    """A post view; `reply` is (root, parent)."""
    if reply is not None:
        record["reply"] = {name: {"uri": u, "cid": "bafy"} for name, u in zip(("root", "parent"), reply, strict=True)}
    return {
        "uri": uri,
        "cid": "bafyreia",
        "author": {"did": uri.split("/")[2], "handle": "kim.example", "displayName": "Kim Exempel"},
        "record": {"$type": "app.bsky.feed.post", "text": "När öppnar ni?", "createdAt": AT, **record},
        "indexedAt": AT,
        "labels": [],
    }


def embed(uri: str, *, with_media: bool = False) -> dict[str, Any]:
    """What a quoting post's record holds."""
    record: dict[str, Any] = {"uri": uri, "cid": "bafy"}
    return {"record": {"record": record} if with_media else record}


def naming(did: str) -> list[dict[str, Any]]:
    """The facets of a text that names somebody."""
    return [{"index": {}, "features": [{"$type": "app.bsky.richtext.facet#mention", "did": did}]}]


def test_a_reply_is_mapped_whole() -> None:
    item = map_post(post(reply=(OWN, OWN)), VIEW)

    assert (item.external_id, item.thread_id, item.parent_id, item.root_id) == (THEIRS, OWN, OWN, OWN)
    assert (item.author, item.author_id, item.by_account) == ("Kim Exempel", YOU, False)
    assert item.text == "När öppnar ni?"
    assert item.published_at == datetime(2026, 11, 20, 8, tzinfo=UTC)
    assert item.url == f"https://bsky.app/profile/{YOU}/post/3theirs"
    assert dict(item.extra) == {"cid": "bafyreia"}


@pytest.mark.parametrize(
    ("raw", "kind", "thread", "root"),
    [
        pytest.param(post(OWN), ItemKind.POST, OWN, None, id="an own post"),
        pytest.param(post(OWN, embed=embed(THEIRS)), ItemKind.POST, OWN, None, id="an own post that quotes"),
        pytest.param(
            post(OWN_ANSWER, reply=(OTHER, THEIRS)), ItemKind.COMMENT, OTHER, None, id="an own reply elsewhere"
        ),
        pytest.param(post(reply=(OWN, OTHER)), ItemKind.COMMENT, OWN, OWN, id="deep under an own post"),
        pytest.param(post(reply=(OTHER, OWN_ANSWER)), ItemKind.COMMENT, OTHER, None, id="to an own reply elsewhere"),
        pytest.param(post(embed=embed(OWN)), ItemKind.QUOTE, THEIRS, None, id="a quote"),
        pytest.param(
            post(embed=embed(OWN, with_media=True)), ItemKind.QUOTE, THEIRS, None, id="a quote with a picture"
        ),
        pytest.param(
            post(reply=(OTHER, OTHER), embed=embed(OWN)), ItemKind.QUOTE, OTHER, None, id="a quote in a reply elsewhere"
        ),
        pytest.param(
            post(reply=(OWN, OWN), embed=embed(OWN)),
            ItemKind.COMMENT,
            OWN,
            OWN,
            id="a reply that quotes what it answers",
        ),
        pytest.param(post(facets=naming(ME)), ItemKind.MENTION, THEIRS, None, id="a mention"),
        pytest.param(
            post(reply=(OTHER, OTHER), facets=naming(ME)), ItemKind.MENTION, OTHER, None, id="a mention in a reply"
        ),
        pytest.param(
            post(reply=(OTHER, OTHER)), ItemKind.COMMENT, OTHER, None, id="below an own reply, naming nobody of ours"
        ),
    ],
)
def test_kind_and_thread_follow_from_the_record(
    raw: dict[str, Any], kind: ItemKind, thread: str, root: str | None
) -> None:
    item = map_post(raw, VIEW)

    assert (item.kind, item.thread_id, item.root_id) == (kind, thread, root)


@pytest.mark.parametrize(
    ("created", "indexed", "expected"),
    [
        pytest.param("2026-11-20T07:59:58Z", AT, "2026-11-20T07:59:58+00:00", id="as written"),
        pytest.param("2026-11-20T09:59:58.123456+02:00", AT, "2026-11-20T07:59:58.123456+00:00", id="another zone"),
        pytest.param("2026-11-19T08:00:00Z", AT, "2026-11-19T08:00:00+00:00", id="written offline a day ago"),
        pytest.param("2026-11-20T08:00:01Z", AT, "2026-11-20T08:00:00+00:00", id="from the future"),
        pytest.param("2027-11-20T08:00:01Z", AT, "2026-11-20T08:00:00+00:00", id="from the far future"),
        pytest.param("2026-11-19T07:59:59Z", AT, "2026-11-20T08:00:00+00:00", id="set back by more than a day"),
        pytest.param("1970-01-01T00:00:00Z", AT, "2026-11-20T08:00:00+00:00", id="absurdly old"),
        pytest.param("0001-01-01T00:00:00+14:00", AT, "2026-11-20T08:00:00+00:00", id="before any calendar"),
        pytest.param("yesterday", AT, "2026-11-20T08:00:00+00:00", id="no time"),
        pytest.param(None, AT, "2026-11-20T08:00:00+00:00", id="none"),
        pytest.param(AT, None, "2026-11-20T08:00:00+00:00", id="not indexed"),
    ],
)
def test_a_posts_own_time_is_believed_only_where_it_can_be_true(
    created: str | None, indexed: str | None, expected: str
) -> None:
    item = map_post({**post(createdAt=created), "indexedAt": indexed}, VIEW)

    assert item.published_at.isoformat() == expected


@pytest.mark.parametrize(
    ("author", "shown"),
    [
        ({"displayName": "Kim", "handle": "kim.example"}, "Kim"),
        ({"displayName": "  ", "handle": "kim.example"}, "@kim.example"),
        ({"handle": "handle.invalid"}, None),
        ({"displayName": 7, "handle": None}, None),
        (None, None),
    ],
)
def test_an_author_is_shown_by_name_else_by_a_true_handle(author: object, shown: str | None) -> None:
    item = map_post({**post(), "author": author}, VIEW)

    assert (item.author, item.author_id) == (shown, YOU)


@pytest.mark.parametrize(
    ("label", "visibility"),
    [
        ({"val": "!hide", "src": "did:plc:mod"}, Visibility.HIDDEN),
        ({"val": "!hide", "src": "did:plc:mod", "neg": True}, Visibility.PUBLIC),
        ({"val": "!hide", "src": YOU}, Visibility.PUBLIC),
        ({"val": "spam", "src": "did:plc:mod"}, Visibility.PUBLIC),
        ("!hide", Visibility.PUBLIC),
    ],
)
def test_a_moderators_label_hides_and_an_authors_does_not(label: object, visibility: Visibility) -> None:
    assert map_post({**post(), "labels": [label]}, VIEW).visibility is visibility


def test_what_a_gate_hides_is_hidden() -> None:
    gate = {"threadgate": {"record": {"hiddenReplies": [THEIRS, 7, "nonsense"]}}}

    hidden = frozenset(hidden_in(gate))

    assert hidden == {THEIRS}
    view = View(account="a", own_ids=frozenset({ME}), hidden=hidden)
    assert map_post(post(reply=(OWN, OWN)), view).visibility is Visibility.HIDDEN


def test_text_that_no_database_takes_is_replaced() -> None:
    assert map_post(post(text="a\x00b\ud800c"), VIEW).text == "a�b�c"


@pytest.mark.parametrize(
    "raw",
    [
        None,
        {},
        {**post(), "uri": f"at://{YOU}/app.bsky.feed.like/3x"},
        {**post(), "uri": "https://example.org"},
        {**post(), "record": None},
        {**post(), "record": {**post()["record"], "$type": "app.bsky.feed.like"}},
        {**post(createdAt=None), "indexedAt": None},
        post(text=None),
        {**post(), "record": {**post()["record"], "reply": {"root": {"uri": OWN}}}},
        {**post(), "record": {**post()["record"], "reply": "yes"}},
    ],
)
def test_what_breaks_the_contract_is_malformed(raw: object) -> None:
    with pytest.raises(MalformedItemError):
        map_post(raw, VIEW)


@given(raw=any_json, field=st.sampled_from(["uri", "cid", "author", "record", "indexedAt", "labels", "embed"]))
def test_no_json_in_a_post_crashes(raw: object, field: str) -> None:
    try:
        item = map_post({**post(reply=(OWN, OWN)), field: raw}, VIEW)
    except MalformedItemError:
        return

    assert item.thread_id
    assert item.published_at.utcoffset() is not None


@given(raw=any_json, field=st.sampled_from(["text", "createdAt", "reply", "embed", "facets", "$type"]))
def test_no_json_in_a_record_crashes(raw: object, field: str) -> None:
    whole = post()
    whole["record"][field] = raw
    try:
        item = map_post(whole, VIEW)
    except MalformedItemError:
        return

    assert item.external_id == THEIRS


@given(st.text())
def test_no_text_as_a_time_crashes(text: str) -> None:
    time = parse_time(text)

    assert time is None or time.utcoffset() is not None
