"""Pages are followed to their end, in smaller steps when asked, and never in a circle."""

from collections import deque
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

import pytest

from watchdaemon.errors import AdapterError, Reason, RetriableError
from watchdaemon_adapters._graph.errors import ReduceAmountError
from watchdaemon_adapters._graph.paging import Edge, Page, StopWhenOld, next_of, read_pages
from watchdaemon_adapters._graph.rounds import Ask, run_rounds
from watchdaemon_adapters._graph.values import Row

EDGE = Edge(path="1/feed", params={"fields": "id"}, limit=8)
NOW = datetime(2026, 11, 20, tzinfo=UTC)


class Scripted:
    """A client that plays back answers and errors."""

    def __init__(self, *answers: Row | AdapterError) -> None:
        self.asked: list[dict[str, str]] = []
        self._answers = list(answers)

    async def get(self, path: str, params: Mapping[str, str]) -> Row:
        self.asked.append(dict(params))
        answer = self._answers.pop(0)
        if isinstance(answer, AdapterError):
            raise answer
        return answer


def page(*ids: str, after: str | None = None) -> Row:
    answer: dict[str, object] = {"data": [{"id": i} for i in ids]}
    if after is not None:
        address = f"https://graph.facebook.com/v25.0/1/feed?access_token=hemligt&after={after}"
        answer["paging"] = {"cursors": {"before": "b", "after": after}, "next": address}
    return answer


class Nothing:
    """A delivery for steps that ask nobody."""

    def pick(self, waiting: deque[Ask]) -> list[Ask]:
        raise AssertionError("a question was asked")

    def deliver(self, asks: Sequence[Ask]) -> list[Row | AdapterError | None]:
        raise AssertionError("a question was asked")


def pages_of(client: Scripted, edge: Edge, first: Row | AdapterError | None = None) -> list[Page]:
    async def collect() -> list[Page]:
        return [p async for p in read_pages(client, edge, platform="facebook", account="a", first=first)]

    (pages,) = run_rounds([collect()], Nothing())
    return pages


def read(client: Scripted, edge: Edge = EDGE, first: Row | AdapterError | None = None) -> list[object]:
    return [row for p in pages_of(client, edge, first) for row in p.rows]


def too_much() -> ReduceAmountError:
    return ReduceAmountError("less", platform="facebook")


def test_an_empty_page_with_a_next_one_is_not_the_end() -> None:
    client = Scripted(page("1", after="x"), page(after="y"), page("2"))

    assert read(client) == [{"id": "1"}, {"id": "2"}]
    assert [a.get("after") for a in client.asked] == [None, "x", "y"]


def test_a_short_page_with_a_cursor_but_no_next_is_the_end() -> None:
    answer = {"data": [{"id": "1"}], "paging": {"cursors": {"after": "x"}}}

    assert read(Scripted(answer)) == [{"id": "1"}]


def test_a_repeated_page_ends_the_reading_as_incomplete() -> None:
    client = Scripted(page("1", after="x"), page("2", after="y"), page("1", after="x"))

    with pytest.raises(RetriableError) as caught:
        read(client)
    assert caught.value.reason is Reason.INCOMPLETE
    assert len(client.asked) == 3


def test_too_much_is_asked_for_in_halves_and_on_from_the_same_place() -> None:
    client = Scripted(page("1", after="x"), too_much(), too_much(), page("2", after="y"), page("3"))

    assert read(client) == [{"id": "1"}, {"id": "2"}, {"id": "3"}]
    assert [(a.get("after"), a["limit"]) for a in client.asked] == [
        (None, "8"),
        ("x", "8"),
        ("x", "4"),
        ("x", "2"),
        ("y", "2"),
    ]


def test_when_one_row_is_too_much_the_nested_fields_are_left_out() -> None:
    edge = Edge(path="1/feed", params={"fields": "id,comments"}, lean={"fields": "id"}, limit=2)
    client = Scripted(too_much(), too_much(), page("1"))

    pages = pages_of(client, edge)

    assert [p.is_lean for p in pages] == [True]
    assert [(a["fields"], a["limit"]) for a in client.asked] == [
        ("id,comments", "2"),
        ("id,comments", "1"),
        ("id", "2"),
    ]


def test_when_nothing_is_small_enough_the_error_goes_on() -> None:
    with pytest.raises(ReduceAmountError):
        read(Scripted(*[too_much() for _ in range(4)]))


