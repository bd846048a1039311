"""Instagram's JSON as items, whatever it holds; recorded answers too, where they lie beside the repository."""

import contextlib
import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.adapters._graph.town import INSTAGRAM, instagram_account

from watchdaemon.domain.item import Item, ItemKind, Visibility
from watchdaemon.errors import MalformedItemError
from watchdaemon_adapters._graph.mapping import map_message
from watchdaemon_adapters.instagram.mapping import Identity, map_comment, map_media, map_tag, reread

RECORDINGS = Path(__file__).parents[4] / "shared" / "contracts" / "meta" / "recordings" / "instagram"
recorded = pytest.mark.skipif(not RECORDINGS.is_dir(), reason="the recordings lie outside the repository")
ACCOUNT = instagram_account()
ME = Identity(account=ACCOUNT, username="exempelbiblioteket")
AT = "2026-11-20T08:00:00+0000"
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["id", "username"]), inner, max_size=2),
    max_leaves=5,
)
FIELDS = ["id", "timestamp", "text", "caption", "username", "from", "user", "parent_id", "hidden", "permalink"]


def media() -> Item:
    return map_media({"id": "1", "timestamp": AT, "permalink": "https://www.instagram.com/p/1/"}, ACCOUNT)


def comment(**changes: Any) -> Item:
    return map_comment({"id": "2", "timestamp": AT, "text": "När?", **changes}, ACCOUNT, ME, media())


def makers(row: object, identity: Identity = ME) -> list[Callable[[], Item]]:
    account = identity.account
    return [
        partial(map_media, row, account),
        partial(map_tag, row, account, identity),
        partial(map_comment, row, account, identity, media()),
        partial(map_comment, row, account, identity, media(), "9"),
        partial(map_message, row, account, conversation_id="t", url=None, own_names=frozenset({"x"})),
    ]


@settings(max_examples=300)
@given(st.one_of(JSON, st.dictionaries(st.sampled_from(FIELDS), JSON, max_size=6)))
def test_any_json_gives_an_item_or_the_error_for_it(row: object) -> None:
    for make in makers(row):
        with contextlib.suppress(MalformedItemError):
            assert make().external_id


@pytest.mark.parametrize(
    ("who", "by_account"),
    [
        ({"from": {"id": INSTAGRAM, "username": "gammalt.namn"}}, True),
        ({"from": {"id": "77", "self_ig_scoped_id": INSTAGRAM}}, True),
        ({"user": {"id": INSTAGRAM}}, True),
        ({"username": "ExempelBiblioteket"}, True),
        ({"from": {"username": "exempelbiblioteket"}}, True),
        ({"username": "exempelbiblioteket2"}, False),
        ({"from": {"id": "2711", "username": "kim.exempel"}, "username": "kim.exempel"}, False),
        ({"username": ""}, False),
        ({"from": None, "user": [], "username": 7}, False),
        ({}, False),
    ],
)
def test_id_owner_or_name_makes_a_comment_the_accounts_own(who: dict[str, Any], by_account: bool) -> None:
    assert comment(**who).by_account is by_account


def test_without_a_known_name_an_empty_one_is_nobodys() -> None:
    nameless = Identity(account=ACCOUNT)

    assert not map_comment({"id": "2", "timestamp": AT, "username": ""}, ACCOUNT, nameless, media()).by_account


def test_a_reply_hangs_on_the_comment_it_came_under() -> None:
    nested = map_comment({"id": "3", "timestamp": AT, "text": "Ja"}, ACCOUNT, ME, media(), "2")
    named = comment(id="3", parent_id="2")

    assert (nested.thread_id, nested.parent_id) == (named.thread_id, named.parent_id) == ("2", "2")


def test_a_reread_comment_stays_where_it_was() -> None:
    known = map_comment({"id": "3", "timestamp": AT, "text": "Ja", "username": "kim"}, ACCOUNT, ME, media(), "2")
    fresh = reread({"id": "3", "timestamp": AT, "text": "Nej", "hidden": True}, ACCOUNT, known, ME)

    assert (fresh.thread_id, fresh.root_id, fresh.author) == ("2", "1", "kim")
    assert (fresh.text, fresh.visibility) == ("Nej", Visibility.HIDDEN)


def objects_in(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [value, *(o for inner in value.values() for o in objects_in(inner))]
    return [o for inner in value for o in objects_in(inner)] if isinstance(value, list) else []


def load(name: str) -> Any:
    return json.loads((RECORDINGS / name).read_text())


@recorded
@pytest.mark.parametrize("name", sorted(p.name for p in RECORDINGS.glob("*.json")) or ["none"])
def test_no_recorded_object_breaks_a_mapper(name: str) -> None:
    for row in objects_in(load(name)):
        for make in makers(row):
            with contextlib.suppress(MalformedItemError):
                assert make().published_at.utcoffset() is not None


@recorded
def test_a_recorded_comment_of_the_owner_is_its_own() -> None:
    row = load("comment_model.json")
    own = Identity(account=instagram_account(native_id=row["user"]["id"]))
    item = map_comment(row, own.account, own, media())

    assert item.by_account
    assert item.thread_id == row["id"]


@recorded
def test_recorded_comments_without_authors_are_unknown_visitors() -> None:
    items = [map_comment(row, ACCOUNT, ME, media()) for row in load("comments_p1.json")["data"]]

    assert {(i.author, i.author_id, i.by_account) for i in items} == {(None, None, False)}


@recorded
def test_recorded_media_and_tags_are_read_whole() -> None:
    rows = [*load("media_p1.json")["data"], *load("media_p2.json")["data"]]
    tags = [map_tag(row, ACCOUNT, ME) for row in load("tagged_media.json")["data"]]

    assert [map_media(row, ACCOUNT).external_id for row in rows] == [row["id"] for row in rows]
    assert {t.kind for t in tags} == {ItemKind.MENTION}
    assert all(t.url for t in tags)


@recorded
def test_a_recorded_story_reply_is_a_message() -> None:
    item = map_message(load("message_story_reply.json"), ACCOUNT, conversation_id="t", url=None)

    assert (item.author, item.author_id, item.by_account) == ("user_40", "957341388", False)
