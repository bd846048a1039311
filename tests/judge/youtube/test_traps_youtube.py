"""YouTube's traps one by one: held comments that hide, old threads that wake, and videos of every kind."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from tests.judge.desk import Making, Reply, Watcher, account_of, served
from tests.judge.youtube.desk_youtube import ALEX, KIM, ME, TOKEN, DeskYouTube, problem

from watchdaemon.domain.fetch import Coverage, FetchResult
from watchdaemon.domain.item import ItemKind, Visibility
from watchdaemon.errors import Reason
from watchdaemon_adapters.youtube import plugin

DAY = 24.0


@pytest.fixture
def desk() -> Iterator[DeskYouTube]:
    running = DeskYouTube()
    with served(running):
        yield running
    assert running.wrong == []


@pytest.fixture
def watch(desk: DeskYouTube) -> Iterator[Making]:
    made: list[Watcher] = []

    def make(**settings: Any) -> Watcher:
        made.append(Watcher(plugin, desk, account_of("youtube", ME), {"token": TOKEN}, **settings))
        return made[-1]

    yield make
    for watcher in made:
        watcher.road.close()


def later(desk: DeskYouTube, watcher: Watcher, hours: float) -> FetchResult:
    desk.now = watcher.now + timedelta(hours=hours)
    return watcher.poll(hours=hours)


def missed(desk: DeskYouTube, watcher: Watcher) -> set[str]:
    return {c.id for c in desk.comments} - set(watcher.stored)


# ---- held comments -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", ["heldForReview", "likelySpam"])
def test_a_held_reply_in_a_thread_far_older_than_the_look_back_is_found_behind_pages_of_old_ones(
    desk: DeskYouTube, watch: Making, status: str
) -> None:
    video = desk.video(DAY * 400)
    oldest = desk.write(DAY * 300, "Gammal fråga", video=video)
    for n in range(9):
        desk.write(DAY * (50 + n), f"Kvarhållen {n}", video=video, status=status)
    desk.most_rows = 2
    watcher = watch()
    watcher.poll()
    desk.now = watcher.now + timedelta(hours=5)
    held = desk.write(1, "Nytt svar", author=ALEX, under=oldest, status=status)

    assert watcher.poll(hours=5).coverage is Coverage.COMPLETE
    assert watcher.stored[held.id].visibility is Visibility.HELD


def test_a_thread_listed_for_a_held_reply_that_is_nowhere_shown_is_told_and_not_complete(
    desk: DeskYouTube, watch: Making
) -> None:
    top = desk.write(20, "Fråga", video=desk.video(30))
    for n in range(3):
        desk.write(19 - n, f"Svar {n}", author=ALEX, under=top)
    held = desk.write(10, "Kvarhållet", under=top, status="heldForReview")
    desk.shows_held_replies = False
    watcher = watch()

    for hours in (0, 5, 12):
        result = later(desk, watcher, hours)
        assert [(t.stream, t.reason) for t in result.troubles] == [("held", Reason.INCOMPLETE)]
    assert held.id not in watcher.stored
    held.status = "published"  # a person let it through
    assert later(desk, watcher, 5).coverage is Coverage.COMPLETE
    assert missed(desk, watcher) == set()


def test_a_held_reply_shown_among_all_replies_of_its_thread_is_found_there(desk: DeskYouTube, watch: Making) -> None:
    top = desk.write(20, "Fråga", video=desk.video(30))
    for n in range(7):
        desk.write(19 - n, f"Svar {n}", author=ALEX, under=top)
    held = desk.write(10, "Kvarhållet", under=top, status="heldForReview")
    desk.shows_held_replies, desk.lists_held_replies = False, True
    watcher = watch()
    watcher.poll()

    assert held.id in watcher.stored  # whether it is held is not said there


def test_a_held_reply_under_an_old_public_thread_makes_no_public_one_held(desk: DeskYouTube, watch: Making) -> None:
    old = desk.write(DAY * 90, "Gammal fråga", video=desk.video(DAY * 100))
    public = [desk.write(DAY * 80 - n, f"Svar {n}", author=ALEX, under=old) for n in range(6)]
    desk.write(DAY * 40, "Annan", video=desk.videos[0][0])
    held = desk.write(3, "Kvarhållet", under=old, status="heldForReview")
    watcher = watch()

    assert watcher.poll().coverage is Coverage.COMPLETE
    assert watcher.stored[held.id].visibility is Visibility.HELD
    stored = [watcher.stored[c.id] for c in public if c.id in watcher.stored]
    assert {i.visibility for i in stored} <= {Visibility.PUBLIC}


def test_a_held_top_comment_that_does_not_say_so_is_held(desk: DeskYouTube, watch: Making) -> None:
    held = desk.write(5, "Kvarhållen", video=desk.video(30), status="likelySpam")
    desk.says_status = False
    watcher = watch()

    assert watcher.poll().coverage is Coverage.COMPLETE
    assert watcher.stored[held.id].visibility is Visibility.HELD


# ---- threads -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("before", [0, 3, 9])
def test_a_thread_older_than_the_look_back_is_taken_up_again_when_somebody_answers_in_it(
    desk: DeskYouTube, watch: Making, before: int
) -> None:
    old = desk.write(DAY * 90, "Gammal fråga", video=desk.video(DAY * 100))
    for n in range(before):
        desk.write(DAY * 80 - n, f"Svar {n}", author=ALEX, under=old)
    watcher = watch()
    watcher.poll()
    later(desk, watcher, 5)
    quiet = desk.count("/youtube/v3/")
    desk.now = watcher.now + timedelta(hours=5)
    new = desk.write(1, "Gäller det än?", under=old)

    assert watcher.poll(hours=5).coverage is Coverage.COMPLETE
    assert new.id in watcher.stored
    assert quiet <= 4
    later(desk, watcher, 5)
    assert desk.count("/youtube/v3/") <= 4


def test_a_reply_that_comes_as_its_thread_grows_older_than_the_look_back_is_found(
    desk: DeskYouTube, watch: Making
) -> None:
    old = desk.write(DAY * 30 - 2, "Fråga", video=desk.video(DAY * 40))
    for n in range(2):
        desk.write(DAY * 20 - n, f"Svar {n}", author=ALEX, under=old)
    watcher = watch()
    watcher.poll()
    desk.now = watcher.now + timedelta(hours=5)
    desk.write(1, "Gäller det än?", under=old)  # the third, of which two come with the thread

    assert watcher.poll(hours=5).coverage is Coverage.COMPLETE
    assert missed(desk, watcher) == set()


def test_page_tokens_that_run_out_in_the_middle_lose_nothing(desk: DeskYouTube, watch: Making) -> None:
    video = desk.video(DAY * 20)
    for n in range(9):
        desk.write(DAY + n, f"Fråga {n}", video=video)
    desk.most_rows, desk.tokens_left = 2, 2
    watcher = watch()
    watcher.poll()

    assert later(desk, watcher, 1).coverage is Coverage.COMPLETE
    assert missed(desk, watcher) == set()


def test_comments_written_and_deleted_while_the_pages_are_turned_cost_no_other(
    desk: DeskYouTube, watch: Making
) -> None:
    video = desk.video(DAY * 20)
    first = [desk.write(DAY + n, f"Fråga {n}", video=video) for n in range(9)]
    desk.most_rows = 2
    answer, done = desk.answer, list[str]()

    def busy(call: Any) -> Reply:
        if call.get("pageToken") and "commentThreads" in call.path and not done:
            done.append(desk.write(0.01, "Nyss", video=video).id)
            desk.comments.remove(first[0])
            desk.comments.remove(first[1])
        return answer(call)

    desk.answer = busy  # type: ignore[method-assign]
    watcher = watch()
    watcher.poll()
    later(desk, watcher, 1)

    assert done
    assert missed(desk, watcher) == set()


def test_a_text_that_is_only_given_as_its_author_wrote_it_is_read(desk: DeskYouTube, watch: Making) -> None:
    written = desk.write(5, "Hur länge är det öppet?", video=desk.video(30))
    desk.original_text = True
    watcher = watch()
    watcher.poll()

    assert watcher.stored[written.id].text == "Hur länge är det öppet?"


# ---- videos ------------------------------------------------------------------------------------------------------


def test_only_videos_that_others_can_see_are_posts(desk: DeskYouTube, watch: Making) -> None:
    kinds = {kind: desk.video(30 + n, kind) for n, kind in enumerate(("public", "unlisted", "private", "upcoming"))}
    written = desk.write(5, "Ser ni mig?", video=kinds["unlisted"], author=KIM)
    watcher = watch()

    assert watcher.poll().coverage is Coverage.COMPLETE
    posts = {k for k, i in watcher.stored.items() if i.kind is ItemKind.POST}
    assert {kinds["public"], kinds["unlisted"]} <= posts
    assert kinds["private"] not in posts
    assert written.id in watcher.stored


def test_comments_switched_off_between_the_list_and_the_replies_are_no_trouble(
    desk: DeskYouTube, watch: Making
) -> None:
    top = desk.write(20, "Fråga", video=desk.video(30))
    for n in range(7):
        desk.write(19 - n, f"Svar {n}", author=ALEX, under=top)
    desk.faults.append(("parentId", problem(403, "commentsDisabled", "youtube.comment")))
    watcher = watch()

    assert watcher.poll().coverage is Coverage.COMPLETE
    assert top.id in watcher.stored


def test_an_account_that_may_not_see_held_comments_is_never_complete(desk: DeskYouTube, watch: Making) -> None:
    desk.write(20, "Fråga", video=desk.video(30))
    desk.faults.append(("heldForReview", problem(403, "forbidden")))
    result = watch().poll()

    assert result.coverage is Coverage.PARTIAL
    assert [(t.stream, t.reason) for t in result.troubles] == [("held", Reason.PERMISSION)]
