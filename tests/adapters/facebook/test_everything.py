"""Whatever a citizen can write under is read, or said not to be; and no more is asked for than may have changed."""

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.adapters._graph.town import FB, NOW, PAGE, Town, facebook_account

from watchdaemon.domain.fetch import Coverage, Cursors, FetchResult
from watchdaemon.domain.item import Item, ItemKind
from watchdaemon.errors import Reason
from watchdaemon.ports import PlatformAdapter
from watchdaemon.sandbox.faults import FaultKind
from watchdaemon.sandbox.world import WorldItem
from watchdaemon_adapters.facebook import plugin

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
SHELVES = [("reel", "video_reels", "reels"), ("live", "live_videos", "live_videos")]
SHELVES += [("advertisement", "ads_posts", "advertisements")]


def fetch(adapter: PlatformAdapter, cursors: Cursors | None = None) -> FetchResult:
    account = facebook_account()
    (result,) = adapter.fetch([account], {account.key: cursors or {}})
    return result


def again(adapter: PlatformAdapter, before: FetchResult, *cursors: Cursors) -> FetchResult:
    known: dict[str, str] = {}
    for stored in (*cursors, before.cursors):
        known |= stored
    return fetch(adapter, known)


def by_id(result: FetchResult) -> dict[str, Item]:
    return {i.external_id: i for i in result.items}


def reasons(result: FetchResult) -> list[tuple[Reason, str | None]]:
    return [(t.reason, t.stream) for t in result.troubles]


def paths(town: Town) -> list[str]:
    return [path.removeprefix(f"{PAGE}/") for _, path, _ in town.asked]


@pytest.mark.parametrize(("shelf", "edge", "stream"), SHELVES)
def test_comments_beside_the_timeline_are_read_too(
    town: Town, adapter: PlatformAdapter, shelf: str, edge: str, stream: str
) -> None:
    own = town.on_shelf(shelf, "Så här går det till", ago=2 * DAY)
    question = town.comment(own, "När då?", ago=DAY)
    answer = town.comment(own, "I morgon", ago=HOUR, under=question, by_account=True)
    result = fetch(adapter)
    items = by_id(result)

    assert result.coverage is Coverage.COMPLETE
    assert set(items) == {own.id, question.id, answer.id}
    assert items[own.id].text == "Så här går det till"
    assert (items[own.id].url or "").startswith("https://www.facebook.com/")
    assert items[own.id].published_at == NOW - 2 * DAY
    assert (items[answer.id].thread_id, items[answer.id].root_id) == (question.id, own.id)
    assert stream in result.cursors
    assert result.calls == 1


@pytest.mark.parametrize(("shelf", "edge", "stream"), SHELVES)
def test_what_the_app_was_never_allowed_is_no_trouble_and_costs_nothing_the_next_time(
    town: Town, adapter: PlatformAdapter, shelf: str, edge: str, stream: str
) -> None:
    post = town.post("Hej", ago=DAY)
    town.fault(FaultKind.MISSING_PERMISSION, account=FB, path=edge)
    first = fetch(adapter)
    town.asked.clear()
    second = again(adapter, first)

    assert first.coverage is second.coverage is Coverage.COMPLETE
    assert post.id in by_id(first)
    assert stream not in first.cursors
    assert paths(town) == ["me", PAGE, "conversations"]
    assert edge not in town.asked[1][2]["fields"]


@pytest.mark.parametrize(("shelf", "edge", "stream"), SHELVES)
def test_what_could_be_read_and_is_refused_now_is_a_trouble_each_time(
    town: Town, adapter: PlatformAdapter, shelf: str, edge: str, stream: str
) -> None:
    first = fetch(adapter)
    town.fault(FaultKind.MISSING_PERMISSION, account=FB, path=edge)
    second = again(adapter, first)
    third = again(adapter, second, first.cursors)

    assert reasons(second) == reasons(third) == [(Reason.PERMISSION, stream)]
    assert third.calls == 1
    town.faults.clear()
    assert again(adapter, third, first.cursors, second.cursors).coverage is Coverage.COMPLETE


def test_a_week_later_it_is_asked_for_again(town: Town, adapter: PlatformAdapter) -> None:
    town.fault(FaultKind.MISSING_PERMISSION, account=FB, path="ads_posts")
    first = fetch(adapter)
    town.faults.clear()
    town.clock.now += 8 * DAY
    question = town.comment(town.on_shelf("advertisement", "Sök jobb", ago=DAY), "Hur?", ago=HOUR)

    assert question.id in by_id(again(adapter, first))


