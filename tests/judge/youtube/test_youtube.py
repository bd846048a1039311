"""The YouTube adapter against a strict service of its own: every comment found, in its state, within its units."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from tests.judge.desk import BROKEN_JSON, HTML_200, HTML_502, Making, Reply, Watcher, account_of, cut, served
from tests.judge.youtube.desk_youtube import ALEX, KIM, ME, NAMES, TOKEN, Comment, DeskYouTube, problem

from watchdaemon.domain.fetch import Coverage
from watchdaemon.domain.item import ItemKind, Visibility
from watchdaemon.errors import Reason
from watchdaemon_adapters.youtube import plugin

_SEEN = {"published": Visibility.PUBLIC, "heldForReview": Visibility.HELD, "likelySpam": Visibility.HELD}


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


def facts(comment: Comment) -> tuple[object, ...]:
    return (
        comment.author,
        NAMES.get(comment.author or ""),
        comment.at,
        comment.above,
        comment.video,
        comment.text,
        f"https://www.youtube.com/watch?v={comment.video}&lc={comment.id}",
        comment.author == ME,
        comment.updated_at,
        _SEEN[comment.status],
    )


def check(watcher: Watcher, desk: DeskYouTube) -> None:
    found = {
        k: (
            i.author_id,
            i.author,
            i.published_at,
            i.parent_id,
            i.root_id,
            i.text,
            i.url,
            i.by_account,
            i.edited_at,
            i.visibility,
        )
        for k, i in watcher.stored.items()
        if i.kind is ItemKind.COMMENT
    }
    assert found == {c.id: facts(c) for c in desk.comments}
    assert {k for k, i in watcher.stored.items() if i.kind is ItemKind.POST} == {key for key, _ in desk.videos}


def town(desk: DeskYouTube) -> Comment:
    """Two videos; threads with more replies than come with them, in every state, and a writer without a channel."""
    first, second = desk.video(24 * 20), desk.video(30)
    old = desk.write(24 * 15, "När öppnar det?", video=first)
    for n in range(4):
        desk.write(24 * 14 - n, f"Samma här {n}", author=ALEX, under=old)
    desk.write(24 * 10, "Klockan 8", author=ME, under=old)
    desk.write(20, "Hålls kvar", video=second, status="heldForReview")
    desk.write(19, "Skräp?", video=second, status="likelySpam")
    public = desk.write(18, "Öppen fråga", video=second)
    desk.write(17, "Dolt svar", author=ALEX, under=public, status="heldForReview")
    desk.write(16, "Öppet svar", author=ALEX, under=public)
    desk.write(15, "Borttaget konto", author=None, video=second)
    return old


def later(desk: DeskYouTube, watcher: Watcher, hours: float) -> Any:
    desk.now = watcher.now + timedelta(hours=hours)
    return watcher.poll(hours=hours)


@pytest.mark.parametrize("embedded", [0, 2, 5])
@pytest.mark.parametrize("rows", [1, 3, 100])
@pytest.mark.parametrize("empty_first", [False, True])
def test_everything_is_found_whatever_the_pages(
    desk: DeskYouTube, watch: Making, embedded: int, rows: int, empty_first: bool
) -> None:
    town(desk)
    desk.embedded, desk.most_rows, desk.empty_first = embedded, rows, empty_first
    watcher = watch()

    assert watcher.poll().coverage is Coverage.COMPLETE
    check(watcher, desk)


def test_new_replies_under_an_old_thread_are_found_at_the_next_poll(desk: DeskYouTube, watch: Making) -> None:
    old = town(desk)
    watcher = watch()
    watcher.poll()
    for n in range(4):
        desk.now = watcher.now + timedelta(hours=6)
        desk.write(1, f"Än nu {n}?", under=old)
        assert watcher.poll(hours=6).coverage is Coverage.COMPLETE
        check(watcher, desk)


def test_a_reply_that_takes_the_place_of_a_deleted_one_is_found_within_a_week(desk: DeskYouTube, watch: Making) -> None:
    old = town(desk)
    watcher = watch()
    watcher.poll()
    gone = next(c for c in desk.comments if c.above == old.id and c.text == "Samma här 3")
    desk.comments.remove(gone)
    desk.now = watcher.now + timedelta(hours=6)
    desk.write(1, "I stället", under=old)
    for _ in range(8):
        later(desk, watcher, 24)
    del watcher.stored[gone.id]

    check(watcher, desk)


def test_a_held_comment_that_is_let_through_changes_its_state(desk: DeskYouTube, watch: Making) -> None:
    town(desk)
    watcher = watch()
    watcher.poll()
    for comment in desk.comments:
        comment.status = "published"

    assert later(desk, watcher, 5).coverage is Coverage.COMPLETE
    check(watcher, desk)


def test_an_edited_comment_is_read_again(desk: DeskYouTube, watch: Making) -> None:
    town(desk)
    watcher = watch()
    watcher.poll()
    question = next(c for c in desk.comments if c.text == "Öppen fråga")
    question.text, question.updated_at = "Öppen fråga, rättad", watcher.now + timedelta(hours=1)

    later(desk, watcher, 5)
    check(watcher, desk)


@pytest.mark.parametrize("lie", [-100, -1, 1, 7])
def test_a_reply_count_that_lies_does_not_hide_a_first_reading(desk: DeskYouTube, watch: Making, lie: int) -> None:
    town(desk)
    desk.count_lies, desk.embedded = lie, 5
    watcher = watch()

    assert watcher.poll().coverage is Coverage.COMPLETE
    check(watcher, desk)


def test_a_quiet_channel_costs_four_units_in_every_window(desk: DeskYouTube, watch: Making) -> None:
    town(desk)
    watcher = watch()
    watcher.poll()
    later(desk, watcher, 5)
    spent = []
    for _ in range(8):
        later(desk, watcher, 12)
        spent.append(desk.count("/youtube/v3/"))

    assert max(spent) <= 4


def test_comments_off_is_a_fact_and_no_trouble(desk: DeskYouTube, watch: Making) -> None:
    desk.video(3)
    desk.faults.append(("commentThreads", problem(403, "commentsDisabled")))

    assert watch().poll().coverage is Coverage.COMPLETE


def test_a_video_made_private_takes_nothing_else_along(desk: DeskYouTube, watch: Making) -> None:
    town(desk)
    watcher = watch()
    watcher.poll()
    private = desk.videos.pop(0)[0]
    hidden = [c for c in desk.comments if c.video == private]
    desk.comments = [c for c in desk.comments if c.video != private]
    desk.write(0, "Nytt", video=desk.videos[0][0], author=KIM)
    result = later(desk, watcher, 5)
    for key in (private, *(c.id for c in hidden)):
        del watcher.stored[key]

    assert result.coverage is Coverage.COMPLETE
    check(watcher, desk)


def test_a_token_that_repeats_is_said_and_read_again(desk: DeskYouTube, watch: Making) -> None:
    town(desk)
    desk.repeats_tokens, desk.most_rows = True, 1
    watcher = watch()
    first = watcher.poll()
    desk.repeats_tokens, desk.most_rows = False, 100

    assert first.coverage is not Coverage.COMPLETE
    assert later(desk, watcher, 1).coverage is Coverage.COMPLETE
    check(watcher, desk)


def test_a_list_that_goes_empty_is_not_quiet(desk: DeskYouTube, watch: Making) -> None:
    town(desk)
    watcher = watch()
    watcher.poll()
    desk.faults.append(("allThreadsRelatedToChannelId", (200, {"items": []}, {})))

    result = later(desk, watcher, 5)

    assert result.coverage is not Coverage.COMPLETE
    assert Reason.SUSPICIOUS_EMPTY in {t.reason for t in result.troubles}


FAULTS: dict[str, tuple[Reply, Reason]] = {
    "401": (problem(401, "authError", "global"), Reason.UNAUTHORISED),
    "quota": (problem(403, "quotaExceeded", "youtube.quota"), Reason.QUOTA),
    "too fast": (problem(403, "rateLimitExceeded", "usageLimits"), Reason.RATE_LIMITED),
    "429": ((429, {"error": {"code": 429, "message": "m", "status": "RESOURCE_EXHAUSTED"}}, {}), Reason.RATE_LIMITED),
    "forbidden": (problem(403, "forbidden"), Reason.PERMISSION),
    "html 502": (HTML_502, Reason.OUTAGE),
    "html 200": (HTML_200, Reason.OUTAGE),
    "half a JSON": (BROKEN_JSON, Reason.OUTAGE),
    "cut": (cut(b'{"items": [{"id": '), Reason.OUTAGE),
}


@pytest.mark.parametrize("piece", ["playlistItems", "published", "heldForReview", "likelySpam", "parentId"])
@pytest.mark.parametrize("fault", list(FAULTS))
@pytest.mark.slow
def test_a_fault_is_never_quiet_and_what_it_hid_comes_afterwards(
    desk: DeskYouTube, watch: Making, fault: str, piece: str
) -> None:
    old = town(desk)
    watcher = watch()
    watcher.poll()
    desk.now = watcher.now + timedelta(hours=5)
    video = desk.video(2)
    desk.write(1, "Nytt", video=video)
    desk.write(1, "Nytt svar", under=old)
    desk.write(1, "Nytt och kvarhållet", video=video, status="heldForReview")
    desk.faults.append((piece, FAULTS[fault][0]))
    broken = watcher.poll(hours=5)
    desk.faults.clear()
    mended = later(desk, watcher, 1)

    assert broken.coverage is not Coverage.COMPLETE
    assert mended.coverage is Coverage.COMPLETE
    check(watcher, desk)


@pytest.mark.parametrize("fault", list(FAULTS))
def test_each_refusal_says_its_reason(desk: DeskYouTube, watch: Making, fault: str) -> None:
    reply, reason = FAULTS[fault]
    desk.faults.append(("/youtube/v3/", reply))
    result = watch().poll()

    assert (result.coverage, result.items) == (Coverage.FAILED, ())
    assert result.troubles[0].reason is reason
