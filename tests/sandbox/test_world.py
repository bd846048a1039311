"""The world: what exists at a given time, in which order, and under what."""

import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchdaemon.sandbox import ids
from watchdaemon.sandbox.faults import Fault, FaultKind, Faults
from watchdaemon.sandbox.world import Kind, ShiftedClock, Token, TokenKind, World, WorldAccount, WorldItem

NOW = datetime(2026, 11, 4, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def item(item_id: str, at: datetime = NOW - HOUR, **more: object) -> WorldItem:
    base = WorldItem(
        id=item_id, account="a", kind=Kind.COMMENT, author_id="p", author_name="Ture Test", text="hej", published_at=at
    )
    return replace(base, **more)  # type: ignore[arg-type]  # tests name fields


def world(*items: WorldItem, now: datetime = NOW) -> World:
    account = WorldAccount(key="a", platform="facebook", native_id="1", name="A", username="a")
    return World(lambda: now, [account], items)


def test_only_what_happened_up_to_now_is_there() -> None:
    seen = world(item("past"), item("now", NOW), item("future", NOW + HOUR)).visible("a")

    assert [i.id for i in seen] == ["past", "now"]


def test_a_deleted_item_is_gone_from_the_instant_of_its_deletion() -> None:
    there = item("x", deleted_at=NOW + timedelta(seconds=1))
    gone = item("y", deleted_at=NOW)
    town = world(there, gone)

    assert [i.id for i in town.visible("a")] == ["x"]
    assert town.find("y") is None
    assert town.recall("y") == gone
    assert [i.id for i in town.visible("a", with_deleted=True)] == ["x", "y"]


def test_an_edit_shows_from_its_time_on() -> None:
    edited = item("x", edits=((NOW - timedelta(minutes=5), "två"), (NOW + HOUR, "tre")))

    assert edited.text_at(NOW - HOUR) == "hej"
    assert edited.text_at(NOW) == "två"
    assert edited.edited_at(NOW) == NOW - timedelta(minutes=5)
    assert edited.text_at(NOW + HOUR) == "tre"


def test_a_top_level_comment_stands_directly_under_its_post() -> None:
    post = item("post", kind=Kind.POST)
    top = item("top", root_id="post")
    reply = item("reply", root_id="post", parent_id="top")
    town = world(post, top, reply)

    assert town.under(post) == [top]
    assert town.under(top) == [reply]
    assert [i.id for i in town.below(post)] == ["reply", "top"]


def test_deleting_a_comment_takes_its_replies_along() -> None:
    post, top = item("post", kind=Kind.POST), item("top", root_id="post")
    town = world(post, top, item("reply", root_id="post", parent_id="top"))

    town.delete(top)

    assert town.below(post) == []


def test_the_same_item_twice_is_refused() -> None:
    town = world(item("x"))

    with pytest.raises(ValueError, match="already"):
        town.add(item("x"))


def test_a_mention_is_shown_to_every_account_it_names() -> None:
    town = world(item("x", mentions=("b",)))

    assert [i.id for i in town.visible("b")] == ["x"]


@given(st.lists(st.integers(0, 50), max_size=40))
def test_items_come_in_order_of_time_however_they_were_added(minutes: list[int]) -> None:
    town = world(*(item(f"{n:03}", NOW - timedelta(minutes=m)) for n, m in enumerate(minutes)))
    seen = [(i.published_at, i.id) for i in town.visible("a")]

    assert seen == sorted(seen)
    assert len(seen) == len(minutes)


def test_items_can_be_added_from_many_threads() -> None:
    town = world()
    threads = [
        threading.Thread(target=lambda n=n: [town.add(item(f"{n}-{k}")) for k in range(50)]) for n in range(8)
    ]  # fmt: skip
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(town.visible("a")) == 400


def test_a_token_is_refused_from_its_end_until_it_is_mended() -> None:
    token = Token(
        value="t", kind=TokenKind.PAGE, accounts=frozenset({"a"}), expires_at=NOW, mended_at=NOW + 2 * HOUR
    )  # fmt: skip

    assert token.refusal(NOW - timedelta(seconds=1)) is None
    assert token.refusal(NOW) == "expired"
    assert token.refusal(NOW + 2 * HOUR) is None


def test_a_shifted_clock_runs_on_from_where_it_is_put() -> None:
    real = [NOW]
    clock = ShiftedClock(lambda: real[0], start=NOW - timedelta(days=7))
    real[0] += HOUR

    assert clock() == NOW - timedelta(days=7) + HOUR

    clock.move_to(NOW)

    assert clock() == NOW
    with pytest.raises(ValueError, match="does not go back"):
        clock.move_to(NOW - HOUR)


@pytest.mark.parametrize(
    ("fault", "strikes"),
    [
        (Fault(kind=FaultKind.OUTAGE), True),
        (Fault(kind=FaultKind.OUTAGE, platform="x"), False),
        (Fault(kind=FaultKind.OUTAGE, platform="facebook", account="a", path="comments"), True),
        (Fault(kind=FaultKind.OUTAGE, account="b"), False),
        (Fault(kind=FaultKind.OUTAGE, path="conversations"), False),
        (Fault(kind=FaultKind.OUTAGE, from_at=NOW), True),
        (Fault(kind=FaultKind.OUTAGE, from_at=NOW + HOUR), False),
        (Fault(kind=FaultKind.OUTAGE, to_at=NOW), False),
    ],
)
def test_a_fault_strikes_within_its_platform_account_path_and_time(fault: Fault, strikes: bool) -> None:
    faults = Faults([fault])

    assert faults.has(FaultKind.OUTAGE, now=NOW, platform="facebook", account="a", path="v25.0/1/comments") is strikes


@given(st.timedeltas(timedelta(0), timedelta(days=9000)), st.integers(1, 10**6))
def test_ids_of_posts_on_x_sort_by_time(since_2012: timedelta, milliseconds: int) -> None:
    first = datetime(2012, 1, 1, tzinfo=UTC) + since_2012
    later = first + timedelta(milliseconds=milliseconds)

    assert int(ids.x_post(first, "b")) < int(ids.x_post(later, "a"))
    assert len(ids.x_post(first, "b")) <= 19


def test_ids_have_their_platforms_forms_and_are_the_same_every_time() -> None:
    thread = ids.youtube_comment("1")

    assert ids.facebook_page("a") == ids.facebook_page("a")
    assert ids.facebook_comment("1_23", "x").startswith("23_")
    assert len(ids.instagram_user("a")) == len(ids.instagram_media("a")) == len(ids.instagram_comment("a")) == 17
    assert ids.youtube_channel("a").startswith("UC")
    assert len(ids.youtube_channel("a")) == 24
    assert len(thread) == 26
    assert ids.youtube_comment("2", thread).startswith(f"{thread}.")
    assert ids.x_dm_conversation("20", "3") == "3-20"