def test_a_comment_shown_under_a_reel_and_a_post_is_one(town: Town, adapter: PlatformAdapter) -> None:
    post, reel = town.post("Film", ago=DAY), town.on_shelf("reel", "Film", ago=DAY)
    question = town.comment(post, "När?", ago=HOUR)
    tail = question.id.rpartition("_")[2]
    town.world.add(replace(question, id=f"{reel.id}_{tail}", root_id=reel.id))
    other = town.comment(reel, "När?", ago=HOUR)
    items = by_id(fetch(adapter))

    assert {question.id, other.id} == {i.external_id for i in items.values() if i.kind is ItemKind.COMMENT}


def album(town: Town, photos: int) -> tuple[WorldItem, list[WorldItem]]:
    post = town.post("Bilder från invigningen", ago=DAY)
    return post, [town.on_shelf("photo", "", ago=DAY, photo_of=post.id) for _ in range(photos)]


def test_comments_under_single_photos_of_a_post_are_read_once_a_day(town: Town, adapter: PlatformAdapter) -> None:
    post, photos = album(town, 3)
    question = town.comment(photos[1], "Vem är det?", ago=HOUR)
    first = fetch(adapter)
    town.asked.clear()
    second = again(adapter, first)

    assert by_id(first)[question.id].root_id == post.id
    assert not {p.id for p in photos} & set(by_id(first))
    assert first.coverage is second.coverage is Coverage.COMPLETE
    assert paths(town) == ["me", PAGE, "conversations"]


def test_a_single_photo_has_its_posts_comments(town: Town, adapter: PlatformAdapter) -> None:
    album(town, 1)
    fetch(adapter)

    assert not [path for _, path, _ in town.asked if path.endswith("/comments")]


def test_a_new_comment_on_a_post_older_than_the_look_back_is_seen_where_the_post_is_listed(
    town: Town, adapter: PlatformAdapter
) -> None:
    old = town.post("I fjol", ago=300 * DAY)
    town.comment(old, "Ett gammalt svar", ago=290 * DAY)
    question = town.comment(old, "Gäller det fortfarande?", ago=HOUR)

    assert question.id in by_id(fetch(adapter))


def test_a_long_thread_is_read_whole_once_a_day_and_as_far_as_it_may_be_new_else(
    town: Town, adapter: PlatformAdapter
) -> None:
    post = town.post("Het fråga", ago=5 * DAY)
    old = [town.comment(post, f"Kommentar {n}", ago=2 * DAY + timedelta(minutes=10 * n)) for n in range(200)]
    first = fetch(adapter)
    town.asked.clear()
    late = town.comment(post, "Och nu då?", ago=timedelta(0), under=old[150])
    second = again(adapter, first)
    later_asked = paths(town)
    town.clock.now += DAY
    edited = town.world.edit(old[180], "Rättat")
    third = again(adapter, second, first.cursors)

    assert first.calls == 3  # fifty with the post, and a hundred at a time from there
    assert late.id in by_id(second)
    assert later_asked == ["me", PAGE, "conversations"]
    assert by_id(third)[edited.id].text == "Rättat"


def test_a_reply_in_the_middle_of_an_old_thread_is_seen_though_the_number_stays(
    town: Town, adapter: PlatformAdapter
) -> None:
    post = town.post("Het fråga", ago=5 * DAY)
    old = [town.comment(post, f"Kommentar {n}", ago=2 * DAY + timedelta(minutes=n)) for n in range(120)]
    first = fetch(adapter)
    town.delete(old[0])
    reply = town.comment(post, "Svar?", ago=timedelta(0), under=old[100])

    assert reply.id in by_id(again(adapter, first))


def test_a_null_entry_costs_only_its_stream(town: Town, adapter: PlatformAdapter) -> None:
    post = town.post("Hej", ago=DAY)
    town.fault(FaultKind.NULL_ENTRY, account=FB, path="conversations")
    accounts = [facebook_account(key=key) for key in ("ett", "två")]
    results = list(adapter.fetch(accounts, {}))

    for result in results:
        assert reasons(result) == [(Reason.OUTAGE, "messages")]
        assert post.id in by_id(result)
        assert "messages" not in result.cursors
    assert len(town.exchanges) == 2


