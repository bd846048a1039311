"""What broke off is gone on with: conversations that were read are not read again, and everything finds its place."""

from datetime import UTC, datetime, timedelta
from itertools import count

import pytest
from tests.costs.places import PLACES
from tests.scale.sea import Sea

from watchdaemon.domain.fetch import Coverage
from watchdaemon.domain.item import ItemKind
from watchdaemon.sandbox.faults import Fault, FaultKind
from watchdaemon_adapters.mastodon.rounds import Round, read_round

NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)


@pytest.fixture
def sea() -> Sea:
    return Sea(PLACES["mastodon"])


def limited(sea: Sea, path: str, after: int) -> None:
    """Let the limit strike those calls after so many requests of any kind."""
    asked = count(1)

    def strike() -> None:
        if next(asked) == after:
            sea.server.faults.add(Fault(kind=FaultKind.RATE_LIMIT, path=path))

    sea.reaper.strike = strike  # type: ignore[method-assign]  # it is called after every request


def test_conversations_of_a_round_are_read_once_and_their_replies_stay_in_place(sea: Sea) -> None:
    sea.write(300, posts=20)
    with sea.server:
        results = []
        for after in (40, 60, 0):
            limited(sea, "context", after)
            results.append(sea.poll())
            sea.server.faults.clear()
            sea.clock.advance(timedelta(minutes=6))
        cursors = sea.store.cursors(["konto-00"])["konto-00"]
        sea.road.close()

    assert results[0] is results[1] is Coverage.PARTIAL
    assert results[2] is Coverage.COMPLETE
    assert sea.stored() == sea.truth()
    assert cursors["round"] == ""
    comments = [i for i in sea.store.items() if i.kind is ItemKind.COMMENT]
    assert {i.thread_id for i in comments} == {i.root_id for i in comments}


def test_a_round_is_written_and_read_back() -> None:
    made = Round(begun_at=NOW, members={"1": {"2", "3"}}, quotes={"1": 4})

    assert read_round(str(made), NOW + timedelta(hours=1)) == made
    assert made.unknown(["2", "9"]) == {"9"}


@pytest.mark.parametrize("text", ["", "{}", "[]", "null", "[1,2,3]", "[1e99,{},{}]", '["x",{},{}]'])
def test_one_that_cannot_be_read_is_none(text: str) -> None:
    assert read_round(text, NOW) == Round(begun_at=NOW)


@pytest.mark.parametrize("hours", [3, -1])
def test_one_that_is_old_or_from_the_future_is_none(hours: int) -> None:
    made = Round(begun_at=NOW - timedelta(hours=hours), members={"1": {"2"}})

    assert read_round(str(made), NOW) == Round(begun_at=NOW)
