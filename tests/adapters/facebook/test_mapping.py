"""Facebook's JSON as items, whatever it holds."""

import contextlib
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.adapters._graph.town import PAGE, facebook_account

from watchdaemon.domain.item import Item, ItemKind, Visibility
from watchdaemon.errors import MalformedItemError
from watchdaemon_adapters._graph.mapping import conversation_url, map_message
from watchdaemon_adapters.facebook.mapping import (
    map_comment,
    map_mention,
    map_post,
    map_visitor_post,
    reread,
    settle_threads,
)

ACCOUNT = facebook_account()
AT = "2026-11-20T08:00:00+0000"
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["id", "name", "x"]), inner, max_size=2)
    ),
    max_leaves=5,
)
FIELDS = [
    "id",
    "created_time",
    "message",
    "story",
    "from",
    "parent",
    "is_hidden",
    "is_private",
    "permalink_url",
    "link",
]


def post(**changes: Any) -> Item:
    row = {"id": f"{PAGE}_1", "created_time": AT, "message": "Hej"}
    return map_post({**row, **changes}, ACCOUNT)


def comment(comment_id: str = "1_10", under: Item | None = None, **changes: Any) -> Item:
    row = {"id": comment_id, "created_time": AT, "message": "När öppnar ni?", "from": {"id": "2711", "name": "Kim"}}
    return map_comment({**row, **changes}, ACCOUNT, under or post())


@settings(max_examples=300)
@given(st.one_of(JSON, st.dictionaries(st.sampled_from(FIELDS), JSON, max_size=6)))
def test_any_json_gives_an_item_or_the_error_for_it(row: object) -> None:
    under = post()
    makers: list[Callable[[], Item]] = [
        lambda: map_post(row, ACCOUNT),
        lambda: map_comment(row, ACCOUNT, under),
        lambda: map_visitor_post(row, ACCOUNT),
        lambda: map_mention(row, ACCOUNT),
        lambda: map_message(row, ACCOUNT, conversation_id="t_1", url=None),
        lambda: reread(row, ACCOUNT, under),
    ]
    for make in makers:
        with contextlib.suppress(MalformedItemError):
            assert make().external_id


def test_an_error_names_the_field_and_quotes_nothing() -> None:
    with pytest.raises(MalformedItemError) as caught:
        comment(created_time="Kim bor på Storgatan 1")

    assert str(caught.value) == "a comment breaks the contract: created_time is no time"
    assert caught.value.__cause__ is None


@pytest.mark.parametrize(
    ("author", "author_id", "by_account"),
    [
        ({"id": PAGE, "name": "Biblioteket", "category": "Library"}, PAGE, True),
        ({"id": "2711", "name": "Kim"}, "2711", False),
        ({"id": "999", "name": "En annan sida"}, "999", False),
        ({"id": int(PAGE)}, PAGE, True),
        ({"name": "Exempelkommuns bibliotek"}, None, False),
        (None, None, False),
        ("Kim", None, False),
        ([], None, False),
    ],
)
def test_only_the_pages_own_id_makes_a_comment_its_own(author: object, author_id: str | None, by_account: bool) -> None:
    changes: dict[str, Any] = {"from": author}
    item = comment(**changes)

    assert (item.author_id, item.by_account) == (author_id, by_account)


def test_a_further_voice_of_the_organisation_counts_as_its_own() -> None:
    account = facebook_account(own_ids=("555",))

    assert map_comment({"id": "1_1", "created_time": AT, "from": {"id": "555"}}, account, post()).by_account


@pytest.mark.parametrize(
    ("fields", "visibility"),
    [
        ({}, Visibility.PUBLIC),
        ({"is_hidden": True}, Visibility.HIDDEN),
        ({"is_private": True}, Visibility.PRIVATE),
        ({"is_hidden": True, "is_private": True}, Visibility.HIDDEN),
        ({"is_hidden": "true"}, Visibility.PUBLIC),
    ],
)
def test_who_can_see_a_comment(fields: dict[str, Any], visibility: Visibility) -> None:
    assert comment(**fields).visibility is visibility


def test_a_text_that_is_missing_is_empty_and_one_of_another_kind_is_malformed() -> None:
    assert map_comment({"id": "1_1", "created_time": AT}, ACCOUNT, post()).text == ""
    with pytest.raises(MalformedItemError):
        comment(message=["Hej"])


def test_a_posts_story_stands_in_for_its_text() -> None:
    assert post(message=None, story="Biblioteket bytte bild").text == "Biblioteket bytte bild"


def test_a_post_without_an_author_is_the_pages_own() -> None:
    item = post()

    assert (item.by_account, item.author_id, item.author) == (True, PAGE, ACCOUNT.name)
    assert (item.kind, item.thread_id) == (ItemKind.POST, item.external_id)
    assert item.published_at == datetime(2026, 11, 20, 8, tzinfo=UTC)


def test_a_reply_finds_its_thread_in_either_spelling_of_the_parents_id() -> None:
    top = comment("1_10")
    long = comment("1_11", parent={"id": "1_10"})
    short = comment("1_12", parent={"id": "10"})
    settled = {c.external_id: c for c in settle_threads([long, short, top])}

    assert {c.thread_id for c in settled.values()} == {"1_10"}
    assert {settled[i].parent_id for i in ("1_11", "1_12")} == {"1_10"}
    assert settled["1_10"].parent_id is None


def test_a_reply_to_a_reply_belongs_to_the_top_comments_thread() -> None:
    rows = [comment("1_10"), comment("1_11", parent={"id": "1_10"}), comment("1_12", parent={"id": "1_11"})]
    settled = {c.external_id: c for c in settle_threads(rows)}

    assert settled["1_12"].thread_id == "1_10"
    assert settled["1_12"].parent_id == "1_11"


def test_a_reply_whose_parent_is_withheld_keeps_the_parents_thread() -> None:
    (settled,) = settle_threads([comment("1_11", parent={"id": "1_10"})])

    assert (settled.thread_id, settled.parent_id) == ("1_10", "1_10")


def test_parents_in_a_circle_end() -> None:
    rows = [comment("1_10", parent={"id": "1_11"}), comment("1_11", parent={"id": "1_10"})]

    assert len(settle_threads(rows)) == 2


@pytest.mark.parametrize("parent", [None, {}, [], "1_10", {"id": ""}, {"id": None}])
def test_a_parent_of_any_shape_makes_a_top_level_comment(parent: object) -> None:
    item = comment(parent=parent)

    assert (item.parent_id, item.thread_id) == (None, item.external_id)


def test_a_withheld_author_does_not_wipe_out_a_known_one() -> None:
    known = comment()
    fresh = reread({"id": "1_10", "created_time": AT, "message": "Ny text"}, ACCOUNT, known)

    assert (fresh.author, fresh.author_id, fresh.text) == ("Kim", "2711", "Ny text")
    assert (fresh.thread_id, fresh.root_id) == (known.thread_id, known.root_id)


@pytest.mark.parametrize(
    ("link", "url"),
    [
        ("/100/inbox/1/", "https://www.facebook.com/100/inbox/1/"),
        ("https://www.facebook.com/1", "https://www.facebook.com/1"),
        ("//evil.example", None),
        ("javascript:x", None),
        ("/a\nb", None),
        (None, None),
        (7, None),
    ],
)
def test_a_conversation_is_answered_on_the_platforms_own_site(link: object, url: str | None) -> None:
    assert conversation_url({"link": link}) == url