def test_a_single_question_that_came_back_null_is_asked_for_alone(town: Town, adapter: PlatformAdapter) -> None:
    message = town.message("Hej?", ago=HOUR)
    town.fault(FaultKind.NULL_ENTRY, account=FB, path="conversations")
    result = fetch(adapter)

    assert result.coverage is Coverage.COMPLETE
    assert message.id in by_id(result)


def test_when_everything_at_once_is_not_finished_in_time_it_is_asked_for_apart(town: Town) -> None:
    question = town.comment(town.post("Hej", ago=DAY), "När?", ago=HOUR)
    town.fault(FaultKind.NULL_ENTRY, account=FB, path=f"v25.0/{PAGE}")
    adapter = plugin.create(town.settings("facebook"), town.context)
    result = fetch(adapter)

    assert result.coverage is not Coverage.COMPLETE
    town.faults.clear()
    assert question.id in by_id(fetch(adapter))


def test_too_much_data_is_asked_for_in_pieces_and_remembered(town: Town, adapter: PlatformAdapter) -> None:
    questions = [
        town.comment(town.post(f"Inlägg {n}", ago=n * HOUR), f"Fråga {n}?", ago=timedelta(minutes=n)) for n in range(20)
    ]
    town.fault(FaultKind.TOO_MUCH_DATA, account=FB, path="published_posts")
    first = fetch(adapter)
    town.asked.clear()
    second = again(adapter, first)

    assert first.coverage is second.coverage is Coverage.COMPLETE
    assert {q.id for q in questions} <= set(by_id(first))
    assert {q.id for q in questions} <= set(by_id(second))
    sizes = [int(p["limit"]) for _, path, p in town.asked if path.endswith("published_posts") and "limit" in p]
    assert all(size <= 5 for size in sizes)


def test_short_pages_everywhere_lose_nothing(town: Town, adapter: PlatformAdapter) -> None:
    written = []
    for n in range(5):
        post = town.post(f"Inlägg {n}", ago=n * DAY)
        tops = [town.comment(post, f"Fråga {m}?", ago=timedelta(minutes=m + 60)) for m in range(5)]
        written += [post, *tops, *(town.comment(post, "Svar", ago=HOUR / 2, under=t) for t in tops)]
        written += [town.visitor_post(f"Besök {n}", ago=n * HOUR), town.mention(f"Tagg {n}", ago=n * HOUR)]
        written += [town.on_shelf("reel", f"Film {n}", ago=n * HOUR)]
        written += [town.message(f"Meddelande {m}", ago=timedelta(minutes=m), thread=f"t_{n}") for m in range(5)]
    town.fault(FaultKind.SHORT_PAGES, account=FB)
    result = fetch(adapter)

    assert result.coverage is Coverage.COMPLETE
    assert set(by_id(result)) == {i.id for i in written}
    assert again(adapter, result).coverage is Coverage.COMPLETE


def test_a_hundred_posts_in_the_look_back_are_one_question_the_second_time(
    town: Town, adapter: PlatformAdapter
) -> None:
    posts = [town.post(f"Inlägg {n}", ago=n * HOUR * 7) for n in range(90)]
    for old in range(40):
        town.post(f"Förr {old}", ago=(60 + old) * DAY)
    first = fetch(adapter)
    town.asked.clear()
    question = town.comment(posts[-1], "Finns ni kvar?", ago=timedelta(0))
    second = again(adapter, first)

    assert question.id in by_id(second)
    assert paths(town) == ["me", PAGE, "conversations"]


def test_messages_can_be_switched_off_for_one_account(town: Town, adapter: PlatformAdapter) -> None:
    town.message("Hej?", ago=HOUR)
    account = facebook_account(extra={"messages": "off"})
    (result,) = adapter.fetch([account], {})

    assert result.items == ()
    assert result.coverage is Coverage.COMPLETE


def test_messages_refused_are_a_trouble_with_the_way_out_in_the_matrix(town: Town, adapter: PlatformAdapter) -> None:
    town.fault(FaultKind.MISSING_PERMISSION, account=FB, path="conversations")
    result = fetch(adapter)
    (note,) = [k.note for k in adapter.kinds() if k.kind is ItemKind.MESSAGE]

    assert reasons(result) == [(Reason.PERMISSION, "messages")]
    assert "extra.messages" in note