def test_a_cursor_the_platform_no_longer_takes_begins_the_list_anew_once() -> None:
    refused = AdapterError("(#100)", platform="facebook", reason=Reason.MALFORMED)
    client = Scripted(page("1", after="x"), refused, page("1", after="y"), page("2"))

    assert read(client) == [{"id": "1"}, {"id": "1"}, {"id": "2"}]
    assert [a.get("after") for a in client.asked] == [None, "x", None, "y"]


def test_a_list_whose_cursors_are_never_taken_is_incomplete() -> None:
    refused = AdapterError("(#100)", platform="facebook", reason=Reason.MALFORMED)

    with pytest.raises(AdapterError) as caught:
        read(Scripted(page("1", after="x"), refused, page("1", after="y"), refused))
    assert caught.value.reason is Reason.INCOMPLETE


def test_a_request_that_is_wrong_from_the_start_is_our_own_fault() -> None:
    refused = AdapterError("(#100)", platform="facebook", reason=Reason.MALFORMED)

    with pytest.raises(AdapterError) as caught:
        read(Scripted(refused))
    assert caught.value.reason is Reason.MALFORMED


@pytest.mark.parametrize("answer", [{}, {"data": None}, {"data": {}}, {"data": "x"}])
def test_a_list_without_a_list_is_no_empty_list(answer: Row) -> None:
    with pytest.raises(RetriableError) as caught:
        read(Scripted(answer))
    assert caught.value.reason is Reason.MALFORMED


def test_time_paging_follows_the_address_without_its_token() -> None:
    address = "https://graph.facebook.com/v25.0/1/posts?access_token=hemligt&until=1624385168&since&__paging_token=t"

    assert next_of({"paging": {"next": address}}, platform="facebook", account="a") == {
        "until": "1624385168",
        "since": "",
        "__paging_token": "t",
    }


@pytest.mark.parametrize("paging", [None, {}, {"next": None}, {"next": ""}, {"cursors": {"after": "x"}}])
def test_without_a_next_page_it_is_the_end(paging: object) -> None:
    assert next_of({"data": [], "paging": paging}, platform="facebook", account="a") is None


@pytest.mark.parametrize("paging", [[], "x", 7, {"next": 7}, {"next": {}}, {"next": "http://[x"}, {"next": "nowhere"}])
def test_a_next_page_that_makes_no_sense_is_no_end(paging: object) -> None:
    with pytest.raises(RetriableError) as caught:
        next_of({"data": [], "paging": paging}, platform="facebook", account="a")
    assert caught.value.reason is Reason.INCOMPLETE


def ago(*days: int | None) -> list[datetime | None]:
    return [None if d is None else NOW - timedelta(days=d) for d in days]


@pytest.mark.parametrize(
    ("pages", "is_thorough", "stops_after"),
    [
        ([[1, 40], [41, 42], [43, 44]], True, 2),  # one old row means nothing, an old page in good order does
        ([[1, 40, 39], [41, 42], [43], [44]], True, 3),  # not in good order: two old pages
        ([[300, 1, 40], [41], [2], [42], [43], [1]], True, 5),  # an interesting page in between begins the count anew
        ([[40, 39], [], [42], [1]], True, 3),  # an empty page is neither
        ([[1, None], [41, None], [42], [1]], True, 3),  # an unreadable time counts as interesting
        ([[1, 40], [41, 42]], False, 1),  # in order, and it became old: enough for a day's later fetches
        ([[300, 1, 40], [41], [42], [1]], False, 3),  # a pinned post on top: some patience
        ([[40, 1, 41, 2, 42, 3], [43], [44], [45]], False, None),  # shuffled: to the end
        ([[40, 1, 41, 2, 42, 3], [43], [44], [45]], True, None),
    ],
)
def test_a_list_is_left_when_it_became_old_as_far_as_its_order_can_be_trusted(
    pages: list[list[int | None]], is_thorough: bool, stops_after: int | None
) -> None:
    stop = StopWhenOld(NOW - timedelta(days=30), is_thorough=is_thorough)

    enough = [stop.is_enough(ago(*days)) for days in pages]

    assert (enough.index(True) + 1 if True in enough else None) == stops_after


def test_a_first_page_that_is_there_already_is_not_asked_for() -> None:
    client = Scripted(page("2"))

    assert read(client, first=page("1", after="x")) == [{"id": "1"}, {"id": "2"}]
    assert [a.get("after") for a in client.asked] == ["x"]


def test_a_first_page_known_to_be_too_much_is_asked_for_in_halves() -> None:
    client = Scripted(page("1"))

    assert read(client, first=too_much()) == [{"id": "1"}]
    assert [a["limit"] for a in client.asked] == ["4"]
