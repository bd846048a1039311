"""The Graph's traps one by one: lists left out, ends that are none, ids and times in other spellings."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from tests.judge.meta.book import ALEX, KIM, NOW, GramBook, Made, PageBook, Watch
from tests.judge.meta.graph import Asked, Graph, Node

from watchdaemon.domain.fetch import Coverage
from watchdaemon.domain.item import ItemKind

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
Shape = Callable[[dict[str, Any], Node], dict[str, Any]]


@pytest.fixture
def watch(graph: Graph, page: PageBook, watch_facebook: Made) -> Watch:
    return watch_facebook(graph, {"fb": (page.id, page.token)})


@pytest.fixture
def gram(page: PageBook) -> GramBook:
    return GramBook(page, "17841400700")


@pytest.fixture
def watch_gram(graph: Graph, gram: GramBook, watch_instagram: Made) -> Watch:
    return watch_instagram(graph, {"ig": (gram.id, gram.page.token)}, extras={"ig": {"page_id": gram.page.id}})


def assert_all(watch: Watch, truths: dict[str, Any], at: datetime, key: str = "fb") -> None:
    result = watch.one(at)

    assert result.troubles == ()
    assert watch.truths(key) == truths


# ---- lists that are left out -------------------------------------------------------------------------------------

LISTS = ["published_posts", "visitor_posts", "tagged", "video_reels", "live_videos", "ads_posts"]


@pytest.mark.parametrize("left_out", LISTS)
def test_a_list_that_never_comes_inside_the_larger_answer_is_found_with_the_first_poll(
    graph: Graph, page: PageBook, watch: Watch, left_out: str
) -> None:
    if left_out.endswith(("reels", "videos")):
        page.video(NOW - DAY, "En film", edge=left_out)
    else:
        page.post(NOW - DAY, "Ett inlägg", edge=left_out, by=ALEX)
    graph.left_out = {left_out}

    assert_all(watch, page.truths, NOW)


@pytest.mark.parametrize("left_out", ["media", "tags"])
def test_a_list_of_instagram_that_never_comes_inside_the_larger_answer_is_found(
    graph: Graph, gram: GramBook, watch_gram: Watch, left_out: str
) -> None:
    gram.media(NOW - DAY, "En bild", edge=left_out, by=KIM if left_out == "tags" else None)
    graph.left_out = {left_out}

    assert_all(watch_gram, gram.truths, NOW, "ig")


def test_a_list_that_was_empty_and_is_left_out_ever_after_is_found_within_two_weeks(
    graph: Graph, page: PageBook, watch: Watch
) -> None:
    page.post(NOW - DAY)
    watch.one(NOW)
    graph.left_out = {"visitor_posts"}
    page.post(NOW + HOUR, "Hål i vägen!", edge="visitor_posts", by=ALEX)
    for day in range(1, 15):
        watch.one(NOW + DAY * day)

    assert watch.truths("fb") == page.truths


# ---- ends that are none ------------------------------------------------------------------------------------------


def test_comments_beyond_a_nested_list_that_does_not_say_there_is_more_are_found_and_not_asked_for_again(
    graph: Graph, page: PageBook, watch: Watch
) -> None:
    graph.most_nested, graph.ends_early = 3, {"comments"}
    post = page.post(NOW - DAY)
    for n in range(20):
        page.comment(post, NOW - HOUR * (n + 1), f"Fråga {n}?")

    assert_all(watch, page.truths, NOW)
    graph.asked.clear()
    assert_all(watch, page.truths, NOW + HOUR)
    assert not [a for a in graph.asked if a.edge == "comments"]
    for n in range(9):
        page.comment(post, NOW + timedelta(minutes=70 + n), f"Ny {n}?")
    assert_all(watch, page.truths, NOW + HOUR * 2)


def test_comments_beyond_a_list_of_their_own_that_does_not_say_there_is_more_are_found(
    graph: Graph, page: PageBook, watch: Watch
) -> None:
    graph.most_nested, graph.most_of, graph.ends_early = 3, {"comments": 4}, {"comments"}
    post = page.post(NOW - DAY)
    for n in range(20):
        page.comment(post, NOW - HOUR * (n + 1), f"Fråga {n}?")
    seen = graph.answer

    def answer(asked: Asked) -> Any:
        found = seen(asked)
        if asked.edge == "comments" and not isinstance(found, str):
            found[1].get("paging", {}).pop("next", None)
        return found

    graph.answer = answer  # type: ignore[method-assign]

    assert_all(watch, page.truths, NOW)


def test_replies_beyond_the_embedded_ones_are_found_where_only_the_number_tells_of_them(
    graph: Graph, gram: GramBook, watch_gram: Watch
) -> None:
    graph.most_nested, graph.ends_early = 2, {"replies", "comments"}
    media = gram.media(NOW - DAY)
    for n in range(5):
        top = gram.comment(media, NOW - HOUR * (n + 9), f"Fråga {n}?")
        for reply in range(n * 2):
            gram.comment(media, NOW - HOUR * 2 + timedelta(minutes=n * 9 + reply), f"Svar {reply}", under=top)

    assert_all(watch_gram, gram.truths, NOW, "ig")
    graph.asked.clear()
    assert_all(watch_gram, gram.truths, NOW + HOUR, "ig")
    assert not [a for a in graph.asked if a.edge in ("comments", "replies")]


def test_replies_that_never_come_with_their_comment_are_found_where_only_the_number_tells_of_them(
    graph: Graph, gram: GramBook, watch_gram: Watch
) -> None:
    graph.left_out = {"replies"}
    media = gram.media(NOW - DAY)
    for n in range(5):
        top = gram.comment(media, NOW - HOUR * (n + 9), f"Fråga {n}?")
        gram.comment(media, NOW - HOUR * 2, "Svar", by=gram.voice, under=top)

    assert_all(watch_gram, gram.truths, NOW, "ig")


def test_comments_that_nobody_is_shown_are_looked_for_once(graph: Graph, gram: GramBook, watch_gram: Watch) -> None:
    media = gram.media(NOW - DAY)
    for n in range(5):
        hidden = gram.comment(media, NOW - HOUR * (n + 9), f"Begränsad {n}?")
        hidden.is_shown = False
        del gram.truths[hidden.id]
        gram.comment(media, NOW - HOUR * (n + 9), f"Fråga {n}?")
    assert_all(watch_gram, gram.truths, NOW, "ig")
    gram.comment(media, NOW + HOUR, "Ännu en fråga?")
    graph.asked.clear()

    assert_all(watch_gram, gram.truths, NOW + HOUR * 2, "ig")
    assert not [a for a in graph.asked if a.edge in ("comments", "replies")]


def test_comments_of_a_page_that_nobody_is_shown_are_looked_for_once(
    graph: Graph, page: PageBook, watch: Watch
) -> None:
    post = page.post(NOW - DAY)
    for n in range(5):
        hidden = page.comment(post, NOW - HOUR * (n + 9), f"Begränsad {n}?")
        hidden.is_shown = False
        del page.truths[hidden.id]
        page.comment(post, NOW - HOUR * (n + 9), f"Fråga {n}?")
    assert_all(watch, page.truths, NOW)
    page.comment(post, NOW + HOUR, "Ännu en fråga?")
    graph.asked.clear()

    assert_all(watch, page.truths, NOW + HOUR * 2)
    assert not [a for a in graph.asked if a.edge == "comments"]


def test_messages_beyond_the_nested_ones_are_found_where_only_the_number_tells_of_them(
    graph: Graph, page: PageBook, watch: Watch
) -> None:
    graph.ends_early = {"messages"}
    talk = page.conversation()
    for turn in range(45):
        page.message(talk, NOW - HOUR * (50 - turn), f"{turn}")

    assert_all(watch, page.truths, NOW)


@pytest.mark.parametrize("left", [0, 1, 2])
def test_cursors_that_run_out_on_the_way_cost_nothing(graph: Graph, page: PageBook, watch: Watch, left: int) -> None:
    graph.most_nested = graph.most = 3
    for day in range(5):
        post = page.post(NOW - DAY * (day + 1), f"Inlägg {day}")
        for n in range(8):
            page.comment(post, NOW - HOUR * (n + 1), f"Fråga {n}?")
    graph.cursors_left = left

    assert_all(watch, page.truths, NOW)


def test_comments_written_while_the_pages_are_turned_are_found(graph: Graph, page: PageBook, watch: Watch) -> None:
    graph.most_nested = graph.most = 3
    post = page.post(NOW - DAY)
    for n in range(12):
        page.comment(post, NOW - HOUR * (n + 1), f"Fråga {n}?")
    seen, done = graph.answer, list[Node]()

    def answer(asked: Asked) -> Any:
        if "after" in asked.params and len(done) < 4:
            done.append(page.comment(post, NOW - timedelta(seconds=9 - len(done)), "Nyss?", by=ALEX))
        return seen(asked)

    graph.answer = answer  # type: ignore[method-assign]
    watch.one(NOW)

    assert_all(watch, page.truths, NOW + HOUR)
    assert done


# ---- order -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rows", [1, 2, 3, 25])
def test_conversations_that_come_oldest_first_are_read_to_the_newest(
    graph: Graph, page: PageBook, watch: Watch, rows: int
) -> None:
    graph.order_of["conversations"] = lambda talks: talks[::-1]
    graph.most_of["conversations"] = rows
    talks = [page.conversation() for _ in range(6)]
    for n, talk in enumerate(talks):
        page.message(talk, NOW - DAY * (60 - n * 11) if n < 5 else NOW - HOUR, "Hej?")
    for known in [k for k, t in page.truths.items() if t.at < NOW - DAY * 30]:
        del page.truths[known]  # from before the look-back

    assert_all(watch, page.truths, NOW)
    page.message(talks[5], NOW + HOUR, "Och nu?")
    assert_all(watch, page.truths, NOW + HOUR * 2)


def test_a_list_once_seen_out_of_order_is_read_whole_also_when_its_beginning_looks_in_order(
    graph: Graph, page: PageBook, watch: Watch
) -> None:
    graph.most_of["conversations"] = 4
    talks = [page.conversation() for _ in range(16)]
    for n, talk in enumerate(talks):
        page.message(talk, NOW - HOUR * (n + 5), "Hej?")
    graph.order_of["conversations"] = lambda found: sorted(found, key=lambda t: talks.index(t) % 5)
    watch.one(NOW)
    graph.order_of["conversations"] = lambda found: sorted(found, key=talks.index)
    page.message(talks[15], NOW + HOUR, "Nytt?")

    assert_all(watch, page.truths, NOW + HOUR * 2)


# ---- spellings ---------------------------------------------------------------------------------------------------


def spelled(style: str, page: PageBook) -> Shape:
    """Write comments' ids, and those of their parents, in one of the Graph's ways."""

    def write(comment_id: str) -> str:
        above, _, tail = comment_id.rpartition("_")
        return {"bare": tail, "post": f"{above}_{tail}", "page": f"{page.id}_{above}_{tail}"}[style]

    def shape(row: dict[str, Any], node: Node) -> dict[str, Any]:
        row = {**row, "id": write(node.id)} if "id" in row else row
        return {**row, "parent": {"id": write(row["parent"]["id"])}} if "parent" in row else row

    return shape


@pytest.mark.parametrize("first", ["bare", "post", "page"])
@pytest.mark.parametrize("then", ["bare", "post", "page"])
def test_a_comment_that_is_spelled_otherwise_later_is_the_same_comment_in_the_same_thread(
    graph: Graph, page: PageBook, watch: Watch, first: str, then: str
) -> None:
    post = page.post(NOW - DAY)
    guest = page.post(NOW - DAY, "Hål i vägen!", edge="visitor_posts", by=ALEX)
    tops = [page.comment(p, NOW - HOUR * 5, "Fråga?") for p in (post, guest)]
    page.comment(post, NOW - HOUR * 4, "Svar", by=page.voice, under=tops[0])
    graph.shapes["comment"] = spelled(first, page)
    watch.one(NOW)
    before = set(watch.stored["fb"])
    for p, top in zip((post, guest), tops, strict=True):
        page.comment(p, NOW + HOUR, "Och mer?", by=ALEX, under=top)
    graph.shapes["comment"] = spelled(then, page)
    for hours in (2, 20, 40):
        assert watch.one(NOW + HOUR * hours).coverage is Coverage.COMPLETE

    stored = watch.stored["fb"]
    assert len(stored) == len(page.truths)
    assert before < set(stored)
    threads = [{i.thread_id for i in stored.values() if i.root_id == post.id}, {stored[guest.id].thread_id}]
    assert [len(t) for t in threads] == [1, 1]


def with_numbers(row: dict[str, Any], node: Node) -> dict[str, Any]:
    changed = {k: {**v, "id": int(v["id"])} for k, v in row.items() if k == "from"}
    return {**row, **changed, "id": int(node.id)} if node.id.isdigit() else {**row, **changed}


def test_ids_written_as_numbers_are_the_same_ids(graph: Graph, page: PageBook, watch: Watch) -> None:
    graph.shapes = {"comment": with_numbers, "page": with_numbers}
    post = page.post(NOW - DAY)
    top = page.comment(post, NOW - HOUR * 3, "Fråga?", bare=True)
    page.comment(post, NOW - HOUR * 2, "Svar", by=page.voice, under=top, bare=True)

    assert_all(watch, page.truths, NOW)


@pytest.mark.parametrize("form", ["%Y-%m-%dT%H:%M:%S+01:00", "%Y-%m-%dT%H:%M:%S+0100", "unix"])
def test_times_in_another_zone_or_as_seconds_are_the_same_times(
    graph: Graph, page: PageBook, watch: Watch, form: str
) -> None:
    def shape(row: dict[str, Any], _: Node) -> dict[str, Any]:
        at = datetime.fromisoformat(row["created_time"])
        return {**row, "created_time": int(at.timestamp()) if form == "unix" else (at + HOUR).strftime(form)}

    graph.shapes["comment"] = shape
    post = page.post(NOW - DAY)
    top = page.comment(post, NOW - HOUR * 3, "Fråga?")
    page.comment(post, NOW - HOUR * 2, "Svar", by=page.voice, under=top)

    assert_all(watch, page.truths, NOW)


# ---- people and things that are missing --------------------------------------------------------------------------


def test_a_reply_whose_parent_was_deleted_keeps_its_thread(graph: Graph, page: PageBook, watch: Watch) -> None:
    post = page.post(NOW - DAY)
    top = page.comment(post, NOW - HOUR * 3, "Fråga?")
    reply = page.comment(post, NOW - HOUR * 2, "Samma här?", by=ALEX, under=top)
    page.withdraw(top)

    result = watch.one(NOW)

    assert result.troubles == ()
    assert watch.stored["fb"][reply.id].thread_id == top.id


def test_messages_without_a_text_or_a_sender_are_messages(graph: Graph, page: PageBook, watch: Watch) -> None:
    talk = page.conversation()
    page.message(talk, NOW - HOUR * 3, "", by=KIM)  # a picture alone
    page.message(talk, NOW - HOUR * 2, "Borttagen", by=None)  # who wrote it has left
    nobody = page.message(talk, NOW - HOUR, "Facebookanvändare", by=("", "Facebook User"))

    result = watch.one(NOW)

    assert result.troubles == ()
    assert {k for k, i in watch.stored["fb"].items() if i.kind is ItemKind.MESSAGE} == set(page.truths)
    assert watch.stored["fb"][nobody.id].author_id is None
    assert not any(i.by_account for i in watch.stored["fb"].values())


def test_the_pages_own_post_in_the_list_of_tags_is_its_own(graph: Graph, page: PageBook, watch: Watch) -> None:
    node = page.post(NOW - DAY, "Följ @Exempelkommun", edge="tagged", by=KIM)
    node.data["from"] = {"id": page.id, "name": page.name}

    watch.one(NOW)

    assert watch.stored["fb"][node.id].by_account


def test_a_media_that_does_not_say_how_many_comments_it_has_is_asked(
    graph: Graph, gram: GramBook, watch_gram: Watch
) -> None:
    media = gram.media(NOW - DAY)
    gram.comment(media, NOW - HOUR, "Fråga?")
    del media.data["comments_count"]
    graph.left_out = {"comments"}

    assert_all(watch_gram, gram.truths, NOW, "ig")
