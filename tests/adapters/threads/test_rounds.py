"""What broke off is gone on with: lists that were read are not read again, and threads stay what they are."""

from datetime import timedelta

import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from tests.adapters.threads.hall import DAY, HOUR, NOW, Hall, by_id, fetch

from watchdaemon.domain.fetch import Coverage
from watchdaemon.ports import PlatformAdapter
from watchdaemon.sandbox.faults import FaultKind
from watchdaemon_adapters.threads.rounds import Place, Round, read_round


def limit_after(hall: Hall, count: int) -> None:
    """Let the limit strike after so many requests; 0 lets all be well again."""
    hall.serve(page_size=3)
    served, asked = hall.stage.app, 0
    assert served is not None

    async def limited(request: Request, path: str) -> Response:
        nonlocal asked
        asked += 1
        if count and asked > count:
            return JSONResponse({"error": {"message": "no", "code": 4}}, 403)
        return await served(request, path)

    hall.stage.app = limited
    hall.clock.now += timedelta(minutes=5)
    hall.asked()


def test_a_long_conversation_is_read_in_several_fetches(hall: Hall, adapter: PlatformAdapter) -> None:
    post = hall.post(ago=2 * DAY)
    top = tip = hall.reply(post, "Öppet?", ago=40 * HOUR)
    for number in range(20):
        tip = hall.reply(post, f"{number}", ago=timedelta(minutes=2000 - number), to=tip)
    cursors: dict[str, str] = {}
    found: dict[str, str] = {}
    coverages = []
    for count in (6, 6, 0):
        limit_after(hall, count)
        result = fetch(adapter, cursors=cursors)
        cursors |= dict(result.cursors)
        coverages.append(result.coverage)
        found |= {i.external_id: i.thread_id for i in result.items}

    assert coverages == [Coverage.PARTIAL, Coverage.PARTIAL, Coverage.COMPLETE]
    # a page of the conversation was asked for again only where the limit struck
    assert len([p for p in hall.asked() if p.endswith("conversation")]) <= 4
    assert found.keys() == {i.id for i in hall.world.all_items()}
    assert {thread for item, thread in found.items() if item != post.id} == {top.id}
    assert cursors["round"] == ""


def test_what_was_read_is_not_read_again_within_the_round(hall: Hall, adapter: PlatformAdapter) -> None:
    for number in range(6):
        post = hall.post(ago=DAY + number * HOUR, with_approvals=True)
        hall.reply(post, "Öppet?", ago=HOUR)
        hall.held(post, "Och i morgon?", ago=HOUR)
    limit_after(hall, 14)
    first = fetch(adapter)
    limit_after(hall, 0)
    second = fetch(adapter, cursors=dict(first.cursors))
    asked = hall.asked()

    assert (first.coverage, second.coverage) == (Coverage.PARTIAL, Coverage.COMPLETE)
    assert by_id(first).keys() | by_id(second).keys() == {i.id for i in hall.world.all_items()}
    assert 0 < len([p for p in asked if p.endswith("conversation")]) < 12


def test_an_unreadable_reply_is_told_of_by_every_fetch_of_the_round(hall: Hall, adapter: PlatformAdapter) -> None:
    for number in range(2):
        hall.reply(hall.post(ago=DAY + number * HOUR), "Trasig", ago=HOUR)
    hall.fault(FaultKind.MALFORMED_ITEM, path="conversation")
    hall.fault(FaultKind.RATE_LIMIT, path="pending")
    first = fetch(adapter)
    second = fetch(adapter, cursors=dict(first.cursors))

    assert first.malformed == second.malformed > 0


def test_a_page_that_is_not_known_any_more_makes_the_conversation_begin_anew(
    hall: Hall, adapter: PlatformAdapter
) -> None:
    post = hall.post(ago=DAY)
    replies = [hall.reply(post, f"{n}", ago=timedelta(minutes=90 - n)) for n in range(8)]
    place = Place(post_id=post.id, after="nonsense", tops={})
    result = fetch(adapter, cursors={"round": str(Round(begun_at=NOW, place=place))})

    assert result.coverage is Coverage.COMPLETE
    assert by_id(result).keys() == {post.id, *(r.id for r in replies)}


def test_a_round_is_written_and_read_back() -> None:
    made = Round(begun_at=NOW, place=Place(post_id="1", after="x", tops={"2": "1"}))
    made.book("comments", "7")

    assert read_round(str(made), NOW + timedelta(minutes=59)) == made
    assert read_round(str(made), NOW + timedelta(minutes=61)).is_fresh


@pytest.mark.parametrize("text", ["", "{}", "[]", "null", "[1,2,3]", '["2026-11-20T12:00:00+00:00",{},[1,2,3]]'])
def test_one_that_cannot_be_read_is_none(text: str) -> None:
    assert read_round(text, NOW) == Round(begun_at=NOW)
