"""The Bluesky adapter against a strict service of its own: whatever a listing leaves out, something else shows."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from tests.judge.bluesky.desk_bluesky import ALEX, KIM, ME, NAMES, PASSWORD, DeskBluesky, Post, no
from tests.judge.desk import BROKEN_JSON, HTML_200, HTML_502, Making, Reply, Watcher, account_of, served

from watchdaemon.domain.fetch import Coverage
from watchdaemon.errors import Reason
from watchdaemon_adapters.bluesky import plugin


@pytest.fixture
def desk() -> Iterator[DeskBluesky]:
    running = DeskBluesky()
    with served(running):
        yield running
    assert running.wrong == []


@pytest.fixture
def watch(desk: DeskBluesky) -> Iterator[Making]:
    made: list[Watcher] = []

    def make(**settings: Any) -> Watcher:
        made.append(Watcher(plugin, desk, account_of("bluesky", ME), {"password": PASSWORD}, **settings))
        return made[-1]

    yield make
    for watcher in made:
        watcher.road.close()


def facts(post: Post) -> tuple[object, ...]:
    parent = post.parent.uri if post.parent else None
    key = post.uri.rpartition("/")[2]
    link = f"https://bsky.app/profile/{post.author}/post/{key}"
    return post.author, NAMES[post.author][0], post.at, parent, post.text, link, post.author == ME


def check(watcher: Watcher, desk: DeskBluesky) -> None:
    found = {
        k: (i.author_id, i.author, i.published_at, i.parent_id, i.text, i.url, i.by_account)
        for k, i in watcher.stored.items()
    }
    assert found == {p.uri: facts(p) for p in desk.posts if not p.is_gone}


def later(desk: DeskBluesky, watcher: Watcher, hours: float) -> Any:
    desk.now = watcher.now + timedelta(hours=hours)
    return watcher.poll(hours=hours)


def town(desk: DeskBluesky) -> Post:
    top = desk.write(90, "Nytt bibliotek", author=ME)
    asked = desk.write(80, "Var?", parent=top)
    desk.write(79, "På torget", author=ME, parent=asked)
    unseen = desk.write(78, "Och när?", author=ALEX, parent=top, told=False)
    below = desk.write(77, "Ja, när?", parent=unseen, told=False)
    desk.write(76, "Djupt", author=ALEX, parent=below, told=False)
    desk.write(75, "@kommun hallå", names_us=True)
    desk.write(74, "Läs", author=ALEX, quotes=top)
    desk.write(73, "Läs tyst", quotes=top, told=False)
    desk.write(72, "Tyst omnämnande", names_us=True, told=False)
    return top


@pytest.mark.parametrize("rows", [1, 3, 100])
@pytest.mark.parametrize("empty_first", [False, True])
def test_everything_is_found_whatever_the_pages(desk: DeskBluesky, watch: Making, rows: int, empty_first: bool) -> None:
    town(desk)
    desk.most_rows, desk.empty_first = rows, empty_first
    watcher = watch()

    assert watcher.poll().coverage is Coverage.COMPLETE
    check(watcher, desk)


@pytest.mark.parametrize("told", [True, False])
def test_new_replies_deep_under_an_old_thread_are_found(desk: DeskBluesky, watch: Making, told: bool) -> None:
    top = town(desk)
    watcher = watch()
    watcher.poll()
    below = top
    for n in range(4):
        desk.now = watcher.now + timedelta(hours=7)
        below = desk.write(1, f"Allt djupare {n}", parent=below, told=told)
        assert watcher.poll(hours=7).coverage is Coverage.COMPLETE
        check(watcher, desk)


def test_counts_of_zero_that_lie_hide_nothing_longer_than_a_sweep(desk: DeskBluesky, watch: Making) -> None:
    top = town(desk)
    watcher = watch()
    watcher.poll()
    desk.count_lie = 0
    desk.now = watcher.now + timedelta(hours=6)
    desk.write(1, "Gömd", parent=top, told=False)
    watcher.poll(hours=6)
    later(desk, watcher, 16)

    check(watcher, desk)


def test_a_time_that_lies_is_not_believed(desk: DeskBluesky, watch: Making) -> None:
    top = town(desk)
    desk.write(2, "Från framtiden", parent=top, created=desk.now + timedelta(days=900))
    desk.write(2, "Från forntiden", parent=top, created=desk.now - timedelta(days=9000))
    watcher = watch()

    watcher.poll()
    check(watcher, desk)


def test_what_stands_below_a_deleted_reply_is_found(desk: DeskBluesky, watch: Making) -> None:
    top = town(desk)
    middle = desk.write(3, "Tas bort", parent=top)
    desk.write(2, "Står kvar", author=ALEX, parent=desk.write(2.5, "Svar", author=ME, parent=middle))
    middle.is_gone = True
    watcher = watch()

    assert watcher.poll().coverage is Coverage.COMPLETE
    check(watcher, desk)


def test_a_reply_behind_a_block_is_said(desk: DeskBluesky, watch: Making) -> None:
    top = town(desk)
    desk.write(3, "Blockerad", parent=top, told=False).is_blocked = True
    result = watch().poll()

    assert result.coverage is Coverage.PARTIAL
    assert [t.reason for t in result.troubles] == [Reason.PERMISSION]


def test_sessions_are_renewed_and_not_made_anew(desk: DeskBluesky, watch: Making) -> None:
    town(desk)
    watcher = watch()
    watcher.poll()
    for _ in range(6):
        assert later(desk, watcher, 12).coverage is Coverage.COMPLETE
    assert desk.logins == 1


def test_an_access_token_that_ends_early_is_renewed(desk: DeskBluesky, watch: Making) -> None:
    town(desk)
    watcher = watch()
    watcher.poll()
    desk.access.clear()

    assert later(desk, watcher, 0.1).coverage is Coverage.COMPLETE
    check(watcher, desk)


def test_a_revoked_password_needs_a_person(desk: DeskBluesky, watch: Making) -> None:
    watcher = watch()
    watcher.poll()
    desk.access.clear()
    desk.refresh.clear()
    desk.is_password_good = False
    result = later(desk, watcher, 12)

    assert result.coverage is Coverage.FAILED
    assert [(t.reason, t.needs_person) for t in result.troubles] == [(Reason.UNAUTHORISED, True)]


def test_a_cursor_that_repeats_is_said_and_read_again(desk: DeskBluesky, watch: Making) -> None:
    town(desk)
    desk.repeats_cursors, desk.most_rows = True, 1
    watcher = watch()
    first = watcher.poll()
    desk.repeats_cursors, desk.most_rows = False, 100

    assert first.coverage is not Coverage.COMPLETE
    assert later(desk, watcher, 1).coverage is Coverage.COMPLETE
    check(watcher, desk)


FAULTS: dict[str, Reply] = {
    "429": (429, {"error": "RateLimitExceeded", "message": "m"}, {"ratelimit-reset": "1795374415"}),
    "upstream": no(502, "UpstreamFailure"),
    "500": no(500, "InternalServerError"),
    "html 502": HTML_502,
    "html 200": HTML_200,
    "half a JSON": BROKEN_JSON,
    "nothing": (200, {}, {}),
}


@pytest.mark.slow
@pytest.mark.parametrize("piece", ["getAuthorFeed", "listNotifications", "getPostThread", "getQuotes"])
@pytest.mark.parametrize("fault", list(FAULTS))
def test_a_fault_is_never_quiet_and_what_it_hid_comes_afterwards(
    desk: DeskBluesky, watch: Making, fault: str, piece: str
) -> None:
    top = town(desk)
    watcher = watch()
    watcher.poll()
    desk.now = watcher.now + timedelta(hours=5)
    desk.write(1, "Ny fråga", parent=top, told=False)
    desk.write(1, "Nytt omnämnande", names_us=True, author=KIM)
    desk.write(1, "Nytt citat", quotes=top, told=False)
    desk.faults.append((piece, FAULTS[fault]))
    broken = watcher.poll(hours=5)
    desk.faults.clear()
    mended = later(desk, watcher, 1)

    assert broken.coverage is not Coverage.COMPLETE
    assert mended.coverage is Coverage.COMPLETE
    check(watcher, desk)
