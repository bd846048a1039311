"""Cursors move only over what was read whole, and never past now."""

from collections.abc import Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.adapters._graph.town import facebook_account

from watchdaemon.domain.fetch import Coverage
from watchdaemon.domain.item import Item, ItemKind
from watchdaemon.errors import AccountError, AdapterError, MalformedItemError, RateLimitedError, Reason, RetriableError
from watchdaemon_adapters._graph.collect import Collector, Mark, internal_error, run_stream, trouble_of

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)


def collector(**cursors: str) -> Collector:
    return Collector(facebook_account(), NOW, 30 * DAY, cursors)


def test_without_a_mark_the_look_back_is_read() -> None:
    assert Mark().since(NOW, 30 * DAY) == NOW - 30 * DAY


def test_after_downtime_the_look_back_counts_from_the_last_complete_read() -> None:
    assert Mark(newest=NOW - 40 * DAY).since(NOW, 30 * DAY) == NOW - 70 * DAY


def test_a_mark_from_the_future_does_not_shorten_the_look_back() -> None:
    assert Mark(newest=NOW + 40 * DAY).since(NOW, 30 * DAY) == NOW - 30 * DAY


def test_an_item_from_the_future_does_not_move_the_mark_past_now() -> None:
    mark = Mark().advanced([(NOW - DAY, "old"), (NOW + DAY, "new")], NOW)

    assert mark == Mark(newest=NOW - DAY, ids=("old",))


def test_a_mark_never_goes_back() -> None:
    assert Mark(newest=NOW, ids=("a",)).advanced([(NOW - DAY, "b")], NOW).newest == NOW
    assert Mark(newest=NOW, ids=("a",)).advanced([], NOW) == Mark(newest=NOW, ids=("a",))


def test_an_empty_list_was_read_until_the_day_began() -> None:
    assert Mark().advanced([], NOW) == Mark(newest=datetime(2026, 11, 20, tzinfo=UTC))
    assert Mark().advanced([], NOW + timedelta(hours=3)) == Mark().advanced([], NOW)


@given(st.datetimes(timezones=st.just(UTC)), st.lists(st.text(max_size=10), max_size=3))
def test_a_mark_is_read_as_it_was_written(newest: datetime, ids: list[str]) -> None:
    mark = Mark(newest=newest, ids=tuple(ids))

    assert Mark.decode(mark.encode()) == mark


@pytest.mark.parametrize(
    "text", [None, "", "{", "[]", "7", '{"newest": 1, "ids": []}', '{"newest": "x", "ids": []}', "{}"]
)
def test_what_cannot_be_read_is_no_mark(text: str | None) -> None:
    assert Mark.decode(text) == Mark()


def run(made: Collector, *streams: tuple[str, Coroutine[Any, Any, None]]) -> None:
    for name, read in streams:
        with pytest.raises(StopIteration):  # it asks nobody
            run_stream(made, name, read).send(None)


async def failing(error: AdapterError) -> None:
    raise error


async def finishing(made: Collector, stream: str) -> None:
    made.finish(stream, [])


def test_one_streams_trouble_leaves_the_others_alone() -> None:
    made = collector()
    lacking = AccountError("no", platform="facebook", reason=Reason.PERMISSION)
    run(made, ("posts", failing(lacking)), ("tagged", finishing(made, "tagged")))
    result = made.result(calls=2)

    assert result.coverage is Coverage.PARTIAL
    assert set(result.cursors) == {"tagged", "notes"}
    assert [(t.reason, t.stream, t.needs_person) for t in result.troubles] == [(Reason.PERMISSION, "posts", True)]


@pytest.mark.parametrize(
    "error",
    [
        AccountError("no", platform="facebook", reason=Reason.UNAUTHORISED),
        RateLimitedError("slow", platform="facebook", retry_after=timedelta(minutes=5)),
        RetriableError("down", platform="facebook", cause_key="facebook:outage"),
    ],
)
def test_what_strikes_the_account_is_told_once_and_of_the_account(error: AdapterError) -> None:
    made = collector()
    run(made, ("posts", failing(error)), ("tagged", failing(error)))
    result = made.result(calls=1)

    assert result.coverage is Coverage.FAILED
    assert result.cursors == {}
    assert [(t.stream, t.cause_key) for t in result.troubles] == [(None, error.cause_key)]


def test_what_is_a_visitors_post_is_not_a_mention_whichever_is_read_first() -> None:
    for kinds in [(ItemKind.MENTION, ItemKind.VISITOR_POST), (ItemKind.VISITOR_POST, ItemKind.MENTION)]:
        made = collector()
        for kind in kinds:
            made.add(
                Item(account="a", platform="facebook", external_id="1", thread_id="1", kind=kind, published_at=NOW)
            )

        assert [i.kind for i in made.items.values()] == [ItemKind.VISITOR_POST]


def test_malformed_items_are_counted_and_told_once_a_stream() -> None:
    made = collector()
    error = MalformedItemError("bad", platform="facebook")
    for stream in ("posts", "posts", "tagged"):
        made.count_malformed(error, stream)
    made.finish("posts", [])
    result = made.result(calls=1)

    assert result.malformed == 3
    assert [t.stream for t in result.troubles] == ["posts", "tagged"]
    assert result.coverage is Coverage.PARTIAL


def test_a_trouble_keeps_when_to_come_back() -> None:
    error = RateLimitedError("slow", platform="facebook", retry_after=timedelta(minutes=5))

    assert trouble_of(error, "posts").retry_after == timedelta(minutes=5)
    assert not trouble_of(error, "posts").needs_person


def test_a_fault_of_our_own_is_named_by_its_place_and_not_by_its_text() -> None:
    made = internal_error(facebook_account(), KeyError("Kim Exempels hemlighet"))

    assert made.reason is Reason.INTERNAL
    assert "hemlighet" not in str(made)
