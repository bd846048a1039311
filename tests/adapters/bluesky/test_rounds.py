"""What broke off is gone on with: nothing is read twice that need not be, and nothing is left out for it."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from starlette.responses import JSONResponse
from tests.adapters.bluesky.town import Town, ids_of

from watchdaemon.domain.fetch import Coverage
from watchdaemon_adapters.bluesky.rounds import Round, read_round

NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)
POST = "at://did:plc:a/app.bsky.feed.post/1"
REPLY = "at://did:plc:b/app.bsky.feed.post/2"
PAGES = 5


def broken_off(town: Town, call: str, after: int) -> Counter[str]:
    """Let the limit strike a call after it was answered so often; counts what is asked from then on."""
    asked: Counter[str] = Counter()

    def limited(name: str, body: Any) -> Any:
        asked[name.rpartition(".")[2]] += 1
        is_over = name.endswith(call) and asked[call] > after
        return JSONResponse({"error": "RateLimitExceeded", "message": "m"}, 429) if is_over else body

    town.alters(limited)
    return asked


def mended(town: Town) -> Counter[str]:
    """Let all be well again, some minutes later; counts what is asked from then on."""
    town.clock.advance(timedelta(minutes=6))
    return broken_off(town, "nothing", 0)


def test_a_list_of_notifications_is_gone_on_with_from_its_page(town: Town) -> None:
    town.settings = {"page_size": 10}
    post = town.post(hours_ago=90)
    for n in range(10 * PAGES):
        town.reply(post, f"Svar {n}", hours_ago=80 - n)
    broken_off(town, "listNotifications", 3)
    first = town.fetch()
    asked = mended(town)
    second = town.fetch()

    assert first.coverage is Coverage.PARTIAL
    assert second.coverage is Coverage.COMPLETE
    # what was left of the pages, and the newest page once more
    assert asked["listNotifications"] == PAGES - 3 + 1
    assert ids_of(first) | ids_of(second) == {i.id for i in town.world.all_items()}


def test_threads_that_were_read_are_not_read_again_unless_something_came(town: Town) -> None:
    posts = [town.post(f"Inlägg {n}", hours_ago=50 + n) for n in range(8)]
    below = [town.reply(post, f"Svar {n}", hours_ago=40 + n) for n, post in enumerate(posts)]
    broken_off(town, "getPostThread", 5)
    first = town.fetch()
    asked = mended(town)
    town.reply(posts[0], "Nytt under det första", hours_ago=0, notify="no")
    town.reply(below[1], "Nytt under ett svar", hours_ago=0)
    second = town.fetch()

    assert first.coverage is Coverage.PARTIAL
    assert second.coverage is Coverage.COMPLETE
    assert asked["getPostThread"] <= 3 + 2
    assert ids_of(first) | ids_of(second) == {i.id for i in town.world.all_items()}


def test_what_stands_under_a_deleted_reply_is_found_although_the_round_broke_off(town: Town) -> None:
    posts = [town.post(f"Inlägg {n}", hours_ago=50 + n) for n in range(6)]
    gone = [town.reply(post, "Borta", hours_ago=40) for post in posts]
    told = [town.reply(one, f"Berättat {n}", hours_ago=30) for n, one in enumerate(gone)]
    for one in told:
        town.reply(one, "Under det, och inte berättat", hours_ago=20, notify="no")
    for one in gone:
        town.world.delete(one, cascade=False)
    found: set[str] = set()
    for after in (2, 4, 4):
        broken_off(town, "getPostThread", after)
        found |= ids_of(town.fetch())
    mended(town)
    last = town.fetch()

    assert last.coverage is Coverage.COMPLETE
    assert found | ids_of(last) == {i.id for i in town.world.all_items() if i.exists(town.clock())}


def test_a_thread_too_long_for_one_fetch_is_read_in_several(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("watchdaemon_adapters.bluesky.fetching.MOST_CUT_BRANCHES", 4)
    post = town.post(hours_ago=100)
    for n in range(10):
        tip = post
        for level in range(52):  # the service shows no more than fifty levels
            tip = town.reply(tip, f"{n}/{level}", hours_ago=90 - n - level / 60, notify="no")
    results = [town.fetch() for _ in range(4)]
    found = set().union(*map(ids_of, results))

    assert [r.coverage for r in results[:3]] == [Coverage.PARTIAL, Coverage.PARTIAL, Coverage.COMPLETE]
    assert found == {i.id for i in town.world.all_items()}


def test_a_round_is_written_and_read_back() -> None:
    made = Round(begun_at=NOW, page="p", told_at=NOW, threads={POST: 3}, quotes={POST: 0}, has_newest=True)
    made.pointed_to = {REPLY: POST}
    made.book_branches(POST, [REPLY])

    assert read_round(str(made), NOW + timedelta(hours=1)) == made


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", "null", str(Round(begun_at=NOW))[:-3], '["2026-11-23",1,2,3,4,5,6,7]']
)
def test_one_that_cannot_be_read_is_none(text: str) -> None:
    assert read_round(text, NOW) == Round(begun_at=NOW)


@pytest.mark.parametrize("hours", [3, -1])
def test_one_that_is_old_or_from_the_future_is_none(hours: int) -> None:
    made = Round(begun_at=NOW - timedelta(hours=hours), threads={POST: 3})

    assert read_round(str(made), NOW) == Round(begun_at=NOW)
