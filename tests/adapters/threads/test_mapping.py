"""Threads' JSON as items: recorded answers beside what they must become, and anything at all instead of an answer."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import respx
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.adapters.threads.hall import LOOK_BACK, NOW, TOKEN, USER, Clock, Pocket, account, fetch, reasons

from watchdaemon.domain.fetch import Coverage
from watchdaemon.domain.item import Item, ItemKind, Visibility
from watchdaemon.errors import MalformedItemError, Reason
from watchdaemon.http import RetryPolicy, Road
from watchdaemon.ports import AdapterContext
from watchdaemon_adapters._graph.errors import MissingObjectError, graph_error
from watchdaemon_adapters._graph.values import Row
from watchdaemon_adapters.threads import plugin
from watchdaemon_adapters.threads.mapping import Identity, map_mention, map_post, map_reply, top_levels, visibility_of

RECORDINGS = Path(__file__).parents[4] / "shared" / "contracts" / "meta" / "recordings"
HOST = "https://graph.threads.net/v1.0"
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)
WHOLE = {
    "id": "18001",
    "text": "När öppnar ni?",
    "username": "kim.exempel",
    "timestamp": "2026-11-20T08:00:00+0000",
    "permalink": "https://www.threads.net/@kim.exempel/post/abc",
    "has_replies": False,
    "root_post": {"id": "18000"},
    "replied_to": {"id": "18000"},
    "is_reply": True,
    "is_reply_owned_by_me": False,
    "hide_status": "NOT_HUSHED",
}
ROWS = st.builds(lambda field, value: {**WHOLE, field: value}, st.sampled_from(sorted(WHOLE)), ANYTHING)


def post() -> Item:
    return map_post({"id": "18000", "timestamp": "2026-11-20T07:00:00+0000", "username": "exempelbadet"}, account())


def mapped(**changes: object) -> Item:
    row = {k: v for k, v in {**WHOLE, **changes}.items() if v is not ...}
    identity = Identity(account=account(), username="exempelbadet")
    return map_reply(row, account(), identity, post(), top_levels([row], "18000"))


def test_nothing_of_a_reply_is_lost() -> None:
    reply = mapped()

    assert (reply.external_id, reply.text, reply.author) == ("18001", "När öppnar ni?", "kim.exempel")
    assert (reply.published_at.isoformat(), reply.url) == (
        "2026-11-20T08:00:00+00:00",
        "https://www.threads.net/@kim.exempel/post/abc",
    )
    assert (reply.thread_id, reply.parent_id, reply.root_id) == ("18001", None, "18000")
    assert not reply.by_account


@pytest.mark.parametrize(
    ("changes", "is_own"),
    [
        ({"is_reply_owned_by_me": True, "username": ...}, True),
        ({"is_reply_owned_by_me": False, "username": "exempelbadet"}, False),  # Threads' own word goes first
        ({"is_reply_owned_by_me": ..., "username": "ExempelBadet"}, True),
        ({"is_reply_owned_by_me": ..., "username": "exempelbadet2"}, False),
        ({"is_reply_owned_by_me": ..., "username": ...}, False),
        ({"is_reply_owned_by_me": "true"}, False),
    ],
)
def test_own_is_what_threads_calls_own_or_what_bears_the_name(changes: dict[str, Any], is_own: bool) -> None:
    reply = mapped(**changes)

    assert reply.by_account is is_own
    assert (reply.author_id == USER) is is_own


@pytest.mark.parametrize(
    ("facts", "visibility"),
    [
        ({}, Visibility.PUBLIC),
        ({"hide_status": "NOT_HUSHED"}, Visibility.PUBLIC),
        ({"hide_status": "UNHUSHED"}, Visibility.PUBLIC),
        ({"hide_status": "COVERED"}, Visibility.PUBLIC),
        ({"hide_status": "SOMETHING_NEW"}, Visibility.PUBLIC),
        ({"hide_status": "HIDDEN"}, Visibility.HIDDEN),
        ({"hide_status": "RESTRICTED"}, Visibility.HIDDEN),
        ({"reply_approval_status": "pending", "hide_status": "NOT_HUSHED"}, Visibility.HELD),
        ({"reply_approval_status": "PENDING"}, Visibility.HELD),
        ({"reply_approval_status": "ignored"}, Visibility.HIDDEN),
        ({"reply_approval_status": "approved"}, Visibility.PUBLIC),
    ],
)
def test_visibility_is_read_from_what_was_decided(facts: dict[str, object], visibility: Visibility) -> None:
    assert visibility_of(facts) is visibility


@pytest.mark.parametrize(
    ("parents", "tops"),
    [
        ({"a": "p", "b": "a", "c": "b"}, {"a": "a", "b": "a", "c": "a"}),
        ({"c": "b", "b": "a", "a": "p"}, {"a": "a", "b": "a", "c": "a"}),
        ({"b": "gone", "c": "gone"}, {"b": "gone", "c": "gone"}),
        ({"a": None}, {"a": "a"}),
        ({"a": "a"}, {"a": "a"}),
        ({"a": "b", "b": "a"}, {"a": "b", "b": "b"}),
    ],
)
def test_a_reply_belongs_to_the_top_level_one_it_stands_under(parents: dict[str, Any], tops: dict[str, str]) -> None:
    rows = [{"id": key, "replied_to": {"id": parent} if parent else None} for key, parent in parents.items()]
    found = top_levels(rows, "p")

    assert {key: found[key] for key in tops} == tops


def test_a_chain_of_twelve_thousand_replies_is_one_thread() -> None:
    rows = [{"id": f"{n}", "replied_to": {"id": f"{n - 1}" if n else "p"}} for n in reversed(range(12_000))]

    assert set(top_levels(rows, "p").values()) == {"0"}


@settings(deadline=None)
@given(field=st.sampled_from(sorted(WHOLE)), value=ANYTHING)
def test_any_value_in_any_field_gives_an_item_or_a_malformed_one(field: str, value: object) -> None:
    identity = Identity(account=account())
    makers: list[Callable[[Row], Item]] = [
        lambda row: map_post(row, account()),
        lambda row: map_reply(row, account(), identity, post(), top_levels([row], "18000")),
        lambda row: map_mention(row, account(), identity),
    ]
    for make in makers:
        try:
            item = make({**WHOLE, field: value})
        except MalformedItemError as error:
            assert str(value) not in str(error) or len(str(value)) < 12  # noqa: PT017 - one of two good ends
        else:
            assert item.account == account().key
            item.text.encode()


@settings(deadline=None, max_examples=60)
@given(
    has_post=st.booleans(),
    answers=st.lists(ANYTHING | st.fixed_dictionaries({"data": st.lists(ROWS, max_size=3)}), min_size=1, max_size=4),
    data=st.lists(ANYTHING, max_size=3),
)
def test_any_answer_at_all_leads_to_a_result_that_agrees_with_itself(
    has_post: bool, answers: list[Any], data: list[Any]
) -> None:
    bodies = iter([*([{"data": [WHOLE]}] if has_post else []), *answers, {"data": data}, {"data": [WHOLE]}])
    with respx.mock(assert_all_called=False) as mock, Road(sleep=lambda _: None, retries=RetryPolicy(tries=1)) as road:
        mock.get(f"{HOST}/me").respond(json={"id": USER, "username": "exempelbadet"})
        mock.get(url__startswith=HOST).mock(
            side_effect=lambda _: respx.MockResponse(200, json=next(bodies, {"data": []}))
        )
        context = AdapterContext(road=road, credentials=Pocket(), clock=Clock(NOW), look_back=LOOK_BACK)
        result = fetch(plugin.create({}, context))

    assert (result.coverage is Coverage.COMPLETE) == (not result.troubles)
    assert Reason.INTERNAL not in {t.reason for t in result.troubles}
    assert TOKEN not in repr(result)


def recording(name: str) -> Any:
    path = RECORDINGS / name
    if not path.exists():
        pytest.skip("the recorded answers are outside the repository, and not on this machine")
    return json.loads(path.read_text())


def test_a_recorded_post_maps_whole() -> None:
    row = recording("threads/media.json")
    item = map_post(row, account())

    assert (item.external_id, item.text, item.url, item.author) == (
        row["id"], row["text"], row["permalink"], row["username"],
    )  # fmt: skip
    assert item.published_at.isoformat() == "2023-10-17T05:42:03+00:00"
    assert item.kind is ItemKind.POST


def test_recorded_replies_map_with_what_was_done_to_them() -> None:
    rows = recording("threads/replies.json")["data"]
    # the samples give every reply the id of the post they answer
    distinct = [{**row, "id": f"{row['id']}{number}"} for number, row in enumerate(rows)]
    root = map_post({"id": rows[0]["root_post"]["id"], "timestamp": rows[0]["timestamp"]}, account())
    tops = top_levels(distinct, root.external_id)
    items = [map_reply(row, account(), Identity(account=account()), root, tops) for row in distinct]

    assert [i.text for i in items] == [row["text"] for row in rows]
    assert [i.visibility for i in items] == [Visibility.PUBLIC, Visibility.HIDDEN, Visibility.PUBLIC]
    assert {(i.parent_id, i.root_id) for i in items} == {(None, root.external_id)}


def test_the_recorded_refusal_means_that_the_object_is_not_shown() -> None:
    body = recording("errors/threads_error_100_33.json")
    error = graph_error(body, status=400, headers={}, platform="threads", account=None)

    assert isinstance(error, MissingObjectError)
    assert error.reason is Reason.GONE


def test_a_cursor_that_leads_to_itself_ends_a_list_like_the_recorded_one() -> None:
    body = recording("threads/replies.json")
    rows = [{**row, "id": f"{row['id']}{n}"} for n, row in enumerate(body["data"])]
    with respx.mock(assert_all_called=False) as mock, Road(sleep=lambda _: None) as road:
        mock.get(f"{HOST}/me").respond(json={"id": USER, "username": "exempelbadet"})
        mock.get(f"{HOST}/me/threads").respond(
            json={"data": [{"id": "9508344594", "timestamp": "2024-01-01T10:00:00+0000", "has_replies": True}]}
        )
        mock.get(f"{HOST}/9508344594/conversation").respond(json={**body, "data": rows})
        context = AdapterContext(
            road=road,
            credentials=Pocket(),
            clock=Clock(NOW.replace(year=2024, month=1)),
            look_back=LOOK_BACK,
        )
        result = fetch(plugin.create({"mentions": False, "approvals": False}, context))

    assert reasons(result) == []
    assert len(result.items) == 4
